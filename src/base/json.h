#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

/// JSON in (simdjson behind the .cc) and out (append-only). Numbers keep their text, so that 2
/// and 2.0 stay different and a 30-digit decimal survives; object members keep their order.
namespace bl::json {

enum class Kind : unsigned char { null, boolean, number, string, array, object };

class Value;
using Member = std::pair<std::string, Value>;
using Array = std::vector<Value>;
using Object = std::vector<Member>;

/// One JSON value, owning everything below it. Copy is deep. Threads: as a std::vector.
class Value {
 public:
  Value() = default;  ///< null
  static Value boolean(bool b);
  /// `text` must match the JSON number grammar and be in range: is_bounded_number (BL_CHECK).
  static Value number_text(std::string text);
  static Value number(double finite);
  static Value number(std::int64_t integer);
  static Value string(std::string text);
  static Value array(Array items = {});
  static Value object(Object members = {});

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_bool() const { return kind_ == Kind::boolean; }
  bool is_number() const { return kind_ == Kind::number; }
  bool is_string() const { return kind_ == Kind::string; }
  bool is_array() const { return kind_ == Kind::array; }
  bool is_object() const { return kind_ == Kind::object; }

  bool as_bool() const;  ///< BL_CHECKs the kind, as do the next ones
  const std::string& as_string() const;
  const std::string& number_text() const;        ///< as it stood in the input
  double as_double() const;                      ///< finite: out-of-range numbers do not parse
  bool is_integer() const;                       ///< a number without point and exponent
  std::optional<std::int64_t> as_int64() const;  ///< nullopt when not an integer or too big
  const Array& items() const;
  Array& items();
  const Object& members() const;
  Object& members();
  /// nullptr when absent or when this is not an object.
  const Value* find(std::string_view key) const;
  /// Replaces or appends.
  void set(std::string key, Value value);

  /// Same kind and value; numbers by numeric value (1 equals 1.0), objects without order: the
  /// equality of jsonb.
  bool operator==(const Value& other) const;

 private:
  using Content = std::variant<std::monostate, bool, std::string, Array, Object>;
  template <class T>
  Value(Kind kind, T content) : kind_(kind), content_(std::in_place_type<T>, std::move(content)) {}

  Kind kind_ = Kind::null;
  Content content_;  // a number is its text
};

struct ParseLimits {
  std::size_t bytes_max = 64u << 20;
  int depth_max = 64;
  std::size_t string_bytes_max = 1u << 20;  ///< one string, key or value
  std::size_t values_max = 4'000'000;       ///< in one document
};

/// Parses one document; nothing but white space may follow it. Errors: malformed (syntax, invalid
/// UTF-8, unpaired surrogates, NUL never ends anything, empty input), invalid (duplicate key,
/// number out of a double's range such as 1e400, depth or size over the limits): each with a JSON
/// pointer as the fault's path. Of a text that is JSON, every duplicate key, number out of range
/// and string over its limit is a fault, at most Faults::k_faults_max; other errors are alone.
/// NaN and Infinity are malformed; so is a byte order mark.
/// Cost: about 120 MB/s; memory about 30 times the text at worst (one-digit numbers).
Result<Value> parse(std::string_view text, const ParseLimits& limits = {});

/// Compact text, members in order, numbers as they stood, `"` `\` and control characters escaped,
/// the rest as UTF-8.
std::string to_text(const Value& value);
void append_text(std::string& out, const Value& value);
/// Keys sorted at every level, separators `, ` and `: `, non-ASCII as \uXXXX, numbers as Python's
/// json.dumps prints the value that json.loads gives for the token (ints of any size verbatim,
/// floats by repr): cluster hashes (spec/results-conbench.md 2.4) and the identity of documents.
std::string to_python_canonical(const Value& value);
/// The same without blanks behind the separators, as Python's separators=(",", ":") gives it.
std::string to_python_compact(const Value& value);
/// Keys sorted at every level, compact, numbers normalised by numeric value (1, 1.0 and 1e0 give
/// the same text): equal text <=> operator==. The input of dimension and payload hashes.
std::string to_canonical(const Value& value);

/// Keys sorted at every level, compact, numbers by append_plain_decimal: what a jsonb column of
/// PostgreSQL keeps of a document, so that every store gives back the same text.
std::string to_stored_text(const Value& value);

void append_quoted(std::string& out, std::string_view text);
/// `/a/b~1c/3`: appends one reference token, escaped.
std::string pointer_append(std::string_view pointer, std::string_view token);
std::string pointer_append(std::string_view pointer, std::size_t index);

/// Writes one document to the end of a string, which is not to be looked at before the document is
/// whole. Commas and colons come by themselves; a misuse (a value where a key must be) is a
/// BL_CHECK. Doubles: shortest round trip; nan and infinities become null.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out), at_(out.size()) {}
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& value(std::string_view text);
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(const std::string& text) { return value(std::string_view(text)); }
  Writer& value(bool b);
  Writer& value(double number);
  Writer& value(std::int64_t number);
  Writer& value(std::uint64_t number);
  Writer& value(int number) { return value(static_cast<std::int64_t>(number)); }
  Writer& value(const Value& tree);
  Writer& null();
  /// Text that already is JSON.
  Writer& raw(std::string_view json_text);
  template <class T>
  Writer& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }
  template <class T>
  Writer& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }

 private:
  char* room(std::size_t bytes);
  void put(char c);
  void put(std::string_view text);
  void put_quoted(std::string_view text);
  void before_value();
  void after_value();
  Writer& begin(char bracket);
  Writer& end(char opened, char bracket);

  std::string& out_;
  std::size_t at_;
  std::string stack_;  // one char per open level: '{' awaiting key, ':' awaiting value, '['
  bool needs_comma_ = false;
};

/// Collects every fault of a document, so that one answer names them all. The readers return a
/// default and go on when something is wrong; the caller asks `ok()` at the end.
class Faults {
 public:
  static constexpr std::size_t k_faults_max = 100;  ///< more are counted, not kept
  void add(std::string path, std::string message, const Value* value = nullptr);
  void add_text(std::string path, std::string message, std::string value_text);
  bool ok() const { return count_ == 0; }
  std::size_t count() const { return count_; }
  const std::vector<Fault>& list() const { return list_; }
  /// code invalid, a sentence that counts the faults and quotes the first.
  Error to_error(std::string_view what) const;

 private:
  std::vector<Fault> list_;
  std::size_t count_ = 0;
};

/// As parse, for a caller who has more to say of the document: the faults that leave it readable
/// are added to `faults`, and null stands in the tree for a number out of range and a string over
/// its limit; of equal keys all are there.
Result<Value> parse_noting(std::string_view text, Faults& faults, const ParseLimits& limits = {});

}  // namespace bl::json
