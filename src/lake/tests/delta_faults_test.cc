// Stores that fail, lose answers and deliver late; writers that race. No commit is lost or doubled,
// and versions have no gaps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "lake/delta_log.h"
#include "lake/tests/delta_world.h"
#include "objects/testing/faulty_store.h"
#include "objects/testing/s3_server.h"

namespace bl::lake {
namespace {

using objects::testing::fault_at;
using objects::testing::FaultyStore;
using objects::testing::ObjectFault;
using namespace testing;

DeltaTable plain_table() {
  return {two_columns(), {}, "", {{"delta.checkpointInterval", "6"}}};
}

DeltaAppend numbered(int i) {
  DeltaAppend append = append_of(fmt::format("{}.p", i));
  append.transaction = DeltaTransaction{"writer", i};
  return append;
}

/// As a caller would: again, until it is in.
template <class Call>
void insist(const Call& call) {
  for (int i = 0; i < 20; ++i) {
    if (call().ok()) return;
  }
  const auto last = call();
  FAIL() << message_of(last);
}

/// Creates, appends, replaces, grows, makes checkpoints; each step as often as it fails.
void live(DeltaSetting& setting, objects::ObjectStore& store) {
  std::unique_ptr<DeltaLog> log;
  insist([&] {
    auto made = DeltaLog::create(setting.world(store), "t/", plain_table());
    if (made.ok()) log = std::move(made).value();
    return Result<void>(made.ok() ? Result<void>() : Result<void>(made.error()));
  });
  if (log == nullptr) return;
  for (int i = 1; i <= 5; ++i) insist([&] { return log->append(numbered(i)); });
  DeltaReplace replace;
  replace.remove = {"1.p", "2.p"};
  replace.add = {some_file("12.p")};
  replace.transaction = DeltaTransaction{"compact", 1};
  replace.read_version = 5;
  insist([&] { return log->replace(replace); });
  auto wider = two_columns().fields();
  wider.push_back({"more", columns::Kind::text});
  insist([&] { return log->evolve(columns::Schema::make(wider).value()); });
  insist([&] { return log->checkpoint(); });
  insist([&] { return log->append(numbered(6)); });
}

void expect_lived(DeltaSetting& setting) {
  const auto log = DeltaLog::open(setting.world(), "t/");
  ASSERT_TRUE(log.ok()) << message_of(log);
  EXPECT_THAT(paths_of(*(*log)->snapshot()),
              ::testing::ElementsAre("3.p", "4.p", "5.p", "12.p", "6.p"));
  EXPECT_EQ((*log)->snapshot()->version, 8) << "each commit once";
  EXPECT_EQ((*log)->snapshot()->metadata->schema.columns(), 3);
  for (int v = 0; v <= 8; ++v) EXPECT_TRUE(setting.memory.head(commit_key(v)).ok()) << v;
  EXPECT_FALSE(setting.memory.head(commit_key(9)).ok());
}

class AFaultAtAnyCall : public ::testing::TestWithParam<ObjectFault> {};

TEST_P(AFaultAtAnyCall, loses_nothing_and_doubles_nothing) {
  std::uint64_t calls = 1;
  for (std::uint64_t n = 1; n <= calls; ++n) {
    SCOPED_TRACE(n);
    DeltaSetting setting(n);
    FaultyStore store(setting.memory, *setting.disk, fault_at(n, GetParam()));
    live(setting, store);
    calls = std::max(calls, std::min<std::uint64_t>(store.calls(), 60));
    store.deliver_delayed();
    expect_lived(setting);
    if (HasFailure()) return;
  }
  EXPECT_GT(calls, 15u);
}

INSTANTIATE_TEST_SUITE_P(Faults, AFaultAtAnyCall,
                         ::testing::Values(ObjectFault::fails, ObjectFault::lost_done,
                                           ObjectFault::lost_undone, ObjectFault::lost_delayed));

TEST(ACommitInDoubt, that_stays_in_doubt_is_said_to_be_so) {
  DeltaSetting setting;
  FaultyStore store(setting.memory, *setting.disk, nullptr);
  const auto log = DeltaLog::create(setting.world(store), "t/", plain_table()).value();
  store.set_plan(objects::testing::fault_from(1, ObjectFault::lost_delayed));
  const auto lost = log->append(numbered(1));
  EXPECT_EQ(code_of(lost), "outcome_unknown");
  store.set_plan(nullptr);
  EXPECT_GT(store.deliver_delayed(), 0u) << "one of them arrives";
  const auto again = log->append(numbered(1)).value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(log->update().value()->files.size(), 1u);
  EXPECT_EQ(setting.metric("bl_lake_delta_commits_total", {{"outcome", "unknown"}}), 1);
}

TEST(ATornCommit, is_found_and_named) {
  DeltaSetting setting;
  FaultyStore store(setting.memory, *setting.disk, nullptr);
  const auto log = DeltaLog::create(setting.world(store), "t/", plain_table()).value();
  store.set_plan(fault_at(1, ObjectFault::torn));
  const auto torn = log->append(numbered(1));
  EXPECT_EQ(code_of(torn), "corrupt") << message_of(torn);
  EXPECT_EQ(code_of(DeltaLog::open(setting.world(), "t/")), "corrupt");
  EXPECT_EQ(log->snapshot()->version, 0) << "what was known is still readable";
  EXPECT_EQ(code_of(log->update()), "corrupt");
}

enum class Place { memory, local, s3 };

class RacingWriters : public ::testing::TestWithParam<Place> {
 protected:
  std::unique_ptr<objects::ObjectStore> open_store() {
    if (GetParam() == Place::local) return setting_.local(setting_.folder.at("lake"));
    using objects::testing::S3Server;
    if (uri_.empty()) {
      S3Server& server = S3Server::shared();
      uri_ = S3Server::uri(server.create_bucket(), "lake", server.port());
    }
    return objects::open_store(uri_, S3Server::any_credentials(),
                               {clock_, random_, *setting_.disk, setting_.metrics, pause_})
        .value();
  }
  DeltaWorld world(objects::ObjectStore& store) {
    DeltaWorld out{store,
                   *setting_.disk,
                   setting_.folder.at("scratch"),
                   setting_.engine,
                   clock_,
                   random_,
                   setting_.metrics,
                   setting_.log,
                   pause_};
    return out;
  }

  DeltaSetting setting_;
  SystemClock clock_;
  SystemRandom random_;
  objects::Wait pause_ = [](std::chrono::milliseconds pause) {
    std::this_thread::sleep_for(pause);
    return true;
  };
  std::string uri_;
};

TEST_P(RacingWriters, get_every_commit_in_once) {
  constexpr int k_writers = 4;
  const int each = GetParam() == Place::s3 ? 8 : 30;
  std::unique_ptr<objects::ObjectStore> shared;
  if (GetParam() != Place::memory) shared = open_store();
  objects::testing::MemoryStore memory(clock_, *setting_.disk);
  objects::ObjectStore& store = shared == nullptr ? memory : *shared;
  ASSERT_TRUE(setting_.disk->make_folder(setting_.folder.at("scratch")).ok());
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int writer = 0; writer < k_writers; ++writer) {
    threads.emplace_back([&, writer] {
      // Two objects of one process, and threads that share one: both races.
      auto log = DeltaLog::create(world(store), "t/", plain_table());
      if (!log.ok()) {
        ++failures;
        return;
      }
      const auto write = [&](int from) {
        for (int i = from; i < each; i += 2) {
          if (!(*log)->append(append_of(fmt::format("{}-{}.p", writer, i))).ok()) ++failures;
        }
      };
      std::thread odd(write, 1);
      write(0);
      odd.join();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  const auto log = DeltaLog::open(world(store), "t/").value();
  const auto paths = paths_of(*log->snapshot());
  EXPECT_EQ(paths.size(), static_cast<std::size_t>(k_writers * each));
  EXPECT_EQ(std::set<std::string>(paths.begin(), paths.end()).size(), paths.size());
  for (DeltaVersion v = 0; v <= log->snapshot()->version; ++v) {
    EXPECT_TRUE(store.head(commit_key(static_cast<int>(v))).ok()) << v;
  }
}

INSTANTIATE_TEST_SUITE_P(Places, RacingWriters,
                         ::testing::Values(Place::memory, Place::local, Place::s3));

TEST(WritersOfOneProcess, share_versions) {
  DeltaSetting setting;
  const auto log = DeltaLog::create(setting.world(), "t/", {two_columns(), {}, "", {}}).value();
  std::vector<std::thread> threads;
  for (int writer = 0; writer < 8; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < 50; ++i) {
        DeltaAppend append = append_of(fmt::format("{}-{}.p", writer, i));
        append.transaction = DeltaTransaction{fmt::format("writer {}", writer), i};
        EXPECT_FALSE(log->append(append).value().repeated);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(log->snapshot()->files.size(), 400u);
  EXPECT_LE(log->snapshot()->version, 400);
  EXPECT_EQ(log->snapshot()->transaction("writer 3"), 49);
  EXPECT_EQ(setting.metric("bl_lake_delta_commits_total", {{"outcome", "made"}}), 400);
}

TEST(Chance, finds_no_way_to_lose_a_commit) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    DeltaSetting setting(seed);
    FaultyStore store(setting.memory, *setting.disk,
                      objects::testing::faults_by_chance(seed, {150, false}));
    live(setting, store);
    store.deliver_delayed();
    expect_lived(setting);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace bl::lake
