#include "lake/ducklake/commit_record.h"

#include <algorithm>

#include "base/json.h"

namespace bl::lake {
namespace {

Error not_ours(std::string_view text) {
  return Error{Code::corrupt, "the catalog has a commit whose extra info is not benchlake's: " +
                                  std::string(text.substr(0, 200))};
}

bool take_text(const json::Value& object, std::string_view key, std::string& into) {
  const json::Value* value = object.find(key);
  if (value == nullptr || !value->is_string()) return false;
  into = value->as_string();
  return true;
}

bool take_watermarks(const json::Value& object, Watermarks& into) {
  const json::Value* all = object.find("watermarks");
  if (all == nullptr || !all->is_object()) return false;
  for (const auto& [journal, next] : all->members()) {
    if (!next.is_number()) return false;
    const auto number = next.as_int64();
    if (!number || *number < 0) return false;
    into[journal] = static_cast<std::uint64_t>(*number);
  }
  return true;
}

}  // namespace

std::string start_of_text(std::string_view id) {
  std::string out = R"({"id":)";
  json::append_quoted(out, id);
  return out;
}

std::string to_text(const CommitRecord& record) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("id", record.id).member("table", record.table);
  writer.member("what", record.what).member("before", record.before);
  writer.key("watermarks").begin_object();
  for (const auto& [journal, next] : record.watermarks) writer.member(journal, next);
  writer.end_object();
  if (!record.note.empty()) writer.key("note").raw(record.note);
  writer.end_object();
  return out;
}

Result<CommitRecord> commit_record(std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed.ok() || !parsed->is_object()) return not_ours(text);
  CommitRecord record;
  const json::Value* before = parsed->find("before");
  const bool whole =
      take_text(*parsed, "id", record.id) && take_text(*parsed, "table", record.table) &&
      take_text(*parsed, "what", record.what) && take_watermarks(*parsed, record.watermarks) &&
      before != nullptr && before->is_number() && before->as_int64();
  if (!whole) return not_ours(text);
  record.before = *before->as_int64();
  if (const json::Value* note = parsed->find("note")) record.note = json::to_text(*note);
  return record;
}

bool is_commit_id(std::string_view id) {
  return !id.empty() && id.size() <= 200 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':';
  });
}

std::string properties_text(const std::map<std::string, std::string>& properties) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  for (const auto& [key, value] : properties) writer.member(key, value);
  writer.end_object();
  return out;
}

Result<std::map<std::string, std::string>> properties_of(std::string_view text) {
  std::map<std::string, std::string> out;
  const auto parsed = json::parse(text);
  const Error refusal{Code::corrupt, "the catalog has a table whose comment is not benchlake's: " +
                                         std::string(text.substr(0, 200))};
  if (!parsed.ok() || !parsed->is_object()) return refusal;
  for (const auto& [key, value] : parsed->members()) {
    if (!value.is_string()) return refusal;
    out[key] = value.as_string();
  }
  return out;
}

}  // namespace bl::lake
