// The formats that are lines of text.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/clean_text.h"
#include "output/log_encoder.h"
#include "output/text.h"

namespace restitch {
namespace {

// Seconds with six decimals, as Zeek and most others have them.
void append_micros(std::string& out, std::int64_t ns) {
  append_seconds(out, ns / 1000 - (ns % 1000 < 0 ? 1 : 0), 1'000'000);
}

bool has_value(const LogCell& cell) { return !std::holds_alternative<std::monostate>(cell); }

// ---- Zeek ------------------------------------------------------------------------------------------

std::string_view zeek_type(const LogColumn& column) {
  if (!column.zeek_type.empty()) return column.zeek_type;
  constexpr std::array<std::string_view, 9> names = {"string", "addr", "port",           "count", "interval",
                                                     "time",   "bool", "vector[string]", "string"};
  return names[static_cast<std::size_t>(column.type)];
}

class ZeekEncoder final : public LogEncoder {
 public:
  explicit ZeekEncoder(const LogTable& table) : table_(table) {}

  void begin(std::string& out, Timestamp now) override {
    out += "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n";
    out.append("#path\t").append(table_.name);
    out.append("\n#open\t").append(utc_date(now, "%Y-%m-%d-%H-%M-%S"));
    out += "\n#fields";
    for (const LogColumn& column : table_.columns) out.append("\t").append(column.name);
    out += "\n#types";
    for (const LogColumn& column : table_.columns) out.append("\t").append(zeek_type(column));
    out += '\n';
  }
  void add(std::string& out, const LogRow& row) override {
    const char* separator = "";
    for (const LogCell& cell : row) {
      out += std::exchange(separator, "\t");
      append(out, cell);
    }
    out += '\n';
  }
  void finish(std::string& out, Timestamp now) override {
    out.append("#close\t").append(utc_date(now, "%Y-%m-%d-%H-%M-%S")).append("\n");
  }

 private:
  static void append(std::string& out, const LogCell& cell) {
    struct Visitor {
      std::string& out;
      void operator()(std::monostate /*none*/) const { out += '-'; }
      void operator()(const std::string& text) const { append_text(out, text); }
      void operator()(const IpAddress& address) const { out += to_string(address); }
      void operator()(std::uint64_t number) const { append_number(out, number); }
      void operator()(Duration duration) const { append_micros(out, duration.ns); }
      void operator()(Timestamp time) const { append_micros(out, time.ns); }
      void operator()(bool flag) const { out += flag ? 'T' : 'F'; }
      void operator()(const TextList& list) const {
        if (list.empty()) out += "(empty)";
        const char* separator = "";
        for (const std::string& text : list) {
          out += std::exchange(separator, ",");
          append_text(out, text, ',');
        }
      }
      void operator()(const JsonText& json) const { append_text(out, json.text); }
    };
    std::visit(Visitor{out}, cell);
  }
  // What would be read as the end of a field, or steer a terminal, as Zeek writes it: \x09.
  static void append_text(std::string& out, std::string_view text, char separator = '\t') {
    if (text.empty()) out += "(empty)";
    if (text == "-") {
      out += "\\x2d";
      return;
    }
    for (const char character : text) {
      const auto byte = static_cast<unsigned char>(character);
      if (byte < 0x20 || byte >= 0x7f || byte == '\\' || character == separator) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
      } else {
        out += character;
      }
    }
  }

  const LogTable& table_;
};

// ---- JSON ------------------------------------------------------------------------------------------

class JsonEncoder final : public LogEncoder {
 public:
  JsonEncoder(const LogTable& table, bool nested) : table_(table), nested_(nested) {}

  void begin(std::string& /*out*/, Timestamp /*now*/) override {}
  void add(std::string& out, const LogRow& row) override {
    std::string_view objects;  // that are open, such as "tls.ja3."
    const char* separator = "{";
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!has_value(row[i])) continue;
      const std::string_view name = table_.columns[i].name;
      const std::string_view path = nested_ ? name.substr(0, name.rfind('.') + 1) : std::string_view();
      const std::ptrdiff_t common = common_path(objects, path);
      out.append(static_cast<std::size_t>(std::count(objects.begin() + common, objects.end(), '.')), '}');
      for (auto at = static_cast<std::size_t>(common); at < path.size();) {
        const std::size_t size = path.find('.', at) - at;
        out.append(std::exchange(separator, "{")).append("\"").append(path.substr(at, size)).append("\":");
        at += size + 1;
      }
      objects = path;
      out.append(std::exchange(separator, ",")).append("\"").append(name.substr(path.size())).append("\":");
      append(out, row[i]);
    }
    out.append(static_cast<std::size_t>(std::count(objects.begin(), objects.end(), '.')), '}');
    out += "}\n";
  }
  void finish(std::string& /*out*/, Timestamp /*now*/) override {}

 private:
  // How much two paths have in common, in whole names.
  static std::ptrdiff_t common_path(std::string_view one, std::string_view other) {
    const auto [end, ignored] = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
    const std::string_view same = one.substr(0, static_cast<std::size_t>(end - one.begin()));
    return static_cast<std::ptrdiff_t>(same.rfind('.') + 1);
  }

  void append(std::string& out, const LogCell& cell) const {
    struct Visitor {
      std::string& out;
      bool dates;
      void operator()(std::monostate /*none*/) const { out += "null"; }
      void operator()(const std::string& text) const { append_json_string(out, text); }
      void operator()(const IpAddress& address) const {
        out.append("\"").append(dates ? whole_address(address) : to_string(address)).append("\"");
      }
      void operator()(std::uint64_t number) const { append_number(out, number); }
      void operator()(Duration duration) const {
        // Suricata has whole seconds.
        dates ? append_number(out, static_cast<std::uint64_t>(duration.ns) / 1'000'000'000)
              : append_micros(out, duration.ns);
      }
      void operator()(Timestamp time) const { dates ? append_date(out, time) : append_micros(out, time.ns); }
      void operator()(bool flag) const { out += flag ? "true" : "false"; }
      void operator()(const TextList& list) const {
        const char* separator = "[";
        for (const std::string& text : list) {
          out += std::exchange(separator, ",");
          append_json_string(out, text);
        }
        out += list.empty() ? "[]" : "]";
      }
      void operator()(const JsonText& json) const { out += json.text; }
    };
    std::visit(Visitor{out, nested_}, cell);
  }
  // Suricata leaves nothing out of an address: "fe80:0000:0000:0000:020c:29ff:faf2:ab42".
  static std::string whole_address(const IpAddress& address) {
    if (address.version != 6) return to_string(address);
    std::string text;
    for (std::size_t i = 0; i < address.bytes.size(); i += 2) {
      fmt::format_to(std::back_inserter(text), "{}{:02x}{:02x}", i == 0 ? "" : ":", address.bytes[i],
                     address.bytes[i + 1]);
    }
    return text;
  }
  // "2026-11-30T08:00:00.123456+0000", as Suricata has it.
  static void append_date(std::string& out, Timestamp time) {
    const std::int64_t part = time.ns % 1'000'000'000;
    fmt::format_to(std::back_inserter(out), "\"{}.{:06}+0000\"", utc_date(time, "%Y-%m-%dT%H:%M:%S"),
                   (part < 0 ? part + 1'000'000'000 : part) / 1000);
  }

  const LogTable& table_;
  bool nested_;
};

// ---- CSV -------------------------------------------------------------------------------------------

class CsvEncoder final : public LogEncoder {
 public:
  explicit CsvEncoder(const LogTable& table) : table_(table) {}

  void begin(std::string& out, Timestamp /*now*/) override {
    const char* separator = "";
    for (const LogColumn& column : table_.columns)
      out.append(std::exchange(separator, ",")).append(column.name);
    out += "\r\n";
  }
  void add(std::string& out, const LogRow& row) override {
    const char* separator = "";
    for (const LogCell& cell : row) {
      out += std::exchange(separator, ",");
      append(out, cell);
    }
    out += "\r\n";
  }
  void finish(std::string& /*out*/, Timestamp /*now*/) override {}

 private:
  static void append(std::string& out, const LogCell& cell) {
    struct Visitor {
      std::string& out;
      void operator()(std::monostate /*none*/) const {}
      void operator()(const std::string& text) const { append_text(out, text); }
      void operator()(const IpAddress& address) const { out += to_string(address); }
      void operator()(std::uint64_t number) const { append_number(out, number); }
      void operator()(Duration duration) const { append_seconds(out, duration.ns, 1'000'000'000); }
      void operator()(Timestamp time) const { append_seconds(out, time.ns, 1'000'000'000); }
      void operator()(bool flag) const { out += flag ? "true" : "false"; }
      void operator()(const TextList& list) const { append_text(out, joined(list)); }
      void operator()(const JsonText& json) const { append_text(out, json.text); }
    };
    std::visit(Visitor{out}, cell);
  }
  static void append_text(std::string& out, const std::string& said) {
    const std::string cleaned = is_plain(said) ? std::string() : clean_text(said);
    const std::string_view text = cleaned.empty() ? said : cleaned;
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
      out += text;
      return;
    }
    out += '"';
    for (const char character : text) {
      if (character == '"') out += '"';
      out += character;
    }
    out += '"';
  }

  const LogTable& table_;
};

}  // namespace

std::unique_ptr<LogEncoder> make_zeek_encoder(const LogTable& table) {
  return std::make_unique<ZeekEncoder>(table);
}
std::unique_ptr<LogEncoder> make_json_encoder(const LogTable& table, bool nested) {
  return std::make_unique<JsonEncoder>(table, nested);
}
std::unique_ptr<LogEncoder> make_csv_encoder(const LogTable& table) {
  return std::make_unique<CsvEncoder>(table);
}

}  // namespace restitch
