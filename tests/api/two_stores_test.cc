#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "api/two_stores.h"
#include "product/store_under_test.h"
#include "store/testing/postgres_server.h"

/// Two stores, one truth: the same scenario gives byte-equal answers on SQLite, on PostgreSQL, and
/// on a PostgreSQL that sorts by a language.
namespace bl::product {
namespace {

constexpr auto k_judged_within = std::chrono::seconds(20);

std::string without_ids(std::string text) {
  for (std::size_t at = 0; at + 32 <= text.size(); ++at) {
    const std::size_t end = text.find_first_not_of("0123456789abcdef", at);
    if (std::min(end, text.size()) - at == 32) text.replace(at, 32, "#");
    if (end != std::string::npos && end > at) at = std::min(end, text.size());
  }
  return text;
}

/// One server and what it has answered.
class Teller {
 public:
  /// `event_log`: of build events; empty: that of the data folder.
  Teller(std::string name, const std::string& data_folder, const std::string& store_uri,
         const std::string& event_log = "")
      : name_(std::move(name)),
        server_(data_folder, {"--store", store_uri, "--set", "events.log=" + event_log}),
        renamer_(server_.url(), to_rfc3339(SystemClock().now())) {}

  const std::string& name() const { return name_; }
  bool ready() const { return server_.ready(); }
  const ServerProcess& server() const { return server_; }

  net::ClientResponse ask(const Question& question) {
    net::Headers headers;
    if (question.with_token) headers.add("Authorization", "Bearer " + server_.operator_token());
    if (question.method == net::Method::post) headers.add("Content-Type", question.content_type);
    auto response = client_.send(question.method, server_.url() + filled_in(question.path), headers,
                                 question.body);
    if (!response.ok()) return {.body = response.error().message};
    return std::move(response).value();
  }

  /// Keeps the ids of a submission for the questions that name it.
  void remember(const Question& question, const net::ClientResponse& response) {
    const auto body = json::parse(response.body);
    if (question.name.empty() || response.status != 201 || !body.ok()) return;
    const auto keep = [&](const char* kind, const char* member) {
      const json::Value* value = body->find(member);
      if (value != nullptr)
        values_["{" + std::string(kind) + ":" + question.name + "}"] = value->as_string();
    };
    keep("id", "id");
    keep("fingerprint", "history_fingerprint");
  }

  /// All pages of a list, as one answer; empty after 200 pages.
  net::ClientResponse ask_to_the_end(const Question& question) {
    net::ClientResponse all;
    std::string cursor;
    for (int page = 0; page < 200; ++page) {
      Question next = question;
      if (!cursor.empty()) next.path += "&cursor=" + cursor;
      net::ClientResponse response = ask(next);
      const auto body = json::parse(response.body);
      if (response.status != 200 || !body.ok()) return response;
      all.status = 200;
      all.body += response.body + "\n";
      const json::Value* place =
          body->find("metadata") != nullptr ? body->find("metadata") : &*body;
      const json::Value* found = place->find("next_page_cursor");
      if (found == nullptr || found->is_null()) return all;
      cursor = found->as_string();
    }
    return {};
  }

  Renamer& renamer() { return renamer_; }

 private:
  std::string filled_in(std::string path) const {
    for (const auto& [mark, value] : values_) {
      for (std::size_t at; (at = path.find(mark)) != std::string::npos;)
        path.replace(at, mark.size(), value);
    }
    return path;
  }

  std::string name_;
  ServerProcess server_;
  net::Client client_;
  Renamer renamer_;
  std::map<std::string, std::string> values_;
};

/// Series that are equal in what a list is sorted by are sorted by their fingerprints, which
/// contain ids: those lists are compared as sets, and by what they are sorted by.
std::string as_set(const std::string& pages) {
  std::vector<std::string> items;
  for (std::size_t at = 0; at < pages.size();) {
    const std::size_t end = std::min(pages.find('\n', at), pages.size());
    const auto page = json::parse(std::string_view(pages).substr(at, end - at));
    at = end + 1;
    if (!page.ok() || page->find("series") == nullptr) return pages;
    for (const json::Value& item : page->find("series")->items())
      items.push_back(json::to_text(item));
  }
  std::ranges::sort(items, {}, without_ids);
  std::string text;
  for (const std::string& item : items) text.append(item).append("\n");
  return text;
}

std::string names_in_order(const std::string& pages) {
  std::string order;
  constexpr std::string_view k_name = R"(,"name":")";
  for (std::size_t at = pages.find(k_name); at != std::string::npos; at = pages.find(k_name, at)) {
    at += k_name.size();
    order.append(pages, at, pages.find("\",\"", at) - at).append(" | ");
  }
  return order;
}

/// Status, headers and body, without what differs by its nature.
std::string text_of(const Question& question, const net::ClientResponse& response,
                    Renamer& renamer) {
  std::string text = std::to_string(response.status) + "\n";
  for (const auto& [name, value] : response.headers.fields()) {
    std::string lowered = name;
    std::ranges::transform(lowered, lowered.begin(),
                           [](char c) { return static_cast<char>(std::tolower(c)); });
    if (lowered == "date" || lowered == "x-request-id") continue;
    // Numbers of an id's place differ in length, and so do bodies and their hashes.
    const bool of_ids = lowered == "etag" || lowered == "content-length";
    text.append(lowered).append(": ").append(of_ids ? "..." : renamer.rename(value)).append("\n");
  }
  const bool is_series = question.path.starts_with("/api/series") && response.status == 200;
  if (question.path.find("sort=name") != std::string::npos) text += names_in_order(response.body);
  return text + "\n" + renamer.rename(is_series ? as_set(response.body) : response.body);
}

/// Where two texts part, with what is around.
std::string difference(const std::string& a, const std::string& b) {
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  const std::size_t from = at < 150 ? 0 : at - 150;
  std::string text = "\n  one:   ";
  text.append(a, from, 400).append("\n  other: ");
  return text.append(b, std::min(from, b.size()), 400);
}

bool is_as_meant(const Question& question, int status) {
  if (question.is_unsupported) return status == 501;
  if (question.is_refused) return status / 100 == 4;
  return question.name.empty() ? status < 500 : status == 201;
}

class TwoStores : public testing::Test {
 protected:
  using Ask = net::ClientResponse (Teller::*)(const Question&);

  /// Asks both until they say the same: statuses of series are judged behind the answers.
  void expect_same(Teller& one, Teller& other, const Question& question, Ask ask) {
    const auto deadline =
        std::chrono::steady_clock::now() + (is_late_ ? std::chrono::seconds(0) : k_judged_within);
    for (;;) {
      Renamer of_one = one.renamer();
      Renamer of_other = other.renamer();
      const net::ClientResponse first = (one.*ask)(question);
      const net::ClientResponse second = (other.*ask)(question);
      const std::string a = text_of(question, first, of_one);
      const std::string b = text_of(question, second, of_other);
      const bool may_follow =
          question.method == net::Method::get && std::chrono::steady_clock::now() < deadline;
      if (a != b && may_follow) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        continue;
      }
      one.renamer() = of_one;
      other.renamer() = of_other;
      one.remember(question, first);
      other.remember(question, second);
      EXPECT_TRUE(is_as_meant(question, first.status))
          << first.status << " " << question.name << question.path << " "
          << question.body.substr(0, 300) << first.body;
      if (a == b) return;
      is_late_ = true;  // what follows does not wait as long
      ADD_FAILURE() << other.name() << " differs: " << net::name_of(question.method) << " "
                    << question.path << " " << question.body.substr(0, 300) << difference(a, b);
      return;
    }
  }

  void expect_same_scenario(Teller& one, Teller& other) {
    ASSERT_TRUE(one.ready() && other.ready());
    for (const Question& question : submissions()) expect_same(one, other, question, &Teller::ask);
    for (const Question& question : reads()) expect_same(one, other, question, &Teller::ask);
    for (const Question& question : paged_lists()) {
      expect_same(one, other, question, &Teller::ask_to_the_end);
    }
  }

  TemporaryFolder folder;
  const std::string sqlite = "sqlite://" + folder.path() + "/one.db";
  bool is_late_ = false;
};

TEST_F(TwoStores, give_byte_equal_answers) {
  BL_SKIP_ON_POSTGRES("api_test asks both stores already");
  auto& postgres = store::testing::PostgresServer::shared();
  Teller one("SQLite", folder.path() + "/one", sqlite);
  Teller other("PostgreSQL", folder.path() + "/other", postgres.uri(postgres.create_database()),
               postgres.uri(postgres.create_database()));
  expect_same_scenario(one, other);
}

TEST_F(TwoStores, a_language_of_the_database_changes_nothing) {
  BL_SKIP_ON_POSTGRES("api_test asks both stores already");
  auto& postgres = store::testing::PostgresServer::shared();
  postgres.run("postgres",
               "create database of_a_language template template0 "
               "locale_provider icu icu_locale 'en-US'");
  Teller one("SQLite", folder.path() + "/one", sqlite);
  Teller other("PostgreSQL in English, and a Delta table", folder.path() + "/other",
               postgres.uri("of_a_language"), "delta://" + folder.path() + "/events");
  expect_same_scenario(one, other);
}

// The exception: Conbench's unique indexes over whole documents are PostgreSQL's alone.
TEST_F(TwoStores, what_an_index_of_postgresql_cannot_hold_is_named_and_refused_alone) {
  BL_SKIP_ON_POSTGRES("api_test asks both stores already");
  auto& postgres = store::testing::PostgresServer::shared();
  const ServerProcess server(folder.path() + "/data",
                             {"--store", postgres.uri(postgres.create_database())});
  std::mt19937 engine(7);  // what does not compress
  std::string noise;
  while (noise.size() < 6000) noise += static_cast<char>('a' + engine() % 26);
  const auto with = [&](const std::string& member, const std::string& text) {
    json::Value document = json::parse(good_submission(1)).value();
    document.set(member, json::parse(text).value());
    return json::to_text(document);
  };
  const std::pair<const char*, std::string> too_large[] = {
      {"tags", R"({"name":")" + noise + "\"}"},
      {"context", R"({"a":")" + noise + "\"}"},
      {"machine_info", R"({"name":"m","cpu_model_name":")" + noise + "\"}"},
  };
  for (const auto& [member, text] : too_large) {
    const Answer answer = server.post("/api/results", with(member, text));
    EXPECT_EQ(answer.status, 413) << answer.text;
    ASSERT_NE(answer.body.find("errors"), nullptr) << answer.text;
    EXPECT_EQ(answer.body.find("errors")->items()[0].find("location")->as_string(),
              "/" + std::string(member));
    EXPECT_EQ(answer.text.find("insert into"), std::string::npos) << answer.text;
    std::string batch = "[" + good_submission(2) + "," + with(member, text);
    batch.append(",").append(good_submission(3)).append("]");
    const Answer of_batch = server.post("/api/results:batch", batch);
    ASSERT_EQ(of_batch.status, 200) << of_batch.text;
    EXPECT_EQ(of_batch.body.find("stored")->as_int64(), 2) << of_batch.text;
    EXPECT_EQ(of_batch.body.find("results")->items()[1].find("status")->as_int64(), 413);
  }
}

/// Segment by segment; a `{name}` fits anything.
bool fits(std::string_view pattern, std::string_view path) {
  path = path.substr(0, path.find('?'));
  while (!pattern.empty() && !path.empty()) {
    const std::string_view want = pattern.substr(0, pattern.find('/', 1));
    const std::string_view have = path.substr(0, path.find('/', 1));
    if (!want.starts_with("/{") && want != have) return false;
    if (want.starts_with("/{") && have.size() < 2) return false;
    pattern.remove_prefix(want.size());
    path.remove_prefix(have.size());
  }
  return pattern.empty() && path.empty();
}

TEST_F(TwoStores, every_route_that_reads_is_asked) {
  const ServerProcess server(folder.path() + "/data");
  const Answer description = server.get("/openapi.json");
  ASSERT_EQ(description.status, 200);
  const std::vector<std::string> excepted = routes_about_the_server();
  const std::vector<Question> asked = reads();
  for (const auto& [pattern, methods] : description.body.find("paths")->members()) {
    if (methods.find("get") == nullptr || std::ranges::count(excepted, pattern) > 0) continue;
    EXPECT_TRUE(std::ranges::any_of(asked, [&](const Question& question) {
      return fits(pattern, question.path);
    })) << pattern;
  }
}

}  // namespace
}  // namespace bl::product
