#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>

/// Files of inference sweeps, as CI leaves them behind.
namespace bl::product {

/// A row of schema v1; `conc` tells rows apart.
inline std::string sweep_row(int conc, const std::string& hw = "h200") {
  return fmt::format(
      R"({{"hw":"{}","model":"m","infmax_model_prefix":"dsr1","framework":"sglang",)"
      R"("precision":"fp8","spec_decoding":"none","isl":1024,"osl":1024,"tp":8,"ep":1,)"
      R"("tput_per_gpu":{}.5,"median_intvty":{},"median_ttft":0.25,"conc":{}}})",
      hw, conc, 1000 - conc % 1000, conc);
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

/// `FOLDER/gcs/2026-08-DD/sweep_<id>/artifacts/`: runs with rows of one collection each.
inline void write_sweep_archive(const std::string& folder, int runs, int rows) {
  for (int run = 0; run < runs; ++run) {
    std::string text = "[";
    for (int i = 0; i < rows; ++i) text += (i == 0 ? "" : ",") + sweep_row(i + 1);
    write_text(fmt::format("{}/gcs/2026-08-{:02}/sweep_{}/artifacts/results_bmk/agg_bmk.json",
                           folder, run % 28 + 1, 10'000'000'000 + run),
               text + "]");
  }
}

}  // namespace bl::product
