// FragmentModel: a datagram as one note per byte, obviously right and slow: who wrote the byte, and where
// that fragment (or what is left of it) begins. For holding the IpDefragmenter against.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "restitch/defragmenter.h"

namespace restitch::testing {

class FragmentModel {
 public:
  explicit FragmentModel(FragmentPolicy policy) : policy_(policy) {}

  // The whole datagram, once it is complete; the model is to be thrown away then.
  std::optional<std::vector<std::uint8_t>> add(std::uint32_t start, bool more, Bytes data) {
    const auto end = static_cast<std::uint32_t>(start + data.size());
    if (size_ && (more ? end > *size_ : end != *size_)) return std::nullopt;
    if (!more && highest_ > end) return std::nullopt;
    if (!more) size_ = end;
    highest_ = std::max(highest_, end);
    bytes_.resize(highest_ + std::size_t{1});  // the last one stays empty
    write(start, end, data);
    return whole();
  }

 private:
  struct Note {
    std::uint8_t value = 0;
    std::optional<std::uint32_t> start;  // none: nobody wrote it yet
    std::uint32_t fragment = 0;
  };

  bool gives_way(const Note& note, std::uint32_t start) const {
    if (!note.start) return true;
    switch (policy_) {
      case FragmentPolicy::first:
        return false;
      case FragmentPolicy::last:
        return true;
      case FragmentPolicy::bsd:
        return *note.start > start;
      default:
        return *note.start >= start;
    }
  }

  void write(std::uint32_t start, std::uint32_t end, Bytes data) {
    ++fragments_;
    std::optional<std::uint32_t> first_written;
    const Note behind = bytes_[end];
    bool behind_lost_its_head = false;
    for (std::uint32_t i = start; i < end; ++i) {
      if (!gives_way(bytes_[i], start)) continue;
      if (!first_written) first_written = i;
      if (behind.start && bytes_[i].start && bytes_[i].fragment == behind.fragment)
        behind_lost_its_head = true;
      bytes_[i] = {data[i - start], *first_written, fragments_};
    }
    if (!behind_lost_its_head) return;
    for (std::uint32_t i = end; bytes_[i].start && bytes_[i].fragment == behind.fragment; ++i)
      bytes_[i].start = end;
  }

  std::optional<std::vector<std::uint8_t>> whole() const {
    if (!size_) return std::nullopt;
    std::vector<std::uint8_t> out;
    for (std::uint32_t i = 0; i < *size_; ++i) {
      if (!bytes_[i].start) return std::nullopt;
      out.push_back(bytes_[i].value);
    }
    return out;
  }

  FragmentPolicy policy_;
  std::vector<Note> bytes_;
  std::optional<std::uint32_t> size_;
  std::uint32_t highest_ = 0;
  std::uint32_t fragments_ = 0;
};

}  // namespace restitch::testing
