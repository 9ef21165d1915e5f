#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/utf8.h"
#include "duck/engine/handles.h"

/// The engine says `Kind Error: sentence`, then often a blank line and
///
///     LINE 2: select nobody from t
///                    ^
///
/// The kind becomes our code, the caret a column, and all of it one line.
namespace bl::duck {
namespace {

struct Rule {
  std::string_view words;
  Code code;
};

// What the sentence says counts before its kind: the first that is found.
constexpr std::array k_by_sentence{
    Rule{"No space left on device", Code::disk_full},
    Rule{"No files found that match", Code::not_found},
    Rule{"No such file or directory", Code::not_found},
    Rule{"Could not set lock on file", Code::conflict},
    Rule{"Conflicting lock is held", Code::conflict},
    Rule{"database is locked", Code::conflict},
    Rule{"could not serialize access", Code::conflict},
    Rule{"Transaction conflict", Code::conflict},
    Rule{"write-write conflict", Code::conflict},
    Rule{"No magic bytes found", Code::corrupt},
    Rule{"too small to be a Parquet file", Code::corrupt},
    Rule{"is not a valid DuckDB database", Code::corrupt},
    Rule{"failed to decode", Code::corrupt},
    Rule{"Invalid footer", Code::corrupt},
    Rule{"does not exist", Code::not_found},
    Rule{"No statement to prepare", Code::malformed},
    Rule{"max_temp_directory_size", Code::overloaded},
};
constexpr std::array k_by_kind{
    Rule{"Parser Error", Code::malformed},
    Rule{"Syntax Error", Code::malformed},
    Rule{"TransactionContext Error", Code::conflict},
    Rule{"Transaction Error", Code::conflict},
    Rule{"Constraint Error", Code::conflict},
    Rule{"Out of Memory Error", Code::overloaded},
    Rule{"INTERRUPT Error", Code::cancelled},
    Rule{"Permission Error", Code::forbidden},
    Rule{"Not ", Code::unsupported},  // the kind for what the engine has not
    Rule{"Missing Extension Error", Code::unsupported},
    Rule{"IO Error", Code::io},
    Rule{"HTTP Error", Code::io},
    Rule{"Connection Error", Code::io},
    Rule{"Network Error", Code::io},
    Rule{"INTERNAL Error", Code::internal},
    Rule{"FATAL Error", Code::internal},
    Rule{"Serialization Error", Code::corrupt},
};

/// The kind where no words say it.
Code code_of(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_SYNTAX:
      return Code::malformed;
    case DUCKDB_ERROR_TRANSACTION:
    case DUCKDB_ERROR_CONSTRAINT:
      return Code::conflict;
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return Code::overloaded;
    case DUCKDB_ERROR_INTERRUPT:
      return Code::cancelled;
    case DUCKDB_ERROR_PERMISSION:
      return Code::forbidden;
    case DUCKDB_ERROR_NOT_IMPLEMENTED:
    case DUCKDB_ERROR_MISSING_EXTENSION:
      return Code::unsupported;
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_HTTP:
    case DUCKDB_ERROR_NETWORK:
    case DUCKDB_ERROR_CONNECTION:
      return Code::io;
    case DUCKDB_ERROR_INTERNAL:
    case DUCKDB_ERROR_FATAL:
    case DUCKDB_ERROR_NULL_POINTER:
      return Code::internal;
    default:
      return Code::invalid;
  }
}

Code code_of(std::string_view message, duckdb_error_type type) {
  // A query that was cut off or is the engine's fault may quote anything.
  if (type != DUCKDB_ERROR_INTERRUPT && type != DUCKDB_ERROR_INTERNAL &&
      type != DUCKDB_ERROR_OUT_OF_MEMORY && type != DUCKDB_ERROR_PERMISSION) {
    for (const auto& rule : k_by_sentence) {
      if (message.find(rule.words) != std::string_view::npos) return rule.code;
    }
  }
  for (const auto& rule : k_by_kind) {
    if (message.starts_with(rule.words)) return rule.code;
  }
  return code_of(type);
}

/// `Binder Error: what` -> `what`.
std::string_view without_kind(std::string_view message) {
  const auto colon = message.find("Error: ");
  if (colon == std::string_view::npos || colon > 32) return message;
  message.remove_prefix(colon + 7);
  return message;
}

struct Place {
  std::string_view line;    ///< its number
  std::size_t column = 0;   ///< from 1; 0 when unknown
  std::string_view source;  ///< what stands there
};

std::optional<Place> place_in(std::string_view tail) {
  if (!tail.starts_with("LINE ")) return std::nullopt;
  tail.remove_prefix(5);
  const auto colon = tail.find(": ");
  const auto end = tail.find('\n');
  if (colon == std::string_view::npos || (end != std::string_view::npos && end < colon)) {
    return std::nullopt;
  }
  Place place;
  place.line = tail.substr(0, colon);
  place.source = tail.substr(colon + 2, end == std::string_view::npos ? end : end - colon - 2);
  if (end != std::string_view::npos) {
    const auto caret = tail.substr(end + 1).find('^');
    // The caret stands below the line as shown, after `LINE n: `.
    const std::size_t before = 5 + colon + 2;
    if (caret != std::string_view::npos && caret >= before) place.column = caret - before + 1;
  }
  return place;
}

std::string one_line(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == '\n' || c == '\t' || c == '\r';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
  }
  out = valid_utf8(out);
  while (!out.empty() && out.back() == ' ') out.pop_back();
  if (out.size() > bytes_max) out = std::string(prefix_of_bytes(out, bytes_max)) + "...";
  return out;
}

}  // namespace

Error engine_error(const char* said, duckdb_error_type type) {
  const std::string_view message = said == nullptr ? "the engine says nothing" : said;
  const Code code = code_of(message, type);
  const auto split = message.find("\n\nLINE ");
  const std::string sentence = one_line(without_kind(message.substr(0, split)), 600);
  if (split == std::string_view::npos) return Error{code, sentence};
  const auto place = place_in(message.substr(split + 2));
  if (!place) return Error{code, sentence};
  // A long line is shown around the caret, with dots: then the column is no longer the SQL's.
  const bool whole = place->column > 0 && !place->source.starts_with("...");
  const std::string at = whole ? fmt::format("at line {}, column {}", place->line, place->column)
                               : fmt::format("at line {}", place->line);
  return Error{code, fmt::format("{}: {}: {}", at, sentence, one_line(place->source, 120))};
}

}  // namespace bl::duck
