#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

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

struct StoredFile {
  std::string name;
  std::string bytes;
};

/// CRC-32 of ZIP (APPNOTE 4.4.7), bit by bit.
inline std::uint32_t crc32_of(const std::string& bytes) {
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

/// A zip whose entries are not compressed (APPNOTE 4.3).
inline std::string stored_zip(const std::vector<StoredFile>& files) {
  const auto number = [](std::size_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
  };
  std::string zip, directory;
  for (const StoredFile& file : files) {
    const std::string facts = number(20, 2) + number(0, 8) + number(crc32_of(file.bytes), 4) +
                              number(file.bytes.size(), 4) + number(file.bytes.size(), 4) +
                              number(file.name.size(), 2) + number(0, 2);
    directory +=
        "PK\x01\x02" + number(20, 2) + facts + number(0, 10) + number(zip.size(), 4) + file.name;
    zip += "PK\x03\x04" + facts + file.name + file.bytes;
  }
  const std::string end = "PK\x05\x06" + number(0, 4) + number(files.size(), 2) +
                          number(files.size(), 2) + number(directory.size(), 4) +
                          number(zip.size(), 4) + number(0, 2);
  return zip + directory + end;
}

}  // namespace bl::product
