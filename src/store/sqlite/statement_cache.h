#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

/// The prepared statements of one connection, least recently used out first. One thread at a time.
namespace bl::store {

/// A prepared statement and where its parameters go. SQLite numbers `$1`, `$2` by first appearance;
/// number_of_variable[i] is what stands behind the `$` of SQLite's variable i + 1. So SQLite's own
/// tokenizer finds the placeholders, and one inside a quote or a comment is none.
struct PreparedStatement {
  explicit PreparedStatement(sqlite3_stmt* raw_statement) : raw(raw_statement) {}
  ~PreparedStatement();
  PreparedStatement(const PreparedStatement&) = delete;
  PreparedStatement& operator=(const PreparedStatement&) = delete;

  sqlite3_stmt* raw;
  std::vector<std::size_t> number_of_variable;
  std::size_t parameters = 0;  ///< the highest number
};

class StatementCache {
 public:
  explicit StatementCache(std::size_t statements_max) : statements_max_(statements_max) {}

  /// Takes the statement out, so that a nested call of the same text gets one of its own; prepares
  /// it when it is not there. Errors: internal (does not prepare, more than one statement,
  /// placeholders other than `$1`..`$n`), those of SQLite.
  Result<std::unique_ptr<PreparedStatement>> take(sqlite3* db, std::string_view text);
  /// Puts a reset statement back.
  void give_back(std::string_view text, std::unique_ptr<PreparedStatement> statement);
  void clear();
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string text;
    std::unique_ptr<PreparedStatement> statement;
  };
  struct TextHash {
    std::size_t operator()(std::string_view text) const;
  };

  std::size_t statements_max_;
  std::list<Entry> entries_;  // the newest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator, TextHash> by_text_;
};

}  // namespace bl::store
