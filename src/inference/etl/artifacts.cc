#include "inference/artifacts.h"

#include <array>

#include "base/numbers.h"
#include "inference/etl/entry_names.h"

namespace bl::inference {
namespace {

constexpr std::size_t k_id_digits_min = 10;

struct Prefix {
  std::string_view text;
  ArtifactKind kind;
};
// The first that fits: longer ones stand before shorter ones.
constexpr std::array<Prefix, 19> k_prefixes = {{
    {"bmk_agentic_", ArtifactKind::agentic_benchmark},
    {"bmk_", ArtifactKind::benchmark},
    {"results_", ArtifactKind::benchmark_collection},
    {"agentic_", ArtifactKind::agentic_traces},
    {"eval_results_all", ArtifactKind::evaluation_collection},
    {"eval_server_logs_", ArtifactKind::other},
    {"eval_gpu_metrics_", ArtifactKind::other},
    {"eval_", ArtifactKind::evaluation},
    {"run-stats", ArtifactKind::run_stats},
    {"run_stats", ArtifactKind::run_stats},
    {"changelog-metadata", ArtifactKind::changelog},
    {"server_logs_", ArtifactKind::server_log},
    {"multinode_server_logs_", ArtifactKind::server_log},
    {"gpu_metrics_", ArtifactKind::gpu_metrics},
    {"gpu_metrics", ArtifactKind::gpu_metrics},
    {"power_audit_", ArtifactKind::other},
    {"profile_", ArtifactKind::other},
    {"cxsweep-matrix-", ArtifactKind::other},
    {"cxshard-", ArtifactKind::other},
}};

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

/// Takes `_<n>_<id>` off the end; nullopt when it is not there.
std::optional<std::int64_t> take_numbers(std::string_view& name) {
  std::size_t last = name.rfind('_');
  if (last == name.npos || last == 0) return std::nullopt;
  std::string_view id = name.substr(last + 1);
  std::size_t before = name.rfind('_', last - 1);
  if (before == name.npos || id.size() < k_id_digits_min || !is_number(id)) return std::nullopt;
  if (!is_number(name.substr(before + 1, last - before - 1))) return std::nullopt;
  auto number = parse_int64(id);
  if (number) name = name.substr(0, before);
  return number;
}

class FolderWalk {
 public:
  FolderWalk(Disk& disk, std::string_view artifact, const ArtifactLimits& limits,
             const EntryFilter& wanted, const EntrySink& sink, SkipTracker& tracker)
      : disk_(disk),
        artifact_(artifact),
        limits_(limits),
        wanted_(wanted),
        sink_(sink),
        tracker_(tracker) {}

  Result<void> walk(const std::string& folder, const std::string& prefix, int depth) {
    BL_TRY(std::vector<std::string> names, disk_.list(folder));
    for (const std::string& name : names) {
      std::string entry = prefix + name;
      BL_TRY(FileFacts facts, disk_.facts(folder + "/" + name));
      if (++entries_ > limits_.entries_max) {
        skip(entry, "more entries than an artifact may have");
        return {};
      }
      if (facts.kind == FileFacts::Kind::folder && depth < limits_.depth_max) {
        BL_RETURN_IF_ERROR(walk(folder + "/" + name, entry + "/", depth + 1));
      } else if (facts.kind == FileFacts::Kind::file) {
        BL_RETURN_IF_ERROR(read(folder + "/" + name, entry));
      } else {
        skip(entry, facts.kind == FileFacts::Kind::folder ? "folders too deep" : "no file");
      }
    }
    return {};
  }

 private:
  void skip(const std::string& entry, std::string_view why) {
    tracker_.skip(SkipReason::bad_zip, std::string(artifact_) + "/" + entry, why);
  }

  Result<void> read(const std::string& path, const std::string& entry) {
    if (auto why = refusal(entry, limits_)) {
      skip(entry, *why);
      return {};
    }
    if (!wanted_(entry)) return {};
    auto bytes =
        read_file(disk_, path, std::min(limits_.entry_bytes_max, limits_.total_bytes_max - total_));
    if (!bytes.ok() && bytes.error().code == Code::too_large) {
      skip(entry, "too large");
      return {};
    }
    BL_TRY(std::string content, std::move(bytes));
    total_ += content.size();
    return sink_(entry, std::move(content));
  }

  Disk& disk_;
  std::string_view artifact_;
  const ArtifactLimits& limits_;
  const EntryFilter& wanted_;
  const EntrySink& sink_;
  SkipTracker& tracker_;
  std::size_t entries_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

ArtifactName classify_artifact(std::string_view name) {
  if (name.ends_with(".zip")) name.remove_suffix(4);
  ArtifactName out;
  out.artifact_id = take_numbers(name);
  for (const Prefix& prefix : k_prefixes) {
    if (!name.starts_with(prefix.text)) continue;
    out.kind = prefix.kind;
    out.result = std::string(name.substr(prefix.text.size()));
    return out;
  }
  out.result = std::string(name);
  return out;
}

Result<void> read_artifact_folder(Disk& disk, const std::string& folder, std::string_view artifact,
                                  const ArtifactLimits& limits, const EntryFilter& wanted,
                                  const EntrySink& sink, SkipTracker& tracker) {
  return FolderWalk(disk, artifact, limits, wanted, sink, tracker).walk(folder, "", 0);
}

}  // namespace bl::inference
