#include "store/sqlite/statement_cache.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/hash.h"
#include "base/numbers.h"
#include "store/sqlite/sqlite_error.h"

namespace bl::store {
namespace {

constexpr int k_parameters_max = 32'766;  // SQLite's own bound

Result<void> map_parameters(PreparedStatement& statement, std::string_view text) {
  const int variables = sqlite3_bind_parameter_count(statement.raw);
  statement.number_of_variable.reserve(static_cast<std::size_t>(variables));
  for (int i = 1; i <= variables; ++i) {
    const char* raw_name = sqlite3_bind_parameter_name(statement.raw, i);
    const std::string_view name = raw_name == nullptr ? "?" : raw_name;
    const auto number = parse_int64(name.substr(1));
    if (name[0] != '$' || !number || *number < 1 || *number > k_parameters_max) {
      return Error(Code::internal, fmt::format("placeholder {} in SQL: {}", name, text));
    }
    statement.number_of_variable.push_back(static_cast<std::size_t>(*number));
    statement.parameters = std::max(statement.parameters, static_cast<std::size_t>(*number));
  }
  return {};
}

Result<std::unique_ptr<PreparedStatement>> prepare(sqlite3* db, std::string_view text) {
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  const int rc = sqlite3_prepare_v3(db, text.data(), static_cast<int>(text.size()),
                                    SQLITE_PREPARE_PERSISTENT, &raw, &tail);
  if (rc != SQLITE_OK) return sqlite_error(db, rc, fmt::format("preparing {}", text));
  if (raw == nullptr) return Error(Code::internal, fmt::format("empty SQL: {}", text));
  auto statement = std::make_unique<PreparedStatement>(raw);
  const std::string_view rest(tail, static_cast<std::size_t>(text.data() + text.size() - tail));
  if (rest.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    return Error(Code::internal, fmt::format("more than one statement in SQL: {}", text));
  }
  BL_RETURN_IF_ERROR(map_parameters(*statement, text));
  return statement;
}

}  // namespace

PreparedStatement::~PreparedStatement() {
  sqlite3_finalize(raw);
}

std::size_t StatementCache::TextHash::operator()(std::string_view text) const {
  return static_cast<std::size_t>(xxh3_64(text));
}

Result<std::unique_ptr<PreparedStatement>> StatementCache::take(sqlite3* db,
                                                                std::string_view text) {
  if (const auto found = by_text_.find(text); found != by_text_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    if (found->second->statement != nullptr) return std::move(found->second->statement);
  }
  return prepare(db, text);
}

void StatementCache::give_back(std::string_view text,
                               std::unique_ptr<PreparedStatement> statement) {
  if (const auto found = by_text_.find(text); found != by_text_.end()) {
    found->second->statement = std::move(statement);
    return;
  }
  entries_.push_front({std::string(text), std::move(statement)});
  by_text_.emplace(entries_.front().text, entries_.begin());
  if (entries_.size() > statements_max_) {
    by_text_.erase(entries_.back().text);
    entries_.pop_back();
  }
}

void StatementCache::clear() {
  by_text_.clear();
  entries_.clear();
}

}  // namespace bl::store
