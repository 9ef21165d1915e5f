// The layouts of the replica's facts at any size, over a lake that was generated: no store. The
// same questions and measurements as `benchlake prove replica`.
#include <filesystem>

#include "base/terminal.h"
#include "filled_store.h"
#include "generate/lake_filler.h"
#include "results/proof/families.h"
#include "results/proof/gates.h"
#include "results/proof/measure.h"
#include "results/proof/variants.h"

namespace bl::bench {
namespace {

namespace proof = results::proof;

struct Place {
  SystemClock clock;
  SystemRandom random;
  IdSource ids{clock, random};
  Log log{clock, LogLevel::warning, stderr_sink()};
  Metrics metrics;
  std::unique_ptr<Disk> disk = make_real_disk();
  std::string folder, scratch;
  std::unique_ptr<lake::Lake> lake;
};

std::unique_ptr<Place> open_place(const std::string& folder) {
  auto place = std::make_unique<Place>();
  place->folder = std::filesystem::absolute(folder).string();
  place->scratch = place->folder + "/scratch";
  std::filesystem::create_directories(place->scratch);
  lake::LakeOptions options;
  options.folder = place->folder + "/lake";
  options.objects = place->folder + "/objects";
  options.catalog = "sqlite://" + place->folder + "/catalog.sqlite";
  options.delta = false;
  options.housekeeping = false;
  options.limits.engine_memory_bytes_max = 4ull << 30;
  place->lake = must(lake::Lake::open(options, {*place->disk, place->clock, place->random,
                                                place->log, place->metrics}),
                     "opening the lake");
  return place;
}

bool show(const char* what, std::size_t done, std::size_t all) {
  std::fprintf(stderr, "\r%s: %zu of %zu   ", what, done, all);
  return true;
}

void add_layout(Place& place, const proof::Variant& variant, Report& report) {
  const std::string name(variant.name);
  const auto start = std::chrono::steady_clock::now();
  const auto built =
      must(proof::build_variant(
               *place.lake, *place.disk, place.ids, place.scratch, variant,
               [&](std::size_t done, std::size_t all) { return show(name.c_str(), done, all); }),
           "layout");
  const double took = seconds_since(start);
  const auto snapshot = must(proof::open_variant(*place.lake, variant), "layout");
  const auto rows = static_cast<double>(std::max<std::int64_t>(1, snapshot.rows()));
  report.fact(name + "_files", static_cast<double>(snapshot.files().files().size()));
  report.fact(name + "_bytes", static_cast<double>(snapshot.files().bytes()));
  report.fact(name + "_bytes_per_row", static_cast<double>(snapshot.files().bytes()) / rows);
  if (built.rows_written > 0) {
    report.fact(name + "_rows_per_s", static_cast<double>(built.rows_written) / took);
  }
}

std::vector<int> readers_of(const std::string& text) {
  std::vector<int> all;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    all.push_back(std::max(1, std::atoi(text.substr(at, end - at).c_str())));
    at = end + 1;
  }
  return all;
}

int run(const Options& options) {
  Report report("lake_bench");
  const auto place = open_place(options.text("--folder"));
  LakePlan plan;
  plan.seed = static_cast<std::uint64_t>(options.integer("--seed"));
  plan.results = options.integer("--results");
  const auto start = std::chrono::steady_clock::now();
  must(fill_lake(*place->lake, *place->disk, place->scratch, plan,
                 [](std::int64_t done, std::int64_t all) {
                   show("generating months", static_cast<std::size_t>(done),
                        static_cast<std::size_t>(all));
                 }),
       "generating");
  report.fact("generate_s", seconds_since(start));
  const auto generated = must(place->lake->table("results"), "results")->snapshot();
  report.fact("by_month_bytes_per_row", static_cast<double>(generated.files().bytes()) /
                                            static_cast<double>(generated.rows()));
  const auto sealing = std::chrono::steady_clock::now();
  must(seal_lake(*place->lake), "sealing");
  report.fact("seal_s", seconds_since(sealing));
  const auto table = must(place->lake->table("results"), "results");
  report.fact("results", static_cast<double>(table->snapshot().rows()));
  const std::string wanted = options.text("--variants");
  const auto is_wanted = [&](const proof::Variant& variant) {
    return wanted.empty() ||
           ("," + wanted + ",").find("," + std::string(variant.name) + ",") != std::string::npos;
  };
  for (const proof::Variant& variant : proof::all_variants()) {
    if (is_wanted(variant)) add_layout(*place, variant, report);
  }
  const auto samples = must(proof::draw_samples(*place->lake), "samples");
  proof::MeasurePlan measures;
  measures.readers = readers_of(options.text("--readers"));
  measures.repetitions = static_cast<int>(options.integer("--repetitions"));
  measures.time_max = std::chrono::seconds(options.integer("--seconds"));
  json::Value all = json::Value::array();
  for (const proof::Variant& variant : proof::all_variants()) {
    if (!is_wanted(variant)) continue;
    const auto snapshot = must(proof::open_variant(*place->lake, variant), "layout");
    const auto some =
        must(proof::measure_variant(
                 *place->lake, place->metrics, variant.name, snapshot, samples,
                 proof::all_families(), measures,
                 [&](std::size_t done, std::size_t of) { return show("measuring", done, of); }),
             "measuring");
    for (const json::Value& one : some.items()) all.items().push_back(one);
  }
  std::fprintf(stderr, "\n");
  Table out({{"question"},
             {"layout"},
             {"state"},
             {"readers", Table::Align::right},
             {"p50 ms", Table::Align::right},
             {"p95 ms", Table::Align::right},
             {"per s", Table::Align::right},
             {"read", Table::Align::right},
             {"files", Table::Align::right}});
  const auto figure = [](const json::Value& one, const char* key) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", proof::number_at(one, {key}).value_or(0));
    return std::string(text);
  };
  for (const json::Value& one : all.items()) {
    out.add_row({proof::text_at(one, "family"), proof::text_at(one, "variant"),
                 proof::text_at(one, "state"), figure(one, "readers"), figure(one, "p50_ms"),
                 figure(one, "p95_ms"), figure(one, "per_second"),
                 human_value(proof::number_at(one, {"bytes_read"}).value_or(0), "B"),
                 figure(one, "files_scanned")});
  }
  std::printf("%s%s", report.table().c_str(), out.to_text(std::nullopt, false).c_str());
  const std::string file = options.text("--measurements");
  if (!file.empty()) {
    must(write_file_atomically(*place->disk, file, json::to_text(all) + "\n", FileMode::normal),
         "writing the measurements");
  }
  return report.save(options.text("--json")) ? 0 : 2;
}

}  // namespace
}  // namespace bl::bench

int main(int argc, char** argv) {
  const bl::bench::Options options(argc, argv,
                                   {{"--results", "1000000"},
                                    {"--seed", "1"},
                                    {"--folder", "bench-lake"},
                                    {"--variants", ""},
                                    {"--readers", "1,4,16"},
                                    {"--repetitions", "20"},
                                    {"--seconds", "10"},
                                    {"--measurements", ""},
                                    {"--json", ""}});
  return options.ok() ? bl::bench::run(options) : 2;
}
