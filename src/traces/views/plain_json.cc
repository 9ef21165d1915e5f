#include "traces/views/plain_json.h"

#include <cmath>

#include "base/hash.h"
#include "base/numbers.h"

namespace bl::traces {
namespace {

std::string text_of(double number) {
  return std::isfinite(number) ? json_number(number)
         : std::isnan(number)  ? "NaN"
         : number > 0          ? "Infinity"
                               : "-Infinity";
}

struct PlainWriter {
  json::Writer& writer;

  void operator()(std::monostate) const { writer.null(); }
  void operator()(const std::string& text) const { writer.value(text); }
  void operator()(bool truth) const { writer.value(truth); }
  void operator()(std::int64_t integer) const {
    if (is_safe_integer(integer)) {
      writer.value(integer);
    } else {
      writer.value(std::to_string(integer));
    }
  }
  void operator()(double number) const {
    if (std::isfinite(number)) {
      writer.value(number);
    } else {
      writer.value(text_of(number));
    }
  }
  void operator()(const Bytes& bytes) const {
    writer.value(base64(std::as_bytes(std::span(bytes.bytes))));
  }
  void operator()(const Array& elements) const {
    writer.begin_array();
    for (const AnyValue& element : elements) write_plain(writer, element);
    writer.end_array();
  }
  void operator()(const Attributes& members) const { write_plain(writer, members); }
};

}  // namespace

void write_plain(json::Writer& writer, const AnyValue& value) {
  std::visit(PlainWriter{writer}, value.value);
}

void write_plain(json::Writer& writer, const Attributes& attributes) {
  writer.begin_object();
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const Attribute& one = attributes[i];
    const bool comes_again = find(attributes, one.key) != &one.value;
    if (comes_again) continue;
    writer.key(one.key);
    write_plain(writer, one.value);
  }
  writer.end_object();
}

std::string plain_text(const AnyValue& value) {
  if (std::holds_alternative<std::monostate>(value.value)) return {};
  if (const auto* text = std::get_if<std::string>(&value.value)) return *text;
  if (const auto* number = std::get_if<double>(&value.value)) return text_of(*number);
  if (const auto* integer = std::get_if<std::int64_t>(&value.value))
    return std::to_string(*integer);
  if (const auto* bytes = std::get_if<Bytes>(&value.value)) {
    return base64(std::as_bytes(std::span(bytes->bytes)));
  }
  std::string text;
  json::Writer writer(text);
  write_plain(writer, value);
  return text;
}

}  // namespace bl::traces
