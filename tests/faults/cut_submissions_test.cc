#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "app/operator.h"
#include "base/ids.h"
#include "base/random.h"
#include "product/server_process.h"
#include "results/decode.h"
#include "results/store_writer.h"
#include "store/open.h"
#include "store/testing/postgres_server.h"
#include "store/testing/wire_proxy.h"

/// Twenty submissions with keys, and the connection to PostgreSQL is cut at the n-th piece of what
/// the writer sends, for every n: what was acknowledged is there once, every key at most once.
namespace bl::product {
namespace {

using results::Submission;
using results::Submitted;
using store::testing::PostgresServer;
using store::testing::WireProxy;

constexpr std::int64_t k_every_piece = 200;
constexpr std::int64_t k_stride = 17;
constexpr int k_singles = 8;  // before and after the batch
constexpr int k_in_batch = 4;

/// Each piece in each of the three ways; else each piece in one of them, in turn.
bool is_long() {
  return std::getenv("BENCHLAKE_FAULTS_ALL") != nullptr;
}

class CutSubmissions : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::open_database(server_.uri(name_), {}, log_, metrics_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    ASSERT_TRUE((*opened)->migrate(app::all_migrations()).ok());
  }
  ~CutSubmissions() override { server_.drop_database(name_); }

  std::unique_ptr<store::Database> open() {
    store::DatabaseLimits limits;
    limits.connect_ms_max = 2'000;
    auto opened =
        store::open_database(server_.tcp_uri(name_, proxy_.port()), limits, log_, metrics_);
    BL_CHECK(opened.ok());
    return std::move(opened).value();
  }

  static Submission submission(const std::string& key, int number) {
    return results::decode_submission(good_submission(number, key)).value();
  }

  struct Heard {
    std::map<std::string, std::string> ids;  // acknowledged: key -> id
    std::set<std::string> keys;              // all that were sent
  };
  void note(const std::string& key, const Result<Submitted>& outcome, Heard& heard) {
    heard.keys.insert(key);
    if (outcome.ok()) {
      heard.ids[key] = outcome->id;
    } else {
      EXPECT_TRUE(outcome.error().code == Code::unavailable ||
                  outcome.error().code == Code::outcome_unknown)
          << outcome.error().message;
    }
  }

  /// Sends the twenty.
  Heard submit_all(results::StoreResultWriter& writer, std::int64_t round) {
    Heard heard;
    const auto key_of = [&](int i) { return fmt::format("r{}-{}", round, i); };
    int i = 0;
    const auto single = [&] {
      note(key_of(i), writer.submit(submission(key_of(i), i)), heard);
      ++i;
    };
    for (int k = 0; k < k_singles; ++k) single();
    std::vector<Submission> batch;
    for (int k = 0; k < k_in_batch; ++k) batch.push_back(submission(key_of(i + k), i + k));
    for (const auto& outcome : writer.submit_many(batch)) note(key_of(i++), outcome, heard);
    for (int k = 0; k < k_singles; ++k) single();
    return heard;
  }

  void expect_each_once(const Heard& heard, std::int64_t round) {
    const std::string of_round = fmt::format("submission_key like 'r{}-%'", round);
    std::istringstream rows(server_.run(
        name_,
        "select string_agg(s.submission_key || ' ' || r.id, ' ') from benchlake.submission s "
        "join benchmark_result r on r.id = s.result_id where " +
            of_round));
    std::map<std::string, std::string> stored;
    for (std::string key, id; rows >> key >> id;) {
      EXPECT_TRUE(stored.emplace(key, id).second) << "doubled: " << key;
      EXPECT_TRUE(heard.keys.contains(key));
    }
    for (const auto& [key, id] : heard.ids) EXPECT_EQ(stored[key], id) << "lost: " << key;
  }
  /// Every result has its key, number, change-log row and place in the counters.
  void expect_nothing_half() {
    const std::string results = server_.run(name_, "select count(*) from benchmark_result");
    for (const char* counted :
         {"count(*) from benchlake.submission", "count(*) from benchlake.result_number",
          "count(*) from benchlake.change_log", "sum(result_count) from benchlake.run",
          "sum(result_count) from benchlake.series"}) {
      EXPECT_EQ(server_.run(name_, std::string("select ") + counted), results) << counted;
    }
  }

  PostgresServer& server_ = PostgresServer::shared();
  const std::string name_ = server_.create_database();
  WireProxy proxy_{server_.port()};
  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_{clock_, random_};
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
  Metrics metrics_;
};

TEST_F(CutSubmissions, at_any_piece_are_neither_lost_nor_doubled) {
  using Where = WireProxy::Where;
  std::int64_t round = 0;
  for (std::int64_t n = 0;; n += n < k_every_piece ? 1 : k_stride) {
    bool was_cut = true;
    for (int way = 0; way < 3 && was_cut; ++way) {
      if (!is_long() && way != n % 3) continue;
      SCOPED_TRACE(fmt::format("piece {}, way {}", n, way));
      auto database = open();
      results::StoreResultWriter writer(*database, ids_, clock_);
      proxy_.cut_at_piece(n, static_cast<Where>(way));
      const Heard heard = submit_all(writer, ++round);
      was_cut = proxy_.has_cut();
      proxy_.forward();
      EXPECT_LE(heard.keys.size() - heard.ids.size(), 1u)
          << "a cut is borne by running the work again, but for one while connecting";
      expect_each_once(heard, round);
      // Sent again, as a client does that was told nothing: the same results, and no second ones.
      const Heard again = submit_all(writer, round);
      EXPECT_EQ(again.ids.size(), again.keys.size());
      expect_each_once(again, round);
      for (const auto& [key, id] : heard.ids) EXPECT_EQ(again.ids.at(key), id);
    }
    if (!was_cut || HasFailure()) {
      EXPECT_GT(n, 60) << "the scenario is too small to mean something";
      break;
    }
  }
  expect_nothing_half();
  std::printf("%lld rounds\n", static_cast<long long>(round));
}

TEST_F(CutSubmissions, at_commit_are_neither_lost_nor_doubled) {
  std::int64_t round = 0;
  for (const auto how : {WireProxy::Commit::kept, WireProxy::Commit::lost}) {
    auto database = open();
    results::StoreResultWriter writer(*database, ids_, clock_);
    proxy_.cut_at_commit(how);
    const Heard heard = submit_all(writer, ++round);
    EXPECT_TRUE(proxy_.has_cut());
    EXPECT_EQ(heard.ids.size(), heard.keys.size());
    expect_each_once(heard, round);
  }
  expect_nothing_half();
}

/// A database that answers writes from a list of errors, then well.
class MoodyDatabase final : public store::Database {
 public:
  MoodyDatabase(store::Database& inner, std::vector<Error> errors)
      : inner_(inner), errors_(std::move(errors)) {}
  store::Dialect dialect() const override { return inner_.dialect(); }
  Result<void> read(const std::function<Result<void>(store::Connection&)>& work) override {
    return inner_.read(work);
  }
  Result<void> write(const std::function<Result<void>(store::Connection&)>& work) override {
    if (writes < errors_.size()) return errors_[writes++];
    ++writes;
    return inner_.write(work);
  }
  Result<void> migrate(std::span<const store::Migration> migrations) override {
    return inner_.migrate(migrations);
  }
  std::size_t writes = 0;

 private:
  store::Database& inner_;
  const std::vector<Error> errors_;
};

TEST_F(CutSubmissions, of_a_group_are_not_tried_one_by_one_on_a_store_that_went_away) {
  auto database = open();
  // The group fails for one of its own; alone, the first is refused, and then the store goes.
  MoodyDatabase moody(*database,
                      {Error{Code::conflict, "one of them"}, Error{Code::conflict, "the first"},
                       Error{Code::outcome_unknown, "cut"}});
  results::StoreResultWriter writer(moody, ids_, clock_);
  std::vector<Submission> batch;
  for (int i = 0; i < 20; ++i) batch.push_back(submission(fmt::format("m-{}", i), i));
  const auto outcomes = writer.submit_many(batch);
  EXPECT_EQ(moody.writes, 3u);
  EXPECT_EQ(outcomes[0].error().code, Code::conflict);
  EXPECT_EQ(outcomes[1].error().code, Code::outcome_unknown);
  for (std::size_t i = 2; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i].error().code, Code::unavailable) << "nothing of it was stored";
  }
}

}  // namespace
}  // namespace bl::product
