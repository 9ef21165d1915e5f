#include "inference/etl/csv.h"

namespace bl::inference {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view k_blanks = " \t\r\n\v\f";
  std::size_t begin = text.find_first_not_of(k_blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(k_blanks) - begin + 1);
}

std::vector<std::string> csv_fields(std::string_view line) {
  std::vector<std::string> fields;
  std::size_t at = 0;
  while (true) {
    std::size_t begin = line.find_first_not_of(" \t", at);
    if (begin == line.npos || line[begin] != '"') {
      std::size_t end = std::min(line.find(',', at), line.size());
      fields.emplace_back(trimmed(line.substr(at, end - at)));
      at = end;
    } else {
      std::string field;
      for (at = begin + 1; at < line.size(); ++at) {
        if (line[at] == '"' && (++at == line.size() || line[at] != '"')) break;
        field += line[at];
      }
      fields.push_back(std::move(field));
      at = std::min(line.find(',', at), line.size());
    }
    if (at >= line.size()) return fields;
    ++at;
  }
}

void for_each_line(std::string_view text, const std::function<void(std::string_view)>& line) {
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view one = text.substr(0, end);
    if (one.ends_with('\r')) one.remove_suffix(1);
    if (!trimmed(one).empty()) line(one);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace bl::inference
