#include "app/ftp_analyzer.h"

#include <algorithm>
#include <utility>

#include "app/ascii.h"
#include "app/ftp_ends.h"
#include "app/word_fit.h"
#include "restitch/app/services.h"

namespace restitch {
namespace {

constexpr TcpFlowDirection ftp_client = TcpFlowDirection::client_to_server;

// The client may be so many commands ahead of the replies.
constexpr std::size_t ftp_due_max = 64;
// The replies to one command; what is beyond is left out.
constexpr std::size_t ftp_reply_max = std::size_t{16} << 10;

constexpr std::string_view ftp_greetings[] = {"220 ", "220-", "120 ", "120-"};
constexpr std::string_view ftp_first_words[] = {"USER ", "AUTH ",    "FEAT\r\n", "SYST\r\n", "OPTS ",
                                                "HOST ", "QUIT\r\n", "CLNT ",    "PBSZ ",    "ACCT "};
constexpr std::string_view ftp_transfers[] = {"RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD"};

// Clients put the interrupt of TELNET in front of ABOR.
std::string_view without_telnet(std::string_view line) {
  while (line.size() >= 2 && line[0] == '\xff') line.remove_prefix(2);
  return line;
}

bool is_transfer(std::string_view command) {
  return std::find(std::begin(ftp_transfers), std::end(ftp_transfers), command) != std::end(ftp_transfers);
}

}  // namespace

// Others greet with 220 too: what the client says tells.
Fit FtpAnalyzer::fit(Bytes client, Bytes server) {
  const Fit greeting = word_fit(ascii::text_of(server), ftp_greetings);
  if (greeting == Fit::no) return Fit::no;
  const Fit word = word_fit(ascii::text_of(client), ftp_first_words);
  return word == Fit::yes && greeting == Fit::perhaps ? Fit::perhaps : word;
}

std::unique_ptr<Analyzer> FtpAnalyzer::make(AppServices& /*services*/) {
  return std::make_unique<FtpAnalyzer>();
}

AnalyzerAnswer FtpAnalyzer::take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) {
  if (!std::exchange(named_, true)) {
    findings.name_service("ftp");
    due_.emplace_back();  // of the greeting
  }
  return direction == ftp_client ? take_client(input, findings) : take_server(input, findings);
}

// ---- The client ------------------------------------------------------------------------------------

AnalyzerAnswer FtpAnalyzer::take_client(const AnalyzerInput& input, Findings& findings) {
  std::size_t at = 0;
  for (;;) {
    if (tls_) return {at, Need::nothing};
    if (waits_for_tls_ && !input.forced()) return {at, Need::other_side};
    waits_for_tls_ = false;
    if (due_.size() >= ftp_due_max) {
      if (!input.forced()) return {at, Need::other_side};
      replies_lost_ = true;
      tell_first(findings);
    }
    const auto line = commands_.next(input.bytes(), at, input.forced());
    if (!line) return {at, Need::more};
    command(findings, *line, input.origin(line->begin));
  }
}

void FtpAnalyzer::command(Findings& findings, const LineReader::Line& line, const Origin& origin) {
  std::string_view rest = without_telnet(line.text);
  FtpRecord record;
  record.origin = origin;
  record.command = ascii::upper(ascii::take_word(rest));
  record.argument = rest;
  record.command_truncated = line.cut;
  if (line.cut) findings.anomaly("ftp_line_too_long", ftp_client, origin);
  if (record.command == "USER") user_ = record.argument;
  if (record.command == "PASS") password_ = record.argument;
  if (record.command == "PORT" || record.command == "EPRT") note_port(findings, record);
  if (record.command == "AUTH") waits_for_tls_ = true;
  if (record.command == "REST") {
    std::string_view digits = rest;
    ascii::take_number(digits, restart_);
  }
  if (record.command == "ABOR" && data(findings) != nullptr) data(findings)->aborted = true;
  if (is_transfer(record.command)) {
    record.restart = std::exchange(restart_, 0);
    transfer(findings, record);
  }
  record.user = user_;
  record.password = password_;
  due_.push_back(std::move(record));
}

// The server will open a connection to what the client names.
void FtpAnalyzer::note_port(Findings& findings, FtpRecord& record) {
  const auto end = record.command == "PORT" ? ftp_comma_end(record.argument) : ftp_bar_end(record.argument);
  if (!end) return;
  record.has_data = true;
  record.data_address = end->address.value_or(findings.place().net().source);
  record.data_port = end->port;
  expect_data(findings, record, record.origin.time);
}

ExpectedData* FtpAnalyzer::data(Findings& findings) {
  return number_ == 0 ? nullptr : findings.services().expected().find(number_);
}

// What the data connection is for is known now. The end points may be used again without being named again.
void FtpAnalyzer::transfer(Findings& findings, const FtpRecord& record) {
  ExpectedData* known = data(findings);
  if ((known == nullptr || known->begun) && expected_ != nullptr) {
    expected_->asked = record.origin.time;
    number_ = findings.services().expected().add(*expected_);
    known = data(findings);
  }
  if (known == nullptr) return;
  known->command = record.command;
  // What is listed is no file of that name.
  if (record.command[0] != 'L' && record.command[0] != 'N' && record.command[0] != 'M') {
    known->name = record.argument;
  }
  known->user = user_;
  known->restart = record.restart;
}

void FtpAnalyzer::expect_data(Findings& findings, const FtpRecord& record, Timestamp now) {
  const NetFlow net = findings.place().net();
  expected_ = std::make_unique<ExpectedData>();
  expected_->told = record.data_address;
  expected_->actual = record.passive ? net.destination : net.source;
  expected_->peer = record.passive ? net.source : net.destination;
  expected_->domain = net.domain;
  expected_->port = record.data_port;
  expected_->asked = now;
  number_ = findings.services().expected().add(*expected_);
}

// ---- The server ------------------------------------------------------------------------------------

AnalyzerAnswer FtpAnalyzer::take_server(const AnalyzerInput& input, Findings& findings) {
  std::size_t at = 0;
  for (;;) {
    if (tls_) return {at, Need::nothing};
    if (due_.empty() && !replies_lost_ && !input.forced()) return {at, Need::other_side};
    const auto line = replies_.next(input.bytes(), at, input.forced());
    if (!line) return {at, Need::more};
    reply(findings, *line, input.origin(line->begin));
  }
}

// One line of a reply: "226-…" goes on up to "226 …".
void FtpAnalyzer::reply(Findings& findings, const LineReader::Line& line, const Origin& origin) {
  std::string_view rest = line.text;
  std::uint64_t code = 0;
  const bool number = ascii::take_number(rest, code) && line.text.size() - rest.size() == 3;
  const bool more = rest.starts_with('-');
  const bool of_code =
      number && (rest.empty() || more || rest.starts_with(' ')) && (in_reply_ == 0 || code == in_reply_);
  if (!of_code && in_reply_ == 0) return;
  if (due_.empty()) due_.emplace_back();  // it answers nothing
  FtpRecord& record = due_.front();
  if (record.origin.time.ns == 0) record.origin = origin;
  if (of_code) rest.remove_prefix(std::min<std::size_t>(1, rest.size()));
  const std::string_view text = of_code ? rest : ascii::trimmed(line.text);
  reply_size_ += text.size() + sizeof(std::string);
  record.reply_seen = true;
  record.reply_truncated = record.reply_truncated || line.cut || reply_size_ > ftp_reply_max;
  if (reply_size_ <= ftp_reply_max) record.replies.emplace_back(text);
  if (!of_code) return;
  in_reply_ = more ? static_cast<std::uint16_t>(code) : std::uint16_t{0};
  if (more) return;
  record.code = static_cast<unsigned>(code);
  if (reply_size_ <= ftp_reply_max) record.codes.emplace_back(line.text.substr(0, 3));
  replied(findings, record, text, origin);
}

void FtpAnalyzer::replied(Findings& findings, FtpRecord& record, std::string_view line,
                          const Origin& origin) {
  const unsigned code = record.code;
  const auto end = code == 227 ? ftp_comma_end(line) : code == 229 ? ftp_bar_end(line) : std::nullopt;
  if (end) {
    record.has_data = record.passive = true;
    record.data_address = end->address.value_or(findings.place().net().destination);
    record.data_port = end->port;
    expect_data(findings, record, origin.time);
  }
  if (code >= 400 && is_transfer(record.command) && data(findings) != nullptr) data(findings)->aborted = true;
  if (code < 200 && !record.command.empty()) return;
  const bool auth = record.command == "AUTH";
  tell_first(findings);
  if (!auth) return;
  waits_for_tls_ = false;
  if (code != 234) return;
  tls_ = true;
  findings.hand_over(nullptr);
}

void FtpAnalyzer::tell_first(Findings& findings) {
  const FtpRecord record = std::move(due_.front());
  due_.erase(due_.begin());
  reply_size_ = 0;
  if (!record.command.empty() || record.reply_seen) findings.record(record);
}

// ---- Gaps and the end ------------------------------------------------------------------------------

void FtpAnalyzer::gap(TcpFlowDirection direction, std::uint64_t /*size*/, Findings& findings) {
  replies_lost_ = true;
  if (direction == ftp_client) return commands_.lose();
  replies_.lose();
  in_reply_ = 0;
  waits_for_tls_ = false;
  while (!due_.empty()) tell_first(findings);
}

void FtpAnalyzer::end(TcpFlowDirection /*direction*/, Findings& /*findings*/) {}

void FtpAnalyzer::close(Findings& findings) {
  while (!due_.empty()) tell_first(findings);
}

}  // namespace restitch
