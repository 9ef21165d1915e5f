#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "access/tests/test_keys.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "base/uri.h"
#include "net/server.h"

/// An OpenID Connect issuer of our own on a loopback port, honest unless a test bends it. (An
/// honest one of somebody else is asked by tests/clients.)
namespace bl::access::testing {

class TestIssuer {
 public:
  /// What a test may bend before the issuer answers.
  struct Bends {
    std::function<void(json::Value& claims)> claims;              ///< of the next ID tokens
    std::function<std::string(const std::string& payload)> sign;  ///< instead of the key
    std::function<void(json::Value& document)> discovery;
    json::Value user_info;                  ///< null: there is none
    std::atomic<int> status{200};           ///< of every answer
    std::atomic<bool> garbage{false};       ///< instead of every document
    std::atomic<bool> leaves_codes{false};  ///< a code works again and again
  };

  TestIssuer(const Clock& clock, Random& random, Log& log, Metrics& metrics);
  ~TestIssuer() { server_->stop(); }
  const std::string& url() const { return url_; }
  /// Who signs in next.
  void set_person(std::string email, std::string name) {
    email_ = std::move(email);
    name_ = std::move(name);
  }
  /// From here on signs with this, and tells it alone.
  void set_key(TestKey key) {
    std::lock_guard lock(mutex_);
    key_ = std::move(key);
  }
  void stop() { server_->stop(); }

  Bends bends;
  std::atomic<int> discovery_reads{0}, key_reads{0}, exchanges{0};
  std::atomic<bool> wants_secret_in_body{false};

  static constexpr const char* k_client_id = "benchlake client";
  static constexpr const char* k_client_secret = "the client's secret, of 40 characters %&+";

 private:
  struct Grant {
    std::string redirect_uri, challenge, nonce;
  };
  net::Response answer(const json::Value& document) const;
  json::Value discovery() const;
  net::Response authorize(const net::Request& request);
  net::Response exchange(const net::Request& request);
  bool is_client(const net::Request& request, const QueryPairs& form) const;
  std::string id_token(const Grant& grant);

  const Clock& clock_;
  std::mutex mutex_;
  TestKey key_ = TestKey::p256("first");
  std::map<std::string, Grant> grants_;  // by code
  int codes_ = 0;
  std::string email_ = "ada@example.org", name_ = "Ada Lovelace", url_;
  net::Router router_;
  struct Nobody final : net::Authenticator {
    Result<net::Principal> authenticate(const net::Request&) override { return net::Principal{}; }
  } nobody_;
  std::unique_ptr<net::Server> server_;
};

/// The value of a parameter of a URL, decoded; "" when it is not there.
std::string parameter_of(const std::string& url, std::string_view name);

}  // namespace bl::access::testing
