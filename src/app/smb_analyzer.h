// SmbAnalyzer: SMB 2 and 3 (MS-SMB2) in sessions of NetBIOS (RFC 1002): what READ and WRITE carry, by open
// file, is an object, "smb", under the name of its CREATE. Messages are not held: the data of READ and WRITE
// go through as they come. What goes through named pipes is no file. What is encrypted or compressed is
// skipped. SMB1 is only known as the beginning of SMB2. Memory: SmbFiles, and a message without its data.
// Owned by a Conversation. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "app/protocols.h"
#include "app/smb_files.h"

namespace restitch {

class SmbAnalyzer final : public Analyzer {
 public:
  explicit SmbAnalyzer(AppServices& services) : files_(services) {}

  static Fit fit(Bytes client, Bytes server);
  static std::unique_ptr<Analyzer> make(AppServices& services);

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override;
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override;
  void end(TcpFlowDirection direction, Findings& findings) override;
  void close(Findings& findings) override;

 private:
  // The others are parts of frame_left, in this order.
  struct Side {
    std::uint64_t frame_left = 0;  // of the message of NetBIOS
    std::uint64_t skip_left = 0;   // what is not looked at, up to the data
    std::uint64_t after_left = 0;  // behind the data
    SmbData data;                  // data.size: what is left of them
    bool lost = false;             // where a message begins is not known
  };

  std::size_t step(TcpFlowDirection direction, const AnalyzerInput& input, std::size_t at,
                   Findings& findings);
  std::size_t begin_frame(Side& side, Bytes bytes);
  std::size_t find_frame(Side& side, Bytes bytes);
  std::size_t begin_message(TcpFlowDirection direction, Bytes bytes, const Origin& origin,
                            Findings& findings);
  void read_message(TcpFlowDirection direction, const SmbHeader& header, Bytes bytes, const Origin& origin,
                    Findings& findings);
  std::size_t pass_data(TcpFlowDirection direction, const AnalyzerInput& input, std::size_t at,
                        Findings& findings);
  static std::size_t skip(Side& side, std::uint64_t& left, std::size_t size);
  void tell_bad_message(TcpFlowDirection direction, const Origin& origin, Findings& findings);

  bool named_ = false;
  bool foreign_ = false;
  bool told_ = false;  // that a message is none
  std::array<Side, 2> sides_;
  SmbFiles files_;
};

}  // namespace restitch
