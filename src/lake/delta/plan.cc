#include "lake/delta/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lake/delta/paths.h"
#include "lake/delta/protocol.h"
#include "objects/key.h"

namespace bl::lake::delta {
namespace {

/// Readers keep it as they keep what comes with a Delta table.
constexpr const char* k_interval_key = "delta.checkpointInterval";

Error conflict(std::string_view why, std::string_view what) {
  return {Code::conflict, fmt::format("{}: {}", why, what)};
}

/// May files that were made for one table stand in another? Errors: conflict.
Result<void> check_fits(const DeltaMetadata& made_for, const State& state) {
  const DeltaMetadata& now = state.metadata();
  if (&made_for == &now || (made_for.schema_text == now.schema_text &&
                            made_for.partition_columns == now.partition_columns)) {
    return {};
  }
  if (made_for.partition_columns != now.partition_columns) {
    return conflict("the table's partition columns changed since the files were made", now.id);
  }
  BL_TRY(const auto old, parse_schema(made_for.schema_text));
  // What is new there reads as null from these files.
  const auto both = extended(old, state.columns());
  if (both.ok() && schema_text(*both) == schema_text(state.columns())) return {};
  return conflict("the table's schema changed since the files were made", now.id);
}

}  // namespace

std::string make_uuid(Random& random) {
  std::array<std::byte, 16> bytes{};
  random.fill(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", std::to_integer<unsigned>(bytes[i]));
  }
  return out;
}

bool Plan::is_repeated(const std::optional<DeltaTransaction>& transaction) const {
  if (!transaction) return false;
  const auto known = state_.transaction(transaction->app_id);
  return known && *known >= transaction->version;
}

Result<void> Plan::check_add(const DeltaFile& file, std::set<std::string>& paths) const {
  const auto below = check_below_table(file.path);
  if (!below.ok()) return Error{Code::invalid, below.error().message};
  const auto& columns = state_.metadata().partition_columns;
  const bool partition_fits =
      file.partition.size() == columns.size() &&
      std::all_of(columns.begin(), columns.end(),
                  [&](const std::string& name) { return file.partition.contains(name); });
  if (!partition_fits) {
    return Error{Code::invalid,
                 "a file has a value for each partition column and no others: " + file.path};
  }
  if (file.deletions)
    return Error{Code::invalid, "files with deletions are not added: " + file.path};
  if (!paths.insert(file.path).second) {
    return Error{Code::invalid, "a file is there twice: " + objects::quoted(file.path)};
  }
  if (paths_.contains(file.path) || state_.file(file.path) != nullptr) {
    return conflict("the file is in the table", objects::quoted(file.path));
  }
  return {};
}

void Plan::note(const DeltaNote& note) {
  if (requests_ == 0) note_ = note;
  ++requests_;
}

void Plan::write(const std::optional<DeltaTransaction>& transaction,
                 const std::vector<DeltaFile>& files, bool data_change) {
  if (transaction) append_line(lines_, SetTransaction{*transaction, now_.micros / 1'000});
  for (const auto& file : files) {
    append_line(lines_, file, data_change);
    paths_.insert(file.path);
    ++files_;
    bytes_ += file.size;
  }
}

Result<std::optional<DeltaCommitted>> Plan::add(const DeltaAppend& append) {
  if (is_repeated(append.transaction)) return std::optional(DeltaCommitted{state_.version(), true});
  if (append.transaction && append.transaction_before) {
    const std::int64_t there = state_.transaction(append.transaction->app_id).value_or(0);
    if (there != *append.transaction_before) {
      return conflict("the application is at another transaction",
                      fmt::format("{} instead of {}", there, *append.transaction_before));
    }
  }
  if (append.files.empty() && !append.transaction) {
    return Error{Code::invalid, "an append adds a file, or says a transaction"};
  }
  BL_RETURN_IF_ERROR(
      check_writable(state_.protocol(), state_.metadata(), state_.columns(), Change::append));
  if (append.written_for) BL_RETURN_IF_ERROR(check_fits(*append.written_for, state_));
  std::set<std::string> paths;
  for (const auto& file : append.files) BL_RETURN_IF_ERROR(check_add(file, paths));
  note(append.note);
  write(append.transaction, append.files, true);
  return std::optional<DeltaCommitted>();
}

Result<std::vector<DeltaTombstone>> Plan::removals(const DeltaReplace& replace) const {
  std::vector<DeltaTombstone> out;
  std::set<std::string> seen;
  for (const auto& path : replace.remove) {
    const auto file = state_.file(path);
    if (!seen.insert(path).second) {
      return Error{Code::invalid, "a file is there twice: " + objects::quoted(path)};
    }
    if (file == nullptr) {
      return conflict("a file to be removed is not in the table", objects::quoted(path));
    }
    if (file->deletions) {
      return Error{Code::unsupported,
                   "not supported: replacing a file with deletion vectors: " + path};
    }
    DeltaTombstone one;
    one.path = path;
    one.deleted = now_;
    one.data_change = replace.data_change;
    one.extended = true;
    one.size = file->size;
    one.partition = file->partition;
    one.written_path = file->written_path;
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::optional<DeltaCommitted>> Plan::add(const DeltaReplace& replace) {
  if (is_repeated(replace.transaction)) {
    return std::optional(DeltaCommitted{state_.version(), true});
  }
  if (replace.remove.empty() && replace.add.empty()) {
    return Error{Code::invalid, "a replacement removes or adds a file"};
  }
  const bool removes = !replace.remove.empty() && replace.data_change;
  BL_RETURN_IF_ERROR(check_writable(state_.protocol(), state_.metadata(), state_.columns(),
                                    removes ? Change::rewrite : Change::rearrange));
  if (state_.described_at() > replace.read_version) {
    return conflict("the table's schema, properties or protocol changed since version",
                    std::to_string(replace.read_version));
  }
  BL_TRY(const auto removed, removals(replace));
  std::set<std::string> paths(replace.remove.begin(), replace.remove.end());
  for (const auto& file : replace.add) BL_RETURN_IF_ERROR(check_add(file, paths));
  note(replace.note);
  blind_ = false;
  for (const auto& one : removed) append_line(lines_, one);
  write(replace.transaction, replace.add, replace.data_change);
  return std::optional<DeltaCommitted>();
}

Result<std::optional<DeltaCommitted>> Plan::add(const Evolution& evolution) {
  BL_RETURN_IF_ERROR(
      check_writable(state_.protocol(), state_.metadata(), state_.columns(), Change::describe));
  BL_TRY(const auto wanted, from_schema(evolution.wanted));
  BL_TRY(const auto columns, extended(state_.columns(), wanted));
  DeltaMetadata metadata = state_.metadata();
  const bool grows = schema_text(columns) != schema_text(state_.columns());
  if (grows) metadata.schema_text = schema_text(columns);
  for (const auto& [key, value] : evolution.properties) metadata.configuration[key] = value;
  if (!grows && metadata.configuration == state_.metadata().configuration) {
    return std::optional(DeltaCommitted{state_.version(), true});
  }
  DeltaNote said;
  said.operation = grows ? "ADD COLUMNS" : "SET TBLPROPERTIES";
  note(said);
  blind_ = false;
  append_line(lines_, metadata);
  return std::optional<DeltaCommitted>();
}

std::string Plan::text(const std::string& id) const {
  DeltaNote note = note_;
  if (note.operation == "WRITE" && note.parameters.empty()) {
    note.parameters = {{"mode", "Append"}, {"partitionBy", "[]"}};
  }
  note.metrics.try_emplace("numFiles", std::to_string(files_));
  note.metrics.try_emplace("numOutputBytes", std::to_string(bytes_));
  std::string out;
  append_line(out, OwnInfo{note, now_, state_.version(), blind_, id});
  return out + lines_;
}

Result<std::string> first_commit(const DeltaTable& table, const std::string& table_id,
                                 Timestamp now, const std::string& id) {
  DeltaMetadata metadata;
  metadata.id = table_id;
  metadata.name = table.name;
  BL_TRY(metadata.schema_text, delta_schema_text(table.schema));
  for (const auto& name : table.partition_columns) {
    if (table.schema.find(name)) continue;
    return Error{Code::invalid, "a partition column is not in the schema: " + name};
  }
  metadata.partition_columns = table.partition_columns;
  metadata.configuration = table.configuration;
  metadata.configuration.try_emplace(k_interval_key, std::to_string(k_checkpoint_interval));
  metadata.created = now;
  // Zone-less timestamps would ask for a reader that few have.
  BL_TRY(const auto columns, parse_schema(metadata.schema_text));
  for (const auto& leaf : leaves(columns)) {
    if (leaf.type.kind != columns::Kind::naive_timestamp) continue;
    return Error{Code::unsupported,
                 "not supported: making a Delta table with a zone-less timestamp: " + leaf.path[0]};
  }
  DeltaNote note;
  note.operation = "CREATE TABLE";
  note.parameters = {{"isManaged", "false"}, {"partitionBy", "[]"}};
  std::string out;
  append_line(out, OwnInfo{note, now, std::nullopt, true, id});
  append_line(out, DeltaProtocol{});
  append_line(out, metadata);
  return out;
}

}  // namespace bl::lake::delta
