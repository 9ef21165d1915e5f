#include "store/postgres/copy_text.h"

#include "base/hash.h"
#include "base/time.h"
#include "store/row_set.h"

namespace bl::store {
namespace {

using Kind = InsertInto::Column::Kind;

// `2024-08-01 10:00:00.987654`, without a zone.
std::string timestamp_text(std::int64_t micros) {
  std::string text = to_rfc3339(Timestamp{micros});
  if (!text.empty() && text.back() == 'Z') text.pop_back();
  return text;
}

// `[1, null]` -> `{1, null}`: an array literal takes `null` as an element that is NULL.
std::string array_text(std::string_view json) {
  std::string text(json);
  for (char& c : text) {
    if (c == '[') c = '{';
    if (c == ']') c = '}';
  }
  return text;
}

void append_escaped(std::string& out, std::string_view text) {
  for (char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += c;
    }
  }
}

struct CopyField {
  std::string& out;
  Kind kind;

  void operator()(Null) const { out += "\\N"; }
  void operator()(std::int64_t value) const {
    out += kind == Kind::time ? timestamp_text(value) : std::to_string(value);
  }
  void operator()(double value) const { append_postgres_number(out, value); }
  void operator()(std::string_view value) const {
    if (kind == Kind::numbers) {
      out += array_text(value);
    } else {
      append_escaped(out, value);
    }
  }
  void operator()(Blob value) const {
    out += "\\\\x";
    out += to_hex(std::as_bytes(std::span(value.bytes)));
  }
};

}  // namespace

std::string copy_sql(const InsertInto& into) {
  std::string text = "copy ";
  text += into.table.postgres;
  for (std::size_t i = 0; i < into.columns.size(); ++i) {
    text += i == 0 ? " (" : ", ";
    text += into.columns[i].name;
  }
  return text + ") from stdin";
}

void append_copy_row(std::string& out, const InsertInto& into, std::span<const Param> row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += '\t';
    std::visit(CopyField{out, into.columns[i].kind}, row[i]);
  }
  out += '\n';
}

std::vector<std::string> postgres_texts(const InsertInto& into, std::span<const Param> row) {
  std::vector<std::string> texts(row.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (const auto* micros = std::get_if<std::int64_t>(&row[i])) {
      if (into.columns[i].kind == Kind::time) texts[i] = timestamp_text(*micros);
    } else if (const auto* text = std::get_if<std::string_view>(&row[i])) {
      if (into.columns[i].kind == Kind::numbers) texts[i] = array_text(*text);
    }
  }
  return texts;
}

}  // namespace bl::store
