// Random statements against a slow twin, with appends, flushes and compactions from other threads;
// and a process that is killed while it changes rows.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <random>
#include <thread>

#include "bigquery/tests/changes_session.h"

namespace bl::bigquery {
namespace {

constexpr const char* k_schema =
    R"([{"name":"id","type":"INT64","mode":"REQUIRED"},{"name":"g","type":"INT64"},
        {"name":"v","type":"STRING"}])";

/// The table as a list of rows, changed one after the other.
class Twin {
 public:
  struct Row {
    std::int64_t id = 0, g = 0;
    std::string v;
  };
  std::vector<Row> rows;

  template <class Which, class Change>
  Changed update(const Which& which, const Change& change) {
    Changed done;
    for (Row& row : rows) {
      if (!which(row)) continue;
      change(row);
      ++done.updated;
    }
    return done;
  }
  template <class Which>
  Changed remove(const Which& which) {
    return {.deleted = static_cast<std::int64_t>(std::erase_if(rows, which))};
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const Row& row : rows) out.push_back(fmt::format("{}|{}|{}", row.id, row.g, row.v));
    std::ranges::sort(out);
    return out;
  }
};

constexpr const char* k_lines =
    "SELECT CONCAT(CAST(id AS STRING), '|', CAST(g AS STRING), '|', v) FROM t WHERE g >= 0";

/// One statement and what it does to the twin. Rows of g < 0 belong to other threads.
class RandomStatements {
 public:
  explicit RandomStatements(std::uint64_t seed) : chance_(seed) {}
  std::uint64_t below(std::uint64_t count) { return chance_() % count; }

  std::string next(Twin& twin, Changed& expected) {
    switch (below(8)) {
      case 0:
      case 1:
        return insert_values(twin, expected);
      case 2:
        return insert_select(twin, expected);
      case 3:
      case 4:
        return update(twin, expected);
      case 5:
        return remove(twin, expected);
      case 6:
        return merge(twin, expected);
      default:
        return update_from(twin, expected);
    }
  }

 private:
  std::int64_t number(std::uint64_t count) { return static_cast<std::int64_t>(below(count)); }

  std::string insert_values(Twin& twin, Changed& expected) {
    std::string rows;
    for (std::uint64_t i = 1 + below(6); i > 0; --i) {
      Twin::Row row{next_id_++, number(10), "n"};
      rows += fmt::format("{}({}, {}, '{}')", rows.empty() ? "" : ", ", row.id, row.g, row.v);
      twin.rows.push_back(row);
      ++expected.inserted;
    }
    return "INSERT INTO t VALUES " + rows;
  }
  std::string insert_select(Twin& twin, Changed& expected) {
    const std::int64_t g = number(10), step = 1'000 * next_id_++;
    const std::vector<Twin::Row> before = twin.rows;
    for (Twin::Row row : before) {
      if (row.g != g || twin.rows.size() > 400) continue;
      row.id += step;
      twin.rows.push_back(row);
      ++expected.inserted;
    }
    if (expected.inserted == 0) return "INSERT INTO t SELECT id, g, v FROM t WHERE FALSE";
    if (before.size() + static_cast<std::size_t>(expected.inserted) > 400) {
      twin.rows = before;
      expected = {};
      return "INSERT INTO t SELECT id, g, v FROM t WHERE FALSE";
    }
    return fmt::format("INSERT INTO t SELECT id + {}, g, v FROM t WHERE g = {}", step, g);
  }
  std::string update(Twin& twin, Changed& expected) {
    const std::int64_t of = 1 + number(5), rest = number(5);
    expected = twin.update([&](const auto& row) { return row.id % of == rest; },
                           [](auto& row) {
                             row.g = (row.g + 1) % 10;
                             row.v += "u";
                           });
    return fmt::format(
        "UPDATE t SET g = MOD(g + 1, 10), v = CONCAT(v, 'u') WHERE g >= 0 AND MOD(id, {}) = {}", of,
        rest);
  }
  std::string remove(Twin& twin, Changed& expected) {
    const std::int64_t of = 2 + number(9), rest = number(4);
    expected = twin.remove([&](const auto& row) { return row.id % of == rest; });
    return fmt::format("DELETE FROM t WHERE g >= 0 AND MOD(id, {}) = {}", of, rest);
  }
  std::string update_from(Twin& twin, Changed& expected) {
    const std::int64_t g = number(10), to = number(10);
    expected =
        twin.update([&](const auto& row) { return row.g == g; }, [&](auto& row) { row.g = to; });
    return fmt::format(
        "UPDATE t SET g = s.new_g FROM (SELECT {} AS old_g, {} AS new_g) AS s "
        "WHERE t.g = s.old_g",
        g, to);
  }
  /// Keys that are there once or not at all.
  std::string merge(Twin& twin, Changed& expected) {
    std::string source;
    for (std::uint64_t i = 1 + below(4); i > 0; --i) {
      const bool is_new = twin.rows.empty() || below(2) == 0;
      const std::int64_t id = is_new ? next_id_++ : twin.rows[below(twin.rows.size())].id;
      const std::string key = fmt::format("({}, ", id);
      if (source.find(key) != std::string::npos) continue;
      const std::int64_t op = number(2);
      source +=
          fmt::format("{}{}{})", source.empty() ? "STRUCT<id INT64, op INT64>" : ", ", key, op);
      const auto is_it = [&](const Twin::Row& row) { return row.id == id; };
      if (is_new) {
        twin.rows.push_back({id, op, "m"});
        ++expected.inserted;
      } else if (op == 0) {
        expected.deleted += twin.remove(is_it).deleted;
      } else {
        expected.updated += twin.update(is_it, [](auto& row) { row.v = "merged"; }).updated;
      }
    }
    return fmt::format(
        "MERGE t USING (SELECT * FROM UNNEST([{}])) AS s ON t.id = s.id AND t.g >= 0 WHEN MATCHED "
        "AND s.op = 0 "
        "THEN "
        "DELETE WHEN MATCHED THEN UPDATE SET v = 'merged' WHEN NOT MATCHED THEN INSERT (id, g, v) "
        "VALUES (s.id, s.op, 'm')",
        source);
  }

  std::mt19937_64 chance_;
  std::int64_t next_id_ = 1;
};

/// Others, while statements run: rows of their own, flushes, compactions.
class OtherThreads {
 public:
  explicit OtherThreads(TableHandle table) : table_(std::move(table)) {
    threads_.emplace_back([this] { append(); });
    threads_.emplace_back([this] { maintain(); });
  }
  /// How many rows were acknowledged.
  std::int64_t stop() {
    stops_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    return appended_;
  }
  ~OtherThreads() { stop(); }

 private:
  void append() {
    while (!stops_) {
      const std::string row =
          fmt::format(R"({{"id":{},"g":-1,"v":"other"}})", 1'000'000 + appended_.load());
      EXPECT_TRUE(table_->rows().append(batch_of(table_->record().schema, row)).ok());
      ++appended_;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  void maintain() {
    while (!stops_) {
      EXPECT_TRUE(table_->rows().flush().ok());
      EXPECT_TRUE(table_->rows().compact().ok());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  const TableHandle table_;
  std::atomic<bool> stops_ = false;
  std::atomic<std::int64_t> appended_ = 0;
  std::vector<std::thread> threads_;
};

TEST(RandomChanges, do_what_a_list_of_rows_does) {
  std::uint64_t seed = std::random_device()();
  if (const char* wanted = std::getenv("BENCHLAKE_CHANGES_SEED")) seed = std::stoull(wanted);
  SCOPED_TRACE(fmt::format("BENCHLAKE_CHANGES_SEED={}", seed));
  DoorWorld world;
  RandomStatements random(seed);
  Twin twin;
  std::int64_t others = 0;
  TableHandle table = make_table(*world.tables, "t", k_schema);
  for (int life = 0; life < 2; ++life) {
    {
      ChangesSession session(*world.tables, *world.lake, world.metrics);
      OtherThreads working(table);
      for (int i = 0; i < 40 && !::testing::Test::HasFailure(); ++i) {
        Changed expected;
        const std::string text = random.next(twin, expected);
        const auto done = session.try_change(text);
        ASSERT_TRUE(done.ok()) << done.error().message << "\n" << text;
        EXPECT_EQ(*done, expected) << text;
        if (i % 5 != 0) continue;
        EXPECT_EQ(session.texts(k_lines), twin.lines()) << text;
      }
      others += working.stop();
      EXPECT_EQ(session.texts(k_lines), twin.lines());
      EXPECT_EQ(std::ssize(session.texts("SELECT v FROM t WHERE g < 0")), others);
    }
    table.reset();
    world.reopen();
    table = world.tables->find({"p", "d", "t"}).value();
  }
  ChangesSession session(*world.tables, *world.lake, world.metrics);
  EXPECT_EQ(session.texts(k_lines), twin.lines()) << "after a restart";
  EXPECT_EQ(session.change("TRUNCATE TABLE t"),
            fmt::format("I0 U0 D{}", std::ssize(twin.rows) + others));
}

// A process that is killed ----------------------------------------------------------------------

constexpr const char* k_child = "BENCHLAKE_CHANGES_CHILD";

TEST(KilledChanges, a_process_that_changes_rows_until_it_is_killed) {
  const char* told = std::getenv(k_child);
  if (told == nullptr) GTEST_SKIP() << "the next test starts it";
  DoorWorld world;
  const TableHandle table = make_table(*world.tables, "t", k_schema);
  ChangesSession session(*world.tables, *world.lake, world.metrics);
  for (int i = 0; i < 3; ++i) {
    const std::string row = fmt::format(R"({{"id":{},"g":0,"v":""}})", i);
    ASSERT_OK(table->rows().append(batch_of(table->record().schema, row)));
    ASSERT_OK(table->rows().flush());
  }
  std::ofstream out(told);
  out << world.place << std::endl;
  while (session.change("UPDATE t SET g = g + 1 WHERE TRUE") == "I0 U3 D0")
    out << "." << std::flush;
}

/// The child's folder, and how many statements it was told were done.
std::pair<std::string, std::int64_t> told_by(const std::string& path) {
  std::ifstream file(path);
  std::string folder, dots;
  std::getline(file, folder);
  std::getline(file, dots);
  return {folder, std::ssize(dots)};
}

TEST(KilledChanges, are_done_on_all_rows_or_on_none) {
  if (std::getenv("BL_TEST_STORE") != nullptr) GTEST_SKIP() << "a child has a store of its own";
  const TemporaryFolder place(TemporaryFolder::Place::memory, "killed");
  for (int round = 0; round < 3; ++round) {
    const std::string told = place.at("told" + std::to_string(round));
    const pid_t child = fork();
    if (child == 0) {
      ::setenv(k_child, told.c_str(), 1);
      if (std::freopen("/dev/null", "w", stdout) == nullptr) _exit(126);
      execl("/proc/self/exe", "changes", "--gtest_filter=KilledChanges.a_process_*",
            static_cast<char*>(nullptr));
      _exit(127);
    }
    for (int i = 0; i < 3'000 && told_by(told).second < 2 + round; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(37 * round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);

    const auto [folder, done] = told_by(told);
    ASSERT_GE(done, 2);
    DoorWorld world(folder);
    ChangesSession session(*world.tables, *world.lake, world.metrics);
    const auto seen = session.texts("SELECT CAST(g AS STRING) FROM t");
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_EQ(seen.front(), seen.back()) << "all rows or none";
    EXPECT_GE(std::stoll(seen.front()), done);
    EXPECT_LE(std::stoll(seen.front()), done + 1);
    std::filesystem::remove_all(folder);
  }
}

}  // namespace
}  // namespace bl::bigquery
