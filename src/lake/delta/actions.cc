#include "lake/delta/actions.h"

#include <fmt/format.h>

#include <set>

#include "base/json.h"
#include "base/utf8.h"
#include "lake/delta/paths.h"

namespace bl::lake::delta {
namespace {

using json::Value;

Error broken(std::string_view what, std::string_view where) {
  return {Code::corrupt, fmt::format("{}: {}", what, where)};
}

/// Null counts as absent.
const Value* member(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// Reads the members of one action; keeps the first error.
class Members {
 public:
  Members(std::string_view action, const Value& value) : action_(action), value_(value) {
    if (!value.is_object()) fail("is no object", "");
  }

  std::string text(std::string_view key) {
    const Value* value = needed(key);
    return value == nullptr ? std::string() : text_of(*value, key);
  }
  std::string text_or_empty(std::string_view key) {
    const Value* value = member(value_, key);
    return value == nullptr ? std::string() : text_of(*value, key);
  }
  std::int64_t integer(std::string_view key) {
    const Value* value = needed(key);
    return value == nullptr ? 0 : integer_of(*value, key);
  }
  std::optional<std::int64_t> maybe_integer(std::string_view key) {
    const Value* value = member(value_, key);
    if (value == nullptr) return std::nullopt;
    return integer_of(*value, key);
  }
  bool flag(std::string_view key) {
    const Value* value = needed(key);
    return value != nullptr && flag_of(*value, key);
  }
  bool flag_or(std::string_view key, bool otherwise) {
    const Value* value = member(value_, key);
    return value == nullptr ? otherwise : flag_of(*value, key);
  }
  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> out;
    const Value* value = member(value_, key);
    if (value == nullptr) return out;
    if (!value->is_array()) {
      fail("needs a list", key);
      return out;
    }
    for (const auto& item : value->items()) out.push_back(text_of(item, key));
    return out;
  }
  template <class Map>
  Map texts_by_name(const Value* value, std::string_view key) {
    Map out;
    if (value == nullptr) return out;
    if (!value->is_object()) {
      fail("needs an object", key);
      return out;
    }
    for (const auto& [name, text] : value->members()) {
      if (text.is_null()) {
        out.emplace(name, typename Map::mapped_type{});
      } else {
        out.emplace(name, text_of(text, key));
      }
    }
    return out;
  }
  const Value* needed(std::string_view key) {
    const Value* value = member(value_, key);
    if (value == nullptr) fail("lacks", key);
    return value;
  }
  const Value* find(std::string_view key) const { return member(value_, key); }

  void fail(std::string_view what, std::string_view key) {
    if (!error_) error_ = broken(fmt::format("an action {} {}", action_, what), key);
  }
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  std::string text_of(const Value& value, std::string_view key) {
    if (value.is_string()) return value.as_string();
    fail("needs a text at", key);
    return {};
  }
  std::int64_t integer_of(const Value& value, std::string_view key) {
    if (value.is_number()) {
      if (const auto number = value.as_int64()) return *number;
    }
    fail("needs an integer at", key);
    return 0;
  }
  bool flag_of(const Value& value, std::string_view key) {
    if (value.is_bool()) return value.as_bool();
    fail("needs true or false at", key);
    return false;
  }

  std::string_view action_;
  const Value& value_;
  std::optional<Error> error_;
};

constexpr std::int64_t k_ms_max = k_timestamp_max.micros / 1'000;

Timestamp time_of(std::int64_t ms) {
  return Timestamp::from_millis(std::clamp<std::int64_t>(ms, -k_ms_max, k_ms_max));
}

std::string path_of(Members& in, const ParseContext& context, std::string& written) {
  written = in.text("path");
  if (in.error()) return {};
  auto path = canonical_path(written, context.table);
  if (!path.ok()) {
    in.fail(std::move(path).error());
    return {};
  }
  return std::move(path).value();
}

std::uint64_t size_of(Members& in, std::int64_t size) {
  if (size >= 0) return static_cast<std::uint64_t>(size);
  in.fail("has a negative", "size");
  return 0;
}

std::optional<DeltaDeletions> deletions_of(Members& in) {
  const Value* value = in.find("deletionVector");
  if (value == nullptr) return std::nullopt;
  Members from("deletionVector", *value);
  DeltaDeletions out;
  out.storage = from.text("storageType");
  out.place = from.text("pathOrInlineDv");
  const auto offset = from.maybe_integer("offset");
  out.has_offset = offset.has_value();
  out.offset = offset.value_or(0);
  out.size = from.integer("sizeInBytes");
  out.cardinality = from.integer("cardinality");
  if (from.error()) in.fail(*from.error());
  return out;
}

Action protocol_of(Members& in) {
  DeltaProtocol out;
  const std::int64_t reader = in.integer("minReaderVersion");
  const std::int64_t writer = in.integer("minWriterVersion");
  if (reader < 1 || reader > 1'000'000) in.fail("has no such", "minReaderVersion");
  if (writer < 1 || writer > 1'000'000) in.fail("has no such", "minWriterVersion");
  out.reader = static_cast<int>(reader);
  out.writer = static_cast<int>(writer);
  out.reader_features = in.texts("readerFeatures");
  out.writer_features = in.texts("writerFeatures");
  return out;
}

Action metadata_of(Members& in) {
  DeltaMetadata out;
  out.id = in.text("id");
  out.name = in.text_or_empty("name");
  out.description = in.text_or_empty("description");
  if (const Value* format = in.find("format")) {
    Members inner("format", *format);
    const std::string provider = inner.text("provider");
    if (inner.error()) in.fail(*inner.error());
    if (provider != "parquet") in.fail("has files that are not Parquet, but", provider);
  }
  out.schema_text = in.text("schemaString");
  out.partition_columns = in.texts("partitionColumns");
  out.configuration = in.texts_by_name<std::map<std::string, std::string>>(in.find("configuration"),
                                                                           "configuration");
  if (const auto created = in.maybe_integer("createdTime")) out.created = time_of(*created);
  return out;
}

Action add_of(Members& in, const ParseContext& context) {
  AddFile out;
  DeltaFile& file = out.file;
  file.path = path_of(in, context, file.written_path);
  file.partition =
      in.texts_by_name<DeltaPartition>(in.needed("partitionValues"), "partitionValues");
  file.size = size_of(in, in.integer("size"));
  file.modified = time_of(in.integer("modificationTime"));
  out.data_change = in.flag("dataChange");
  // Others have put here what is not a text: then nothing is known of the file.
  if (const Value* stats = in.find("stats"); stats != nullptr && stats->is_string()) {
    file.statistics = stats->as_string();
  }
  file.tags = in.texts_by_name<std::map<std::string, std::string>>(in.find("tags"), "tags");
  file.deletions = deletions_of(in);
  return out;
}

Action remove_of(Members& in, const ParseContext& context) {
  DeltaTombstone out;
  out.path = path_of(in, context, out.written_path);
  out.deleted = time_of(in.maybe_integer("deletionTimestamp").value_or(0));
  out.data_change = in.flag_or("dataChange", true);
  const auto size = in.maybe_integer("size");
  const Value* partition = in.find("partitionValues");
  out.extended = size.has_value() && partition != nullptr;
  out.size = size_of(in, size.value_or(0));
  out.partition = in.texts_by_name<DeltaPartition>(partition, "partitionValues");
  out.deletions = deletions_of(in);
  return out;
}

Action transaction_of(Members& in) {
  SetTransaction out;
  out.transaction.app_id = in.text("appId");
  out.transaction.version = in.integer("version");
  out.updated_ms = in.maybe_integer("lastUpdated");
  return out;
}

Action domain_of(Members& in) {
  DomainMetadata out;
  out.domain = in.text("domain");
  out.configuration = in.text_or_empty("configuration");
  out.removed = in.flag_or("removed", false);
  return out;
}

/// Free in its form: what is odd in it is passed over.
Action info_of(const Value& value) {
  CommitInfo out;
  const auto integer = [&](std::string_view key) -> std::optional<std::int64_t> {
    const Value* found = member(value, key);
    return found != nullptr && found->is_number() ? found->as_int64() : std::nullopt;
  };
  const auto text = [&](std::string_view key) {
    const Value* found = member(value, key);
    return found != nullptr && found->is_string() ? found->as_string() : std::string();
  };
  out.timestamp_ms = integer("timestamp");
  out.in_commit_ms = integer("inCommitTimestamp");
  out.operation = text("operation");
  out.id = text("txnId");
  return out;
}

std::optional<Action> action_of(const std::string& name, Members& in, const Value& value,
                                const ParseContext& context) {
  if (name == "add") return add_of(in, context);
  if (name == "remove") return remove_of(in, context);
  if (name == "txn") return transaction_of(in);
  if (name == "metaData") return metadata_of(in);
  if (name == "protocol") return protocol_of(in);
  if (name == "domainMetadata") return domain_of(in);
  if (name == "commitInfo") return info_of(value);
  if (name == "sidecar") return Sidecar{in.text("path")};
  return std::nullopt;
}

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  const auto from = line.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return line.substr(from, line.find_last_not_of(blanks) - from + 1);
}

/// What may stand in a commit once only.
std::string once_key(const Action& action) {
  if (std::holds_alternative<DeltaProtocol>(action)) return "protocol";
  if (std::holds_alternative<DeltaMetadata>(action)) return "metaData";
  if (const auto* add = std::get_if<AddFile>(&action)) {
    return "file " + key_of(add->file.path, add->file.deletions);
  }
  if (const auto* remove = std::get_if<DeltaTombstone>(&action)) {
    return "file " + key_of(remove->path, remove->deletions);
  }
  if (const auto* txn = std::get_if<SetTransaction>(&action)) {
    return "txn " + txn->transaction.app_id;
  }
  if (const auto* domain = std::get_if<DomainMetadata>(&action)) return "domain " + domain->domain;
  return {};
}

void write_partition(json::Writer& writer, const DeltaPartition& partition) {
  writer.key("partitionValues").begin_object();
  for (const auto& [name, value] : partition) writer.member(name, value);
  writer.end_object();
}

void write_texts(json::Writer& writer, std::string_view key,
                 const std::vector<std::string>& texts) {
  writer.key(key).begin_array();
  for (const auto& text : texts) writer.value(text);
  writer.end_array();
}

void write_map(json::Writer& writer, std::string_view key,
               const std::map<std::string, std::string>& texts) {
  writer.key(key).begin_object();
  for (const auto& [name, text] : texts) writer.member(name, text);
  writer.end_object();
}

void write_deletions(json::Writer& writer, const std::optional<DeltaDeletions>& deletions) {
  if (!deletions) return;
  writer.key("deletionVector").begin_object().member("storageType", deletions->storage);
  writer.member("pathOrInlineDv", deletions->place);
  if (deletions->has_offset) writer.member("offset", deletions->offset);
  writer.member("sizeInBytes", deletions->size);
  writer.member("cardinality", deletions->cardinality).end_object();
}

std::int64_t ms_of(Timestamp time) {
  return time.micros / 1'000;
}

std::string in_log(const std::string& path, const std::string& written) {
  return written.empty() ? written_path(path) : written;
}

}  // namespace

Result<std::optional<Action>> parse_action(std::string_view line, const ParseContext& context) {
  auto parsed =
      json::parse(line, {.bytes_max = line.size() + 1, .string_bytes_max = context.text_bytes_max});
  if (!parsed.ok()) {
    return Error{Code::corrupt, "a line is not JSON: " + std::move(parsed).error().message};
  }
  if (!parsed->is_object() || parsed->members().size() != 1) {
    return broken("a line is not one action", prefix_of_bytes(line, 80));
  }
  const auto& [name, value] = parsed->members()[0];
  Members in(name, value);
  auto action = action_of(name, in, value, context);
  if (action && in.error()) return *in.error();
  return action;
}

Result<std::vector<Action>> parse_commit(std::string_view bytes, const ParseContext& context) {
  std::vector<Action> out;
  std::set<std::string> seen;
  std::size_t line_number = 0;
  bool any = false;
  while (!bytes.empty()) {
    ++line_number;
    const auto end = bytes.find('\n');
    const std::string_view line = trimmed(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (line.empty()) continue;
    any = true;
    auto action = parse_action(line, context);
    if (!action.ok()) {
      return std::move(action).error().with_context(fmt::format("line {}", line_number));
    }
    if (!action->has_value()) continue;
    std::string once = once_key(**action);
    if (!once.empty() && !seen.insert(once).second) {
      return broken(fmt::format("line {}: it says twice what may be said once", line_number), once);
    }
    out.push_back(std::move(**action));
  }
  if (!any) return Error{Code::corrupt, "it has no action, as after a power cut"};
  return out;
}

void append_line(std::string& out, const DeltaProtocol& protocol) {
  json::Writer writer(out);
  writer.begin_object().key("protocol").begin_object();
  writer.member("minReaderVersion", protocol.reader).member("minWriterVersion", protocol.writer);
  if (protocol.reader >= 3) write_texts(writer, "readerFeatures", protocol.reader_features);
  if (protocol.writer >= 7) write_texts(writer, "writerFeatures", protocol.writer_features);
  writer.end_object().end_object();
  out += '\n';
}

void append_line(std::string& out, const DeltaMetadata& metadata) {
  json::Writer writer(out);
  writer.begin_object().key("metaData").begin_object().member("id", metadata.id);
  if (!metadata.name.empty()) writer.member("name", metadata.name);
  if (!metadata.description.empty()) writer.member("description", metadata.description);
  writer.key("format").begin_object().member("provider", "parquet");
  writer.key("options").begin_object().end_object().end_object();
  writer.member("schemaString", metadata.schema_text);
  write_texts(writer, "partitionColumns", metadata.partition_columns);
  write_map(writer, "configuration", metadata.configuration);
  if (metadata.created) writer.member("createdTime", ms_of(*metadata.created));
  writer.end_object().end_object();
  out += '\n';
}

void append_line(std::string& out, const DeltaFile& add, bool data_change) {
  json::Writer writer(out);
  writer.begin_object().key("add").begin_object();
  writer.member("path", in_log(add.path, add.written_path));
  write_partition(writer, add.partition);
  writer.member("size", add.size).member("modificationTime", ms_of(add.modified));
  writer.member("dataChange", data_change);
  if (!add.statistics.empty()) writer.member("stats", add.statistics);
  if (!add.tags.empty()) write_map(writer, "tags", add.tags);
  write_deletions(writer, add.deletions);
  writer.end_object().end_object();
  out += '\n';
}

void append_line(std::string& out, const DeltaTombstone& remove) {
  json::Writer writer(out);
  writer.begin_object().key("remove").begin_object();
  writer.member("path", in_log(remove.path, remove.written_path));
  writer.member("deletionTimestamp", ms_of(remove.deleted));
  writer.member("dataChange", remove.data_change);
  if (remove.extended) {
    writer.member("extendedFileMetadata", true);
    write_partition(writer, remove.partition);
    writer.member("size", remove.size);
  }
  write_deletions(writer, remove.deletions);
  writer.end_object().end_object();
  out += '\n';
}

void append_line(std::string& out, const SetTransaction& transaction) {
  json::Writer writer(out);
  writer.begin_object().key("txn").begin_object();
  writer.member("appId", transaction.transaction.app_id);
  writer.member("version", transaction.transaction.version);
  if (transaction.updated_ms) writer.member("lastUpdated", *transaction.updated_ms);
  writer.end_object().end_object();
  out += '\n';
}

void append_line(std::string& out, const DomainMetadata& domain) {
  json::Writer writer(out);
  writer.begin_object().key("domainMetadata").begin_object();
  writer.member("domain", domain.domain).member("configuration", domain.configuration);
  writer.member("removed", domain.removed).end_object().end_object();
  out += '\n';
}

void append_line(std::string& out, const OwnInfo& info) {
  json::Writer writer(out);
  writer.begin_object().key("commitInfo").begin_object();
  writer.member("timestamp", ms_of(info.at)).member("operation", info.note.operation);
  write_map(writer, "operationParameters", info.note.parameters);
  if (info.read_version) writer.member("readVersion", *info.read_version);
  writer.member("isolationLevel", "WriteSerializable");
  writer.member("isBlindAppend", info.blind_append);
  write_map(writer, "operationMetrics", info.note.metrics);
  writer.member("engineInfo", "benchlake").member("txnId", info.id);
  if (!info.note.user.empty()) writer.member("userMetadata", info.note.user);
  writer.end_object().end_object();
  out += '\n';
}

std::string key_of(const std::string& path, const std::optional<DeltaDeletions>& deletions) {
  if (!deletions) return path;
  std::string key = path;
  key += '\n';  // in no path
  key += deletions->id();
  return key;
}

}  // namespace bl::lake::delta
