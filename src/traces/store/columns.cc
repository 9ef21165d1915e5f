#include "traces/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <tuple>

#include "base/json.h"
#include "traces/store/json_text.h"

namespace bl::traces {
namespace {

using std::int64_t;
using Text = std::optional<std::string_view>;

int64_t bits(std::uint64_t value) {
  return std::bit_cast<int64_t>(value);
}
std::uint64_t bits(int64_t value) {
  return std::bit_cast<std::uint64_t>(value);
}

std::optional<int64_t> unless_zero(std::uint32_t count) {
  if (count == 0) return std::nullopt;
  return count;
}
Text unless_empty(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return text;
}

// Kinds and codes by name; those that nobody knows by number.
template <class Enum>
std::string word_of(Enum value) {
  const std::string_view name = name_of(value);
  return name.empty() ? std::to_string(static_cast<std::int32_t>(value)) : std::string(name);
}
template <class Enum, class Named>
Result<Enum> value_of(std::string_view word, const Named& named) {
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error == std::errc() && end == word.data() + word.size()) return static_cast<Enum>(number);
  if (const auto found = named(word)) return *found;
  return Error{Code::corrupt,
               fmt::format("a span of the lake has a kind or status that none has: {}", word)};
}

// Objects of which only what is there is written -----------------------------------------------

class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }
  ~ObjectText() { out_ += '}'; }
  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    json::append_quoted(member(key), value);
  }
  void number(std::string_view key, int64_t value) {
    if (value != 0) fmt::format_to(std::back_inserter(member(key)), "{}", value);
  }
  void attributes(const Attributes& value) {
    if (!value.empty()) append_json(member("attributes"), value);
  }
  void texts(std::string_view key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    std::string& out = member(key);
    for (std::size_t i = 0; i < values.size(); ++i) {
      out += i == 0 ? '[' : ',';
      json::append_quoted(out, values[i]);
    }
    out += ']';
  }
  std::string& member(std::string_view key) {
    if (!is_first_) out_ += ',';
    is_first_ = false;
    append_key(out_, key);
    return out_;
  }

 private:
  std::string& out_;
  bool is_first_ = true;
};

void append_text(std::string& out, const Resource& resource) {
  ObjectText object(out);
  object.attributes(resource.attributes);
  object.number("dropped_attributes", resource.dropped_attributes);
  object.text("schema_url", resource.schema_url);
  if (resource.entity_refs.empty()) return;
  std::string& refs = object.member("entity_refs");
  refs += '[';
  for (std::size_t i = 0; i < resource.entity_refs.size(); ++i) {
    if (i > 0) refs += ',';
    const EntityRef& ref = resource.entity_refs[i];
    ObjectText one(refs);
    one.text("schema_url", ref.schema_url);
    one.text("type", ref.type);
    one.texts("id_keys", ref.id_keys);
    one.texts("description_keys", ref.description_keys);
  }
  refs += ']';
}

void append_text(std::string& out, const Scope& scope) {
  ObjectText object(out);
  object.text("name", scope.name);
  object.text("version", scope.version);
  object.attributes(scope.attributes);
  object.number("dropped_attributes", scope.dropped_attributes);
  object.text("schema_url", scope.schema_url);
}

void append_text(std::string& out, const std::vector<SpanEvent>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    out += i == 0 ? '[' : ',';
    ObjectText object(out);
    object.number("time_ns", events[i].time_ns);
    object.text("name", events[i].name);
    object.attributes(events[i].attributes);
    object.number("dropped_attributes", events[i].dropped_attributes);
  }
  if (!events.empty()) out += ']';
}

void append_text(std::string& out, const std::vector<SpanLink>& links) {
  for (std::size_t i = 0; i < links.size(); ++i) {
    out += i == 0 ? '[' : ',';
    ObjectText object(out);
    object.text("trace_id", links[i].trace_id.hex());
    object.text("span_id", links[i].span_id.hex());
    object.text("trace_state", links[i].trace_state);
    object.attributes(links[i].attributes);
    object.number("dropped_attributes", links[i].dropped_attributes);
    object.number("flags", links[i].flags);
  }
  if (!links.empty()) out += ']';
}

// And back ---------------------------------------------------------------------------------------

bool read_count(JsonCursor& in, std::uint32_t& out) {
  int64_t number = 0;
  if (!in.integer(number) || number < 0 || number > 0xFFFFFFFFll) return in.fail();
  out = static_cast<std::uint32_t>(number);
  return true;
}

bool read_texts(JsonCursor& in, std::vector<std::string>& out) {
  return in.elements([&] { return in.text(out.emplace_back()); });
}

bool read(JsonCursor& in, EntityRef& out) {
  return in.members([&](const std::string& key) {
    if (key == "schema_url") return in.text(out.schema_url);
    if (key == "type") return in.text(out.type);
    if (key == "id_keys") return read_texts(in, out.id_keys);
    return key == "description_keys" && read_texts(in, out.description_keys);
  });
}

bool read(JsonCursor& in, Resource& out) {
  return in.members([&](const std::string& key) {
    if (key == "attributes") return in.attributes(out.attributes);
    if (key == "dropped_attributes") return read_count(in, out.dropped_attributes);
    if (key == "schema_url") return in.text(out.schema_url);
    return key == "entity_refs" &&
           in.elements([&] { return read(in, out.entity_refs.emplace_back()); });
  });
}

bool read(JsonCursor& in, Scope& out) {
  return in.members([&](const std::string& key) {
    if (key == "name") return in.text(out.name);
    if (key == "version") return in.text(out.version);
    if (key == "attributes") return in.attributes(out.attributes);
    if (key == "dropped_attributes") return read_count(in, out.dropped_attributes);
    return key == "schema_url" && in.text(out.schema_url);
  });
}

bool read(JsonCursor& in, SpanEvent& out) {
  return in.members([&](const std::string& key) {
    if (key == "time_ns") return in.integer(out.time_ns);
    if (key == "name") return in.text(out.name);
    if (key == "attributes") return in.attributes(out.attributes);
    return key == "dropped_attributes" && read_count(in, out.dropped_attributes);
  });
}

template <class Id>
bool read_id(JsonCursor& in, Id& out) {
  std::string hex;
  if (!in.text(hex)) return false;
  const auto id = Id::from_hex(hex);
  if (!id) return in.fail();
  out = *id;
  return true;
}

bool read(JsonCursor& in, SpanLink& out) {
  return in.members([&](const std::string& key) {
    if (key == "trace_id") return read_id(in, out.trace_id);
    if (key == "span_id") return read_id(in, out.span_id);
    if (key == "trace_state") return in.text(out.trace_state);
    if (key == "attributes") return in.attributes(out.attributes);
    if (key == "dropped_attributes") return read_count(in, out.dropped_attributes);
    return key == "flags" && read_count(in, out.flags);
  });
}

Error damaged(std::string_view column, int64_t row) {
  return {Code::corrupt, fmt::format("a span of the lake has a text that was not written by us, in "
                                     "the column {} of row: {}",
                                     column, row)};
}

// Texts of a batch in the making; memory is kept from row to row.
struct RowTexts {
  std::string attributes, events, links, kind, status;
  const Resource* resource = nullptr;
  std::string resource_text, service;
  const Scope* scope = nullptr;
  std::string scope_text;

  void take(const Span& span) {
    attributes.clear();
    events.clear();
    links.clear();
    if (!span.attributes.empty()) append_json(attributes, span.attributes);
    append_text(events, span.events);
    append_text(links, span.links);
    kind = word_of(span.kind);
    status = word_of(span.status);
    if (resource != span.resource.get()) {
      resource = span.resource.get();
      resource_text.clear();
      if (!(*resource == Resource())) append_text(resource_text, *resource);
      service = service_of(*resource);
    }
    if (scope != span.scope.get()) {
      scope = span.scope.get();
      scope_text.clear();
      if (!(*scope == Scope())) append_text(scope_text, *scope);
    }
  }
};

bool append(SpanTable::Builder& builder, const Span& span, const RowTexts& texts) {
  const auto parent =
      span.parent_span_id ? std::optional(bits(span.parent_span_id->value)) : std::nullopt;
  return builder.append(bits(span.trace_id.high), bits(span.trace_id.low), bits(span.span_id.value),
                        parent, hour_of(span.start_ns), span.start_ns, span.duration_ns(),
                        std::string_view(span.name), std::string_view(texts.kind),
                        std::string_view(texts.status), unless_empty(span.status_message),
                        std::string_view(texts.service), unless_zero(span.flags),
                        unless_empty(span.trace_state), unless_empty(texts.resource_text),
                        unless_empty(texts.scope_text), unless_empty(texts.attributes),
                        unless_empty(texts.events), unless_empty(texts.links),
                        unless_zero(span.dropped_attributes), unless_zero(span.dropped_events),
                        unless_zero(span.dropped_links), unless_empty(run_id_of(span)));
}

std::uint32_t count_of(std::optional<int64_t> value) {
  return static_cast<std::uint32_t>(value.value_or(0));
}

}  // namespace

std::int32_t hour_of(int64_t ns) {
  const int64_t hour = ns / k_hour_ns;
  return static_cast<std::int32_t>(hour - (ns % k_hour_ns < 0 ? 1 : 0));
}

Result<std::vector<columns::Batch>> batches_of(const Spans& spans, std::size_t bytes_max) {
  std::vector<columns::Batch> batches;
  SpanTable::Builder builder({.rows_max = 1 << 20, .bytes_max = bytes_max});
  RowTexts texts;
  for (const Span& span : spans) {
    texts.take(span);
    if (append(builder, span, texts)) continue;
    if (builder.rows() > 0) {
      BL_TRY(auto full, builder.finish());
      batches.push_back(std::move(full));
    }
    if (append(builder, span, texts)) continue;
    return Error{Code::too_large,
                 "a span is larger than a record of the journal, span: " + span.span_id.hex()};
  }
  if (builder.rows() > 0) {
    BL_TRY(auto last, builder.finish());
    batches.push_back(std::move(last));
  }
  return batches;
}

Result<std::shared_ptr<const Resource>> SpanReader::resource(Text text) {
  auto& known = resources_[std::string(text.value_or(std::string_view()))];
  if (known != nullptr) return known;
  auto made = std::make_shared<Resource>();
  if (text) {
    JsonCursor in(*text);
    if (!traces::read(in, *made) || !in.at_end()) return damaged("resource", 0);
  }
  known = std::move(made);
  return known;
}

Result<std::shared_ptr<const Scope>> SpanReader::scope(Text text) {
  auto& known = scopes_[std::string(text.value_or(std::string_view()))];
  if (known != nullptr) return known;
  auto made = std::make_shared<Scope>();
  if (text) {
    JsonCursor in(*text);
    if (!traces::read(in, *made) || !in.at_end()) return damaged("scope", 0);
  }
  known = std::move(made);
  return known;
}

Result<void> SpanReader::read(const columns::Batch& batch, Spans& out) {
  BL_TRY(const auto rows, SpanTable::read(batch));
  Text last_resource, last_scope;
  std::shared_ptr<const Resource> resource_now;
  std::shared_ptr<const Scope> scope_now;
  // Room doubles at least: batches are many, and a reservation for each would move all spans again.
  const std::size_t wanted = out.size() + static_cast<std::size_t>(rows.size());
  if (wanted > out.capacity()) out.reserve(std::max(wanted, 2 * out.capacity()));
  for (int64_t row = 0; row < rows.size(); ++row) {
    Span& span = out.emplace_back();
    span.trace_id = {bits(rows.column<"trace_high">()[row]), bits(rows.column<"trace_low">()[row])};
    span.span_id = {bits(rows.column<"span_id">()[row])};
    if (const auto parent = rows.column<"parent_span_id">().get(row)) {
      span.parent_span_id = SpanId{bits(*parent)};
    }
    span.start_ns = rows.column<"start_ns">()[row];
    span.end_ns = span.start_ns + rows.column<"duration_ns">()[row];
    span.name = rows.column<"name">()[row];
    BL_TRY(span.kind, kind_of_column(rows.column<"kind">()[row]));
    BL_TRY(span.status, status_of_column(rows.column<"status">()[row]));
    span.status_message = rows.column<"status_message">().get(row).value_or("");
    span.flags = count_of(rows.column<"flags">().get(row));
    span.trace_state = rows.column<"trace_state">().get(row).value_or("");
    const Text resource_text = rows.column<"resource">().get(row);
    if (resource_now == nullptr || resource_text != last_resource) {
      BL_TRY(resource_now, resource(resource_text));
      last_resource = resource_text;
    }
    span.resource = resource_now;
    const Text scope_text = rows.column<"scope">().get(row);
    if (scope_now == nullptr || scope_text != last_scope) {
      BL_TRY(scope_now, scope(scope_text));
      last_scope = scope_text;
    }
    span.scope = scope_now;
    if (const Text text = rows.column<"attributes">().get(row)) {
      JsonCursor in(*text);
      if (!in.attributes(span.attributes) || !in.at_end()) return damaged("attributes", row);
    }
    if (const Text text = rows.column<"events">().get(row)) {
      JsonCursor in(*text);
      const bool ok =
          in.elements([&] { return traces::read(in, span.events.emplace_back()); }) && in.at_end();
      if (!ok) return damaged("events", row);
    }
    if (const Text text = rows.column<"links">().get(row)) {
      JsonCursor in(*text);
      const bool ok =
          in.elements([&] { return traces::read(in, span.links.emplace_back()); }) && in.at_end();
      if (!ok) return damaged("links", row);
    }
    span.dropped_attributes = count_of(rows.column<"dropped_attributes">().get(row));
    span.dropped_events = count_of(rows.column<"dropped_events">().get(row));
    span.dropped_links = count_of(rows.column<"dropped_links">().get(row));
  }
  return {};
}

// Looked at for every row: the six names first, as they are written.
Result<SpanKind> kind_of_column(std::string_view word) {
  for (int kind = 0; kind <= static_cast<int>(SpanKind::consumer); ++kind) {
    if (name_of(static_cast<SpanKind>(kind)) == word) return static_cast<SpanKind>(kind);
  }
  return value_of<SpanKind>(word, span_kind_named);
}
Result<StatusCode> status_of_column(std::string_view word) {
  for (const auto status : {StatusCode::unset, StatusCode::ok, StatusCode::error}) {
    if (name_of(status) == word) return status;
  }
  return value_of<StatusCode>(word, status_code_named);
}
std::string column_word(SpanKind kind) {
  return word_of(kind);
}
std::string column_word(StatusCode status) {
  return word_of(status);
}

std::string attributes_json(const Attributes& attributes) {
  std::string out;
  if (!attributes.empty()) append_json(out, attributes);
  return out;
}

Result<Attributes> attributes_of_json(std::string_view text) {
  Attributes out;
  if (text.empty()) return out;
  JsonCursor in(text);
  if (!in.attributes(out) || !in.at_end()) {
    return Error{Code::malformed, fmt::format("no attributes as JSON: {}", text.substr(0, 100))};
  }
  return out;
}

bool counts_before(const Span& a, const Span& b) {
  const auto narrow = [](const Span& s) {
    return std::make_tuple(s.start_ns, s.end_ns, s.parent_span_id, s.status,
                           service_of(*s.resource), std::string_view(s.name), run_id_of(s));
  };
  const auto first = narrow(a), second = narrow(b);
  if (first != second) return first < second;
  // Rare: two that differ in what no summary shows.
  const auto rest = [](const Span& s) {
    RowTexts texts;
    texts.take(s);
    return std::make_tuple(s.status_message, s.flags, s.trace_state, texts.resource_text,
                           texts.scope_text, texts.attributes, texts.events, texts.links,
                           s.dropped_attributes, s.dropped_events, s.dropped_links);
  };
  return rest(a) < rest(b);
}

}  // namespace bl::traces
