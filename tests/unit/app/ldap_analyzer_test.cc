#include "app/ldap_analyzer.h"

#include <gtest/gtest.h>

#include <string>

#include "support/talk.h"

namespace restitch::testing {
namespace {

using namespace std::string_literals;

// An element of BER, of less than 64 KiB.
std::string ldap_element(std::uint8_t tag, const std::string& contents) {
  std::string text(1, static_cast<char>(tag));
  if (contents.size() < 128) return text + static_cast<char>(contents.size()) + contents;
  return text + '\x82' + static_cast<char>(contents.size() >> 8) + static_cast<char>(contents.size()) +
         contents;
}

std::string ldap_message(const std::string& operation) {
  return ldap_element(0x30, ldap_element(2, "\x07") + operation);
}

std::string ldap_search() { return ldap_message(ldap_element(0x63, std::string(300, 's'))); }
std::string ldap_bind(const std::string& token) {
  return ldap_message(
      ldap_element(0x60, ldap_element(2, "\x03") + ldap_element(4, "") +
                             ldap_element(0xa3, ldap_element(4, "GSS-SPNEGO") + ldap_element(4, token))));
}
std::string ldap_bound(const std::string& token) {
  return ldap_message(ldap_element(0x61, ldap_element(0x0a, "\0"s) + ldap_element(4, "") +
                                             ldap_element(4, "") + ldap_element(0x87, token)));
}

const std::string ldap_kerberos =
    ldap_element(0x60, "\x06\x06+\x06\x01\x05\x05\x02" + std::string(200, 'x') +
                           "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00\x6e\x82ticket"s);

// The names stand in the order in which each was sure, as Zeek has them.
TEST(LdapAnalyzerTest, NamesWhatAClientProvesItselfWith) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.client(ldap_search(), size);
    talk.server(ldap_search(), size);
    talk.client(ldap_bind(ldap_kerberos), size);
    talk.server(ldap_bound("\xa1\x07negToken"), size);
    talk.client("\0\0\0\x20\5\4 encrypted"s, size);
    talk.close();
    EXPECT_EQ(talk.conversation->service(), "ldap_tcp,krb,gssapi") << size;
    EXPECT_EQ(talk.conversation->held(), 0U);
  }
}

TEST(LdapAnalyzerTest, NamesNtlmBeforeTheMessageItCameIn) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.client(ldap_bind("NTLMSSP\0\1\0\0\0"s), size);
    talk.server(ldap_bound("NTLMSSP\0\2\0\0\0"s), size);
    talk.close();
    EXPECT_EQ(talk.conversation->service(), "ntlm,ldap_tcp") << size;
  }
}

TEST(LdapAnalyzerTest, HoldsNothingOfWhatItDoesNotLookInto) {
  Talk talk;
  talk.client(ldap_message(ldap_element(0x66, std::string(60'000, 'm'))).substr(0, 50'000), 1'000);
  EXPECT_EQ(talk.conversation->held(), 0U);
  talk.gap(TcpFlowDirection::client_to_server, 5'000);
  talk.close();
  EXPECT_EQ(talk.conversation->service(), "ldap_tcp");
}

TEST(LdapAnalyzerTest, IsNotMetInOtherBer) {
  const auto fit = [](const std::string& text) {
    return LdapAnalyzer::fit(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), {});
  };
  EXPECT_EQ(fit(ldap_search()), Fit::yes);
  EXPECT_EQ(fit(ldap_search().substr(0, 5)), Fit::perhaps);
  EXPECT_EQ(fit(ldap_element(0x30, ldap_element(2, "\1") + ldap_element(4, "public"))), Fit::no) << "SNMP";
  EXPECT_EQ(fit("\x30\x89\1\1\1\1\1\1\1\1\1\2\1\1\x60"), Fit::no);
  EXPECT_EQ(fit("GET / HTTP/1.1"), Fit::no);
}

// Nothing is read beyond its end, however it is cut or wrong.
TEST(LdapAnalyzerTest, StandsDamagedMessages) {
  const std::string damaged = ldap_bind(ldap_kerberos);
  for (std::size_t at = 0; at < damaged.size(); ++at) {
    for (const char value : {'\0', '\x7f', '\x84', '\xff'}) {
      std::string text = damaged;
      text[at] = value;
      Talk talk;
      talk.client(ldap_search());
      talk.client(text);
      talk.server(text);
      talk.close();
    }
  }
}

}  // namespace
}  // namespace restitch::testing
