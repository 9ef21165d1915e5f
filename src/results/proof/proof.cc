#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>

#include "results/proof/cutover.h"
#include "results/proof/drills.h"
#include "results/proof/families.h"
#include "results/proof/gates.h"
#include "results/proof/interfaces.h"
#include "results/proof/measure.h"
#include "results/proof/process.h"
#include "results/proof/report.h"
#include "results/proof/state.h"
#include "results/proof/variants.h"
#include "results/read_evidence.h"
#include "results/replica_proof.h"
#include "results/store_health.h"

namespace bl::results {
namespace {

using namespace proof;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t k_samples = 2'000;
constexpr std::size_t k_differences_max = 1'000;

json::Value whole(std::int64_t value) {
  return json::Value::number(value);
}
json::Value text(std::string_view value) {
  return json::Value::string(std::string(value));
}
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

template <class Known>
Result<std::vector<Known>> chosen(std::span<const Known> all, const std::vector<std::string>& names,
                                  const char* what) {
  if (names.empty()) return std::vector<Known>(all.begin(), all.end());
  std::vector<Known> some;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(all, name, &Known::name);
    if (found == all.end()) {
      return Error{Code::invalid, std::string("there is no ") + what + " of that name: " + name};
    }
    some.push_back(*found);
  }
  return some;
}

Result<void> check_request(const ProofRequest& request) {
  const auto wrong = [](const std::string& what, std::int64_t value) {
    return Error{Code::invalid, what + ": " + std::to_string(value)};
  };
  for (const int readers : request.readers) {
    if (readers < 1 || readers > 256) return wrong("readers are 1 to 256", readers);
  }
  if (request.readers.empty()) return wrong("at least one number of readers is wanted", 0);
  if (request.repetitions < 1) return wrong("repetitions are at least 1", request.repetitions);
  if (request.requests < 0) return wrong("requests are not negative", request.requests);
  return {};
}

/// What a folder's proof is of: another one is another proof.
json::Value settings_of(const ProofRequest& request, const ProofWorld& world) {
  json::Value out = json::Value::object();
  json::Value readers = json::Value::array();
  for (const int one : request.readers) readers.items().push_back(whole(one));
  const auto names = [](const std::vector<std::string>& all) {
    json::Value list = json::Value::array();
    for (const std::string& one : all) list.items().push_back(text(one));
    return list;
  };
  out.set("store",
          text(world.database.dialect() == store::Dialect::sqlite ? "SQLite" : "PostgreSQL"));
  out.set("readers", std::move(readers));
  out.set("repetitions", whole(request.repetitions));
  out.set("cold_repetitions", whole(request.cold_repetitions));
  out.set("requests", whole(request.requests));
  out.set("freshness_rounds", whole(request.freshness_rounds));
  out.set("refresh_every_ms", whole(request.refresh_every.count()));
  out.set("kills", whole(request.kills));
  out.set("measure_time_max_ms", whole(request.measure_time_max.count()));
  out.set("families", names(request.families));
  out.set("variants", names(request.variants));
  out.set("seed", whole(static_cast<std::int64_t>(request.seed)));
  out.set("program", text(request.version));
  return out;
}

class Proof {
 public:
  Proof(const ProofRequest& request, const ProofWorld& world, const ProofProgress& progress)
      : request_(request), world_(world), progress_(progress) {}

  Result<ProofReport> run() {
    BL_RETURN_IF_ERROR(check_request(request_));
    BL_TRY(families_, chosen(all_families(), request_.families, "family"));
    BL_TRY(variants_, chosen(all_variants(), request_.variants, "variant"));
    BL_RETURN_IF_ERROR(world_.disk.make_folder(request_.folder));
    BL_TRY(const auto lock, world_.disk.lock(request_.folder + "/lock", "a proof runs"));
    settings_ = settings_of(request_, world_);
    BL_TRY(State state, State::open(world_.disk, request_.folder + "/state.json", settings_));
    state_ = &state;
    BL_RETURN_IF_ERROR(open_lake());
    BL_RETURN_IF_ERROR(do_steps());
    return report();
  }

 private:
  using Work = std::function<Result<json::Value>()>;

  Result<void> step(const std::string& name, const Work& work) {
    if (state_->find(name) != nullptr) return {};
    if (!progress_(name, 0, 1)) return Error{Code::cancelled, "the proof was ended"};
    BL_TRY(json::Value outcome, work());
    return state_->keep(name, std::move(outcome));
  }

  std::function<bool(std::size_t, std::size_t)> counted(const std::string& phase) const {
    return [this, phase](std::size_t done, std::size_t all) { return progress_(phase, done, all); };
  }

  Result<void> open_lake() {
    std::error_code ignored;
    scratch_ = request_.folder + "/scratch";
    std::filesystem::remove_all(scratch_, ignored);
    BL_RETURN_IF_ERROR(world_.disk.make_folder(scratch_));
    lake::LakeOptions options;
    options.folder = request_.folder + "/lake";
    options.objects = request_.folder + "/objects";
    options.catalog = "sqlite://" + request_.folder + "/catalog.sqlite";
    options.delta = false;
    options.housekeeping = false;
    options.limits.engine_threads = std::max(1, machine_processors());
    BL_TRY(lake_, lake::Lake::open(options, {world_.disk, world_.clock, world_.random, world_.log,
                                             world_.metrics}));
    replicator_ = std::make_unique<Replicator>(world_.database, *lake_, world_.ids, world_.clock,
                                               world_.log, world_.metrics);
    return {};
  }

  Result<void> do_steps() {
    BL_RETURN_IF_ERROR(step("export", [this] { return export_all(); }));
    for (const Variant& variant : variants_) {
      BL_RETURN_IF_ERROR(
          step("layout " + std::string(variant.name), [&, this] { return lay_out(variant); }));
    }
    BL_TRY(const Samples samples, draw_samples(*lake_));
    const MeasurePlan plan{request_.readers, request_.repetitions, request_.cold_repetitions,
                           request_.measure_time_max};
    BL_RETURN_IF_ERROR(step("measure store", [&, this] {
      return measure_store(world_.database, samples, families_, plan, counted("measure store"));
    }));
    for (const Variant& variant : variants_) {
      const std::string name = "measure " + std::string(variant.name);
      BL_RETURN_IF_ERROR(step(name, [&, this]() -> Result<json::Value> {
        BL_TRY(const lake::Snapshot snapshot, open_variant(*lake_, variant));
        return measure_variant(*lake_, world_.metrics, variant.name, snapshot, samples, families_,
                               plan, counted(name));
      }));
    }
    BL_RETURN_IF_ERROR(compare_interfaces());
    BL_RETURN_IF_ERROR(step("reconciliation", [this] { return reconcile(); }));
    BL_RETURN_IF_ERROR(
        step("freshness", [this] { return refresh_beside_a_writer(request_, world_, progress_); }));
    BL_RETURN_IF_ERROR(
        step("operations", [this] { return drill_operations(request_, world_.disk, progress_); }));
    return step("cutover", [this] { return drill_cutover(request_, world_.disk, progress_); });
  }

  /// With all years sealed that are to be.
  Result<void> refresh(std::int64_t& exported) {
    ReplicaRound round;
    do {
      BL_TRY(round,
             replicator_->refresh([this](std::string_view phase, std::size_t done,
                                         std::size_t all) { return progress_(phase, done, all); }));
      exported += round.exported;
    } while (round.sealed > 0);
    if (round.state == ReplicaRound::State::current) return {};
    if (round.state == ReplicaRound::State::exporting) {
      return Error{Code::cancelled, "the proof was ended"};
    }
    return Error{Code::unavailable, "the store still numbers results that others wrote"};
  }

  Result<json::Value> export_all() {
    const double cpu = process_counters().cpu_s;
    const auto start = Clock::now();
    std::int64_t exported = 0;
    BL_RETURN_IF_ERROR(refresh(exported));
    const double took = seconds_since(start);
    const double cpu_s = process_counters().cpu_s - cpu;
    std::uint64_t bytes = 0;
    std::int64_t rows = 0;
    for (const auto& table : lake_->tables()) {
      bytes += table->status().bytes;
      if (table->name() == "results") rows = table->snapshot().rows();
    }
    BL_TRY(const StoreHealth health, store_health(world_.database));
    const auto per = [](double sum, std::int64_t count) {
      return json::Value::number(count > 0 ? sum / static_cast<double>(count) : 0);
    };
    json::Value out = json::Value::object();
    out.set("rows", whole(rows));
    out.set("series", whole(health.series));
    out.set("runs", whole(health.runs));
    // Of this process alone: after a kill only what was left.
    out.set("exported", whole(exported));
    out.set("seconds", json::Value::number(took));
    out.set("rows_per_s", json::Value::number(static_cast<double>(exported) / took));
    out.set("cpu_s_per_million", per(cpu_s * 1e6, exported));
    out.set("bytes", whole(static_cast<std::int64_t>(bytes)));
    out.set("bytes_per_row", per(static_cast<double>(bytes), rows));
    return out;
  }

  Result<json::Value> lay_out(const Variant& variant) {
    const auto start = Clock::now();
    BL_TRY(const BuiltVariant built,
           build_variant(*lake_, world_.disk, world_.ids, scratch_, variant,
                         counted("layout " + std::string(variant.name))));
    const double took = seconds_since(start);
    BL_TRY(const lake::Snapshot snapshot, open_variant(*lake_, variant));
    const auto rows = static_cast<double>(std::max<std::int64_t>(1, snapshot.rows()));
    json::Value out = json::Value::object();
    out.set("name", text(variant.name));
    out.set("what", text(variant.what));
    out.set("files", whole(std::ssize(snapshot.files().files())));
    out.set("rows", whole(snapshot.rows()));
    out.set("bytes", whole(static_cast<std::int64_t>(snapshot.files().bytes())));
    out.set("bytes_per_row",
            json::Value::number(static_cast<double>(snapshot.files().bytes()) / rows));
    if (built.rows_written > 0) {
      out.set("rows_per_s", json::Value::number(static_cast<double>(built.rows_written) / took));
    }
    return out;
  }

  Result<void> compare_interfaces() {
    BL_TRY(const StoreSamples samples, draw_store_samples(world_.database, k_samples));
    BL_TRY(const auto lake_readers,
           LakeReaders::open(*lake_, world_.database.dialect(), world_.metrics));
    const StoreReaders store_readers(world_.database);
    const ReaderPorts of_store = store_readers.ports(), of_lake = lake_readers->ports();
    for (const Interface& interface : all_interfaces()) {
      const std::string name = "interface " + std::string(interface.name);
      std::string differences;
      std::size_t kept = 0;
      const Comparing comparing{.store = of_store,
                                .lake = of_lake,
                                .samples = samples,
                                .seed = request_.seed,
                                .requests = request_.requests,
                                .catch_up = [this]() -> Result<void> {
                                  std::int64_t ignored = 0;
                                  return refresh(ignored);
                                },
                                .on_difference =
                                    [&](const Request& request) {
                                      if (++kept > k_differences_max) return;
                                      differences += request.kind + "\t" + request.about + "\n";
                                    },
                                .go_on = counted(name)};
      BL_RETURN_IF_ERROR(step(name, [&] { return compare_interface(interface, comparing); }));
      if (differences.empty()) continue;
      BL_RETURN_IF_ERROR(write_file_atomically(
          world_.disk, request_.folder + "/differences-" + std::string(interface.name) + ".tsv",
          differences, FileMode::secret));
    }
    return {};
  }

  Result<json::Value> reconcile() {
    constexpr const char* k_begun = "reconciliation begun";
    if (state_->find(k_begun) != nullptr) {
      BL_TRY([[maybe_unused]] const auto mended, replicator_->check(ReplicaRepair::yes, progress_));
    }
    return damage_and_mend(
        *lake_, *replicator_,
        [&, this] { return state_->keep(k_begun, json::Value::boolean(true)); }, progress_);
  }

  json::Value list(const std::string& prefix, bool is_flat) const {
    json::Value out = json::Value::array();
    const auto add = [&](const std::string& name) {
      const json::Value* found = state_->find(prefix + name);
      if (found == nullptr) return;
      if (!is_flat) {
        out.items().push_back(*found);
      } else {
        for (const json::Value& one : found->items()) out.items().push_back(one);
      }
    };
    if (prefix == "interface ") {
      for (const Interface& one : all_interfaces()) add(std::string(one.name));
      return out;
    }
    add("store");
    for (const Variant& one : variants_) add(std::string(one.name));
    return out;
  }

  json::Value document() const {
    json::Value out = json::Value::object();
    out.set("format", whole(1));
    out.set("program", text(request_.version));
    out.set("made_at", text(to_rfc3339_seconds(world_.clock.now())));
    const json::Value exported = *state_->find("export");
    json::Value data = json::Value::object();
    data.set("store", *settings_.find("store"));
    for (const char* key : {"rows", "series", "runs"}) data.set(key, *exported.find(key));
    std::set<std::string> months;
    if (const auto table = lake_->table("results"); table.ok()) {
      for (const lake::DataFile& file : (*table)->snapshot().files().files()) {
        months.insert(file.key.substr(0, file.key.rfind('/')));
      }
    }
    data.set("months", whole(std::ssize(months)));
    out.set("data", std::move(data));
    json::Value machine = json::Value::object();
    machine.set("processors", whole(machine_processors()));
    machine.set("memory_bytes", whole(static_cast<std::int64_t>(machine_memory_bytes())));
    out.set("machine", std::move(machine));
    out.set("settings", settings_);
    out.set("export", exported);
    out.set("variants", list("layout ", false));
    out.set("measurements", list("measure ", true));
    out.set("interfaces", list("interface ", false));
    for (const char* key : {"freshness", "reconciliation", "operations", "cutover"}) {
      out.set(key, *state_->find(key));
    }
    return out;
  }

  Result<ProofReport> report() {
    json::Value all = document();
    ProofReport made;
    made.gates = judge(all);
    json::Value interfaces = json::Value::array();
    for (json::Value one : all.find("interfaces")->items()) {
      one.set("may_switch",
              json::Value::boolean(may_switch(all, made.gates, text_at(one, "name"))));
      interfaces.items().push_back(std::move(one));
    }
    all.set("interfaces", std::move(interfaces));
    add_gates(all, made.gates);
    made.json = json::to_text(all) + "\n";
    made.markdown = to_markdown(all);
    made.html = to_html(all);
    const auto keep = [&](const char* name, const std::string& bytes) {
      return write_file_atomically(world_.disk, request_.folder + "/" + name, bytes,
                                   FileMode::normal);
    };
    BL_RETURN_IF_ERROR(keep("report.json", made.json));
    BL_RETURN_IF_ERROR(keep("report.md", made.markdown));
    BL_RETURN_IF_ERROR(keep("report.html", made.html));
    BL_RETURN_IF_ERROR(record(all));
    return made;
  }

  // What lets an interface be switched to the lake.
  Result<void> record(const json::Value& all) {
    ReadEvidence evidence(world_.database, world_.ids, world_.clock);
    for (const Interface& interface : all_interfaces()) {
      for (const json::Value& one : all.find("interfaces")->items()) {
        if (text_at(one, "name") != interface.name) continue;
        BL_RETURN_IF_ERROR(evidence.record_proof(
            {.port = interface.port,
             .passed = one.find("may_switch")->as_bool(),
             .requests = static_cast<std::int64_t>(number_at(one, {"requests"}).value_or(0)),
             .at = world_.clock.now(),
             .version = request_.version}));
      }
    }
    return {};
  }

  const ProofRequest& request_;
  const ProofWorld& world_;
  const ProofProgress& progress_;
  json::Value settings_;
  std::vector<Family> families_;
  std::vector<Variant> variants_;
  State* state_ = nullptr;
  std::string scratch_;
  std::unique_ptr<lake::Lake> lake_;
  std::unique_ptr<Replicator> replicator_;
};

}  // namespace

const char* name_of(ProofGate::Outcome outcome) {
  return outcome == ProofGate::Outcome::passed   ? "passed"
         : outcome == ProofGate::Outcome::failed ? "failed"
                                                 : "not run";
}

ProofGate::Outcome ProofReport::outcome() const {
  const auto has = [&](ProofGate::Outcome outcome) {
    return std::ranges::any_of(gates, [&](const ProofGate& one) { return one.outcome == outcome; });
  };
  return has(ProofGate::Outcome::failed)    ? ProofGate::Outcome::failed
         : has(ProofGate::Outcome::not_run) ? ProofGate::Outcome::not_run
                                            : ProofGate::Outcome::passed;
}

Result<ProofReport> prove_replica(const ProofRequest& request, const ProofWorld& world,
                                  const ProofProgress& progress) {
  return Proof(request, world, progress).run();
}

}  // namespace bl::results
