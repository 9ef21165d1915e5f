#include <thread>

#include "bigquery/tests/door_world.h"

namespace bl::bigquery {
namespace {

const char* const k_two_columns =
    R"([{"name":"id","type":"INT64","mode":"REQUIRED"},{"name":"value","type":"STRING"}])";

struct TablesTest : testing::Test, DoorWorld {
  TablesTest() { make_dataset("d"); }

  void make_dataset(const std::string& name, const std::string& properties = "{}") {
    DatasetRecord wanted{.project = "p", .dataset = name};
    wanted.properties = json::parse(properties).value();
    EXPECT_TRUE(tables->create_dataset(wanted).ok());
  }
  static TableRecord wanted(const std::string& name, const char* schema = k_two_columns) {
    TableRecord out;
    out.name = {"p", "d", name};
    out.schema = schema_from(schema);
    return out;
  }
  TableHandle make(const std::string& name, const char* schema = k_two_columns) {
    auto made = tables->create(wanted(name, schema));
    if (!made.ok()) ADD_FAILURE() << made.error().message;
    return *made;
  }
  void append(const OpenTable& table, std::string_view ndjson) {
    const auto done = table.rows().append(batch_of(table.record().schema, ndjson));
    if (!done.ok()) ADD_FAILURE() << done.error().message;
  }
  Code code_of_find(const std::string& name) {
    const auto found = tables->find({"p", "d", name});
    EXPECT_FALSE(found.ok());
    return found.ok() ? Code::internal : found.error().code;
  }
  std::vector<std::string> names(const std::string& dataset = "d") {
    std::vector<std::string> out;
    const auto all = tables->tables("p", dataset);
    EXPECT_TRUE(all.ok());
    for (const TableRecord& one : *all) out.push_back(one.name.table);
    return out;
  }
};
using Names = std::vector<std::string>;

TEST_F(TablesTest, datasets_are_listed_by_name_with_the_lakes_own_among_them) {
  make_dataset("z");
  make_dataset("Z", R"({"description":"big"})");
  std::vector<std::string> found;
  const auto all = tables->datasets("p");
  for (const DatasetRecord& one : *all) found.push_back(one.dataset);
  EXPECT_EQ(found, (Names{"Z", "benchlake", "d", "z"}));
  EXPECT_EQ(json::to_text(tables->dataset("p", "Z")->properties), R"({"description":"big"})");
  EXPECT_EQ(tables->datasets("other")->size(), 1u);
  EXPECT_EQ(tables->dataset("other", "d").error().message, "Not found: Dataset other:d");
}

TEST_F(TablesTest, a_dataset_is_made_once_and_every_change_makes_its_version_grow) {
  const auto again = tables->create_dataset({.project = "p", .dataset = "d"});
  EXPECT_EQ(again.error().code, Code::conflict);
  EXPECT_EQ(again.error().message, "Already Exists: Dataset p:d");
  const DatasetRecord before = *tables->dataset("p", "d");
  clock.advance(std::chrono::seconds(1));
  const auto after = tables->change_dataset("p", "d", [](DatasetRecord& record) -> Result<void> {
    record.properties.set("friendlyName", json::Value::string("x"));
    return {};
  });
  ASSERT_OK(after);
  EXPECT_GT(after->version, before.version);
  EXPECT_EQ(after->created, before.created);
  EXPECT_GT(after->modified, before.modified);
  reopen();
  EXPECT_EQ(json::to_text(tables->dataset("p", "d")->properties), R"({"friendlyName":"x"})");
  const auto refused = tables->change_dataset(
      "p", "d", [](DatasetRecord&) -> Result<void> { return Error{Code::invalid, "no"}; });
  EXPECT_EQ(refused.error().code, Code::invalid);
  EXPECT_EQ(tables->dataset("p", "d")->version, after->version);
}

TEST_F(TablesTest, names_that_cannot_be_are_refused_with_the_name) {
  for (const char* bad : {"", "a-b", "a.b", "a b", "ä"}) {
    EXPECT_EQ(tables->create_dataset({.project = "p", .dataset = bad}).error().code, Code::invalid)
        << bad;
  }
  EXPECT_EQ(tables->create_dataset({.project = "a/b", .dataset = "x"}).error().message,
            "Invalid project ID \"a/b\".");
  EXPECT_EQ(tables->create(wanted("t$20240101")).error().message,
            "Invalid table ID \"t$20240101\".");
  make("ä b-1");
  EXPECT_EQ(names(), Names{"ä b-1"});
}

TEST_F(TablesTest, a_table_is_found_with_its_rows_also_after_a_restart) {
  const TableRecord made = make("t")->record();
  append(**tables->find({"p", "d", "t"}), R"({"id":1,"value":"a"})");
  EXPECT_EQ(tables->find({"p", "d", "t"}).value()->snapshot().rows(), 1);
  reopen();
  const auto found = tables->find({"p", "d", "t"});
  ASSERT_OK(found);
  EXPECT_EQ((*found)->record().schema, made.schema);
  EXPECT_EQ((*found)->record().id, made.id);
  EXPECT_EQ((*found)->snapshot().rows(), 1);
  EXPECT_EQ(tables->create(wanted("t")).error().message, "Already Exists: Table p:d.t");
  EXPECT_EQ(tables->find({"p", "d", "T"}).error().message, "Not found: Table p:d.T");
  EXPECT_EQ(tables->find({"p", "e", "t"}).error().message, "Not found: Dataset p:e");
  EXPECT_EQ(tables
                ->create([] {
                  TableRecord lost = wanted("t");
                  lost.name.dataset = "e";
                  return lost;
                }())
                .error()
                .code,
            Code::not_found);
  EXPECT_EQ(in_lake().size(), 1u);
}

TEST_F(TablesTest, every_type_goes_through_the_lake_and_back) {
  TableHandle all = make("all", R"([{"name":"s","type":"STRING"},{"name":"y","type":"BYTES"},
      {"name":"i","type":"INT64","mode":"REQUIRED"},{"name":"f","type":"FLOAT64"},
      {"name":"b","type":"BOOL"},{"name":"n","type":"NUMERIC","precision":5},
      {"name":"big","type":"BIGNUMERIC"},{"name":"ts","type":"TIMESTAMP"},
      {"name":"dt","type":"DATETIME"},{"name":"d","type":"DATE"},{"name":"t","type":"TIME"},
      {"name":"iv","type":"INTERVAL"},{"name":"j","type":"JSON"},
      {"name":"r","type":"RANGE","rangeElementType":{"type":"TIMESTAMP"}},
      {"name":"rec","type":"RECORD","mode":"REPEATED","fields":[
        {"name":"x","type":"DATE","mode":"REQUIRED"},
        {"name":"l","type":"STRING","mode":"REPEATED"}]}])");
  append(*all, R"({"i":1,"n":"12.5","iv":"1-2 3 4:5:6","rec":[{"x":"2024-01-02","l":["a"]}]})");
  append(*all, R"({"i":2})");
  ASSERT_OK(all->rows().flush());
  EXPECT_EQ(all->snapshot().rows(), 2);
  const TableSchema schema = all->record().schema;
  all.reset();
  reopen();
  EXPECT_EQ(tables->find({"p", "d", "all"}).value()->record().schema, schema);
}

TEST_F(TablesTest, a_dropped_table_is_gone_but_who_holds_it_reads_on) {
  const TableHandle held = make("t");
  append(*held, R"({"id":1})");
  ASSERT_OK(held->rows().flush());
  append(*held, R"({"id":2})");
  ASSERT_OK(tables->drop({"p", "d", "t"}));
  EXPECT_EQ(code_of_find("t"), Code::not_found);
  EXPECT_EQ(tables->drop({"p", "d", "t"}).error().code, Code::not_found);
  EXPECT_EQ(held->snapshot().rows(), 2);
  ASSERT_OK(lake->expire(clock.now()));
  EXPECT_EQ(held->snapshot().rows(), 2);
  EXPECT_EQ(held->rows().append(batch_of(held->record().schema, R"({"id":3})")).error().code,
            Code::not_found);
  EXPECT_EQ(in_lake(), Names{});
  EXPECT_NE(make("t")->record().id, held->record().id);
}

TEST_F(TablesTest, a_dataset_with_tables_is_dropped_only_with_them) {
  make("a");
  TableRecord view = wanted("v");
  view.kind = TableKind::view;
  view.view_query = "SELECT 1 AS id";
  ASSERT_OK(tables->create(view));
  EXPECT_EQ(tables->drop_dataset("p", "d", false).error().code, Code::conflict);
  EXPECT_EQ(names(), (Names{"a", "v"}));
  ASSERT_OK(tables->drop_dataset("p", "d", true));
  EXPECT_EQ(tables->find({"p", "d", "a"}).error().message, "Not found: Dataset p:d");
  EXPECT_EQ(tables->drop_dataset("p", "d", true).error().code, Code::not_found);
  EXPECT_EQ(in_lake(), Names{});
  reopen();
  EXPECT_EQ(tables->datasets("p")->size(), 1u);
}

TEST_F(TablesTest, a_view_has_a_query_and_no_rows) {
  TableRecord view = wanted("v");
  view.kind = TableKind::view;
  view.view_query = "SELECT 1 AS id, 'ä' AS value";
  ASSERT_OK(tables->create(view));
  reopen();
  const auto found = tables->find({"p", "d", "v"});
  ASSERT_OK(found);
  EXPECT_EQ((*found)->record().kind, TableKind::view);
  EXPECT_EQ((*found)->record().view_query, view.view_query);
  EXPECT_TRUE((*found)->is_read_only());
  EXPECT_EQ(in_lake(), Names{});
}

TEST_F(TablesTest, columns_are_added_behind_the_others_and_old_rows_have_null_there) {
  TableHandle before = make("t");
  append(*before, R"({"id":1,"value":"a"})");
  auto after = tables->change({"p", "d", "t"}, [](TableRecord& record) -> Result<void> {
    record.schema = schema_from(R"([{"name":"ID","type":"INT64"},
            {"name":"value","type":"STRING","description":"text"},
            {"name":"more","type":"STRING","mode":"REPEATED"},{"name":"n","type":"NUMERIC"}])");
    return {};
  });
  ASSERT_OK(after);
  EXPECT_EQ((*after)->record().schema.fields[0].name, "id") << "columns keep their names";
  EXPECT_EQ((*after)->record().schema.fields[0].mode, FieldMode::nullable);
  EXPECT_EQ(before->rows().append(batch_of(before->record().schema, R"({"id":2})")).error().code,
            Code::invalid);
  append(**after, R"({"more":["x","y"],"n":1})");
  const TableSchema schema = (*after)->record().schema;
  before.reset();
  after->reset();
  reopen();
  const auto found = tables->find({"p", "d", "t"});
  ASSERT_OK(found);
  EXPECT_EQ((*found)->record().schema, schema);
  EXPECT_EQ((*found)->snapshot().rows(), 2);
}

TEST_F(TablesTest, changes_of_a_schema_that_rows_could_not_follow_are_refused_with_the_column) {
  make("t", R"([{"name":"a","type":"STRING","maxLength":"9"},{"name":"b","type":"RECORD",
      "fields":[{"name":"x","type":"INT64"}]},
      {"name":"c","type":"NUMERIC","precision":"5","scale":"2"}])");
  const auto change = [&](const char* a, const char* b, const char* more) {
    const auto changed = tables->change({"p", "d", "t"}, [&](TableRecord& record) -> Result<void> {
      record.schema = schema_from(std::string("[") + a + "," + b +
                                  R"(,{"name":"c","type":"NUMERIC")" + more + "]");
      return {};
    });
    return changed.ok() ? "" : changed.error().message;
  };
  const char* a = R"({"name":"a","type":"STRING","maxLength":"9"})";
  const char* b = R"({"name":"b","type":"RECORD","fields":[{"name":"x","type":"INT64"}]})";
  const char* end = R"(,"precision":"5","scale":"2"})";
  const std::string start = "Provided Schema does not match Table p:d.t. ";
  EXPECT_EQ(change(R"({"name":"a","type":"INT64"})", b, end),
            start + "Field a has changed type from STRING to INTEGER");
  EXPECT_EQ(change(R"({"name":"a","type":"STRING","mode":"REQUIRED"})", b, end),
            start + "Field a has changed mode from NULLABLE to REQUIRED");
  EXPECT_EQ(change(R"({"name":"z","type":"STRING"})", b, end),
            start + "Field a is missing in new schema");
  EXPECT_EQ(change(R"({"name":"a","type":"STRING","maxLength":"8"})", b, end),
            start + "Field a would take fewer values than before");
  EXPECT_EQ(change(a, b, R"(,"precision":"6","scale":"4"})"),
            start + "Field c would take fewer values than before");
  EXPECT_EQ(change(a,
                   R"({"name":"b","type":"RECORD","fields":[{"name":"x","type":"INT64"},
                      {"name":"y","type":"INT64"}]})",
                   end),
            "not supported: a new column within the record b: y");
  EXPECT_EQ(
      change(a, b, R"(,"precision":"5","scale":"2"},{"name":"d","type":"DATE","mode":"REQUIRED"})"),
      start + "Cannot add required fields to an existing schema. (field: d)");
  EXPECT_EQ(tables->find({"p", "d", "t"}).value()->record().version, 1);
  EXPECT_EQ(change(R"({"name":"a","type":"STRING"})", b, R"(,"precision":"7","scale":"4"})"), "");
}

TEST_F(TablesTest, changes_by_many_are_all_kept) {
  make("t");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const auto done = tables->change({"p", "d", "t"}, [&](TableRecord& record) -> Result<void> {
        record.properties.set("by" + std::to_string(i), json::Value::boolean(true));
        return {};
      });
      EXPECT_TRUE(done.ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  const TableRecord after = tables->find({"p", "d", "t"}).value()->record();
  EXPECT_EQ(after.properties.members().size(), 4u);
  EXPECT_EQ(after.version, 5);
}

TEST_F(TablesTest, of_many_who_create_one_table_one_does) {
  std::atomic<int> made = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto done = tables->create(wanted("t"));
      if (done.ok()) {
        ++made;
      } else {
        EXPECT_EQ(done.error().code, Code::conflict);
        ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(in_lake().size(), 1u);
}

TEST_F(TablesTest, tables_whose_time_is_over_are_not_there) {
  make_dataset("short", R"({"defaultTableExpirationMs":"3600000"})");
  TableRecord later = wanted("later");
  later.name.dataset = "short";
  ASSERT_OK(tables->create(later));
  TableRecord soon = wanted("soon");
  soon.expires = clock.now() + std::chrono::minutes(1);
  ASSERT_OK(tables->create(soon));
  TableRecord never = wanted("never");
  ASSERT_OK(tables->create(never));
  ASSERT_OK(tables->find({"p", "d", "soon"}));
  clock.advance(std::chrono::minutes(2));
  EXPECT_EQ(code_of_find("soon"), Code::not_found);
  EXPECT_EQ(in_lake().size(), 2u);
  ASSERT_OK(tables->find({"p", "short", "later"}));
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(names("short"), Names{});
  EXPECT_EQ(names(), Names{"never"});
  EXPECT_EQ(in_lake().size(), 1u);
}

TEST_F(TablesTest, a_name_is_free_when_the_time_of_its_table_is_over) {
  TableRecord soon = wanted("t");
  soon.expires = clock.now() + std::chrono::minutes(1);
  ASSERT_OK(tables->create(soon));
  clock.advance(std::chrono::minutes(2));
  EXPECT_FALSE(make("t")->record().expires);
  EXPECT_EQ(in_lake().size(), 1u);
  soon.name.table = "u";
  soon.expires = clock.now() + std::chrono::minutes(1);
  ASSERT_OK(tables->create(soon));
  clock.advance(std::chrono::minutes(2));
  EXPECT_EQ(tables->drop({"p", "d", "u"}).error().code, Code::not_found);
  ASSERT_OK(tables->drop({"p", "d", "t"}));
  ASSERT_OK(tables->drop_dataset("p", "d", false));
}

TEST_F(TablesTest, a_staged_table_gets_its_name_with_its_rows_or_leaves_nothing) {
  const TableSchema schema = schema_from(k_two_columns);
  {
    auto lost = tables->stage(schema);
    ASSERT_OK(lost);
    ASSERT_OK((*lost)->rows().append(batch_of(schema, R"({"id":1})")));
    EXPECT_EQ(in_lake().size(), 1u);
  }
  EXPECT_EQ(in_lake(), Names{});

  auto staged = tables->stage(schema);
  ASSERT_OK(staged);
  ASSERT_OK((*staged)->rows().append(batch_of(schema, R"({"id":1})")));
  EXPECT_EQ(names(), Names{});
  auto made = tables->publish(*std::move(staged), wanted("t"), Publish::as_new);
  ASSERT_OK(made);
  EXPECT_EQ((*made)->snapshot().rows(), 1);
  made->reset();
  reopen();
  EXPECT_EQ(tables->find({"p", "d", "t"}).value()->snapshot().rows(), 1);
}

TEST_F(TablesTest, a_published_table_takes_a_name_only_when_it_may) {
  const TableHandle old = make("t");
  append(*old, "{\"id\":1}\n{\"id\":2}");
  const TableSchema schema = schema_from(k_two_columns);
  auto staged = tables->stage(schema);
  ASSERT_OK(staged);
  EXPECT_EQ(tables->publish(*std::move(staged), wanted("t"), Publish::as_new).error().code,
            Code::conflict);
  EXPECT_EQ(in_lake().size(), 1u);

  staged = tables->stage(schema);
  ASSERT_OK(staged);
  ASSERT_OK((*staged)->rows().append(batch_of(schema, R"({"id":3})")));
  ASSERT_OK(tables->publish(*std::move(staged), wanted("t"), Publish::or_replace));
  EXPECT_EQ(tables->find({"p", "d", "t"}).value()->snapshot().rows(), 1);
  EXPECT_EQ(old->snapshot().rows(), 2);
  EXPECT_EQ(in_lake().size(), 1u);

  staged = tables->stage(schema);
  ASSERT_OK(staged);
  EXPECT_EQ(tables
                ->publish(*std::move(staged), wanted("t", R"([{"name":"x","type":"DATE"}])"),
                          Publish::or_replace)
                .error()
                .code,
            Code::invalid);
}

TEST_F(TablesTest, the_lakes_own_tables_are_read_only) {
  const auto schema =
      columns::Schema::make({{"no", columns::Kind::int32, false}, {"name", columns::Kind::text}});
  ASSERT_OK(lake->create_table("results", *schema, {}));
  make("t");
  EXPECT_EQ(names("benchlake"), Names{"results"});
  const auto found = tables->find({"p", "benchlake", "results"});
  ASSERT_OK(found);
  EXPECT_TRUE((*found)->is_read_only());
  EXPECT_LT((*found)->record().id, 0);
  EXPECT_EQ(json::to_text(schema_to_json((*found)->record().schema)),
            R"({"fields":[{"name":"no","type":"INTEGER","mode":"REQUIRED"},)"
            R"({"name":"name","type":"STRING","mode":"NULLABLE"}]})");
  EXPECT_EQ((*found)->snapshot().rows(), 0);
  EXPECT_EQ(tables->find({"p", "benchlake", "bq_1"}).error().code, Code::not_found);
  EXPECT_EQ(tables->drop({"p", "benchlake", "results"}).error().code, Code::forbidden);
  EXPECT_EQ(tables->drop_dataset("p", "benchlake", true).error().code, Code::forbidden);
  TableRecord intruder = wanted("x");
  intruder.name.dataset = "benchlake";
  EXPECT_EQ(tables->create(intruder).error().code, Code::forbidden);
  EXPECT_EQ(tables->create_dataset({.project = "p", .dataset = "benchlake"}).error().code,
            Code::conflict);
}

// What a crash leaves -------------------------------------------------------------------------

TEST_F(TablesTest, a_table_of_the_lake_that_got_no_name_is_dropped_by_the_next_start) {
  const std::int64_t id = make("t")->record().id + 1;  // one that this store gave out
  ASSERT_OK(
      lake->create_table(lake_name(id), lake_schema_of(schema_from(k_two_columns)).value(), {}));
  reopen();
  EXPECT_EQ(in_lake(), Names{lake_name(id - 1)});
}

TEST_F(TablesTest, a_table_of_the_lake_that_lost_its_name_is_dropped_by_the_next_start) {
  make("t");
  run_sql("delete from @bq_tables");
  reopen();
  EXPECT_EQ(in_lake(), Names{});
  EXPECT_EQ(names(), Names{});
}

TEST_F(TablesTest, ids_are_never_used_twice) {
  const std::int64_t first = make("t")->record().id;
  ASSERT_OK(tables->drop({"p", "d", "t"}));
  reopen();
  EXPECT_GT(make("t")->record().id, first);
}

TEST_F(TablesTest, a_lake_of_another_store_keeps_its_tables) {
  make("t");
  const auto columns = lake_schema_of(schema_from(k_two_columns)).value();
  ASSERT_OK(lake->create_table("bq_70", columns, {}));
  reopen();
  EXPECT_EQ(in_lake(), (Names{"bq_1", "bq_70"})) << "the store never gave 70 out";
  for (int i = 0; i < 3; ++i) make("u" + std::to_string(i));
  EXPECT_EQ(in_lake(), (Names{"bq_1", "bq_65", "bq_66", "bq_67", "bq_70"}));
}

TEST_F(TablesTest, a_column_that_only_the_row_has_is_added_when_the_table_is_found) {
  make("t");
  run_sql(R"(update @bq_tables set schema = '{"fields":[)"
          R"({"name":"id","type":"INTEGER","mode":"REQUIRED"},)"
          R"({"name":"value","type":"STRING"},{"name":"more","type":"DATE"}]}')");
  reopen();
  const auto found = tables->find({"p", "d", "t"});
  ASSERT_OK(found);
  append(**found, R"({"id":1,"more":"2024-01-02"})");
  EXPECT_EQ((*found)->rows().schema().columns(), 3);
}

TEST_F(TablesTest, rows_that_are_lost_are_said_to_be_and_their_name_can_be_dropped) {
  make("t");
  ASSERT_OK(lake->drop_table("bq_1"));
  reopen();
  const auto found = tables->find({"p", "d", "t"});
  EXPECT_EQ(found.error().code, Code::corrupt);
  EXPECT_EQ(found.error().message, "the rows of p:d.t are not in the lake: bq_1");
  ASSERT_OK(tables->drop({"p", "d", "t"}));
  EXPECT_EQ(code_of_find("t"), Code::not_found);
}

}  // namespace
}  // namespace bl::bigquery
