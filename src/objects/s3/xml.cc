#include "objects/s3/xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/utf8.h"

namespace bl::objects {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}

struct Entity {
  std::string_view name;
  char character;
};
constexpr std::array<Entity, 5> k_entities = {
    {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xc0 | (code >> 6)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | (code >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xf0 | (code >> 18)));
    out.push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  }
}

/// `#10`, `#x1F600`: any code point but NUL and surrogates. XML 1.0 forbids most control
/// characters; S3 sends them nevertheless.
std::optional<std::uint32_t> number_of(std::string_view reference) {
  reference.remove_prefix(1);
  int base = 10;
  if (reference.starts_with('x')) {
    reference.remove_prefix(1);
    base = 16;
  }
  std::uint32_t code = 0;
  const char* end = reference.data() + reference.size();
  const auto read = std::from_chars(reference.data(), end, code, base);
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (read.ec != std::errc() || read.ptr != end || code == 0 || code > 0x10ffff || is_surrogate) {
    return std::nullopt;
  }
  return code;
}

class Parser {
 public:
  Parser(std::string_view document, XmlLimits limits)
      : start_(document.data()), rest_(document), limits_(limits) {}

  Result<XmlElement> document() {
    if (const std::size_t nul = rest_.find('\0'); nul != std::string_view::npos) {
      rest_.remove_prefix(nul);
      return broken("a NUL");
    }
    skip("\xef\xbb\xbf");
    BL_RETURN_IF_ERROR(skip_between());
    if (!rest_.starts_with('<')) return broken("no element");
    XmlElement root;
    BL_RETURN_IF_ERROR(element(root, 1));
    BL_RETURN_IF_ERROR(skip_between());
    if (!rest_.empty()) return broken("something after the document's end");
    return root;
  }

 private:
  Error broken(std::string_view what) const {
    return Error{Code::malformed, fmt::format("broken XML, {}: byte {}", what,
                                              static_cast<std::size_t>(rest_.data() - start_))};
  }

  bool skip(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }

  Result<void> skip_to_after(std::string_view end) {
    const std::size_t at = rest_.find(end);
    if (at == std::string_view::npos) return broken(fmt::format("no {}", end));
    rest_.remove_prefix(at + end.size());
    return {};
  }

  /// Blanks, comments and instructions around the document's element.
  Result<void> skip_between() {
    while (true) {
      skip_blanks();
      if (skip("<!--")) {
        BL_RETURN_IF_ERROR(skip_to_after("-->"));
      } else if (skip("<?")) {
        BL_RETURN_IF_ERROR(skip_to_after("?>"));
      } else {
        return {};
      }
    }
  }

  Result<std::string_view> name() {
    std::size_t size = 0;
    while (size < rest_.size() && is_name_character(rest_[size])) ++size;
    if (size == 0) return broken("no name");
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }

  Result<void> skip_attributes() {
    while (true) {
      skip_blanks();
      if (rest_.empty() || rest_.front() == '>' || rest_.front() == '/') return {};
      BL_TRY(const std::string_view attribute, name());
      static_cast<void>(attribute);
      skip_blanks();
      if (!skip("=")) return broken("an attribute without a value");
      skip_blanks();
      if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) {
        return broken("an attribute's value without quotes");
      }
      const std::string_view quote = rest_.substr(0, 1);
      rest_.remove_prefix(1);
      BL_RETURN_IF_ERROR(skip_to_after(quote));
    }
  }

  Result<void> element(XmlElement& out, std::size_t depth) {
    if (depth > limits_.depth_max || ++elements_ > limits_.elements_max) {
      return Error{Code::too_large, fmt::format("XML with more than {} elements or {} levels",
                                                limits_.elements_max, limits_.depth_max)};
    }
    if (!skip("<")) return broken("no element");
    BL_TRY(const std::string_view tag, name());
    const std::size_t colon = tag.rfind(':');
    out.name = tag.substr(colon == std::string_view::npos ? 0 : colon + 1);
    if (out.name.empty() || !is_utf8(out.name)) return broken("an element's name");
    BL_RETURN_IF_ERROR(skip_attributes());
    if (skip("/>")) return {};
    if (!skip(">")) return broken("an element's start without its end");
    BL_RETURN_IF_ERROR(content(out, depth));
    BL_TRY(const std::string_view closing, name());
    if (closing != tag) return broken("an element closed by another name");
    skip_blanks();
    if (!skip(">")) return broken("an element's end without its end");
    if (!is_utf8(out.text)) return broken("a text that is not UTF-8 before");
    return {};
  }

  /// Up to and with the `</` of its end.
  Result<void> content(XmlElement& out, std::size_t depth) {
    while (!rest_.empty()) {
      if (skip("</")) return {};
      if (skip("<![CDATA[")) {
        const std::string_view begin = rest_;
        BL_RETURN_IF_ERROR(skip_to_after("]]>"));
        out.text.append(begin.substr(0, begin.size() - rest_.size() - 3));
      } else if (skip("<!--")) {
        BL_RETURN_IF_ERROR(skip_to_after("-->"));
      } else if (skip("<?")) {
        BL_RETURN_IF_ERROR(skip_to_after("?>"));
      } else if (rest_.front() == '<') {
        out.children.emplace_back();
        BL_RETURN_IF_ERROR(element(out.children.back(), depth + 1));
      } else if (rest_.front() == '&') {
        BL_RETURN_IF_ERROR(reference(out.text));
      } else {
        const std::size_t size = std::min(rest_.find_first_of("<&"), rest_.size());
        out.text.append(rest_.substr(0, size));
        rest_.remove_prefix(size);
      }
    }
    return broken("an element without an end");
  }

  Result<void> reference(std::string& out) {
    const std::size_t end = rest_.substr(0, 16).find(';');
    if (end == std::string_view::npos) return broken("an & without its ;");
    const std::string_view name = rest_.substr(1, end - 1);
    if (name.starts_with('#')) {
      const auto code = number_of(name);
      if (!code) return broken("not a character's number");
      append_utf8(out, *code);
    } else {
      const auto entity = std::ranges::find(k_entities, name, &Entity::name);
      if (entity == k_entities.end()) return broken("an unknown entity");
      out.push_back(entity->character);
    }
    rest_.remove_prefix(end + 1);
    return {};
  }

  const char* start_;
  std::string_view rest_;
  const XmlLimits limits_;
  std::size_t elements_ = 0;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
  const auto found = std::ranges::find(children, wanted, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::text_of(std::string_view wanted) const {
  const XmlElement* found = child(wanted);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

Result<XmlElement> parse_xml(std::string_view document, XmlLimits limits) {
  return Parser(document, limits).document();
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto entity = std::ranges::find(k_entities, c, &Entity::character);
    if (entity != k_entities.end()) {
      out.append("&").append(entity->name).append(";");
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out.append(fmt::format("&#{};", static_cast<int>(c)));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace bl::objects
