#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "base/clean_text.h"
#include "output/text.h"
#include "restitch/output_ids.h"

namespace restitch::cli {
namespace {

// Rows that wait for the others before columns are as wide as they have to be.
constexpr std::size_t waiting_max = 512;

struct ColumnAbout {
  std::string_view name;  // for --columns
  std::string_view heading;
  std::string_view brief_heading;
  bool left = false;            // aligned
  std::size_t usual_width = 0;  // where nobody knows what comes
};

// By Column.
constexpr std::array<ColumnAbout, 18> abouts = {{{"connection", "#", "#", false, 4},
                                                 {"start", "start", "start", true, 0},
                                                 {"file", "file", "file", true, 8},
                                                 {"vlan", "vlan", "vlan", false, 0},
                                                 {"tunnel", "tunnel", "tunnel", true, 0},
                                                 {"client", "client", "client", true, 18},
                                                 {"server", "server", "server", true, 18},
                                                 {"client_bytes", "bytes->", "bytes->", false, 0},
                                                 {"server_bytes", "<-bytes", "<-bytes", false, 0},
                                                 {"bytes", "bytes", "bytes", false, 8},
                                                 {"gaps", "gap bytes", "gaps", false, 0},
                                                 {"packets", "packets", "pkts", false, 0},
                                                 {"duration", "seconds", "secs", false, 0},
                                                 {"events", "events", "events", false, 0},
                                                 {"end", "end", "end", true, 0},
                                                 {"uid", "uid", "uid", true, 0},
                                                 {"community", "community id", "community id", true, 0},
                                                 {"", "!", "!", true, 0}}};

const ColumnAbout& about(Column column) { return abouts[static_cast<std::size_t>(column)]; }

// "999999", "12.3M".
void append_bytes(std::string& out, std::uint64_t bytes, bool brief) {
  if (!brief || bytes < 1'000'000) return append_number(out, bytes);
  constexpr std::string_view units = "KMGTPE";
  auto size = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; size >= 1000; size /= 1024) ++unit;
  out += fmt::format("{:.1f}{}", size, units[unit]);
}

void append_start(std::string& out, Timestamp time, bool brief) {
  if (time.ns == 0) {
    out += '-';
  } else if (brief) {
    out += utc_date(time, "%H:%M:%S");
  } else {
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t rest = (time.ns % second + second) % second;
    out += utc_date(time, "%Y-%m-%dT%H:%M:%S");
    out += fmt::format(".{:03}", rest / 1'000'000);
  }
}

void append_duration(std::string& out, std::int64_t ns, bool brief) {
  if (brief) return append_seconds(out, ns / 1'000'000, 1000);
  append_seconds(out, ns / 1000, 1'000'000);
}

// The names are those of files, whatever is in them.
void append_file(std::string& out, const std::vector<std::string>& names, std::uint32_t source, bool brief) {
  if (source >= names.size()) {
    out += '-';
  } else if (brief) {
    out += clean_text(std::filesystem::path(names[source]).filename().string());
  } else {
    out += clean_text(names[source]);
  }
}

// "[2001:db8:..04]:443": beginning and end of it, in `size` characters.
std::string shortened(const std::string& text, std::size_t size) {
  constexpr std::size_t tail = 9;
  if (size == 0 || text.size() <= size || size < tail + 3) return text;
  return text.substr(0, size - tail - 2) + ".." + text.substr(text.size() - tail);
}

}  // namespace

std::vector<std::string> column_names() {
  std::vector<std::string> names;
  for (const ColumnAbout& column : abouts) {
    if (!column.name.empty()) names.emplace_back(column.name);
  }
  return names;
}

std::optional<Column> find_column(std::string_view name) {
  const auto found = std::find_if(abouts.begin(), abouts.end(),
                                  [&](const ColumnAbout& column) { return column.name == name; });
  if (name.empty() || found == abouts.end()) return std::nullopt;
  return static_cast<Column>(found - abouts.begin());
}

TableRow::TableRow(const ConnectionSummary& summary)
    : number(summary.number),
      start(summary.first_seen()),
      duration_ns(summary.duration_ns()),
      source(summary.first_source),
      tunnel_id(summary.directions[summary.server_first ? 1 : 0].tunnel_id),
      tunnel(summary.directions[summary.server_first ? 1 : 0].tunnel),
      vlan(summary.directions[summary.server_first ? 1 : 0].vlan),
      client_known(summary.client_known),
      end(summary.end),
      client_bytes(summary.directions[0].bytes),
      server_bytes(summary.directions[1].bytes),
      gap_bytes(summary.gap_bytes()),
      packets(summary.packets()),
      events(summary.event_count()),
      client(summary.sender(TcpFlowDirection::client_to_server)),
      server(summary.sender(TcpFlowDirection::server_to_client)) {}

void TableRow::name(const ConnectionSummary& summary, std::uint16_t community_seed) {
  uid = connection_uid(summary);
  community_id = restitch::community_id(summary.net, summary.transport, community_seed);
}

std::size_t TableRow::memory() const {
  return sizeof(*this) + client.capacity() + server.capacity() + uid.capacity() + community_id.capacity();
}

// ---- rows ------------------------------------------------------------------------------------------

void Table::add(TableRow row) {
  // A column that nobody needed so far: the table begins anew.
  if (row.vlan != 0 && !std::exchange(has_vlan_, true)) laid_out_ = false;
  if (laid_out_) return write(row);
  waiting_.push_back(std::move(row));
  if (waiting_.size() >= waiting_max) lay_out(true);
}

void Table::flush() {
  if (!waiting_.empty()) lay_out(true);
}

void Table::finish() {
  if (!laid_out_) lay_out(false);
}

void Table::lay_out(bool more_may_come) {
  choose();
  gap_ = 2;
  end_max_ = 0;
  measure(more_may_come);
  if (options_.columns.empty()) {
    for (unsigned step = 0; width() > options_.width && shrink(step); ++step) measure(more_may_come);
    if (options_.cuts && width() > options_.width) cut_ends();
  }
  laid_out_ = true;
  write_head();
  for (const TableRow& row : waiting_) write(row);
  waiting_ = std::vector<TableRow>();
}

void Table::write_head() {
  line_.clear();
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const std::string text = heading(i);
    if (i != 0) line_.append(gap_, ' ');
    const std::size_t padding = places_[i].width - std::min(places_[i].width, text.size());
    if (!about(places_[i].column).left) line_.append(padding, ' ');
    line_ += text;
    if (about(places_[i].column).left && i + 1 != places_.size()) line_.append(padding, ' ');
  }
  output_.write(line_ += '\n');
}

// Without format strings for what is usual: a capture may have millions of connections, and one thread
// writes them all.
void Table::write(const TableRow& row) {
  line_.clear();
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (i != 0) line_.append(gap_, ' ');
    const std::size_t begin = line_.size();
    append_cell(line_, row, i);
    const std::size_t end = begin + places_[i].width;
    if (line_.size() >= end) continue;
    if (!about(places_[i].column).left) {
      line_.insert(begin, end - line_.size(), ' ');
    } else if (i + 1 != places_.size()) {
      line_.resize(end, ' ');
    }
  }
  output_.write(line_ += '\n');
}

// ---- columns ---------------------------------------------------------------------------------------

void Table::choose() {
  places_.clear();
  for (const Column column : options_.columns) places_.push_back({column, 0});
  if (!places_.empty()) return;
  for (const Column column : {Column::connection, Column::start, Column::file, Column::vlan, Column::client,
                              Column::server, Column::client_bytes, Column::server_bytes, Column::gaps,
                              Column::packets, Column::duration, Column::mark, Column::end}) {
    const bool one_file = column == Column::file && options_.inputs.size() < 2;
    const bool no_vlan = column == Column::vlan && !has_vlan_;
    if (!one_file && !no_vlan) places_.push_back({column, 0});
  }
}

void Table::measure(bool more_may_come) {
  std::string text;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    std::size_t& width = places_[i].width;
    width = heading(i).size();
    if (more_may_come) width = std::max(width, about(places_[i].column).usual_width);
    for (const TableRow& row : waiting_) {
      text.clear();
      append_cell(text, row, i);
      width = std::max(width, text.size());
    }
  }
}

std::size_t Table::width() const {
  std::size_t sum = 0;
  for (const Place& place : places_) sum += place.width + gap_;
  return sum - gap_;
}

Table::Place* Table::find(Column column) {
  for (Place& place : places_) {
    if (place.column == column) return &place;
  }
  return nullptr;
}

// One thing after the other, the least important first. False: there is nothing left.
bool Table::shrink(unsigned step) {
  const auto make_brief = [&](std::initializer_list<Column> columns) {
    for (const Column column : columns) {
      if (Place* const place = find(column)) place->brief = true;
    }
    return true;
  };
  const auto drop = [&](Column column) {
    std::erase_if(places_, [&](const Place& place) { return place.column == column; });
    return true;
  };
  switch (step) {
    case 0:
      return make_brief({Column::start, Column::file});
    case 1:
      gap_ = 1;
      return make_brief({Column::gaps, Column::packets, Column::duration});
    case 2:
      return drop(Column::packets);
    case 3:
      return drop(Column::duration);
    case 4:
      return drop(Column::gaps);
    case 5:
      return make_brief({Column::client_bytes, Column::server_bytes});
    case 6:
      return drop(Column::start);
    default:
      return false;
  }
}

// What is too much is taken from both ends alike.
void Table::cut_ends() {
  constexpr std::size_t least = 13;
  Place* const client = find(Column::client);
  Place* const server = find(Column::server);
  if (client == nullptr || server == nullptr) return;
  const std::size_t arrow = 4;
  const std::size_t ends = client->width + server->width - arrow;
  const std::size_t others = width() - ends;
  end_max_ = std::max(least, options_.width > others ? (options_.width - others) / 2 : 0);
  client->width = std::min(client->width, end_max_);
  server->width = std::min(server->width, end_max_ + arrow);
}

bool Table::behind_client(std::size_t place) const {
  return place != 0 && places_[place].column == Column::server && places_[place - 1].column == Column::client;
}

std::string Table::heading(std::size_t place) const {
  const ColumnAbout& column = about(places_[place].column);
  return std::string(behind_client(place) ? "    " : "") +
         std::string(places_[place].brief ? column.brief_heading : column.heading);
}

// "<->" where it is not known who opened the connection.
void Table::append_cell(std::string& out, const TableRow& row, std::size_t place) const {
  const bool brief = places_[place].brief;
  switch (places_[place].column) {
    case Column::connection:
      return append_number(out, row.number);
    case Column::start:
      return append_start(out, row.start, brief);
    case Column::file:
      return append_file(out, options_.inputs, row.source, brief);
    case Column::vlan:
      if (row.vlan != 0) append_number(out, row.vlan);
      return;
    case Column::tunnel:
      if (row.tunnel != LayerKind::none) out += fmt::format("{}/{}", to_string(row.tunnel), row.tunnel_id);
      return;
    case Column::client:
      out += shortened(row.client, end_max_);
      return;
    case Column::server:
      if (behind_client(place)) out += row.client_known ? "->  " : "<-> ";
      out += shortened(row.server, end_max_);
      return;
    case Column::client_bytes:
      return append_bytes(out, row.client_bytes, brief);
    case Column::server_bytes:
      return append_bytes(out, row.server_bytes, brief);
    case Column::bytes:
      return append_bytes(out, row.client_bytes + row.server_bytes, brief);
    case Column::gaps:
      return append_bytes(out, row.gap_bytes, brief);
    case Column::packets:
      return append_number(out, row.packets);
    case Column::duration:
      return append_duration(out, row.duration_ns, brief);
    case Column::events:
      return append_number(out, row.events);
    case Column::mark:
      if (row.events != 0) out += '!';
      return;
    case Column::end:
      out += to_string(row.end);
      return;
    case Column::uid:
      out += row.uid;
      return;
    case Column::community:
      out += row.community_id;
      return;
  }
}

}  // namespace restitch::cli
