#include "app/pop3_analyzer.h"

#include <algorithm>
#include <utility>

#include "app/ascii.h"
#include "app/word_fit.h"

namespace restitch {
namespace {

constexpr TcpFlowDirection pop3_client = TcpFlowDirection::client_to_server;
constexpr std::size_t pop3_due_max = 256;

constexpr std::string_view pop3_answers[] = {"+OK", "-ERR"};
constexpr std::string_view pop3_words[] = {"USER ",    "APOP ",    "CAPA\r\n", "AUTH\r\n",
                                           "AUTH ",    "STLS\r\n", "QUIT\r\n", "STAT\r\n",
                                           "LIST\r\n", "UIDL\r\n", "NOOP\r\n"};

}  // namespace

Fit Pop3Analyzer::fit(Bytes client, Bytes server) {
  const Fit answer = word_fit(ascii::text_of(server), pop3_answers);
  const Fit word = word_fit(ascii::text_of(client), pop3_words);
  if (answer == Fit::no || word == Fit::no) return Fit::no;
  return answer == Fit::yes && word == Fit::yes ? Fit::yes : Fit::perhaps;
}

std::unique_ptr<Analyzer> Pop3Analyzer::make(AppServices& /*services*/) {
  return std::make_unique<Pop3Analyzer>();
}

AnalyzerAnswer Pop3Analyzer::take(TcpFlowDirection direction, const AnalyzerInput& input,
                                  Findings& findings) {
  if (!std::exchange(named_, true)) {
    findings.name_service("pop3");
    // Within TLS there is no greeting.
    if (findings.place().layer.empty()) due_.push_back(Due::line);
  }
  return direction == pop3_client ? take_client(input) : take_server(input, findings);
}

AnalyzerAnswer Pop3Analyzer::take_client(const AnalyzerInput& input) {
  std::size_t at = 0;
  for (;;) {
    if (tls_) return {at, Need::nothing};
    const bool full = due_.size() >= pop3_due_max;
    if ((waits_ || full) && !input.forced()) return {at, Need::other_side};
    waits_ = false;
    const auto line = commands_.next(input.bytes(), at, input.forced());
    if (!line) return {at, Need::more};
    if (full) {
      due_.erase(due_.begin());
      lost_ = true;
    }
    due_.push_back(std::exchange(credentials_, false) ? Due::credentials : due_of(line->text));
    waits_ = due_.back() == Due::tls || due_.back() == Due::credentials;
  }
}

Pop3Analyzer::Due Pop3Analyzer::due_of(std::string_view line) {
  std::string_view rest = ascii::trimmed(line);
  const std::string word = ascii::upper(ascii::take_word(rest));
  if (word == "RETR") return Due::mail;
  if (word == "TOP") return Due::top;
  if (word == "CAPA") return Due::list;
  if (word == "LIST" || word == "UIDL") return rest.empty() ? Due::list : Due::line;
  if (word == "STLS") return Due::tls;
  if (word == "AUTH") return rest.empty() ? Due::list : Due::credentials;
  return Due::line;
}

AnalyzerAnswer Pop3Analyzer::take_server(const AnalyzerInput& input, Findings& findings) {
  std::size_t at = 0;
  for (;;) {
    if (tls_) return {at, Need::nothing};
    if (state_ == State::mail) {
      read_mail(input, at, findings);
      if (state_ == State::mail) return {at, Need::more};
    }
    const bool may_read = !due_.empty() || state_ == State::list || lost_ || input.forced();
    if (!may_read) return {at, Need::other_side};
    const auto line = answers_.next(input.bytes(), at, input.forced());
    if (!line) return {at, Need::more};
    if (state_ == State::list && !ends_list(line->text)) continue;
    state_ = State::status;
    if (line->text != ".") status(line->text, findings);
  }
}

// With a line of one dot; some servers leave that out, and the next answer follows.
bool Pop3Analyzer::ends_list(std::string_view line) const {
  return line == "." || (!due_.empty() && (line.starts_with("+OK") || line.starts_with("-ERR")));
}

void Pop3Analyzer::status(std::string_view line, Findings& findings) {
  const bool good = line.starts_with("+OK");
  const bool more = !good && line.starts_with('+');
  if (due_.empty() || !(good || more || line.starts_with("-ERR"))) return;
  const Due due = due_.front();
  due_.erase(due_.begin());
  if (due == Due::tls || due == Due::credentials) waits_ = false;
  credentials_ = due == Due::credentials && more;
  if (!good) return;
  switch (due) {
    case Due::line:
    case Due::credentials:
      break;
    case Due::list:
      state_ = State::list;
      break;
    case Due::mail:
    case Due::top:
      state_ = State::mail;
      dots_ = {};
      top_ = due == Due::top;
      mail_ = std::make_unique<MimeParser>("pop3", reverse(pop3_client));
      break;
    case Due::tls:
      tls_ = true;
      findings.hand_over(nullptr);
      break;
  }
}

void Pop3Analyzer::read_mail(const AnalyzerInput& input, std::size_t& at, Findings& findings) {
  while (!dots_.ended()) {
    const Bytes run = dots_.next(input.bytes(), at, input.forced());
    if (run.empty()) break;
    for (std::size_t from = at - run.size(); from < at;) {
      const std::size_t size = std::min(at - from, input.run(from));
      mail_->data(findings, input.bytes().subspan(from, size), input.origin(from));
      from += size;
    }
  }
  if (!dots_.ended()) return;
  state_ = State::status;
  answers_.begin();
  end_mail(findings, !top_);
}

void Pop3Analyzer::end_mail(Findings& findings, bool complete) {
  if (mail_ != nullptr) mail_->end(findings, complete);
  mail_.reset();
}

void Pop3Analyzer::gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) {
  lost_ = true;
  if (direction == pop3_client) return commands_.lose();
  waits_ = false;
  if (state_ == State::mail) {
    dots_.lose();
    return mail_->gap(findings, size);
  }
  answers_.lose();
  if (state_ == State::status) due_.clear();
}

void Pop3Analyzer::end(TcpFlowDirection /*direction*/, Findings& /*findings*/) {}

void Pop3Analyzer::close(Findings& findings) { end_mail(findings, false); }

}  // namespace restitch
