#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "lake/catalog.h"
#include "objects/object_store.h"
#include "objects/world.h"

/// From two texts of the configuration to a catalog. Format: docs/formats/lake.md.
namespace bl::lake {

struct CatalogLimits {
  /// For one's turn to write, for a catalog that another program has locked, for the ends of
  /// commits that meet.
  std::chrono::milliseconds wait_max{20'000};
  std::chrono::milliseconds first_pause{5};  ///< between attempts; doubles, half of it chance
  std::chrono::milliseconds pause_max{500};
  std::chrono::milliseconds call_time_max{60'000};  ///< of one statement
  int attempts_max = 50;                            ///< of one change
  std::size_t files_max = 200'000;                  ///< of a table at one snapshot
  std::size_t note_bytes_max = 256u << 10;
  std::size_t properties_bytes_max = 64u << 10;   ///< all of a table
  std::uint64_t memory_bytes_max = 512ull << 20;  ///< of the catalog's engine
  /// Younger snapshots do not expire: changes that began before them may be under way.
  std::chrono::milliseconds expire_age_min{600'000};
};

/// May open_catalog() make one?
enum class CatalogCreation : unsigned char {
  never,
  when_new,  ///< where the lake's objects do not say that there was one
  anew,      ///< also there: for a rebuild. What the lost one knew is not in it
};

struct CatalogOptions {
  std::string catalog;  ///< `sqlite:///absolute/file` or `postgres://user@host/database`
  std::string schema = "benchlake_lake";  ///< of PostgreSQL: the catalog's tables lie in it
  std::string objects;                    ///< the place that the object store was opened with
  std::map<std::string, std::string> variables;  ///< AWS_* and HOME, as open_store() takes them
  std::string temp_folder;                       ///< where the engine may spill; empty: nowhere
  CatalogCreation creation = CatalogCreation::when_new;
  CatalogLimits limits;
};

/// A DuckLake 1.0 catalog, written through the engine's official extension, with an engine of its
/// own. A SQLite catalog lies on this machine's disk and may be used by several processes of it: a
/// lock file beside it (`FILE.lock`) lets one write at a time. `store` and `world` outlive it.
///
/// The lake's objects hold `catalog.json`, which names their catalog. So a catalog that was lost is
/// not silently begun anew, and one of another lake is refused.
///
/// Errors: those of Catalog, invalid (an address that is none), not_found (no catalog there, and
/// none may be made), corrupt (a catalog that was there is gone, or is damaged), conflict (the
/// catalog of another lake), unsupported (no lake's catalog, or one of another version, which it
/// names). Cost: about half a second, for the engine and its extensions.
Result<std::unique_ptr<Catalog>> open_catalog(CatalogOptions options, objects::ObjectStore& store,
                                              objects::World world);

}  // namespace bl::lake
