#include "bigquery/model/names.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace bl::bigquery {
namespace {

constexpr std::string_view k_never_in_names = "!\"$()*,./;?@[\\]^`{}~";
constexpr std::array<std::string_view, 6> k_kept_prefixes{
    "_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return lower(c); });
  return out;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view name_fault(std::string_view name, std::size_t name_bytes_max) {
  if (name.empty()) return "a field without a name";
  if (name.size() > name_bytes_max) return "a name that is too long";
  if (!is_utf8(name)) return "a name that is no UTF-8";
  for (std::string_view rest = name; !rest.empty();) {
    const Utf8Step step = decode_utf8(rest);
    if (is_control(step.code_point)) return "a name with a control character";
    rest.remove_prefix(step.bytes);
  }
  if (name.find_first_of(k_never_in_names) != std::string_view::npos) {
    return "a name with a character that no column may have";
  }
  const std::string low = lower(name);
  for (const std::string_view prefix : k_kept_prefixes) {
    if (low.starts_with(prefix)) return "a name with a prefix that is kept for BigQuery";
  }
  return {};
}

}  // namespace bl::bigquery
