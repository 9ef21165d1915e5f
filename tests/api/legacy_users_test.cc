#include <gtest/gtest.h>

#include "product/server_process.h"

/// Users, log-in and registration of the legacy dialect on a real process: the exact answers that
/// Conbench's clients know (spec/results-conbench.md 2.9, 3.2, 7.1).
namespace bl::product {
namespace {

constexpr const char* k_user = R"({"email":"ada@x.org","password":"pw","name":"Ada"})";

/// The answer to a bad request with that description.
std::string bad_request(const std::string& description) {
  std::string text = R"({"code":400,"description":)";
  return text.append(description).append(R"(,"name":"Bad Request"})");
}

class LegacyUsers : public testing::Test {
 protected:
  net::ClientResponse ask(net::Method method, const std::string& path, const std::string& body = "",
                          const std::string& cookie = "") {
    net::Headers headers;
    if (!body.empty()) headers.add("Content-Type", "application/json");
    if (!cookie.empty()) headers.add("Cookie", cookie);
    net::Client client;
    return client.send(method, server.url() + path, headers, body).value();
  }
  net::ClientResponse as_operator(net::Method method, const std::string& path,
                                  const std::string& body = "") {
    net::Headers headers;
    headers.add("Content-Type", "application/json");
    headers.add("Authorization", std::string("Bearer ").append(server.operator_token()));
    net::Client client;
    return client.send(method, server.url() + path, headers, body).value();
  }
  /// The id of a new user.
  std::string make_user(const std::string& body) {
    const auto made = as_operator(net::Method::post, "/api/users/", body);
    EXPECT_EQ(made.status, 201) << made.body;
    return json::parse(made.body)->find("id")->as_string();
  }
  /// `session=...` of somebody who logs in.
  std::string log_in(const std::string& email, const std::string& password) {
    std::string body = R"({"email":")";
    body.append(email).append(R"(","password":")").append(password).append("\"}");
    const auto answer = ask(net::Method::post, "/api/login/", body);
    EXPECT_EQ(answer.status, 204) << answer.body;
    for (const std::string_view header : answer.headers.all("Set-Cookie")) {
      if (header.starts_with("session=")) return std::string(header.substr(0, header.find(';')));
    }
    return "";
  }

  TemporaryFolder folder;
  ServerProcess server{folder.path() + "/data", {"--set", "access.registration_key=conbench"}};
};

TEST_F(LegacyUsers, a_user_has_the_shape_that_clients_know) {
  const auto made = as_operator(net::Method::post, "/api/users/", k_user);
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string id = json::parse(made.body)->find("id")->as_string();
  std::string self = server.url();
  self.append("/api/users/").append(id).append("/");
  std::string expected = R"({"email":"ada@x.org","id":")";
  expected.append(id).append(R"(","links":{"list":")").append(server.url());
  expected.append(R"(/api/users/","self":")").append(self).append(R"("},"name":"Ada"})");
  EXPECT_EQ(made.body, expected);
  EXPECT_EQ(made.headers.get("Location"), self);
  const std::string session = log_in("ada@x.org", "pw");
  EXPECT_EQ(ask(net::Method::get, "/api/users/" + id + "/", "", session).body, expected);
  EXPECT_EQ(ask(net::Method::get, "/api/users/", "", session).body, "[" + expected + "]");
}

TEST_F(LegacyUsers, a_wrong_password_is_a_bad_request) {
  make_user(k_user);
  const std::string wrong = bad_request(R"({"_errors":["Invalid email or password."]})");
  for (const char* body :
       {R"({"email":"ada@x.org","password":"px"})", R"({"email":"eve@x.org","password":"pw"})",
        R"({"email":"no address","password":"pw"})"}) {
    const auto answer = ask(net::Method::post, "/api/login/", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.body, wrong) << body;
  }
}

TEST_F(LegacyUsers, bodies_are_refused_in_conbenchs_words) {
  const auto log_in_with = [&](const std::string& body) {
    return ask(net::Method::post, "/api/login/", body).body;
  };
  EXPECT_EQ(log_in_with(R"({"email":"a@x.org"})"),
            bad_request(R"({"password":["Missing data for required field."]})"));
  EXPECT_EQ(log_in_with(R"({"email":"a@x.org","password":"p","x":1})"),
            bad_request(R"({"x":["Unknown field."]})"));
  EXPECT_EQ(
      log_in_with(R"({"email":null,"password":1})"),
      bad_request(R"({"email":["Field may not be null."],"password":["Not a valid string."]})"));
  EXPECT_EQ(log_in_with("{}"), bad_request(R"({"_errors":["Empty request body."]})"));
  EXPECT_EQ(log_in_with("{"), bad_request(R"({"_errors":["Empty request body."]})"));
  const std::string id = make_user(k_user);
  const auto change = [&](const std::string& body) {
    return as_operator(net::Method::put, "/api/users/" + id + "/", body);
  };
  EXPECT_EQ(change("{}").body, bad_request(R"({"_errors":["Empty request body."]})"));
  EXPECT_EQ(change(R"({"email":"x"})").body,
            bad_request(R"({"email":["Not a valid email address."]})"));
  EXPECT_EQ(change(R"({"id":"x"})").body, bad_request(R"({"id":["Unknown field."]})"));
  const auto changed = change(R"({"name":"Augusta"})");
  EXPECT_EQ(changed.status, 200) << "not 201";
  EXPECT_NE(changed.body.find("Augusta"), std::string::npos);
}

TEST_F(LegacyUsers, who_knows_the_key_registers) {
  const auto with = [&](const std::string& email, const std::string& secret) {
    std::string body = R"({"email":")";
    body.append(email).append(R"(","password":"pw","name":"Ada","secret":")");
    return ask(net::Method::post, "/api/register/", body.append(secret).append("\"}"));
  };
  EXPECT_EQ(with("ada@x.org", "wrong").body,
            bad_request(R"({"secret":["Invalid registration key."]})"));
  EXPECT_EQ(with("ada@x.org", "").status, 400);
  EXPECT_EQ(with("ada", "conbench").body,
            bad_request(R"({"email":["Not a valid email address."]})"));
  EXPECT_EQ(with("ada@x.org", "conbench").status, 201);
  EXPECT_EQ(with("ada@x.org", "conbench").body,
            bad_request(R"({"email":["Email address already in use."]})"));
  EXPECT_FALSE(log_in("ada@x.org", "pw").empty());
}

TEST_F(LegacyUsers, without_a_session_users_are_not_told) {
  const std::string unauthorized = R"("name":"Unauthorized"})";
  for (const char* path : {"/api/", "/api/users/", "/api/users/x/"}) {
    const auto answer = ask(net::Method::get, path);
    EXPECT_EQ(answer.status, 401) << path;
    EXPECT_TRUE(answer.body.ends_with(unauthorized)) << answer.body;
    EXPECT_TRUE(answer.body.starts_with(R"({"code":401,"description":)")) << answer.body;
  }
}

TEST_F(LegacyUsers, a_session_writes_results_until_it_logs_out) {
  make_user(k_user);
  const std::string session = log_in("ada@x.org", "pw");
  const std::string result = good_submission(1);
  EXPECT_EQ(ask(net::Method::post, "/api/results", result).status, 401);
  EXPECT_EQ(ask(net::Method::post, "/api/results", result, session).status, 201);
  const auto out = ask(net::Method::get, "/api/logout/", "", session);
  EXPECT_EQ(out.status, 204);
  EXPECT_EQ(ask(net::Method::post, "/api/results", result, session).status, 401);
}

TEST_F(LegacyUsers, an_api_token_is_a_password_for_old_clients) {
  const auto made = as_operator(net::Method::post, "/api/tokens", R"({"name":"ci"})");
  const std::string token = json::parse(made.body)->find("token")->as_string();
  const std::string session = log_in("anybody@x.org", token);
  EXPECT_EQ(ask(net::Method::post, "/api/results", good_submission(1), session).status, 201);
}

TEST_F(LegacyUsers, users_edit_themselves_and_only_admins_others) {
  const std::string ada = make_user(k_user);
  const std::string bob = make_user(R"({"email":"bob@x.org","password":"pw","name":"Bob"})");
  const std::string session = log_in("ada@x.org", "pw");
  const auto rename = [&](const std::string& id) {
    return ask(net::Method::put, "/api/users/" + id + "/", R"({"name":"New"})", session).status;
  };
  EXPECT_EQ(rename(ada), 200);
  EXPECT_EQ(rename(bob), 403);
  EXPECT_EQ(ask(net::Method::post, "/api/users/", k_user, session).status, 403);
  EXPECT_EQ(ask(net::Method::del, "/api/users/" + bob + "/", "", session).status, 403);
  EXPECT_EQ(as_operator(net::Method::del, "/api/users/" + bob + "/").status, 204);
  EXPECT_EQ(as_operator(net::Method::get, "/api/users/" + bob + "/").status, 404);
  EXPECT_EQ(ask(net::Method::del, "/api/users/" + ada + "/", "", session).status, 204);
  EXPECT_EQ(ask(net::Method::get, "/api/users/", "", session).status, 401) << "gone at once";
}

TEST_F(LegacyUsers, the_links_are_those_of_the_host_that_was_asked) {
  net::Headers headers;
  headers.add("Authorization", std::string("Bearer ").append(server.operator_token()));
  headers.add("Host", "localhost");
  net::Client client;
  const auto answer = client.send(net::Method::get, server.url() + "/api/", headers, "").value();
  EXPECT_EQ(answer.body,
            R"({"links":{"benchmarks":"http://localhost/api/benchmarks/",)"
            R"("commits":"http://localhost/api/commits/",)"
            R"("contexts":"http://localhost/api/contexts/",)"
            R"("docs":"http://localhost/api/docs.json",)"
            R"("hardware":"http://localhost/api/hardware/","info":"http://localhost/api/info/",)"
            R"("login":"http://localhost/api/login/","logout":"http://localhost/api/logout/",)"
            R"("ping":"http://localhost/api/ping/","register":"http://localhost/api/register/",)"
            R"("runs":"http://localhost/api/runs/","users":"http://localhost/api/users/"}})");
}

class LegacyRights : public LegacyUsers {
 protected:
  ServerProcess conbench{
      folder.path() + "/conbench",
      {"--set", "access.legacy_user_rights=true", "--set", "access.registration_key=conbench",
       "--set", "access.public_reads=false"}};
};

TEST_F(LegacyRights, with_conbenchs_rights_a_writer_edits_others_but_no_admin) {
  net::Client client;
  const auto send = [&](net::Method method, const std::string& path, const std::string& body,
                        std::pair<std::string, std::string> credentials) {
    net::Headers headers;
    headers.add("Content-Type", "application/json");
    headers.add(std::move(credentials.first), std::move(credentials.second));
    return client.send(method, conbench.url() + path, headers, body).value();
  };
  const std::pair<std::string, std::string> admin{
      "Authorization", std::string("Bearer ").append(conbench.operator_token())};
  const auto root =
      send(net::Method::post, "/api/v1/users",
           R"({"email":"root@x.org","name":"R","password":"pw","role":"admin"})", admin);
  ASSERT_EQ(root.status, 201) << root.body;
  const std::string root_id = json::parse(root.body)->find("id")->as_string();
  ASSERT_EQ(send(net::Method::post, "/api/users/", k_user, admin).status, 201);
  const auto login = send(net::Method::post, "/api/login/",
                          R"({"email":"ada@x.org","password":"pw"})", {"Accept", "*/*"});
  ASSERT_EQ(login.status, 204) << "also while reads are private";
  const std::string_view cookie = login.headers.all("Set-Cookie").front();
  const std::pair<std::string, std::string> ada{"Cookie",
                                                std::string(cookie.substr(0, cookie.find(';')))};
  EXPECT_EQ(send(net::Method::get, "/api/benchmark-results/", "", {"Accept", "*/*"}).status, 401);
  EXPECT_EQ(send(net::Method::get, "/api/benchmark-results/", "", ada).status, 200);
  const auto bob = send(net::Method::post, "/api/users/",
                        R"({"email":"bob@x.org","password":"pw","name":"Bob"})", ada);
  ASSERT_EQ(bob.status, 201) << bob.body;
  const std::string bob_id = json::parse(bob.body)->find("id")->as_string();
  EXPECT_EQ(send(net::Method::put, "/api/users/" + bob_id + "/", R"({"name":"B"})", ada).status,
            200);
  EXPECT_EQ(send(net::Method::del, "/api/users/" + bob_id + "/", "", ada).status, 204);
  EXPECT_EQ(
      send(net::Method::put, "/api/users/" + root_id + "/", R"({"password":"x"})", ada).status,
      403);
}

TEST_F(LegacyUsers, commands_make_list_change_and_remove_users) {
  const std::string data = folder.path() + "/data";
  const auto made =
      run_benchlake({"user", "create", "ada@x.org", "--role", "reader", "--data", data});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  ASSERT_EQ(made.out.size(), 21u) << "a password and nothing else";
  EXPECT_FALSE(log_in("ada@x.org", made.out.substr(0, 20)).empty());
  EXPECT_EQ(run_benchlake({"user", "role", "ada@x.org", "admin", "--data", data}).exit_code, 0);
  const auto changed = run_benchlake(
      {"user", "password", "ada@x.org", "--password-stdin", "--data", data}, "another-secret\n");
  EXPECT_EQ(changed.exit_code, 0) << changed.err;
  EXPECT_EQ(changed.out, "");
  EXPECT_FALSE(log_in("ada@x.org", "another-secret").empty());
  const auto listed = run_benchlake({"user", "list", "--data", data});
  EXPECT_NE(listed.out.find("ada@x.org  ada@x.org  admin"), std::string::npos) << listed.out;
  const auto audit = run_benchlake({"audit", "--data", data});
  EXPECT_NE(audit.out.find("user.change"), std::string::npos) << audit.out;
  EXPECT_EQ(audit.out.find("another-secret"), std::string::npos) << audit.out;
  EXPECT_EQ(run_benchlake({"user", "remove", "ada@x.org", "--data", data}).exit_code, 0);
  const auto again = run_benchlake({"user", "remove", "ada@x.org", "--data", data});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.err.find("ada@x.org"), std::string::npos) << again.err;
}

}  // namespace
}  // namespace bl::product
