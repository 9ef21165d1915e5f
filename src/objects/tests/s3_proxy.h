#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

/// An HTTP proxy on 127.0.0.1 between the S3 store and a real server, which lets chosen requests
/// meet chosen ends. Kept-alive connections stay so where nothing went wrong.
namespace bl::objects::testing {

/// One request as a plan sees it.
struct S3Call {
  std::uint64_t number = 0;  ///< from 1
  std::string method, target;
  std::string head;  ///< its lines up to the empty one
  bool is(std::string_view wanted_method) const { return method == wanted_method; }
};

struct S3Fate {
  enum class Kind : unsigned char {
    forward,
    answer,         ///< with `text`, a whole HTTP answer; the server sees nothing
    drop_before,    ///< the connection is closed; the server sees nothing
    drop_halfway,   ///< the server gets half of the request
    drop_after,     ///< the server does it, nobody is told
    hang_before,    ///< nothing is said until the client goes; the server sees nothing
    hang_after,     ///< the same, after the server did it
    cut_answer,     ///< half of the answer, then the connection is closed
    without_field,  ///< forwarded without the header field `text`
  };
  Kind kind = Kind::forward;
  std::string text;
};

class S3Proxy {
 public:
  using Plan = std::function<S3Fate(const S3Call&)>;
  explicit S3Proxy(std::uint16_t server_port);
  ~S3Proxy();
  S3Proxy(const S3Proxy&) = delete;
  S3Proxy& operator=(const S3Proxy&) = delete;

  std::uint16_t port() const { return port_; }
  /// From the next request on, counted from 1 again; empty: everything passes.
  void set_plan(Plan plan);
  /// Requests since set_plan(), as they came.
  std::vector<S3Call> calls() const;
  /// Closes everything; new connections are refused.
  void stop();

 private:
  void accept_all();
  void serve(int client);
  bool serve_one(int client, std::string& in);
  /// What the server answers, read to its end.
  std::string ask_server(std::string_view request);
  S3Fate fate_of(S3Call call);

  const std::uint16_t server_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> is_over_ = false;
  mutable std::mutex mutex_;
  Plan plan_;                         // guarded by mutex_
  std::vector<S3Call> calls_;         // guarded by mutex_
  std::vector<int> clients_;          // guarded by mutex_
  std::vector<std::thread> serving_;  // guarded by mutex_
  std::thread accepting_;
};

/// A whole HTTP answer with an error document of S3.
std::string s3_error(int status, std::string_view code, std::string_view message = "words");
/// A whole HTTP answer.
std::string http_answer(int status, std::string_view header_lines, std::string_view body);

}  // namespace bl::objects::testing
