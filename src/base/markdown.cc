#include "base/markdown.h"

namespace bl {

std::string markdown_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      out += ' ';
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '@') {
      out += "@&#8203;";  // no mention
    } else if (std::string_view("\\`*_[]|#!~>").find(c) != std::string_view::npos) {
      out += {'\\', c};
    } else if (c == ':') {
      out += "&#58;";  // no address becomes a link
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace bl
