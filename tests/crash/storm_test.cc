#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "product/server_process.h"
#include "store/testing/postgres_server.h"

/// The running program while its PostgreSQL is stopped, killed and restarted, and its backends are
/// ended at random: clients see success, 503 with Retry-After, or 503 that says that the outcome is
/// unknown. Nothing acknowledged is lost; nothing with a key is doubled.
namespace bl::product {
namespace {

using namespace std::chrono_literals;
using store::testing::PostgresServer;

constexpr int k_clients = 16;
constexpr int k_batch = 6;
constexpr int k_bad_line = 3;  // of every batch

int rounds() {
  const char* text = std::getenv("BENCHLAKE_STORM_ROUNDS");
  return text == nullptr ? 24 : std::atoi(text);
}

/// What the clients were told, over all rounds.
struct Told {
  std::mutex mutex;
  // All guarded by mutex.
  std::map<std::string, std::string> ids;  // key -> id of what was acknowledged
  std::map<std::string, int> answers;      // kind of answer -> how often
  std::set<std::string> sent;              // keys
  std::string wrong;                       // an answer that no client may get

  void count(const std::string& kind) {
    const std::lock_guard lock(mutex);
    ++answers[kind];
  }
  void acknowledge(const std::string& key, const std::string& id) {
    const std::lock_guard lock(mutex);
    const auto [known, is_new] = ids.emplace(key, id);
    if (!is_new && known->second != id) wrong += "one key, two ids: " + key + "\n";
  }
  void send(const std::string& key) {
    const std::lock_guard lock(mutex);
    sent.insert(key);
  }
  void refuse(const std::string& text) {
    const std::lock_guard lock(mutex);
    if (wrong.size() < 4'000) wrong += text + "\n";
  }
};

/// One client: its own keys, each sent until it is acknowledged or was tried often.
class StormClient {
 public:
  StormClient(const ServerProcess& server, Told& told, int number)
      : server_(server), told_(told), number_(number) {
    headers_.add("Authorization", "Bearer " + server.operator_token());
  }

  void post_until(const std::atomic<bool>& is_over) {
    for (int i = 0; !is_over; ++i) {
      for (int tries = 0; tries < 4 && !is_over; ++tries) {
        if (i % 4 == 3 ? post_batch(i) : post_one(i)) break;
        std::this_thread::sleep_for(5ms);
      }
    }
  }

 private:
  int number_of(int i, int k) const { return (i * k_clients + number_) * k_batch + k; }
  static std::string key_of(int number) { return fmt::format("storm-{}", number); }

  Result<net::ClientResponse> post(const std::string& path, const char* type,
                                   const std::string& body) {
    net::Headers headers = headers_;
    headers.add("Content-Type", type);
    return client_.send(net::Method::post, server_.url() + path, headers, body);
  }

  bool post_one(int i) {
    const int number = number_of(i, 0);
    const std::string key = key_of(number);
    told_.send(key);
    const auto answer = post("/api/results", "application/json", good_submission(number, key));
    if (!judge(answer, 201)) return false;
    told_.acknowledge(key, json::parse(answer->body)->find("id")->as_string());
    return true;
  }

  bool post_batch(int i) {
    std::string lines;
    for (int k = 0; k < k_batch; ++k) {
      const int number = number_of(i, k);
      if (k == k_bad_line) {
        lines += "{\"run_id\": 7}\n";
        continue;
      }
      told_.send(key_of(number));
      lines += good_submission(number, key_of(number)) + "\n";
    }
    const auto answer = post("/api/results:batch", "application/x-ndjson", lines);
    if (!judge(answer, 200)) return false;
    const json::Value body = json::parse(answer->body).value();
    bool all = true;
    for (int k = 0; k < k_batch; ++k) {
      const json::Value& line = body.find("results")->items()[static_cast<std::size_t>(k)];
      const std::int64_t status = *line.find("status")->as_int64();
      if (k == k_bad_line) {
        if (status != 422) told_.refuse("a bad line: " + json::to_text(line));
      } else if (status == 201) {
        told_.acknowledge(key_of(number_of(i, k)), line.find("id")->as_string());
      } else {
        all = false;
        if (status != 503) told_.refuse("a good line: " + json::to_text(line));
      }
    }
    return all;
  }

  /// True for `good`; everything else must be one of the two refusals.
  bool judge(const Result<net::ClientResponse>& answer, int good) {
    if (!answer.ok()) {
      told_.refuse("no answer: " + answer.error().message);
      return false;
    }
    if (answer->status == good) {
      told_.count("stored");
      return true;
    }
    const auto body = json::parse(answer->body);
    const bool has_code = body.ok() && body->is_object() && body->find("code") != nullptr;
    const std::string code = has_code ? body->find("code")->as_string() : "";
    const bool says_when = answer->headers.get("Retry-After") != "";
    const bool is_fine = answer->status == 503 && (says_when || code == "outcome_unknown");
    if (!is_fine) told_.refuse(fmt::format("{}: {}", answer->status, answer->body));
    told_.count(code);
    return false;
  }

  const ServerProcess& server_;
  Told& told_;
  const int number_;
  net::Client client_;
  net::Headers headers_;
};

class Storm : public ::testing::Test {
 protected:
  /// Waits until /readyz says so; bounded, and no more than asking again.
  static bool becomes(const ServerProcess& server, int status) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
      if (server.get("/readyz").status == status) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  std::string sql(const std::string& text) { return postgres_->run(database_, text); }

  void end_backends(std::mt19937& engine) {
    for (int i = 0; i < 10; ++i) {
      sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + database_ +
          "' and pid <> pg_backend_pid() and random() < 0.5");
      std::this_thread::sleep_for(
          std::chrono::milliseconds(std::uniform_int_distribution(1, 20)(engine)));
    }
  }

  void expect_all_there(const Told& told) {
    std::istringstream rows(
        sql("select string_agg(s.submission_key || ' ' || r.id, ' ') from benchlake.submission s "
            "join benchmark_result r on r.id = s.result_id"));
    std::map<std::string, std::string> stored;
    for (std::string key, id; rows >> key >> id;) stored[key] = id;
    for (const auto& [key, id] : told.ids) ASSERT_EQ(stored[key], id) << "lost: " << key;
    const std::string results = sql("select count(*) from benchmark_result");
    // Every result has a key, and each key has one: so no key is doubled.
    EXPECT_EQ(sql("select count(distinct result_id) from benchlake.submission"), results);
    EXPECT_EQ(sql("select count(*) from benchlake.submission"), results);
    EXPECT_LE(std::stoull(results), told.sent.size());
    for (const char* counted :
         {"count(*) from benchlake.result_number",
          "count(distinct result_id) from benchlake.change_log",
          "count(*) from benchlake.change_log", "sum(result_count) from benchlake.run",
          "sum(result_count) from benchlake.series"}) {
      EXPECT_EQ(sql(std::string("select ") + counted), results) << counted;
    }
  }

  std::unique_ptr<PostgresServer> postgres_ = PostgresServer::start().value();
  std::string database_ = postgres_->create_database();
};

TEST_F(Storm, loses_nothing_acknowledged_and_doubles_nothing_with_a_key) {
  const auto seed = static_cast<unsigned>(std::random_device{}());
  std::printf("seed %u, %d rounds\n", seed, rounds());
  std::mt19937 engine(seed);
  const TemporaryFolder folder;
  ServerProcess server(folder.path() + "/data",
                       {"--store", postgres_->tcp_uri(database_, postgres_->port())});
  ASSERT_TRUE(server.ready());
  Told told;
  std::atomic<bool> is_over = false;
  std::vector<std::thread> clients;
  for (int i = 0; i < k_clients; ++i) {
    clients.emplace_back([&, i] { StormClient(server, told, i).post_until(is_over); });
  }
  for (int round = 0; round < rounds(); ++round) {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(std::uniform_int_distribution(50, 300)(engine)));
    if (round % 3 == 2) {
      end_backends(engine);
    } else {
      postgres_->stop(round % 3 == 0 ? PostgresServer::Stop::fast : PostgresServer::Stop::kill);
      EXPECT_TRUE(becomes(server, 503));
      EXPECT_EQ(server.get("/healthz").status, 200);
      postgres_->restart();
    }
    EXPECT_TRUE(becomes(server, 200)) << "after round " << round;
  }
  is_over = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(told.wrong, "");
  for (const auto& [kind, count] : told.answers) std::printf("%6d %s\n", count, kind.c_str());
  EXPECT_GT(told.ids.size(), 100u);
  expect_all_there(told);
  EXPECT_EQ(server.terminate(), 0);
}

}  // namespace
}  // namespace bl::product
