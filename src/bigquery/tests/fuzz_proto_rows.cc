// Any bytes as a writer's schema and rows: the first byte says which are which.
#include "bigquery/proto_rows.h"
#include "bigquery/tests/fuzz_table.h"
#include "bigquery/tests/proto_writer.h"

namespace {

using namespace bl::bigquery;

/// A schema that fits the table, so that most bytes reach the rows.
const std::string& good_schema() {
  static const std::string text = [] {
    const auto item = message_proto(
        "Item", {{"x", 1, t_int32, "", l_optional, ""}, {"l", 2, t_string, "", l_repeated, ""}});
    const auto range = message_proto("Span", {{"start", 1, t_int64, "", l_optional, ""},
                                              {"end", 2, t_int64, "", l_optional, ""}});
    return message_proto("Row",
                         {{"s", 1, t_string, "", l_optional, ""},
                          {"y", 2, t_bytes, "", l_optional, ""},
                          {"i", 3, t_sint64, "", l_optional, ""},
                          {"f", 4, t_message, "google.protobuf.DoubleValue", l_optional, ""},
                          {"b", 5, t_bool, "", l_optional, ""},
                          {"n", 6, t_bytes, "", l_optional, ""},
                          {"g", 7, t_bytes, "", l_optional, ""},
                          {"ts", 8, t_message, "google.protobuf.Timestamp", l_optional, ""},
                          {"dt", 9, t_int64, "", l_optional, ""},
                          {"d", 10, t_string, "", l_optional, ""},
                          {"t", 11, t_int64, "", l_optional, ""},
                          {"iv", 12, t_string, "", l_optional, ""},
                          {"j", 13, t_string, "", l_optional, ""},
                          {"r", 14, t_message, "Span", l_optional, ""},
                          {"rec", 15, t_message, "Row.Item", l_repeated, ""}},
                         {item, range});
  }();
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  ProtoLimits limits;
  limits.rows = k_fuzz_limits;
  if (data[0] % 8 == 0) {
    const std::size_t cut = rest.size() / 2;
    const auto plan = ProtoPlan::compile(rest.substr(0, cut), fuzz_schema(), limits);
    if (!plan.ok()) return 0;
    const std::string_view rows[] = {rest.substr(cut)};
    check_rows(plan->decode(rows, {}));
    return 0;
  }
  static const auto plan = ProtoPlan::compile(good_schema(), fuzz_schema(), limits).value();
  std::vector<std::string_view> rows;
  while (!rest.empty()) {
    const std::size_t count = std::min<std::size_t>(rest.size(), 1 + data[0]);
    rows.push_back(rest.substr(0, count));
    rest.remove_prefix(count);
  }
  check_rows(plan.decode(rows, {}));
  return 0;
}
