// GoogleSQL: any text. What parses prints and parses equal; what translates stays within its limit.
#include <cstdint>
#include <cstdlib>

#include "bigquery/googlesql.h"
#include "bigquery/sql/parser.h"

namespace {

using namespace bl::bigquery;

class OneTable final : public sql::TableSource {
 public:
  bl::Result<sql::TableInfo> find(const TableName& name) override {
    if (name.table == "none") return bl::Error{bl::Code::not_found, "Not found"};
    sql::TableInfo info;
    info.schema.fields = {{.name = "a", .type = FieldType::int64},
                          {.name = "b", .type = FieldType::text},
                          {.name = "c", .type = FieldType::numeric, .mode = FieldMode::repeated}};
    if (name.table == "v") info.view = "SELECT a FROM t";
    return info;
  }
};

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  sql::SqlLimits limits;
  limits.sql_bytes_max = 1u << 20;
  const auto parsed = sql::parse_statement(text, limits);
  if (!parsed.ok()) {
    const auto code = parsed.error().code;
    require(code == bl::Code::invalid || code == bl::Code::unsupported);
    return 0;
  }
  // Escapes may make it longer than the limit of a text.
  const std::string printed = sql::to_googlesql(*parsed);
  if (printed.size() < limits.bytes_max) {
    auto again = sql::parse_statement(printed, limits);
    require(again.ok());
    again->query_text = parsed->query_text;
    require(*again == *parsed);
  }
  sql::TranslateOptions options;
  options.default_project = "p";
  options.default_dataset = "d";
  options.parameters = {{{.name = "p", .type = FieldType::int64}}};
  OneTable tables;
  const auto made = sql::translate(text, options, tables, limits);
  if (made.ok()) {
    require(made->sql.size() <= limits.sql_bytes_max);
  } else {
    require(made.error().code == bl::Code::invalid || made.error().code == bl::Code::unsupported ||
            made.error().code == bl::Code::not_found);
  }
  return 0;
}
