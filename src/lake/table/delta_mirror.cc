#include "lake/table/delta_mirror.h"

#include <fmt/format.h>

#include <set>

#include "base/json.h"
#include "lake/table/dropped.h"

namespace bl::lake {
namespace {

constexpr std::string_view k_property = "benchlake.";

/// Delta has no time of day, and a time without a zone asks for a reader that few have.
bool has_delta_type(const columns::Type& type) {
  if (type.kind == columns::Kind::time || type.kind == columns::Kind::naive_timestamp) return false;
  return std::ranges::all_of(
      type.children, [](const columns::Field& child) { return has_delta_type(child.type); });
}

class DeltaMirror final : public Mirror {
 public:
  DeltaMirror(DeltaWorld world, std::string table, const std::string& catalog)
      : world_(std::move(world)),
        table_(std::move(table)),
        prefix_(delta_prefix(table_)),
        application_("benchlake/" + catalog) {}

  Result<void> follow(const CatalogSnapshot& snapshot, RowsChange change) override;
  Result<std::set<std::string>> listed(Timestamp removed_after) override;

 private:
  Result<void> open(const CatalogSnapshot& snapshot);
  Result<DeltaReplace> difference(const DeltaSnapshot& have, const CatalogSnapshot& wanted) const;

  const DeltaWorld world_;
  const std::string table_, prefix_;
  const std::string application_;  // of the log's transactions
  std::unique_ptr<DeltaLog> log_;
  bool is_without_log_ = false;  // as far as this process knows
};

Result<void> DeltaMirror::open(const CatalogSnapshot& snapshot) {
  if (log_ != nullptr) return {};
  auto opened = DeltaLog::open(world_, prefix_);
  if (!opened.ok() && opened.error().code == Code::not_found) {
    opened = DeltaLog::create(world_, prefix_,
                              {.schema = snapshot.schema,
                               .partition_columns = {},
                               .name = table_,
                               .configuration = delta_properties(snapshot.properties)});
  }
  if (!opened.ok()) return std::move(opened).error();
  log_ = *std::move(opened);
  return {};
}

Result<DeltaReplace> DeltaMirror::difference(const DeltaSnapshot& have,
                                             const CatalogSnapshot& wanted) const {
  DeltaReplace replace;
  replace.read_version = have.version;
  std::set<std::string_view> had, wants;
  for (const auto& file : have.files) had.insert(file->path);
  for (const DataFile& file : wanted.files) {
    const std::string_view path = std::string_view(file.key).substr(prefix_.size());
    wants.insert(path);
    if (had.contains(path)) continue;
    const duck::ParquetFile written{std::string(path), file.rows, file.bytes, file.footer_bytes,
                                    file.columns};
    BL_TRY(DeltaFile added,
           delta_file(written, std::string(path), *have.metadata, world_.clock.now()));
    replace.add.push_back(std::move(added));
  }
  for (const auto& file : have.files) {
    if (!wants.contains(file->path)) replace.remove.push_back(file->path);
  }
  return replace;
}

Result<void> DeltaMirror::follow(const CatalogSnapshot& snapshot, RowsChange change) {
  const bool has_words = std::ranges::all_of(
      snapshot.schema.fields(), [](const columns::Field& f) { return has_delta_type(f.type); });
  if (!has_words) {
    // A log from before such a column was added would show an old table.
    if (!is_without_log_) BL_RETURN_IF_ERROR(remove_objects(world_.store, prefix_ + "_delta_log/"));
    is_without_log_ = true;
    log_.reset();
    return {};
  }
  BL_RETURN_IF_ERROR(open(snapshot));
  const auto behind = log_->snapshot()->transaction(application_);
  if (behind && *behind > snapshot.id) {
    return Error{Code::conflict,
                 fmt::format("the Delta log of the table {} is of a later snapshot than {}: {}",
                             table_, snapshot.id, *behind)};
  }
  if (behind == snapshot.id) return {};
  BL_RETURN_IF_ERROR(log_->evolve(snapshot.schema, delta_properties(snapshot.properties)));
  BL_TRY(DeltaReplace replace, difference(*log_->snapshot(), snapshot));
  const DeltaTransaction transaction{application_, snapshot.id};
  const std::string words = text_of(MirrorNote{snapshot.id, snapshot.watermarks, snapshot.note});
  Result<DeltaCommitted> committed = DeltaCommitted{};
  if (!replace.add.empty() || !replace.remove.empty()) {
    replace.data_change = change == RowsChange::yes;
    replace.transaction = transaction;
    replace.note.operation = replace.remove.empty() ? "WRITE" : "REPLACE";
    replace.note.user = words;
    committed = log_->replace(std::move(replace));
  } else if (!behind && (!snapshot.note.empty() || !snapshot.watermarks.empty())) {
    // No file, but something to say: of an empty table, and the first time after a rebuild.
    DeltaAppend append;
    append.transaction = transaction;
    append.note.user = words;
    committed = log_->append(std::move(append));
  }
  if (committed.ok()) return {};
  log_.reset();  // read anew, whatever it was
  return committed.error();
}

Result<std::set<std::string>> DeltaMirror::listed(Timestamp removed_after) {
  std::set<std::string> keys;
  if (log_ == nullptr) {
    auto opened = DeltaLog::open(world_, prefix_);
    if (!opened.ok() && opened.error().code == Code::not_found) return keys;
    if (!opened.ok()) return std::move(opened).error();
    log_ = *std::move(opened);
  }
  for (const auto& file : log_->snapshot()->files) keys.insert(prefix_ + file->path);
  for (const DeltaTombstone& removed : log_->tombstones()) {
    if (removed.deleted >= removed_after) keys.insert(prefix_ + removed.path);
  }
  return keys;
}

}  // namespace

std::string delta_prefix(std::string_view table) {
  return fmt::format("tables/{}/", table);
}

Properties delta_properties(const Properties& properties) {
  Properties out;
  for (const auto& [name, text] : properties) out[std::string(k_property) + name] = text;
  return out;
}

Properties table_properties(const Properties& configuration) {
  Properties out;
  for (const auto& [name, text] : configuration) {
    if (name.starts_with(k_property)) out[name.substr(k_property.size())] = text;
  }
  return out;
}

std::string text_of(const MirrorNote& note) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("snapshot", note.snapshot).key("watermarks").begin_object();
  for (const auto& [journal, to] : note.watermarks) writer.member(journal, to);
  writer.end_object().member("note", note.note).end_object();
  return text;
}

Result<MirrorNote> mirror_note(std::string_view text) {
  const Error error{Code::corrupt,
                    "not a note of a lake table: " + std::string(text.substr(0, 100))};
  const auto value = json::parse(text);
  if (!value.ok()) return error;
  const json::Value* snapshot = value->find("snapshot");
  const json::Value* watermarks = value->find("watermarks");
  const json::Value* words = value->find("note");
  if (snapshot == nullptr || !snapshot->is_number() || !snapshot->as_int64()) return error;
  if (watermarks == nullptr || !watermarks->is_object()) return error;
  MirrorNote note;
  note.snapshot = *snapshot->as_int64();
  for (const auto& [journal, to] : watermarks->members()) {
    if (!to.is_number() || !to.as_int64() || *to.as_int64() < 1) return error;
    note.watermarks[journal] = static_cast<std::uint64_t>(*to.as_int64());
  }
  if (words != nullptr && words->is_string()) note.note = words->as_string();
  return note;
}

std::unique_ptr<Mirror> make_delta_mirror(DeltaWorld world, const std::string& table,
                                          const std::string& catalog) {
  return std::make_unique<DeltaMirror>(std::move(world), table, catalog);
}

}  // namespace bl::lake
