#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/ports.h"

/// What results refer to, looked at by itself: commits, contexts, infos, hardware, and runs (spec/
/// results-conbench.md 3.2). Always read from Conbench's own tables: rows that another process
/// inserted or deleted are seen at once.
namespace bl::results {

struct CatalogueCommit {
  StoredCommit commit;
  std::optional<std::string> parent_id;  ///< of the parent's row; nullopt: none, or not asked for
};

/// A context or an info.
struct CatalogueDocument {
  std::string id;
  json::Value content;  ///< an object
};

struct CatalogueHardware {
  std::string id;
  Hardware hardware;
};

/// A run: what its earliest result says.
struct RunEntity {
  std::string run_id;
  json::Value run_tags;
  std::optional<std::string> run_reason;
  Timestamp timestamp;
  std::optional<StoredCommit> commit;
  CatalogueHardware hardware;
};

struct RunsOfCommits {
  std::span<const std::string> hashes;  ///< at most k_hashes_max
  std::optional<std::string> after;     ///< cursor: only run ids greater than this
  int page_size = 100;
};
inline constexpr std::size_t k_hashes_max = 1'000;  ///< in one question

/// A list without a filter ends after so many.
inline constexpr int k_catalogue_rows_max = 500;

enum class DocumentKind : unsigned char { context, info };

/// Threads: any. Errors of those that take an id: not_found.
class CatalogueReader {
 public:
  virtual ~CatalogueReader() = default;
  /// Newest first, those without a time before all.
  virtual Result<std::vector<CatalogueCommit>> commits() = 0;
  /// With these hashes, of any repository; in the same order. Errors: invalid (too many hashes).
  virtual Result<std::vector<CatalogueCommit>> commits(std::span<const std::string> hashes) = 0;
  /// With its parent's id.
  virtual Result<CatalogueCommit> commit(std::string_view id) = 0;
  /// By id.
  virtual Result<std::vector<CatalogueDocument>> documents(DocumentKind kind) = 0;
  virtual Result<CatalogueDocument> document(DocumentKind kind, std::string_view id) = 0;
  /// By name.
  virtual Result<std::vector<CatalogueHardware>> hardware() = 0;
  virtual Result<CatalogueHardware> hardware(std::string_view id) = 0;
  /// By run id, byte by byte. Cost: one pass over the results on those commits.
  virtual Result<std::vector<RunEntity>> runs(const RunsOfCommits& filter) = 0;
  /// Cost: one pass over the run's results.
  virtual Result<RunEntity> run(std::string_view run_id) = 0;
};

}  // namespace bl::results
