// Thrift: writes structures in the compact protocol of Apache Thrift, as far as the metadata of Parquet needs
// it. Borrows the text that it appends to. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace restitch {

class Thrift {
 public:
  explicit Thrift(std::string& out) : out_(out) {}

  enum Type : std::uint8_t {
    yes = 1,
    no = 2,
    byte = 3,
    i32 = 5,
    i64 = 6,
    binary = 8,
    list = 9,
    structure = 12
  };

  // A field of the structure that is open; its value follows.
  void field(unsigned id, Type type) {
    const unsigned step = id - last_;
    last_ = id;
    out_ += static_cast<char>(step << 4 | type);  // ids are never more than 15 apart
  }
  void number(std::int64_t value) {
    varint(static_cast<std::uint64_t>(value) << 1 ^ (value < 0 ? ~std::uint64_t{0} : 0));
  }
  void text(std::string_view value) {
    varint(value.size());
    out_ += value;
  }
  void number_field(unsigned id, Type type, std::int64_t value) {
    field(id, type);
    number(value);
  }
  void text_field(unsigned id, std::string_view value) {
    field(id, binary);
    text(value);
  }
  void begin_list(Type items, std::size_t count) {
    if (count < 15) {
      out_ += static_cast<char>(count << 4 | items);
    } else {
      out_ += static_cast<char>(0xf0 | items);
      varint(count);
    }
  }
  // `body` writes the fields.
  template <class Body>
  void structure_of(Body&& body) {
    const unsigned outer = std::exchange(last_, 0);
    body();
    out_ += '\0';
    last_ = outer;
  }
  void small(std::int8_t value) { out_ += static_cast<char>(value); }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }

  std::string& out_;
  unsigned last_ = 0;
};

}  // namespace restitch
