#include "inference/registry_reader.h"

#include <fmt/format.h>

namespace bl::inference {
namespace {

/// A TOML value's text for a message, shortened.
std::string shown(const json::Value& value) {
  return json::to_text(value).substr(0, 100);
}

}  // namespace

RegistryTable::RegistryTable(const TomlDocument& document, std::string pointer, std::string name,
                             std::vector<Fault>& faults)
    : document_(&document), pointer_(std::move(pointer)), name_(std::move(name)), faults_(&faults) {
  table_ = &document.root;
  // The pointer was made of names that are there: section, then table, then tables below it.
  for (std::size_t at = 1; at <= pointer_.size();) {
    std::size_t end = std::min(pointer_.find('/', at), pointer_.size());
    for (const auto& [key, value] : table_->members()) {
      if (json::pointer_append("", key).substr(1) == pointer_.substr(at, end - at)) {
        table_ = &value;
        break;
      }
    }
    at = end + 1;
  }
}

void RegistryTable::fault(std::string_view key, std::string message, const json::Value* value) {
  std::string place = document_->place_of(json::pointer_append(pointer_, key));
  faults_->push_back({place, std::move(message), value ? shown(*value) : ""});
}

const json::Value* RegistryTable::get(std::string_view key) {
  known_.emplace(key);
  return table_->find(key);
}

void RegistryTable::missing(std::string_view key) {
  fault(key, fmt::format("{} is missing in {}", key, name_));
}

std::optional<std::string> RegistryTable::optional_text(std::string_view key) {
  const json::Value* value = get(key);
  if (!value) return std::nullopt;
  if (value->is_string() && !value->as_string().empty()) return value->as_string();
  fault(key, fmt::format("{} must be a text that is not empty", key), value);
  return std::nullopt;
}

std::string RegistryTable::text(std::string_view key) {
  if (!table_->find(key)) missing(key);
  return optional_text(key).value_or("");
}

std::optional<double> RegistryTable::optional_number(std::string_view key) {
  const json::Value* value = get(key);
  if (!value) return std::nullopt;
  if (value->is_number()) return value->as_double();
  fault(key, fmt::format("{} must be a number", key), value);
  return std::nullopt;
}

double RegistryTable::number(std::string_view key) {
  if (!table_->find(key)) missing(key);
  return optional_number(key).value_or(0);
}

std::optional<std::int64_t> RegistryTable::optional_integer(std::string_view key) {
  const json::Value* value = get(key);
  if (!value) return std::nullopt;
  if (value->is_number() && value->as_int64()) return value->as_int64();
  fault(key, fmt::format("{} must be an integer", key), value);
  return std::nullopt;
}

bool RegistryTable::flag(std::string_view key) {
  const json::Value* value = get(key);
  if (!value) return false;
  if (value->is_bool()) return value->as_bool();
  fault(key, fmt::format("{} must be true or false", key), value);
  return false;
}

std::vector<std::string> RegistryTable::texts(std::string_view key) {
  const json::Value* value = get(key);
  std::vector<std::string> all;
  if (!value) return all;
  if (!value->is_array()) {
    fault(key, fmt::format("{} must be a list of texts", key), value);
    return all;
  }
  for (const json::Value& item : value->items()) {
    if (item.is_string() && !item.as_string().empty()) {
      all.push_back(item.as_string());
    } else {
      fault(key, fmt::format("{} must hold texts that are not empty", key), &item);
    }
  }
  return all;
}

std::vector<double> RegistryTable::numbers(std::string_view key) {
  const json::Value* value = get(key);
  std::vector<double> all;
  if (!value) return all;
  if (!value->is_array()) {
    fault(key, fmt::format("{} must be a list of numbers", key), value);
    return all;
  }
  for (const json::Value& item : value->items()) {
    if (item.is_number()) {
      all.push_back(item.as_double());
    } else {
      fault(key, fmt::format("{} must hold numbers", key), &item);
    }
  }
  return all;
}

std::vector<RegistryTable> RegistryTable::tables(std::string_view key) {
  const json::Value* value = get(key);
  std::vector<RegistryTable> all;
  if (!value) return all;
  if (!value->is_object()) {
    fault(key, fmt::format("{} must be a table", key), value);
    return all;
  }
  std::string below = json::pointer_append(pointer_, key);
  for (const auto& [name, one] : value->members()) {
    std::string pointer = json::pointer_append(below, name);
    if (one.is_object() && !name.empty()) {
      all.emplace_back(*document_, std::move(pointer), name, *faults_);
    } else {
      faults_->push_back(
          {document_->place_of(pointer),
           name.empty() ? "a name must not be empty" : fmt::format("{} must be a table", name),
           shown(one)});
    }
  }
  return all;
}

void RegistryTable::done() {
  for (const auto& [key, value] : table_->members()) {
    if (!known_.contains(key)) fault(key, fmt::format("unknown key in {}: \"{}\"", name_, key));
  }
}

Result<RegistryReader> RegistryReader::open(const std::vector<RegistryFile>& files) {
  RegistryReader reader;
  for (const RegistryFile& file : files) {
    BL_TRY(TomlDocument document, parse_toml(file.text, file.name));
    reader.documents_.push_back(std::move(document));
  }
  return reader;
}

std::vector<RegistryTable> RegistryReader::section(std::string_view name) {
  known_.emplace(name);
  std::vector<RegistryTable> all;
  for (const TomlDocument& document : documents_) {
    // The file itself is the table of its sections; others ask for theirs.
    RegistryTable root(document, "", document.file_name, faults_);
    for (RegistryTable& table : root.tables(name)) {
      auto same = std::find_if(all.begin(), all.end(), [&](const RegistryTable& other) {
        return other.name() == table.name();
      });
      if (same == all.end()) {
        all.push_back(std::move(table));
      } else {
        *same = std::move(table);
      }
    }
  }
  return all;
}

Result<void> RegistryReader::finish() {
  for (const TomlDocument& document : documents_) {
    for (const auto& [key, value] : document.root.members()) {
      if (known_.contains(key)) continue;
      std::string place = document.place_of(json::pointer_append("", key));
      faults_.push_back({place, fmt::format("unknown section: \"{}\"", key), ""});
    }
  }
  if (faults_.empty()) return {};
  const Fault& first = faults_.front();
  std::string sentence = fmt::format("{}: {}", first.path, first.message);
  if (!first.value.empty()) sentence += ": " + first.value;
  if (faults_.size() > 1) sentence += fmt::format(" (and {} more)", faults_.size() - 1);
  return Error{Code::invalid, std::move(sentence), faults_};
}

}  // namespace bl::inference
