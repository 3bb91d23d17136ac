// Analyzer: understands what the two ends of a connection say in one protocol. Whoever implements one is
// called by a Conversation, which owns it, and reports to Findings. It never reads a clock, a file or a port:
// the bytes of both sides are all it knows. One thread: that of the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "restitch/app/origin.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {

class Findings;

// Bytes of one direction that lie together: those that the analyzer left, then new ones. Lent for the call.
class AnalyzerInput {
 public:
  // Bytes of one origin, from `begin` up to the next piece.
  struct Piece {
    std::size_t begin = 0;
    Origin origin;
  };

  // Requires: `pieces` are in order, and the first begins at 0, or `bytes` is empty.
  AnalyzerInput(Bytes bytes, std::span<const Piece> pieces, std::uint64_t offset, bool forced)
      : bytes_(bytes), pieces_(pieces), offset_(offset), forced_(forced) {}

  [[nodiscard]] Bytes bytes() const { return bytes_; }
  // Of the first byte in all that this analyzer is given of the direction, gaps counted.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  // Nothing that the analyzer waits for will come in time: there is no room to hold more, or the direction
  // ends, or has a gap. What it does not consume now, it does not see again.
  [[nodiscard]] bool forced() const { return forced_; }
  // Of the byte at `at`. Requires: at < bytes().size().
  [[nodiscard]] Origin origin(std::size_t at) const;
  // How many bytes from `at` on are of the same packet. Requires: at < bytes().size().
  [[nodiscard]] std::size_t run(std::size_t at) const;

 private:
  Bytes bytes_;
  std::span<const Piece> pieces_;
  std::uint64_t offset_;
  bool forced_;
};

// What an analyzer says of the bytes it was given.
enum class Need : std::uint8_t {
  more,        // to go on, it needs more bytes of this direction than it left
  other_side,  // it goes on when the other direction has
  nothing,  // it is done with this direction; what it left goes to its successor (Findings::hand_over), or is
            // raw
  foreign,  // this is not, or no more, its protocol: both directions are raw from here on
};

struct AnalyzerAnswer {
  std::size_t consumed = 0;  // of the bytes it was given
  Need need = Need::more;
};

class Analyzer {
 public:
  virtual ~Analyzer() = default;

  // There are new bytes, or the other side has moved on. At most held_max bytes are held for it in each
  // direction: then it is asked once more, with `forced`.
  virtual AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) = 0;

  // So many bytes of the direction, behind all that was taken so far, were never captured. What it had left
  // there was offered once more, with `forced`.
  virtual void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) = 0;

  // Nothing more comes in this direction. Once for each, and not behind Need::nothing or foreign.
  virtual void end(TcpFlowDirection direction, Findings& findings) = 0;

  // The connection is over, or belongs to the successor: what is open is to be reported now. The last call.
  virtual void close(Findings& findings) = 0;

  static constexpr std::size_t held_max = std::size_t{64} << 10;
};

}  // namespace restitch
