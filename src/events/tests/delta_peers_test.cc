// Other programs at an event log's table, and we at what they wrote: delta-rs (PyPI deltalake) and
// the Delta extension of DuckDB, which reads (its writer stumbles over lists within structs), chDB
// where it is installed. All must see the same events.
#include <algorithm>

#include "duck/parquet.h"
#include "events/columns.h"
#include "events/delta_admin.h"
#include "events/tests/delta_log_world.h"
#include "events/tests/delta_peers.h"
#include "lake/testing/chdb.h"

namespace bl::events {
namespace {

using namespace testing;
using ::testing::HasSubstr;

// One text an event, in words that all engines know.
constexpr const char* k_line =
    "event_id || '|' || cast(timestamp as varchar) || '|' || event_type || '|' || "
    "coalesce(partition_event['partition_ref'], '-') || '|' || "
    "coalesce(cast(job_event['status_code'] as varchar), '-') || '|' || "
    "coalesce(job_event['config'], '-')";
// The same in ClickHouse's words.
constexpr const char* k_line_of_clickhouse =
    "concat(event_id, '|', toString(timestamp), '|', event_type, '|', "
    "ifNull(partition_event.partition_ref, '-'), '|', "
    "ifNull(toString(job_event.status_code), '-'), '|', ifNull(job_event.config, '-'))";

struct Peers : DeltaWorld {
  /// What our own engine reads from the files.
  std::vector<std::string> ours(const std::string& condition = "true") {
    auto place = delta::place_of(uri(), world());
    const auto table = delta::EventTable::open(*std::move(place), folder.at("own"),
                                               delta::EventTable::Open::existing, {}, world(),
                                               [](std::chrono::milliseconds) { return true; })
                           .value();
    const auto snapshot = table->log().snapshot();
    const auto rows = table->rows_of(*snapshot, table->places(*snapshot).value().files).value();
    const auto connection = table->connect().value();
    const auto batch =
        connection
            ->query(fmt::format("SELECT {} FROM ({}) WHERE {}", k_line, rows.sql, condition),
                    rows.values)
            .value()
            .all()
            .value();
    std::vector<std::string> lines;
    const auto texts = batch.column(0).as<std::string_view>().value();
    for (std::int64_t i = 0; i < batch.rows(); ++i) lines.emplace_back(texts[i]);
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  std::vector<std::string> of_delta_rs(const std::string& condition = "true") {
    return seen_by_delta_rs(table(), k_line, condition);
  }
  std::vector<std::string> of_duckdb(const std::string& condition = "true") {
    return seen_by_duckdb(table(), k_line, condition);
  }
  void expect_chdb_sees(const std::string& python, std::size_t events) {
    EXPECT_EQ(ours().size(), events);
    for (const auto& [own, theirs] : std::vector<std::pair<std::string, std::string>>{
             {"true", "true"},
             {"timestamp >= 1790000000000050000", "timestamp >= 1790000000000050000"},
             {"event_type = 'job'", "event_type = 'job'"},
             {"partition_event['partition_ref'] = 'data/users/3'",
              "partition_event.partition_ref = 'data/users/3'"}}) {
      const std::string sql =
          fmt::format("SELECT {} FROM t WHERE {}", k_line_of_clickhouse, theirs);
      EXPECT_EQ(lines_of(run_peer(python, {"chdb", table(), sql})), ours(own)) << theirs;
    }
  }
  void expect_all_see(std::size_t events) {
    for (const std::string condition :
         {"true", "timestamp >= 1790000000000050000", "event_type = 'job'",
          "partition_event['partition_ref'] = 'data/users/3'"}) {
      const auto mine = ours(condition);
      if (condition == "true") {
        EXPECT_EQ(mine.size(), events);
      }
      EXPECT_EQ(of_delta_rs(condition), mine) << condition;
      EXPECT_EQ(of_duckdb(condition), mine) << condition;
    }
  }
  /// Events in a file of their own, for others to append.
  std::string file_of(const std::vector<BuildEvent>& events) {
    const std::string path = folder.at("more-" + events[0].event_id + ".parquet");
    const auto engine = duck::Database::open({}).value();
    const auto connection = engine->connect().value();
    const auto offered = connection->offer("events", event_schema(), {batch_of(events)}).value();
    const auto written =
        duck::write_parquet(*connection, *disk, "SELECT * FROM events", {}, path, {});
    EXPECT_EQ(said_of(written), "ok");
    return path;
  }
};

TEST(DeltaPeers, OthersReadWhatWeWroteAlsoBehindCheckpointsAndCompactions) {
  Peers peers;
  {
    const auto log = peers.open();
    for (int i = 0; i < 9; ++i) {
      ASSERT_EQ(said_of(log->append(events_of_writer(1, i * 20, 20))), "ok");
      ASSERT_EQ(said_of(log->publish()), "ok");
    }
  }
  peers.expect_all_see(180);
  ASSERT_EQ(said_of(optimize(peers.uri(), peers.world(), {})), "ok");
  peers.expect_all_see(180);
  ASSERT_EQ(said_of(migrate(peers.uri(), peers.world(), 2)), "ok");
  ASSERT_EQ(said_of(peers.open()->append(events_of_writer(2, 0, 20))), "ok");
  peers.expect_all_see(200);
}

TEST(DeltaPeers, ChdbReadsWhatWeWroteAlsoBehindCheckpointsAndCompactions) {
  const std::string python = lake::testing::chdb_python(source(""));
  BL_SKIP_WITHOUT_CHDB(python);
  Peers peers;
  {
    const auto log = peers.open();
    for (int i = 0; i < 5; ++i) {
      ASSERT_EQ(said_of(log->append(events_of_writer(1, i * 20, 20))), "ok");
      ASSERT_EQ(said_of(log->publish()), "ok");  // a flush of the journal
    }
  }
  peers.expect_chdb_sees(python, 100);
  ASSERT_EQ(said_of(checkpoint(peers.uri(), peers.world())), "ok");
  ASSERT_EQ(said_of(peers.open()->append(events_of_writer(2, 0, 20))), "ok");
  peers.expect_chdb_sees(python, 120);
  ASSERT_EQ(said_of(optimize(peers.uri(), peers.world(), {})), "ok");
  peers.expect_chdb_sees(python, 120);
  ASSERT_EQ(said_of(migrate(peers.uri(), peers.world(), 2)), "ok");
  ASSERT_EQ(said_of(peers.open()->append(events_of_writer(2, 20, 20))), "ok");
  peers.expect_chdb_sees(python, 140);
}

TEST(DeltaPeers, WeReadOnWhenOthersHaveAppendedAndCheckpointed) {
  Peers peers;
  const auto log = peers.open();
  ASSERT_EQ(said_of(log->append(events_of_writer(1, 0, 20))), "ok");
  ASSERT_EQ(said_of(log->publish()), "ok");
  peer({"append_file", peers.table(), peers.file_of(events_of_writer(7, 0, 30))});
  EXPECT_TRUE(log->event(uuid(7, 3))->has_value());
  ASSERT_EQ(said_of(log->append(events_of_writer(1, 20, 10))), "ok");
  auto wanted = events_of_writer(1, 0, 20);
  for (const auto& event : events_of_writer(7, 0, 30)) wanted.push_back(event);
  for (const auto& event : events_of_writer(1, 20, 10)) wanted.push_back(event);
  EXPECT_TRUE(all_of(*log) == wanted);
  peer({"checkpoint", peers.table()});
  peer({"append_file", peers.table(), peers.file_of(events_of_writer(8, 0, 5))});
  for (const auto& event : events_of_writer(8, 0, 5)) wanted.push_back(event);
  EXPECT_TRUE(all_of(*log) == wanted);
  EXPECT_EQ(peers.metric("bl_events_delta_index_rebuilds_total"), 0);
  const auto events = all_of(*peers.open(LogUri::Mode::read));
  EXPECT_THAT(ids_of(events), ::testing::UnorderedElementsAreArray(ids_of(wanted)));
  peers.expect_all_see(65);
}

TEST(DeltaPeers, AFileThatOthersRewroteIsReadAnew) {
  Peers peers;
  const auto log = peers.open();
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(said_of(log->append(events_of_writer(1, i * 20, 20))), "ok");
    ASSERT_EQ(said_of(log->publish()), "ok");
  }
  ASSERT_EQ(said_of(log->append(events_of_writer(2, 0, 5))), "ok");
  peer({"compact", peers.table()});
  const auto events = all_of(*log);
  EXPECT_EQ(events.size(), 105u);
  EXPECT_EQ(peers.metric("bl_events_delta_index_rebuilds_total"), 1);
  for (int n = 0; n < 100; ++n) EXPECT_TRUE(log->event(uuid(1, n))->has_value());
}

TEST(DeltaPeers, ATableThatOthersMadeIsOnlyReadUntilItIsMigrated) {
  Peers peers;
  peer({"append_file", peers.table(), peers.file_of(events_of_writer(7, 0, 30))});
  {
    const auto log = peers.open();
    EXPECT_TRUE(all_of(*log) == events_of_writer(7, 0, 30));
    EXPECT_THAT(said_of(log->append(events_of_writer(1, 0, 1))), HasSubstr("migrate"));
    EXPECT_EQ(log->status()->schema_version, 0);
  }
  const auto migrated = migrate(peers.uri(), peers.world(), 1);
  ASSERT_EQ(said_of(migrated), "ok");
  EXPECT_EQ(migrated->from, 0);
  const auto log = peers.open();
  ASSERT_EQ(said_of(log->append(events_of_writer(7, 30, 10))), "ok");
  EXPECT_TRUE(all_of(*log) == events_of_writer(7, 0, 40));
  peers.expect_all_see(40);
}

}  // namespace
}  // namespace bl::events
