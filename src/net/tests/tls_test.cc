// The same server over TLS, asked by OpenSSL's own client, which trusts nothing but the certificate
// that the test has made.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <filesystem>
#include <fstream>

#include "net/client.h"
#include "net/tests/running_server.h"
#include "net/tests/test_certificate.h"

namespace bl::net {
namespace {

using std::chrono::milliseconds;
using testing::RawSocket;
using testing::RunningServer;
using testing::TestCertificate;

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
  TestCertificate files_;
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
  const TestCertificate others;
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

// ---- reloading

class Reloading : public Tls {
 protected:
  using When = Server::Reload;
  Result<bool> look(RunningServer& server, When when = When::when_changed) {
    return server.server->reload_certificate(when, server.clock.now());
  }
  static double reloads(const RunningServer& server, const std::string& outcome) {
    return server.metric("bl_tls_reloads_total{outcome=\"" + outcome + "\"}");
  }
  static bool is_trusted(const RunningServer& server, const TlsOptions& trusted) {
    return TlsClient(server.port(), trusted).connected();
  }
  /// A copy of the certificate that is served now, to trust later.
  TlsOptions remembered() const {
    const std::string copy = files_.folder() + "/remembered.pem";
    std::filesystem::copy_file(files_.options.certificate_file, copy);
    return {copy, ""};
  }
};

TEST_F(Reloading, new_connections_get_the_new_pair_and_open_ones_keep_theirs) {
  RunningServer server(options());
  const TlsOptions before = remembered();
  TlsClient open_before(server.port(), before);
  ASSERT_TRUE(open_before.connected());
  const auto key_before = server.server->certificate()->public_key_sha256;

  files_.renew({.expires_s = 7200});
  ASSERT_EQ(look(server).value(), true);

  EXPECT_TRUE(is_trusted(server, files_.options));
  EXPECT_FALSE(is_trusted(server, before));
  open_before.send("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(open_before.read_all().ends_with("hello"));
  EXPECT_NE(server.server->certificate()->public_key_sha256, key_before);
  EXPECT_EQ(reloads(server, "ok"), 1);
  const double expires_in = server.metric("bl_tls_certificate_expires_timestamp_seconds") -
                            static_cast<double>(server.clock.now().micros) / 1e6;
  EXPECT_NEAR(expires_in, 7200, 60);
}

TEST_F(Reloading, files_that_did_not_change_are_left_alone_unless_asked_for) {
  RunningServer server(options());
  EXPECT_EQ(look(server).value(), false);
  EXPECT_EQ(reloads(server, "ok"), 0);
  EXPECT_EQ(look(server, When::always).value(), true);
  EXPECT_EQ(reloads(server, "ok"), 1);
}

TEST_F(Reloading, a_broken_pair_keeps_the_old_one_and_is_reported_once) {
  RunningServer server(options());
  const TlsOptions before = remembered();
  std::ofstream(files_.options.certificate_file) << "no certificate";
  const auto refused = look(server);
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(refused.error().message.ends_with(files_.options.certificate_file))
      << refused.error().message;
  EXPECT_EQ(look(server).value(), false);
  EXPECT_TRUE(is_trusted(server, before));
  EXPECT_EQ(reloads(server, "failed"), 1);
  server.log->flush();
  EXPECT_NE(server.log_lines().back().find("tls_certificate_kept"), std::string::npos);

  files_.renew();
  EXPECT_EQ(look(server).value(), true);
  EXPECT_TRUE(is_trusted(server, files_.options));
}

TEST_F(Reloading, half_of_a_pair_waits_for_the_other_half) {
  RunningServer server(options());
  const TlsOptions before = remembered();
  TestCertificate next;
  std::filesystem::copy_file(next.options.certificate_file, files_.options.certificate_file,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_FALSE(look(server).ok());
  EXPECT_TRUE(is_trusted(server, before));
  std::filesystem::copy_file(next.options.key_file, files_.options.key_file,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(look(server).value(), true);
  EXPECT_TRUE(is_trusted(server, next.options));
}

TEST_F(Reloading, a_new_pair_that_has_expired_is_refused) {
  RunningServer server(options());
  const TlsOptions before = remembered();
  files_.renew({.expires_s = -60});
  const auto refused = look(server);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("has expired"), std::string::npos);
  EXPECT_TRUE(is_trusted(server, before));
}

TEST_F(Reloading, a_folder_that_a_symbolic_link_swaps_is_noticed) {
  TestCertificate next;
  const std::string link = files_.folder() + "/current";
  std::filesystem::create_directory_symlink(files_.folder(), link);
  ServerOptions linked = options();
  linked.tls = TlsOptions{link + "/certificate.pem", link + "/key.pem"};
  RunningServer server(linked);
  std::filesystem::create_directory_symlink(next.folder(), link + ".new");
  std::filesystem::rename(link + ".new", link);
  EXPECT_EQ(look(server).value(), true);
  EXPECT_TRUE(is_trusted(server, next.options));
}

TEST(ReloadingNothing, a_server_without_tls_has_nothing_to_reload) {
  RunningServer server;
  EXPECT_EQ(server.server->reload_certificate(Server::Reload::always, {}).value(), false);
  EXPECT_FALSE(server.server->certificate().has_value());
}

// ---- the client

class TlsTrust : public Tls {
 protected:
  static std::string ask(const RunningServer& server, ClientTrust trust,
                         const std::string& host = "127.0.0.1") {
    Client client({}, std::move(trust));
    const auto answer = client.send(
        Method::get, "https://" + host + ":" + std::to_string(server.port()) + "/hello", {}, "");
    if (!answer.ok()) return std::string(name_of(answer.error().code));
    return answer->body;
  }
};

TEST_F(TlsTrust, a_self_signed_server_is_believed_when_its_certificate_is_named) {
  RunningServer server(options());
  EXPECT_EQ(ask(server, {.ca_file = files_.options.certificate_file}), "hello");
  EXPECT_EQ(ask(server, {}), "forbidden");
  const TestCertificate other;
  EXPECT_EQ(ask(server, {.ca_file = other.options.certificate_file}), "forbidden");
  EXPECT_EQ(ask(server, {.ca_file = "/nowhere/ca.pem"}), "invalid");
  EXPECT_EQ(server.handled.load(), 1);
}

TEST_F(TlsTrust, the_name_and_the_dates_of_the_certificate_count) {
  RunningServer server(options());
  EXPECT_EQ(ask(server, {.ca_file = files_.options.certificate_file}, "localhost"), "forbidden");
  const TestCertificate expired({.valid_from_s = -7200, .expires_s = -3600});
  ServerOptions old = options();
  old.tls = expired.options;
  RunningServer expired_server(old);
  EXPECT_EQ(ask(expired_server, {.ca_file = expired.options.certificate_file}), "forbidden");
}

TEST_F(TlsTrust, a_pinned_key_is_all_that_counts) {
  const TestCertificate odd(
      {.alternative_names = "DNS:bench.example", .valid_from_s = -7200, .expires_s = -3600});
  ServerOptions odd_options = options();
  odd_options.tls = odd.options;
  RunningServer server(odd_options);
  const std::string pin = server.server->certificate()->public_key_sha256;
  EXPECT_EQ(pin, read_certificate(odd.options)->public_key_sha256);
  EXPECT_EQ(ask(server, {.public_key_sha256 = pin}), "hello");
  const std::string other = read_certificate(files_.options)->public_key_sha256;
  EXPECT_EQ(ask(server, {.public_key_sha256 = other}), "forbidden");
}

}  // namespace
}  // namespace bl::net
