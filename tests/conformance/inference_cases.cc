// inference_cases DIR...: runs every case file of the folders against the library. A file's name is
// its function's. Exit code 0: nothing failed; 1: a case failed, or nobody knows a file's function;
// 2: a folder or file cannot be read.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "conformance/inference_functions.h"

namespace bl::inference::conformance {
namespace {

constexpr double k_tolerance = 1e-12;  // relative, as the cases' README says
constexpr int k_shown_max = 3;         // failed cases of one function that are printed

bool near(double expected, double actual) {
  if (expected == actual) return true;
  return std::abs(expected - actual) <=
         k_tolerance * std::max(std::abs(expected), std::abs(actual));
}

bool equal(const json::Value& expected, const json::Value& actual);

/// A member that is undefined is as good as absent.
bool holds(const json::Value& object, const json::Value& other) {
  for (const auto& [key, value] : object.members()) {
    if (is_undefined(value)) continue;
    const json::Value* found = other.find(key);
    if (!found || !equal(value, *found)) return false;
  }
  return true;
}

bool equal(const json::Value& expected, const json::Value& actual) {
  if (expected.kind() != actual.kind()) return false;
  if (expected.is_number()) return near(expected.as_double(), actual.as_double());
  if (expected.is_object()) return holds(expected, actual) && holds(actual, expected);
  if (!expected.is_array()) return expected == actual;
  return std::equal(expected.items().begin(), expected.items().end(), actual.items().begin(),
                    actual.items().end(), equal);
}

Result<json::Value> read_json(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Code::io, "cannot be read: " + path.string()};
  std::string text{std::istreambuf_iterator<char>(file), {}};
  auto value = json::parse(text);
  if (!value.ok()) return std::move(value).error().with_context(path.string());
  return value;
}

/// What the case expects, in the form of Function's answer.
json::Value expectation(const json::Value& a_case) {
  const json::Value* out = a_case.find("out");
  json::Value value = out ? *out : undefined();
  const json::Value* delta = a_case.find("trackerDelta");
  if (!delta) return value;
  json::Value tracked = json::Value::object();
  tracked.set("out", std::move(value));
  tracked.set("trackerDelta", *delta);
  if (const json::Value* sets = a_case.find("trackerSets")) tracked.set("trackerSets", *sets);
  return tracked;
}

bool matches(const json::Value& a_case, const json::Value& actual) {
  json::Value expected = expectation(a_case);
  // Of what was counted, a case may tell a part.
  return a_case.find("trackerDelta") ? holds(expected, actual) : equal(expected, actual);
}

bool expects_failure(const json::Value& a_case) {
  return a_case.find("throws") || a_case.find("exit");
}

/// The input, with the real file that it names. Cases lie in cases/NAME, real files in data/NAME.
/// Errors: not_found.
Result<json::Value> input_of(const json::Value& a_case, const std::filesystem::path& folder) {
  const json::Value* in = a_case.find("in");
  json::Value input = in ? *in : undefined();
  const json::Value* file = input.find("file");
  if (!file) file = input.find("bench_file");
  if (!file || !file->is_string()) return input;
  std::filesystem::path real = std::filesystem::absolute(folder / "x").parent_path();
  real = real.parent_path().parent_path() / "data" / real.filename() / file->as_string();
  if (!std::filesystem::exists(real))
    return Error{Code::not_found, "is not there: " + real.string()};
  BL_TRY(json::Value document, read_json(real));
  input.set("document", std::move(document));
  return input;
}

struct Tally {
  std::size_t passed = 0, failed = 0, not_applicable = 0;
};

class Cases {
 public:
  Cases() {
    for (auto functions : {etl_functions(), chart_functions()}) {
      for (Function& function : functions) functions_.emplace(function.name, function);
    }
    for (const NotApplicable& one : not_applicable()) not_applicable_.emplace(one.name, one.reason);
  }

  Result<void> run_folder(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      std::string name = entry.path().filename().string();
      if (entry.path().extension() == ".json" && !name.starts_with('_')) {
        files.push_back(entry.path());
      }
    }
    if (error) return Error{Code::io, "cannot be read: " + folder.string()};
    std::sort(files.begin(), files.end());
    for (const auto& file : files) BL_RETURN_IF_ERROR(run_file(file, folder));
    return {};
  }

  int finish() const {
    std::printf("%zu passed, %zu failed, %zu not applicable\n", all_.passed, all_.failed,
                all_.not_applicable);
    return all_.failed > 0 || unknown_ > 0 ? 1 : 0;
  }

 private:
  Result<void> run_file(const std::filesystem::path& file, const std::filesystem::path& folder) {
    std::string name = file.stem().string();
    BL_TRY(json::Value document, read_json(file));
    const json::Value* cases = document.find("cases");
    if (!cases || !cases->is_array()) {
      return Error{Code::invalid, "has no array of cases: " + file.string()};
    }
    if (auto reason = not_applicable_.find(name); reason != not_applicable_.end()) {
      all_.not_applicable += cases->items().size();
      std::printf("%-44s not applicable: %s\n", name.c_str(), std::string(reason->second).c_str());
      return {};
    }
    auto function = functions_.find(name);
    if (function == functions_.end()) {
      ++unknown_;
      all_.failed += cases->items().size();
      std::printf("%-44s UNKNOWN function, %zu failed\n", name.c_str(), cases->items().size());
      return {};
    }
    Tally tally;
    for (const json::Value& a_case : cases->items()) {
      auto input = input_of(a_case, folder);
      if (!input.ok() && input.error().code == Code::not_found) {
        if (tally.not_applicable++ == 0) std::printf("  %s\n", input.error().message.c_str());
        continue;
      }
      BL_TRY(json::Value with_document, std::move(input));
      run_case(function->second, a_case, with_document, tally);
    }
    all_.passed += tally.passed;
    all_.failed += tally.failed;
    all_.not_applicable += tally.not_applicable;
    std::printf("%-44s %zu passed, %zu failed", name.c_str(), tally.passed, tally.failed);
    if (tally.not_applicable > 0) std::printf(", %zu without their file", tally.not_applicable);
    std::printf("\n");
    return {};
  }

  static void run_case(const Function& function, const json::Value& a_case,
                       const json::Value& input, Tally& tally) {
    Result<json::Value> actual = function.run(input);
    bool fails = expects_failure(a_case);
    if (actual.ok() ? !fails && matches(a_case, *actual) : fails) {
      ++tally.passed;
      return;
    }
    if (++tally.failed > k_shown_max) return;
    std::string expected = fails ? "a failure" : json::to_text(expectation(a_case));
    std::string got = actual.ok() ? json::to_text(*actual) : "error: " + actual.error().message;
    std::printf("  in       %.2000s\n  expected %.2000s\n  got      %.2000s\n",
                json::to_text(*a_case.find("in")).c_str(), expected.c_str(), got.c_str());
  }

  std::map<std::string, Function, std::less<>> functions_;
  std::map<std::string, std::string_view, std::less<>> not_applicable_;
  Tally all_;
  std::size_t unknown_ = 0;
};

int run(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: inference_cases DIR...\n");
    return 2;
  }
  Cases cases;
  for (int i = 1; i < argc; ++i) {
    if (auto done = cases.run_folder(argv[i]); !done.ok()) {
      std::fprintf(stderr, "inference_cases: %s\n", done.error().message.c_str());
      return 2;
    }
  }
  return cases.finish();
}

}  // namespace
}  // namespace bl::inference::conformance

int main(int argc, char** argv) {
  return bl::inference::conformance::run(argc, argv);
}
