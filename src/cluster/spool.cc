#include "restitch/cluster/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "cluster/wire.h"

namespace restitch::cluster {
namespace {

constexpr std::size_t prefix_size = 4;
// More than any batch has.
constexpr std::uint32_t batch_size_max = std::uint32_t{1} << 20;
constexpr std::string_view suffix = ".spool";
constexpr std::size_t digits = 10;

std::string name_of(std::uint64_t number) { return fmt::format("{:010}{}", number, suffix); }

std::optional<std::uint64_t> number_in(std::string_view name) {
  if (name.size() != digits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + digits, number);
  if (error != std::errc() || end != name.data() + digits) return std::nullopt;
  return number;
}

bool read_whole(int descriptor, std::uint8_t* to, std::size_t size, std::uint64_t offset) {
  while (size != 0) {
    const ssize_t got = ::pread(descriptor, to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool write_whole(int descriptor, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(descriptor, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  return true;
}

tl::unexpected<Error> io_failure(const std::string& what) {
  return failure(ErrorCode::io, fmt::format("{}: {}", what, std::strerror(errno)));
}

}  // namespace

Result<Spool> Spool::open(const std::string& folder, std::uint64_t size_max) {
  auto opened = OutputFolder::open(folder);
  if (!opened) return tl::make_unexpected(opened.error());
  if (::flock(opened->descriptor(), LOCK_EX | LOCK_NB) != 0) {
    return failure(ErrorCode::io, folder + ": another sensor has this spool");
  }
  Spool spool(std::move(*opened), size_max);
  if (auto taken = spool.take_up(); !taken) return tl::make_unexpected(taken.error());
  return spool;
}

Spool::Spool(Spool&& other) noexcept
    : folder_(std::move(other.folder_)),
      size_max_(other.size_max_),
      size_(other.size_),
      damaged_(other.damaged_),
      origin_(other.origin_),
      files_(std::move(other.files_)),
      confirmed_(std::move(other.confirmed_)),
      number_(other.number_),
      written_(std::exchange(other.written_, -1)),
      read_number_(other.read_number_),
      read_offset_(other.read_offset_),
      read_(std::exchange(other.read_, -1)) {}

Spool::~Spool() {
  close_written();
  close_read();
}

// ---- what is there ---------------------------------------------------------------------------------

Result<void> Spool::take_up() {
  const int copy = ::openat(folder_.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(copy < 0 ? nullptr : ::fdopendir(copy), ::closedir);
  if (listing == nullptr) return io_failure(folder_.path());
  while (const dirent* const entry = ::readdir(listing.get())) {
    if (const auto number = number_in(entry->d_name)) files_[*number];
  }
  for (auto file = files_.begin(); file != files_.end();) {
    number_ = file->first;
    if (auto taken = take_up_file(file->first); !taken) return taken;
    const bool is_empty = file->second.size == 0;
    if (is_empty) ::unlinkat(folder_.descriptor(), name_of(file->first).c_str(), 0);
    file = is_empty ? files_.erase(file) : std::next(file);
  }
  rewind();
  return {};
}

// Up to where it makes sense.
Result<void> Spool::take_up_file(std::uint64_t number) {
  const int file = open_file(number, O_RDONLY);
  if (file < 0) return io_failure(fmt::format("{}/{}", folder_.path(), name_of(number)));
  struct stat status {};
  const bool known = ::fstat(file, &status) == 0;
  const auto end = known ? static_cast<std::uint64_t>(status.st_size) : 0;
  std::uint64_t offset = 0;
  Result<void> taken;
  while (const auto head = read_batch(file, offset, end)) {
    taken = note_origin(*head);
    if (!taken) break;
    offset += prefix_size + record_.size();
    files_[number].lasts[head->partition] = {head->epoch, head->number};
  }
  ::close(file);
  files_[number].size = offset;
  size_ += offset;
  damaged_ += end - offset;
  return taken;
}

// Nothing: there is none, or it is damaged. Its bytes are in record_.
std::optional<Batch> Spool::read_batch(int descriptor, std::uint64_t offset, std::uint64_t limit) {
  std::uint8_t prefix[prefix_size];
  if (offset + prefix_size > limit || !read_whole(descriptor, prefix, prefix_size, offset))
    return std::nullopt;
  const auto size = WireReader(Bytes(prefix)).fixed<std::uint32_t>();
  if (size > batch_size_max || offset + prefix_size + size > limit) return std::nullopt;
  record_.resize(size);
  if (!read_whole(descriptor, record_.data(), size, offset + prefix_size)) return std::nullopt;
  auto head = decode_batch_head(record_);
  if (!head || !head->is_numbered()) return std::nullopt;
  return std::move(*head);
}

Result<void> Spool::note_origin(const Batch& head) {
  if (!origin_) origin_ = {head.sensor, head.partitions, head.epoch};
  if (origin_->sensor != head.sensor || origin_->partitions != head.partitions) {
    return failure(ErrorCode::damaged, folder_.path() + ": it has batches of several sensors or clusters");
  }
  origin_->epoch = std::max(origin_->epoch, head.epoch);
  return {};
}

// ---- at its end ------------------------------------------------------------------------------------

// Several, as they go as wholes.
std::uint64_t Spool::file_size_max() const {
  constexpr std::uint64_t least = std::uint64_t{64} << 10;
  constexpr std::uint64_t most = std::uint64_t{64} << 20;
  return std::clamp(size_max_ / 16, least, most);
}

Result<void> Spool::add(SentBatch&& batch) {
  const std::uint64_t size = prefix_size + batch.bytes.size();
  if (size_ + size > size_max_) {
    return failure(ErrorCode::io, fmt::format("{}: the spool is full", folder_.path()));
  }
  if (written_ >= 0 && files_[number_].size + size > file_size_max()) close_written();
  if (written_ < 0) {
    if (auto begun = begin_file(); !begun) return begun;
  }
  std::vector<std::uint8_t> record;
  record.reserve(size);
  WireWriter out(record);
  out.fixed(static_cast<std::uint32_t>(batch.bytes.size()));
  out.bytes(batch.bytes);
  if (!write_whole(written_, record)) {
    auto failed = io_failure(fmt::format("{}/{}", folder_.path(), name_of(number_)));
    close_written();  // nothing can follow what is incomplete
    return failed;
  }
  note(number_, batch, size);
  return {};
}

void Spool::note(std::uint64_t number, const SentBatch& batch, std::uint64_t size) {
  File& file = files_[number];
  file.size += size;
  file.lasts[batch.partition] = {batch.epoch, batch.number};
  size_ += size;
}

Result<void> Spool::begin_file() {
  constexpr mode_t mode = 0600;
  const std::string name = name_of(number_ + 1);
  written_ = ::openat(folder_.descriptor(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (written_ < 0) return io_failure(fmt::format("{}/{}", folder_.path(), name));
  files_[++number_];
  return {};
}

void Spool::close_written() {
  if (written_ >= 0) ::close(written_);
  written_ = -1;
}

// ---- at its beginning ------------------------------------------------------------------------------

int Spool::open_file(std::uint64_t number, int flags) const {
  return ::openat(folder_.descriptor(), name_of(number).c_str(), flags | O_CLOEXEC);
}

void Spool::close_read() {
  if (read_ >= 0) ::close(read_);
  read_ = -1;
}

// To the file that has what comes next. False: there is nothing yet.
bool Spool::seek_file() {
  for (;;) {
    const auto file = files_.lower_bound(read_number_);
    if (file == files_.end()) return false;
    if (file->first != read_number_) {
      close_read();
      read_number_ = file->first;
      read_offset_ = 0;
    }
    if (read_offset_ < file->second.size) break;
    if (read_number_ == number_) return false;
    close_read();
    ++read_number_;
    read_offset_ = 0;
  }
  if (read_ < 0) read_ = open_file(read_number_, O_RDONLY);
  return true;
}

const SentBatch* Spool::next() {
  while (!next_ && seek_file()) {
    File& file = files_[read_number_];
    const auto head = read_batch(read_, read_offset_, file.size);
    if (!head) {
      // It was there, and cannot be read: so is all behind it.
      damaged_ += file.size - read_offset_;
      read_offset_ = file.size;
      continue;
    }
    next_size_ = prefix_size + record_.size();
    next_ = SentBatch{head->partition, head->epoch, head->number, head->id(), record_};
  }
  return next_ ? &*next_ : nullptr;
}

void Spool::sent() {
  next_.reset();
  read_offset_ += next_size_;
}

void Spool::rewind() {
  next_.reset();
  close_read();
  read_number_ = files_.empty() ? number_ + 1 : files_.begin()->first;
  read_offset_ = 0;
}

void Spool::confirm(std::uint16_t partition, std::uint32_t epoch, std::uint64_t number) {
  Place& place = confirmed_[partition];
  if (place >= Place{epoch, number}) return;
  place = {epoch, number};
  remove_confirmed();
}

// Files of which all is in checkpoints, but for the one that is written and those that are still to be sent.
void Spool::remove_confirmed() {
  while (!files_.empty() && files_.begin()->first < read_number_) {
    const auto& [number, file] = *files_.begin();
    const bool done = std::all_of(file.lasts.begin(), file.lasts.end(), [this](const auto& last) {
      const auto found = confirmed_.find(last.first);
      return found != confirmed_.end() && last.second < found->second;
    });
    if (!done) return;
    ::unlinkat(folder_.descriptor(), name_of(number).c_str(), 0);
    size_ -= file.size;
    files_.erase(files_.begin());
  }
}

}  // namespace restitch::cluster
