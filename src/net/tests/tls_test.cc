// The same server over TLS, asked by OpenSSL's own client, which trusts nothing but the certificate
// that the test has made.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <filesystem>

#include "net/tests/running_server.h"

namespace bl::net {
namespace {

using std::chrono::milliseconds;
using testing::RawSocket;
using testing::RunningServer;

// A key and its self-signed certificate for 127.0.0.1, as PEM files.
class SelfSigned {
 public:
  SelfSigned() {
    std::string pattern = std::filesystem::temp_directory_path() / "benchlake-tls-XXXXXX";
    BL_CHECK(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("127.0.0.1"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* address =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, address, -1);
    BL_CHECK(X509_sign(certificate, key, EVP_sha256()) > 0);
    write(options.certificate_file = folder_ + "/certificate.pem",
          [&](BIO* to) { return PEM_write_bio_X509(to, certificate); });
    write(options.key_file = folder_ + "/key.pem", [&](BIO* to) {
      return PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
    X509_EXTENSION_free(address);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~SelfSigned() { std::filesystem::remove_all(folder_); }

  TlsOptions options;

 private:
  static void write(const std::string& path, const std::function<int(BIO*)>& content) {
    BIO* file = BIO_new_file(path.c_str(), "w");
    BL_CHECK(file != nullptr && content(file) == 1);
    BIO_free(file);
  }
  std::string folder_;
};

class TlsClient {
 public:
  TlsClient(std::uint16_t port, const TlsOptions& trusted, int version_max = TLS1_3_VERSION)
      : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, version_max);
    SSL_CTX_set_security_level(context_, 0);  // so that only the server refuses old versions
    BL_CHECK(SSL_CTX_load_verify_file(context_, trusted.certificate_file.c_str()) == 1);
    wire_ = BIO_new_ssl_connect(context_);
    BIO_set_conn_hostname(wire_, ("127.0.0.1:" + std::to_string(port)).c_str());
    connected_ = BIO_do_connect(wire_) == 1 && BIO_do_handshake(wire_) == 1;
  }
  ~TlsClient() {
    BIO_free_all(wire_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool connected() const { return connected_; }
  void send(const std::string& bytes) {
    BL_CHECK(BIO_write(wire_, bytes.data(), static_cast<int>(bytes.size())) ==
             static_cast<int>(bytes.size()));
  }
  /// Until the server says that nothing follows.
  std::string read_all() {
    std::string all;
    char piece[16 << 10];
    for (int got; (got = BIO_read(wire_, piece, sizeof piece)) > 0;) {
      all.append(piece, static_cast<std::size_t>(got));
    }
    return all;
  }
  /// True when the end was close_notify, not a cut.
  bool ended_in_order() {
    SSL* ssl = nullptr;
    BIO_get_ssl(wire_, &ssl);
    return (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

 private:
  SSL_CTX* context_;
  BIO* wire_;
  bool connected_ = false;
};

class Tls : public ::testing::Test {
 protected:
  ServerOptions options() const {
    ServerOptions options = RunningServer::test_options();
    options.tls = files_.options;
    return options;
  }
  SelfSigned files_;
};

TEST_F(Tls, serves_several_requests_over_one_connection_and_says_goodbye) {
  RunningServer server(options());
  TlsClient client(server.port(), files_.options);
  ASSERT_TRUE(client.connected());
  client.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  client.send("GET /origin HTTP/1.1\r\nHost: h\r\n\r\n");
  client.send("GET /big?bytes=3000000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string all = client.read_all();
  EXPECT_NE(all.find("hello"), std::string::npos);
  EXPECT_NE(all.find("https://h 127.0.0.1"), std::string::npos);
  const std::string sevens(3'000'000, '7');
  EXPECT_TRUE(all.ends_with(sevens));
  EXPECT_TRUE(client.ended_in_order());
}

TEST_F(Tls, takes_and_gives_streams) {
  RunningServer server(options());
  TlsClient client(server.port(), files_.options);
  ASSERT_TRUE(client.connected());
  client.send("POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  client.send(std::string(1'000'000, 'x'));
  client.send("GET /lines?lines=10000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string all = client.read_all();
  EXPECT_NE(all.find("\r\n\r\n1000000"), std::string::npos);
  EXPECT_TRUE(all.ends_with("{\"line\":9999}\n\r\n0\r\n\r\n"));
}

TEST_F(Tls, refuses_versions_before_1_2) {
  RunningServer server(options());
  EXPECT_TRUE(TlsClient(server.port(), files_.options, TLS1_2_VERSION).connected());
  EXPECT_FALSE(TlsClient(server.port(), files_.options, TLS1_1_VERSION).connected());
}

TEST_F(Tls, a_client_without_tls_is_cut_and_nothing_is_handled) {
  RunningServer server(options());
  RawSocket plain(server.port());
  plain.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(plain.read_all().find("HTTP/"), std::string::npos);
  EXPECT_EQ(server.handled.load(), 0);
}

TEST_F(Tls, a_handshake_that_does_not_come_is_cut_and_counted) {
  ServerOptions hurried = options();
  hurried.limits.header_timeout = milliseconds(80);
  RunningServer server(hurried);
  RawSocket silent(server.port());
  EXPECT_TRUE(silent.is_closed_by_server());
  EXPECT_EQ(server.metric("bl_http_limit_hits_total{limit=\"header_timeout\"}"), 1);
}

TEST_F(Tls, stop_ends_idle_connections_and_unfinished_handshakes) {
  RunningServer server(options());
  TlsClient idle(server.port(), files_.options);
  ASSERT_TRUE(idle.connected());
  RawSocket silent(server.port());
  while (server.metric("bl_http_connections") < 2) std::this_thread::yield();
  server.server->stop();
  EXPECT_EQ(server.metric("bl_http_connections"), 0);
  EXPECT_EQ(server.metric("bl_http_limit_hits_total{limit=\"stop_timeout\"}"), 0);
}

TEST_F(Tls, files_that_cannot_be_used_are_named) {
  const SelfSigned others;
  const std::string good_certificate = files_.options.certificate_file;
  const std::string good_key = files_.options.key_file;
  RunningServer other;
  Router router;
  testing::TokenNames nobody;
  auto refusal = [&](const std::string& certificate, const std::string& key) {
    ServerOptions tried = RunningServer::test_options();
    tried.tls = TlsOptions{certificate, key};
    Metrics metrics;
    auto server = Server::listen(tried, router, nobody, other.random, *other.log, metrics);
    EXPECT_FALSE(server.ok());
    if (server.ok()) return std::string();
    EXPECT_EQ(server.error().code, Code::invalid);
    return server.error().message;
  };
  EXPECT_TRUE(refusal("/nowhere/c.pem", good_key).ends_with(": /nowhere/c.pem"));
  EXPECT_TRUE(refusal(good_certificate, "/nowhere/k.pem").ends_with(": /nowhere/k.pem"));
  EXPECT_TRUE(refusal(good_key, good_key).ends_with(": " + good_key));
  EXPECT_TRUE(
      refusal(good_certificate, others.options.key_file).ends_with(": " + others.options.key_file));
}

}  // namespace
}  // namespace bl::net
