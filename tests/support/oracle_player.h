// OraclePlayer: the packets of a case, rebuilt as IP datagrams in the order in which they crossed the wire:
// the handshake, the peer's steps, and what the kernel answered as its trace shows. The kernel's own initial
// number and timestamps are made up, the same for each run. Owns nothing but what it builds.
//
// The trace names a window only where it is zero. Where a step was placed by the right edge of the window
// (seqw), a window closed, or a small buffer took nothing more, the edge follows from that, and moves along
// with what the application read; everywhere else it is the usual one of a Linux host. What the kernel really
// offered is in the captures of capture_test.cc.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "support/frame_builder.h"
#include "support/oracle_case.h"

namespace restitch::testing {

class OraclePlayer {
 public:
  explicit OraclePlayer(const OracleCase& c);

  std::vector<Frame> play();

  static std::string kernel_address(bool ipv6) { return ipv6 ? "fd99::1" : "10.99.0.1"; }
  static std::string peer_address(bool ipv6) { return ipv6 ? "fd99::1:2" : "10.99.1.2"; }

 private:
  static constexpr std::uint16_t kernel_port = 7000;
  static constexpr std::uint16_t peer_port = 10000;
  static constexpr std::uint32_t peer_clock = 0x10000000;
  static constexpr std::uint32_t kernel_isn_first = 0xFFFFF000;  // wraps before long
  static constexpr std::int64_t usual_window = 65536;

  static std::uint32_t wrap(std::int64_t number) { return static_cast<std::uint32_t>(number); }
  static TcpFlags flags_of(const std::string& letters);
  static Frame from_hex(const std::string& hex);
  static std::string payload_of(const Json& step);
  std::int64_t find_window() const;

  void open();
  void step(std::size_t number);
  void reopen(const Json& step, const Json& answers);
  void peer_sends(const Json& step, std::uint32_t seq, std::uint32_t ack, TcpFlags flags,
                  const Frame& options, const std::string& payload);
  void peer_sends_syn(TcpFlags flags, std::uint32_t ack);
  void peer_sends_ack();
  void kernel_sends(const Json& sent);
  void kernel_acks_what_was_read(std::size_t number);
  // Sends answers from `next` on: up to the first SYN, or all; returns the place behind the last one sent.
  std::size_t kernel_sends_syn(const Json& answers, std::size_t next = 0);
  void kernel_sends_rest(const Json& answers, std::size_t next);

  FrameBuilder datagram(bool from_peer) const;
  Frame timestamps(const Json& step) const;
  Frame syn_options() const;
  Frame kernel_options(const Json& sent, bool syn);

  const OracleCase& case_;
  std::vector<Frame> frames_;
  std::uint32_t isn_;
  std::uint32_t kernel_isn_ = kernel_isn_first;
  bool kernel_known_ = false;  // the peer saw its SYN
  bool timestamps_;
  std::uint32_t kernel_clock_ = 0x20000000;
  std::int64_t window_;
  bool scaled_;
  std::int64_t read_ = 0;  // by the application, so far
};

inline OraclePlayer::OraclePlayer(const OracleCase& c)
    : case_(c),
      isn_(c.isn()),
      timestamps_(c.option("ts", true)),
      window_(find_window()),
      scaled_(c.scales_window() && window_ > 65535) {}

inline TcpFlags OraclePlayer::flags_of(const std::string& letters) {
  constexpr std::string_view order = "FSRPAUEC";
  TcpFlags flags;
  for (const char letter : letters) {
    flags.bits = static_cast<std::uint8_t>(flags.bits | 1u << order.find(letter));
  }
  return flags;
}

inline Frame OraclePlayer::from_hex(const std::string& hex) {
  Frame bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

inline std::string OraclePlayer::payload_of(const Json& step) {
  if (step.contains("data")) return step.at("data");
  const std::string fill = step.value("fill", "?");
  return std::string(step.value("len", std::size_t{0}), fill.at(0));
}

// The right edge of the window before anything was read.
inline std::int64_t OraclePlayer::find_window() const {
  if (!case_.result().contains("trace")) return usual_window;
  std::int64_t read = 0;
  std::int64_t acked = 0;
  for (std::size_t i = 0; i < case_.steps().size(); ++i) {
    const Json& step = case_.steps()[i];
    if (step.contains("seqw")) {
      return step.at("seq_was").get<std::int64_t>() - step.at("seqw").get<std::int64_t>() - read;
    }
    const Json& shown = case_.result().at("trace").at(i);
    read = shown.at("rd");
    const std::int64_t acked_before = acked;
    for (const Json& sent : shown.value("tx", Json::array())) {
      acked = sent.value("ack", acked);
      if (sent.contains("win")) return acked - read;
    }
    const bool in_order = step.contains("len") && step.at("seq") == acked_before;
    if (case_.option("rcvbuf", 0) != 0 && in_order && acked == acked_before) return acked - read;
  }
  return usual_window;
}

// ---- what is sent ----------------------------------------------------------------------------------

inline std::vector<Frame> OraclePlayer::play() {
  open();
  for (std::size_t i = 0; i < case_.steps().size(); ++i) step(i);
  return std::move(frames_);
}

inline void OraclePlayer::open() {
  const Json plain = Json::array({{{"f", "SA"}, {"ack", 0}}});
  const Json& answers = case_.result().value("handshake", plain);
  const std::string how = case_.opening();
  if (how == "listen") {
    peer_sends_syn(flags_of(case_.option<std::string>("syn_flags", "S")), 0);
    const std::size_t next = kernel_sends_syn(answers);
    if (kernel_known_ && case_.option<std::string>("hs_ack", "send") == "send") peer_sends_ack();
    return kernel_sends_rest(answers, next);
  }
  std::size_t next = kernel_sends_syn(answers);
  if (how == "active") {
    peer_sends_syn(TcpFlag::syn | TcpFlag::ack, kernel_isn_ + 1);
  } else {
    peer_sends_syn(TcpFlags{} | TcpFlag::syn, 0);
    next = kernel_sends_syn(answers, next);
    if (case_.option<std::string>("sim_reply", "A") == "A") {
      peer_sends_ack();
    } else {
      peer_sends(Json::object(), isn_, kernel_isn_ + 1, TcpFlag::syn | TcpFlag::ack, syn_options(), "");
    }
  }
  kernel_sends_rest(answers, next);
}

inline void OraclePlayer::step(std::size_t number) {
  const Json& step = case_.steps()[number];
  const bool traced = case_.result().contains("trace");
  const Json shown = traced ? case_.result().at("trace").at(number) : Json::object();
  const Json answers = shown.value("tx", Json::array());
  if (step.contains("reopen")) return reopen(step, answers);
  if (!step.contains("app") && !step.contains("sleep_ms")) {
    const bool placed = step.contains("seqw");
    const auto seq =
        isn_ + 1 + wrap(placed ? step.at("seq_was").get<std::int64_t>() : step.value("seq", std::int64_t{0}));
    const auto ack = kernel_known_ ? kernel_isn_ + 1 + wrap(step.value("ack", std::int64_t{0})) : 0;
    Frame options = timestamps(step);
    if (step.contains("md5")) {
      put(options, {1, 1, 19, 18});
      put(options, Frame(16, 0x5a));
    }
    put(options, from_hex(step.value("opt_hex", "")));
    peer_sends(step, seq, ack, flags_of(step.value("flags", "A")), options, payload_of(step));
  }
  if (!traced) return kernel_acks_what_was_read(number);
  read_ = shown.at("rd");
  kernel_sends_rest(answers, 0);
}

inline void OraclePlayer::reopen(const Json& step, const Json& answers) {
  isn_ += wrap(step.at("reopen").get<std::int64_t>());
  kernel_known_ = false;
  // A kernel that takes no new connection answers for the old one, from behind its FIN.
  const bool taken = std::any_of(answers.begin(), answers.end(), [](const Json& answer) {
    return flags_of(answer.at("f")).has(TcpFlag::syn);
  });
  kernel_isn_ += taken ? 0x01000000 : 1;
  read_ = 0;
  peer_sends(Json::object(), isn_, 0, TcpFlags{} | TcpFlag::syn, syn_options(), "");
  const std::size_t next = kernel_sends_syn(answers);
  if (kernel_known_) peer_sends_ack();
  kernel_sends_rest(answers, next);
}

inline void OraclePlayer::peer_sends_syn(TcpFlags flags, std::uint32_t ack) {
  peer_sends(Json::object(), isn_, ack, flags, syn_options(), case_.option<std::string>("syn_data", ""));
}

inline void OraclePlayer::peer_sends_ack() {
  peer_sends(Json::object(), isn_ + 1, kernel_isn_ + 1, TcpFlags{} | TcpFlag::ack, timestamps(Json::object()),
             "");
}

inline void OraclePlayer::peer_sends(const Json& step, std::uint32_t seq, std::uint32_t ack, TcpFlags flags,
                                     const Frame& options, const std::string& payload) {
  FrameBuilder packet = datagram(true);
  packet.seq(seq).ack(ack).flags(flags).option(options).payload(payload);
  packet.window(step.value("win", std::uint16_t{65535})).urgent_pointer(step.value("urg", std::uint16_t{0}));
  packet.ttl(step.value("ttl", std::uint8_t{64})).reserved_bits(step.value("rsv", std::uint8_t{0}));
  if (step.contains("doff")) packet.data_offset(step.at("doff"));
  if (step.contains("bad_csum")) packet.bad_checksum();
  if (step.contains("bad_ip_csum")) packet.bad_ip_checksum();
  if (step.contains("iplen_delta")) {
    const std::size_t size = packet.build_tcp().size() + (case_.ipv6() ? 0 : 20);
    packet.ip_length(static_cast<std::uint16_t>(size + wrap(step.at("iplen_delta").get<std::int64_t>())));
  }
  packet.trailer(Frame(step.value("trailer", std::size_t{0}), '!'));
  frames_.push_back(packet.build());
}

inline void OraclePlayer::kernel_sends(const Json& sent) {
  const TcpFlags flags = flags_of(sent.at("f"));
  const bool syn = flags.has(TcpFlag::syn);
  const bool rst = flags.has(TcpFlag::rst);
  std::uint32_t seq = kernel_isn_ + (syn ? 0 : 1) + wrap(sent.value("seq", std::int64_t{0}));
  if (rst && !sent.contains("seq")) seq = 0;
  const std::int64_t ack = sent.value("ack", std::int64_t{0});
  const std::int64_t room =
      sent.contains("win") || rst ? 0 : std::max<std::int64_t>(window_ + read_ - ack, 1);
  const std::int64_t window =
      !syn && scaled_ ? (room + 127) / 128 : std::min<std::int64_t>(room, usual_window - 1);
  FrameBuilder packet = datagram(false);
  packet.seq(seq).ack(flags.has(TcpFlag::ack) ? isn_ + 1 + wrap(ack) : 0).flags(flags);
  packet.window(static_cast<std::uint16_t>(window));
  if (!rst) packet.option(kernel_options(sent, syn));
  packet.payload(std::string(sent.value("len", std::size_t{0}), 's'));
  frames_.push_back(packet.build());
  if (syn && !rst) kernel_known_ = true;
}

inline std::size_t OraclePlayer::kernel_sends_syn(const Json& answers, std::size_t next) {
  while (next < answers.size()) {
    const TcpFlags flags = flags_of(answers[next].at("f"));
    kernel_sends(answers[next++]);
    if (flags.has(TcpFlag::syn)) break;
  }
  return next;
}

inline void OraclePlayer::kernel_sends_rest(const Json& answers, std::size_t next) {
  for (; next < answers.size(); ++next) kernel_sends(answers[next]);
}

// Without a trace: the least that the kernel must have answered.
inline void OraclePlayer::kernel_acks_what_was_read(std::size_t number) {
  read_ = case_.result().at("rd").at(number);
  kernel_sends({{"f", "A"}, {"ack", read_}});
}

// ---- headers and options ---------------------------------------------------------------------------

inline FrameBuilder OraclePlayer::datagram(bool from_peer) const {
  const bool v6 = case_.ipv6();
  FrameBuilder packet;
  packet.raw();
  if (from_peer) return packet.ip(peer_address(v6), kernel_address(v6)).tcp(peer_port, kernel_port);
  return packet.ip(kernel_address(v6), peer_address(v6)).tcp(kernel_port, peer_port);
}

inline Frame OraclePlayer::timestamps(const Json& step) const {
  if (!timestamps_ || step.contains("nots")) return {};
  Frame options{1, 1};
  put(options, tcp_option::timestamps(peer_clock + wrap(step.value("ts", std::int64_t{0})),
                                      kernel_clock_ + wrap(step.value("tsecr", std::int64_t{0}))));
  return options;
}

inline Frame OraclePlayer::syn_options() const {
  Frame options = tcp_option::mss(case_.option<std::uint16_t>("mss", 1460));
  if (case_.option("sack", true)) put(options, {1, 1, 4, 2});
  put(options, timestamps(Json::object()));
  if (case_.scales_window()) put(options, {1, 3, 3, case_.option<std::uint8_t>("ws", 7)});
  put(options, from_hex(case_.option<std::string>("syn_opt_hex", "")));
  return options;
}

inline Frame OraclePlayer::kernel_options(const Json& sent, bool syn) {
  Frame options;
  if (syn) {
    options = tcp_option::mss(1460);
    if (case_.option("sack", true)) put(options, {1, 1, 4, 2});
    if (case_.scales_window()) put(options, {1, 3, 3, static_cast<std::uint8_t>(scaled_ ? 7 : 0)});
  }
  if (timestamps_) {
    put(options, {1, 1});
    put(options, tcp_option::timestamps(++kernel_clock_, peer_clock));
  }
  if (sent.contains("sack")) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> blocks;
    for (const Json& block : sent.at("sack")) {
      blocks.emplace_back(isn_ + 1 + wrap(block.at(0)), isn_ + 1 + wrap(block.at(1)));
    }
    put(options, {1, 1});
    put(options, tcp_option::sack(blocks));
  }
  return options;
}

}  // namespace restitch::testing
