#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "app/service.h"
#include "base/testing/faulty_disk.h"
#include "base/testing/temporary_folder.h"
#include "net/client.h"
#include "product/server_process.h"
#include "store/sqlite/tests/fault_vfs.h"
#include "store/sqlite_file.h"

/// A whole server in this process over a SQLite file, and one scenario: submissions, a batch with a
/// bad line, a token, a backup. The n-th call of the disk fails, for every n; or the machine stops
/// there and what was never synced is gone. What was acknowledged is there at the next start.
namespace bl::product {
namespace {

using store::testing::Fault;
using store::testing::FaultVfs;

constexpr std::int64_t k_every_call = 200;
constexpr std::int64_t k_stride = 17;

/// All calls in the long form; else every fifth, with another remainder for each kind of fault.
bool is_long() {
  return std::getenv("BENCHLAKE_FAULTS_ALL") != nullptr;
}

struct Reply {
  int status = 0;
  json::Value body;
  std::string text;
};

/// The server, as one start of it.
class Running {
 public:
  Running(const std::string& folder, Disk& disk) {
    app::Settings settings;
    settings.data_folder = folder;
    settings.store_uri = "sqlite://" + folder + "/benchlake.db";
    settings.http.port = 0;
    settings.store_limits.checkpoint_wal_bytes = 64 << 10;
    settings.commits.in_background = false;
    auto started = app::Service::start(settings, disk, clock_, random_, log_, metrics_);
    if (!started.ok()) {
      error = started.error().message;
      return;
    }
    service_ = std::move(started).value();
    token = read_file(*real_, folder + "/operator.token", 4096).value();
    while (!token.empty() && token.back() == '\n') token.pop_back();
  }

  bool started() const { return service_ != nullptr; }
  void stop() { service_.reset(); }

  Reply ask(net::Method method, const std::string& path, const std::string& body = "",
            const std::string& with_token = "", const char* type = "application/json") {
    net::Headers headers;
    headers.add("Authorization", "Bearer " + (with_token.empty() ? token : with_token));
    if (!body.empty()) headers.add("Content-Type", type);
    const auto answer = client_.send(method, service_->url() + path, headers, body);
    if (!answer.ok()) return {.text = answer.error().message};
    Reply reply{answer->status, {}, answer->body};
    if (auto parsed = json::parse(reply.text); parsed.ok()) reply.body = std::move(parsed).value();
    return reply;
  }

  std::string token;
  std::string error;

 private:
  std::unique_ptr<Disk> real_ = make_real_disk();
  SystemClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
  net::Client client_;
  std::unique_ptr<app::Service> service_;
};

/// What was acknowledged.
struct Kept {
  std::map<std::string, std::string> ids;  // key -> result
  std::string token;
  std::string backup;  // of a backup that succeeded
  std::int64_t in_backup = 0;
  std::set<int> statuses;
};

class SqliteScenario : public ::testing::Test {
 protected:
  ~SqliteScenario() override {
    vfs_.disarm();
    vfs_.stop_recording();
  }

  std::string fresh_folder() {
    std::filesystem::remove_all(root_.path());
    std::filesystem::create_directories(root_.path());
    return root_.at("data");
  }

  /// A reply that a client may get from a store with a fault.
  static void judge(const Reply& reply, int good, Kept& kept) {
    kept.statuses.insert(reply.status);
    EXPECT_THAT(reply.status, ::testing::AnyOf(good, 500, 503, 507)) << reply.text;
  }

  void submit(Running& server, int number, Kept& kept) {
    const std::string key = fmt::format("key-{}", number);
    const Reply reply = server.ask(net::Method::post, "/api/results", good_submission(number, key));
    judge(reply, 201, kept);
    if (reply.status == 201) kept.ids[key] = reply.body.find("id")->as_string();
  }

  void submit_batch(Running& server, int number, Kept& kept) {
    std::string lines;
    for (int k = 0; k < 4; ++k) {
      lines += k == 1 ? std::string("{\"bad\":1}")
                      : good_submission(number + k, fmt::format("key-{}", number + k));
      lines += "\n";
    }
    const Reply reply =
        server.ask(net::Method::post, "/api/results:batch", lines, "", "application/x-ndjson");
    judge(reply, 200, kept);
    if (reply.status != 200) return;
    for (int k = 0; k < 4; ++k) {
      const json::Value& line = reply.body.find("results")->items()[static_cast<std::size_t>(k)];
      const auto status = *line.find("status")->as_int64();
      if (status == 201) {
        kept.ids[fmt::format("key-{}", number + k)] = line.find("id")->as_string();
      }
      EXPECT_EQ(status == 422, k == 1) << reply.text;
    }
  }

  void create_token(Running& server, Kept& kept) {
    const Reply reply =
        server.ask(net::Method::post, "/api/tokens", R"({"name": "ci", "role": "writer"})");
    judge(reply, 201, kept);
    if (reply.status == 201) kept.token = reply.body.find("token")->as_string();
  }

  void back_up(Running& server, Kept& kept) {
    const std::string path = root_.at("backup.db");
    const auto before = static_cast<std::int64_t>(kept.ids.size());
    const Reply reply =
        server.ask(net::Method::post, "/api/v1/backups", "{\"path\":\"" + path + "\"}");
    judge(reply, 202, kept);
    if (reply.status != 202) return;
    for (std::string state = "running"; state == "running";) {
      const Reply now =
          server.ask(net::Method::get, "/api/v1/operations/" + reply.body.find("id")->as_string());
      ASSERT_EQ(now.status, 200) << now.text;
      state = now.body.find("state")->as_string();
      if (state == "succeeded") {
        kept.backup = path;
        kept.in_backup = before;
      }
    }
  }

  Kept run(Running& server) {
    Kept kept;
    for (int i = 0; i < 4; ++i) submit(server, i, kept);
    submit_batch(server, 10, kept);
    create_token(server, kept);
    back_up(server, kept);
    for (int i = 20; i < 23; ++i) submit(server, i, kept);
    return kept;
  }

  void expect_sound(const std::string& file) {
    const auto problems = store::check_sqlite_file(file, store::CheckDepth::full);
    ASSERT_TRUE(problems.ok()) << problems.error().message;
    EXPECT_THAT(*problems, ::testing::IsEmpty());
  }

  /// The store opens again, is sound, and has what was acknowledged, each once.
  void expect_kept(const std::string& folder, const Kept& kept) {
    const auto disk = make_real_disk();
    {
      Running server(folder, *disk);
      ASSERT_TRUE(server.started()) << server.error;
      for (const auto& [key, id] : kept.ids) {
        EXPECT_EQ(server.ask(net::Method::get, "/api/benchmark-results/" + id).status, 200)
            << "lost: " << key;
      }
      std::size_t stored = 0;
      const Reply list = server.ask(net::Method::get, "/api/benchmark-results?page_size=1000");
      std::map<std::string, int> of_batch;  // each submission of ours has a batch of its own
      for (const json::Value& row : list.body.find("results")->items()) {
        ++stored;
        EXPECT_EQ(++of_batch[row.find("batch_id")->as_string()], 1) << "doubled";
      }
      EXPECT_GE(stored, kept.ids.size());
      const Reply facts = server.ask(net::Method::get, "/api/v1/facts");
      EXPECT_EQ(facts.body.find("results")->as_int64(), static_cast<std::int64_t>(stored));
      const std::string& token = kept.token.empty() ? server.token : kept.token;
      const Reply more =
          server.ask(net::Method::post, "/api/results", good_submission(900, "key-900"), token);
      EXPECT_EQ(more.status, 201) << "a token that was given out works: " << more.text;
    }
    expect_sound(folder + "/benchlake.db");
    if (!kept.backup.empty()) expect_sound(kept.backup);
  }

  /// The call that is tried after the n-th.
  static std::int64_t after(std::int64_t n) {
    const std::int64_t step = is_long() ? 1 : 5;
    return n + (n < k_every_call ? step : std::max(step, k_stride));
  }

  void fail_each_call(Fault fault, std::int64_t first) {
    const auto disk = make_real_disk();
    for (std::int64_t n = is_long() ? 0 : first;; n = after(n)) {
      SCOPED_TRACE(fmt::format("fault at call {}", n));
      const std::string folder = fresh_folder();
      fault.at = n;
      Kept kept;
      bool fired = false;
      {
        Running server(folder, *disk);
        ASSERT_TRUE(server.started()) << server.error;
        vfs_.arm(fault);
        kept = run(server);
        server.stop();
        fired = vfs_.has_fired();
        vfs_.disarm();
      }
      expect_kept(folder, kept);
      if (!fired || HasFailure()) {
        EXPECT_GT(n, 40) << "the scenario is too small to mean something";
        return;
      }
    }
  }

  FaultVfs& vfs_ = FaultVfs::install();
  // In memory where the machine has such a place: the faults are ours.
  TemporaryFolder root_{TemporaryFolder::Place::memory};
};

TEST_F(SqliteScenario, whose_disk_fails_once_loses_nothing) {
  fail_each_call({0, Fault::Kind::io, Fault::Span::once}, 0);
  fail_each_call({0, Fault::Kind::io_applied, Fault::Span::once}, 2);
  fail_each_call({0, Fault::Kind::io_torn, Fault::Span::once}, 4);
}

TEST_F(SqliteScenario, whose_disk_fails_for_good_loses_nothing) {
  fail_each_call({0, Fault::Kind::io, Fault::Span::for_good}, 1);
  fail_each_call({0, Fault::Kind::io_torn, Fault::Span::for_good}, 3);
}

TEST_F(SqliteScenario, whose_disk_is_full_loses_nothing) {
  fail_each_call({0, Fault::Kind::full, Fault::Span::once}, 5);
  fail_each_call({0, Fault::Kind::full, Fault::Span::for_good}, 6);
}

TEST_F(SqliteScenario, on_a_full_disk_is_answered_507_and_reads_go_on) {
  const auto disk = make_real_disk();
  const std::string folder = fresh_folder();
  Running server(folder, *disk);
  ASSERT_TRUE(server.started()) << server.error;
  Kept kept = run(server);
  vfs_.arm({0, Fault::Kind::full, Fault::Span::for_good});
  for (int i = 0; i < 3; ++i) {
    const Reply full = server.ask(net::Method::post, "/api/results", good_submission(800 + i));
    EXPECT_EQ(full.status, 507) << full.text;
    EXPECT_EQ(full.body.find("code")->as_string(), "disk_full");
    EXPECT_EQ(
        server.ask(net::Method::post, "/api/tokens", R"({"name":"x","role":"writer"})").status,
        507);
    EXPECT_EQ(server.ask(net::Method::get, "/api/benchmark-results").status, 200);
    EXPECT_EQ(server.ask(net::Method::get, "/readyz").status, 200);
  }
  vfs_.disarm();
  EXPECT_EQ(server.ask(net::Method::post, "/api/results", good_submission(810)).status, 201);
  server.stop();
  expect_kept(folder, kept);
}

TEST_F(SqliteScenario, whose_machine_stops_at_any_call_loses_nothing_acknowledged) {
  const auto seed = static_cast<std::uint64_t>(std::random_device{}());
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  const auto disk = make_real_disk();
  for (std::int64_t n = 3;; n = after(n)) {
    SCOPED_TRACE(fmt::format("power cut at call {}", n));
    const std::string folder = fresh_folder();
    const std::string later = root_.at("later");
    std::filesystem::create_directories(later);
    vfs_.start_recording();
    Kept kept;
    bool fired = false;
    {
      Running server(folder, *disk);
      ASSERT_TRUE(server.started()) << server.error;
      vfs_.arm({n, Fault::Kind::io, Fault::Span::for_good});
      kept = run(server);
      vfs_.write_power_cut_image(folder, later, seed + static_cast<std::uint64_t>(n));
      fired = vfs_.has_fired();
      vfs_.stop_recording();
      server.stop();
      vfs_.disarm();
    }
    kept.backup.clear();  // not in the image
    expect_kept(later, kept);
    if (!fired || HasFailure()) {
      EXPECT_GT(n, 40);
      return;
    }
  }
}

// Renames, creations, appends, syncs of everything that is no SQLite file: the operator's token,
// server.json, the backup and its manifest.
TEST_F(SqliteScenario, whose_other_files_fail_loses_nothing) {
  const auto real = make_real_disk();
  for (const Code code : {Code::io, Code::disk_full}) {
    for (const auto lasting : {FaultPlan::Lasting::once, FaultPlan::Lasting::for_good}) {
      for (std::uint64_t n = 1;; ++n) {
        SCOPED_TRACE(fmt::format("fault at call {} of the disk", n));
        const std::string folder = fresh_folder();
        FaultyDisk disk(*real, {n, lasting, code});
        Kept kept;
        {
          Running server(folder, disk);
          if (server.started()) kept = run(server);
        }
        expect_kept(folder, kept);
        if (!disk.struck() || HasFailure()) {
          EXPECT_GT(n, 15u);
          break;
        }
        if (!is_long()) n += 2;
      }
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace bl::product
