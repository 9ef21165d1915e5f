#include "app/service.h"
#include "base/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "net/client.h"
#include "store/open.h"

namespace bl::app {
namespace {

// A whole server in this process: how it starts, what it says of itself, how it ends.
class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {}

  std::string data() const { return folder_.at("data"); }
  std::string file(const std::string& name) const { return data() + "/" + name; }
  Result<std::unique_ptr<Service>> start(const std::string& store_file) {
    Settings settings;
    settings.data_folder = data();
    settings.store_uri = "sqlite://" + file(store_file);
    settings.http.port = 0;
    metrics_.push_back(std::make_unique<Metrics>());
    return Service::start(settings, *disk_, clock_, random_, log_, *metrics_.back());
  }
  Result<std::unique_ptr<store::Database>> open_store(const std::string& store_file) {
    metrics_.push_back(std::make_unique<Metrics>());
    return store::open_database("sqlite://" + file(store_file), {}, log_, *metrics_.back());
  }
  static net::ClientResponse ask(const Service& service, net::Method method,
                                 const std::string& path) {
    net::Client client;
    auto answer = client.send(method, service.url() + path, {}, "");
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? std::move(answer).value() : net::ClientResponse{};
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Disk> disk_ = make_real_disk();
  SystemClock clock_;
  SystemRandom random_;
  std::vector<std::unique_ptr<Metrics>> metrics_;
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
};

TEST_F(ServiceTest, health_readiness_and_metrics_answer_anybody) {
  const auto service = start("benchlake.db").value();
  EXPECT_EQ(ask(*service, net::Method::get, "/healthz").body, R"({"status":"ok"})");
  EXPECT_EQ(ask(*service, net::Method::head, "/healthz").status, 200);
  EXPECT_EQ(ask(*service, net::Method::get, "/readyz").body, R"({"status":"ready"})");
  const auto metrics = ask(*service, net::Method::get, "/metrics");
  EXPECT_EQ(metrics.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const char* name : {"bl_http_requests_total", "bl_store_commits_total"}) {
    EXPECT_NE(metrics.body.find(name), std::string::npos) << name;
  }
}

TEST_F(ServiceTest, readyz_looks_into_the_store) {
  const auto service = start("benchlake.db").value();
  EXPECT_EQ(ask(*service, net::Method::get, "/readyz").status, 200);
  // Somebody breaks the store under the server; without its lock file a second owner gets in.
  std::filesystem::remove(file("benchlake.db.lock"));
  {
    const auto intruder = open_store("benchlake.db").value();
    ASSERT_TRUE(intruder
                    ->write([](store::Connection& connection) -> Result<void> {
                      BL_RETURN_IF_ERROR(
                          connection.execute("ALTER TABLE \"commit\" RENAME TO gone", {}));
                      return {};
                    })
                    .ok());
  }
  const auto answer = ask(*service, net::Method::get, "/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.headers.get("Retry-After"), "5");
  EXPECT_EQ(ask(*service, net::Method::get, "/healthz").status, 200);
}

TEST_F(ServiceTest, every_other_path_is_the_page_and_unknown_paths_of_an_api_are_not_found) {
  const auto service = start("benchlake.db").value();
  for (const char* path : {"/", "/series", "/results/some/view", "/apis"}) {
    const auto page = ask(*service, net::Method::get, path);
    EXPECT_EQ(page.status, 200) << path;
    EXPECT_TRUE(page.headers.get("Content-Type").starts_with("text/html")) << path;
  }
  for (const char* path : {"/api", "/api/nothing", "/api/v1/nothing", "/assets/none.js"}) {
    const auto answer = ask(*service, net::Method::get, path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.headers.get("Content-Type"), "application/problem+json") << path;
  }
  // An exporter of metrics or logs is told in its own words (google.rpc.Status).
  for (const auto method : {net::Method::post, net::Method::get}) {
    const auto metrics = ask(*service, method, "/v1/metrics");
    EXPECT_EQ(metrics.status, 404);
    EXPECT_EQ(metrics.headers.get("Content-Type"), "application/json");
    EXPECT_TRUE(metrics.body.starts_with(R"({"code":5,)")) << metrics.body;
  }
  EXPECT_EQ(ask(*service, net::Method::post, "/api/nothing").status, 404);
  EXPECT_EQ(ask(*service, net::Method::post, "/series").status, 404);
  EXPECT_EQ(ask(*service, net::Method::post, "/api/series").status, 405);
}

TEST_F(ServiceTest, one_server_runs_in_a_data_folder_whatever_its_store) {
  auto first = start("a.db").value();
  const auto second = start("b.db");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_NE(second.error().message.find("pid " + std::to_string(getpid())), std::string::npos)
      << second.error().message;
  EXPECT_TRUE(std::filesystem::exists(file("server.json")));
  first.reset();
  EXPECT_FALSE(std::filesystem::exists(file("server.json")));
  EXPECT_TRUE(start("b.db").ok());
}

TEST_F(ServiceTest, a_store_of_another_program_is_refused_and_named) {
  std::filesystem::create_directories(data());
  ASSERT_TRUE(open_store("theirs.db")
                  .value()
                  ->write([](store::Connection& connection) -> Result<void> {
                    BL_RETURN_IF_ERROR(connection.execute("CREATE TABLE theirs (id INTEGER)", {}));
                    return {};
                  })
                  .ok());
  const auto service = start("theirs.db");
  ASSERT_FALSE(service.ok());
  EXPECT_NE(service.error().message.find(file("theirs.db")), std::string::npos)
      << service.error().message;
  EXPECT_FALSE(std::filesystem::exists(file("server.json")));
}

TEST_F(ServiceTest, the_files_with_secrets_are_their_owners_alone) {
  const auto service = start("benchlake.db").value();
  EXPECT_TRUE(service->first_run());
  for (const char* name : {"operator.token", "server.json"}) {
    EXPECT_EQ(std::filesystem::status(file(name)).permissions(), std::filesystem::perms(0600))
        << name;
  }
}

}  // namespace
}  // namespace bl::app
