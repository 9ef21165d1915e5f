#include "base/xml.h"

#include <fmt/format.h>

#include "base/html.h"

namespace bl {

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : html_escaped(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20) {
      out += c;
    } else if (c == '\n' || c == '\t' || c == '\r') {
      out += fmt::format("&#{};", byte);
    } else {
      out += "\xef\xbf\xbd";
    }
  }
  return out;
}

}  // namespace bl
