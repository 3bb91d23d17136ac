// TlsPeers: a client and a server of OpenSSL that talk through memory, what they say packet by packet, and
// the key log. One thread.
#pragma once

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/talk.h"

namespace restitch::testing {

template <auto Free>
struct TlsFree {
  template <class Kind>
  void operator()(Kind* object) const {
    Free(object);
  }
};
using TlsKeyPair = std::unique_ptr<EVP_PKEY, TlsFree<EVP_PKEY_free>>;
using TlsCertificate = std::unique_ptr<X509, TlsFree<X509_free>>;
using TlsContext = std::unique_ptr<SSL_CTX, TlsFree<SSL_CTX_free>>;
using TlsSession = std::unique_ptr<SSL_SESSION, TlsFree<SSL_SESSION_free>>;

// One key for all: it takes long to make one.
inline EVP_PKEY* tls_test_key() {
  static const TlsKeyPair key(EVP_RSA_gen(2048));
  return key.get();
}

inline TlsCertificate tls_test_certificate(const char* name) {
  TlsCertificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 0xA1B2);
  ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate.get()), "20200102030405Z");
  ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate.get()), "99991231235959Z");
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const auto add = [&](const char* field, const char* value) {
    X509_NAME_add_entry_by_txt(subject, field, MBSTRING_ASC, reinterpret_cast<const unsigned char*>(value),
                               -1, -1, 0);
  };
  add("C", "DE");
  add("O", "A, B");
  add("CN", name);
  X509_set_issuer_name(certificate.get(), subject);
  X509_set_pubkey(certificate.get(), tls_test_key());
  X509_sign(certificate.get(), tls_test_key(), EVP_sha256());
  return certificate;
}

class TlsPeers {
 public:
  struct Packet {
    TcpFlowDirection direction;
    std::string bytes;
  };
  struct Options {
    int version = TLS1_2_VERSION;
    const char* cipher = nullptr;  // nullptr: whatever they agree on
    std::uint64_t flags = 0;       // SSL_OP_…
    bool client_certificate = false;
    const char* server_groups = nullptr;
    std::uint32_t early_max = 0;
  };

  explicit TlsPeers(const Options& options)
      : options_(options),
        client_context_(make(TLS_client_method())),
        server_context_(make(TLS_server_method())) {
    const TlsCertificate certificate = tls_test_certificate("server.example");
    SSL_CTX_use_certificate(server_context_.get(), certificate.get());
    SSL_CTX_use_PrivateKey(server_context_.get(), tls_test_key());
    SSL_CTX_set_session_id_context(server_context_.get(), reinterpret_cast<const unsigned char*>("t"), 1);
    SSL_CTX_set_max_early_data(server_context_.get(), options.early_max);
    if (options.server_groups != nullptr)
      SSL_CTX_set1_groups_list(server_context_.get(), options.server_groups);
    if (options.client_certificate) {
      const TlsCertificate own = tls_test_certificate("client.example");
      SSL_CTX_use_certificate(client_context_.get(), own.get());
      SSL_CTX_use_PrivateKey(client_context_.get(), tls_test_key());
      const auto accept = [](int, X509_STORE_CTX*) { return 1; };
      SSL_CTX_set_verify(server_context_.get(), SSL_VERIFY_PEER, accept);
    }
    SSL_CTX_set_alpn_select_cb(
        server_context_.get(),
        [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered, unsigned,
           void*) {
          *out = offered + 1;
          *size = offered[0];
          return SSL_TLSEXT_ERR_OK;
        },
        nullptr);
    connect();
  }
  ~TlsPeers() { disconnect(); }
  TlsPeers(const TlsPeers&) = delete;
  TlsPeers& operator=(const TlsPeers&) = delete;

  // Ends this connection and begins another one, with the session of the last if there is one to resume.
  void reconnect(bool resume, std::string_view early = {}) {
    const TlsSession session(resume ? SSL_get1_session(client_) : nullptr);
    disconnect();
    packets.clear();
    said = {};
    connect();
    if (session != nullptr) SSL_set_session(client_, session.get());
    if (early.empty()) return;
    std::size_t written = 0;
    ASSERT_EQ(SSL_write_early_data(client_, early.data(), early.size(), &written), 1);
    said[0] += early;
    flush();
  }

  void shake() {
    for (int i = 0; i < 10 && !(SSL_is_init_finished(client_) && SSL_is_init_finished(server_)); ++i) {
      SSL_do_handshake(client_);
      flush();
      read_early();
      SSL_do_handshake(server_);
      flush();
    }
    ASSERT_TRUE(SSL_is_init_finished(client_) && SSL_is_init_finished(server_))
        << ERR_error_string(ERR_peek_error(), nullptr);
    listen();
  }
  void client(std::string_view text) { say(client_, 0, text); }
  void server(std::string_view text) { say(server_, 1, text); }
  // The server forgets its sessions. (Where it takes early data, it keeps them.)
  void forget_sessions() { SSL_CTX_flush_sessions(server_context_.get(), 0); }
  // With `requests`, the other side changes its key, too.
  void update_keys(bool of_client, bool requests) {
    SSL_key_update(of_client ? client_ : server_,
                   requests ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(of_client ? client_ : server_);
    flush();
    listen();
  }
  void renegotiate() {
    SSL_renegotiate(client_);
    for (int i = 0; i < 6; ++i) {
      SSL_do_handshake(client_);
      flush();
      listen();
    }
  }
  void goodbye() {
    SSL_shutdown(client_);
    flush();
    SSL_shutdown(server_);
    flush();
  }
  [[nodiscard]] bool early_accepted() const {
    return SSL_get_early_data_status(client_) == SSL_EARLY_DATA_ACCEPTED;
  }
  [[nodiscard]] std::string cipher() const {
    return SSL_CIPHER_standard_name(SSL_get_current_cipher(client_));
  }

  std::vector<Packet> packets;
  std::array<std::string, 2> said;  // of client and server
  std::string key_log;

 private:
  TlsContext make(const SSL_METHOD* method) {
    TlsContext context(SSL_CTX_new(method));
    SSL_CTX_set_min_proto_version(context.get(), options_.version);
    SSL_CTX_set_max_proto_version(context.get(), options_.version);
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_options(context.get(), options_.flags);
    if (options_.cipher != nullptr && options_.version == TLS1_3_VERSION) {
      SSL_CTX_set_ciphersuites(context.get(), options_.cipher);
    } else if (options_.cipher != nullptr) {
      SSL_CTX_set_cipher_list(context.get(), options_.cipher);
    }
    SSL_CTX_set_app_data(context.get(), this);
    if (method == TLS_client_method()) {
      SSL_CTX_set_keylog_callback(context.get(), [](const SSL* ssl, const char* line) {
        auto* peers = static_cast<TlsPeers*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
        peers->key_log += std::string(line) + "\n";
      });
    }
    return context;
  }
  void connect() {
    client_ = SSL_new(client_context_.get());
    server_ = SSL_new(server_context_.get());
    for (SSL* ssl : {client_, server_}) SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    // What the macro does, without its cast.
    std::string name = "server.example";
    SSL_ctrl(client_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    SSL_set_alpn_protos(client_, reinterpret_cast<const unsigned char*>("\x08http/1.1\x02h2"), 12);
    SSL_set_connect_state(client_);
    SSL_set_accept_state(server_);
  }
  void disconnect() {
    SSL_free(client_);
    SSL_free(server_);
  }
  void flush() {
    move(client_, server_, TcpFlowDirection::client_to_server);
    move(server_, client_, TcpFlowDirection::server_to_client);
  }
  void move(SSL* from, SSL* to, TcpFlowDirection direction) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(from), &bytes);
    if (size <= 0) return;
    packets.push_back({direction, std::string(bytes, static_cast<std::size_t>(size))});
    BIO_write(SSL_get_rbio(to), bytes, static_cast<int>(size));
    BIO_reset(SSL_get_wbio(from));
  }
  void read_early() {
    std::array<char, 4096> text{};
    std::size_t size = 0;
    if (options_.early_max == 0 || SSL_is_init_finished(server_)) return;
    while (SSL_read_early_data(server_, text.data(), text.size(), &size) == SSL_READ_EARLY_DATA_SUCCESS) {
    }
  }
  // Both read what is there, tickets and key updates with it.
  void listen() {
    std::array<char, 20'000> text{};
    for (SSL* ssl : {client_, server_}) {
      while (SSL_read(ssl, text.data(), static_cast<int>(text.size())) > 0) {
      }
    }
    flush();
  }
  void say(SSL* ssl, std::size_t side, std::string_view text) {
    ASSERT_EQ(SSL_write(ssl, text.data(), static_cast<int>(text.size())), static_cast<int>(text.size()));
    said.at(side) += text;
    flush();
    listen();
  }

  Options options_;
  TlsContext client_context_;
  TlsContext server_context_;
  SSL* client_ = nullptr;
  SSL* server_ = nullptr;
};

}  // namespace restitch::testing
