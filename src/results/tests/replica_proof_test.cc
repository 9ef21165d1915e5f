// The proof of the replica, small and whole; its rules over figures that were made up.
#include "results/replica_proof.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <regex>

#include "results/proof/drills.h"
#include "results/proof/gates.h"
#include "results/proof/interfaces.h"
#include "results/proof/process.h"
#include "results/proof/report.h"
#include "results/proof/variants.h"
#include "results/read_evidence.h"
#include "results/tests/replica_world.h"

namespace bl::results::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Outcome = ProofGate::Outcome;

#define ASSERT_OK(result) \
  if (const auto& r_ = (result); !r_.ok()) FAIL() << r_.error().message

constexpr std::int64_t k_month = 31LL * 24 * k_hour;
constexpr std::int64_t k_months_ago[] = {0, 1, 14, 30};

/// A store with results of ten series, in four months of three years.
struct Proved : StoreFixture {
  explicit Proved(int count) {
    std::vector<Submission> some;
    for (int i = 0; i < count; ++i) {
      Draft draft = on_commit(i % 40);
      draft.name = fmt::format("case-{}", i % 10);
      draft.run_id = fmt::format("run-{}", i / 20);
      draft.timestamp = Timestamp{k_start.micros - k_months_ago[i % 4] * k_month + i * 1'000};
      draft.errored = i % 17 == 0;
      some.push_back(submission_of(draft));
    }
    for (auto& outcome : writer.submit_many(some)) BL_CHECK(outcome.ok());
    refresh_all();
    Backfill backfill(*database, clock, metrics);
    while (!backfill.walk_is_done().value()) BL_CHECK(backfill.step().ok());
    request.folder = folder.path + "/proof";
    request.readers = {1, 3};
    request.repetitions = 2;
    request.cold_repetitions = 2;
    request.requests = 30;
    request.freshness_rounds = 2;
    request.refresh_every = std::chrono::milliseconds(0);
    request.version = "0.1.0";
  }
  ProofWorld world() {
    return {*database, migrations, *disk, system_clock, system_random, system_ids, log, metrics};
  }
  Result<ProofReport> prove(const ProofProgress& progress = [](std::string_view, std::size_t,
                                                               std::size_t) { return true; }) {
    return prove_replica(request, world(), progress);
  }

  ProofRequest request;
  std::vector<store::Migration> migrations = steps();
  std::unique_ptr<Disk> disk = make_real_disk();
  // Threads draw from them.
  SystemClock system_clock;
  SystemRandom system_random;
  IdSource system_ids{system_clock, system_random};
};

const ProofGate& gate(const ProofReport& report, std::string_view name) {
  const auto found = std::ranges::find(report.gates, name, &ProofGate::name);
  BL_CHECK(found != report.gates.end());
  return *found;
}

/// One proof with everything in it, of a thousand results.
class ReplicaProofReport : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    Proved proved(1'000);
    auto report = proved.prove();
    ASSERT_OK(report);
    made() = *std::move(report);
    ReadEvidence evidence(*proved.database, proved.system_ids, proved.system_clock);
    for (const ReadPort port : k_read_ports) {
      const auto standing = evidence.standing(port);
      ASSERT_OK(standing);
      ASSERT_TRUE(standing->proof) << name_of(port);
      EXPECT_TRUE(standing->proof->passed) << name_of(port);
      EXPECT_EQ(standing->proof->requests, 30) << name_of(port);
    }
    folder() = proved.folder.path;
    for (const char* name : {"/report.json", "/report.md", "/report.html"}) {
      EXPECT_TRUE(std::filesystem::exists(proved.request.folder + name)) << name;
    }
  }
  static ProofReport& made() {
    static ProofReport report;
    return report;
  }
  static std::string& folder() {
    static std::string path;
    return path;
  }
};

TEST_F(ReplicaProofReport, judges_seven_gates) {
  const ProofReport& report = made();
  ASSERT_EQ(report.gates.size(), 7u);
  EXPECT_EQ(gate(report, "freshness").outcome, Outcome::passed)
      << gate(report, "freshness").evidence;
  EXPECT_EQ(gate(report, "reconciliation").outcome, Outcome::passed)
      << gate(report, "reconciliation").evidence;
  EXPECT_EQ(gate(report, "correctness").outcome, Outcome::passed)
      << gate(report, "correctness").evidence;
  for (const ReadPort port : k_read_ports) {
    EXPECT_THAT(gate(report, "correctness").evidence,
                HasSubstr(fmt::format("{}: 30 requests, 0 different", name_of(port))));
  }
  EXPECT_EQ(gate(report, "performance").outcome, Outcome::not_run) << "too few results";
  EXPECT_EQ(gate(report, "operations").outcome, Outcome::not_run) << "no program was named";
  EXPECT_EQ(report.outcome(), Outcome::not_run);
}

TEST_F(ReplicaProofReport, has_every_row_in_every_layout_and_every_answer) {
  const auto document = json::parse(made().json).value();
  ASSERT_EQ(document.find("variants")->items().size(), proof::all_variants().size());
  for (const json::Value& one : document.find("variants")->items()) {
    EXPECT_EQ(proof::number_at(one, {"rows"}), 1'000) << proof::text_at(one, "name");
    const bool is_sealed = proof::text_at(one, "name") == "tiered";  // fewer files, of years
    EXPECT_GE(proof::number_at(one, {"files"}), is_sealed ? 1 : 4) << proof::text_at(one, "name");
  }
  std::map<std::string, std::set<double>> rows;
  std::size_t skipped = 0;
  for (const json::Value& one : document.find("measurements")->items()) {
    if (proof::text_at(one, "variant") == "store") continue;
    rows[proof::text_at(one, "family") + fmt::format(" {} ", *proof::number_at(one, {"readers"})) +
         proof::text_at(one, "state")]
        .insert(*proof::number_at(one, {"rows"}));
    skipped += proof::number_at(one, {"files_skipped"}) > 0 ? 1 : 0;
  }
  EXPECT_EQ(rows.size(), 8u * 3);
  for (const auto& [question, counts] : rows) EXPECT_EQ(counts.size(), 1u) << question;
  EXPECT_GT(skipped, 0u);
}

TEST_F(ReplicaProofReport, tells_no_id_fingerprint_path_or_address) {
  const std::regex id("[0-9a-f]*[a-f][0-9a-f]{15,}|[0-9a-f]{15,}[a-f]");
  for (const std::string* text : {&made().json, &made().markdown, &made().html}) {
    std::smatch found;
    EXPECT_FALSE(std::regex_search(*text, found, id)) << found.str();
    EXPECT_THAT(*text, AllOf(Not(HasSubstr("run-")), Not(HasSubstr("case-")),
                             Not(HasSubstr(folder())), Not(HasSubstr("://"))));
  }
}

TEST(ReplicaProof, that_was_ended_at_any_step_goes_on_to_the_same_end) {
  Proved proved(200);
  proved.request.variants = {"plain_time", "tiered"};
  proved.request.families = {"history", "count"};
  std::size_t ended = 0;
  for (std::size_t calls = 1;; calls *= 2) {
    std::size_t left = calls;
    const auto report =
        proved.prove([&](std::string_view, std::size_t, std::size_t) { return left-- > 1; });
    if (report.ok()) {
      EXPECT_EQ(gate(*report, "reconciliation").outcome, Outcome::passed)
          << gate(*report, "reconciliation").evidence;
      EXPECT_THAT(report->json, HasSubstr("\"rows\":200"));
      break;
    }
    ASSERT_EQ(report.error().code, Code::cancelled) << report.error().message;
    ++ended;
  }
  EXPECT_GT(ended, 5u);
}

TEST(ReplicaProof, refuses_a_folder_of_another_proof_and_unknown_names) {
  Proved proved(40);
  proved.request.families = {"nothing"};
  EXPECT_THAT(proved.prove().error().message, HasSubstr("no family of that name: nothing"));
  proved.request.families = {"count"};
  bool exported = false;
  const auto until_exported = [&](std::string_view phase, std::size_t, std::size_t) {
    exported = exported || phase.starts_with("layout");
    return !exported;
  };
  EXPECT_EQ(proved.prove(until_exported).error().code, Code::cancelled);
  proved.request.seed = 2;
  EXPECT_EQ(proved.prove().error().code, Code::conflict);
}

TEST(ReplicaProof, finds_what_was_changed_in_the_lake) {
  ReplicaWorld world;
  for (int i = 0; i < 30; ++i) world.submit(submission_of(on_commit(i)));
  world.refresh();
  const auto samples = proof::draw_store_samples(*world.database, 10).value();
  const proof::StoreReaders store(*world.database);
  const auto lake =
      proof::LakeReaders::open(*world.lake, world.database->dialect(), world.metrics).value();
  const auto compare = [&] {
    std::size_t told = 0;
    const ReaderPorts of_store = store.ports(), of_lake = lake->ports();
    const auto compared = proof::compare_interface(
        proof::all_interfaces()[0], {.store = of_store,
                                     .lake = of_lake,
                                     .samples = samples,
                                     .requests = 20,
                                     .catch_up = [] { return Result<void>(); },
                                     .on_difference = [&](const proof::Request&) { ++told; },
                                     .go_on = [](std::size_t, std::size_t) { return true; }});
    EXPECT_EQ(proof::number_at(*compared, {"different"}), static_cast<double>(told));
    return told;
  };
  EXPECT_EQ(compare(), 0u);
  auto table = world.lake->table("results").value();
  lake::Change change{.what = "test"};
  change.select = "(SELECT * REPLACE (min + 1 AS min) FROM removed_rows)";
  for (const lake::DataFile& file : table->snapshot().files().files()) {
    change.removed.push_back(file.key);
  }
  ASSERT_OK(table->replace(change));
  EXPECT_GT(compare(), 5u);
}

// Rules ----------------------------------------------------------------------------------------

json::Value document(const std::string& text) {
  return json::parse(text).value();
}
Outcome outcome(const json::Value& of, std::string_view name) {
  const auto gates = proof::judge(of);
  return std::ranges::find(gates, name, &ProofGate::name)->outcome;
}

TEST(ProofGates, a_difference_fails_and_a_missing_reader_is_not_run) {
  const auto of = [](int different, const char* there) {
    return document(fmt::format(R"({{"interfaces":[
      {{"name":"history","is_there":true,"requests":10,"different":{}}},
      {{"name":"runs","is_there":{},"requests":10,"different":0}}]}})",
                                different, there));
  };
  EXPECT_EQ(outcome(of(0, "true"), "correctness"), Outcome::passed);
  EXPECT_EQ(outcome(of(1, "true"), "correctness"), Outcome::failed);
  EXPECT_EQ(outcome(of(0, "false"), "correctness"), Outcome::not_run);
  EXPECT_EQ(outcome(of(1, "false"), "correctness"), Outcome::failed);
  EXPECT_EQ(outcome(document("{}"), "correctness"), Outcome::not_run);
}

TEST(ProofGates, broad_questions_are_five_times_as_fast_and_targeted_ones_not_slower) {
  const auto of = [](double store, double lake, const char* family, std::int64_t rows = 1'000'000) {
    return document(fmt::format(R"({{"data":{{"rows":{}}},"measurements":[
      {{"variant":"store","family":"{}","state":"warm","readers":1,"p50_ms":{},"p95_ms":{}}},
      {{"variant":"tiered","family":"{}","state":"warm","readers":1,"p50_ms":{},"p95_ms":{}}}]}})",
                                rows, family, store, store, family, lake, lake));
  };
  EXPECT_EQ(outcome(of(50, 10, "history"), "performance"), Outcome::passed);
  EXPECT_EQ(outcome(of(49, 10, "history"), "performance"), Outcome::failed);
  EXPECT_EQ(outcome(of(10, 10, "compare"), "performance"), Outcome::passed);
  EXPECT_EQ(outcome(of(10, 11, "compare"), "performance"), Outcome::failed);
  EXPECT_EQ(outcome(of(50, 10, "history", 1'000), "performance"), Outcome::not_run);
}

TEST(ProofGates, freshness_wants_95_of_100_within_a_minute_and_all_at_the_end) {
  const auto of = [](double p95, int in_lake) {
    return document(
        fmt::format(R"({{"freshness":{{"written":100,"in_lake":{},"p95_s":{}}}}})", in_lake, p95));
  };
  EXPECT_EQ(outcome(of(60, 100), "freshness"), Outcome::passed);
  EXPECT_EQ(outcome(of(61, 100), "freshness"), Outcome::failed);
  EXPECT_EQ(outcome(of(1, 99), "freshness"), Outcome::failed);
}

TEST(ProofGates, reconciliation_wants_each_kind_found_and_mended) {
  const auto of = [](int doubled, int after) {
    return document(fmt::format(R"({{"reconciliation":{{"before":0,"after":{},
      "injected":{{"missing":1,"doubled":1,"stale":1,"wrong month":1}},
      "found":{{"missing":1,"doubled":{},"stale":1,"wrong month":1}}}}}})",
                                after, doubled));
  };
  EXPECT_EQ(outcome(of(1, 0), "reconciliation"), Outcome::passed);
  EXPECT_EQ(outcome(of(0, 0), "reconciliation"), Outcome::failed);
  EXPECT_EQ(outcome(of(1, 1), "reconciliation"), Outcome::failed);
}

TEST(ProofGates, cost_is_bytes_a_row_of_the_replica) {
  const auto of = [](double bytes) {
    return document(fmt::format(R"({{"data":{{"rows":100000}},"variants":[
      {{"name":"tiered","bytes_per_row":{}}}]}})",
                                bytes));
  };
  EXPECT_EQ(outcome(of(40), "cost"), Outcome::passed);
  EXPECT_EQ(outcome(of(41), "cost"), Outcome::failed);
}

TEST(ProofGates, an_interface_may_be_switched_when_it_is_right_and_fresh_and_mended) {
  const auto of = document(R"({"interfaces":[
    {"name":"history","is_there":true,"requests":10,"different":0},
    {"name":"runs","is_there":true,"requests":10,"different":1},
    {"name":"health","is_there":true,"requests":0,"different":0},
    {"name":"compare","is_there":false}]})");
  std::vector<ProofGate> gates = {{"freshness", "", "", Outcome::passed},
                                  {"reconciliation", "", "", Outcome::passed}};
  EXPECT_TRUE(proof::may_switch(of, gates, "history"));
  for (const char* name : {"runs", "health", "compare", "nothing"}) {
    EXPECT_FALSE(proof::may_switch(of, gates, name)) << name;
  }
  gates[1].outcome = Outcome::failed;
  EXPECT_FALSE(proof::may_switch(of, gates, "history"));
}

TEST(ProofReportText, escapes_what_is_markup_in_it) {
  json::Value of = document("{}");
  const std::vector<ProofGate> gates = {{"a|b", "<x>", "1 & 2", Outcome::passed}};
  proof::add_gates(of, gates);
  EXPECT_THAT(proof::to_markdown(of), HasSubstr("| a\\|b | passed | <x> | 1 & 2 |"));
  EXPECT_THAT(proof::to_html(of), AllOf(HasSubstr("&lt;x&gt;"), HasSubstr("1 &amp; 2")));
}

TEST(Percentile, is_one_of_the_values_by_nearest_rank) {
  EXPECT_EQ(proof::percentile({}, 0.5), 0);
  EXPECT_EQ(proof::percentile({3}, 0.95), 3);
  EXPECT_EQ(proof::percentile({4, 1, 3, 2}, 0.5), 2);
  EXPECT_EQ(proof::percentile({4, 1, 3, 2}, 0.95), 4);
  EXPECT_EQ(proof::percentile({4, 1, 3, 2}, 0), 1);
}

}  // namespace
}  // namespace bl::results::testing
