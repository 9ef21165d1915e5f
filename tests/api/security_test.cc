#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "product/server_process.h"

/// What a link can make the running program say to a browser. Who guesses passwords, steals
/// sessions or writes from other sites: src/access/tests/sign_in_security_test.cc.
namespace bl::product {
namespace {

class Links : public testing::Test {
 protected:
  TemporaryFolder folder;
  ServerProcess server{folder.path() + "/data"};
};

TEST_F(Links, put_nothing_into_an_answers_headers) {
  ASSERT_TRUE(server.ready());
  const std::string evil = "%0d%0aSet-Cookie:%20evil=1";
  for (const std::string& path :
       {"/api/runs/x" + evil, "/api/runs/x" + evil + "/", "/api/benchmark-results" + evil,
        "/api/auth/login?target=/" + evil, "/api/google/?target=/" + evil,
        "/api/auth/cli-start?redirect_uri=http://127.0.0.1:1/" + evil + "&state=s",
        "/api/auth/cli-start?redirect_uri=http://127.0.0.1:1/&state=s" + evil,
        "/api/auth/callback?code=x&state=" + evil, "/api/history/download/" + evil + "/",
        "/series" + evil}) {
    const Answer answer = server.get(path);
    EXPECT_GE(answer.status, 200) << path;
    EXPECT_LT(answer.status, 500) << path;
    EXPECT_TRUE(answer.headers.all("Set-Cookie").empty()) << path;
  }
  // What names the file of a history comes from whoever submitted it.
  std::string submission = good_submission(1);
  const std::string name = R"("name":")";
  submission.insert(submission.find(name, submission.find(R"("tags")")) + name.size(),
                    R"(a\"; x=y\r\nSet-Cookie: evil=1 )");
  const Answer stored = server.post("/api/results", submission);
  ASSERT_EQ(stored.status, 201) << stored.text;
  const Answer file =
      server.get("/api/history/download/" + stored.body.find("id")->as_string() + "/");
  ASSERT_EQ(file.status, 200) << file.text;
  EXPECT_TRUE(file.headers.all("Set-Cookie").empty());
  EXPECT_THAT(std::string(file.headers.get("Content-Disposition")),
              ::testing::MatchesRegex("attachment; filename=\"[^\"\r\n;]*\""));
}

TEST_F(Links, lead_to_no_other_site) {
  ASSERT_TRUE(server.ready());
  for (const char* target :
       {"https://evil.example/", "//evil.example/", "/%5Cevil.example/", "%5C%5Cevil.example",
        "/%09/evil.example/", "javascript:alert(1)", "https:evil.example", "/%2F%2Fevil.example",
        "data:text/html,x", "evil.example", "%20//evil.example", "/..//evil.example"}) {
    for (const char* way : {"/api/auth/login?target=", "/api/google/?target="}) {
      const Answer answer = server.get(std::string(way) + target);
      EXPECT_LT(answer.status, 500) << way << target;
      const std::string location(answer.headers.get("Location"));
      if (location.empty()) continue;
      EXPECT_TRUE(location.starts_with("/account?target=")) << target << " " << location;
    }
  }
  for (const char* path : {"//evil.example/api/runs", "//evil.example/api/runs/x",
                           "/api//evil.example", "/api/%2F%2Fevil.example", "/%5Cevil.example/",
                           "//evil.example/%2e%2e", "/api/runs//evil.example"}) {
    const Answer answer = server.get(path);
    EXPECT_LT(answer.status, 500) << path;
    const std::string location(answer.headers.get("Location"));
    if (location.empty()) continue;
    const bool is_here = location.starts_with(server.url() + "/") ||
                         (location.starts_with('/') && !location.starts_with("//"));
    EXPECT_TRUE(is_here) << path << " " << location;
  }
}

}  // namespace
}  // namespace bl::product
