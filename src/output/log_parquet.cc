// Apache Parquet, as far as a log needs it: row groups of one page a column, PLAIN, zstd. The layout is that
// of parquet-format (thrift, compact protocol); the numbers of fields below are its.
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>
#include <utility>

#include "base/clean_text.h"
#include "output/log_encoder.h"
#include "output/thrift.h"

namespace restitch {
namespace {

// ---- columns ---------------------------------------------------------------------------------------

enum PhysicalType : std::uint8_t {
  type_boolean = 0,
  type_int32 = 1,
  type_int64 = 2,
  type_double = 5,
  type_bytes = 6
};

PhysicalType physical_type(CellType type) {
  switch (type) {
    case CellType::text:
    case CellType::list:
    case CellType::json:
    case CellType::address:
      return type_bytes;
    case CellType::port:
      return type_int32;
    case CellType::count:
    case CellType::time:
      return type_int64;
    case CellType::duration:
      return type_double;
    case CellType::flag:
      return type_boolean;
  }
  return type_bytes;
}

template <class Number>
void append_plain(std::string& out, Number number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "parquet is little-endian");
  out.append(bytes, sizeof number);
}

void append_bytes(std::string& out, std::string_view text) {
  append_plain(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

// Bits, packed from the lowest on.
class Bits {
 public:
  void add(bool bit) {
    if (count_ % 8 == 0) bytes_ += '\0';
    if (bit) bytes_.back() = static_cast<char>(static_cast<unsigned char>(bytes_.back()) | 1U << count_ % 8);
    ++count_;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  void clear() {
    bytes_.clear();
    count_ = 0;
  }

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

// The values of a column that wait for their row group.
struct Column {
  std::string values;
  Bits flags;     // values of a column of flags
  Bits presence;  // of an optional one: whether a row has a value
};

struct Chunk {
  std::uint64_t offset;
  std::uint64_t raw_size;  // before compression; both with the header of the page
  std::uint64_t size;
};

struct Group {
  std::uint64_t rows;
  std::uint64_t raw_size;
  std::uint64_t end;  // in the file
  std::vector<Chunk> chunks;
};

class ParquetEncoder final : public LogEncoder {
 public:
  explicit ParquetEncoder(const LogTable& table)
      : table_(table), columns_(table.columns.size()), zstd_(::ZSTD_createCCtx()) {
    if (!zstd_) throw std::bad_alloc();
  }

  void begin(std::string& out, Timestamp /*now*/) override {
    groups_.clear();
    forget_rows();
    out += magic;
    size_ = magic.size();
  }

  void add(std::string& out, const LogRow& row) override {
    for (std::size_t i = 0; i < row.size(); ++i) add(columns_[i], table_.columns[i], row[i]);
    constexpr std::uint64_t group_rows = 131'072;
    constexpr std::size_t group_bytes = std::size_t{32} << 20;
    if (++rows_ >= group_rows || (rows_ % 256 == 0 && waiting_bytes() >= group_bytes)) write_group(out);
  }

  void finish(std::string& out, Timestamp /*now*/) override {
    if (rows_ != 0) write_group(out);
    const std::size_t before = out.size();
    append_footer(out);
    append_plain(out, static_cast<std::uint32_t>(out.size() - before));
    out += magic;
    size_ += out.size() - before;
  }

  [[nodiscard]] bool writes_lines() const override { return false; }
  [[nodiscard]] std::uint64_t rows() const override {
    std::uint64_t rows = rows_;
    for (const Group& group : groups_) rows += group.rows;
    return rows;
  }

  std::uint64_t cut(std::uint64_t size) override {
    while (!groups_.empty() && groups_.back().end > size) groups_.pop_back();
    forget_rows();
    size_ = groups_.empty() ? magic.size() : groups_.back().end;
    return size_;
  }

 private:
  static constexpr std::string_view magic = "PAR1";

  struct Free {
    void operator()(ZSTD_CCtx* context) const { ::ZSTD_freeCCtx(context); }
  };

  static void add(Column& column, const LogColumn& about, const LogCell& cell) {
    const bool present = !std::holds_alternative<std::monostate>(cell);
    if (about.optional) column.presence.add(present);
    if (!present) return;
    struct Visitor {
      Column& column;
      CellType type;
      void operator()(std::monostate /*none*/) const {}
      // A column of text is promised to be UTF-8.
      void operator()(const std::string& text) const {
        append_bytes(column.values, is_plain(text) ? text : clean_text(text));
      }
      void operator()(const TextList& list) const { (*this)(joined(list)); }
      void operator()(const JsonText& json) const { append_bytes(column.values, json.text); }
      void operator()(const IpAddress& address) const { append_bytes(column.values, to_string(address)); }
      void operator()(std::uint64_t number) const {
        type == CellType::port ? append_plain(column.values, static_cast<std::int32_t>(number))
                               : append_plain(column.values, number);
      }
      void operator()(Duration duration) const {
        append_plain(column.values, static_cast<double>(duration.ns) / 1e9);
      }
      void operator()(Timestamp time) const { append_plain(column.values, time.ns); }
      void operator()(bool flag) const { column.flags.add(flag); }
    };
    std::visit(Visitor{column, about.type}, cell);
  }

  [[nodiscard]] std::size_t waiting_bytes() const {
    std::size_t size = 0;
    for (const Column& column : columns_) size += column.values.size();
    return size;
  }

  void forget_rows() {
    for (Column& column : columns_) {
      column.values.clear();
      column.flags.clear();
      column.presence.clear();
    }
    rows_ = 0;
  }

  void write_group(std::string& out) {
    Group group{.rows = rows_, .raw_size = 0, .end = 0, .chunks = {}};
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::size_t before = out.size();
      const std::size_t raw_size = write_page(out, columns_[i], table_.columns[i]);
      const std::size_t size = out.size() - before;
      group.chunks.push_back({size_, raw_size, size});
      group.raw_size += raw_size;
      size_ += size;
    }
    group.end = size_;
    groups_.push_back(std::move(group));
    forget_rows();
  }

  // Answers its size before compression, with its header.
  std::size_t write_page(std::string& out, const Column& column, const LogColumn& about) {
    page_.clear();
    if (about.optional) append_levels(page_, column.presence, rows_);
    page_ += about.type == CellType::flag ? column.flags.bytes() : column.values;
    compressed_.resize(::ZSTD_compressBound(page_.size()));
    const std::size_t size = ::ZSTD_compressCCtx(zstd_.get(), compressed_.data(), compressed_.size(),
                                                 page_.data(), page_.size(), 1);
    if (::ZSTD_isError(size) != 0) throw std::bad_alloc();  // nothing else can go wrong with room enough
    const std::size_t before = out.size();
    append_page_header(out, page_.size(), size);
    const std::size_t header_size = out.size() - before;
    out.append(compressed_.data(), size);
    return header_size + page_.size();
  }

  // Which rows have a value: one run of packed bits, with its length in front.
  static void append_levels(std::string& out, const Bits& presence, std::uint64_t rows) {
    std::string run;
    std::uint64_t header = (rows + 7) / 8 << 1 | 1;
    for (; header >= 0x80; header >>= 7) run += static_cast<char>(header | 0x80);
    run += static_cast<char>(header);
    append_plain(out, static_cast<std::uint32_t>(run.size() + presence.bytes().size()));
    out += run;
    out += presence.bytes();
  }

  void append_page_header(std::string& out, std::size_t raw_size, std::size_t size) const {
    constexpr std::int64_t plain = 0;
    constexpr std::int64_t rle = 3;
    Thrift thrift(out);
    thrift.structure_of([&] {
      thrift.number_field(1, Thrift::i32, 0);  // a data page
      thrift.number_field(2, Thrift::i32, static_cast<std::int64_t>(raw_size));
      thrift.number_field(3, Thrift::i32, static_cast<std::int64_t>(size));
      thrift.field(5, Thrift::structure);
      thrift.structure_of([&] {
        thrift.number_field(1, Thrift::i32, static_cast<std::int64_t>(rows_));
        thrift.number_field(2, Thrift::i32, plain);
        thrift.number_field(3, Thrift::i32, rle);
        thrift.number_field(4, Thrift::i32, rle);
      });
    });
  }

  void append_footer(std::string& out) const {
    Thrift thrift(out);
    thrift.structure_of([&] {
      thrift.number_field(1, Thrift::i32, 2);  // version
      thrift.field(2, Thrift::list);
      thrift.begin_list(Thrift::structure, table_.columns.size() + 1);
      thrift.structure_of([&] {
        thrift.text_field(4, table_.name);
        thrift.number_field(5, Thrift::i32, static_cast<std::int64_t>(table_.columns.size()));
      });
      for (const LogColumn& column : table_.columns) append_schema(thrift, column);
      thrift.number_field(3, Thrift::i64, static_cast<std::int64_t>(rows()));
      thrift.field(4, Thrift::list);
      thrift.begin_list(Thrift::structure, groups_.size());
      for (const Group& group : groups_) append_group(thrift, group);
      thrift.text_field(6, "restitch");
    });
  }

  static void append_schema(Thrift& thrift, const LogColumn& column) {
    thrift.structure_of([&] {
      thrift.number_field(1, Thrift::i32, physical_type(column.type));
      thrift.number_field(3, Thrift::i32, column.optional ? 1 : 0);
      thrift.text_field(4, column.name);
      append_meaning(thrift, column.type);
    });
  }

  // The converted type, for older readers, and the logical one.
  static void append_meaning(Thrift& thrift, CellType type) {
    constexpr std::int64_t utf8 = 0;
    constexpr std::int64_t uint_16 = 12;
    constexpr std::int64_t uint_64 = 14;
    const auto logical = [&](unsigned id, auto&& body) {
      thrift.field(10, Thrift::structure);
      thrift.structure_of([&] {
        thrift.field(id, Thrift::structure);
        thrift.structure_of(body);
      });
    };
    const auto unsigned_integer = [&](std::int8_t bits) {
      logical(10, [&thrift, bits] {
        thrift.field(1, Thrift::byte);
        thrift.small(bits);
        thrift.field(2, Thrift::no);  // not signed
      });
    };
    switch (type) {
      case CellType::text:
      case CellType::list:
      case CellType::json:
      case CellType::address:
        thrift.number_field(6, Thrift::i32, utf8);
        return logical(1, [] {});
      case CellType::port:
        thrift.number_field(6, Thrift::i32, uint_16);
        return unsigned_integer(16);
      case CellType::count:
        thrift.number_field(6, Thrift::i32, uint_64);
        return unsigned_integer(64);
      case CellType::time:
        return logical(8, [&] {
          thrift.field(1, Thrift::yes);  // in UTC
          thrift.field(2, Thrift::structure);
          thrift.structure_of([&] {
            thrift.field(3, Thrift::structure);  // nanoseconds
            thrift.structure_of([] {});
          });
        });
      case CellType::duration:
      case CellType::flag:
        return;
    }
  }

  void append_group(Thrift& thrift, const Group& group) const {
    thrift.structure_of([&] {
      thrift.field(1, Thrift::list);
      thrift.begin_list(Thrift::structure, group.chunks.size());
      for (std::size_t i = 0; i < group.chunks.size(); ++i) {
        append_chunk(thrift, group.chunks[i], table_.columns[i], group.rows);
      }
      thrift.number_field(2, Thrift::i64, static_cast<std::int64_t>(group.raw_size));
      thrift.number_field(3, Thrift::i64, static_cast<std::int64_t>(group.rows));
    });
  }

  static void append_chunk(Thrift& thrift, const Chunk& chunk, const LogColumn& column, std::uint64_t rows) {
    constexpr std::int64_t zstd = 6;
    thrift.structure_of([&] {
      thrift.number_field(2, Thrift::i64, static_cast<std::int64_t>(chunk.offset));
      thrift.field(3, Thrift::structure);
      thrift.structure_of([&] {
        thrift.number_field(1, Thrift::i32, physical_type(column.type));
        thrift.field(2, Thrift::list);
        thrift.begin_list(Thrift::i32, 2);
        thrift.number(0);  // PLAIN
        thrift.number(3);  // RLE, of the levels
        thrift.field(3, Thrift::list);
        thrift.begin_list(Thrift::binary, 1);
        thrift.text(column.name);
        thrift.number_field(4, Thrift::i32, zstd);
        thrift.number_field(5, Thrift::i64, static_cast<std::int64_t>(rows));
        thrift.number_field(6, Thrift::i64, static_cast<std::int64_t>(chunk.raw_size));
        thrift.number_field(7, Thrift::i64, static_cast<std::int64_t>(chunk.size));
        thrift.number_field(9, Thrift::i64, static_cast<std::int64_t>(chunk.offset));
      });
    });
  }

  const LogTable& table_;
  std::vector<Column> columns_;
  std::uint64_t rows_ = 0;  // that wait
  std::uint64_t size_ = 0;  // of the file, so far
  std::vector<Group> groups_;
  std::unique_ptr<ZSTD_CCtx, Free> zstd_;
  std::string page_;        // scratch
  std::string compressed_;  // scratch
};

}  // namespace

std::unique_ptr<LogEncoder> make_parquet_encoder(const LogTable& table) {
  return std::make_unique<ParquetEncoder>(table);
}

}  // namespace restitch
