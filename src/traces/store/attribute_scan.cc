#include "traces/store/attribute_scan.h"

namespace bl::traces {
namespace {

constexpr int k_depth_max = 160;  // as JsonCursor has it

using Each = std::function<void(std::string_view)>;

// Takes parts of JSON from the front of a text; once something else stands there it stays failed.
class Scan {
 public:
  Scan(std::string_view text, std::string& scratch, const Each& each)
      : at_(text.data()), end_(text.data() + text.size()), scratch_(scratch), each_(each) {}

  bool at_end() const { return at_ == end_; }
  bool peek(char c) const { return at_ != end_ && *at_ == c; }

  // `{"key":value,...}` of attributes.
  bool attributes() {
    return members([&](std::string_view key) {
      each_(key);
      const char* begin = at_;
      if (peek('[')) return array_of(key, 0);
      if (!skip_value(0)) return false;
      // Key and value are neighbours.
      each_({key.data(), static_cast<std::size_t>(at_ - key.data())});
      return at_ != begin;
    });
  }
  // An object that has its attributes as a member.
  bool holder() {
    return members([&](std::string_view key) {
      return key == "\"attributes\":" ? attributes() : skip_value(0);
    });
  }
  bool list_of_holders() {
    return elements([&] { return holder(); });
  }

 private:
  bool take(char c) {
    if (!peek(c)) return false;
    ++at_;
    return true;
  }
  bool string() {
    if (!take('"')) return false;
    for (; at_ != end_; ++at_) {
      if (*at_ == '"') return ++at_, true;
      // What it escapes is never the end.
      if (*at_ == '\\' && ++at_ == end_) return false;
    }
    return false;
  }
  // `each(key)`: with its colon, the value is next.
  template <class EachMember>
  bool members(const EachMember& each) {
    if (!take('{')) return false;
    if (take('}')) return true;
    do {
      const char* begin = at_;
      if (!string() || !take(':')) return false;
      if (!each(std::string_view(begin, static_cast<std::size_t>(at_ - begin)))) return false;
    } while (take(','));
    return take('}');
  }
  template <class EachElement>
  bool elements(const EachElement& each) {
    if (!take('[')) return false;
    if (take(']')) return true;
    do {
      if (!each()) return false;
    } while (take(','));
    return take(']');
  }
  bool skip_value(int depth) {
    if (depth > k_depth_max || at_ == end_) return false;
    if (*at_ == '"') return string();
    if (*at_ == '{') return members([&](std::string_view) { return skip_value(depth + 1); });
    if (*at_ == '[') return elements([&] { return skip_value(depth + 1); });
    const char* begin = at_;
    while (at_ != end_ && *at_ != ',' && *at_ != '}' && *at_ != ']') ++at_;
    return at_ != begin;
  }
  bool array_of(std::string_view key, int depth) {
    if (depth > k_depth_max) return false;
    return elements([&] {
      if (peek('[')) return array_of(key, depth + 1);
      const char* begin = at_;
      if (!skip_value(depth + 1)) return false;
      scratch_.assign(key);
      scratch_.append(begin, at_);
      each_(scratch_);
      return true;
    });
  }

  const char* at_;
  const char* end_;
  std::string& scratch_;
  const Each& each_;
};

}  // namespace

bool each_attribute(std::string_view text, AttributeText kind, std::string& scratch,
                    const Each& each) {
  Scan scan(text, scratch, each);
  switch (kind) {
    case AttributeText::list:
      return scan.attributes() && scan.at_end();
    case AttributeText::member:
      return scan.holder() && scan.at_end();
    case AttributeText::members:
      return scan.list_of_holders() && scan.at_end();
  }
  return false;
}

}  // namespace bl::traces
