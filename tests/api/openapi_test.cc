#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "app/service.h"
#include "product/server_process.h"

/// The description is written by hand; this keeps it equal to the route table.
namespace bl::product {
namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  return text;
}

class Described : public testing::Test {
 protected:
  void SetUp() override {
    app::Settings settings;
    settings.data_folder = folder.path() + "/data";
    settings.store_uri = "sqlite://" + settings.data_folder + "/benchlake.db";
    settings.http.port = 0;
    auto started = app::Service::start(settings, *disk, clock, random, log, metrics);
    ASSERT_TRUE(started.ok()) << started.error().message;
    service = std::move(started).value();
    net::Client client;
    const auto answer = client.send(net::Method::get, service->url() + "/openapi.json", {}, "");
    ASSERT_TRUE(answer.ok());
    document = json::parse(answer->body).value();
  }

  TemporaryFolder folder;
  std::unique_ptr<Disk> disk = make_real_disk();
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<app::Service> service;
  json::Value document;
};

TEST_F(Described, every_route_is_in_the_description_and_every_description_is_a_route) {
  std::set<std::string> routes;
  for (const auto& route : service->router().routes()) {
    if (route->options.in_openapi)
      routes.insert(upper(net::name_of(route->method)) + " " + route->pattern);
  }
  std::set<std::string> described;
  for (const json::Member& path : document.find("paths")->members()) {
    for (const json::Member& operation : path.second.members()) {
      if (operation.first != "parameters")
        described.insert(upper(operation.first) + " " + path.first);
    }
  }
  EXPECT_EQ(routes, described);
}

TEST_F(Described, it_is_served_in_three_forms) {
  const std::pair<const char*, const char*> forms[] = {{"/openapi.yaml", "openapi: 3.1."},
                                                       {"/openapi-3.0.yaml", "openapi: 3.0."},
                                                       {"/openapi.json", "\"openapi\":\"3.1."}};
  net::Client client;
  for (const auto& [path, version] : forms) {
    const auto answer = client.send(net::Method::get, service->url() + path, {}, "");
    ASSERT_TRUE(answer.ok()) << path;
    EXPECT_EQ(answer->status, 200) << path;
    EXPECT_NE(answer->body.find(version), std::string::npos) << path;
    EXPECT_NE(answer->body.find("/api/results"), std::string::npos) << path;
  }
}

TEST_F(Described, what_needs_a_role_says_so) {
  for (const auto& route : service->router().routes()) {
    if (!route->options.in_openapi) continue;
    std::string method = net::name_of(route->method);
    std::transform(method.begin(), method.end(), method.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    const json::Value* operation = document.find("paths")->find(route->pattern)->find(method);
    ASSERT_NE(operation, nullptr) << route->pattern;
    const json::Value* security = operation->find("security");
    const bool needs_token =
        security != nullptr && json::to_text(*security) == R"([{"bearer":[]}])";
    const bool has_role = route->access >= net::Access::signed_in;
    EXPECT_EQ(needs_token, has_role) << method << " " << route->pattern;
    const bool may_be_refused = operation->find("responses")->find("401") != nullptr;
    // Some open routes look at credentials themselves: who signs in may be refused.
    const bool is_open = route->access == net::Access::open;
    EXPECT_TRUE(may_be_refused || is_open) << method << " " << route->pattern;
  }
}

}  // namespace
}  // namespace bl::product
