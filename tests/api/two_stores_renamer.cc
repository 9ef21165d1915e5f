#include <array>

#include "api/two_stores.h"

namespace bl::product {
namespace {

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_id(std::string_view word) {
  return word.size() == 32 && word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

void blank_after(std::string& text, std::string_view member, char end) {
  for (std::size_t at = text.find(member); at != std::string::npos; at = text.find(member, at)) {
    at += member.size();
    text.replace(at, text.find(end, at) - at, "...");
  }
}

/// Members whose texts are of the request or secret; of cursors only whether there is one.
void blank_members(std::string& text) {
  constexpr std::array k_members = {"\"request_id\":\"", "\"token\":\"", "\"prefix\":\"",
                                    "\"next_page_cursor\":\""};
  for (const std::string_view member : k_members) blank_after(text, member, '"');
  blank_after(text, "\"seq\":", ',');  // of a receipt: refusals take theirs a moment later
}

}  // namespace

Renamer::Renamer(std::string origin, std::string started_at)
    : origin_(std::move(origin)), started_at_(std::move(started_at)) {}

std::string Renamer::rename(std::string_view answer) {
  std::string text(answer);
  replace_all(text, origin_, "ORIGIN");
  blank_members(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      out += text[at++];
      continue;
    }
    // A time: 2026-11-21T19:06:22.123456Z. Of the scenario all are long ago.
    const std::string_view rest = std::string_view(text).substr(at);
    if (rest.size() >= 20 && rest[4] == '-' && rest[10] == 'T' && rest.starts_with("20") &&
        rest.substr(0, 19) >= std::string_view(started_at_).substr(0, 19) &&
        rest.starts_with(started_at_.substr(0, 4))) {
      out += "NOW";
      at += std::min(rest.find_first_of("Z\"", 19), rest.size());
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view word = std::string_view(text).substr(at, end - at);
    if (is_id(word)) {
      const std::size_t number =
          numbers_.try_emplace(std::string(word), numbers_.size() + 1).first->second;
      out.append("ID").append(std::to_string(number));
    } else {
      out += word;
    }
    at = end;
  }
  return out;
}

}  // namespace bl::product
