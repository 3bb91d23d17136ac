// The table of connections. Rows wait until it is known how wide the columns have to be; then each is written
// as it comes. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/standard_output.h"
#include "restitch/output_connections.h"

namespace restitch::cli {

enum class Column : std::uint8_t {
  connection,
  start,
  file,
  vlan,
  tunnel,
  client,
  server,
  client_bytes,
  server_bytes,
  bytes,
  gaps,
  packets,
  duration,
  events,
  end,
  uid,
  community,
  mark,  // whether there are events; not for --columns
};

// Those that --columns knows, in the order of Column.
std::vector<std::string> column_names();
std::optional<Column> find_column(std::string_view name);

// What a row says of a connection.
struct TableRow {
  explicit TableRow(const ConnectionSummary& summary);
  // Those two columns take as long as all others together.
  void name(const ConnectionSummary& summary, std::uint16_t community_seed);
  [[nodiscard]] std::size_t memory() const;

  std::uint64_t number;
  Timestamp start;
  std::int64_t duration_ns;
  std::uint32_t source;
  std::uint32_t tunnel_id;
  LayerKind tunnel;
  std::uint16_t vlan;
  bool client_known;
  EndReason end;
  std::uint64_t client_bytes;
  std::uint64_t server_bytes;
  std::uint64_t gap_bytes;
  std::uint64_t packets;
  std::uint64_t events;
  std::string client;
  std::string server;
  std::string uid{};  // with name(), as community_id
  std::string community_id{};
};

struct TableOptions {
  std::vector<Column> columns{};  // empty: those that fit
  std::size_t width = 80;
  bool cuts = false;                // addresses too, where not even the most important columns fit
  std::vector<std::string> inputs;  // their names
};

class Table {
 public:
  Table(StandardOutput& output, TableOptions options) : output_(output), options_(std::move(options)) {}

  void add(TableRow row);
  // Writes what waits; more may come.
  void flush();
  // Writes all, the head also if there is nothing below it.
  void finish();

 private:
  struct Place {
    Column column;
    std::size_t width;
    bool brief = false;
  };

  void lay_out(bool more_may_come);
  void choose();
  void measure(bool more_may_come);
  bool shrink(unsigned step);
  void cut_ends();
  [[nodiscard]] Place* find(Column column);
  [[nodiscard]] std::size_t width() const;
  void write_head();
  void write(const TableRow& row);
  void append_cell(std::string& out, const TableRow& row, std::size_t place) const;
  [[nodiscard]] std::string heading(std::size_t place) const;
  [[nodiscard]] bool behind_client(std::size_t place) const;

  StandardOutput& output_;
  TableOptions options_;
  std::vector<TableRow> waiting_;
  bool laid_out_ = false;
  bool has_vlan_ = false;
  std::vector<Place> places_;
  std::size_t gap_ = 2;      // between columns
  std::size_t end_max_ = 0;  // characters of an address and port; 0: all
  std::string line_;         // scratch
};

}  // namespace restitch::cli
