// JSON in, by simdjson's on-demand parser.
//
// simdjson's first stage checks UTF-8, control characters and the quotes of the whole text; then we
// walk the tokens once and build the tree. What on-demand leaves to its caller is done here:
// numbers are checked against the grammar on their own text (which we keep), keys for duplicates,
// depth and sizes against the limits, the unescaped strings for surrogates without partner, and the
// end of the text for leftovers. A text that is no JSON ends the walk: the failure returns through
// the levels above it, and each puts its key or index before the path. What is JSON but not allowed
// (a number out of range, a duplicate key, a long string) is noted, and the walk goes on, so that
// one answer names them all; each level puts its token before the paths of what was noted below it.
// A good document pays nothing for paths.
#include <simdjson.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/numbers.h"
#include "base/utf8.h"

namespace bl::json {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t k_few_members = 16;  // up to here, comparing each with each is the fastest
constexpr const char* k_too_long = "longer than allowed, in bytes";
constexpr std::size_t k_kept_buffer_bytes_max = 256u << 10;

/// The failure under construction: the path grows from its end to its beginning.
struct Failure {
  Code code = Code::malformed;
  std::string message;
  std::string value;
  std::string path;
};

const char* sentence_for(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return "invalid UTF-8";
    case simdjson::UNESCAPED_CHARS:
      return "control character in a string, not escaped";
    case simdjson::UNCLOSED_STRING:
      return "string without end";
    case simdjson::STRING_ERROR:
      return "broken escape in a string";
    case simdjson::EMPTY:
      return "empty text";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "array or object without end";
    default:
      return "broken JSON";
  }
}

std::string_view trimmed_right(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' ||
                            token.back() == '\t')) {
    token.remove_suffix(1);
  }
  return token;
}

std::string shown(std::string_view text) {
  constexpr std::size_t k_shown_max = 60;
  std::string safe;
  for (const char c : text.substr(0, k_shown_max)) safe += c >= 0x20 && c < 0x7f ? c : '?';
  if (text.size() > k_shown_max) safe += "...";
  return safe;
}

class Reader {
 public:
  explicit Reader(const ParseLimits& limits) : limits_(limits) {}

  bool read(ondemand::value in, Value& out, int depth) {
    if (++values_ > limits_.values_max) {
      return fail(Code::invalid, "more values than allowed", std::to_string(limits_.values_max));
    }
    const std::string_view token = in.raw_json_token();
    switch (token.empty() ? '\0' : token.front()) {
      case '{':
        return read_object(in, out, depth + 1);
      case '[':
        return read_array(in, out, depth + 1);
      case '"':
        return read_string(in, out);
      default:
        return read_scalar(trimmed_right(token), out);
    }
  }

  bool fail(simdjson::error_code error) { return fail(Code::malformed, sentence_for(error), ""); }

  bool fail(Code code, std::string message, std::string value) {
    failure_ = {code, std::move(message), std::move(value), ""};
    return false;
  }

  Failure& failure() { return failure_; }

  /// What is wrong with a text that was read to its end; the first of them are kept.
  std::vector<Failure>& noted() { return noted_; }
  std::size_t noted_count() const { return noted_count_; }

 private:
  /// Goes on after a fault that leaves the rest readable.
  void note(std::string message, std::string value) {
    if (++noted_count_ <= Faults::k_faults_max) {
      noted_.push_back({Code::invalid, std::move(message), std::move(value), ""});
    }
  }

  template <class Token>
  void put_before(std::size_t first_noted, Token token) {
    for (std::size_t i = first_noted; i < noted_.size(); ++i) {
      noted_[i].path.insert(0, pointer_append("", token));
    }
  }

  bool check_depth(int depth) {
    if (depth <= limits_.depth_max) return true;
    return fail(Code::invalid, "nested deeper than allowed", std::to_string(limits_.depth_max));
  }

  bool is_too_long(std::string_view text) const { return text.size() > limits_.string_bytes_max; }
  std::string too_long() const { return std::to_string(limits_.string_bytes_max); }

  bool below(bool done, std::size_t index) {
    if (!done) failure_.path.insert(0, pointer_append("", index));
    return done;
  }

  bool below(bool done, std::string_view key) {
    if (!done) failure_.path.insert(0, pointer_append("", key));
    return done;
  }

  bool read_array(ondemand::value in, Value& out, int depth) {
    if (!check_depth(depth)) return false;
    ondemand::array array;
    if (auto error = in.get_array().get(array)) return fail(error);
    Array items;
    for (auto element : array) {
      ondemand::value value;
      const std::size_t index = items.size();
      const std::size_t first_noted = noted_.size();
      if (auto error = element.get(value)) return below(fail(error), index);
      if (!read(value, items.emplace_back(), depth)) return below(false, index);
      put_before(first_noted, index);
    }
    out = Value::array(std::move(items));
    return true;
  }

  bool read_object(ondemand::value in, Value& out, int depth) {
    if (!check_depth(depth)) return false;
    ondemand::object object;
    if (auto error = in.get_object().get(object)) return fail(error);
    Object members;
    for (auto element : object) {
      ondemand::field field;
      if (auto error = std::move(element).get(field)) return fail(error);
      std::string_view key;
      if (auto error = field.unescaped_key().get(key)) return fail(error);
      if (is_too_long(key)) return fail(Code::invalid, k_too_long, too_long());
      if (!check_unicode(key)) return false;
      Member& member = members.emplace_back(std::string(key), Value());
      const std::size_t first_noted = noted_.size();
      if (!read(field.value(), member.second, depth)) return below(false, member.first);
      put_before(first_noted, std::string_view(member.first));
    }
    note_duplicates(members);
    out = Value::object(std::move(members));
    return true;
  }

  void note_duplicate(std::string_view key) {
    const std::size_t first_noted = noted_.size();
    note("duplicate key", "");
    put_before(first_noted, key);
  }

  /// Each key that comes again, once for each time.
  void note_duplicates(const Object& members) {
    if (members.size() <= k_few_members) {
      for (std::size_t i = 1; i < members.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
          if (members[k].first != members[i].first) continue;
          note_duplicate(members[i].first);
          break;
        }
      }
      return;
    }
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const Member& member : members) keys.emplace_back(member.first);
    std::sort(keys.begin(), keys.end());
    for (std::size_t i = 1; i < keys.size(); ++i) {
      if (keys[i - 1] == keys[i]) note_duplicate(keys[i]);
    }
  }

  /// The text was valid UTF-8, but an escape may have named half of a surrogate pair.
  bool check_unicode(std::string_view unescaped) {
    // U+D800 to U+DFFF would begin with the byte ED and a second byte from A0.
    for (std::size_t at = unescaped.find('\xed'); at != std::string_view::npos;
         at = unescaped.find('\xed', at + 1)) {
      if (static_cast<unsigned char>(unescaped[at + 1]) >= 0xa0) {
        return fail(Code::malformed, "surrogate without its partner in a string", "");
      }
    }
    return true;
  }

  bool read_string(ondemand::value in, Value& out) {
    std::string_view text;
    if (auto error = in.get_string().get(text)) return fail(error);
    if (!check_unicode(text)) return false;
    if (is_too_long(text)) {
      note(k_too_long, too_long());
    } else {
      out = Value::string(std::string(text));
    }
    return true;
  }

  bool read_scalar(std::string_view token, Value& out) {
    if (token == "null") {
      out = Value();
    } else if (token == "true" || token == "false") {
      out = Value::boolean(token == "true");
    } else if (!is_json_number(token)) {
      return fail(Code::malformed, "not a JSON value", shown(token));
    } else if (token.size() > limits_.string_bytes_max || !is_bounded_number(token)) {
      note("number out of range", shown(token));
    } else {
      out = Value::number_text(std::string(token));
    }
    return true;
  }

  const ParseLimits& limits_;
  std::size_t values_ = 0;
  Failure failure_;
  std::vector<Failure> noted_;
  std::size_t noted_count_ = 0;
};

/// Finds where the first stage stumbled, which tells only why: the first byte that is no UTF-8, the
/// first bare control character within a string, or the string that never ends. Slow and forgiving;
/// runs for broken texts only.
class Locator {
 public:
  explicit Locator(std::string_view text) : text_(text) {}

  std::string pointer() {
    while (at_ < text_.size() && step()) {
    }
    std::string pointer;
    for (const Level& level : levels_) {
      if (!level.is_object) {
        pointer = pointer_append(pointer, level.index);
      } else if (level.has_key) {
        pointer = pointer_append(pointer, unescaped(level.key));
      }
    }
    return pointer;
  }

 private:
  struct Level {
    bool is_object = false;
    bool has_key = false;  // the colon was seen
    std::size_t index = 0;
    std::string_view key;
  };

  /// False at the first fault.
  bool step() {
    const std::size_t bytes = character_bytes();
    if (bytes == 0) return false;
    const char c = text_[at_];
    if (in_string_) {
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '"') {
        in_string_ = false;
        last_string_ = text_.substr(string_begin_, at_ - string_begin_);
      }
      at_ += escapes_delimiter() ? 2 : bytes;
    } else {
      step_outside(c);
      at_ += bytes;
    }
    return true;
  }

  void step_outside(char c) {
    if (c == '"') {
      in_string_ = true;
      string_begin_ = at_ + 1;
    } else if (c == '{' || c == '[') {
      levels_.push_back({.is_object = c == '{'});
    } else if (levels_.empty()) {
      return;
    } else if (c == '}' || c == ']') {
      levels_.pop_back();
    } else if (c == ',') {
      levels_.back().index += 1;
      levels_.back().has_key = false;
    } else if (c == ':') {
      levels_.back().has_key = true;
      levels_.back().key = last_string_;
    }
  }

  bool escapes_delimiter() const {
    return text_[at_] == '\\' && at_ + 1 < text_.size() &&
           (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\');
  }

  /// 0 when the bytes are no UTF-8.
  std::size_t character_bytes() const {
    const Utf8Step step = decode_utf8(text_.substr(at_));
    return step.valid ? step.bytes : 0;
  }

  static std::string unescaped(std::string_view key) {
    if (key.find('\\') == std::string_view::npos) return std::string(key);
    const auto parsed = parse("\"" + std::string(key) + "\"");
    return parsed.ok() ? parsed->as_string() : std::string(key);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool in_string_ = false;
  std::size_t string_begin_ = 0;
  std::string_view last_string_;
  std::vector<Level> levels_;
};

/// simdjson's tables and the padded copy of the text. Small ones are kept by their thread.
struct Workspace {
  ondemand::parser parser;
  std::string buffer;
};

/// The text becomes the only element of an array: so a bare scalar is read like any other value,
/// and what follows the document is found where the array should end.
bool read_document(Workspace& workspace, std::string_view text, Reader& reader, Value& out) {
  std::string& buffer = workspace.buffer;
  buffer.clear();
  buffer.reserve(text.size() + 2 + simdjson::SIMDJSON_PADDING);
  buffer.append("[").append(text).append("]");
  const simdjson::padded_string_view padded(buffer.data(), buffer.size(), buffer.capacity());

  ondemand::document document;
  if (auto error = workspace.parser.iterate(padded).get(document)) {
    reader.fail(error);
    reader.failure().path = Locator(text).pointer();
    return false;
  }
  ondemand::array root;
  if (auto error = document.get_array().get(root)) return reader.fail(error);
  bool found = false;
  for (auto element : root) {
    ondemand::value value;
    if (auto error = element.get(value)) return reader.fail(error);
    if (found) return reader.fail(Code::malformed, "more text after the document", "");
    if (!reader.read(value, out, 0)) return false;
    found = true;
  }
  if (!found) return reader.fail(simdjson::EMPTY);
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return reader.fail(Code::malformed, "more text after the document", "");
  }
  return true;
}

/// `count` of them were found, these are kept.
Error to_error(std::vector<Failure> failures, std::size_t count) {
  const Failure& first = failures.front();
  std::string sentence = "JSON: ";
  if (count > 1) sentence.append(std::to_string(count)).append(" faults, the first: ");
  sentence.append(first.message);
  if (!first.path.empty()) sentence.append(" at ").append(first.path);
  if (!first.value.empty()) sentence.append(": ").append(first.value);
  const Code code = first.code;
  std::vector<Fault> faults;
  for (Failure& failure : failures) {
    faults.push_back(
        {std::move(failure.path), std::move(failure.message), std::move(failure.value)});
  }
  return {code, std::move(sentence), std::move(faults)};
}

/// The tree, whatever was noted; an error only for what cannot be read.
Result<Value> read_whole(std::string_view text, Reader& reader, const ParseLimits& limits) {
  Value value;
  bool done = false;
  if (text.size() > limits.bytes_max) {
    reader.fail(Code::invalid, "document larger than allowed, in bytes",
                std::to_string(limits.bytes_max));
  } else if (text.size() <= k_kept_buffer_bytes_max) {
    thread_local Workspace kept;
    done = read_document(kept, text, reader, value);
  } else {
    Workspace large;
    done = read_document(large, text, reader, value);
  }
  if (!done) return to_error({std::move(reader.failure())}, 1);
  return value;
}

}  // namespace

Result<Value> parse(std::string_view text, const ParseLimits& limits) {
  Reader reader(limits);
  BL_TRY(Value value, read_whole(text, reader, limits));
  if (reader.noted_count() > 0) return to_error(std::move(reader.noted()), reader.noted_count());
  return value;
}

Result<Value> parse_noting(std::string_view text, Faults& faults, const ParseLimits& limits) {
  Reader reader(limits);
  BL_TRY(Value value, read_whole(text, reader, limits));
  for (Failure& failure : reader.noted()) {
    faults.add_text(std::move(failure.path), std::move(failure.message), std::move(failure.value));
  }
  for (std::size_t i = reader.noted().size(); i < reader.noted_count(); ++i) {
    faults.add_text("", "", "");  // one of those that are counted, not kept
  }
  return value;
}

}  // namespace bl::json
