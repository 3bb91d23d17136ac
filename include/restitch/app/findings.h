// Findings: where analyzers report what they found. Whoever wants to know it implements FindingsSink;
// Findings adds which connection it is. One thread: that of the pool.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/app/analyzer.h"
#include "restitch/app/records.h"
#include "restitch/output_connections.h"

namespace RESTITCH_API restitch {

class AppServices;
class Conversation;

// What is known of an object when its first byte comes. An object is what one side hands the other as a
// whole: a body, a file, a part of a mail.
struct ObjectHead {
  std::string_view protocol;  // "http", "smtp", "ftp-data", "smb", … A constant.
  TcpFlowDirection direction = TcpFlowDirection::client_to_server;  // who sends it
  std::string name;        // a path, or file name, as the sender wrote it; may be empty. Not cleaned.
  std::string url;         // of HTTP, with host; else empty
  std::string type;        // as declared: "text/html"; empty: not declared
  std::string coding;      // "gzip, br": what was taken off it; empty: nothing
  std::uint64_t size = 0;  // as declared, if size_known
  bool size_known = false;
  std::uint64_t transaction = 0;  // of HTTP: which one, from 1 (HttpRecord::depth)
  Origin origin;                  // of its first byte, or where that would be
};

// How an object ended.
struct ObjectEnd {
  bool complete = false;        // every byte of it is there, by what its protocol says
  bool over_limit = false;      // it was cut because of a limit
  bool undecodable = false;     // its coding was damaged, or unknown
  std::uint64_t wire_size = 0;  // bytes before its codings were taken off
  std::uint64_t missing = 0;    // bytes in gaps
  Origin origin;                // of its last byte
};

using ObjectNumber = std::uint64_t;

// Of which connection a finding is.
struct FindingPlace {
  const ConnectionSummary* summary = nullptr;  // for the call
  // The analyzer found that who seems to be the client is the server (the SYN was not captured).
  bool turned = false;
  std::string_view layer;  // what the bytes came out of: "" of the stream itself, "tls", "tls/http2", …

  [[nodiscard]] NetFlow net() const;              // from the client, as the analyzer sees it
  [[nodiscard]] TransportFlow transport() const;  // the same
};

// What is found in a connection. All that is lent is lent for the call.
class FindingsSink {
 public:
  virtual ~FindingsSink() = default;

  virtual void record(const FindingPlace& place, const AppRecord& record) = 0;
  // An object begins, grows, has a hole, and ends. `object` is never used again within its connection.
  virtual void begin_object(const FindingPlace& /*place*/, ObjectNumber /*object*/,
                            const ObjectHead& /*head*/) {}
  virtual void object_data(const FindingPlace& /*place*/, ObjectNumber /*object*/, Bytes /*bytes*/,
                           const Origin& /*origin*/) {}
  virtual void object_gap(const FindingPlace& /*place*/, ObjectNumber /*object*/, std::uint64_t /*size*/) {}
  virtual void end_object(const FindingPlace& /*place*/, ObjectNumber /*object*/, const ObjectEnd& /*end*/) {}
  // Bytes that came out of another protocol, such as decrypted ones.
  virtual void plain(const FindingPlace& /*place*/, TcpFlowDirection /*direction*/, Bytes /*bytes*/,
                     const Origin& /*origin*/) {}
  // So many of such bytes are missing.
  virtual void plain_gap(const FindingPlace& /*place*/, TcpFlowDirection /*direction*/,
                         std::uint64_t /*size*/) {}
  // The connection is over; the last call.
  virtual void close(const FindingPlace& /*place*/) {}
};

// What an analyzer is given to report with; a Conversation makes it.
class Findings {
 public:
  explicit Findings(Conversation& conversation) : conversation_(conversation) {}

  void record(const AppRecord& record);
  ObjectNumber begin_object(const ObjectHead& head);
  void object_data(ObjectNumber object, Bytes bytes, const Origin& origin);
  void object_gap(ObjectNumber object, std::uint64_t size);
  void end_object(ObjectNumber object, const ObjectEnd& end);

  // A parse error, or something that is told because it may be an attack: `what` is a constant such as
  // "http_two_lengths", `detail` may hold bytes of the packet.
  void anomaly(std::string_view what, TcpFlowDirection direction, const Origin& origin,
               std::string detail = {});

  // What follows the bytes that this analyzer consumed, in both directions, is for `successor`; nullptr: for
  // whichever is found to fit, as behind CONNECT or STARTTLS. It begins in a direction once this analyzer
  // answers Need::nothing there.
  void hand_over(std::unique_ptr<Analyzer> successor);

  // A conversation inside this one, to be fed by the analyzer with what it decoded: its bytes go to
  // `analyzer`; nullptr: to whichever fits. `layer` is a constant such as "tls". nullptr: it would lie too
  // deep.
  std::unique_ptr<Conversation> nest(std::string_view layer, std::unique_ptr<Analyzer> analyzer = nullptr);

  // Whether the sender of a direction ended it. If not, Analyzer::end() is told only because no more was
  // captured.
  [[nodiscard]] bool ended(TcpFlowDirection direction) const;

  // What the analyzers of a pool share.
  [[nodiscard]] AppServices& services();
  // A name for the conn record: "ssl", "http", …; a constant.
  void name_service(std::string_view name);
  [[nodiscard]] FindingPlace place();

 private:
  Conversation& conversation_;
};

}  // namespace restitch
