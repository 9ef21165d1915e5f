#include "inference/ingest/json_rows.h"

namespace bl::inference {
namespace {

constexpr std::string_view k_blanks = " \t\r\n";

/// Cuts the items out of an array without reading them: by brackets and commas outside of texts.
class ItemCutter {
 public:
  explicit ItemCutter(std::string_view text) : text_(text) {}

  /// False at the end.
  bool next(std::string_view& item) {
    if (at_ >= text_.size()) return false;
    const std::size_t begin = at_;
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        pass_text();
      } else if (c == '[' || c == '{') {
        ++depth;
      } else if (c == ',' && depth == 0) {
        break;
      } else if (c == ']' || c == '}') {
        if (depth == 0) {
          item = text_.substr(begin, at_ - begin);
          at_ = text_.size();
          return item.find_first_not_of(k_blanks) != item.npos;
        }
        --depth;
      }
    }
    item = text_.substr(begin, at_ - begin);
    ++at_;
    return true;
  }

 private:
  void pass_text() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

void for_each_json_row(std::string_view text, const std::string& path,
                       const std::function<void(const json::Value&, const std::string&)>& sink,
                       SkipTracker& skips) {
  const auto document = json::parse(text);
  if (document.ok() && !document->is_array()) return sink(*document, path);
  if (document.ok()) {
    const std::string place = path + "#";
    for (std::size_t i = 0; i < document->items().size(); ++i) {
      sink(document->items()[i], json::pointer_append(place, i));
    }
    return;
  }
  const std::size_t begin = text.find_first_not_of(k_blanks);
  if (begin == text.npos || text[begin] != '[') {
    skips.skip(SkipReason::malformed, path, document.error().message);
    return;
  }
  ItemCutter cutter(text.substr(begin + 1));
  std::string_view item;
  for (std::size_t i = 0; cutter.next(item); ++i) {
    const std::string place = json::pointer_append(path + "#", i);
    const auto row = json::parse(item);
    if (row.ok()) {
      sink(*row, place);
    } else {
      skips.skip(SkipReason::malformed, place, row.error().message);
    }
  }
}

}  // namespace bl::inference
