#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/time.h"
#include "net/server.h"

namespace bl::product {

/// A stand-in for GitHub and GitLab, as far as one pull request of each goes: number 77 of
/// org/repo, merge request 5 of project 42; both have the same newest commit. Keeps what is
/// written. Threads: any.
class Forges {
 public:
  struct Written {
    std::string method, path, text;
  };
  /// `head`: the newest commit of both.
  explicit Forges(std::string head = "");
  ~Forges();
  Forges(const Forges&) = delete;
  Forges& operator=(const Forges&) = delete;

  std::string url() const;
  void set_head(std::string head);
  /// So many answers from now on are 503.
  void fail(int count);
  std::vector<std::string> comments() const;
  std::string last_comment() const;
  std::vector<Written> writes() const;
  bool was_written(const std::string& method, const std::string& path_end) const;

 private:
  class Nobody final : public net::Authenticator {
   public:
    Result<net::Principal> authenticate(const net::Request&) override { return net::Principal{}; }
  };

  net::Response answer(const net::Request& request);
  std::string list(bool is_first) const;

  SystemClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
  Nobody nobody_;
  net::Router router_;
  mutable std::mutex mutex_;
  std::string head_;  // guarded by mutex_, as are those below
  std::vector<std::string> comments_;
  std::vector<Written> writes_;
  int failures_ = 0;
  std::unique_ptr<net::Server> server_;
};

}  // namespace bl::product
