#include "results/store/text_array.h"

#include "base/json.h"

namespace bl::results {
namespace {

// PostgreSQL takes what follows a backslash as it is, JSON has escapes of its own.
void append_element(std::string& array, std::string_view text) {
  array += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') array += '\\';
    array += c;
  }
  array += '"';
}

}  // namespace

std::string text_array(std::span<const std::string_view> texts, store::Dialect dialect) {
  const bool is_sqlite = dialect == store::Dialect::sqlite;
  std::string array(1, is_sqlite ? '[' : '{');
  for (const std::string_view text : texts) {
    if (array.size() > 1) array += ',';
    if (is_sqlite) {
      json::append_quoted(array, text);
    } else {
      append_element(array, text);
    }
  }
  array += is_sqlite ? ']' : '}';
  return array;
}

}  // namespace bl::results
