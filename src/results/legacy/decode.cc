#include "results/legacy/decode.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>

#include "base/numbers.h"
#include "results/decoding/fields.h"
#include "results/decoding/number_texts.h"
#include "results/units.h"

// First the shape of the wire, by tables of fields; a document that passes is brought into the form
// that decode.h reads. What that finds is then said in the legacy server's words.

namespace bl::results {
namespace {

constexpr std::string_view k_refused = "the submission cannot be accepted";
constexpr const char* k_missing = "Missing data for required field.";
constexpr const char* k_null = "Field may not be null.";
constexpr const char* k_unknown = "Unknown field.";
constexpr const char* k_no_object = "Invalid input type.";
constexpr const char* k_no_text = "Not a valid string.";
constexpr const char* k_no_integer = "Not a valid integer.";
constexpr const char* k_no_number = "Not a valid number.";
constexpr const char* k_no_finite_number =
    "Special numeric values (nan or infinity) are not permitted.";
constexpr const char* k_no_list = "Not a valid list.";
constexpr const char* k_no_mapping = "Not a valid mapping type.";
constexpr const char* k_no_time = "Not a valid datetime.";

// The fields ---------------------------------------------------------------------------------

enum class Kind : unsigned char {
  text,
  integer,
  number,
  samples,  ///< numbers and nulls
  texts,
  mapping,  ///< an object of any content
  time,
  schema,  ///< an object with fields of its own
};

enum class Need : unsigned char {
  required,  ///< and not null
  optional,  ///< but not null
  nullable,  ///< null is the same as absent
};

struct Field {
  std::string_view name;
  Kind kind = Kind::text;
  Need need = Need::required;
  std::span<const Field> fields = {};  ///< of a schema
};

constexpr Field k_github[] = {
    {"repository", Kind::text, Need::required},
    {"commit", Kind::text, Need::optional},
    {"pr_number", Kind::integer, Need::nullable},
    {"branch", Kind::text, Need::nullable},
};

constexpr Field k_stats[] = {
    {"data", Kind::samples, Need::required},       {"unit", Kind::text, Need::required},
    {"times", Kind::samples, Need::optional},      {"time_unit", Kind::text, Need::optional},
    {"iterations", Kind::integer, Need::optional}, {"min", Kind::number, Need::optional},
    {"max", Kind::number, Need::optional},         {"mean", Kind::number, Need::optional},
    {"median", Kind::number, Need::optional},      {"stdev", Kind::number, Need::optional},
    {"q1", Kind::number, Need::optional},          {"q3", Kind::number, Need::optional},
    {"iqr", Kind::number, Need::optional},
};

constexpr Field k_machine[] = {
    {"name", Kind::text},
    {"architecture_name", Kind::text},
    {"kernel_name", Kind::text},
    {"os_name", Kind::text},
    {"os_version", Kind::text},
    {"cpu_model_name", Kind::text},
    {"cpu_l1d_cache_bytes", Kind::integer},
    {"cpu_l1i_cache_bytes", Kind::integer},
    {"cpu_l2_cache_bytes", Kind::integer},
    {"cpu_l3_cache_bytes", Kind::integer},
    {"cpu_core_count", Kind::integer},
    {"cpu_thread_count", Kind::integer},
    {"cpu_frequency_max_hz", Kind::integer},
    {"memory_bytes", Kind::integer},
    {"gpu_count", Kind::integer},
    {"gpu_product_names", Kind::texts},
};

constexpr Field k_cluster[] = {
    {"name", Kind::text},
    {"info", Kind::mapping},
    {"optional_info", Kind::mapping},
};

constexpr Field k_submission[] = {
    {"run_id", Kind::text},
    {"batch_id", Kind::text},
    {"timestamp", Kind::time},
    {"tags", Kind::mapping},
    {"context", Kind::mapping},
    {"github", Kind::schema, Need::required, k_github},
    {"machine_info", Kind::schema, Need::optional, k_machine},
    {"cluster_info", Kind::schema, Need::optional, k_cluster},
    {"stats", Kind::schema, Need::optional, k_stats},
    {"error", Kind::mapping, Need::optional},
    {"info", Kind::mapping, Need::optional},
    {"run_tags", Kind::mapping, Need::optional},
    {"run_name", Kind::text, Need::nullable},
    {"run_reason", Kind::text, Need::nullable},
    {"optional_benchmark_info", Kind::mapping, Need::nullable},
    {"validation", Kind::mapping, Need::nullable},
    {"change_annotations", Kind::mapping, Need::nullable},
};

// Texts of numbers ---------------------------------------------------------------------------

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view k_blanks = " \t\r\n\f\v";
  const std::size_t begin = text.find_first_not_of(k_blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(k_blanks) - begin + 1);
}

/// `NaN`, `-inf`, `Infinity`, `sNaN`, ... in any case.
bool names_no_finite_number(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  std::string lowered(text.substr(0, 16));
  for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lowered == "nan" || lowered == "snan" || lowered == "inf" || lowered == "infinity";
}

// The wire -----------------------------------------------------------------------------------

/// Finds what is wrong with the fields, and brings those that are right into the form that
/// decode.h reads.
class WireCheck {
 public:
  explicit WireCheck(json::Faults& faults) : faults_(faults) {
    for (const Fault& fault : faults.list()) of_json_.push_back(fault.path);
  }

  void check(json::Value& document) {
    if (document.is_object()) blanks_to_null(document);
    check_object("", document, k_submission);
    if (faults_.ok()) check_submission(document);
  }

 private:
  /// What the JSON itself has wrong is said already; the document has null there.
  void fault(const std::string& path, const char* message, const json::Value* value = nullptr) {
    ++wrong_fields_;
    if (std::find(of_json_.begin(), of_json_.end(), path) == of_json_.end()) {
      faults_.add(path, message, value);
    }
  }

  static void blanks_to_null(json::Value& document) {
    for (auto& [name, value] : document.members()) {
      if (value.is_string() && trimmed(value.as_string()).empty()) value = json::Value();
    }
  }

  void check_object(const std::string& path, json::Value& value, std::span<const Field> fields) {
    if (!value.is_object()) return fault(path + "/_schema", k_no_object, &value);
    const std::size_t wrong_before = wrong_fields_;
    std::vector<bool> present(fields.size());
    for (auto& [name, member] : value.members()) {
      const auto field = std::find_if(fields.begin(), fields.end(),
                                      [&](const Field& known) { return known.name == name; });
      if (field == fields.end()) {
        fault(json::pointer_append(path, first_characters(name, 200)), k_unknown, &member);
      } else {
        present[static_cast<std::size_t>(field - fields.begin())] = true;
        check_field(json::pointer_append(path, name), member, *field);
      }
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!present[i] && fields[i].need == Need::required) {
        fault(json::pointer_append(path, fields[i].name), k_missing);
      }
    }
    if (fields.data() == k_github && wrong_fields_ == wrong_before) check_github(path, value);
  }

  void check_field(const std::string& path, json::Value& value, const Field& field) {
    if (value.is_null()) {
      if (field.need != Need::nullable) fault(path, k_null);
      return;
    }
    switch (field.kind) {
      case Kind::text:
        check_text(path, value);
        break;
      case Kind::integer:
        check_integer(path, value, field);
        break;
      case Kind::number:
        check_number(path, value);
        break;
      case Kind::samples:
        check_items(path, value, &WireCheck::check_sample);
        break;
      case Kind::texts:
        check_items(path, value, &WireCheck::check_text);
        break;
      case Kind::mapping:
        if (!value.is_object()) fault(path, k_no_mapping, &value);
        break;
      case Kind::time:
        check_time(path, value);
        break;
      case Kind::schema:
        check_object(path, value, field.fields);
        break;
    }
  }

  void check_integer(const std::string& path, json::Value& value, const Field& field) {
    if (value.is_number()) return;
    if (value.is_string()) {
      const std::string_view text = trimmed(value.as_string());
      if (text.empty() && field.need == Need::nullable) {  // no pull request
        value = json::Value();
        return;
      }
      if (const auto number = parse_int64(text)) {
        value = json::Value::number(*number);
        return;
      }
    }
    fault(path, k_no_integer, &value);
  }

  void check_number(const std::string& path, json::Value& value) {
    if (value.is_number()) return;
    if (!value.is_string()) return fault(path, k_no_number, &value);
    auto decimal = decimal_text(trimmed(value.as_string()));
    if (!decimal) {
      const bool special = names_no_finite_number(value.as_string());
      return fault(path, special ? k_no_finite_number : k_no_number, &value);
    }
    if (!is_bounded_number(*decimal)) return fault(path, k_no_finite_number, &value);
    value = json::Value::number_text(*std::move(decimal));
  }

  using Check = void (WireCheck::*)(const std::string& path, json::Value& value);

  void check_items(const std::string& path, json::Value& value, Check check) {
    if (!value.is_array()) return fault(path, k_no_list, &value);
    json::Array& items = value.items();
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (check == &WireCheck::check_sample && items[i].is_number()) continue;  // a path costs
      (this->*check)(json::pointer_append(path, i), items[i]);
    }
  }

  void check_sample(const std::string& path, json::Value& value) {
    if (!value.is_null()) check_number(path, value);
  }

  void check_text(const std::string& path, json::Value& value) {
    if (value.is_null()) return fault(path, k_null);
    if (!value.is_string()) fault(path, k_no_text, &value);
  }

  void check_time(const std::string& path, json::Value& value) {
    if (value.is_string()) {
      if (const auto time = parse_iso_datetime(value.as_string()); time.ok()) {
        value = json::Value::string(to_rfc3339(*time));
        return;
      }
    }
    fault(path, k_no_time, &value);
  }

  // What concerns several fields, or one field's sense, is asked when the fields are right.
  void check_github(const std::string& path, const json::Value& github) {
    const std::string& repository = github.find("repository")->as_string();
    if (!normalise_repository(repository).ok()) {
      std::string message("'repository' must be a URL, starting with 'https://github.com', got `");
      message.append(first_characters(repository, 300)).append("`");
      faults_.add(path + "/_schema", std::move(message));
    }
    const json::Value* commit = github.find("commit");
    if (commit != nullptr && commit->as_string().empty()) {
      faults_.add(path + "/_schema", "'commit' must be a non-empty string");
    }
  }

  void check_submission(const json::Value& submission) {
    const bool machine = submission.find("machine_info") != nullptr;
    const bool cluster = submission.find("cluster_info") != nullptr;
    if (!machine && !cluster) {
      faults_.add("/_schema", "Either machine_info or cluster_info field is required");
    } else if (machine && cluster) {
      faults_.add("/_schema",
                  "machine_info and cluster_info fields can not be used at the same time");
    }
    if (submission.find("stats") == nullptr && submission.find("error") == nullptr) {
      faults_.add("/_schema", "Either stats or error field is required");
    }
    const json::Value* run_tags = submission.find("run_tags");
    if (run_tags == nullptr) return;
    const json::Object& tags = run_tags->members();
    if (std::any_of(tags.begin(), tags.end(), [](const auto& tag) { return tag.first.empty(); })) {
      faults_.add("/_schema", "run_tags keys must be non-empty strings");
    }
    if (!std::all_of(tags.begin(), tags.end(),
                     [](const auto& tag) { return tag.second.is_string(); })) {
      faults_.add("/_schema", "run_tags values must be strings");
    }
  }

  json::Faults& faults_;
  std::vector<std::string> of_json_;
  std::size_t wrong_fields_ = 0;
};

// The rules' faults in the legacy server's words ---------------------------------------------

/// In the order in which the legacy server would meet them.
enum class Business : unsigned char { unit, no_name, empty_tag_key, bad_tag, none };

Business business_of(const Fault& fault, const json::Value& submission) {
  if (fault.path == "/stats/unit") return Business::unit;
  const std::vector<std::string> place = legacy_place(fault.path);
  if (place.size() != 2 || place[0] != "tags") return Business::none;
  const json::Value* tag = submission.find("tags")->find(place[1]);
  if (tag != nullptr && (tag->is_array() || tag->is_object())) return Business::bad_tag;
  if (place[1].empty()) return Business::empty_tag_key;
  const bool nameless =
      tag == nullptr || tag->is_null() || (tag->is_string() && tag->as_string().empty());
  return place[1] == "name" && nameless ? Business::no_name : Business::none;
}

std::string text_of(Business rule, const json::Value& submission) {
  std::string text;
  switch (rule) {
    case Business::unit: {
      const std::string& unit = submission.find("stats")->find("unit")->as_string();
      text.append("invalid unit string `").append(first_characters(unit, 200));
      text.append("`, pick one of: ").append(known_unit_symbols());
      return text;
    }
    case Business::no_name:
      return "`name` property must be present in `tags` (the name of the conceptual benchmark)";
    case Business::empty_tag_key:
      return "tags: zero-length string as key is not allowed";
    case Business::bad_tag:  // to the letter, braces included [2.9]
      return "tags: bad value type for key `{key}`, JSON object and array is not allowed`";
    case Business::none:
      break;
  }
  return text;
}

Error in_legacy_words(const Error& error, const json::Value& submission) {
  json::Faults others;
  Business first = Business::none;
  for (const Fault& fault : error.faults) {
    const Business rule = business_of(fault, submission);
    first = std::min(first, rule);
    if (rule == Business::none) others.add_text(fault.path, fault.message, fault.value);
  }
  if (!others.ok()) return others.to_error(k_refused);
  return Error(error.code, text_of(first, submission));
}

// NaN and Infinity as Python writes them -----------------------------------------------------

/// The text with every bare NaN, Infinity and -Infinity quoted; nullopt when there is none.
std::optional<std::string> with_special_numbers_quoted(std::string_view body) {
  std::string text;
  bool found = false;
  for (std::size_t at = 0; at < body.size();) {
    if (body[at] == '"') {
      std::size_t end = at + 1;
      while (end < body.size() && body[end] != '"') end += body[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, body.size());
      text += body.substr(at, end - at);
      at = end;
      continue;
    }
    std::size_t length = 1;
    for (const std::string_view special : {"NaN", "Infinity", "-Infinity"}) {
      if (body.substr(at).starts_with(special)) length = special.size();
    }
    if (length == 1) {
      text += body[at];
    } else {
      text.append("\"").append(body.substr(at, length)).append("\"");
      found = true;
    }
    at += length;
  }
  if (!found) return std::nullopt;
  return text;
}

/// The faults of the fields when special numbers are all that keeps the text from being JSON, else
/// the error that it is not.
Error refusal_of_no_json(std::string_view body, Error error) {
  if (error.code != Code::malformed) return error;
  const auto quoted = with_special_numbers_quoted(body);
  if (!quoted) return error;
  json::Faults faults;
  auto document = json::parse_noting(*quoted, faults);
  if (!document.ok()) return error;
  WireCheck(faults).check(*document);
  return faults.ok() ? error : faults.to_error(k_refused);
}

}  // namespace

std::vector<std::string> legacy_place(std::string_view path) {
  std::vector<std::string> place;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    std::string token;
    for (std::size_t i = 0; i < end; ++i) {
      const bool escaped = path[i] == '~' && i + 1 < end;
      token += !escaped ? path[i] : path[++i] == '1' ? '/' : '~';
    }
    place.push_back(std::move(token));
    path.remove_prefix(end);
  }
  return place;
}

Result<Submission> decode_legacy_submission(std::string_view body, const DecodeLimits& limits) {
  json::Faults faults;
  auto document = json::parse_noting(body, faults);
  if (!document.ok()) return refusal_of_no_json(body, std::move(document).error());
  WireCheck(faults).check(*document);
  if (!faults.ok()) return faults.to_error(k_refused);
  auto submission = decode_submission(*document, limits);
  if (submission.ok() || submission.error().code != Code::invalid) return submission;
  return in_legacy_words(submission.error(), *document);
}

}  // namespace bl::results
