#include "app/imap_analyzer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "app/ascii.h"
#include "app/word_fit.h"

namespace restitch {
namespace {

constexpr TcpFlowDirection imap_client = TcpFlowDirection::client_to_server;

constexpr std::string_view imap_greetings[] = {"* OK", "* PREAUTH", "* BYE", "* CAPABILITY"};
constexpr std::string_view imap_words[] = {"CAPABILITY", "LOGIN ",  "AUTHENTICATE ", "ID ",     "STARTTLS",
                                           "NOOP",       "LOGOUT",  "SELECT ",       "LIST ",   "EXAMINE ",
                                           "LSUB ",      "ENABLE ", "STATUS ",       "APPEND ", "NAMESPACE",
                                           "COMPRESS ",  "XLIST ",  "IDLE"};
constexpr std::size_t imap_tag_max = 32;

bool is_imap_tag(char c) {
  return c > ' ' && c < 0x7f && std::string_view("(){%*\"\\+").find(c) == std::string_view::npos;
}

// "a1 LOGIN …": a tag and a command.
Fit imap_command(std::string_view text) {
  std::size_t tag = 0;
  while (tag < text.size() && tag < imap_tag_max && is_imap_tag(text[tag])) ++tag;
  if (tag == text.size()) return Fit::perhaps;
  return tag == 0 || text[tag] != ' ' ? Fit::no : word_fit(text.substr(tag + 1), imap_words);
}

struct ImapLiteral {
  std::uint64_t size = 0;
  bool at_once = false;  // {n+}: nobody waits
};

// "{n}" or "{n+}" at the end of a line.
std::optional<ImapLiteral> imap_literal(std::string_view line) {
  const std::size_t open = line.rfind('{');
  if (open == std::string_view::npos || !line.ends_with('}')) return std::nullopt;
  std::string_view inside = line.substr(open + 1, line.size() - open - 2);
  ImapLiteral literal;
  if (!ascii::take_number(inside, literal.size)) return std::nullopt;
  literal.at_once = inside == "+" || inside == "-";
  if (!inside.empty() && !literal.at_once) return std::nullopt;
  return literal;
}

// The word in front of a literal, or of a binary one: "BODY[1.2]<0>" of "BODY[1.2]<0> {5}", or "… ~{5}".
std::string_view imap_item(std::string_view line) {
  line = line.substr(0, line.rfind('{'));
  if (line.ends_with('~')) line.remove_suffix(1);
  line = ascii::trimmed(line);
  std::size_t depth = 0;
  std::size_t begin = line.size();
  while (begin > 0) {
    const char c = line[begin - 1];
    if (c == ']') ++depth;
    if (c == '[' && depth > 0) --depth;
    if (depth == 0 && (c == ' ' || c == '(')) break;
    --begin;
  }
  return line.substr(begin);
}

// How much a command asks for at once, as in "FETCH 1 BODY[]<0.4096>"; 0: it does not say.
std::uint64_t imap_piece_size(std::string_view line) {
  const std::size_t angle = line.rfind('<');
  if (angle == std::string_view::npos) return 0;
  std::string_view rest = line.substr(angle + 1);
  std::uint64_t number = 0;
  if (!ascii::take_number(rest, number) || !rest.starts_with('.')) return 0;
  rest.remove_prefix(1);
  return ascii::take_number(rest, number) && rest.starts_with('>') ? number : 0;
}

}  // namespace

Fit ImapAnalyzer::fit(Bytes client, Bytes server) {
  const Fit greeting = word_fit(ascii::text_of(server), imap_greetings);
  const Fit command = imap_command(ascii::text_of(client));
  if (greeting == Fit::no || command == Fit::no) return Fit::no;
  return greeting == Fit::yes && command == Fit::yes ? Fit::yes : Fit::perhaps;
}

std::unique_ptr<Analyzer> ImapAnalyzer::make(AppServices& /*services*/) {
  return std::make_unique<ImapAnalyzer>();
}

AnalyzerAnswer ImapAnalyzer::take(TcpFlowDirection direction, const AnalyzerInput& input,
                                  Findings& findings) {
  if (!std::exchange(named_, true)) findings.name_service("imap");
  Side& side = sides_[static_cast<std::size_t>(direction)];
  std::size_t at = 0;
  for (;;) {
    if (foreign_) return {at, Need::foreign};
    if (over_) return {at, Need::nothing};
    if (direction == imap_client && waits_) {
      if (!input.forced()) return {at, Need::other_side};
      // Leave was given, but not captured.
      waits_ = false;
      side.literal_left = std::exchange(asked_, 0);
    }
    if (side.literal_left > 0) {
      read_literal(direction, input, at, findings);
      if (side.literal_left > 0) return {at, Need::more};
    }
    const auto line = side.lines.next(input.bytes(), at, input.forced());
    if (!line) return {at, Need::more};
    read_line(direction, *line, input.origin(line->begin), findings);
  }
}

void ImapAnalyzer::read_line(TcpFlowDirection direction, const LineReader::Line& line, const Origin& origin,
                             Findings& findings) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  const bool first = !std::exchange(side.continued, false);
  const auto literal = line.cut ? std::nullopt : imap_literal(line.text);
  if (direction == imap_client) {
    if (first) client_line(line.text);
  } else {
    server_line(line.text, findings);
  }
  if (!literal) return;
  side.continued = true;
  begin_literal(direction, line.text, literal->size, origin, findings);
  if (direction == imap_client && !literal->at_once) {
    asked_ = literal->size;
    waits_ = true;
    return;
  }
  side.literal_left = literal->size;
  if (literal->size == 0) end_literal(side, findings);
}

void ImapAnalyzer::client_line(std::string_view line) {
  std::string_view rest = line;
  const std::string_view tag = ascii::take_word(rest);
  const std::string word = ascii::upper(ascii::take_word(rest));
  append_ = word == "APPEND";
  mailbox_ = append_ && rest.starts_with('{');
  compress_ = word == "COMPRESS";
  tag_ = tag.substr(0, imap_tag_max);
  piece_asked_ = imap_piece_size(rest);
  switches_ = word == "STARTTLS" || compress_;
  waits_ = switches_;
}

// What the client waits for: leave to send a literal, or that of TLS may begin.
void ImapAnalyzer::server_line(std::string_view line, Findings& findings) {
  if (!waits_) return;
  std::string_view rest = line;
  const std::string_view tag = ascii::take_word(rest);
  Side& client = sides_[0];
  if (tag == "+" && !switches_) {
    waits_ = false;
    client.literal_left = std::exchange(asked_, 0);
    if (client.literal_left == 0) end_literal(client, findings);
    return;
  }
  if (tag != tag_) return;
  waits_ = false;
  if (std::exchange(switches_, false)) {
    if (!ascii::begins(rest, "OK")) return;
    foreign_ = compress_;
    over_ = !compress_;
    if (over_) findings.hand_over(nullptr);
    return;
  }
  // The literal was refused: another command comes.
  asked_ = 0;
  client.continued = false;
  end_mail(client, false, findings);
}

void ImapAnalyzer::begin_literal(TcpFlowDirection direction, std::string_view line, std::uint64_t size,
                                 const Origin& origin, Findings& findings) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  if (direction != imap_client) return begin_fetched(side, imap_item(line), size, origin, findings);
  if (std::exchange(mailbox_, false) || !append_ || size == 0) return;
  end_mail(side, false, findings);
  side.mail = std::make_unique<MimeParser>("imap", direction);
}

void ImapAnalyzer::begin_fetched(Side& side, std::string_view item, std::uint64_t size, const Origin& origin,
                                 Findings& findings) {
  const std::size_t angle = std::min(item.find('<'), item.size());
  std::string_view from = item.substr(std::min(angle + 1, item.size()));
  std::uint64_t offset = 0;
  const bool piece = ascii::take_number(from, offset);
  const std::string_view name = item.substr(0, angle);
  const bool whole =
      ascii::equal(name, "BODY[]") || ascii::equal(name, "RFC822") || ascii::equal(name, "BINARY[]");
  if (whole && side.mail != nullptr && side.pieces && piece && offset != 0 && offset == side.mail_size) {
    side.piece_size = 0;
    side.piece_asked = piece_asked_;
    return;
  }
  end_mail(side, pieces_are_whole(side), findings);
  if (whole && offset == 0) {
    side.mail = std::make_unique<MimeParser>("imap", reverse(imap_client));
    side.mail_size = 0;
    side.pieces = piece;
    side.piece_size = 0;
    side.piece_asked = piece_asked_;
    return;
  }
  const bool section = ascii::begins(name, "BODY[") || ascii::begins(name, "BINARY[");
  const std::string upper = ascii::upper(name);
  if (!section || size == 0 || upper.find("HEADER") != std::string::npos ||
      upper.find("MIME") != std::string::npos) {
    return;
  }
  ObjectHead head;
  head.protocol = "imap";
  head.direction = reverse(imap_client);
  head.name = item;
  head.origin = origin;
  head.size = size;
  head.size_known = true;
  side.part_mail = std::make_unique<MimeMail>();
  side.part =
      std::make_unique<MimePart>(findings, *side.part_mail, std::move(head), TransferCoding::none, nullptr);
}

void ImapAnalyzer::read_literal(TcpFlowDirection direction, const AnalyzerInput& input, std::size_t& at,
                                Findings& findings) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  while (side.literal_left > 0 && at < input.bytes().size()) {
    const std::size_t size =
        static_cast<std::size_t>(std::min<std::uint64_t>(side.literal_left, input.run(at)));
    const Bytes bytes = input.bytes().subspan(at, size);
    if (side.mail != nullptr) side.mail->data(findings, bytes, input.origin(at));
    if (side.part != nullptr) side.part->data(findings, bytes, input.origin(at));
    at += size;
    side.mail_size += size;
    side.piece_size += size;
    side.literal_left -= size;
  }
  if (side.literal_left == 0) end_literal(side, findings);
}

void ImapAnalyzer::end_literal(Side& side, Findings& findings) {
  side.lines.begin();
  if (side.part != nullptr) side.part->end(findings, true);
  side.part.reset();
  if (!side.pieces) end_mail(side, true, findings);
}

// The last piece of a mail is shorter than what was asked for: there is no more.
bool ImapAnalyzer::pieces_are_whole(const Side& side) {
  return side.pieces && side.literal_left == 0 && side.piece_size < side.piece_asked;
}

void ImapAnalyzer::end_mail(Side& side, bool complete, Findings& findings) {
  if (side.part != nullptr) side.part->end(findings, false);
  side.part.reset();
  if (side.mail != nullptr) side.mail->end(findings, complete);
  side.mail.reset();
  side.pieces = false;
}

void ImapAnalyzer::gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  if (direction != imap_client && waits_ && !switches_) {
    waits_ = false;
    sides_[0].literal_left = std::exchange(asked_, 0);
  }
  const std::uint64_t lost = std::min(size, side.literal_left);
  if (lost > 0) {
    if (side.mail != nullptr) side.mail->gap(findings, lost);
    if (side.part != nullptr) side.part->gap(findings, lost);
    side.literal_left -= lost;
    side.mail_size += lost;
    side.piece_size += lost;
    if (side.literal_left == 0) end_literal(side, findings);
  }
  if (size == lost) return;
  side.lines.lose();
  side.continued = false;
}

void ImapAnalyzer::end(TcpFlowDirection /*direction*/, Findings& /*findings*/) {}

void ImapAnalyzer::close(Findings& findings) {
  for (Side& side : sides_) end_mail(side, pieces_are_whole(side), findings);
}

}  // namespace restitch
