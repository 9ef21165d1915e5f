#include "traces/imports/json_pieces.h"

#include <algorithm>

namespace bl::traces {

JsonPieces::JsonPieces(std::string_view text) : text_(text) {
  pass_blanks();
  is_object_ = at_ < text_.size() && text_[at_] == '{';
  ++at_;
}

void JsonPieces::pass_blanks() {
  at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
}

/// Behind the closing quote; npos: there is none.
std::size_t JsonPieces::end_of_string(std::size_t at) const {
  ++at;
  while (at < text_.size()) {
    at = text_.find_first_of("\"\\", at);
    if (at == text_.npos) return at;
    if (text_[at] == '"') return at + 1;
    at += 2;  // what is escaped
  }
  return text_.npos;
}

std::size_t JsonPieces::end_of_value(std::size_t at) const {
  if (at >= text_.size()) return text_.npos;
  if (text_[at] == '"') return end_of_string(at);
  if (text_[at] != '{' && text_[at] != '[') {
    const std::size_t end = text_.find_first_of(",]} \t\r\n", at);
    return end == at ? text_.npos : end;
  }
  for (std::size_t depth = 0;;) {
    at = text_.find_first_of("\"{}[]", at);
    if (at == text_.npos) return at;
    if (text_[at] == '"') {
      at = end_of_string(at);
      if (at == text_.npos) return at;
      continue;
    }
    const bool opens = text_[at] == '{' || text_[at] == '[';
    ++at;
    depth += opens ? 1 : -1;
    if (depth == 0) return at;
  }
}

bool JsonPieces::next(JsonPiece& piece) {
  if (at_ >= text_.size() || is_whole_) return false;
  pass_blanks();
  // A comma too many does no harm.
  while (at_ < text_.size() && text_[at_] == ',') {
    ++at_;
    pass_blanks();
  }
  if (at_ == text_.size()) return false;
  if (text_[at_] == (is_object_ ? '}' : ']')) {
    is_whole_ = true;
    ++at_;
    return false;
  }
  piece.key = {};
  if (is_object_) {
    const std::size_t end = text_[at_] == '"' ? end_of_string(at_) : text_.npos;
    if (end == text_.npos) return false;
    piece.key = text_.substr(at_ + 1, end - at_ - 2);
    at_ = end;
    pass_blanks();
    if (at_ == text_.size() || text_[at_] != ':') return false;
    ++at_;
    pass_blanks();
  }
  const std::size_t end = end_of_value(at_);
  if (end == text_.npos) return false;
  piece.value = text_.substr(at_, end - at_);
  at_ = end;
  return true;
}

}  // namespace bl::traces
