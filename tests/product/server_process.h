#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "base/testing/temporary_folder.h"
#include "net/client.h"
#include "net/server_address.h"

/// The built program as a process: for tests of the whole product.
namespace bl::product {

/// What a command printed, and how it ended.
struct CommandOutcome {
  int exit_code = -1;
  std::string out, err;
};
/// Runs `benchlake` with these arguments and waits; `input` is its standard input.
CommandOutcome run_benchlake(const std::vector<std::string>& arguments,
                             const std::string& input = "");

/// The same without waiting, and without its streams.
pid_t start_benchlake(const std::vector<std::string>& arguments);

struct Answer {
  int status = 0;
  net::Headers headers;
  std::string text;
  json::Value body;  ///< null when the answer is not JSON
};

/// `benchlake serve` on a free port, over the store under test (store_under_test.h): the same store
/// for the same data folder. The destructor ends it by SIGKILL when it still runs.
class ServerProcess {
 public:
  /// Starts and waits until it is ready; failing that is a failure of the test (see `ready()`).
  explicit ServerProcess(const std::string& data_folder,
                         std::vector<std::string> more_arguments = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  bool ready() const { return !url_.empty(); }
  const std::string& url() const { return url_; }
  /// What it printed when it was ready.
  const json::Value& said() const { return said_; }
  std::uint16_t port() const;
  pid_t pid() const { return pid_; }
  const std::string& operator_token() const { return operator_token_; }

  /// Without credentials.
  Answer get(const std::string& path) const;
  /// With the operator's token.
  Answer post(const std::string& path, const std::string& body,
              const std::string& content_type = "application/json") const;
  /// SIGTERM, and how it ended: 0 for an orderly stop.
  int terminate();
  /// SIGKILL; returns when it is gone.
  void kill();

 private:
  pid_t pid_ = -1;
  std::string url_;
  json::Value said_;
  std::string operator_token_;
};

/// A submission that the server accepts; `number` makes run and value differ.
std::string good_submission(int number, const std::string& submission_key = "");

}  // namespace bl::product
