#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/numbers.h"
#include "base/utf8.h"
#include "traces/traceql.h"

// Tags are texts on both sides: what an attribute's type was, the asker does not know. So a tag
// asks for the text and for what else the text may have been.
namespace bl::traces {
namespace {

using Name = IntrinsicField::Name;

SpanFilter where(SpanField field, Comparison comparison, AnyValue::Value value) {
  return SpanFilter::where({std::move(field), comparison, AnyValue(std::move(value))});
}
SpanFilter equal(Name name, std::string_view text) {
  return where(IntrinsicField{name}, Comparison::equal, std::string(text));
}
AttributeField anywhere(std::string_view key) {
  return {AttributePlace::any, std::string(key)};
}

/// The values of other types that would be written as `text`.
void add_typed(std::vector<SpanFilter>& parts, std::string_view key, std::string_view text) {
  const auto add = [&](AnyValue::Value value) {
    parts.push_back(where(anywhere(key), Comparison::equal, std::move(value)));
  };
  if (text == "true" || text == "false") add(text == "true");
  if (const auto integer = parse_int64(text)) {
    add(*integer);
  } else if (const auto decimal = parse_double(text)) {
    add(*decimal);
  }
}

/// An expression for: `text` is a part of the value, case aside.
std::string part_of_any_case(std::string_view text) {
  std::string expression = "(?is).*";
  for (const char c : text) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
                          static_cast<unsigned char>(c) >= 0x80;
    if (!is_plain) expression += '\\';
    expression += c;
  }
  return expression + ".*";
}

SpanFilter tempo_tag(const std::string& key, const std::string& value) {
  const auto part_of = [&](SpanField field) {
    return where(std::move(field), Comparison::matches, part_of_any_case(value));
  };
  if (key == "name") return part_of(IntrinsicField{Name::name});
  if (key == "service.name") return part_of(IntrinsicField{Name::service});
  if (key == "root.name") return part_of(IntrinsicField{Name::root_name});
  if (key == "root.service.name") return part_of(IntrinsicField{Name::root_service});
  const auto status = key == "status.code" ? status_code_named(value) : std::nullopt;
  if (status) return equal(Name::status, name_of(*status));
  std::vector<SpanFilter> parts;
  parts.push_back(part_of(anywhere(key)));
  add_typed(parts, key, value);
  if (key == "error" && value == "true") {
    parts.push_back(equal(Name::status, name_of(StatusCode::error)));
  }
  return parts.size() == 1 ? std::move(parts.front()) : SpanFilter::any_of(std::move(parts));
}

/// Reads `key=value` after `key=value`.
class Logfmt {
 public:
  explicit Logfmt(std::string_view text) : text_(text) {}

  /// False: there is none left.
  Result<bool> next(std::string& key, std::string& value) {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    if (at_ == text_.size()) return false;
    key.clear();
    value.clear();
    while (at_ < text_.size() && !is_blank(text_[at_]) && text_[at_] != '=') {
      if (text_[at_] == '"') return malformed("a quote within a name");
      key += text_[at_++];
    }
    if (key.empty()) return malformed("expected a name");
    if (at_ == text_.size() || text_[at_] != '=') return malformed("expected =");
    ++at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      BL_RETURN_IF_ERROR(quoted(value));
    } else {
      while (at_ < text_.size() && !is_blank(text_[at_])) {
        if (text_[at_] == '"' || text_[at_] == '=') return malformed("such values stand in quotes");
        value += text_[at_++];
      }
    }
    return true;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  Result<void> quoted(std::string& value) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        const bool goes_on = at_ < text_.size() && !is_blank(text_[at_]);
        if (goes_on) return malformed("expected a blank");
        return {};
      }
      if (text_[at_] == '\\' && ++at_ == text_.size()) break;
      value += text_[at_];
    }
    return malformed("text without an end");
  }

  Error malformed(std::string_view message) const {
    return {Code::malformed, fmt::format("tags: {} at character {}: {}", message,
                                         code_point_count(text_.substr(0, at_)) + 1,
                                         valid_utf8(prefix_of_bytes(text_.substr(at_), 24)))};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

SpanFilter all_of(std::vector<SpanFilter> parts) {
  if (parts.empty()) return SpanFilter::everything();
  return parts.size() == 1 ? std::move(parts.front()) : SpanFilter::all_of(std::move(parts));
}

}  // namespace

Result<SpanFilter> parse_tempo_tags(std::string_view logfmt) {
  Logfmt reader(logfmt);
  std::vector<SpanFilter> parts;
  std::string key, value;
  for (;;) {
    BL_TRY(const bool is_there, reader.next(key, value));
    if (!is_there) return all_of(std::move(parts));
    parts.push_back(tempo_tag(key, value));
  }
}

SpanFilter jaeger_tag(std::string_view key, std::string_view value) {
  std::vector<SpanFilter> parts;
  parts.push_back(where(anywhere(key), Comparison::equal, std::string(value)));
  add_typed(parts, key, value);
  const bool asks_error = (key == "error" && value == "true");
  if (asks_error) parts.push_back(equal(Name::status, name_of(StatusCode::error)));
  const auto status = key == "otel.status_code" ? status_code_named(value) : std::nullopt;
  if (status) parts.push_back(equal(Name::status, name_of(*status)));
  if (key == "otel.status_description") parts.push_back(equal(Name::status_message, value));
  if (key == "otel.scope.name" || key == "otel.library.name") {
    parts.push_back(equal(Name::scope_name, value));
  }
  const auto kind = key == "span.kind" ? span_kind_named(value) : std::nullopt;
  if (kind) parts.push_back(equal(Name::kind, name_of(*kind)));
  // A span of no kind is shown as internal.
  if (kind == SpanKind::internal) {
    parts.push_back(equal(Name::kind, name_of(SpanKind::unspecified)));
  }
  return parts.size() == 1 ? std::move(parts.front()) : SpanFilter::any_of(std::move(parts));
}

Result<SpanFilter> parse_jaeger_tag(std::string_view tag) {
  const std::size_t colon = tag.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return Error(Code::malformed,
                 fmt::format("a tag is key:value: {}", valid_utf8(tag.substr(0, 64))));
  }
  return jaeger_tag(tag.substr(0, colon), tag.substr(colon + 1));
}

Result<SpanFilter> parse_jaeger_tags(std::string_view json) {
  BL_TRY(const json::Value tags, json::parse(json));
  if (!tags.is_object()) return Error(Code::malformed, "tags are a JSON object of texts");
  std::vector<SpanFilter> parts;
  for (const auto& [key, value] : tags.members()) {
    if (!value.is_string()) {
      return Error(Code::invalid, fmt::format("the value of a tag is a text: {}", key));
    }
    parts.push_back(jaeger_tag(key, value.as_string()));
  }
  return all_of(std::move(parts));
}

}  // namespace bl::traces
