#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/program.h"

/// Other programs that read and write Delta tables, by src/lake/testing/delta_peer.py.
namespace bl::lake::testing {

/// A file of the checkout.
inline std::string source(const std::string& path) {
  const char* root = std::getenv("BL_TEST_SOURCE");
  return (root != nullptr ? std::string(root) : std::filesystem::current_path().string()) + "/" +
         path;
}

/// What delta_peer.py prints, run by that Python; empty: it failed, and the test with it.
inline std::string run_peer(const std::string& python, std::vector<std::string> words) {
  words.insert(words.begin(), {python, source("src/lake/testing/delta_peer.py")});
  ProgramCall call;
  call.words = std::move(words);
  call.time_max = std::chrono::minutes(3);
  call.kept_bytes = 256u << 20;
  const auto end = run_program(call);
  EXPECT_TRUE(end.ok()) << (end.ok() ? "" : end.error().message);
  if (!end.ok()) return {};
  EXPECT_EQ(end->exit_code, 0) << end->err;
  return end->out;
}

/// The same by the Python that has delta-rs: BENCHLAKE_DELTA_PYTHON, else that of the checkout.
inline std::string peer(std::vector<std::string> words) {
  const char* named = std::getenv("BENCHLAKE_DELTA_PYTHON");
  return run_peer(named != nullptr ? named : source(".deps/delta/bin/python"), std::move(words));
}

inline std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace bl::lake::testing
