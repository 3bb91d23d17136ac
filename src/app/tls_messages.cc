#include "app/tls_messages.h"

#include <algorithm>

namespace restitch {

void TlsMessages::add(Bytes fragment) {
  fragment_ = fragment;
  if (lost_ && fragment.size() >= header_size) {
    lost_ = false;
    // The middle of a message hardly looks like a beginning.
    if (fragment[0] > 24 || fragment[1] != 0) fragment_ = {};
  }
}

void TlsMessages::lose() {
  partial_.clear();
  fragment_ = {};
  skip_ = 0;
  taken_ = false;
  lost_ = true;
}

TlsMessages::Next TlsMessages::next(Message& message) {
  if (taken_) {
    taken_ = false;
    std::vector<std::uint8_t>().swap(partial_);
  }
  const std::size_t skipped = std::min<std::size_t>(skip_, fragment_.size());
  skip_ -= static_cast<std::uint32_t>(skipped);
  fragment_ = fragment_.subspan(skipped);
  if (fragment_.empty()) return Next::none;
  if (partial_.empty()) return begin(message);
  fill(header_size);
  if (partial_.size() < header_size) return Next::none;
  const std::size_t size = header_size + body_size(partial_);
  if (size - header_size > size_max) {
    skip_ = static_cast<std::uint32_t>(size - partial_.size());
    partial_.clear();
    return Next::too_long;
  }
  fill(size);
  if (partial_.size() < size) return Next::none;
  taken_ = true;
  message = {partial_[0], Bytes(partial_).subspan(header_size)};
  return Next::message;
}

// Up to `size` bytes of the message that is not whole. A message is asked for before any of it is held.
void TlsMessages::fill(std::size_t size) {
  if (partial_.size() >= size) return;
  const std::size_t more = std::min(size - partial_.size(), fragment_.size());
  partial_.insert(partial_.end(), fragment_.begin(), fragment_.begin() + static_cast<std::ptrdiff_t>(more));
  fragment_ = fragment_.subspan(more);
}

// A message that begins in this fragment: as a rule it ends there, and nothing is copied.
TlsMessages::Next TlsMessages::begin(Message& message) {
  if (fragment_.size() < header_size) {
    fill(header_size);
    return Next::none;
  }
  const std::size_t size = body_size(fragment_);
  if (size > size_max) {
    skip_ = static_cast<std::uint32_t>(size + header_size);
    return Next::too_long;
  }
  if (size > fragment_.size() - header_size) {
    fill(header_size + size);
    return Next::none;
  }
  message = {fragment_[0], fragment_.subspan(header_size, size)};
  fragment_ = fragment_.subspan(header_size + size);
  return Next::message;
}

}  // namespace restitch
