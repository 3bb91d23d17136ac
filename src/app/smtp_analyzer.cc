#include "app/smtp_analyzer.h"

#include <algorithm>
#include <utility>

#include "app/ascii.h"
#include "app/word_fit.h"

namespace restitch {
namespace {

constexpr TcpFlowDirection smtp_client = TcpFlowDirection::client_to_server;

// The client may be so many commands ahead of the replies.
constexpr std::size_t smtp_due_max = 256;

constexpr std::string_view smtp_replies[] = {"220 ", "220-", "250 ", "250-", "421 ", "421-", "554 ", "554-"};
constexpr std::string_view smtp_greetings[] = {"EHLO ", "HELO ", "LHLO ", "EHLO\r", "HELO\r"};
// What only SMTP has, and what others have too.
constexpr std::string_view smtp_words[] = {"MAIL FROM:", "STARTTLS\r\n", "AUTH "};
constexpr std::string_view shared_words[] = {"NOOP\r\n", "RSET\r\n", "QUIT\r\n", "HELP\r\n", "HELP "};

// The client may have left its greeting out, if the server calls itself SMTP.
Fit smtp_fit_without_greeting(std::string_view client, std::string_view server) {
  if (server.substr(0, server.find('\n')).find("SMTP") == std::string_view::npos) return Fit::no;
  const Fit own = word_fit(client, smtp_words);
  const Fit shared = word_fit(client, shared_words);
  if (own == Fit::yes || shared == Fit::yes) return Fit::yes;
  return own == Fit::perhaps || shared == Fit::perhaps ? Fit::perhaps : Fit::no;
}

}  // namespace

// The client says who it is, and the server answers with a code of SMTP. What the server said may not have
// been captured: then it takes a second command.
Fit SmtpAnalyzer::fit(Bytes client, Bytes server) {
  const std::string_view said = ascii::text_of(client);
  const std::string_view told = ascii::text_of(server);
  const Fit code = word_fit(told, smtp_replies);
  if (code == Fit::no) return Fit::no;
  const Fit greeting = word_fit(said, smtp_greetings);
  if (greeting == Fit::yes && code == Fit::yes) return Fit::yes;
  if (greeting == Fit::yes) {
    const std::size_t line = said.find('\n');
    const bool second =
        line != std::string_view::npos && word_fit(said.substr(line + 1), smtp_words) == Fit::yes;
    return second ? Fit::yes : Fit::perhaps;
  }
  const Fit other = code == Fit::yes ? smtp_fit_without_greeting(said, told) : Fit::no;
  return other == Fit::yes                                   ? Fit::yes
         : greeting == Fit::perhaps || other == Fit::perhaps ? Fit::perhaps
                                                             : Fit::no;
}

std::unique_ptr<Analyzer> SmtpAnalyzer::make(AppServices& /*services*/) {
  return std::make_unique<SmtpAnalyzer>();
}

AnalyzerAnswer SmtpAnalyzer::take(TcpFlowDirection direction, const AnalyzerInput& input,
                                  Findings& findings) {
  if (!std::exchange(named_, true)) {
    findings.name_service("smtp");
    due_.push_back({Verb::greeting, nullptr});
  }
  return direction == smtp_client ? take_client(input, findings) : take_server(input, findings);
}

// ---- The client ------------------------------------------------------------------------------------

AnalyzerAnswer SmtpAnalyzer::take_client(const AnalyzerInput& input, Findings& findings) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t before = at;
    const State state = state_;
    switch (state_) {
      case State::waits_for_text:
      case State::waits_for_tls:
      case State::waits_for_credentials:
        if (!input.forced()) return {at, Need::other_side};
        // The reply was not captured.
        state_ = state_ == State::waits_for_text ? State::text : State::command;
        break;
      case State::tls:
        return {at, Need::nothing};
      case State::text:
        read_text(input, at, findings);
        break;
      case State::chunk:
        read_chunk(input, at, findings);
        break;
      case State::command:
      case State::credentials:
        if (due_.size() >= smtp_due_max && !input.forced()) return {at, Need::other_side};
        if (!read_command(input, at, findings)) return {at, Need::more};
        break;
    }
    if (at == before && state == state_) return {at, Need::more};
  }
}

bool SmtpAnalyzer::read_command(const AnalyzerInput& input, std::size_t& at, Findings& findings) {
  const auto line = commands_.next(input.bytes(), at, input.forced());
  if (!line) return false;
  const Origin origin = input.origin(line->begin);
  if (line->cut) findings.anomaly("smtp_line_too_long", smtp_client, origin);
  if (state_ == State::credentials) {
    state_ = State::waits_for_credentials;
    expect(findings, Verb::credentials);
  } else {
    command(findings, line->text, origin);
  }
  return true;
}

void SmtpAnalyzer::command(Findings& findings, std::string_view line, const Origin& origin) {
  std::string_view rest = ascii::trimmed(line);
  const std::string verb = ascii::upper(ascii::take_word(rest));
  if (verb == "HELO" || verb == "EHLO" || verb == "LHLO" || verb == "RSET") {
    if (verb != "RSET") helo_ = rest;
    if (mail_ != nullptr && mail_->in_data()) mail_->end_data(findings, false);
    return expect(findings, Verb::other, std::move(mail_));
  }
  if (verb == "MAIL" && ascii::begins(rest, "FROM:")) {
    if (mail(origin).record.recipients.empty()) mail_->set_sender(rest.substr(5));
  } else if (verb == "RCPT" && ascii::begins(rest, "TO:")) {
    mail(origin).add_recipient(findings, rest.substr(3), origin);
  } else if (verb == "DATA") {
    mail(origin);
    state_ = State::waits_for_text;
    return expect(findings, Verb::data);
  } else if (verb == "BDAT") {
    return begin_chunk(rest, origin, findings);
  } else if (verb == "STARTTLS") {
    state_ = State::waits_for_tls;
    return expect(findings, Verb::tls);
  } else if (verb == "AUTH") {
    state_ = State::waits_for_credentials;
    return expect(findings, Verb::credentials);
  }
  expect(findings, Verb::other);
}

// A count that is none is refused, and no chunk follows.
void SmtpAnalyzer::begin_chunk(std::string_view argument, const Origin& origin, Findings& findings) {
  std::string_view rest = argument;
  std::uint64_t size = 0;
  mail(origin);
  const bool count = ascii::take_number(rest, size);
  rest = ascii::trimmed(rest);
  last_chunk_ = ascii::equal(rest, "LAST");
  if (!count || !(rest.empty() || last_chunk_)) return expect(findings, Verb::other);
  chunk_left_ = size;
  state_ = State::chunk;
  if (!last_chunk_) expect(findings, Verb::other);
}

void SmtpAnalyzer::read_text(const AnalyzerInput& input, std::size_t& at, Findings& findings) {
  const Origin begin = at < input.bytes().size() ? input.origin(at) : Origin{};
  SmtpMail& mail = this->mail(begin);
  while (!dots_.ended()) {
    const Bytes run = dots_.next(input.bytes(), at, input.forced());
    if (run.empty()) break;
    for (std::size_t from = at - run.size(); from < at;) {
      const std::size_t size = std::min(at - from, input.run(from));
      mail.data(findings, input.bytes().subspan(from, size), input.origin(from));
      from += size;
    }
  }
  if (dots_.ambiguous() && !std::exchange(told_ambiguous_, true)) {
    findings.anomaly("smtp_ambiguous_end", smtp_client, begin,
                     dots_.ended() ? "ends with a bare LF" : "would end with a bare LF");
  }
  if (dots_.ended()) end_mail(findings, true);
}

void SmtpAnalyzer::read_chunk(const AnalyzerInput& input, std::size_t& at, Findings& findings) {
  while (chunk_left_ > 0 && at < input.bytes().size()) {
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input.run(at)));
    mail(input.origin(at)).data(findings, input.bytes().subspan(at, size), input.origin(at));
    at += size;
    chunk_left_ -= size;
  }
  if (chunk_left_ > 0) return;
  state_ = State::command;
  if (last_chunk_) end_mail(findings, true);
}

SmtpMail& SmtpAnalyzer::mail(const Origin& origin) {
  if (mail_ == nullptr) mail_ = std::make_unique<SmtpMail>(helo_, origin);
  return *mail_;
}

// The mail itself is over: what becomes of it, the reply says.
void SmtpAnalyzer::end_mail(Findings& findings, bool complete) {
  state_ = State::command;
  dots_ = {};
  told_ambiguous_ = false;
  commands_.begin();
  mail_->end_data(findings, complete);
  expect(findings, Verb::other, std::move(mail_));
}

void SmtpAnalyzer::expect(Findings& findings, Verb verb, std::unique_ptr<SmtpMail> mail) {
  if (due_.size() >= smtp_due_max) {
    if (due_.front().mail != nullptr) tell(findings, *due_.front().mail);
    due_.erase(due_.begin());
    replies_lost_ = true;
  }
  due_.push_back({verb, std::move(mail)});
}

// ---- The server ------------------------------------------------------------------------------------

AnalyzerAnswer SmtpAnalyzer::take_server(const AnalyzerInput& input, Findings& findings) {
  std::size_t at = 0;
  for (;;) {
    if (state_ == State::tls) return {at, Need::nothing};
    const bool may_read = !due_.empty() || in_reply_ || replies_lost_ || input.forced();
    if (!may_read) return {at, Need::other_side};
    const auto line = replies_.next(input.bytes(), at, input.forced());
    if (!line) return {at, Need::more};
    if (!reply(findings, line->text, input.origin(line->begin))) return {at, Need::foreign};
  }
}

// False: it is none, and never was.
bool SmtpAnalyzer::reply(Findings& findings, std::string_view line, const Origin& origin) {
  std::string_view rest = line;
  std::uint64_t code = 0;
  const bool number = ascii::take_number(rest, code) && line.size() - rest.size() == 3;
  if (!number) return due_.empty() || due_.front().verb != Verb::greeting || in_reply_;
  in_reply_ = rest.starts_with('-');
  if (!in_reply_) replied(findings, static_cast<unsigned>(code), line, origin);
  return true;
}

void SmtpAnalyzer::replied(Findings& findings, unsigned code, std::string_view line, const Origin& origin) {
  if (due_.empty()) return;
  // The greeting was not captured, or comes within TLS, where there is none.
  if (due_.front().verb == Verb::greeting && code == 250 && due_.size() > 1) due_.erase(due_.begin());
  const bool good = code >= 200 && code < 400;
  Due& due = due_.front();
  // Replies were lost: this one is of an earlier command.
  if (due.verb == Verb::data && good && code != 354) return;
  if (mail_ != nullptr) mail_->record.last_reply = line;
  switch (due.verb) {
    case Verb::data:
      if (state_ == State::waits_for_text) state_ = good ? State::text : State::command;
      break;
    case Verb::tls:
      if (state_ != State::waits_for_tls) break;
      state_ = State::command;
      if (code != 220) break;
      mail(origin).record.tls = true;
      tell(findings, *mail_);
      mail_.reset();
      state_ = State::tls;
      findings.hand_over(nullptr);
      break;
    case Verb::credentials:
      if (state_ == State::waits_for_credentials) state_ = code == 334 ? State::credentials : State::command;
      break;
    case Verb::greeting:
    case Verb::other:
      break;
  }
  if (due.mail != nullptr) {
    due.mail->record.last_reply = line;
    due.mail->record.end = origin;
    tell(findings, *due.mail);
  }
  due_.erase(due_.begin());
}

void SmtpAnalyzer::tell(Findings& findings, SmtpMail& mail) {
  mail.record.depth = ++depth_;
  findings.record(std::move(mail.record));
}

void SmtpAnalyzer::tell_all(Findings& findings) {
  for (Due& due : due_) {
    if (due.mail != nullptr) tell(findings, *due.mail);
  }
  due_.clear();
}

// ---- Gaps and the end ------------------------------------------------------------------------------

void SmtpAnalyzer::gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) {
  replies_lost_ = true;
  if (direction != smtp_client) {
    replies_.lose();
    in_reply_ = false;
    tell_all(findings);
    if (state_ == State::waits_for_text) state_ = State::text;
    if (state_ == State::waits_for_tls || state_ == State::waits_for_credentials) state_ = State::command;
    return;
  }
  if (state_ == State::text) {
    dots_.lose();
    if (mail_ != nullptr) mail_->gap(findings, size);
    return;
  }
  if (state_ != State::chunk) return commands_.lose();
  const std::uint64_t lost = std::min(size, chunk_left_);
  if (lost > 0 && mail_ != nullptr) mail_->gap(findings, lost);
  chunk_left_ -= lost;
  if (chunk_left_ > 0) return;
  state_ = State::command;
  if (last_chunk_ && mail_ != nullptr) end_mail(findings, true);
  if (size > lost) commands_.lose();
}

void SmtpAnalyzer::end(TcpFlowDirection /*direction*/, Findings& /*findings*/) {}

void SmtpAnalyzer::close(Findings& findings) {
  tell_all(findings);
  if (mail_ == nullptr) return;
  if (mail_->in_data()) mail_->end_data(findings, false);
  tell(findings, *mail_);
  mail_.reset();
}

}  // namespace restitch
