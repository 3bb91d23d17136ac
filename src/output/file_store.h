// FileStore: any number of files that grow at their end, with few of them open. It writes below one
// folder and nowhere else, follows no symbolic link there, and never touches a file it did not make.
// Owns descriptors and buffers. One thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/output_files.h"
#include "restitch/output_folder.h"
#include "restitch/packet.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {

class FileStore {
 public:
  using Id = std::uint32_t;

  FileStore(OutputFolder folder, const FileLimits& limits);
  FileStore(const FileStore&) = delete;
  FileStore& operator=(const FileStore&) = delete;
  ~FileStore();

  // A new, empty file of that name, in which "/" makes folders. Nothing if there is one already, or if
  // it failed: see error().
  std::optional<Id> create(const std::string& name);

  // At the end of the file, whose time will be `time`; 0: that of writing.
  void append(Id file, Bytes bytes, Timestamp time = {});
  // Moves the end by `size`; the bytes between read as zeros once something follows.
  void skip(Id file, std::uint64_t size);
  // Hands what waits to the system: it is in the file even if this process is killed.
  void flush(Id file);
  // The same for all files.
  void flush_all();
  void close(Id file);

  // What would be the offset of the next byte.
  [[nodiscard]] std::uint64_t size(Id file) const { return files_[file].end; }
  [[nodiscard]] const std::string& name(Id file) const { return files_[file].name; }

  // Bytes that the system took: of one file, and of all there ever were.
  [[nodiscard]] std::uint64_t written(Id file) const { return files_[file].written; }
  [[nodiscard]] std::uint64_t written() const { return written_; }

  // The first thing that went wrong; after that nothing is written any more.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  // An open file.
  struct Slot {
    int fd = -1;
    Id owner = 0;
    std::uint64_t offset = 0;  // where the buffer belongs
    std::vector<std::uint8_t> buffer;
  };
  using Slots = std::list<Slot>;

  struct File {
    std::string name;
    dev_t device = 0;
    ino_t inode = 0;
    std::uint64_t end = 0;
    std::uint64_t written = 0;
    Timestamp time;
    std::optional<Slots::iterator> slot;  // while it is open
  };

  int open_folder_of(const std::string& name, std::string_view& last_part);
  int open_below(const std::string& name, int flags);
  bool reopen(Id file);
  void occupy(Id file, int fd);
  void evict_until(std::size_t open_max);
  void release(Slots::iterator slot);
  static void set_time(int fd, Timestamp time);
  bool make_room(Slot& slot, std::size_t size);
  void write_out(Slot& slot);
  void free_buffer(Slot& slot);
  bool write_at(Slot& slot, std::uint64_t offset, Bytes bytes);
  void fail(std::string_view name, std::string_view reason);
  void fail(std::string_view name, int error);

  OutputFolder folder_;
  FileLimits limits_;
  std::vector<File> files_;
  std::vector<Id> unused_;    // closed files, their numbers to be used again
  Slots slots_;               // the one used last first
  std::size_t buffered_ = 0;  // memory of all buffers
  std::uint64_t written_ = 0;
  std::optional<Error> error_;
};

}  // namespace restitch
