// XML from anyone, as S3's answers.
#include <cstdlib>

#include "objects/key.h"
#include "objects/s3/answers.h"
#include "objects/s3/xml.h"

namespace {

using bl::objects::XmlElement;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string written(const XmlElement& element) {
  std::string text = "<" + element.name + ">" + bl::objects::xml_escaped(element.text);
  for (const XmlElement& child : element.children) text += written(child);
  return text + "</" + element.name + ">";
}

bool same(const XmlElement& one, const XmlElement& other) {
  if (one.name != other.name || one.text != other.text) return false;
  if (one.children.size() != other.children.size()) return false;
  for (std::size_t i = 0; i < one.children.size(); ++i) {
    if (!same(one.children[i], other.children[i])) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl::objects;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto root = parse_xml(body); root.ok()) {
    const auto again = parse_xml(written(*root));
    require(again.ok() && same(*root, *again));
  } else {
    require(root.error().code == bl::Code::malformed || root.error().code == bl::Code::too_large);
  }
  const S3Fault fault = decode_fault(body);
  require(fault.code.size() <= 64 && fault.code.find('\n') == std::string::npos);
  const std::string_view after = body.substr(0, size % 7);
  if (const auto page = decode_page(body, after); page.ok()) {
    std::string last(after);
    for (const ObjectInfo& info : page->objects) {
      require(info.key > last);
      last = info.key;
    }
    require(page->is_last || !page->objects.empty());
  }
  if (const auto uploads = decode_uploads(body); uploads.ok()) {
    require(uploads->next_key.empty() || !uploads->uploads.empty());
  }
  if (const auto id = decode_upload_id(body); id.ok()) require(!id->empty());
  if (const auto date = parse_http_date(body); date.ok()) require(size == 29);
  return 0;
}
