// A source is looked at from above: an archive of many runs has folders named like days; a run has
// files and folders named like artifacts; all else is refused by name.
#include "inference/ingest/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

#include "base/numbers.h"
#include "base/utf8.h"
#include "inference/coercion.h"

namespace bl::inference {
namespace {

constexpr std::uint64_t k_metadata_bytes_max = 32u << 20;
constexpr std::size_t k_run_id_digits_min = 10;
constexpr std::string_view k_run_file = "run.json";
constexpr std::string_view k_artifacts_file = "artifacts_metadata.json";

std::string_view last_part(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

bool is_date(std::string_view name) {
  if (name.size() != 10 || name[4] != '-' || name[7] != '-') return false;
  return parse_rfc3339(std::string(name) + "T00:00:00Z").ok();
}

bool is_artifact(std::string_view name) {
  return classify_artifact(name).kind != ArtifactKind::other;
}

/// `x_1k1k_12345678901` -> the number at its end.
std::optional<std::int64_t> run_id_in_name(std::string_view name) {
  const std::size_t at = name.rfind('_');
  if (at == name.npos) return std::nullopt;
  const std::string_view digits = name.substr(at + 1);
  if (digits.size() < k_run_id_digits_min ||
      digits.find_first_not_of("0123456789") != digits.npos) {
    return std::nullopt;
  }
  return parse_int64(digits);
}

/// `full_sweep_1k1k_12345678901` -> `full sweep 1k1k`.
std::string run_name_in(std::string_view folder) {
  if (run_id_in_name(folder)) folder = folder.substr(0, folder.rfind('_'));
  std::string name(folder);
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

// Metadata -----------------------------------------------------------------------------------

std::optional<std::string> text_at(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  if (value == nullptr || !value->is_string() || value->as_string().empty()) return std::nullopt;
  return value->as_string();
}
std::optional<std::int64_t> integer_at(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return parse_int64(value->as_string());
  return value->is_number() ? value->as_int64() : std::nullopt;
}
std::optional<Timestamp> time_at(const json::Value& object, std::string_view key) {
  const auto text = text_at(object, key);
  if (!text) return std::nullopt;
  const auto time = parse_iso_datetime(*text);
  return time.ok() ? std::optional(*time) : std::nullopt;
}

/// What is said of artifacts in artifacts_metadata.json.
struct Listed {
  RunFacts facts;
  std::map<std::int64_t, Timestamp> created_by_id;
  std::map<std::string, Timestamp> created_by_name;
};

Listed listed_artifacts(const json::Value& document) {
  Listed listed;
  const json::Value* list = document.is_object() ? document.find("artifacts") : &document;
  if (list == nullptr || !list->is_array()) return listed;
  for (const json::Value& artifact : list->items()) {
    const auto created = time_at(artifact, "created_at");
    if (const auto id = integer_at(artifact, "id"); id && created) {
      listed.created_by_id.emplace(*id, *created);
    }
    if (const auto name = text_at(artifact, "name"); name && created) {
      Timestamp& newest = listed.created_by_name.emplace(*name, *created).first->second;
      newest = std::max(newest, *created);
    }
    const json::Value* run = artifact.find("workflow_run");
    if (run == nullptr || listed.facts.run_id) continue;
    listed.facts.run_id = integer_at(*run, "id");
    listed.facts.head_branch = text_at(*run, "head_branch");
    listed.facts.head_sha = text_at(*run, "head_sha");
    listed.facts.created_at = created;
  }
  return listed;
}

/// A run while its parts are found.
class Finding {
 public:
  Finding(const RunPlace& place, const RunFacts& given, SkipTracker& tracker)
      : place_(place), given_(given), tracker_(tracker) {}

  void add(std::string_view name, ReadArtifact read) {
    add(name, classify_artifact(name), std::move(read));
  }
  void add(std::string_view name, ArtifactName called, ReadArtifact read) {
    source_.artifacts.push_back({.label = place_.prefix + std::string(name),
                                 .name = std::move(called),
                                 .created_at = std::nullopt,
                                 .read = std::move(read)});
  }
  static bool is_metadata(std::string_view name) {
    return name == k_run_file || name == k_artifacts_file;
  }
  void add_metadata(std::string_view name, std::string_view text) {
    const auto document = json::parse(text);
    if (!document.ok()) {
      tracker_.skip(SkipReason::malformed, place_.prefix + std::string(name),
                    document.error().message);
    } else if (name == k_run_file) {
      of_run_ = joined(std::move(of_run_), facts_of_run(*document));
    } else {
      listed_ = listed_artifacts(*document);
    }
  }

  RunSource finish(std::string_view folder) && {
    for (Artifact& artifact : source_.artifacts) date(artifact);
    RunFacts of_place;
    of_place.run_id = run_id_in_name(folder);
    of_place.date = place_.date;
    if (of_place.run_id && !run_name_in(folder).empty()) of_place.name = run_name_in(folder);
    source_.label = place_.prefix.empty() ? std::string(folder) : place_.prefix;
    source_.sequence = sequence_in_name(std::string(folder) + "_");
    source_.facts = joined(joined(joined(given_, of_run_), listed_.facts), of_place);
    return std::move(source_);
  }

 private:
  void date(Artifact& artifact) const {
    if (artifact.name.artifact_id) {
      const auto by_id = listed_.created_by_id.find(*artifact.name.artifact_id);
      if (by_id != listed_.created_by_id.end()) artifact.created_at = by_id->second;
      return;
    }
    std::string_view name = last_part(artifact.label);
    if (name.ends_with(".zip")) name.remove_suffix(4);
    const auto by_name = listed_.created_by_name.find(std::string(name));
    if (by_name != listed_.created_by_name.end()) artifact.created_at = by_name->second;
  }

  const RunPlace& place_;
  const RunFacts& given_;
  SkipTracker& tracker_;
  RunSource source_;
  RunFacts of_run_;
  Listed listed_;
};

// Folders and files --------------------------------------------------------------------------

ReadArtifact zip_reader(Disk& disk, std::string path, std::string label,
                        const ArtifactLimits& limits) {
  return
      [&disk, path = std::move(path), label = std::move(label), limits](
          const EntryFilter& wanted, const EntrySink& sink, SkipTracker& tracker) -> Result<void> {
        BL_TRY(const auto file, disk.open_read(path));
        return read_zip(*file, label, limits, wanted, sink, tracker);
      };
}

ReadArtifact folder_reader(Disk& disk, std::string path, std::string label,
                           const ArtifactLimits& limits) {
  return [&disk, path = std::move(path), label = std::move(label), limits](
             const EntryFilter& wanted, const EntrySink& sink, SkipTracker& tracker) {
    return read_artifact_folder(disk, path, label, limits, wanted, sink, tracker);
  };
}

ReadArtifact file_reader(Disk& disk, std::string path, std::string label,
                         const ArtifactLimits& limits) {
  return
      [&disk, path = std::move(path), label = std::move(label), limits](
          const EntryFilter& wanted, const EntrySink& sink, SkipTracker& tracker) -> Result<void> {
        const std::string name(last_part(path));
        if (!wanted(name)) return {};
        auto bytes = read_file(disk, path, limits.entry_bytes_max);
        if (!bytes.ok() && bytes.error().code == Code::too_large) {
          tracker.skip(SkipReason::bad_zip, label, "too large");
          return {};
        }
        BL_TRY(std::string text, std::move(bytes));
        return sink(name, std::move(text));
      };
}

Result<void> add_folder(Disk& disk, const std::string& folder, const ArtifactLimits& limits,
                        const std::string& prefix, Finding& finding) {
  BL_TRY(const std::vector<std::string> names, disk.list(folder));
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    BL_TRY(const FileFacts facts, disk.facts(path));
    const bool is_file = facts.kind == FileFacts::Kind::file;
    if (is_file && Finding::is_metadata(name)) {
      BL_TRY(const std::string text, read_file(disk, path, k_metadata_bytes_max));
      finding.add_metadata(name, text);
    } else if (!is_artifact(name)) {
      continue;
    } else if (is_file && name.ends_with(".zip")) {
      finding.add(name, zip_reader(disk, path, prefix + name, limits));
    } else if (facts.kind == FileFacts::Kind::folder) {
      finding.add(name, folder_reader(disk, path, prefix + name, limits));
    }
  }
  return {};
}

// A zip of a run's whole folder --------------------------------------------------------------

/// The wanted entries of a large archive, unpacked one behind the other into one file, so that they
/// can be read by artifact, in any order. One thread.
class Spool {
 public:
  struct Entry {
    std::string name;  ///< in the artifact
    std::uint64_t offset = 0;
    std::size_t size = 0;
  };

  static Result<std::shared_ptr<Spool>> create(Disk& disk, const std::string& path) {
    auto spool = std::make_shared<Spool>();
    BL_TRY(spool->file_, disk.create(path, FileMode::secret));
    // Its bytes last as long as it is open, and nothing is left behind by a crash.
    BL_RETURN_IF_ERROR(disk.remove(path));
    return spool;
  }
  Result<Entry> append(std::string_view name, std::string_view bytes) {
    BL_RETURN_IF_ERROR(file_->append(bytes));
    Entry entry{std::string(name), end_, bytes.size()};
    end_ += bytes.size();
    return entry;
  }
  Result<std::string> read(const Entry& entry) {
    std::string bytes(entry.size, '\0');
    BL_TRY(const std::size_t count,
           file_->read_at(entry.offset, std::as_writable_bytes(std::span(bytes))));
    if (count != bytes.size()) return Error{Code::io, "the spool is cut off: " + entry.name};
    return bytes;
  }

 private:
  std::unique_ptr<File> file_;
  std::uint64_t end_ = 0;
};

/// `a/bmk_x/agg.json` -> `bmk_x`, `agg.json`: the first part that names an artifact.
struct TreeName {
  std::string_view artifact, entry;
};
std::optional<TreeName> tree_name(std::string_view path) {
  std::size_t begin = 0;
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', begin)) {
    const std::string_view part = path.substr(begin, slash - begin);
    if (is_artifact(part)) return TreeName{part, path.substr(slash + 1)};
    begin = slash + 1;
  }
  return std::nullopt;
}

Result<void> add_tree(Disk& disk, const RunPlace& place, const ArtifactLimits& limits,
                      const std::string& spool_path, SkipTracker& tracker, Finding& finding) {
  BL_TRY(const std::shared_ptr<Spool> spool, Spool::create(disk, spool_path));
  std::map<std::string, std::vector<Spool::Entry>, std::less<>> artifacts;
  BL_TRY(const auto file, disk.open_read(place.path));
  BL_RETURN_IF_ERROR(read_zip(
      *file, place.name, limits,
      [](std::string_view name) {
        return Finding::is_metadata(last_part(name)) || tree_name(name).has_value();
      },
      [&](std::string_view name, std::string bytes) -> Result<void> {
        const auto parts = tree_name(name);
        if (!parts) {
          finding.add_metadata(last_part(name), bytes);
          return {};
        }
        BL_TRY(auto entry, spool->append(parts->entry, bytes));
        artifacts[std::string(parts->artifact)].push_back(std::move(entry));
        return {};
      },
      tracker));
  for (auto& [name, entries] : artifacts) {
    finding.add(name,
                [spool, all = std::move(entries)](const EntryFilter& wanted, const EntrySink& sink,
                                                  SkipTracker&) -> Result<void> {
                  for (const Spool::Entry& entry : all) {
                    if (!wanted(entry.name)) continue;
                    BL_TRY(std::string bytes, spool->read(entry));
                    BL_RETURN_IF_ERROR(sink(entry.name, std::move(bytes)));
                  }
                  return {};
                });
  }
  return {};
}

// Finding runs -------------------------------------------------------------------------------

Result<bool> is_folder(Disk& disk, const std::string& path) {
  const auto facts = disk.facts(path);
  if (!facts.ok() && facts.error().code == Code::not_found) return false;
  if (!facts.ok()) return facts.error();
  return facts->kind == FileFacts::Kind::folder;
}

Result<void> add_day(Disk& disk, const std::string& folder, RunPlaces& places) {
  const std::string date(last_part(folder));
  BL_TRY(const std::vector<std::string> names, disk.list(folder));
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    BL_TRY(const bool is_run, is_folder(disk, path));
    if (!is_run) continue;
    places.runs.push_back({RunPlace::Kind::folder, path, name, date + "/" + name + "/", date});
  }
  places.is_archive = true;
  return {};
}

/// The date of the folder in which a run's folder lies.
std::optional<std::string> date_above(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return std::nullopt;
  const std::string_view above = last_part(path.substr(0, slash));
  return is_date(above) ? std::optional(std::string(above)) : std::nullopt;
}

Result<RunPlaces> runs_of_folder(Disk& disk, const std::string& path) {
  RunPlaces places;
  if (is_date(last_part(path))) {
    BL_RETURN_IF_ERROR(add_day(disk, path, places));
    return places;
  }
  BL_TRY(const bool has_archive, is_folder(disk, path + "/gcs"));
  const std::string root = has_archive ? path + "/gcs" : path;
  BL_TRY(const std::vector<std::string> names, disk.list(root));
  bool has_artifacts = false;
  for (const std::string& name : names) {
    if (is_date(name)) BL_RETURN_IF_ERROR(add_day(disk, root + "/" + name, places));
    has_artifacts = has_artifacts || is_artifact(name) || name == "artifacts";
  }
  if (!places.runs.empty()) return places;
  if (!has_artifacts) {
    return Error{Code::invalid,
                 "neither artifacts (bmk_..., results_bmk, run-stats, ...) nor folders of days lie "
                 "in " +
                     path};
  }
  places.runs.push_back(
      {RunPlace::Kind::folder, path, std::string(last_part(path)), "", date_above(path)});
  return places;
}

}  // namespace

Result<RunPlaces> find_runs(Disk& disk, const std::string& path, const std::string& called) {
  BL_TRY(const FileFacts facts, disk.facts(path));
  // Only a link that somebody names is followed; none that lies in a source.
  BL_TRY(const bool leads_to_folder, is_folder(disk, path + "/."));
  if (facts.kind == FileFacts::Kind::folder || leads_to_folder) return runs_of_folder(disk, path);
  RunPlaces places;
  const std::string name = called.empty() ? std::string(last_part(path)) : called;
  RunPlace::Kind kind = RunPlace::Kind::rows_file;
  if (!name.ends_with(".json")) {
    kind = is_artifact(name) ? RunPlace::Kind::artifact_zip : RunPlace::Kind::tree_zip;
  }
  places.runs.push_back({kind, path, name, "", std::nullopt});
  return places;
}

Result<RunSource> open_run(Disk& disk, const RunPlace& place, const RunFacts& given,
                           const ArtifactLimits& limits, const std::string& spool,
                           SkipTracker& tracker) {
  Finding finding(place, given, tracker);
  std::string_view name = place.name;
  switch (place.kind) {
    case RunPlace::Kind::folder: {
      BL_RETURN_IF_ERROR(add_folder(disk, place.path, limits, place.prefix, finding));
      BL_TRY(const bool has_below, is_folder(disk, place.path + "/artifacts"));
      if (has_below) {
        BL_RETURN_IF_ERROR(
            add_folder(disk, place.path + "/artifacts", limits, place.prefix, finding));
      }
      break;
    }
    case RunPlace::Kind::artifact_zip:
      finding.add(name, zip_reader(disk, place.path, std::string(name), limits));
      return std::move(finding).finish("");
    case RunPlace::Kind::tree_zip:
      BL_RETURN_IF_ERROR(add_tree(disk, place, limits, spool, tracker, finding));
      if (name.ends_with(".zip")) name.remove_suffix(4);
      break;
    case RunPlace::Kind::rows_file:
      finding.add(name, {ArtifactKind::benchmark, std::string(name), std::nullopt},
                  file_reader(disk, place.path, std::string(name), limits));
      return std::move(finding).finish("");
  }
  return std::move(finding).finish(name);
}

RunFacts facts_of_run(const json::Value& document) {
  RunFacts facts;
  facts.run_id = integer_at(document, "id");
  facts.attempt = integer_at(document, "run_attempt");
  facts.name = text_at(document, "name");
  facts.status = text_at(document, "status");
  facts.conclusion = text_at(document, "conclusion");
  facts.head_sha = text_at(document, "head_sha");
  facts.head_branch = text_at(document, "head_branch");
  facts.html_url = text_at(document, "html_url");
  facts.created_at = time_at(document, "created_at");
  facts.started_at = time_at(document, "run_started_at");
  return facts;
}

RunFacts joined(RunFacts first, const RunFacts& second) {
  const auto fill = [](auto& to, const auto& from) {
    if (!to) to = from;
  };
  fill(first.run_id, second.run_id);
  fill(first.attempt, second.attempt);
  fill(first.name, second.name);
  fill(first.status, second.status);
  fill(first.conclusion, second.conclusion);
  fill(first.head_sha, second.head_sha);
  fill(first.head_branch, second.head_branch);
  fill(first.html_url, second.html_url);
  fill(first.created_at, second.created_at);
  fill(first.started_at, second.started_at);
  fill(first.date, second.date);
  return first;
}

}  // namespace bl::inference
