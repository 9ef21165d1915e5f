#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "results/read_modes.h"
#include "results/replica_proof.h"

/// The reading interfaces, asked on both sides; answers are compared as the API sends them. Private
/// to the proof.
namespace bl::results::proof {

/// What is asked about, as the store has it: the truth.
struct StoreSamples {
  std::vector<std::string> fingerprints, result_ids, run_ids, repositories, words;
  /// Results of one series, as pairs.
  std::vector<std::pair<std::string, std::string>> pairs;
};
/// At most `count` of each, spread over all. Errors: those of the store.
Result<StoreSamples> draw_store_samples(store::Database& database, std::int64_t count);

struct Interface {
  ReadPort port;
  std::string_view name;  ///< name_of(port)
  bool (*is_there)(const ReaderPorts&);
};
std::span<const Interface> all_interfaces();

/// One request: its kind, and what a side says to it: JSON, or the error's code and sentence.
struct Request {
  std::string kind;
  std::string about;  ///< raw: names ids; for the artefacts only
  std::function<std::string(const ReaderPorts&)> ask;
};
/// The i-th of an interface; the same seed gives the same.
Request request_of(const Interface& interface, const StoreSamples& samples, std::uint64_t seed,
                   std::uint64_t i);

/// The readers over a store.
class StoreReaders {
 public:
  explicit StoreReaders(store::Database& database);
  ~StoreReaders();
  ReaderPorts ports() const;

 private:
  struct All;
  std::unique_ptr<All> all_;
};
/// The readers over a lake, with an engine of their own.
class LakeReaders {
 public:
  /// Errors: those of the engine.
  static Result<std::unique_ptr<LakeReaders>> open(lake::Lake& lake, store::Dialect of,
                                                   Metrics& metrics);
  ~LakeReaders();
  ReaderPorts ports() const;

 private:
  struct All;
  explicit LakeReaders(std::unique_ptr<All> all);
  std::unique_ptr<All> all_;
};

struct Comparing {
  const ReaderPorts& store;
  const ReaderPorts& lake;
  const StoreSamples& samples;
  std::uint64_t seed = 1;
  int requests = 0;
  /// After answers that differ, before both are asked once more: somebody may have written.
  std::function<Result<void>()> catch_up;
  /// Gets what still differs.
  std::function<void(const Request&)> on_difference;
  std::function<bool(std::size_t, std::size_t)> go_on;
};
/// A member of the report's `interfaces`: requests, different, and times of both sides for each
/// kind. Errors: cancelled, those of catch_up.
Result<json::Value> compare_interface(const Interface& interface, const Comparing& comparing);

}  // namespace bl::results::proof
