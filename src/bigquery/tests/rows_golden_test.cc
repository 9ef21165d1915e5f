// Rows as pyarrow and protobuf's own library write them: rows_golden.tsv, by rows_golden.py.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/hash.h"
#include "base/json.h"
#include "bigquery/arrow_rows.h"
#include "bigquery/cells.h"
#include "bigquery/proto_rows.h"

namespace bl::bigquery {
namespace {

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> out;
  std::size_t from = 0;
  for (std::size_t at = text.find(by); at != std::string::npos; at = text.find(by, from)) {
    out.push_back(text.substr(from, at - from));
    from = at + 1;
  }
  out.push_back(text.substr(from));
  return out;
}

std::string bytes_of(const std::string& base64) {
  return base64_decode(base64).value();
}

Result<RowsIn> read(const std::vector<std::string>& line, const TableSchema& schema) {
  if (line[0] == "arrow") {
    BL_TRY(const auto plan, ArrowPlan::compile(bytes_of(line[2]), schema));
    return plan.decode(bytes_of(line[3]), {});
  }
  BL_TRY(const auto plan, ProtoPlan::compile(bytes_of(line[2]), schema));
  std::vector<std::string> rows;
  for (const std::string& row : split(line[3], ',')) rows.push_back(bytes_of(row));
  const std::vector<std::string_view> views(rows.begin(), rows.end());
  return plan.decode(views, {});
}

TEST(RowsGolden, what_other_libraries_write_is_read_to_the_last_value) {
  const char* source = std::getenv("BL_TEST_SOURCE");
  std::ifstream file(std::string(source != nullptr ? source : ".") +
                     "/src/bigquery/tests/rows_golden.tsv");
  ASSERT_TRUE(file) << "run the test in the repository's root, or set BL_TEST_SOURCE";
  int lines = 0;
  for (std::string text; std::getline(file, text); ++lines) {
    const auto line = split(text, '\t');
    ASSERT_EQ(line.size(), 5u);
    const TableSchema schema = schema_from_json(json::parse(line[1]).value()).value();
    const auto rows = read(line, schema);
    ASSERT_TRUE(rows.ok()) << rows.error().message;
    for (const RowFault& fault : rows->faults) ADD_FAILURE() << fault.location << fault.message;
    const auto writer = CellWriter::make(rows->batch, schema, TimestampForm::micros).value();
    std::string cells = "[";
    for (std::int64_t row = 0; row < writer.rows(); ++row) {
      if (row > 0) cells += ',';
      writer.append(cells, row);
    }
    EXPECT_EQ(cells + "]", line[4]);
  }
  EXPECT_EQ(lines, 4);
}

}  // namespace
}  // namespace bl::bigquery
