#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// The little XML that S3 answers with: elements, texts, the five entities, character references,
/// CDATA. Namespaces are cut off; attributes, comments and processing instructions are passed over;
/// a DOCTYPE is refused. Pure.
namespace bl::objects {

struct XmlElement {
  std::string name;  ///< without its prefix
  std::string text;  ///< all of its own texts, joined; UTF-8
  std::vector<XmlElement> children;

  /// The first of that name, or nullptr.
  const XmlElement* child(std::string_view wanted) const;
  /// Its text; empty when there is no such child.
  std::string_view text_of(std::string_view wanted) const;
};

struct XmlLimits {
  std::size_t depth_max = 16;
  std::size_t elements_max = 100'000;
};

/// The document's one element. Errors: malformed, with the byte where it broke; too_large (a
/// limit).
Result<XmlElement> parse_xml(std::string_view document, XmlLimits limits = {});

/// `&<>"'` and control characters as references: for texts within an element.
std::string xml_escaped(std::string_view text);

}  // namespace bl::objects
