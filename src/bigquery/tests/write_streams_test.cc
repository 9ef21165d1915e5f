// Each kind of stream keeps its promise: what offsets mean, when rows are seen, what is refused.
#include <gmock/gmock.h>

#include <thread>

#include "bigquery/tests/write_world.h"

namespace bl::bigquery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using write::StreamKind;

// google.rpc.Code and StorageErrorCode.
constexpr int k_invalid_argument = 3, k_not_found = 5, k_already_exists = 6,
              k_resource_exhausted = 8, k_failed_precondition = 9, k_out_of_range = 11;
constexpr int k_table_not_found = 1, k_already_committed = 2, k_stream_not_found = 3,
              k_invalid_type = 4, k_invalid_state = 5, k_finalized = 6, k_extra_fields = 7,
              k_offset_exists = 8, k_offset_beyond = 9;

Request request(const std::string& stream, std::optional<std::int64_t> offset, std::int64_t from,
                std::int64_t count) {
  return {.stream = stream, .offset = offset, .rows = row_messages(from, count)};
}

// The default stream -------------------------------------------------------------------------

TEST(DefaultStream, rows_are_seen_at_once_and_have_no_offsets) {
  WriteFixture world;
  const std::string stream = world.table() + "/streams/_default";
  Appending client(world);
  const auto told = client.send_all({request(stream, {}, 0, 3), request("", {}, 3, 2)});
  ASSERT_EQ(told.size(), 2u);
  EXPECT_TRUE(told[0].is_ok()) << told[0].message;
  EXPECT_EQ(told[0].offset, std::nullopt);
  EXPECT_EQ(told[0].stream, stream);
  EXPECT_TRUE(told[1].is_ok()) << told[1].message;
  EXPECT_EQ(world.rows(), ids(0, 5));
  EXPECT_EQ(world.lake_table().status().journal_next, 2u) << "what arrived together is one record";

  const Told refused = client.send(request(stream, 5, 5, 1));
  EXPECT_EQ(refused.status, k_invalid_argument);
  EXPECT_EQ(world.rows(), ids(0, 5));
  EXPECT_EQ(world.finalize(stream).error().code, Code::not_found);
}

TEST(DefaultStream, its_short_name_is_taken_too) {
  WriteFixture world;
  Appending client(world);
  EXPECT_TRUE(client.send(request(world.table() + "/_default", {}, 0, 1)).is_ok());
  EXPECT_EQ(world.rows(), ids(0, 1));
}

TEST(DefaultStream, a_connection_switches_tables_and_names_them_from_then_on) {
  WriteFixture world;
  const std::string one = world.table("one") + "/streams/_default";
  const std::string two = world.table("two") + "/streams/_default";
  Appending client(world);
  const auto told = client.send_all({request(one, {}, 0, 1), request(two, {}, 10, 1),
                                     request(one, {}, 1, 1), request("", {}, 2, 1)});
  ASSERT_EQ(told.size(), 4u);
  EXPECT_TRUE(told[0].is_ok() && told[1].is_ok() && told[2].is_ok());
  EXPECT_EQ(told[1].stream, two);
  EXPECT_EQ(told[3].status, k_invalid_argument) << "which one is meant?";
  EXPECT_EQ(world.rows("one"), ids(0, 2));
  EXPECT_EQ(world.rows("two"), ids(10, 1));

  Request without_schema = request(one, {}, 2, 1);
  without_schema.has_schema = false;
  EXPECT_TRUE(client.send(without_schema).is_ok()) << "it had one before";
  const std::string three = world.table("three") + "/streams/_default";
  without_schema.stream = three;
  EXPECT_EQ(client.send(without_schema).status, k_invalid_argument);
  EXPECT_EQ(client.error(), std::nullopt) << "the connection goes on";
}

// Committed streams --------------------------------------------------------------------------

TEST(CommittedStream, an_offset_is_taken_once_and_the_connection_stays_open) {
  WriteFixture world;
  const std::string stream = world.create(StreamKind::committed, world.table());
  Appending client(world);
  EXPECT_EQ(client.send(request(stream, 0, 0, 3)).offset, 0);
  EXPECT_EQ(client.send(request("", 3, 3, 2)).offset, 3);
  const Told again = client.send(request("", 3, 3, 2));
  EXPECT_EQ(again.status, k_already_exists);
  EXPECT_EQ(again.storage, k_offset_exists);
  const Told beyond = client.send(request("", 6, 6, 2));
  EXPECT_EQ(beyond.status, k_out_of_range);
  EXPECT_EQ(beyond.storage, k_offset_beyond);
  EXPECT_EQ(client.send(request("", {}, 5, 1)).offset, 5) << "without one: at the end";
  EXPECT_EQ(client.send(request("", -1, 5, 1)).status, k_invalid_argument);
  EXPECT_EQ(client.error(), std::nullopt);
  EXPECT_EQ(world.rows(), ids(0, 6));
}

TEST(CommittedStream, requests_that_arrive_together_are_one_record_and_answered_one_by_one) {
  WriteFixture world;
  const std::string stream = world.create(StreamKind::committed, world.table());
  Request bad = request("", 4, 4, 2);
  bad.rows[1] = std::string("\x08", 1);  // a tag without its number
  Appending client(world);
  const auto told =
      client.send_all({request(stream, 0, 0, 2), request("", 2, 2, 2), bad, request("", 1, 0, 1),
                       request("", 9, 9, 1), request("", 4, 4, 1), request("", {}, 5, 1)});
  ASSERT_EQ(told.size(), 7u);
  EXPECT_EQ(told[0].offset, 0);
  EXPECT_EQ(told[1].offset, 2);
  EXPECT_EQ(told[2].status, k_invalid_argument);
  EXPECT_THAT(told[2].bad_rows, ElementsAre(1));
  EXPECT_EQ(told[3].status, k_already_exists);
  EXPECT_EQ(told[4].status, k_out_of_range);
  EXPECT_EQ(told[5].offset, 4);
  EXPECT_EQ(told[6].offset, 5);
  EXPECT_EQ(world.rows(), ids(0, 6)) << "of the request with the bad row, nothing";
  EXPECT_EQ(world.lake_table().status().journal_next, 2u);
}

TEST(CommittedStream, of_a_thousand_clients_that_race_for_an_offset_one_gets_it) {
  WriteFixture world;
  const std::string stream = world.create(StreamKind::committed, world.table());
  constexpr int k_clients = 1'000;
  std::vector<Told> told(k_clients);
  std::atomic<bool> may_go = false;
  std::vector<std::thread> clients;
  for (int i = 0; i < k_clients; ++i) {
    clients.emplace_back([&, i] {
      Appending client(world);
      may_go.wait(false);
      told[static_cast<std::size_t>(i)] = client.send(request(stream, 0, 0, 10));
    });
  }
  may_go = true;
  may_go.notify_all();
  for (std::thread& client : clients) client.join();
  int taken = 0, there = 0;
  for (const Told& one : told) {
    taken += one.is_ok() ? 1 : 0;
    there += one.status == k_already_exists && one.storage == k_offset_exists ? 1 : 0;
  }
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(there, k_clients - 1);
  EXPECT_EQ(world.rows(), ids(0, 10));
}

TEST(CommittedStream, its_end_is_known_after_a_start_whatever_the_journal_let_go) {
  WriteFixture world;
  const std::string stream = world.create(StreamKind::committed, world.table());
  const auto append = [&](std::int64_t offset, std::int64_t count) {
    Appending client(world);
    return client.send(request(stream, offset, offset, count));
  };
  EXPECT_TRUE(append(0, 3).is_ok());
  world.reopen();
  EXPECT_EQ(append(0, 3).status, k_already_exists) << "its rows are in the journal only";
  EXPECT_EQ(append(3, 2).offset, 3);
  ASSERT_TRUE(world.lake_table().flush().ok());
  world.reopen();
  EXPECT_EQ(append(3, 2).status, k_already_exists) << "its rows are in files only";
  EXPECT_EQ(append(6, 1).status, k_out_of_range);
  EXPECT_EQ(append(5, 1).offset, 5);
  world.reopen();
  EXPECT_EQ(append(6, 1).offset, 6) << "in both";
  EXPECT_EQ(world.rows(), ids(0, 7));
  EXPECT_EQ(world.finalize(stream).value(), 7);
  world.reopen();
  EXPECT_EQ(append(7, 1).storage, k_finalized);
  EXPECT_EQ(world.finalize(stream).value(), 7) << "again is fine";
}

TEST(CommittedStream, a_connection_is_of_one_stream) {
  WriteFixture world;
  const std::string table = world.table();
  const std::string one = world.create(StreamKind::committed, table);
  const std::string two = world.create(StreamKind::committed, table);
  Appending client(world);
  const auto told =
      client.send_all({request(one, 0, 0, 1), request(two, 0, 1, 1),
                       request(table + "/_default", {}, 2, 1), request(one, 1, 3, 1)});
  ASSERT_EQ(told.size(), 4u);
  EXPECT_TRUE(told[0].is_ok());
  EXPECT_EQ(told[1].storage, k_invalid_type);
  EXPECT_EQ(told[2].storage, k_invalid_type);
  EXPECT_TRUE(told[3].is_ok());
}

// Pending streams ----------------------------------------------------------------------------

TEST(PendingStream, rows_are_seen_when_it_is_committed_and_no_sooner) {
  WriteFixture world;
  const std::string table = world.table();
  const std::string stream = world.create(StreamKind::pending, table);
  std::optional<Appending> client(world);
  EXPECT_EQ(client->send(request(stream, 0, 0, 3)).offset, 0);
  EXPECT_EQ(client->send(request("", {}, 3, 2)).offset, 3);
  EXPECT_EQ(client->send(request("", 3, 3, 2)).status, k_already_exists);
  EXPECT_THAT(world.rows(), IsEmpty());
  EXPECT_THAT(world.commit(table, {stream}), ElementsAre(k_invalid_state));
  EXPECT_EQ(world.finalize(stream).value(), 5);
  EXPECT_THAT(world.rows(), IsEmpty());
  const Told late = client->send(request("", 5, 5, 1));
  EXPECT_EQ(late.status, k_failed_precondition);
  EXPECT_EQ(late.storage, k_finalized);

  EXPECT_THAT(world.commit(table, {stream}), IsEmpty());
  EXPECT_EQ(world.rows(), ids(0, 5));
  EXPECT_THAT(world.commit(table, {stream}), ElementsAre(k_already_committed));
  client.reset();
  world.reopen();
  EXPECT_THAT(world.commit(table, {stream}), ElementsAre(k_already_committed));
  EXPECT_EQ(world.rows(), ids(0, 5));
}

TEST(PendingStream, a_commit_of_several_is_of_all_or_none) {
  WriteFixture world;
  const std::string table = world.table();
  const std::string one = world.create(StreamKind::pending, table);
  const std::string two = world.create(StreamKind::pending, table);
  const std::string empty = world.create(StreamKind::pending, table);
  const std::string other = world.create(StreamKind::committed, table);
  EXPECT_TRUE(Appending(world).send(request(one, 0, 0, 2)).is_ok());
  EXPECT_TRUE(Appending(world).send(request(two, 0, 2, 3)).is_ok());
  EXPECT_EQ(world.finalize(one).value(), 2);
  EXPECT_EQ(world.finalize(empty).value(), 0);
  EXPECT_THAT(world.commit(table, {one, two, other, table + "/streams/nobody"}),
              ElementsAre(k_stream_not_found));
  EXPECT_THAT(world.commit(table, {one, two, other}),
              testing::UnorderedElementsAre(k_invalid_state, k_invalid_type));
  EXPECT_THAT(world.rows(), IsEmpty());
  EXPECT_EQ(world.finalize(two).value(), 3);
  EXPECT_THAT(world.commit("projects/p/datasets/d", {one, empty, two, one}), IsEmpty());
  EXPECT_EQ(world.rows(), ids(0, 5));
  EXPECT_THAT(world.commit(table, {empty}), ElementsAre(k_already_committed));
}

TEST(PendingStream, rows_that_wait_are_there_after_a_start) {
  WriteFixture world;
  const std::string table = world.table();
  const std::string stream = world.create(StreamKind::pending, table);
  EXPECT_TRUE(Appending(world).send(request(stream, 0, 0, 3)).is_ok());
  world.reopen();
  EXPECT_EQ(Appending(world).send(request(stream, 0, 0, 3)).status, k_already_exists);
  EXPECT_EQ(Appending(world).send(request(stream, 3, 3, 1)).offset, 3);
  EXPECT_EQ(world.finalize(stream).value(), 4);
  world.reopen();
  EXPECT_THAT(world.commit(table, {stream}), IsEmpty());
  EXPECT_EQ(world.rows(), ids(0, 4));
}

// Buffered streams ---------------------------------------------------------------------------

TEST(BufferedStream, a_flush_shows_the_rows_up_to_the_offset_and_that_one_too) {
  WriteFixture world;
  const std::string stream = world.create(StreamKind::buffered, world.table());
  const Told empty = world.flush(stream, 0);
  EXPECT_EQ(empty.status, k_out_of_range);
  EXPECT_EQ(empty.storage, k_offset_beyond);
  EXPECT_THAT(empty.message, HasSubstr("Offset 0 is beyond the end of the stream Entity: "));
  std::optional<Appending> client(world);
  EXPECT_EQ(client->send(request(stream, 0, 0, 4)).offset, 0);
  EXPECT_EQ(client->send(request("", 4, 4, 4)).offset, 4);
  EXPECT_THAT(world.rows(), IsEmpty());
  EXPECT_EQ(world.flush(stream, 0).offset, 0);
  EXPECT_EQ(world.rows(), ids(0, 1));
  EXPECT_EQ(world.flush(stream, 5).offset, 5) << "in the middle of a request's rows";
  EXPECT_EQ(world.rows(), ids(0, 6));
  EXPECT_EQ(world.flush(stream, 2).offset, 2) << "they are seen already";
  EXPECT_EQ(world.rows(), ids(0, 6));
  EXPECT_EQ(world.flush(stream, 8).status, k_out_of_range);
  client.reset();
  world.reopen();
  EXPECT_EQ(world.rows(), ids(0, 6));
  EXPECT_EQ(world.flush(stream, 7).offset, 7);
  EXPECT_EQ(world.rows(), ids(0, 8));
  EXPECT_EQ(Appending(world).send(request(stream, 8, 8, 1)).offset, 8);
  EXPECT_EQ(world.finalize(stream).value(), 9);
  EXPECT_EQ(world.flush(stream, 8).offset, 8);
  EXPECT_EQ(world.rows(), ids(0, 9));
}

TEST(BufferedStream, a_flush_without_an_offset_is_one_of_offset_0) {
  WriteFixture world;
  const std::string stream = world.create(StreamKind::buffered, world.table());
  EXPECT_TRUE(Appending(world).send(request(stream, 0, 0, 4)).is_ok());
  EXPECT_EQ(world.flush(stream, {}).offset, 0);
  EXPECT_EQ(world.rows(), ids(0, 1));
}

TEST(BufferedStream, others_are_not_flushed) {
  WriteFixture world;
  const std::string table = world.table();
  EXPECT_EQ(world.flush(world.create(StreamKind::committed, table), 0).storage, k_invalid_type);
  EXPECT_EQ(world.flush(world.create(StreamKind::pending, table), 0).storage, k_invalid_type);
  EXPECT_EQ(world.flush(table + "/streams/_default", 0).status, k_not_found);
}

// Names and what streams say -----------------------------------------------------------------

TEST(WriteStreams, what_is_not_there_or_no_name_is_said_so) {
  WriteFixture world;
  const std::string table = world.table();
  Told told;
  EXPECT_FALSE(world.call("GetWriteStream", WriteTestWorld::named("nonsense"), &told).ok());
  EXPECT_EQ(told.status, k_invalid_argument);
  EXPECT_EQ(told.message, "Invalid stream name. Entity: nonsense");
  EXPECT_FALSE(
      world.call("GetWriteStream", WriteTestWorld::named(table + "/streams/0"), &told).ok());
  EXPECT_EQ(told.status, k_not_found);
  EXPECT_EQ(told.storage, k_stream_not_found);
  const std::string nowhere = "projects/p/datasets/d/tables/none/streams/_default";
  EXPECT_FALSE(world.call("GetWriteStream", WriteTestWorld::named(nowhere), &told).ok());
  EXPECT_EQ(told.storage, k_table_not_found);

  Appending without_name(world);
  EXPECT_THAT(without_name.send_all({request("", {}, 0, 1)}), IsEmpty());
  EXPECT_EQ(without_name.error()->code, Code::invalid) << "it ends";
  Appending to_nowhere(world);
  EXPECT_THAT(to_nowhere.send_all({request(nowhere, {}, 0, 1)}), IsEmpty());
  EXPECT_EQ(to_nowhere.error()->code, Code::not_found);
}

TEST(WriteStreams, a_stream_says_what_it_is) {
  WriteFixture world;
  const std::string table = world.table();
  const std::string stream = world.create(StreamKind::buffered, table);
  const auto numbers = [](std::string_view answer) {
    std::vector<std::uint32_t> out;
    for (const auto& field : fields_of(answer)) out.push_back(field.number);
    return out;
  };
  std::string request = WriteTestWorld::named(stream);
  EXPECT_THAT(numbers(world.call("GetWriteStream", request).value()), ElementsAre(1, 2, 3, 8));
  protobuf::put_int(request, 3, 2);  // FULL
  EXPECT_THAT(numbers(world.call("GetWriteStream", request).value()), ElementsAre(1, 2, 3, 5, 8));
  const std::string of_default =
      world.call("GetWriteStream", WriteTestWorld::named(table + "/streams/_default")).value();
  EXPECT_EQ(fields_of(of_default)[1].value, 1u) << "COMMITTED";
}

// Tables that change -------------------------------------------------------------------------

TEST(WriteStreams, a_client_is_told_of_columns_that_came_and_may_write_on_without_them) {
  WriteFixture world;
  const std::string stream = world.create(StreamKind::committed, world.table());
  const std::string waits = world.create(StreamKind::buffered, "projects/p/datasets/d/tables/t");
  EXPECT_TRUE(Appending(world).send(request(waits, 0, 100, 2)).is_ok());
  Appending client(world);
  EXPECT_THAT(client.send(request(stream, 0, 0, 1)).updated, IsEmpty());
  world.add_column("note");
  const auto told = client.send_all({request("", 1, 1, 1), request("", 2, 2, 1)});
  EXPECT_THAT(told[0].updated, ElementsAre("id", "name", "note"));
  EXPECT_THAT(told[1].updated, IsEmpty()) << "once";
  Request with_note = request("", 3, 3, 1);
  with_note.descriptor = message_proto("Row", {{.name = "id", .number = 1, .type = t_int64},
                                               {.name = "note", .number = 2, .type = t_string}});
  EXPECT_EQ(client.send(with_note).offset, 3);
  EXPECT_TRUE(world.flush(waits, 1).is_ok()) << "rows of before get nulls";
  EXPECT_EQ(world.rows().size(), 6u);

  with_note.descriptor = message_proto("Row", {{.name = "nobody", .number = 1, .type = t_int64}});
  const Told extra = client.send(with_note);
  EXPECT_EQ(extra.status, k_invalid_argument);
  EXPECT_EQ(extra.storage, k_extra_fields);
  EXPECT_THAT(extra.message, HasSubstr("nobody"));
}

TEST(WriteStreams, of_a_table_that_goes_nothing_is_taken_also_when_another_has_its_name) {
  WriteFixture world;
  const std::string table = world.table();
  const std::string stream = world.create(StreamKind::committed, table);
  Appending client(world), of_default(world);
  EXPECT_TRUE(client.send(request(stream, 0, 0, 1)).is_ok());
  EXPECT_TRUE(of_default.send(request(table + "/_default", {}, 1, 1)).is_ok());
  ASSERT_TRUE(world.tables->drop({"p", "d", "t"}).ok());
  const Told gone = client.send(request("", 1, 1, 1));
  EXPECT_EQ(gone.status, k_not_found);
  EXPECT_EQ(gone.storage, k_table_not_found);
  EXPECT_EQ(of_default.send(request("", {}, 1, 1)).storage, k_table_not_found);
  world.table();
  EXPECT_EQ(client.send(request("", 1, 1, 1)).status, k_not_found);
  EXPECT_TRUE(of_default.send(request("", {}, 7, 1)).is_ok()) << "the name is what counts";
  EXPECT_EQ(world.rows(), ids(7, 1));
  Told told;
  EXPECT_FALSE(world.finalize(stream, &told).ok());
  EXPECT_EQ(told.storage, k_stream_not_found);
}

// Limits -------------------------------------------------------------------------------------

TEST(WriteStreams, a_request_that_is_too_large_is_refused_and_the_next_one_taken) {
  WriteFixture world;
  const std::string stream = world.create(StreamKind::committed, world.table());
  Request large = request(stream, 0, 0, 1);
  large.rows.push_back(row_message(1, std::string(11u << 20, 'x')));
  Appending client(world);
  EXPECT_EQ(client.send(large).status, k_invalid_argument);
  EXPECT_EQ(client.send(request(stream, 0, 0, 1)).offset, 0);
}

TEST(WriteStreams, rows_that_wait_are_bounded_of_a_stream_and_in_all) {
  WriteFixture world;
  world.limits.stream_bytes_max = 20'000;
  world.limits.waiting_bytes_max = 30'000;
  world.open_streams();
  const std::string table = world.table();
  const auto fill = [&](const std::string& stream) {
    Appending client(world);
    Told told;
    std::int64_t rows = 0;
    for (; told.is_ok(); rows += 100) told = client.send(request(stream, {}, rows, 100));
    EXPECT_EQ(told.status, k_resource_exhausted);
    return rows - 100;
  };
  const std::string one = world.create(StreamKind::buffered, table);
  const std::string two = world.create(StreamKind::buffered, table);
  const std::int64_t first = fill(one), second = fill(two);
  EXPECT_GT(first, second);
  EXPECT_GT(second, 0);
  EXPECT_TRUE(world.flush(one, first - 1).is_ok());
  EXPECT_GT(fill(two), 0) << "there is room again";
  EXPECT_EQ(world.rows(), ids(0, first));
}

TEST(WriteStreams, one_that_nobody_uses_is_forgotten_with_its_rows) {
  ManualClock clock{Timestamp::from_seconds(1'700'000'000)};
  TemporaryFolder folder(TemporaryFolder::Place::memory, "write");
  WriteTestWorld world(folder.path());
  world.clock = &clock;
  world.reopen();
  const std::string table = world.table();
  const std::string old = world.create(StreamKind::pending, table);
  EXPECT_TRUE(Appending(world).send(request(old, 0, 0, 1)).is_ok());
  clock.advance(std::chrono::hours(48));
  const std::string used = world.create(StreamKind::pending, table);
  Appending client(world);
  EXPECT_TRUE(client.send(request(used, 0, 0, 1)).is_ok());
  clock.advance(std::chrono::hours(48));
  world.create(StreamKind::pending, table);
  EXPECT_EQ(Appending(world).send(request(old, 1, 0, 1)).status, -1) << "the call ends: not found";
  EXPECT_TRUE(client.send(request(used, 1, 0, 1)).is_ok());
}

// Values that are missing --------------------------------------------------------------------

TEST(WriteStreams, a_missing_value_is_null_or_its_default_as_the_client_says) {
  WriteFixture world;
  world.defaults = [](const TableField&) { return Result<json::Value>(json::parse("7").value()); };
  world.open_streams();
  const std::string stream =
      world.table("t", R"([{"name":"id","type":"INT64","defaultValueExpression":"3 + 4"},
                           {"name":"name","type":"STRING"}])") +
      "/_default";
  Request request{.stream = stream, .rows = {row_message(1).substr(2)}};
  Appending client(world);
  EXPECT_TRUE(client.send(request).is_ok());
  request.missing = {{"ID", 2}};
  EXPECT_TRUE(client.send(request).is_ok());
  request.missing.clear();
  request.missing_default = 2;
  EXPECT_TRUE(client.send(request).is_ok());
  request.missing_default = 0;
  EXPECT_TRUE(client.send(request).is_ok()) << "it stays";
  request.missing = {{"id", 1}};
  EXPECT_TRUE(client.send(request).is_ok());
  EXPECT_EQ(std::ranges::count(world.rows(), 7), 3);
  request.missing = {{"id", 0}};
  EXPECT_EQ(client.send(request).status, k_invalid_argument);
  request.missing = {{"nobody", 1}};
  EXPECT_EQ(client.send(request).status, k_invalid_argument);
}

}  // namespace
}  // namespace bl::bigquery
