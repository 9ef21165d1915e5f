#include <gtest/gtest.h>

#include <map>

#include "app/bigquery.h"
#include "store/open.h"

// Who may call what of BigQuery's door. The server holds to the access that a route names
// (role_table_test.cc).
namespace bl::app {
namespace {

struct BigQueryRoles : testing::Test {
  std::map<std::string, net::Access> access_of_routes(const BigQuerySettings& settings) {
    auto service = BigQueryService::open(
        settings, {*database, *disk, clock, random, log, metrics, house_lake});
    net::Router router;
    service->add_routes(router);
    std::map<std::string, net::Access> all;
    for (const auto& route : router.routes()) {
      all[std::string(net::name_of(route->method)) + " " + route->pattern] = route->access;
    }
    return all;
  }

  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<Disk> disk = make_real_disk();
  std::unique_ptr<store::Database> database =
      store::open_database("sqlite::memory:", {}, log, metrics).value();
  Settings server_settings;
  HouseLake house_lake{server_settings, {*disk, clock, random, log, metrics}};
};

TEST_F(BigQueryRoles, datasets_tables_and_rows_are_read_by_readers_and_changed_by_writers) {
  for (const auto& [route, access] : access_of_routes({})) {
    if (route.find("/datasets") == std::string::npos) continue;
    const bool reads = route.starts_with("GET ");
    EXPECT_EQ(access, reads ? net::Access::read : net::Access::write) << route;
  }
}

TEST_F(BigQueryRoles, nobody_needs_credentials_where_the_setting_says_so) {
  const auto all = access_of_routes({.is_open = true});
  EXPECT_GT(all.size(), 30u);
  for (const auto& [route, access] : all) EXPECT_EQ(access, net::Access::open) << route;
}

TEST_F(BigQueryRoles, every_path_below_the_prefix_is_there_without_it_under_the_same_access) {
  const auto all = access_of_routes({});
  const std::string prefix = "/bigquery/v2";
  int compared = 0;
  for (const auto& [route, access] : all) {
    const std::size_t at = route.find(" " + prefix + "/");
    if (at == std::string::npos) continue;
    std::string bare = route;
    const auto found = all.find(bare.erase(at + 1, prefix.size()));
    ASSERT_NE(found, all.end()) << bare;
    EXPECT_EQ(found->second, access) << bare;
    ++compared;
  }
  EXPECT_GT(compared, 15);
}

}  // namespace
}  // namespace bl::app
