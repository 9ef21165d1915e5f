#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "traces/model.h"

/// Values of attributes as JSON text and back, exactly (docs/formats/traces.md): whole numbers
/// without a point, doubles always with a point or an exponent, empty as null; what JSON has not is
/// an object of one key that begins with `$`: `{"$bytes":"base64"}`, `{"$double":"NaN"}`, and
/// `{"$map":{...}}` around a list of keys that would look like one of these.
namespace bl::traces {

void append_json(std::string& out, const AnyValue& value);
void append_json(std::string& out, const Attributes& attributes);
/// `"key":`
void append_key(std::string& out, std::string_view key);

/// Reads texts that this program wrote; strict, bounded in depth, quick. One thread.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  /// All return false when the text is something else; then the cursor stays failed.
  bool take(char c);
  bool peek(char c) const { return at_ != end_ && *at_ == c; }
  bool at_end() const { return at_ == end_ && !failed_; }
  bool failed() const { return failed_; }
  bool text(std::string& out);
  bool integer(std::int64_t& out);
  bool value(AnyValue& out, int depth = 0);
  bool attributes(Attributes& out, int depth = 0);

  /// The members of an object, in order: `each(key)` reads the value.
  template <class Each>
  bool members(const Each& each) {
    if (!take('{')) return false;
    if (peek('}')) return take('}');
    std::string key;
    do {
      if (!text(key) || !take(':') || !each(key)) return fail();
    } while (next_of_list());
    return take('}');
  }
  /// The elements of an array: `each()` reads one.
  template <class Each>
  bool elements(const Each& each) {
    if (!take('[')) return false;
    if (peek(']')) return take(']');
    do {
      if (!each()) return fail();
    } while (next_of_list());
    return take(']');
  }
  bool fail() {
    failed_ = true;
    return false;
  }

 private:
  bool next_of_list() {
    if (failed_ || !peek(',')) return false;
    ++at_;
    return true;
  }
  bool literal(std::string_view word);
  bool number(AnyValue& out);
  bool object(AnyValue& out, int depth);
  bool special(const Attribute& one, AnyValue& out);
  bool escape(std::string& out);
  bool hex4(std::uint32_t& out);

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

}  // namespace bl::traces
