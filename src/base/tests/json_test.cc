#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/hash.h"

namespace bl::json {
namespace {

Value read(std::string_view text) {
  auto value = parse(text);
  EXPECT_TRUE(value.ok()) << text << ": " << (value.ok() ? "" : value.error().message);
  return value.ok() ? std::move(*value) : Value();
}

TEST(JsonValue, numbers_keep_their_text) {
  EXPECT_EQ(read("2.0").number_text(), "2.0");
  EXPECT_EQ(read("2").number_text(), "2");
  EXPECT_EQ(read("123456789012345678901234567890").number_text(), "123456789012345678901234567890");
  EXPECT_EQ(read(" -0.10E+01 ").number_text(), "-0.10E+01");
}

TEST(JsonValue, integers_are_numbers_without_point_and_exponent) {
  EXPECT_TRUE(read("17").is_integer());
  EXPECT_FALSE(read("17.0").is_integer());
  EXPECT_FALSE(read("1e3").is_integer());
  EXPECT_FALSE(read("\"17\"").is_integer());
  EXPECT_EQ(read("-9223372036854775808").as_int64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_FALSE(read("9223372036854775808").as_int64().has_value());
  EXPECT_EQ(read("-0").as_int64(), 0);
}

TEST(JsonValue, equality_is_that_of_jsonb) {
  EXPECT_EQ(read("1"), read("1.0"));
  EXPECT_EQ(read("1"), read("10e-1"));
  EXPECT_EQ(read("-0"), read("0"));
  EXPECT_EQ(read(R"({"a":1,"b":[2,{"c":null}]})"), read(R"({"b":[2.0,{"c":null}],"a":1})"));
  EXPECT_FALSE(read("[1,2]") == read("[2,1]"));
  EXPECT_FALSE(read("1") == read("\"1\""));
  EXPECT_FALSE(read("null") == read("false"));
  EXPECT_FALSE(read("0.1") == read("0.10000000000000000001"));
  EXPECT_FALSE(read(R"({"a":1})") == read(R"({"a":1,"b":1})"));
  EXPECT_FALSE(read(R"({"a":1})") == read(R"({"b":1})"));
}

TEST(JsonValue, find_and_set) {
  Value value = read(R"({"a":1,"b":2})");
  value.set("a", Value::string("x"));
  value.set("c", Value::boolean(true));
  EXPECT_EQ(to_text(value), R"({"a":"x","b":2,"c":true})");
  EXPECT_EQ(value.find("d"), nullptr);
  EXPECT_EQ(Value::number(std::int64_t{1}).find("a"), nullptr);
}

TEST(JsonValueDeathTest, the_wrong_kind_is_a_bug) {
  EXPECT_DEATH((void)Value().as_string(), "check failed");
  EXPECT_DEATH((void)Value::number_text("1x"), "check failed");
  EXPECT_DEATH((void)Value::number_text("1e400"), "check failed");
  EXPECT_DEATH((void)Value::number(std::nan("")), "check failed");
}

TEST(JsonText, is_compact_in_order_and_escaped) {
  EXPECT_EQ(to_text(read("{ \"z\" : [ 1 , 2.50 , true , null ] , \"a\" : { } }")),
            R"({"z":[1,2.50,true,null],"a":{}})");
  EXPECT_EQ(to_text(read(R"("\u0000\u001f\"\\\/\b\f\n\r\té😀")")),
            R"("\u0000\u001f\"\\/\b\f\n\r\té😀")");
  EXPECT_EQ(to_text(read(R"("\ud83d\ude00")")), "\"😀\"");
}

TEST(JsonCanonical, equal_documents_have_equal_texts) {
  EXPECT_EQ(to_canonical(read(R"({"b":1.0,"a":[1e0,"é"]})")), R"({"a":[1,"é"],"b":1})");
  EXPECT_EQ(to_canonical(read(R"({"a":[1,"\u00e9"],"b":10e-1})")), R"({"a":[1,"é"],"b":1})");
}

TEST(JsonPythonCanonical, cluster_hashes_of_the_contract) {
  EXPECT_EQ(md5_hex(to_python_canonical(read(R"({"b":2,"a":[1,2]})"))),
            "a81c5444fbf095a1a5001299859fbe87");
  EXPECT_EQ(md5_hex(to_python_canonical(read(R"({"b":2,"a":[1,2],"é":1.0,"n":null,"t":true})"))),
            "993f62e14016001892996cd2e9c30d48");
}

TEST(JsonPointer, escapes_its_two_characters) {
  EXPECT_EQ(pointer_append("/a", "b/c~d"), "/a/b~1c~0d");
  EXPECT_EQ(pointer_append("", ""), "/");
  EXPECT_EQ(pointer_append("/a", std::size_t{3}), "/a/3");
}

TEST(JsonWriter, puts_commas_and_colons_by_itself) {
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.member("a", 1).member("b", "x\n").member("c", 0.5).member("d", true);
  writer.key("e").begin_array().value(1).value("two").null().begin_object().end_object();
  writer.begin_array().end_array().end_array();
  writer.member("f", std::optional<int>()).member("g", std::uint64_t{18446744073709551615u});
  writer.key("h").raw("[1, 2]").member("i", read(R"({"x":2.0})"));
  writer.end_object();
  EXPECT_EQ(out, R"({"a":1,"b":"x\n","c":0.5,"d":true,"e":[1,"two",null,{},[]],)"
                 R"("f":null,"g":18446744073709551615,"h":[1, 2],"i":{"x":2.0}})");
}

TEST(JsonWriter, what_json_cannot_say_becomes_null) {
  std::string out;
  Writer(out)
      .begin_array()
      .value(std::nan(""))
      .value(std::numeric_limits<double>::infinity())
      .value(-0.0)
      .end_array();
  EXPECT_EQ(out, "[null,null,-0]");
}

TEST(JsonWriter, writes_behind_what_is_there) {
  std::string out = "data: ";
  Writer(out).value(std::int64_t{-5});
  EXPECT_EQ(out, "data: -5");
}

TEST(JsonWriterDeathTest, misuse_is_a_bug) {
  std::string out;
  EXPECT_DEATH(Writer(out).begin_object().value(1), "check failed");
  EXPECT_DEATH(Writer(out).begin_array().key("a"), "check failed");
  EXPECT_DEATH(Writer(out).begin_object().key("a").end_object(), "check failed");
  EXPECT_DEATH(Writer(out).begin_array().end_object(), "check failed");
  EXPECT_DEATH(Writer(out).value(1).value(2), "check failed");
}

TEST(JsonFaults, all_are_named_in_one_error) {
  Faults faults;
  EXPECT_TRUE(faults.ok());
  const Value value = read(R"(["x"])");
  faults.add("/stats/data/3", "not a number", &value);
  faults.add("/run_id", "is missing");
  const Error error = faults.to_error("benchmark result");
  EXPECT_EQ(error.code, Code::invalid);
  EXPECT_EQ(error.message,
            "benchmark result: 2 faults, the first: /stats/data/3: not a number: [\"x\"]");
  ASSERT_EQ(error.faults.size(), 2u);
  EXPECT_EQ(error.faults[1], (Fault{"/run_id", "is missing", ""}));
}

TEST(JsonFaults, one_fault_needs_no_count) {
  Faults faults;
  faults.add("", "not an object");
  EXPECT_EQ(faults.to_error("body").message, "body: not an object");
}

TEST(JsonFaults, a_large_value_is_shortened_between_code_points) {
  Faults faults;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "é";
  const Value value = Value::array({Value::string(text), Value::string(text)});
  faults.add("/x", "too long", &value);
  const std::string& shown = faults.list()[0].value;
  EXPECT_LE(shown.size(), 130u);
  EXPECT_TRUE(shown.ends_with("é..."));
}

TEST(JsonFaults, beyond_the_limit_they_are_counted) {
  Faults faults;
  for (int i = 0; i < 250; ++i) faults.add("/a", "b");
  EXPECT_EQ(faults.count(), 250u);
  EXPECT_EQ(faults.list().size(), Faults::k_faults_max);
}

TEST(Json, the_stored_text_is_sorted_compact_and_without_exponents) {
  const auto document = parse(R"({"b": [1.50, 1e2, null], "a": {"y": "\u00e9\n", "x": true}})");
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(to_stored_text(*document),
            "{\"a\":{\"x\":true,\"y\":\"\u00e9\\n\"},\"b\":[1.50,100,null]}");
}

}  // namespace
}  // namespace bl::json
