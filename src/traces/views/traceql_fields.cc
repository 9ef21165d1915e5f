#include "traces/views/traceql_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bl::traces {
namespace {

using Name = IntrinsicField::Name;

struct Intrinsic {
  std::string_view word;
  Name name;
  TraceqlType type;
};
// Of the words for one field the first is the one that we write.
constexpr std::array<Intrinsic, 22> k_intrinsics = {{
    {"name", Name::name, TraceqlType::text},
    {"span:name", Name::name, TraceqlType::text},
    {"status", Name::status, TraceqlType::status},
    {"span:status", Name::status, TraceqlType::status},
    {"statusMessage", Name::status_message, TraceqlType::text},
    {"span:statusMessage", Name::status_message, TraceqlType::text},
    {"kind", Name::kind, TraceqlType::kind},
    {"span:kind", Name::kind, TraceqlType::kind},
    {"duration", Name::duration, TraceqlType::duration},
    {"span:duration", Name::duration, TraceqlType::duration},
    {"traceDuration", Name::trace_duration, TraceqlType::duration},
    {"trace:duration", Name::trace_duration, TraceqlType::duration},
    {"rootName", Name::root_name, TraceqlType::text},
    {"trace:rootName", Name::root_name, TraceqlType::text},
    {"rootServiceName", Name::root_service, TraceqlType::text},
    {"trace:rootService", Name::root_service, TraceqlType::text},
    {"resource.service.name", Name::service, TraceqlType::text},
    {"trace:id", Name::trace_id, TraceqlType::trace_id},
    {"span:id", Name::span_id, TraceqlType::span_id},
    {"event:name", Name::event_name, TraceqlType::text},
    {"instrumentation:name", Name::scope_name, TraceqlType::text},
    // A run is what our clients look for; TraceQL has no word for it.
    {".benchlake.run_id", Name::run_id, TraceqlType::text},
}};

/// TraceQL's, but not kept here.
constexpr std::array<std::string_view, 11> k_foreign = {
    "parent",         "childCount",      "span:childCount",        "nestedSetLeft",
    "nestedSetRight", "nestedSetParent", "span:parentID",          "event:timeSinceStart",
    "link:spanID",    "link:traceID",    "instrumentation:version"};

struct PlaceWord {
  std::string_view word;
  AttributePlace place;
};
constexpr std::array<PlaceWord, 6> k_scopes = {{{"", AttributePlace::any},
                                                {"span", AttributePlace::span},
                                                {"resource", AttributePlace::resource},
                                                {"event", AttributePlace::event},
                                                {"link", AttributePlace::link},
                                                {"instrumentation", AttributePlace::scope}}};

const Intrinsic* intrinsic_named(std::string_view word) {
  const auto found = std::ranges::find(k_intrinsics, word, &Intrinsic::word);
  return found == k_intrinsics.end() ? nullptr : &*found;
}
const Intrinsic& intrinsic_of(Name name) {
  return *std::ranges::find(k_intrinsics, name, &Intrinsic::name);
}

std::string_view scope_word(AttributePlace place) {
  return std::ranges::find(k_scopes, place, &PlaceWord::place)->word;
}

void append_name(std::string& out, std::string_view name) {
  if (!name.empty() && std::ranges::none_of(name, ends_traceql_name)) {
    out += name;
    return;
  }
  out += '"';
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

TraceqlType traceql_type_of(const SpanField& field) {
  const auto* intrinsic = std::get_if<IntrinsicField>(&field);
  return intrinsic ? intrinsic_of(intrinsic->name).type : TraceqlType::any;
}

Result<std::optional<SpanField>> traceql_field(const TraceqlLexer& lexer,
                                               const TraceqlToken& word) {
  using Field = std::optional<SpanField>;
  if (const Intrinsic* intrinsic = intrinsic_named(word.text)) {
    return Field(IntrinsicField{intrinsic->name});
  }
  const std::size_t dot = word.text.find('.');
  const std::string_view front = std::string_view(word.text).substr(0, dot);
  if (std::ranges::count(k_foreign, front) > 0) {
    return lexer.error_at(Code::unsupported, fmt::format("not supported: the field {}", front),
                          word.at);
  }
  if (dot == std::string::npos) return Field();
  const auto scope = std::ranges::find(k_scopes, front, &PlaceWord::word);
  if (scope == k_scopes.end()) return Field();
  std::string key = word.text.substr(dot + 1);
  if (key.empty()) {
    return lexer.error_at(Code::malformed, "an attribute without a name", word.at);
  }
  return Field(AttributeField{scope->place, std::move(key)});
}

Result<SpanField> parse_traceql_field(std::string_view text) {
  TraceqlLexer lexer(text);
  BL_TRY(const TraceqlToken word, lexer.next());
  BL_TRY(const TraceqlToken behind, lexer.next());
  const bool is_one_word =
      word.kind == TraceqlToken::Kind::word && behind.kind == TraceqlToken::Kind::end;
  if (!is_one_word) return lexer.error_at(Code::malformed, "expected one field", word.at);
  BL_TRY(auto field, traceql_field(lexer, word));
  if (!field) return lexer.error_at(Code::malformed, "no field", word.at);
  return *std::move(field);
}

std::string traceql_name_of(const SpanField& field) {
  if (const auto* intrinsic = std::get_if<IntrinsicField>(&field)) {
    return std::string(intrinsic_of(intrinsic->name).word);
  }
  const auto& attribute = std::get<AttributeField>(field);
  std::string name(scope_word(attribute.place));
  name += '.';
  append_name(name, attribute.key);
  return name;
}

const std::vector<std::string_view>& traceql_intrinsics() {
  static const std::vector<std::string_view> words = [] {
    std::vector<std::string_view> made;
    for (const Intrinsic& intrinsic : k_intrinsics) {
      const bool is_first = &intrinsic == &intrinsic_of(intrinsic.name);
      if (is_first && intrinsic.word.find('.') == std::string_view::npos) {
        made.push_back(intrinsic.word);
      }
    }
    std::ranges::sort(made);
    return made;
  }();
  return words;
}

}  // namespace bl::traces
