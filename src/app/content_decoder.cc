#include "app/content_decoder.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "app/ascii.h"
#include "app/coding.h"
#include "app/decoder_share.h"

namespace restitch {
namespace {

// A body with more codings is not looked into.
constexpr std::size_t codings_max = 5;

// Small bodies may expand as they like.
constexpr std::uint64_t expansion_free = std::uint64_t{1} << 20;

using MakeCoding = std::unique_ptr<Coding> (*)();

struct CodingName {
  std::string_view name;
  MakeCoding make;
};

constexpr std::array<CodingName, 6> coding_names = {{{"gzip", make_gzip_coding},
                                                     {"x-gzip", make_gzip_coding},
                                                     {"deflate", make_deflate_coding},
#ifdef RESTITCH_BROTLI
                                                     {"br", make_brotli_coding},
#else
                                                     {"br", nullptr},
#endif
                                                     {"zstd", make_zstd_coding},
                                                     {"identity", nullptr}}};

// Answers false if `text` is not known, or cannot be decoded here.
bool add_coding(std::vector<MakeCoding>& codings, std::string_view text) {
  if (text.empty() || ascii::equal(text, "identity")) return true;
  for (const CodingName& coding : coding_names) {
    if (!ascii::equal(text, coding.name)) continue;
    codings.push_back(coding.make);
    return coding.make != nullptr && codings.size() <= codings_max;
  }
  return false;
}

// The codings one behind the other: what one decodes, the next one takes.
class CodingChain final : public ContentDecoder {
 public:
  CodingChain(std::vector<MakeCoding> codings, AppServices& services)
      : codings_(std::move(codings)),
        expansion_max_(std::max<std::uint64_t>(services.limits().expansion_max, 1)),
        share_(services) {}

  Outcome decode(Bytes coded, const Take& take) override;
  Outcome finish(const Take& take) override;

 private:
  // Takes what its coding decoded, for the next one.
  struct Link final : DecodedTaker {
    bool take_decoded(Bytes bytes) override { return chain->pass(*this, bytes); }

    CodingChain* chain = nullptr;
    std::unique_ptr<Coding> coding;
    std::uint64_t size = 0;  // of what it decoded
    Link* next = nullptr;
  };

  void begin();
  void end();
  [[nodiscard]] std::size_t memory() const;
  bool pass(Link& from, Bytes bytes);
  bool feed(Link& link, Bytes bytes);

  std::vector<MakeCoding> codings_;  // as they were applied
  std::uint64_t expansion_max_;
  std::vector<Link> links_;  // the one that was applied last is the first; made with the first byte
  DecoderShare share_;
  std::uint64_t coded_size_ = 0;
  const Take* take_ = nullptr;  // of the current call
  Outcome outcome_ = Outcome::good;
};

void CodingChain::begin() {
  links_.resize(codings_.size());
  for (std::size_t i = 0; i < links_.size(); ++i) {
    links_[i].chain = this;
    links_[i].coding = codings_[codings_.size() - 1 - i]();
    links_[i].next = i + 1 < links_.size() ? &links_[i + 1] : nullptr;
  }
}

bool CodingChain::feed(Link& link, Bytes bytes) {
  if (link.coding->decode(bytes, link)) return true;
  if (outcome_ == Outcome::good) outcome_ = Outcome::damaged;
  return false;
}

// Each coding may expand what came, but all of them together no more than one of them.
bool CodingChain::pass(Link& from, Bytes bytes) {
  from.size += bytes.size();
  if (from.size > expansion_free && from.size / expansion_max_ >= coded_size_) {
    outcome_ = Outcome::over_limit;
    return false;
  }
  if (from.next != nullptr) return feed(*from.next, bytes);
  (*take_)(bytes);
  return true;
}

ContentDecoder::Outcome CodingChain::decode(Bytes coded, const Take& take) {
  if (coded.empty() || outcome_ != Outcome::good) return outcome_;
  if (links_.empty()) begin();
  coded_size_ += coded.size();
  take_ = &take;
  feed(links_.front(), coded);
  take_ = nullptr;
  if (!share_.resize(memory()) && outcome_ == Outcome::good) outcome_ = Outcome::no_room;
  if (outcome_ != Outcome::good) end();
  return outcome_;
}

// All that can be decoded was handed out with the byte that allowed it.
ContentDecoder::Outcome CodingChain::finish(const Take& /*take*/) {
  for (const Link& link : links_) {
    if (!link.coding->complete() && outcome_ == Outcome::good) outcome_ = Outcome::damaged;
  }
  end();
  return outcome_;
}

void CodingChain::end() {
  links_.clear();
  share_.resize(0);
}

std::size_t CodingChain::memory() const {
  std::size_t size = 0;
  for (const Link& link : links_) size += link.coding->memory();
  return size;
}

}  // namespace

std::unique_ptr<ContentDecoder> ContentDecoder::make(std::string_view codings, AppServices& services,
                                                     bool& known) {
  std::vector<MakeCoding> chosen;
  known = true;
  while (!codings.empty() && known) {
    const std::size_t size = std::min(codings.find(','), codings.size());
    known = add_coding(chosen, ascii::trimmed(codings.substr(0, size)));
    codings.remove_prefix(std::min(size + 1, codings.size()));
  }
  if (!known || chosen.empty()) return nullptr;
  return std::make_unique<CodingChain>(std::move(chosen), services);
}

}  // namespace restitch
