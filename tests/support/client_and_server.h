// ClientAndServer: tests of both directions that say who is the client: TwoHosts for each Setting, with the
// roles that it names. One thread.
#pragma once

#include <gtest/gtest.h>

#include "support/two_hosts.h"

namespace restitch::testing {

class ClientAndServer : public ::testing::TestWithParam<Setting> {
 protected:
  [[nodiscard]] FrameBuilder client(std::int64_t offset, std::string_view text = {}) const {
    return client_is_a() ? hosts.a(offset, text) : hosts.b(offset, text);
  }
  [[nodiscard]] FrameBuilder server(std::int64_t offset, std::string_view text = {}) const {
    return client_is_a() ? hosts.b(offset, text) : hosts.a(offset, text);
  }
  // A SYN, and a SYN-ACK that answers the one at -1, with the number before that offset.
  [[nodiscard]] FrameBuilder client_syn(std::int64_t offset) const {
    return client(offset).ack(0).flags(TcpFlag::syn);
  }
  [[nodiscard]] FrameBuilder server_syn(std::int64_t offset) const {
    return server(offset).ack(client_number(0)).flags(TcpFlag::syn | TcpFlag::ack);
  }
  FrameBuilder client_acks(std::int64_t offset, std::int64_t at = 0) {
    return client_is_a() ? hosts.a_acks(offset, at) : hosts.b_acks(offset, at);
  }
  FrameBuilder server_acks(std::int64_t offset, std::int64_t at = 0) {
    return client_is_a() ? hosts.b_acks(offset, at) : hosts.a_acks(offset, at);
  }
  [[nodiscard]] std::uint32_t client_number(std::int64_t offset) const {
    return client_is_a() ? hosts.a_number(offset) : hosts.b_number(offset);
  }
  [[nodiscard]] std::uint32_t server_number(std::int64_t offset) const {
    return client_is_a() ? hosts.b_number(offset) : hosts.a_number(offset);
  }
  [[nodiscard]] std::string from_client() const { return client_is_a() ? hosts.from_a() : hosts.from_b(); }
  [[nodiscard]] std::string from_server() const { return client_is_a() ? hosts.from_b() : hosts.from_a(); }

  TwoHosts hosts{GetParam(), TwoHosts::with("capture")};

 private:
  [[nodiscard]] static bool client_is_a() { return GetParam().a_is_client; }
};

}  // namespace restitch::testing
