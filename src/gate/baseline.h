#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/time.h"
#include "gate/machine.h"
#include "gate/model.h"

/// The committed figures of one architecture (docs/formats/gate-baseline.md): `ARCH.json`, flat and
/// small, and beside it `ARCH.detail.json` with everything else. Both are written by `record`
/// alone.
namespace bl::gate {

inline constexpr std::chrono::days k_baseline_age_max{90};

struct BaselineLimits {
  std::uint64_t file_bytes_max = 256u << 20;
  std::size_t benchmarks_max = 100'000;
};

struct Baseline {
  std::string architecture;
  Timestamp recorded_at;
  Benchmarks benchmarks;
  Machine machine;                                ///< unknown without a sidecar
  std::map<std::string, std::string> provenance;  ///< commit, command lines, seed, ...
  std::vector<std::string> warnings;              ///< of reading: a sidecar that was passed over
};

/// `ARCH.json`: version 1, one benchmark a line, sorted by name. Only benchmarks in seconds.
std::string flat_text(const Baseline& baseline);
/// `ARCH.detail.json`; names the hash of the flat text that it belongs to.
std::string detail_text(const Baseline& baseline);

/// A flat file of version 1, or what pytest-benchmark writes itself. Strict: unknown versions,
/// units and names that come twice are errors. Errors: malformed, invalid, too_large.
Result<Baseline> parse_baseline(std::string_view flat, const std::string& place,
                                const BaselineLimits& limits = {});
/// Lays the sidecar over a baseline that was read from `flat`. Errors: malformed, invalid (also one
/// that belongs to another flat file).
Result<void> add_detail(Baseline& baseline, std::string_view flat, std::string_view detail,
                        const std::string& place, const BaselineLimits& limits = {});

/// A sidecar by itself, or what `gate run --output` wrote, in the same form. With `flat` it must
/// belong to that. Errors: malformed, invalid, too_large.
Result<Baseline> parse_detail(std::string_view detail, const std::string& place,
                              std::optional<std::string_view> flat = {},
                              const BaselineLimits& limits = {});

/// `FOLDER/ARCH.json` -> `FOLDER/ARCH.detail.json`.
std::string detail_path(const std::string& flat_path);
/// Reads a file and its sidecar, if there is one; a sidecar that does not fit is a warning. Errors:
/// not_found, and as above.
Result<Baseline> read_baseline(Disk& disk, const std::string& path);
/// Which file of the folder serves the architecture: its own, else that of
/// k_canonical_architecture. nullopt: neither is there.
std::optional<std::string> choose_baseline(Disk& disk, const std::string& folder,
                                           const std::string& architecture);
/// Both files, each as a whole; makes the folder. After a crash between the two, the sidecar does
/// not fit, and the reader says so. Errors: io, disk_full, forbidden.
Result<void> write_baseline(Disk& disk, const std::string& path, const Baseline& baseline);

}  // namespace bl::gate
