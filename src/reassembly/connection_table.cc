#include "restitch/detail/connection_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdlib>
#include <new>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace restitch::detail {
namespace {

// Smaller parts, of which there is one, come from the heap.
constexpr std::size_t block_size_min = 16 * 1024;

[[gnu::noinline]] std::uint32_t hash_of_all(const FlowKey& key, std::uint64_t seed) {
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(&key, sizeof key, seed) >> 32);
}

}  // namespace

void ConnectionTable::Release::operator()(Entry* entries) const {
  size >= block_size_min ? source->release(entries, size) : std::free(entries);
}

ConnectionTable::ConnectionTable(BlockSource& source, std::uint64_t seed)
    : source_(&source), parts_(1), seed_(seed) {
  routes_.resize(1);
  if (!resize(0, part_size_min)) std::abort();  // not even half a kilobyte: there is nothing to begin with
}

// All that tells IPv4 connections apart has sixteen bytes, which cost half as much to hash.
std::uint32_t ConnectionTable::hash(const FlowKey& key) const {
  if (key.is_ipv6()) return hash_of_all(key, seed_);
  const std::array<std::uint64_t, 2> words{key.addresses[1] ^ std::rotl(key.addresses[3], 32),
                                           key.ports_and_domain};
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(words.data(), sizeof words, seed_) >> 32);
}

bool ConnectionTable::insert(std::uint32_t hash, std::uint32_t number) {
  if (!make_room(route_of(hash).part)) return false;
  put(parts_[route_of(hash).part], {hash, number});
  ++size_;
  return true;
}

void ConnectionTable::put(Part& part, Entry entry) {
  const std::uint32_t mask = part.size - 1;
  std::uint32_t at = entry.hash & mask;
  while (part.entries[at].number != none) at = (at + 1) & mask;
  part.entries[at] = entry;
  ++part.used;
}

// Closes the hole by moving back later entries of the same run, so that no mark of the erased one stays.
void ConnectionTable::erase(std::uint32_t hash, std::uint32_t number) {
  const Route& route = route_of(hash);
  Entry* const entries = route.entries;
  std::uint32_t hole = hash & route.mask;
  while (entries[hole].number != number) {
    assert(entries[hole].number != none);
    hole = (hole + 1) & route.mask;
  }
  for (std::uint32_t at = (hole + 1) & route.mask; entries[at].number != none; at = (at + 1) & route.mask) {
    const std::uint32_t home = entries[at].hash & route.mask;
    if (((at - home) & route.mask) >= ((at - hole) & route.mask)) {
      entries[hole] = entries[at];
      hole = at;
    }
  }
  entries[hole] = {0, none};
  --parts_[route.part].used;
  --size_;
  shrink(route.part);
}

ConnectionTable::Entries ConnectionTable::make_entries(std::uint32_t size) {
  const std::size_t bytes = size * sizeof(Entry);
  void* memory = bytes >= block_size_min ? source_->allocate(bytes) : std::malloc(bytes);
  Entries entries(static_cast<Entry*>(memory), {source_, bytes});
  if (entries) std::fill_n(entries.get(), size, Entry{0, none});
  return entries;
}

// Full or not, one entry must always stay free, or a search would not end.
bool ConnectionTable::make_room(std::uint32_t number) {
  const Part& part = parts_[number];
  if ((part.used + 1) * 4 <= part.size * 3) return true;
  bool grown = false;
  try {
    grown = part.size < part_size_max ? resize(number, part.size * 2) : split(number);
  } catch (const std::bad_alloc&) {
    grown = false;  // nothing was changed but for routes that lead to the same parts
  }
  return grown || parts_[number].used + 1 < parts_[number].size;
}

bool ConnectionTable::resize(std::uint32_t number, std::uint32_t size) {
  Entries entries = make_entries(size);
  if (!entries) return false;
  Part& part = parts_[number];
  memory_size_ += size * sizeof(Entry);
  memory_size_ -= part.size * sizeof(Entry);
  const Entries old = std::exchange(part.entries, std::move(entries));
  const std::uint32_t old_size = std::exchange(part.size, size);
  part.used = 0;
  for (std::uint32_t i = 0; i < old_size; ++i) {
    if (old[i].number != none) put(part, old[i]);
  }
  route(number);
  return true;
}

// Gives the hashes with one more upper bit set to a new part.
bool ConnectionTable::split(std::uint32_t number) {
  if (parts_[number].depth == depth_max) return false;
  Entries low = make_entries(part_size_max);
  Entries high = make_entries(part_size_max);
  if (!low || !high) return false;
  if (parts_[number].depth == depth_) deepen();
  parts_.emplace_back();
  Part& part = parts_[number];
  Part& other = parts_.back();
  const Entries old = std::exchange(part.entries, std::move(low));
  other.entries = std::move(high);
  other.size = part.size;
  other.depth = ++part.depth;
  part.prefix <<= 1;
  other.prefix = part.prefix | 1;
  part.used = 0;
  memory_size_ += part_size_max * sizeof(Entry);
  const std::uint32_t bit = 0x80000000U >> (part.depth - 1);
  for (std::uint32_t i = 0; i < part.size; ++i) {
    if (old[i].number != none) put((old[i].hash & bit) != 0 ? other : part, old[i]);
  }
  route(number);
  route(static_cast<std::uint32_t>(parts_.size() - 1));
  return true;
}

// Twice the routes: each part is reached by twice as many.
void ConnectionTable::deepen() {
  std::vector<Route> routes(routes_.size() * 2);
  for (std::size_t i = 0; i < routes.size(); ++i) routes[i] = routes_[i / 2];
  routes_ = std::move(routes);
  ++depth_;
}

// Lets all routes to a part lead to where its entries are now.
void ConnectionTable::route(std::uint32_t number) {
  const Part& part = parts_[number];
  const std::size_t count = std::size_t{1} << (depth_ - part.depth);
  std::fill_n(routes_.begin() + static_cast<std::ptrdiff_t>(part.prefix * count), count,
              Route{part.entries.get(), part.size - 1, number});
}

void ConnectionTable::shrink(std::uint32_t number) {
  const Part& part = parts_[number];
  if (part.depth != 0) {
    if (part.used * 4 < part.size) merge(number);
  } else if (part.used * 8 < part.size && part.size > part_size_min) {
    resize(number, std::max(part.size / 4, part_size_min));
  }
}

// Unites a part with the one it was split from, if that makes at most half a part.
bool ConnectionTable::merge(std::uint32_t number) {
  const Part& part = parts_[number];
  const std::size_t buddy_route = std::size_t{part.prefix ^ 1U} << (depth_ - part.depth);
  std::uint32_t buddy = routes_[buddy_route].part;
  if (parts_[buddy].depth != part.depth || (parts_[buddy].used + part.used) * 2 > part_size_max) return false;
  if ((part.prefix & 1) == 0) std::swap(number, buddy);  // `buddy` stays
  Part& kept = parts_[buddy];
  const Part& left = parts_[number];
  for (std::uint32_t i = 0; i < left.size; ++i) {
    if (left.entries[i].number != none) put(kept, left.entries[i]);
  }
  --kept.depth;
  kept.prefix >>= 1;
  route(buddy);
  remove_part(number);
  return true;
}

void ConnectionTable::remove_part(std::uint32_t number) {
  memory_size_ -= parts_[number].size * sizeof(Entry);
  if (number + 1 != parts_.size()) {
    parts_[number] = std::move(parts_.back());
    route(number);
  }
  parts_.pop_back();
  if (parts_.size() == 1 && depth_ != 0) {  // as small as in the beginning
    routes_.resize(1);
    routes_.shrink_to_fit();
    parts_.shrink_to_fit();
    depth_ = 0;
    route(0);
  }
}

}  // namespace restitch::detail
