#include "bigquery/rest_routes.h"

#include <thread>

#include "bigquery/answer_tables.h"
#include "bigquery/tests/door_world.h"
#include "engine/duck_engine.h"

namespace bl::bigquery {
namespace {

struct Answered {
  int status = 0;
  json::Value body;
  std::string text;
  /// Of an error.
  std::string reason() const {
    return body.find("error")->find("errors")->items()[0].find("reason")->as_string();
  }
  std::string message() const { return body.find("error")->find("message")->as_string(); }
  std::string at(std::string_view name) const {
    const json::Value* found = body.find(name);
    if (found == nullptr) return "(none)";
    return found->is_string() ? found->as_string() : json::to_text(*found);
  }
};

/// Routes over real parts, asked without a server.
struct Rest : testing::Test, DoorWorld {
  explicit Rest(const RestLimits& limits = {}) {
    reader = engine::open_duck_engine(lake->store(), metrics, {}).value();
    add_rest_routes(router,
                    {.parts = [this]() -> Result<RestPorts::Parts> {
                       return RestPorts::Parts{tables.get(), reader.get(), answers.get()};
                     },
                     .clock = clock,
                     .random = random},
                    {.limits = limits});
  }
  ~Rest() override { reader.reset(); }

  Answered ask(net::Method method, const std::string& target, std::string body = "",
               const std::string& if_match = "") {
    net::Request request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    request.raw_target = target;
    if (const std::size_t mark = target.find('?'); mark != std::string::npos) {
      std::string_view query = std::string_view(target).substr(mark + 1);
      while (!query.empty()) {
        const std::string_view one = query.substr(0, query.find('&'));
        const std::size_t equals = one.find('=');
        request.query.emplace_back(one.substr(0, equals), one.substr(equals + 1));
        query.remove_prefix(std::min(one.size() + 1, query.size()));
      }
    }
    request.headers.add("Host", "lake.example");
    if (!if_match.empty()) request.headers.add("If-Match", if_match);
    request.body = std::move(body);
    auto match = router.find(method, request.path);
    EXPECT_NE(match.route, nullptr) << target;
    request.captures = std::move(match.captures);
    net::Response response = match.route->handler(request);
    Answered out{response.status, {}, response.body};
    if (!response.body.empty()) out.body = json::parse(response.body).value();
    return out;
  }
  Answered get(const std::string& path) { return ask(net::Method::get, k_base + path); }
  Answered post(const std::string& path, std::string body) {
    return ask(net::Method::post, k_base + path, std::move(body));
  }
  Answered patch(const std::string& path, std::string body, const std::string& if_match = "") {
    return ask(net::Method::patch, k_base + path, std::move(body), if_match);
  }
  Answered put(const std::string& path, std::string body) {
    return ask(net::Method::put, k_base + path, std::move(body));
  }
  Answered remove(const std::string& path) { return ask(net::Method::del, k_base + path); }

  void make_dataset(const std::string& name = "d") {
    EXPECT_EQ(post("/datasets", R"({"datasetReference":{"datasetId":")" + name + R"("}})").status,
              200);
  }
  void make_table(const std::string& name, const std::string& fields) {
    const Answered made =
        post("/datasets/d/tables", R"({"tableReference":{"tableId":")" + name +
                                       R"("},"schema":{"fields":)" + fields + "}}");
    EXPECT_EQ(made.status, 200) << made.text;
  }
  Answered insert(const std::string& rows, const std::string& more = "") {
    return post("/datasets/d/tables/t/insertAll", R"({"rows":[)" + rows + "]" + more + "}");
  }
  std::string rows(const std::string& parameters = "") {
    const Answered page = get("/datasets/d/tables/t/data" + parameters);
    return page.status == 200 ? page.at("rows") : page.text;
  }
  std::string row_count() { return get("/datasets/d/tables/t/data?maxResults=0").at("totalRows"); }

  static inline const std::string k_base = "/bigquery/v2/projects/p";
  static inline const std::string k_two_columns =
      R"([{"name":"id","type":"INT64","mode":"REQUIRED"},{"name":"value","type":"STRING"}])";
  std::unique_ptr<engine::Engine> reader;
  IdSource ids{clock, random};
  std::unique_ptr<Results> answers =
      Results::open({*disk, clock, ids}, folder.at("answers"), {.batch_rows = 4}).value();
  net::Router router;
};

TEST_F(Rest, the_answer_of_a_query_is_read_as_a_table) {
  const TableSchema schema = schema_from(k_two_columns);
  auto writer = answers->begin(schema).value();
  for (int id = 0; id < 10; ++id) {
    ASSERT_OK(writer->add(batch_of(schema, R"({"id":)" + std::to_string(id) + "}")));
  }
  const TableName name = answer_table("p", writer->finish().value()->id());
  const std::string path = "/datasets/" + name.dataset + "/tables/" + name.table;
  const Answered table = get(path);
  EXPECT_EQ(table.at("numRows"), "10");
  EXPECT_EQ(table.at("id"), "p:_answers." + name.table);
  const auto ids_of = [&](const Answered& page) {
    std::string found;
    const json::Value* rows = page.body.find("rows");
    if (rows == nullptr) return found;
    for (const json::Value& row : rows->items()) {
      found += row.find("f")->items()[0].find("v")->as_string();
    }
    return found;
  };
  EXPECT_EQ(ids_of(get(path + "/data")), "0123456789");
  const Answered page = get(path + "/data?maxResults=6&selectedFields=id");
  EXPECT_EQ(ids_of(page), "012345");
  EXPECT_EQ(page.at("totalRows"), "10");
  const Answered rest = get(path + "/data?pageToken=" + page.at("pageToken"));
  EXPECT_EQ(ids_of(rest), "6789");
  EXPECT_EQ(rest.at("pageToken"), "(none)");
  EXPECT_EQ(ids_of(get(path + "/data?startIndex=8")), "89");
  EXPECT_EQ(ids_of(get(path + "/data?startIndex=10")), "");
  EXPECT_EQ(get(path + "/data?pageToken=nonsense").status, 400);
  EXPECT_EQ(get(path + "/data?selectedFields=nope").status, 400);
  const std::string gone = answer_table("p", std::string(32, '0')).table;
  EXPECT_EQ(get("/datasets/_answers/tables/" + gone + "/data").status, 404);
  EXPECT_EQ(get("/datasets/_answers/tables/" + gone).status, 404);
}

TEST_F(Rest, a_dataset_is_made_found_listed_and_removed) {
  const Answered made =
      post("/datasets", R"({"datasetReference":{"datasetId":"d"},"friendlyName":"x",
                            "defaultTableExpirationMs":3600000,"labels":{"a":"b"}})");
  EXPECT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.at("kind"), "bigquery#dataset");
  EXPECT_EQ(made.at("id"), "p:d");
  EXPECT_EQ(made.at("selfLink"), "http://lake.example/bigquery/v2/projects/p/datasets/d");
  EXPECT_EQ(made.at("defaultTableExpirationMs"), "3600000") << "an int64 is a text";
  EXPECT_EQ(made.at("creationTime"), "1722513600000");
  EXPECT_EQ(get("/datasets/d").text, made.text);
  EXPECT_EQ(ask(net::Method::get, "/projects/p/datasets/d").text, made.text) << "also bare";
  const json::Value list = get("/datasets").body;
  EXPECT_EQ(list.find("datasets")->items().size(), 2u);
  EXPECT_EQ(get("/datasets?filter=labels.a:b").body.find("datasets")->items().size(), 1u);
  EXPECT_EQ(get("/datasets?filter=labels.a:c").body.find("datasets")->items().size(), 0u);
  EXPECT_EQ(remove("/datasets/d").status, 204);
  const Answered gone = get("/datasets/d");
  EXPECT_EQ(gone.text,
            R"({"error":{"code":404,"message":"Not found: Dataset p:d","errors":[)"
            R"({"message":"Not found: Dataset p:d","domain":"global","reason":"notFound"}],)"
            R"("status":"NOT_FOUND"}})");
}

TEST_F(Rest, errors_have_the_reasons_that_clients_know) {
  make_dataset();
  const Answered again = post("/datasets", R"({"datasetReference":{"datasetId":"d"}})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.reason(), "duplicate");
  EXPECT_EQ(post("/datasets", "{").reason(), "parseError");
  EXPECT_EQ(post("/datasets", "[]").reason(), "invalid");
  EXPECT_EQ(post("/datasets", "{}").message(),
            "Required parameter is missing: datasetReference.datasetId");
  EXPECT_EQ(post("/datasets", R"({"datasetReference":{"datasetId":"a-b"}})").status, 400);
  make_table("t", k_two_columns);
  const Answered used = remove("/datasets/d");
  EXPECT_EQ(used.status, 400);
  EXPECT_EQ(used.reason(), "resourceInUse");
  EXPECT_EQ(remove("/datasets/benchlake").reason(), "accessDenied");
  EXPECT_EQ(post("/datasets/d/tables", R"({"tableReference":{"tableId":"g"},
      "schema":{"fields":[{"name":"a","type":"GEOGRAPHY"}]}})")
                .status,
            400)
      << "what is refused by name is the client's, and not asked again";
  EXPECT_EQ(remove("/datasets/d?deleteContents=true").status, 204);
}

TEST_F(Rest, patch_changes_what_it_names_and_put_all_of_it) {
  post("/datasets", R"({"datasetReference":{"datasetId":"d"},"friendlyName":"x",
                        "description":"y","labels":{"a":"1","b":"2"}})");
  const Answered patched =
      patch("/datasets/d", R"({"description":null,"labels":{"a":null,"c":"3"}})");
  EXPECT_EQ(patched.at("friendlyName"), "x");
  EXPECT_EQ(patched.at("description"), "(none)");
  EXPECT_EQ(patched.at("labels"), R"({"b":"2","c":"3"})");
  const Answered replaced = put("/datasets/d", R"({"description":"z"})");
  EXPECT_EQ(replaced.at("friendlyName"), "(none)");
  EXPECT_EQ(replaced.at("description"), "z");
  EXPECT_EQ(patch("/datasets/d", R"({"labels":{"a":7}})").reason(), "invalid");
}

TEST_F(Rest, a_change_of_what_another_changed_meanwhile_is_refused) {
  make_dataset();
  const std::string before = get("/datasets/d").at("etag");
  EXPECT_EQ(patch("/datasets/d", R"({"description":"mine"})", before).status, 200);
  const Answered late = patch("/datasets/d", R"({"description":"late"})", before);
  EXPECT_EQ(late.status, 412);
  EXPECT_EQ(late.reason(), "conditionNotMet");
  EXPECT_EQ(get("/datasets/d").at("description"), "mine");
  make_table("t", k_two_columns);
  const std::string tag = get("/datasets/d/tables/t").at("etag");
  EXPECT_EQ(patch("/datasets/d/tables/t", R"({"description":"a"})", tag).status, 200);
  EXPECT_EQ(patch("/datasets/d/tables/t", R"({"description":"b"})", tag).status, 412);
  EXPECT_EQ(patch("/datasets/d/tables/t", R"({"description":"b"})", "*").status, 200);
}

TEST_F(Rest, a_table_is_described_as_bigquery_does) {
  make_dataset();
  const Answered made = post("/datasets/d/tables", R"({"tableReference":{"projectId":"p",
      "datasetId":"d","tableId":"t"},"schema":{"fields":[{"name":"id","type":"INT64",
      "mode":"REQUIRED"},{"name":"f","type":"FLOAT64"},{"name":"r","type":"STRUCT",
      "fields":[{"name":"b","type":"BOOL"}]}]},"clustering":{"fields":["id"]},
      "expirationTime":"1722517200000"})");
  EXPECT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.at("id"), "p:d.t");
  EXPECT_EQ(made.at("schema"), R"({"fields":[{"name":"id","type":"INTEGER","mode":"REQUIRED"},)"
                               R"({"name":"f","type":"FLOAT"},{"name":"r","type":"RECORD",)"
                               R"("fields":[{"name":"b","type":"BOOLEAN"}]}]})");
  EXPECT_EQ(made.at("numRows"), "0");
  EXPECT_EQ(made.at("clustering"), R"({"fields":["id"]})");
  EXPECT_EQ(made.at("expirationTime"), "1722517200000");
  EXPECT_EQ(made.at("type"), "TABLE");
  const Answered list = get("/datasets/d/tables");
  EXPECT_EQ(list.at("totalItems"), "1");
  EXPECT_EQ(list.body.find("tables")->items()[0].find("type")->as_string(), "TABLE");
  EXPECT_EQ(patch("/datasets/d/tables/t", R"({"expirationTime":null})").at("expirationTime"),
            "(none)");
  EXPECT_EQ(post("/datasets/d/tables", R"({"tableReference":{"tableId":"e"},
      "externalDataConfiguration":{}})")
                .message(),
            "not supported: externalDataConfiguration");
  EXPECT_EQ(remove("/datasets/d/tables/t").status, 204);
  EXPECT_EQ(get("/datasets/d/tables/t").reason(), "notFound");
}

TEST_F(Rest, a_column_is_added_and_one_that_changes_its_type_is_refused) {
  make_dataset();
  make_table("t", k_two_columns);
  insert(R"({"json":{"id":1}})");
  EXPECT_EQ(
      patch("/datasets/d/tables/t", R"({"schema":{"fields":[{"name":"id","type":"STRING"}]}})")
          .reason(),
      "invalid");
  const Answered more = patch("/datasets/d/tables/t", R"({"schema":{"fields":[
      {"name":"id","type":"INTEGER"},{"name":"value","type":"STRING"},
      {"name":"tags","type":"STRING","mode":"REPEATED"}]}})");
  EXPECT_EQ(more.status, 200) << more.text;
  EXPECT_EQ(insert(R"({"json":{"tags":["a"]}})").at("insertErrors"), "(none)");
  const std::string both = R"([{"f":[{"v":"1"},{"v":null},{"v":[]}]},)"
                           R"({"f":[{"v":null},{"v":null},{"v":[{"v":"a"}]}]}])";
  EXPECT_EQ(rows(), both);
  ASSERT_OK(tables->find({"p", "d", "t"}).value()->rows().flush());
  EXPECT_EQ(rows(), both) << "from files with and without the column";
}

TEST_F(Rest, a_view_has_the_columns_of_its_query) {
  make_dataset();
  make_table("t", k_two_columns);
  const Answered made = post("/datasets/d/tables", R"({"tableReference":{"tableId":"v"},
      "view":{"query":"SELECT id + 1 AS next FROM `p.d.t`","useLegacySql":false}})");
  EXPECT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.at("type"), "VIEW");
  EXPECT_EQ(made.body.find("schema")->find("fields")->items()[0].find("name")->as_string(), "next");
  EXPECT_EQ(get("/datasets/d/tables/v/data").reason(), "invalid");
  EXPECT_EQ(post("/datasets/d/tables/v/insertAll", R"({"rows":[{"json":{"next":1}}]})").reason(),
            "invalid");
  const Answered wrong = post("/datasets/d/tables", R"({"tableReference":{"tableId":"w"},
      "view":{"query":"SELECT nothing FROM `p.d.t`"}})");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.reason(), "invalidQuery");
  EXPECT_EQ(patch("/datasets/d/tables/v", R"({"view":{"query":"SELECT 'x' AS y"}})")
                .body.find("schema")
                ->find("fields")
                ->items()[0]
                .find("name")
                ->as_string(),
            "y");
}

TEST_F(Rest, rows_that_are_inserted_are_read_at_once) {
  make_dataset();
  make_table("t", k_two_columns);
  const Answered added = insert(R"({"json":{"id":1,"value":"a"}},{"json":{"id":"2"}})");
  EXPECT_EQ(added.text, R"({"kind":"bigquery#tableDataInsertAllResponse"})");
  const std::string both = R"([{"f":[{"v":"1"},{"v":"a"}]},{"f":[{"v":"2"},{"v":null}]}])";
  EXPECT_EQ(rows(), both);
  ASSERT_OK(tables->find({"p", "d", "t"}).value()->rows().flush());
  EXPECT_EQ(rows(), both) << "from files";
  insert(R"({"json":{"id":3}})");
  EXPECT_EQ(rows("?startIndex=1&selectedFields=id"), R"([{"f":[{"v":"2"}]},{"f":[{"v":"3"}]}])");
  EXPECT_EQ(get("/datasets/d/tables/t/data?selectedFields=nothing").message(),
            "No such field: nothing");
  EXPECT_EQ(get("/datasets/d/tables/t").at("numRows"), "3");
}

TEST_F(Rest, one_bad_row_stops_all_and_every_row_is_told_why) {
  make_dataset();
  make_table("t", k_two_columns);
  const Answered refused = insert(R"({"json":{"id":1}},{"json":{"id":"x"}},{"json":{}},
                                     {"json":{"id":4,"other":1}})");
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(refused.at("insertErrors"),
            R"([{"index":0,"errors":[{"reason":"stopped","location":"","debugInfo":"",)"
            R"("message":""}]},{"index":1,"errors":[{"reason":"invalid","location":"id",)"
            R"("debugInfo":"","message":"Cannot convert value to integer (bad value): x"}]},)"
            R"({"index":2,"errors":[{"reason":"invalid","location":"id","debugInfo":"",)"
            R"("message":"Missing required field: id."}]},{"index":3,"errors":[{"reason":)"
            R"("invalid","location":"other","debugInfo":"","message":"no such field: other."}]}])");
  EXPECT_EQ(row_count(), "0");
}

TEST_F(Rest, bad_rows_are_skipped_and_unknown_values_passed_over_when_the_client_says_so) {
  make_dataset();
  make_table("t", k_two_columns);
  const Answered some =
      insert(R"({"json":{"id":1}},{"json":{"id":"x"}})", R"(,"skipInvalidRows":true)");
  EXPECT_EQ(some.body.find("insertErrors")->items().size(), 1u);
  EXPECT_EQ(row_count(), "1");
  EXPECT_EQ(
      insert(R"({"json":{"id":2,"other":1}})", R"(,"ignoreUnknownValues":true)").at("insertErrors"),
      "(none)");
  EXPECT_EQ(row_count(), "2");
}

TEST_F(Rest, a_row_that_comes_again_within_a_minute_is_not_added_again) {
  make_dataset();
  make_table("t", k_two_columns);
  const std::string twice = R"({"insertId":"a","json":{"id":1}},{"insertId":"a","json":{"id":1}},
                               {"json":{"id":2}})";
  EXPECT_EQ(insert(twice).at("insertErrors"), "(none)");
  EXPECT_EQ(row_count(), "2");
  insert(twice);
  EXPECT_EQ(row_count(), "3") << "the row without an id";
  clock.advance(std::chrono::seconds(59));
  insert(R"({"insertId":"a","json":{"id":1}})");
  EXPECT_EQ(row_count(), "3");
  clock.advance(std::chrono::minutes(3));
  insert(R"({"insertId":"a","json":{"id":1}})");
  EXPECT_EQ(row_count(), "4");
}

TEST_F(Rest, a_row_that_was_refused_may_come_again_with_its_id) {
  make_dataset();
  make_table("t", k_two_columns);
  insert(R"({"insertId":"a","json":{"id":1}},{"insertId":"b","json":{"id":"x"}})");
  EXPECT_EQ(row_count(), "0");
  insert(R"({"insertId":"a","json":{"id":1}},{"insertId":"b","json":{"id":2}})");
  EXPECT_EQ(row_count(), "2");
}

TEST_F(Rest, of_many_who_send_the_same_rows_at_once_one_adds_them) {
  make_dataset();
  make_table("t", k_two_columns);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back(
        [&] { insert(R"({"insertId":"a","json":{"id":1}},{"insertId":"b","json":{"id":2}})"); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(row_count(), "2");
}

TEST_F(Rest, requests_of_rows_that_cannot_be_are_refused_whole) {
  make_dataset();
  make_table("t", k_two_columns);
  EXPECT_EQ(insert("").message(), "No rows present in the request.");
  EXPECT_EQ(insert(R"({"insertId":"a"})").message(), "rows[0]: it has no member json");
  EXPECT_EQ(insert(R"({"insertId":")" + std::string(129, 'x') + R"(","json":{}})").message(),
            "rows[0]: insertId has more than 128 bytes");
  std::string many = R"({"json":{"id":1}})";
  for (int i = 0; i < 50'000; ++i) many += R"(,{"json":{"id":1}})";
  EXPECT_EQ(insert(many).status, 400);
  EXPECT_EQ(row_count(), "0");
  EXPECT_EQ(post("/datasets/d/tables/none/insertAll", R"({"rows":[{"json":{}}]})").status, 404);
}

TEST_F(Rest, rows_with_a_template_suffix_go_to_a_table_of_the_same_form) {
  make_dataset();
  make_table("t", k_two_columns);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(insert(R"({"json":{"id":1}})", R"(,"templateSuffix":"_2024")").status, 200);
  }
  EXPECT_EQ(row_count(), "0");
  EXPECT_EQ(get("/datasets/d/tables/t_2024").at("numRows"), "2");
}

TEST_F(Rest, missing_values_become_their_defaults) {
  make_dataset();
  make_table("t", R"~([{"name":"n","type":"INT64","defaultValueExpression":"-7"},
      {"name":"s","type":"STRING","defaultValueExpression":"'x''"},
      {"name":"at","type":"TIMESTAMP","defaultValueExpression":"CURRENT_TIMESTAMP()"},
      {"name":"d","type":"DATE","defaultValueExpression":"DATE '2024-01-02'"},
      {"name":"l","type":"INT64","mode":"REPEATED","defaultValueExpression":"[]"}])~");
  EXPECT_NE(insert(R"({"json":{}})").at("insertErrors"), "(none)") << "'x'' is no literal";
  EXPECT_EQ(insert(R"({"json":{"s":"y"}})").at("insertErrors"), "(none)");
  EXPECT_EQ(rows("?formatOptions.useInt64Timestamp=true"),
            R"([{"f":[{"v":"-7"},{"v":"y"},{"v":"1722513600000000"},{"v":"2024-01-02"},)"
            R"({"v":[]}]}])");
}

TEST_F(Rest, pages_stay_with_the_rows_that_the_first_one_found) {
  make_dataset();
  make_table("t", k_two_columns);
  insert(R"({"json":{"id":1}},{"json":{"id":2}},{"json":{"id":3}})");
  const Answered first = get("/datasets/d/tables/t/data?maxResults=1");
  const std::string token = first.at("pageToken");
  insert(R"({"json":{"id":4}})");
  ASSERT_OK(tables->find({"p", "d", "t"}).value()->rows().flush());
  const std::string path = "/datasets/d/tables/t/data?maxResults=1&pageToken=";
  const Answered second = get(path + token);
  EXPECT_EQ(second.at("rows"), R"([{"f":[{"v":"2"},{"v":null}]}])");
  EXPECT_EQ(second.at("totalRows"), "3");
  EXPECT_EQ(get(path + token).text, second.text) << "a page may be asked for again";
  const Answered third = get(path + second.at("pageToken"));
  EXPECT_EQ(third.at("rows"), R"([{"f":[{"v":"3"},{"v":null}]}])");
  EXPECT_EQ(third.at("pageToken"), "(none)");
  EXPECT_EQ(row_count(), "4");
  for (const char* bad : {"xyz", "MQ", "1"}) EXPECT_EQ(get(path + bad).reason(), "invalid") << bad;
  clock.advance(std::chrono::hours(2));
  EXPECT_EQ(get(path + token).status, 400);
}

TEST_F(Rest, rows_of_many_files_and_the_tail_are_in_one_order) {
  make_dataset();
  make_table("t", R"([{"name":"id","type":"INT64"}])");
  std::string all = "[";
  for (int i = 0; i < 60; ++i) {
    insert(R"({"json":{"id":)" + std::to_string(i) + "}}");
    if (i % 17 == 16) ASSERT_OK(tables->find({"p", "d", "t"}).value()->rows().flush());
    all += (i == 0 ? "" : ",") + (R"({"f":[{"v":")" + std::to_string(i)) + R"("}]})";
  }
  EXPECT_EQ(rows(), all + "]");
  for (const int from : {0, 1, 16, 17, 33, 50, 51, 59}) {
    const std::string two = rows("?maxResults=2&startIndex=" + std::to_string(from));
    EXPECT_NE((all + "]").find(two.substr(1, two.size() - 2)), std::string::npos) << from;
    EXPECT_TRUE(two.starts_with(R"([{"f":[{"v":")" + std::to_string(from) + "\"")) << two;
  }
  EXPECT_EQ(rows("?startIndex=60"), "(none)");
}

TEST_F(Rest, a_list_goes_on_behind_its_last_name) {
  make_dataset();
  for (const char* name : {"c", "a", "b"}) make_table(name, k_two_columns);
  const Answered first = get("/datasets/d/tables?maxResults=2");
  EXPECT_EQ(first.body.find("tables")->items().size(), 2u);
  EXPECT_EQ(first.at("totalItems"), "3");
  const Answered rest =
      get("/datasets/d/tables?maxResults=2&pageToken=" + first.at("nextPageToken"));
  EXPECT_EQ(rest.body.find("tables")->items()[0].find("id")->as_string(), "p:d.c");
  EXPECT_EQ(rest.at("nextPageToken"), "(none)");
}

TEST_F(Rest, projects_are_those_with_datasets_and_the_discovery_document_says_where_we_are) {
  EXPECT_EQ(ask(net::Method::get, "/bigquery/v2/projects").at("totalItems"), "0");
  make_dataset();
  EXPECT_EQ(ask(net::Method::get, "/projects").at("totalItems"), "1");
  const Answered discovery = ask(net::Method::get, "/discovery/v1/apis/bigquery/v2/rest");
  EXPECT_EQ(discovery.at("rootUrl"), "http://lake.example/");
  EXPECT_NE(discovery.body.find("resources")->find("jobs")->find("methods")->find("query"),
            nullptr);
}

struct SmallPages : Rest {
  SmallPages() : Rest({.page_bytes_max = 50, .places_max = 2}) {}
};

TEST_F(SmallPages, a_page_ends_at_its_bytes_and_the_oldest_places_go) {
  make_dataset();
  make_table("t", k_two_columns);
  insert(R"({"json":{"id":1,"value":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}},
            {"json":{"id":2}},{"json":{"id":3}},{"json":{"id":4}})");
  const Answered first = get("/datasets/d/tables/t/data");
  EXPECT_EQ(first.body.find("rows")->items().size(), 1u) << "at least one";
  const std::string path = "/datasets/d/tables/t/data?pageToken=";
  EXPECT_EQ(get(path + first.at("pageToken")).body.find("rows")->items().size(), 2u);
  for (int i = 0; i < 2; ++i) {
    clock.advance(std::chrono::seconds(1));
    get("/datasets/d/tables/t/data");
  }
  EXPECT_EQ(get(path + first.at("pageToken")).reason(), "invalid");
}

}  // namespace
}  // namespace bl::bigquery
