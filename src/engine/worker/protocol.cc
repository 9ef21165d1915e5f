#include "engine/worker/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/hash.h"
#include "base/json.h"
#include "base/utf8.h"

namespace bl::engine {
namespace {

constexpr std::size_t k_compact_bytes = 1u << 20;  // taken bytes are dropped from here on
constexpr std::int64_t k_not_numbered = -1;        // for the number of the tail's first row

Error broken(const std::string& what) {
  return Error{Code::malformed, "the query's worker breaks the protocol: " + what};
}

/// The members of one object, each taken once; finish() names one that nobody took. After a fault
/// the readers give defaults.
class Members {
 public:
  explicit Members(const json::Value& value) : value_(value) {
    if (!value.is_object()) fail("not an object");
  }
  const json::Value* find(std::string_view name) {
    known_.push_back(name);
    const json::Value* found = value_.find(name);
    if (found == nullptr) fail("missing: " + std::string(name));
    return found;
  }
  std::string text(std::string_view name) {
    const json::Value* found = find(name);
    if (found != nullptr && found->is_string()) return found->as_string();
    fail("not a text: " + std::string(name));
    return {};
  }
  std::int64_t integer(std::string_view name, std::int64_t least = 0) {
    const json::Value* found = find(name);
    const auto number = found != nullptr && found->is_number() ? found->as_int64() : std::nullopt;
    if (number && *number >= least) return *number;
    fail("not a number in range: " + std::string(name));
    return 0;
  }
  double number(std::string_view name) {
    const json::Value* found = find(name);
    if (found != nullptr && found->is_number()) return found->as_double();
    fail("not a number: " + std::string(name));
    return 0;
  }
  bool boolean(std::string_view name) {
    const json::Value* found = find(name);
    if (found != nullptr && found->is_bool()) return found->as_bool();
    fail("not a boolean: " + std::string(name));
    return false;
  }
  const json::Array& array(std::string_view name) {
    static const json::Array k_none;
    const json::Value* found = find(name);
    if (found != nullptr && found->is_array()) return found->items();
    fail("not an array: " + std::string(name));
    return k_none;
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    for (const json::Value& item : array(name)) {
      if (!item.is_string()) {
        fail("not texts: " + std::string(name));
        break;
      }
      out.push_back(item.as_string());
    }
    return out;
  }
  std::vector<std::int64_t> integers(std::string_view name) {
    std::vector<std::int64_t> out;
    for (const json::Value& item : array(name)) {
      const auto number = item.is_number() ? item.as_int64() : std::nullopt;
      if (!number || *number < 0) {
        fail("not numbers: " + std::string(name));
        break;
      }
      out.push_back(*number);
    }
    return out;
  }
  Result<void> finish() {
    if (error_.empty() && value_.is_object()) {
      for (const auto& [name, value] : value_.members()) {
        if (std::find(known_.begin(), known_.end(), name) == known_.end()) fail("unknown member");
      }
    }
    if (!error_.empty()) return broken(error_);
    return {};
  }

 private:
  void fail(const std::string& what) {
    if (error_.empty()) error_ = what;
  }
  const json::Value& value_;
  std::vector<std::string_view> known_;
  std::string error_;
};

Result<json::Value> parse(std::string_view payload) {
  auto document = json::parse(payload);
  if (!document.ok()) return broken("no JSON");
  return document;
}

void write_texts(json::Writer& writer, std::string_view name,
                 const std::vector<std::string>& texts) {
  writer.key(name).begin_array();
  for (const std::string& text : texts) writer.value(text);
  writer.end_array();
}

std::string text_of(double value) {
  std::string text(64, '\0');
  text.resize(static_cast<std::size_t>(
      std::to_chars(text.data(), text.data() + text.size(), value).ptr - text.data()));
  return text;
}

template <class T>
std::optional<T> number_of(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A parameter is an object of one member, whose name is its type.
struct WriteParameter {
  json::Writer& writer;

  void operator()(duck::Null) { writer.member("null", true); }
  void operator()(bool value) { writer.member("bool", value); }
  void operator()(std::int64_t value) { writer.member("int64", value); }
  void operator()(double value) { writer.member("double", text_of(value)); }
  void operator()(const std::string& value) { writer.member("text", value); }
  void operator()(columns::Bytes value) {
    writer.member("bytes", base64url(std::as_bytes(std::span(value.bytes))));
  }
  void operator()(columns::Date value) { writer.member("date", value.days); }
  void operator()(Timestamp value) { writer.member("timestamp", value.micros); }
  void operator()(const std::vector<std::string>& values) { write_texts(writer, "texts", values); }
  void operator()(const std::vector<std::int64_t>& values) {
    writer.key("int64s").begin_array();
    for (const std::int64_t value : values) writer.value(value);
    writer.end_array();
  }
};

Result<duck::Value> list_parameter(std::string_view type, const json::Array& items) {
  std::vector<std::string> texts;
  std::vector<std::int64_t> numbers;
  for (const json::Value& item : items) {
    if (type == "texts" && item.is_string()) {
      texts.push_back(item.as_string());
    } else if (type == "int64s" && item.is_number() && item.as_int64().has_value()) {
      numbers.push_back(item.as_int64().value_or(0));
    } else {
      return broken("a parameter of no type");
    }
  }
  if (type == "texts") return duck::Value(std::move(texts));
  return duck::Value(std::move(numbers));
}

Result<duck::Value> text_parameter(std::string_view type, const std::string& text, Job& job) {
  if (type == "text") return duck::Value(text);
  if (type == "double") {
    if (const auto number = number_of<double>(text)) return duck::Value(*number);
  }
  if (type == "bytes") {
    if (auto bytes = base64url_decode(text)) {
      job.kept.push_back(std::move(*bytes));
      return duck::Value(columns::Bytes{job.kept.back()});
    }
  }
  return broken("a parameter of no type");
}

Result<duck::Value> decode_parameter(const json::Value& value, Job& job) {
  if (!value.is_object() || value.members().size() != 1) return broken("a parameter of no type");
  const auto& [type, content] = value.members()[0];
  if (content.is_array()) return list_parameter(type, content.items());
  if (content.is_string()) return text_parameter(type, content.as_string(), job);
  if (content.is_bool()) {
    if (type == "null") return duck::Value(duck::Null{});
    if (type == "bool") return duck::Value(content.as_bool());
  }
  const auto number = content.is_number() ? content.as_int64() : std::nullopt;
  if (number && type == "int64") return duck::Value(*number);
  if (number && type == "timestamp") return duck::Value(Timestamp{*number});
  if (number && type == "date" && *number == static_cast<std::int32_t>(*number)) {
    return duck::Value(columns::Date{static_cast<std::int32_t>(*number)});
  }
  return broken("a parameter of no type");
}

void write_table(json::Writer& writer, const JobTable& table) {
  writer.begin_object().member("name", table.name).key("groups").begin_array();
  for (const FileGroup& group : table.groups) {
    writer.begin_object();
    write_texts(writer, "columns", group.columns);
    write_texts(writer, "paths", group.paths);
    writer.key("first_rows").begin_array();
    for (const std::int64_t row : group.first_rows) writer.value(row);
    writer.end_array().end_object();
  }
  writer.end_array()
      .member("select", table.select)
      .member("tail_row", table.tail_row.value_or(k_not_numbered))
      .end_object();
}

Result<JobTable> decode_table(const json::Value& value) {
  JobTable table;
  Members members(value);
  table.name = members.text("name");
  table.select = members.text("select");
  const std::int64_t tail_row = members.integer("tail_row", k_not_numbered);
  if (tail_row != k_not_numbered) table.tail_row = tail_row;
  for (const json::Value& item : members.array("groups")) {
    Members of_group(item);
    FileGroup group{of_group.texts("columns"), of_group.texts("paths"),
                    of_group.integers("first_rows")};
    BL_RETURN_IF_ERROR(of_group.finish());
    if (group.first_rows.size() != (table.tail_row ? group.paths.size() : 0)) {
      return broken("a file without the number of its first row");
    }
    table.groups.push_back(std::move(group));
  }
  BL_RETURN_IF_ERROR(members.finish());
  return table;
}

std::int64_t whole(std::uint64_t number) {
  constexpr auto k_most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(number, k_most));
}

bool is_text(const duck::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return is_utf8(*text);
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    return std::all_of(texts->begin(), texts->end(),
                       [](const auto& text) { return is_utf8(text); });
  }
  return true;
}

}  // namespace

std::string frame_head(FrameKind kind, std::size_t payload_bytes) {
  std::string head(k_frame_head_bytes, '\0');
  for (std::size_t i = 0; i < 4; ++i) head[i] = static_cast<char>(payload_bytes >> (8 * i));
  head[4] = static_cast<char>(kind);
  return head;
}

Result<std::optional<Frame>> FrameParser::next() {
  const std::string_view left = std::string_view(bytes_).substr(taken_);
  if (left.size() < k_frame_head_bytes) return std::optional<Frame>();
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    size |= static_cast<std::size_t>(static_cast<unsigned char>(left[i])) << (8 * i);
  }
  const auto kind = static_cast<unsigned char>(left[4]);
  if (kind < static_cast<unsigned char>(FrameKind::setup) ||
      kind > static_cast<unsigned char>(FrameKind::failed)) {
    return broken("a frame of no kind");
  }
  if (size > limits_.payload_bytes_max) {
    return Error{Code::too_large,
                 fmt::format("the query's worker sends a frame of more than {} bytes: {}",
                             limits_.payload_bytes_max, size)};
  }
  if (left.size() - k_frame_head_bytes < size) return std::optional<Frame>();
  Frame frame{static_cast<FrameKind>(kind), std::string(left.substr(k_frame_head_bytes, size))};
  taken_ += k_frame_head_bytes + size;
  if (taken_ == bytes_.size() || taken_ > k_compact_bytes) {
    bytes_.erase(0, taken_);
    taken_ = 0;
  }
  return std::optional(std::move(frame));
}

std::string encode(const WorkerSetup& setup) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("protocol", k_protocol).member("parent", setup.parent);
  write_texts(writer, "readable", setup.readable);
  writer.member("temp_folder", setup.temp_folder)
      .member("temp_bytes_max", setup.temp_bytes_max)
      .member("memory_bytes_max", setup.memory_bytes_max)
      .member("threads", setup.threads)
      .end_object();
  return text;
}

Result<WorkerSetup> decode_setup(std::string_view payload) {
  BL_TRY(const json::Value document, parse(payload));
  Members members(document);
  WorkerSetup setup;
  const std::int64_t protocol = members.integer("protocol");
  setup.parent = members.integer("parent");
  setup.readable = members.texts("readable");
  setup.temp_folder = members.text("temp_folder");
  setup.temp_bytes_max = static_cast<std::uint64_t>(members.integer("temp_bytes_max"));
  setup.memory_bytes_max = static_cast<std::uint64_t>(members.integer("memory_bytes_max", 1));
  setup.threads = static_cast<int>(std::min<std::int64_t>(members.integer("threads", 1), 1'024));
  BL_RETURN_IF_ERROR(members.finish());
  if (protocol != k_protocol) return broken("another version");
  return setup;
}

std::string encode(const WorkerReady& ready) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("protocol", ready.protocol)
      .member("landlock", ready.landlock)
      .end_object();
  return text;
}

Result<WorkerReady> decode_ready(std::string_view payload) {
  BL_TRY(const json::Value document, parse(payload));
  Members members(document);
  const WorkerReady ready{members.integer("protocol"), members.integer("landlock")};
  BL_RETURN_IF_ERROR(members.finish());
  if (ready.protocol != k_protocol) return broken("another version");
  return ready;
}

Result<std::string> encode(const Job& job) {
  if (!is_utf8(job.sql)) return Error{Code::malformed, "the SQL is not UTF-8 text"};
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("sql", job.sql).key("parameters").begin_array();
  for (std::size_t i = 0; i < job.parameters.size(); ++i) {
    if (!is_text(job.parameters[i])) {
      return Error{Code::invalid, fmt::format("a text is not UTF-8: parameter {}", i + 1)};
    }
    writer.begin_object();
    std::visit(WriteParameter{writer}, job.parameters[i]);
    writer.end_object();
  }
  writer.end_array().key("tables").begin_array();
  for (const JobTable& table : job.tables) write_table(writer, table);
  writer.end_array()
      .member("time_max_ms", job.time_max_ms)
      .member("cpu_max_s", job.cpu_max_s)
      .member("rows_max", job.rows_max)
      .member("bytes_max", job.bytes_max)
      .end_object();
  return text;
}

Result<Job> decode_job(std::string_view payload) {
  BL_TRY(const json::Value document, parse(payload));
  Members members(document);
  Job job;
  job.sql = members.text("sql");
  for (const json::Value& item : members.array("parameters")) {
    BL_TRY(duck::Value value, decode_parameter(item, job));
    job.parameters.push_back(std::move(value));
  }
  for (const json::Value& item : members.array("tables")) {
    BL_TRY(JobTable table, decode_table(item));
    job.tables.push_back(std::move(table));
  }
  job.time_max_ms = members.integer("time_max_ms", 1);
  job.cpu_max_s = members.integer("cpu_max_s", 1);
  job.rows_max = members.integer("rows_max");
  job.bytes_max = static_cast<std::uint64_t>(members.integer("bytes_max"));
  BL_RETURN_IF_ERROR(members.finish());
  return job;
}

std::string encode(const duck::Progress& progress) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("fraction", progress.fraction)
      .member("rows_done", whole(progress.rows_done))
      .member("rows_total", whole(progress.rows_total))
      .end_object();
  return text;
}

Result<duck::Progress> decode_progress(std::string_view payload) {
  BL_TRY(const json::Value document, parse(payload));
  Members members(document);
  duck::Progress progress;
  progress.fraction = std::clamp(members.number("fraction"), 0.0, 1.0);
  progress.rows_done = static_cast<std::uint64_t>(members.integer("rows_done"));
  progress.rows_total = static_cast<std::uint64_t>(members.integer("rows_total"));
  BL_RETURN_IF_ERROR(members.finish());
  return progress;
}

std::string encode(const JobDone& done) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("cpu_us", done.cpu_us)
      .member("bytes_read", done.bytes_read)
      .member("peak_memory_bytes", done.peak_memory_bytes)
      .member("truncated", done.is_truncated)
      .end_object();
  return text;
}

Result<JobDone> decode_done(std::string_view payload) {
  BL_TRY(const json::Value document, parse(payload));
  Members members(document);
  const JobDone done{members.integer("cpu_us"), members.integer("bytes_read"),
                     members.integer("peak_memory_bytes"), members.boolean("truncated")};
  BL_RETURN_IF_ERROR(members.finish());
  return done;
}

std::string encode(const Error& error) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("code", name_of(error.code))
      .member("message", valid_utf8(error.message))
      .end_object();
  return text;
}

Error decode_failed(std::string_view payload) {
  auto document = parse(payload);
  if (!document.ok()) return std::move(document).error();
  Members members(*document);
  const std::string code = members.text("code");
  const std::string message = members.text("message");
  if (auto finished = members.finish(); !finished.ok()) return std::move(finished).error();
  for (int i = 0; i <= static_cast<int>(Code::outcome_unknown); ++i) {
    if (code == name_of(static_cast<Code>(i))) return Error{static_cast<Code>(i), message};
  }
  return broken("an error without a code");
}

}  // namespace bl::engine
