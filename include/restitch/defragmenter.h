// Datagrams out of fragments: IpDefragmenter collects fragments (RFC 791, RFC 8200), Decoder is decode()
// with one behind it. Both keep state, bounded by their limits, and belong to one thread. Time is what the
// packets carry. What they return borrows from them, or from the frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "restitch/capture_info.h"
#include "restitch/mirror_copies.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {

// One fragment, as it lies in a packet. Lent for the call.
struct IpFragment {
  IpAddress source;
  IpAddress destination;
  std::uint32_t domain = 0;  // as in NetFlow
  std::uint32_t id = 0;
  std::uint8_t protocol = 0;  // IPv6: the header that follows the fragment header
  bool more = false;          // not the last one
  bool whole = true;          // the snap length cut nothing off
  bool checksum_ok = true;    // IPv4
  std::uint32_t offset = 0;   // in bytes
  Bytes data;
};

// Which copy counts where fragments of one IPv4 datagram overlap. Overlapping IPv6 fragments spoil the
// datagram under every policy (RFC 5722); copies of a fragment that is there already never do.
enum class FragmentPolicy : std::uint8_t {
  first,      // what came first
  last,       // what came last
  bsd,        // the fragment that begins further left; of two that begin alike the first
  old_linux,  // the fragment that begins further left; of two that begin alike the later (up to Linux 4.18)
  linux_,     // none: the datagram is given up (since Linux 4.19)
};

struct DefragmenterOptions {
  FragmentPolicy policy = FragmentPolicy::first;
  std::int64_t timeout_ns = 30'000'000'000;  // from the first fragment that arrived
  std::size_t datagrams_max = 4096;          // incomplete ones; the oldest gives way
  std::size_t bytes_max = 16u << 20;         // held for them, bookkeeping included; the oldest gives way
};

// What happened to fragments and to datagrams. Each fragment that is not in a complete datagram was part
// of an incomplete one, or was malformed or cut.
struct FragmentCounts {
  std::uint64_t fragments = 0;   // seen
  std::uint64_t malformed = 0;   // beyond 65535 bytes, beyond the end, empty, not in steps of eight
  std::uint64_t cut = 0;         // by the snap length
  std::uint64_t duplicates = 0;  // bring nothing new, and contradict nothing
  std::uint64_t overlaps = 0;    // cover bytes that were there, and are no duplicates
  std::uint64_t conflicts = 0;   // cover bytes that were there, and differ
  std::uint64_t datagrams = 0;   // complete
  std::uint64_t timed_out = 0;   // incomplete: for too long
  std::uint64_t evicted = 0;     // incomplete: at a limit
  std::uint64_t discarded = 0;   // spoiled by an overlap

  friend bool operator==(const FragmentCounts&, const FragmentCounts&) = default;
};

// What follows the IP headers of a datagram, put together.
struct Datagram {
  std::vector<std::uint8_t> payload;
  std::uint8_t protocol = 0;  // of the fragment at offset 0
  bool checksum_ok = true;    // of all fragments
  bool overlap = false;       // fragments covered each other, and were no mere duplicates
};

class IpDefragmenter {
 public:
  explicit IpDefragmenter(const DefragmenterOptions& options = {}) : options_(options) {}

  // Takes a fragment; answers the datagram that it completes. Costs O(log n) and the size of the fragment,
  // whatever came before.
  std::optional<Datagram> add(const IpFragment& fragment, Timestamp now);

  // Gives up what has waited for too long.
  void expire(Timestamp now);

  [[nodiscard]] const FragmentCounts& counts() const { return counts_; }
  [[nodiscard]] std::size_t datagrams_held() const { return pending_.size(); }
  [[nodiscard]] std::size_t bytes_held() const { return bytes_held_; }

 private:
  struct Key {
    IpAddress source;
    IpAddress destination;
    std::uint32_t domain = 0;
    std::uint32_t id = 0;
    std::uint8_t protocol = 0;  // IPv4 only (RFC 791); IPv6 does not compare it (RFC 8200)

    friend constexpr auto operator<=>(const Key&, const Key&) = default;
  };
  // Bytes [start, start + size) of the datagram, the map's key being their start. Pieces do not overlap.
  struct Piece {
    std::uint32_t size = 0;
    const std::uint8_t* data = nullptr;  // in a fragment's copy
  };
  using Pieces = std::map<std::uint32_t, Piece>;
  struct Pending;
  using Table = std::map<Key, Pending>;
  struct Pending {
    Timestamp since;
    std::list<std::vector<std::uint8_t>> copies;  // of the fragments
    Pieces pieces;
    std::size_t covered = 0;            // bytes in the pieces
    std::size_t bytes_held = 0;         // as accounted
    std::optional<std::uint32_t> size;  // known once the last fragment is there
    std::uint8_t protocol = 0;
    bool checksum_ok = true;
    bool overlap = false;
    bool spoiled = false;    // what belongs to it is dropped until the timeout
    bool has_first = false;  // the fragment at offset 0
    std::list<Table::iterator>::iterator age;
  };
  // How much of a fragment was there already.
  struct Overlap {
    std::size_t size = 0;
    bool differs = false;
  };

  static Key key_of(const IpFragment& fragment);
  static Overlap overlap_of(const Pieces& pieces, std::uint32_t start, Bytes data);
  static bool fits(const Pending& pending, std::uint32_t end, bool more);
  Table::iterator find_or_start(const IpFragment& fragment, Timestamp now);
  std::optional<Datagram> place(Table::iterator entry, const IpFragment& fragment, Bytes data);
  void give_up(Table::iterator entry, bool is_ipv4);
  [[nodiscard]] bool existing_wins(std::uint32_t existing_start, std::uint32_t start) const;
  void store(Pending& pending, std::uint32_t start, Bytes data);
  void insert(Pending& pending, std::uint32_t start, Bytes data);
  static Datagram assemble(const Pending& pending);
  void remove(Table::iterator entry);
  void make_room();

  DefragmenterOptions options_;
  Table pending_;
  std::list<Table::iterator> ages_;  // oldest first
  std::size_t bytes_held_ = 0;
  FragmentCounts counts_;
};

struct DecoderOptions {
  // What keeps connections apart that have the same addresses and ports; none of it splits the directions of
  // a connection whose tunnel goes both ways.
  //
  // In which tunnels over IP a packet came, for any host can wrap a segment in one: their kinds, outermost
  // first, with the networks of VXLAN and Geneve. Keys of GRE, sessions of ERSPAN, and what each receiver
  // chooses (GTP, L2TP, PPTP) do not count, nor do the hosts between which the tunnel is.
  bool encapsulation_in_key = true;
  bool vlan_in_key = false;
  // All other layers, and all ids but those that each receiver chooses for itself (MPLS, GTP, L2TP, PPTP):
  // they differ between the two directions of a connection.
  bool tunnel_in_key = false;
  bool interface_in_key = false;
  std::size_t domains_max = std::size_t{1} << 16;  // distinct sets of ids; those beyond share one number
  // Sets DecodedPacket::copied, for packets that come again within this time (mirror_copies.h); 0: never.
  std::int64_t copies_window_ns = 0;
  DefragmenterOptions defragmenter{};
};

// Numbers sets of ids, for NetFlow::domain: the same number for the same ids, and never for others.
class DomainTable {
 public:
  explicit DomainTable(std::size_t domains_max) : domains_max_(domains_max) {}
  DomainTable(DomainTable&&) noexcept = default;
  DomainTable& operator=(DomainTable&&) noexcept = default;

  // 0 for no ids.
  std::uint32_t number_of(const std::vector<std::uint64_t>& ids);
  // The other way round; nullptr: no set of ids has that number to itself.
  [[nodiscard]] const std::vector<std::uint64_t>* ids_of(std::uint32_t number) const {
    return number == 0 || number > sets_.size() ? nullptr : sets_[number - 1];
  }
  [[nodiscard]] std::size_t size() const { return numbers_.size(); }

 private:
  std::size_t domains_max_;
  std::map<std::vector<std::uint64_t>, std::uint32_t> numbers_;
  std::vector<const std::vector<std::uint64_t>*> sets_;  // by number, in numbers_
};

struct Walk;
struct WalkNotes;

// decode() for the packets of a capture, one after the other: puts fragments together, finds all segments of
// a frame, and numbers what is to be part of the key.
class Decoder {
 public:
  explicit Decoder(const DecoderOptions& options = {});
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;
  ~Decoder();

  // As decode(). A fragment is DropReason::fragment, but the one that completes a datagram gives what is
  // in it. The bytes of that live until begin_batch(), all others as long as the frame.
  DecodedPacket decode(LinkType link_type, Bytes frame, const CaptureInfo& info) {
    return judged(decode_ahead(link_type, frame, info), info);
  }

  // What comes behind it in the same frame.
  // Requires: the packet answered last has `more`, and `info` is its.
  DecodedPacket decode_more(const CaptureInfo& info) { return judged(decode_more_ahead(info), info); }

  // The same two but for `copied`, which copies() can tell for all of a batch.
  DecodedPacket decode_ahead(LinkType link_type, Bytes frame, const CaptureInfo& info) {
    DecodedPacket packet = noting_ ? decode_noting(link_type, frame, info)
                                   : restitch::decode(link_type, frame, info.original_size);
    if (!noting_ && takes_notes(packet)) [[unlikely]]
      packet = decode_noting(link_type, frame, info);
    return packet;
  }
  DecodedPacket decode_more_ahead(const CaptureInfo& info);

  // What recognises copies; null unless asked to.
  [[nodiscard]] MirrorCopies* copies() { return copies_ ? &*copies_ : nullptr; }

  [[nodiscard]] const DecoderOptions& options() const { return options_; }

  // Whether decode_ahead() of a packet in no tunnel, that is no fragment, is restitch::decode(), and no more.
  [[nodiscard]] bool is_plain() const { return !noting_; }

  // Frees the datagrams that were put together for the packets decoded so far. To be called now and then.
  void begin_batch() {
    if (!datagrams_.empty()) datagrams_.clear();
  }

  // Gives those away instead, for who still needs their bytes.
  std::list<Datagram> take_datagrams() { return std::exchange(datagrams_, {}); }

  [[nodiscard]] const FragmentCounts& fragment_counts() const { return defragmenter_.counts(); }
  [[nodiscard]] const IpDefragmenter& defragmenter() const { return defragmenter_; }
  [[nodiscard]] const DomainTable& domains() const { return domains_; }
  // The same for who knows sets of ids already, as another Decoder numbered them.
  [[nodiscard]] DomainTable& domains() { return domains_; }

  // All VLANs and tunnels around the packet decoded last; Requires: note_layers(true) before it.
  [[nodiscard]] const Layers& layers() const;
  void note_layers(bool on);

 private:
  // What decode() alone cannot answer.
  [[nodiscard]] bool takes_notes(const DecodedPacket& packet) const {
    return packet.reason == DropReason::fragment || packet.more ||
           (packet.encapsulated && options_.encapsulation_in_key);
  }
  DecodedPacket judged(DecodedPacket packet, const CaptureInfo& info) {
    if (copies_ && packet.reason == DropReason::none) {
      packet.copied = copies_->seen_before(packet, info.timestamp);
    }
    return packet;
  }
  DecodedPacket decode_noting(LinkType link_type, Bytes frame, const CaptureInfo& info);
  void finish(Walk& walk, const CaptureInfo& info, DecodedPacket& packet);
  [[nodiscard]] std::optional<std::uint64_t> key_of(const Layer& layer) const;
  std::uint32_t domain_of(const Layers& layers, const CaptureInfo& info);

  DecoderOptions options_;
  bool noting_;
  std::optional<MirrorCopies> copies_;
  IpDefragmenter defragmenter_;
  DomainTable domains_;
  std::vector<std::uint64_t> ids_;  // scratch
  std::unique_ptr<WalkNotes> notes_;
  std::list<Datagram> datagrams_;
};

}  // namespace restitch
