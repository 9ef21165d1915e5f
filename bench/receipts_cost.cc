#include "receipts_cost.h"

#include <algorithm>
#include <array>
#include <thread>

#include "results/receipts.h"
#include "results/store_writer.h"

namespace bl::bench {
namespace {

using Submissions = std::vector<results::Submission>;

Submissions next_submissions(const ResultGenerator& generator, int count) {
  static std::uint64_t next = 20'000'000;  // others' submits of this run are below
  Submissions made;
  for (int i = 0; i < count; ++i) {
    made.push_back(generator.single(next++));
    made.back().submitter = {"06518b68000070008000aabbccddeeff", "ci@example.org"};
  }
  return made;
}

double microseconds_each(FilledStore& store, std::size_t count, const std::function<void()>& work) {
  const double before = store.cpu_seconds_with_database();
  work();
  return (store.cpu_seconds_with_database() - before) * 1e6 / static_cast<double>(count);
}

double singles(FilledStore& store, results::ResultWriter& writer, const Submissions& submissions,
               int threads) {
  return microseconds_each(store, submissions.size(), [&] {
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        for (auto i = static_cast<std::size_t>(t); i < submissions.size();
             i += static_cast<std::size_t>(threads))
          must(writer.submit(submissions[i]), "submit");
      });
    }
    for (auto& worker : workers) worker.join();
  });
}

double batches(FilledStore& store, results::ResultWriter& writer,
               const std::vector<Submissions>& all) {
  std::size_t count = 0;
  for (const Submissions& one : all) count += one.size();
  return microseconds_each(store, count, [&] {
    for (const Submissions& one : all)
      for (auto& outcome : writer.submit_many(one)) must(std::move(outcome), "batch");
  });
}

/// Of one kind of submit: every round's CPU without and with receipts. What else the machine does
/// only adds to a round, so that the least of each way are what is compared.
struct Rounds {
  std::array<std::vector<double>, 2> us;  // 1: with

  void tell(const std::string& kind, Report& report) const {
    const double without = *std::ranges::min_element(us[0]),
                 with = *std::ranges::min_element(us[1]);
    report.fact(kind + "_cpu_us_without_receipts", without);
    report.fact(kind + "_cpu_us_with_receipts", with);
    report.fact(kind + "_receipts_percent", (with / without - 1) * 100);
  }
};

}  // namespace

void time_receipts(FilledStore& store, const ResultPlan& plan, const ReceiptsScenario& scenario,
                   Report& report) {
  const ResultGenerator generator(plan);
  const auto limits = results::writer_limits(store.database->dialect());
  results::Receipts receipts(*store.database, store.clock, store.log, store.metrics);
  results::StoreResultWriter without(*store.database, store.ids, store.clock, limits);
  results::StoreResultWriter with(*store.database, store.ids, store.clock, limits, &receipts);
  const std::array<results::ResultWriter*, 2> writers = {&without, &with};
  Rounds single, batch;
  for (int round = 0; round < scenario.rounds; ++round) {
    for (int turn = 0; turn < 2; ++turn) {
      const auto way = static_cast<std::size_t>((round + turn) % 2);  // nobody is always first
      const Submissions ones = next_submissions(generator, scenario.singles);
      std::vector<Submissions> many;
      for (int i = 0; i < scenario.batches; ++i)
        many.push_back(next_submissions(generator, scenario.batch));
      single.us[way].push_back(singles(store, *writers[way], ones, scenario.threads));
      batch.us[way].push_back(batches(store, *writers[way], many));
    }
  }
  if (scenario.rounds == 0) return;
  single.tell("submit", report);
  batch.tell("batch", report);
}

}  // namespace bl::bench
