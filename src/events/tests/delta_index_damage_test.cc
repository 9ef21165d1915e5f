// The index' files are damaged under a log that is asked and appended to: it is built anew, nobody
// is told an error, and every event that was acknowledged is there once.
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "events/testing/questions.h"
#include "events/tests/delta_log_world.h"

namespace bl::events {
namespace {

using namespace testing;

constexpr int k_there = 3'000;  // events that the index' files have

struct Damage {
  const char* name;
  const char* file;  ///< how its name ends
  /// Changes bytes; the length stays, because a page that is gone ends the process.
  std::function<void(std::string&)> change;
  bool is_built_anew;
  bool is_seen_at_once;  ///< no answer in between lacks anything
};

void flip_every(std::string& bytes, std::size_t from, std::size_t to, std::size_t step) {
  for (std::size_t at = from; at < to; at += step) bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
}

class DamagedIndex : public ::testing::TestWithParam<Damage> {
 protected:
  std::unique_ptr<delta::DeltaEventLog> open() {
    LogUri uri = world.uri();
    uri.flush_every = std::chrono::milliseconds(5);
    uri.flush_events = 100;
    delta::DeltaLogLimits limits = world.limits();
    limits.check_index_every = std::chrono::seconds(0);
    auto log = delta::DeltaEventLog::open(uri, world.world(), *delta::place_of(uri, world.world()),
                                          limits);
    BL_CHECK(log.ok());
    return *std::move(log);
  }
  std::string damaged_file() const {
    for (const auto& entry : std::filesystem::directory_iterator(world.table() + "/_bel/index/0")) {
      if (entry.path().string().ends_with(GetParam().file)) return entry.path().string();
    }
    return {};
  }
  double built_anew() const { return world.metric("bl_events_delta_index_rebuilds_total"); }

  /// In place, as a disk does it: the log has the file mapped.
  void damage(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(in), {});
    GetParam().change(bytes);
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_GE(file, 0);
    ASSERT_EQ(::pwrite(file, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    ::close(file);
  }

  void ask(EventLog& log, std::mt19937& random) {
    const int n = static_cast<int>(random() % k_there);
    const BuildEvent wanted = event_no(0, n);
    const auto event = log.event(wanted.event_id);
    ASSERT_EQ(said_of(event), "ok");
    const auto of_build = log.build_request_events(wanted.build_request_id, {});
    ASSERT_EQ(said_of(of_build), "ok");
    const auto range = log.events_in_range(wanted.timestamp, wanted.timestamp, 10);
    ASSERT_EQ(said_of(range), "ok");
    ASSERT_EQ(said_of(log.partition_events("data/users/2", {})), "ok");
    ASSERT_EQ(said_of(log.list_build_requests({}, {})), "ok");
    ASSERT_EQ(said_of(log.active_builds_for_partition("data/users/3")), "ok");
    ASSERT_EQ(said_of(log.list(n, {}, 20)), "ok");
    if (!GetParam().is_seen_at_once) return;
    ASSERT_TRUE(event->has_value());
    ASSERT_EQ((*event)->event, wanted);
    ASSERT_EQ(of_build->events.size(), 100u);
    ASSERT_FALSE(range->events.empty());
  }

  DeltaWorld world;
};

TEST_P(DamagedIndex, IsBuiltAnewWhileReadersAskAndWritersAppend) {
  ASSERT_EQ(said_of(open()->append(events_of_writer(0, 0, k_there))), "ok");
  const std::string path = damaged_file();
  ASSERT_FALSE(path.empty());
  std::array<int, 3> acknowledged{};
  {
    const auto log = open();
    ASSERT_EQ(built_anew(), 0);
    std::atomic<bool> is_over = false;
    std::atomic<int> answered = 0;
    std::vector<std::thread> threads;
    for (unsigned reader = 0; reader < 3; ++reader) {
      threads.emplace_back([&, reader] {
        std::mt19937 random(reader);
        while (!is_over && !HasFatalFailure()) {
          ask(*log, random);
          ++answered;
        }
      });
    }
    for (int writer = 1; writer < 3; ++writer) {
      threads.emplace_back([&, writer] {
        int& count = acknowledged[static_cast<std::size_t>(writer)];
        while (!is_over) {
          ASSERT_EQ(said_of(log->append(events_of_writer(writer, count, 2))), "ok");
          count += 2;
          // Again, and with it one whose row may be damaged: nothing is added.
          const auto again =
              log->append(std::vector{event_no(writer, 0), event_no(0, count % 700)});
          ASSERT_EQ(said_of(again), "ok");
          ASSERT_TRUE(again->added == 0 || !GetParam().is_seen_at_once);
        }
      });
    }
    const auto wait_for = [&](const auto& done) {
      const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
      while (!done() && !HasFailure() && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      EXPECT_TRUE(done());
    };
    wait_for([&] { return answered > 5; });
    damage(path);
    if (GetParam().is_built_anew) wait_for([&] { return built_anew() >= 1; });
    wait_for([&, until = answered + 20] { return answered > until; });
    is_over = true;
    for (auto& thread : threads) thread.join();
    if (HasFailure()) return;
    EXPECT_EQ(built_anew(), GetParam().is_built_anew ? 1 : 0);
    EXPECT_EQ(log->event(uuid(0, 7))->value().event, event_no(0, 7));
  }
  // An index that is read from the table alone, and whatever the log has left.
  const auto left = open();
  LogUri other = world.uri(LogUri::Mode::read);
  const auto rule = *world.try_open(other);
  std::vector<BuildEvent> all = events_of_writer(0, 0, k_there);
  for (int writer = 1; writer < 3; ++writer) {
    const auto more = events_of_writer(writer, 0, acknowledged[static_cast<std::size_t>(writer)]);
    EXPECT_FALSE(more.empty());
    all.insert(all.end(), more.begin(), more.end());
  }
  EXPECT_THAT(ids_of(all_of(*left)), ::testing::UnorderedElementsAreArray(ids_of(all)));
  for (const Question& question : questions_about(all, 5))
    EXPECT_EQ(answer_of(*left, question), answer_of(*rule, question)) << text_of(question);
}

const std::vector<Damage>& damages() {
  static const std::vector<Damage> damages = {
      {"rows", ".rows", [](std::string& b) { flip_every(b, 0, b.size() / 4, 101); }, true, true},
      {"records", ".rows",
       [](std::string& b) { flip_every(b, b.size() - 40 * k_there, b.size(), 97); }, true, false},
      {"everything_of_rows", ".rows", [](std::string& b) { std::fill(b.begin(), b.end(), '\xff'); },
       true, false},
      {"a_byte_of_keys", ".keys", [](std::string& b) { b[b.size() / 2] ^= 0x10; }, true, false},
      {"keys", ".keys", [](std::string& b) { flip_every(b, 0, b.size(), 53); }, true, false},
      {"everything_of_keys", ".keys", [](std::string& b) { std::fill(b.begin(), b.end(), '\xff'); },
       true, false},
      {"zeros_for_keys", ".keys", [](std::string& b) { std::fill(b.begin(), b.end(), '\0'); }, true,
       false},
      {"manifest", "manifest", [](std::string& b) { flip_every(b, 0, b.size(), 7); }, false, true},
  };
  return damages;
}
INSTANTIATE_TEST_SUITE_P(, DamagedIndex, ::testing::ValuesIn(damages()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace bl::events
