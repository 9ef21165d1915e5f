#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "product/server_process.h"

/// SIGKILL at random moments under load: every acknowledged result is there, none is half there.
namespace bl::product {
namespace {

constexpr int k_clients = 8;

int rounds() {
  const char* text = std::getenv("BENCHLAKE_KILL_ROUNDS");
  return text == nullptr ? 50 : std::atoi(text);
}

/// What the server has acknowledged, over all rounds.
struct Acknowledged {
  std::mutex mutex;
  std::set<std::string> ids;  // guarded by mutex
};

/// Posts until the server is gone. `next` numbers the submissions, so that every one differs.
void post_until_gone(const ServerProcess& server, std::atomic<int>& next,
                     Acknowledged& acknowledged) {
  net::ApiClient client({server.url(), server.operator_token()});
  while (true) {
    const int number = next++;
    const auto answer =
        client.post("/api/results", good_submission(number, fmt::format("key-{}", number)));
    if (!answer.ok()) {
      EXPECT_EQ(answer.error().code, Code::unavailable) << answer.error().message;
      return;
    }
    const std::lock_guard lock(acknowledged.mutex);
    acknowledged.ids.insert(answer->find("id")->as_string());
  }
}

/// All stored results, each read as a whole; the number of those in the list.
std::set<std::string> read_everything(const ServerProcess& server) {
  std::set<std::string> ids;
  std::string cursor;
  net::ApiClient client({server.url(), ""});
  do {
    const auto page = client.get("/api/benchmark-results?page_size=1000" +
                                 (cursor.empty() ? "" : "&cursor=" + cursor));
    EXPECT_TRUE(page.ok()) << page.error().message;
    if (!page.ok()) return ids;
    for (const json::Value& row : page->find("results")->items())
      ids.insert(row.find("id")->as_string());
    const json::Value* next = page->find("next_page_cursor");
    cursor = next->is_null() ? "" : next->as_string();
  } while (!cursor.empty());
  return ids;
}

/// Nothing acknowledged is lost, and nothing is half there: counters, series and the results
/// themselves tell the same.
void expect_all_there(const ServerProcess& server, const std::set<std::string>& acknowledged) {
  const std::set<std::string> stored = read_everything(server);
  for (const std::string& id : acknowledged) ASSERT_TRUE(stored.contains(id)) << "lost: " << id;
  const Answer facts = server.get("/api/v1/facts");
  ASSERT_EQ(facts.status, 200);
  EXPECT_EQ(facts.body.find("results")->as_int64(), static_cast<std::int64_t>(stored.size()));
  const Answer series = server.get("/api/series?page_size=1000");
  std::int64_t points = 0;
  for (const json::Value& row : series.body.find("series")->items())
    points += *row.find("point_count")->as_int64();
  EXPECT_EQ(points, static_cast<std::int64_t>(stored.size()))
      << "every submission is a point of a history";
  if (stored.empty()) return;
  const Answer newest = server.get("/api/benchmark-results/" + *stored.rbegin());
  ASSERT_EQ(newest.status, 200) << newest.text;
  EXPECT_EQ(newest.body.find("data")->items().size(), 3u);
}

TEST(Kill, nothing_acknowledged_is_lost_and_nothing_is_half_there) {
  const TemporaryFolder folder;
  const auto seed = static_cast<unsigned>(std::random_device{}());
  std::printf("seed %u, %d rounds\n", seed, rounds());
  std::mt19937 engine(seed);
  Acknowledged acknowledged;
  std::atomic<int> next = 0;
  for (int round = 0; round <= rounds(); ++round) {
    SCOPED_TRACE(fmt::format("after {} kills", round));
    ServerProcess server(folder.path() + "/data");
    ASSERT_TRUE(server.ready());
    expect_all_there(server, acknowledged.ids);
    if (HasFatalFailure() || round == rounds()) break;
    std::vector<std::thread> clients;
    for (int i = 0; i < k_clients; ++i) {
      clients.emplace_back([&] { post_until_gone(server, next, acknowledged); });
    }
    // Not a wait for something to happen: the moment of the power cut, drawn at random.
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::uniform_int_distribution(1'000, 120'000)(engine)));
    server.kill();
    for (std::thread& client : clients) client.join();
  }
  EXPECT_GT(acknowledged.ids.size(), 0u);
  std::printf("%zu results acknowledged, all there\n", acknowledged.ids.size());
}

}  // namespace
}  // namespace bl::product
