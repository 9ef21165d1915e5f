#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "results/decode.h"

/// One object of the wire, read member by member. Every reader adds a fault and gives a default
/// when something is wrong, so that one pass finds everything; what nobody asked for is an unknown
/// field.
namespace bl::results {

/// What a blank string of an object means.
enum class Blank : unsigned char {
  text,    ///< a text like any other
  absent,  ///< the same as null: the top level of a submission
};

class Fields {
 public:
  /// Adds a fault when `value` is not an object; then everything is absent. `value`, `faults` and
  /// `limits` outlive this.
  Fields(const json::Value& value, std::string path, json::Faults& faults,
         const DecodeLimits& limits, Blank blank = Blank::text);

  const std::string& path() const { return path_; }
  std::string path_of(std::string_view name) const { return json::pointer_append(path_, name); }
  void fault(std::string_view name, std::string message, const json::Value* value = nullptr);

  /// The member, or nullptr when it is absent or null.
  const json::Value* find(std::string_view name);
  /// The same; absent or null is a fault.
  const json::Value* require(std::string_view name);

  std::optional<std::string> text(std::string_view name);
  std::string required_text(std::string_view name);  ///< not empty
  /// As those, within key_bytes_max.
  std::optional<std::string> key_text(std::string_view name);
  std::string required_key_text(std::string_view name);
  /// A number, cut to an integer, or the text of an integer; [2.3] accepts both.
  std::optional<std::int64_t> integer(std::string_view name,
                                      std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                                      std::int64_t most = std::numeric_limits<std::int64_t>::max());
  std::optional<double> number(std::string_view name);  ///< or the text of one
  std::optional<std::vector<std::string>> texts(std::string_view name);
  /// An object of any content within document_bytes_max; null when absent.
  json::Value document(std::string_view name);
  json::Value required_document(std::string_view name);
  /// Numbers, texts of numbers and nulls, as numbers that keep their digits.
  std::optional<json::Array> samples(std::string_view name);
  /// An object of non-empty keys and texts.
  json::Value text_map(std::string_view name);

  /// Names what nobody asked for. Call it last.
  void finish();

 private:
  const json::Value* known(std::string_view name);
  bool is_blank(const json::Value& value) const;
  json::Value checked_document(std::string_view name, const json::Value& value);
  std::optional<std::string> checked_text(const std::string& path, const json::Value& value);
  /// lenient_number within number_chars_max, or a fault. What is a number on the wire was looked at
  /// with the whole document.
  std::optional<json::Value> checked_number(const std::string& path, const json::Value& value);
  /// Adds a fault when the text is longer.
  std::string within(std::string_view name, std::string text, std::size_t bytes_max);

  const json::Value& value_;
  std::string path_;
  json::Faults& faults_;
  const DecodeLimits& limits_;
  Blank blank_;
  std::vector<std::string_view> known_;
};

/// A JSON number, or a string that holds one as Python writes them (`.5` and `5.` too), as a number
/// that keeps its digits. nullopt for anything else (booleans, nan, infinities, 1e400).
std::optional<json::Value> lenient_number(const json::Value& value);

/// "a number longer than 1000 characters".
std::string too_long_a_number(const DecodeLimits& limits);

/// Unicode code points.
std::size_t count_characters(std::string_view text);
/// The beginning of a text, at most `count` code points.
std::string_view first_characters(std::string_view text, std::size_t count);

}  // namespace bl::results
