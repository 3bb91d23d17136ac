#include "app/row_collector.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "app/row_note.h"

namespace restitch {
namespace {

// "files: application/x-x509-user-cert 1859": the rows of files that a certificate makes.
std::vector<std::string> files_of(LogFormat format, std::size_t position) {
  const LogTable& table = file_table(family_of(format));
  std::vector<std::string> told;
  ConnectionLog log([](const ConnectionSummary&) {});
  log.on_note([&](const ConnectionSummary&, ConnectionNote& note) {
    auto& row = static_cast<RowNote&>(note);
    if (row.kind() != LogKind::files) return;
    const auto cell = [&](std::string_view name) {
      const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                      [&](const LogColumn& column) { return column.name == name; });
      return row.row()[static_cast<std::size_t>(found - table.columns.begin())];
    };
    EXPECT_EQ(row.row().size(), table.columns.size());
    EXPECT_EQ(std::get<std::string>(cell("source")), "SSL");
    EXPECT_EQ(std::get<std::string>(cell("sha1")), "aa");
    EXPECT_TRUE(std::holds_alternative<std::monostate>(cell("total_bytes")));
    told.push_back(std::get<std::string>(cell("mime_type")) + " " +
                   std::to_string(std::get<std::uint64_t>(cell("seen_bytes"))));
  });
  const ConnectionSummary& summary = log.open({}, {});
  RowOptions options;
  options.format = format;
  RowCollector rows(options, log, summary);
  CertificateRecord record;
  record.position = position;
  record.size = 1859;
  record.sha1 = "aa";
  rows.record({&summary, false, {}}, record);
  rows.close({&summary, false, {}});
  return told;
}

TEST(RowCollector, TellsZeekThatACertificateIsAFile) {
  using Files = std::vector<std::string>;
  EXPECT_EQ(files_of(LogFormat::zeek, 0), Files{"application/x-x509-user-cert 1859"});
  EXPECT_EQ(files_of(LogFormat::zeek_json, 1), Files{"application/x-x509-ca-cert 1859"});
  EXPECT_EQ(files_of(LogFormat::json, 0), Files{});
  EXPECT_EQ(files_of(LogFormat::eve, 0), Files{});
}

}  // namespace
}  // namespace restitch
