#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "net/tests/test_certificate.h"
#include "product/server_process.h"

/// The built program over TLS: whom its commands believe, and how its certificate is replaced.
namespace bl::product {
namespace {

using net::testing::TestCertificate;

class TlsServer : public testing::Test {
 protected:
  std::vector<std::string> tls_arguments(const std::string& check_interval) const {
    return {"--tls-certificate",
            pair.options.certificate_file,
            "--tls-key",
            pair.options.key_file,
            "--set",
            "tls.check_interval=" + check_interval};
  }
  std::string submission() const {
    const std::string path = folder.path() + "/result.json";
    std::ofstream(path) << good_submission(1);
    return path;
  }
  /// From "elsewhere": no server.json to know the server by.
  CommandOutcome submit_from_elsewhere(const ServerProcess& server, const std::string& ca_file,
                                       const std::string& host = "127.0.0.1") const {
    std::vector<std::string> arguments = {
        "submit",   submission(),
        "--server", "https://" + host + ":" + std::to_string(server.port()),
        "--token",  server.operator_token(),
        "--data",   folder.path() + "/none"};
    if (!ca_file.empty()) arguments.insert(arguments.end(), {"--ca", ca_file});
    return run_benchlake(arguments);
  }
  CommandOutcome list_tokens_on_this_machine() const {
    return run_benchlake({"token", "list", "--data", data});
  }
  /// The certificate that a new connection gets, told by whom it can be trusted with.
  bool serves(const ServerProcess& server, const std::string& certificate) const {
    net::Client client({}, {.ca_file = certificate});
    return client.send(net::Method::get, server.url() + "/healthz", {}, "").ok();
  }
  static void wait_until(const std::function<bool()>& is_so) {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!is_so() && std::chrono::steady_clock::now() < patience) std::this_thread::yield();
    EXPECT_TRUE(is_so());
  }
  std::string remembered_certificate() const {
    const std::string copy = folder.path() + "/remembered.pem";
    std::filesystem::copy_file(pair.options.certificate_file, copy);
    return copy;
  }

  TestCertificate pair;
  TemporaryFolder folder;
  const std::string data = folder.path() + "/data";
};

TEST_F(TlsServer, submit_wants_to_be_told_whom_to_trust) {
  const ServerProcess server(data, tls_arguments("0"));
  ASSERT_TRUE(server.ready());
  EXPECT_TRUE(server.url().starts_with("https://"));
  EXPECT_EQ(submit_from_elsewhere(server, pair.options.certificate_file).exit_code, 0);
  const CommandOutcome untrusted = submit_from_elsewhere(server, "");
  EXPECT_EQ(untrusted.exit_code, 2);
  EXPECT_NE(untrusted.err.find("is not trusted"), std::string::npos) << untrusted.err;
  EXPECT_NE(untrusted.err.find("--ca FILE"), std::string::npos) << untrusted.err;
}

TEST_F(TlsServer, a_certificate_for_another_host_is_refused) {
  const ServerProcess server(data, tls_arguments("0"));
  const CommandOutcome wrong =
      submit_from_elsewhere(server, pair.options.certificate_file, "localhost");
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_NE(wrong.err.find("localhost"), std::string::npos) << wrong.err;
}

TEST_F(TlsServer, a_certificate_that_has_expired_is_refused_and_logged) {
  pair.renew({.valid_from_s = -7200, .expires_s = -3600});
  const ServerProcess server(data, tls_arguments("0"));
  const CommandOutcome expired = submit_from_elsewhere(server, pair.options.certificate_file);
  EXPECT_EQ(expired.exit_code, 2);
  EXPECT_NE(expired.err.find("expired"), std::string::npos) << expired.err;
  std::ifstream log(data + ".log");
  const std::string lines(std::istreambuf_iterator<char>(log), {});
  EXPECT_NE(lines.find("tls_certificate_expired"), std::string::npos) << lines;
}

TEST_F(TlsServer, commands_on_the_same_machine_know_the_server_by_its_key) {
  pair.renew({.alternative_names = "DNS:bench.example"});
  const ServerProcess server(data, tls_arguments("0"));
  const CommandOutcome outcome = list_tokens_on_this_machine();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST_F(TlsServer, sighup_reads_the_certificate_again_and_the_server_goes_on) {
  const ServerProcess server(data, tls_arguments("0"));
  const std::string before = remembered_certificate();
  net::Client open_before({}, {.ca_file = before});
  const std::string health = server.url() + "/healthz";
  ASSERT_TRUE(open_before.send(net::Method::get, health, {}, "").ok());

  pair.renew();
  EXPECT_FALSE(serves(server, pair.options.certificate_file));
  kill(server.pid(), SIGHUP);
  wait_until([&] { return serves(server, pair.options.certificate_file); });
  EXPECT_FALSE(serves(server, before));
  EXPECT_TRUE(open_before.send(net::Method::get, health, {}, "").ok()) << "an open connection";
  wait_until([&] { return list_tokens_on_this_machine().exit_code == 0; });
}

TEST_F(TlsServer, changed_files_are_noticed_and_broken_ones_left_alone) {
  const ServerProcess server(data, tls_arguments("20ms"));
  const std::string before = remembered_certificate();
  const auto metrics = [&](const std::string& certificate) {
    net::Client client({}, {.ca_file = certificate});
    auto answer = client.send(net::Method::get, server.url() + "/metrics", {}, "");
    return answer.ok() ? answer->body : std::string();
  };
  std::ofstream(pair.options.key_file) << "no key";
  wait_until([&] {
    return metrics(before).find("bl_tls_reloads_total{outcome=\"failed\"} 1") != std::string::npos;
  });
  pair.renew();
  wait_until([&] { return serves(server, pair.options.certificate_file); });
}

}  // namespace
}  // namespace bl::product
