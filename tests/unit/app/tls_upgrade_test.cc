#include "app/tls_upgrade.h"

#include <gtest/gtest.h>

#include <string>

#include "support/talk.h"
#include "support/tls_hellos.h"

namespace restitch::testing {
namespace {

using namespace std::string_literals;

struct Prelude {
  const char* name;
  std::string client;
  std::string server;
};

// What both sides say before TLS.
std::vector<Prelude> preludes() {
  const std::string greeting = "\x0A" + "5.7.16\0"s + std::string(60, 'g');
  return {
      {"rdp", "\x03\0\0\x13\x0E\xE0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"s,
       "\x03\0\0\x13\x0E\xD0\0\0\x12\x34\0\x02\0\x08\0\x02\0\0\0"s},
      {"ldap", "\x30\x1D\x02\x01\x01\x77\x18\x80\x16"s + "1.3.6.1.4.1.1466.20037",
       "\x30\x0C\x02\x01\x01\x78\x07\x0A\x01\0\x04\0\x04\0"s},
      {"mysql", "\x20\0\0\x01\x8F\xAA\x3A\0\xFF\xFF\xFF\0\x21"s + std::string(23, '\0'),
       std::string(1, static_cast<char>(greeting.size())) + "\0\0\0"s + greeting},
      {"pgsql", "\0\0\0\x08\x04\xD2\x16\x2F"s, "S"},
      {"irc", "CAP LS\r\nSTARTTLS\r\n", ":a CAP * LS :tls\r\n:a 670 :STARTTLS successful\r\n"},
  };
}

TEST(TlsUpgradeTest, TlsIsFoundBehindWhatAsksForIt) {
  for (const Prelude& prelude : preludes()) {
    for (const std::size_t size : {std::string::npos, std::size_t{1}}) {
      SCOPED_TRACE(prelude.name);
      Talk talk;
      const bool greets = std::string_view(prelude.name) == "mysql";
      if (greets) talk.server(prelude.server, size);
      talk.client(prelude.client, size);
      if (!greets) talk.server(prelude.server, size);
      talk.client(tls_client_hello("inside.example"), size);
      talk.server(tls_server_hello(), size);
      talk.close();
      ASSERT_EQ(talk.all<TlsRecord>().size(), 1U);
      EXPECT_EQ(talk.all<TlsRecord>()[0].server_name, "inside.example");
      EXPECT_EQ(talk.all<TlsRecord>()[0].upgraded_from, prelude.name);
    }
  }
}

TEST(TlsUpgradeTest, WhereTheServerRefusesNothingIsFound) {
  for (const Prelude& prelude : preludes()) {
    if (std::string_view(prelude.name) == "mysql") continue;
    Talk talk;
    talk.client(prelude.client);
    talk.server("NO\r\n");
    EXPECT_TRUE(talk.conversation->raw()) << prelude.name;
  }
}

TEST(TlsUpgradeTest, NoKindIsTakenForAnother) {
  const std::vector<Prelude> all = preludes();
  for (const Prelude& one : all) {
    for (const Prelude& other : all) {
      const std::string& server = other.server;
      const Bytes asks(reinterpret_cast<const std::uint8_t*>(one.client.data()), one.client.size());
      const Bytes agrees(reinterpret_cast<const std::uint8_t*>(server.data()), server.size());
      EXPECT_EQ(tls_upgrade_fit(asks, agrees) == Fit::yes, one.name == other.name) << one.name << other.name;
    }
  }
}

}  // namespace
}  // namespace restitch::testing
