#include "lake/delta/state.h"

#include <fmt/format.h>

#include <algorithm>

#include "lake/delta/paths.h"
#include "lake/delta/protocol.h"

namespace bl::lake::delta {
namespace {

Error over(std::string_view what, std::size_t limit) {
  return {Code::too_large, fmt::format("a Delta table has too many {}, at most {}", what, limit)};
}

}  // namespace

Result<void> State::put_metadata(DeltaMetadata metadata) {
  if (metadata.schema_text.empty()) {
    return Error{Code::corrupt, "the metaData has no schemaString, of table: " + metadata.id};
  }
  BL_TRY(auto columns, parse_schema(metadata.schema_text));
  BL_TRY(metadata.schema, to_schema(columns));
  for (const auto& name : metadata.partition_columns) {
    if (!metadata.schema.find(name)) {
      return Error{Code::corrupt, "a partition column is not in the schema: " + name};
    }
  }
  metadata_ = std::make_shared<const DeltaMetadata>(std::move(metadata));
  columns_ = std::make_shared<const std::vector<Column>>(std::move(columns));
  return {};
}

Result<void> State::put_add(DeltaFile file) {
  const std::string key = key_of(file.path, file.deletions);
  removed_.erase(key);
  auto shared = std::make_shared<const DeltaFile>(std::move(file));
  unchecked_.push_back(shared);
  const auto [at, is_new] = by_key_.try_emplace(key, files_.size());
  if (!is_new) {
    files_[at->second] = std::move(shared);  // the later word about the same file
    return {};
  }
  with_deletions_ += shared->deletions ? 1 : 0;
  files_.push_back(std::move(shared));
  if (by_key_.size() + removed_.size() > files_max_) return over("files", files_max_);
  return {};
}

Result<void> State::put_remove(DeltaTombstone remove) {
  const std::string key = key_of(remove.path, remove.deletions);
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    with_deletions_ -= remove.deletions ? 1 : 0;
    files_[found->second].reset();
    by_key_.erase(found);
    compact();
  }
  removed_.insert_or_assign(key, std::move(remove));
  if (by_key_.size() + removed_.size() > files_max_) return over("files", files_max_);
  return {};
}

void State::compact() {
  if (files_.size() < 64 || by_key_.size() * 2 > files_.size()) return;
  std::erase(files_, nullptr);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    by_key_[key_of(files_[i]->path, files_[i]->deletions)] = i;
  }
}

Result<void> State::put(Action action) {
  if (auto* add = std::get_if<AddFile>(&action)) return put_add(std::move(add->file));
  if (auto* remove = std::get_if<DeltaTombstone>(&action)) return put_remove(std::move(*remove));
  if (auto* txn = std::get_if<SetTransaction>(&action)) {
    transactions_.insert_or_assign(txn->transaction.app_id, *txn);
  } else if (auto* metadata = std::get_if<DeltaMetadata>(&action)) {
    return put_metadata(std::move(*metadata));
  } else if (auto* protocol = std::get_if<DeltaProtocol>(&action)) {
    protocol_ = std::move(*protocol);
  } else if (auto* domain = std::get_if<DomainMetadata>(&action)) {
    if (domain->removed) {
      domains_.erase(domain->domain);
    } else {
      domains_.insert_or_assign(domain->domain, std::move(*domain));
    }
  }
  return {};
}

Result<void> State::add_from_checkpoint(Action action) {
  return put(std::move(action));
}

Result<void> State::apply(DeltaVersion version, std::vector<Action> actions) {
  for (auto& action : actions) {
    const bool describes = std::holds_alternative<DeltaMetadata>(action) ||
                           std::holds_alternative<DeltaProtocol>(action);
    if (describes) described_at_ = version;
    BL_RETURN_IF_ERROR(put(std::move(action)));
  }
  version_ = version;
  return {};
}

Result<void> State::check_complete() const {
  if (!protocol_) return Error{Code::corrupt, "the log has no protocol"};
  if (!metadata_) return Error{Code::corrupt, "the log has no metaData"};
  return {};
}

Result<void> State::check() {
  if (protocol_) BL_RETURN_IF_ERROR(check_readable(*protocol_));
  BL_RETURN_IF_ERROR(check_complete());
  for (const auto& file : unchecked_) {
    if (!by_key_.contains(key_of(file->path, file->deletions))) continue;
    BL_RETURN_IF_ERROR(check_below_table(file->path));
  }
  unchecked_.clear();
  return {};
}

std::optional<std::int64_t> State::transaction(const std::string& app_id) const {
  const auto found = transactions_.find(app_id);
  if (found == transactions_.end()) return std::nullopt;
  return found->second.transaction.version;
}

std::shared_ptr<const DeltaFile> State::file(const std::string& path) const {
  const auto found = by_key_.find(path);
  if (found != by_key_.end()) return files_[found->second];
  if (with_deletions_ == 0) return nullptr;
  const auto same = std::find_if(files_.begin(), files_.end(), [&](const auto& file) {
    return file != nullptr && file->path == path;
  });
  return same == files_.end() ? nullptr : *same;
}

std::shared_ptr<const DeltaSnapshot> State::snapshot() const {
  auto out = std::make_shared<DeltaSnapshot>();
  out->version = version_;
  out->protocol = *protocol_;
  out->metadata = metadata_;
  out->files.reserve(by_key_.size());
  for (const auto& file : files_) {
    if (file == nullptr) continue;
    out->bytes += file->size;
    out->files.push_back(file);
  }
  for (const auto& [app_id, txn] : transactions_) {
    out->transactions.emplace(app_id, txn.transaction.version);
  }
  return out;
}

void State::forget_removed(Timestamp before) {
  std::erase_if(removed_, [&](const auto& entry) { return entry.second.deleted < before; });
}

std::vector<std::string> State::checkpoint_lines(Timestamp removed_since) const {
  std::vector<std::string> lines;
  lines.reserve(by_key_.size() + removed_.size() + transactions_.size() + 2);
  const auto add = [&](const auto&... what) {
    std::string line;
    append_line(line, what...);
    lines.push_back(std::move(line));
  };
  add(*protocol_);
  add(*metadata_);
  for (const auto& [app_id, txn] : transactions_) add(txn);
  for (const auto& [name, domain] : domains_) add(domain);
  for (const auto& file : files_) {
    if (file != nullptr) add(*file, false);
  }
  for (const auto& [key, remove] : removed_) {
    if (remove.deleted >= removed_since) add(remove);
  }
  return lines;
}

}  // namespace bl::lake::delta
