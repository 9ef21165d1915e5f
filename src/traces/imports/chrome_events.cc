#include "traces/imports/chrome_events.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/json.h"
#include "base/numbers.h"
#include "traces/imports/json_pieces.h"

namespace bl::traces {
namespace {

/// Times over this are no times: they would not fit nanoseconds.
constexpr std::int64_t k_us_max = 4'000'000'000'000'000;

/// Microseconds with a fraction, as a number or a text, in nanoseconds; exact as far as they go.
std::optional<std::int64_t> nanoseconds_of(const json::Value& value) {
  if (!value.is_number() && !value.is_string()) return std::nullopt;
  const std::string& text = value.is_number() ? value.number_text() : value.as_string();
  if (text.empty() || text.find_first_of("eE") != text.npos) {
    const auto number = parse_double(text);
    if (!number || std::abs(*number) > static_cast<double>(k_us_max)) return std::nullopt;
    return std::llround(*number * 1'000);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = parse_int64(std::string_view(text).substr(0, point));
  if (!whole || *whole > k_us_max || *whole < -k_us_max) return std::nullopt;
  std::int64_t fraction = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t at = point + 1 + i;
    const char digit = at < text.size() ? text[at] : '0';
    if (digit < '0' || digit > '9') return std::nullopt;
    fraction = fraction * 10 + (digit - '0');
  }
  return *whole * 1'000 + (text.front() == '-' ? -fraction : fraction);
}

AnyValue value_of(const json::Value& value);

Attributes members_of(const json::Value& value) {
  Attributes attributes;
  attributes.reserve(value.members().size());
  for (const auto& [key, member] : value.members()) attributes.push_back({key, value_of(member)});
  return attributes;
}

AnyValue value_of(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::null:
      return AnyValue();
    case json::Kind::boolean:
      return AnyValue(value.as_bool());
    case json::Kind::string:
      return AnyValue(value.as_string());
    case json::Kind::number: {
      if (const auto integer = value.as_int64()) return AnyValue(*integer);
      return AnyValue(value.as_double());
    }
    case json::Kind::array: {
      Array array;
      for (const json::Value& item : value.items()) array.push_back(value_of(item));
      return AnyValue(std::move(array));
    }
    case json::Kind::object:
      return AnyValue(members_of(value));
  }
  return AnyValue();
}

/// An id of a process, thread or asynchronous event: a number or a text.
std::string id_of(const json::Value* value) {
  if (value == nullptr) return {};
  if (value->is_string()) return value->as_string();
  return value->is_number() ? value->number_text() : std::string();
}

std::string text_of(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

/// Old letters for the same things: S, T, F are asynchronous; I and R are instants.
char phase_of(std::string_view text) {
  if (text.size() != 1) return 0;
  switch (text.front()) {
    case 'S':
      return 'b';
    case 'T':
    case 'p':
      return 'n';
    case 'F':
      return 'e';
    case 'I':
    case 'R':
      return 'i';
    default:
      return text.front();
  }
}

/// What asynchronous events have in common that belong together.
std::string pairing_of(const json::Value& event, const ChromeEvent& read) {
  const json::Value* id2 = event.find("id2");
  if (id2 != nullptr && id2->is_object()) {
    if (const json::Value* global = id2->find("global"))
      return read.category + "\n" + id_of(global);
    if (const json::Value* local = id2->find("local"))
      return read.category + "\n" + read.process + "\n" + id_of(local);
  }
  return read.category + "\n" + id_of(event.find("id"));
}

class Reader {
 public:
  Reader(TraceFormat format, ImportContext& context) : format_(format), context_(context) {}

  Result<ChromeFile> read(std::string_view content);

 private:
  Result<void> read_events(std::string_view array);
  bool read_event(std::string_view text, std::size_t place);
  void read_metadata(const json::Value& event, const ChromeEvent& read);
  void read_other_data(std::string_view text);
  std::string path_of(std::size_t place) const { return fmt::format("/traceEvents/{}", place); }

  const TraceFormat format_;
  ImportContext& context_;
  ChromeFile file_;
  std::size_t next_place_ = 0;
};

Result<ChromeFile> Reader::read(std::string_view content) {
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  const char bracket = first == content.npos ? '\0' : content[first];
  if (bracket == '[') {
    BL_RETURN_IF_ERROR(read_events(content));
    return std::move(file_);
  }
  bool has_events = false;
  JsonPieces members(bracket == '{' ? content : std::string_view("{}"));
  for (JsonPiece member; members.next(member);) {
    if (member.key == "traceEvents" && member.value.starts_with('[')) {
      has_events = true;
      BL_RETURN_IF_ERROR(read_events(member.value));
    } else if (member.key == "beginningOfTime") {
      const auto value = json::parse(member.value);
      if (value.ok()) file_.base_ns = nanoseconds_of(*value);
    } else if (member.key == "otherData") {
      read_other_data(member.value);
    }
  }
  if (!has_events) {
    // A program that was killed left its array open, and with it the object.
    const std::size_t at = content.find("\"traceEvents\"");
    const std::size_t open = at == content.npos ? at : content.find('[', at);
    if (bracket != '{' || open == content.npos)
      return Error{Code::malformed,
                   "no trace events: neither an array nor traceEvents of an object"};
    BL_RETURN_IF_ERROR(read_events(content.substr(open)));
  }
  return std::move(file_);
}

Result<void> Reader::read_events(std::string_view array) {
  JsonPieces events(array);
  // A second list goes on where the first ended: a place names one event.
  std::size_t& place = next_place_;
  for (JsonPiece piece; events.next(piece); ++place) {
    if (file_.events.size() > 2 * context_.limits().spans_max) return context_.too_many();
    if (!read_event(piece.value, place)) context_.skip(path_of(place), "is no trace event");
  }
  if (!events.is_whole()) context_.skip(path_of(place), "the list ends here, in the middle");
  return {};
}

/// False: it is none. Events that are no spans (counters, flows) are passed over.
bool Reader::read_event(std::string_view text, std::size_t place) {
  json::Faults noted;  // keys that repeat do no harm here
  const auto parsed = json::parse_noting(text, noted);
  if (!parsed.ok() || !parsed->is_object()) return false;
  ChromeEvent event;
  event.phase = phase_of(text_of(*parsed, "ph"));
  if (event.phase == 0) return false;
  if (std::string_view("XBEbneiM").find(event.phase) == std::string_view::npos) return true;
  event.name = text_of(*parsed, "name");
  event.category = text_of(*parsed, "cat");
  event.process = id_of(parsed->find("pid"));
  event.thread = id_of(parsed->find("tid"));
  event.place = place;
  if (event.phase == 'M') {
    read_metadata(*parsed, event);
    return true;
  }
  // clang's sums over all spans of a name are no spans.
  if (format_ == TraceFormat::time_trace && event.name.starts_with("Total ")) return true;
  const json::Value* at = parsed->find("ts");
  const auto start = at != nullptr ? nanoseconds_of(*at) : std::nullopt;
  if (!start) {
    context_.skip(path_of(place) + "/ts", "is no time in microseconds", id_of(at));
    return true;
  }
  event.start_ns = *start;
  if (const json::Value* length = event.phase == 'X' ? parsed->find("dur") : nullptr) {
    const auto duration = nanoseconds_of(*length);
    if (!duration || *duration < 0) {
      context_.skip(path_of(place) + "/dur", "is no duration in microseconds", id_of(length));
      return true;
    }
    event.duration_ns = *duration;
  }
  if (std::string_view("bne").find(event.phase) != std::string_view::npos)
    event.id = pairing_of(*parsed, event);
  const json::Value* args = parsed->find("args");
  if (args != nullptr && args->is_object()) event.args = members_of(*args);
  file_.events.push_back(std::move(event));
  return true;
}

void Reader::read_metadata(const json::Value& event, const ChromeEvent& read) {
  const json::Value* args = event.find("args");
  if (args == nullptr) return;
  const std::string name = text_of(*args, "name");
  if (read.name == "process_name") file_.process_names[read.process] = name;
  if (read.name == "thread_name") file_.thread_names[{read.process, read.thread}] = name;
}

/// Bazel's: when the profile began, in milliseconds, and the id of the build.
void Reader::read_other_data(std::string_view text) {
  const auto data = json::parse(text);
  if (!data.ok() || format_ != TraceFormat::bazel_profile) return;
  file_.build_id = text_of(*data, "build_id");
  const json::Value* begin = data->find("profile_start_ts");
  const auto ms = begin != nullptr && begin->is_number() ? begin->as_int64() : std::nullopt;
  if (ms && *ms > 0 && *ms < k_us_max / 1'000) file_.base_ns = *ms * 1'000'000;
}

}  // namespace

Result<ChromeFile> read_chrome(TraceFormat format, std::string_view content,
                               ImportContext& context) {
  return Reader(format, context).read(content);
}

}  // namespace bl::traces
