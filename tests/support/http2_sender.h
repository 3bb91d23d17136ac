// Http2Sender: frames of HTTP/2 as one side sends them, with heads that libnghttp2 deflates, for tests. One
// thread.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace restitch::testing {

class Http2Sender {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  static constexpr unsigned end_stream = 1;
  static constexpr unsigned end_headers = 4;
  static constexpr unsigned padded = 8;

  explicit Http2Sender(std::size_t table = 4096) { nghttp2_hd_deflate_new(&deflater_, table); }
  Http2Sender(const Http2Sender&) = delete;
  Http2Sender& operator=(const Http2Sender&) = delete;
  ~Http2Sender() { nghttp2_hd_deflate_del(deflater_); }

  static std::string frame(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload) {
    std::string bytes;
    for (const int shift : {16, 8, 0}) bytes += static_cast<char>(payload.size() >> shift);
    bytes += static_cast<char>(type);
    bytes += static_cast<char>(flags);
    return bytes + number(stream) + std::string(payload);
  }
  static std::string number(std::uint32_t value) {
    std::string bytes;
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift);
    return bytes;
  }
  static std::string settings(const std::vector<std::pair<unsigned, std::uint32_t>>& settings = {}) {
    std::string payload;
    for (const auto& [id, value] : settings) {
      payload += static_cast<char>(id >> 8);
      payload += static_cast<char>(id);
      payload += number(value);
    }
    return frame(4, 0, 0, payload);
  }
  static std::string data(std::uint32_t stream, std::string_view body, unsigned flags = 0) {
    return frame(0, flags, stream, body);
  }

  std::string block(const Fields& fields) {
    std::vector<nghttp2_nv> pairs;
    for (const auto& [name, value] : fields) {
      pairs.push_back({bytes_of(name), bytes_of(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    std::string coded(nghttp2_hd_deflate_bound(deflater_, pairs.data(), pairs.size()), '\0');
    const auto size = nghttp2_hd_deflate_hd(deflater_, reinterpret_cast<std::uint8_t*>(coded.data()),
                                            coded.size(), pairs.data(), pairs.size());
    coded.resize(static_cast<std::size_t>(size));
    return coded;
  }
  std::string head(std::uint32_t stream, const Fields& fields, unsigned flags = end_headers) {
    return frame(1, flags, stream, block(fields));
  }
  // In one frame of HEADERS and as many continuations as pieces of `size` bytes need.
  std::string split_head(std::uint32_t stream, const Fields& fields, std::size_t size, unsigned flags = 0) {
    const std::string coded = block(fields);
    std::string bytes;
    for (std::size_t at = 0; at < coded.size(); at += size) {
      const bool last = at + size >= coded.size();
      bytes += frame(at == 0 ? 1 : 9, (at == 0 ? flags : 0) | (last ? end_headers : 0), stream,
                     coded.substr(at, size));
    }
    return bytes;
  }
  void change_table(std::size_t size) { nghttp2_hd_deflate_change_table_size(deflater_, size); }

  // In this order, which that of what each says must be: operands of + may be evaluated in any order.
  static std::string joined(std::initializer_list<std::string> parts) {
    std::string bytes;
    for (const std::string& part : parts) bytes += part;
    return bytes;
  }
  // The preface and the settings of a client.
  static std::string hello() {
    return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings({{3, 100}, {4, 65'535}});
  }
  static Fields get(std::string_view path, const Fields& more = {}) {
    Fields fields = {
        {":method", "GET"}, {":scheme", "http"}, {":authority", "a.example"}, {":path", std::string(path)}};
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  }
  static Fields ok(const Fields& more = {}) {
    Fields fields = {{":status", "200"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  }

 private:
  static std::uint8_t* bytes_of(const std::string& text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  }

  nghttp2_hd_deflater* deflater_ = nullptr;
};

}  // namespace restitch::testing
