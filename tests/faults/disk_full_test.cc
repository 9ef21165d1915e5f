#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "product/server_process.h"
#include "store/sqlite_file.h"

/// The running program on a disk that is really full: 507, reads go on, and with space writes come
/// back.
namespace bl::product {
namespace {

// Room for the log at its longest beside the file: at the start the one is moved into the other.
constexpr const char* k_disk_bytes = "size=72m";
constexpr std::size_t k_ballast_bytes = 24u << 20;

/// A small disk of its own, where mounting is allowed.
class SmallDisk {
 public:
  SmallDisk() {
    is_mounted_ = mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, k_disk_bytes) == 0;
    if (!is_mounted_) why_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (is_mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return is_mounted_; }
  const std::string& why_not() const { return why_; }
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }

 private:
  TemporaryFolder folder_;
  bool is_mounted_ = false;
  std::string why_;
};

/// A submission of some 60 kB.
std::string big_submission(int number, const std::string& key) {
  std::string body = good_submission(number, key);
  body.pop_back();
  body += ",\"optional_benchmark_info\":{\"noise\":\"";
  std::uint32_t x = static_cast<std::uint32_t>(number) + 1;
  for (int i = 0; i < 60'000; ++i) {
    x = x * 1664525 + 1013904223;
    body += static_cast<char>('a' + (x >> 24) % 26);
  }
  return body + "\"}}";
}

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!disk_.is_mounted()) GTEST_SKIP() << "no small disk can be mounted: " << disk_.why_not();
    std::ofstream(disk_.path("ballast")) << std::string(k_ballast_bytes, 'x');
    std::ofstream(disk_.path("more_ballast")) << std::string(k_ballast_bytes, 'x');
  }
  static std::string code_of(const Answer& answer) {
    const json::Value* code = answer.body.is_object() ? answer.body.find("code") : nullptr;
    return code == nullptr ? "" : code->as_string();
  }
  /// Posts until it does not fit; the answer that said so.
  Answer fill(const ServerProcess& server) {
    for (;; ++next_) {
      const std::string key = fmt::format("key-{}", next_);
      const Answer answer = server.post("/api/results", big_submission(next_, key));
      if (answer.status != 201) return answer;
      ids_[key] = answer.body.find("id")->as_string();
      if (next_ > 5'000) return {};
    }
  }
  void expect_all_there(const ServerProcess& server) {
    for (const auto& [key, id] : ids_) {
      ASSERT_EQ(server.get("/api/benchmark-results/" + id).status, 200) << "lost: " << key;
    }
    const Answer facts = server.get("/api/v1/facts");
    EXPECT_EQ(facts.body.find("results")->as_int64(), static_cast<std::int64_t>(ids_.size()));
  }

  SmallDisk disk_;
  int next_ = 0;
  std::map<std::string, std::string> ids_;  // acknowledged
};

TEST_F(FullDisk, answers_507_and_reads_go_on_and_writes_come_back_with_space) {
  {
    ServerProcess server(disk_.path("data"), {"--store", "sqlite://" + disk_.path("data/b.db")});
    ASSERT_TRUE(server.ready());
    const Answer full = fill(server);
    EXPECT_EQ(full.status, 507) << full.text;
    EXPECT_EQ(code_of(full), "disk_full");
    EXPECT_GT(ids_.size(), 10u);
    const Answer batch = server.post(
        "/api/results:batch", big_submission(5'000, "a") + "\n{}\n" + big_submission(5'001, "b"),
        "application/x-ndjson");
    EXPECT_EQ(batch.status, 200) << "the bad line is named all the same";
    EXPECT_EQ(*batch.body.find("failed")->as_int64(), 3) << batch.text;
    expect_all_there(server);
    EXPECT_EQ(server.get("/readyz").status, 200);
    const Answer backup =
        server.post("/api/v1/backups", "{\"path\":\"" + disk_.path("backup.db") + "\"}");
    EXPECT_EQ(backup.status, 202) << backup.text;
    net::ApiClient operator_client({server.url(), server.operator_token(), {}});
    for (std::string state = "running"; state == "running";) {
      const auto now =
          operator_client.get("/api/v1/operations/" + backup.body.find("id")->as_string());
      ASSERT_TRUE(now.ok()) << now.error().message;
      state = now->find("state")->as_string();
      EXPECT_NE(state, "succeeded") << json::to_text(*now);
    }
    EXPECT_FALSE(std::filesystem::exists(disk_.path("backup.db.manifest.json")));

    std::filesystem::remove(disk_.path("ballast"));
    const std::string key = fmt::format("key-{}", next_);
    const Answer again = server.post("/api/results", big_submission(next_, key));
    EXPECT_EQ(again.status, 201) << again.text;
    ids_[key] = again.body.find("id")->as_string();
    expect_all_there(server);
    fill(server);  // and ends on a disk that is full again
    server.terminate();
  }
  {
    // Where not even its address can be written, a server does not start, and harms nothing.
    std::ofstream(disk_.path("filler")) << std::string(72u << 20, 'x');
    ServerProcess server(disk_.path("data"), {"--store", "sqlite://" + disk_.path("data/b.db")});
    EXPECT_FALSE(server.ready());
  }
  std::filesystem::remove(disk_.path("filler"));
  std::filesystem::remove(disk_.path("more_ballast"));
  ServerProcess server(disk_.path("data"), {"--store", "sqlite://" + disk_.path("data/b.db")});
  std::ifstream log(disk_.path("data.log"));
  ASSERT_TRUE(server.ready()) << log.rdbuf();
  expect_all_there(server);
  server.kill();
  const auto problems = store::check_sqlite_file(disk_.path("data/b.db"), store::CheckDepth::full);
  ASSERT_TRUE(problems.ok()) << problems.error().message;
  EXPECT_THAT(*problems, ::testing::IsEmpty());
}

}  // namespace
}  // namespace bl::product
