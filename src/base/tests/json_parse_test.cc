// What the parser refuses, and where it says the fault is.
#include <gtest/gtest.h>

#include "base/json.h"

namespace bl::json {
namespace {

struct Refusal {
  std::string text;
  Code code;
  std::string path;
};

void expect_refused(const Refusal& refusal, const ParseLimits& limits = {}) {
  const auto value = parse(refusal.text, limits);
  ASSERT_FALSE(value.ok()) << refusal.text;
  EXPECT_EQ(value.error().code, refusal.code) << refusal.text << ": " << value.error().message;
  ASSERT_EQ(value.error().faults.size(), 1u);
  EXPECT_EQ(value.error().faults[0].path, refusal.path) << refusal.text;
  EXPECT_FALSE(value.error().faults[0].message.empty());
}

TEST(JsonParse, every_kind_may_stand_alone) {
  EXPECT_TRUE(parse("null")->is_null());
  EXPECT_TRUE(parse(" true ")->as_bool());
  EXPECT_FALSE(parse("false\n")->as_bool());
  EXPECT_EQ(parse("\t17")->as_int64(), 17);
  EXPECT_EQ(parse("\"x\"")->as_string(), "x");
  EXPECT_TRUE(parse("[]")->items().empty());
  EXPECT_TRUE(parse("{}")->members().empty());
}

TEST(JsonParse, broken_text_is_malformed) {
  for (const char* text : {"",
                           " ",
                           "\n",
                           "{",
                           "}",
                           "[",
                           "]",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{a:1}",
                           "{1:2}",
                           "{\"a\" 1}",
                           "{\"a\":1 \"b\":2}",
                           "[1 2]",
                           "[1]]",
                           "[1] x",
                           "{} {}",
                           "1 2",
                           "1,2",
                           "]1[",
                           "1] [2",
                           "1]",
                           "[[1]",
                           "\"a",
                           "a\"",
                           "'a'",
                           "tru",
                           "truex",
                           "nul",
                           "True",
                           "None",
                           "+1",
                           "01",
                           "1.",
                           ".5",
                           "0x1",
                           "1e",
                           "--1",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "/* c */ 1",
                           "1 // c",
                           "\xef\xbb\xbf{}",
                           "[1}",
                           "{\"a\":1]",
                           "\"a\" \"b\"",
                           "{\"a\":[1,2}",
                           "[\"a\":1]",
                           "{\"a\":1:2}",
                           "[:]",
                           "{:}",
                           "{\"a\":,}"}) {
    const auto value = parse(text);
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_EQ(value.error().code, Code::malformed) << text << ": " << value.error().message;
  }
}

TEST(JsonParse, nan_and_infinity_are_malformed_at_their_place) {
  for (const char* word : {"NaN", "Infinity", "-Infinity", "nan", "inf"}) {
    expect_refused(
        {R"({"stats":{"data":[1,)" + std::string(word) + "]}}", Code::malformed, "/stats/data/1"});
  }
}

TEST(JsonParse, a_number_beyond_a_double_is_invalid_at_its_place) {
  expect_refused({R"({"a":[0,1e400]})", Code::invalid, "/a/1"});
  expect_refused({"-1e309", Code::invalid, ""});
  expect_refused({"1" + std::string(400, '0'), Code::invalid, ""});
  expect_refused({"1e1000000", Code::invalid, ""});
  expect_refused({"[1e-1000000]", Code::invalid, "/0"});
  EXPECT_TRUE(parse("1.7976931348623157e308").ok());
  EXPECT_EQ(parse("1e-400")->as_double(), 0.0);
  EXPECT_EQ(parse("0e999999")->as_double(), 0.0);
  EXPECT_EQ(parse("1e0000000001")->as_double(), 10.0);
  EXPECT_EQ(parse("1" + std::string(308, '0'))->as_double(), 1e308);
}

TEST(JsonParse, duplicate_keys_are_invalid_at_their_place) {
  expect_refused({R"({"a":1,"a":2})", Code::invalid, "/a"});
  expect_refused({R"({"x":[{"b/c":1,"d":0,"b\/c":2}]})", Code::invalid, "/x/0/b~1c"});
  expect_refused({R"({"é":1,"\u00e9":2})", Code::invalid, "/é"});
  expect_refused({R"({"":1,"":2})", Code::invalid, "/"});
  EXPECT_TRUE(parse(R"({"a":{"a":1},"b":{"a":1}})").ok());
}

std::string object_of(int members, const std::string& last) {
  std::string text = "{";
  for (int i = 0; i < members; ++i) text += "\"k" + std::to_string(i) + "\":" + "0,";
  return text + "\"" + last + "\":1}";
}

TEST(JsonParse, every_fault_of_a_text_that_can_be_read_is_named) {
  ParseLimits limits;
  limits.string_bytes_max = 8;
  const auto value =
      parse(R"({"a":[1,1e400,{"b":-1e999}],"c":1,"c":"123456789","d":{"e":1,"e":2}})", limits);
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().code, Code::invalid);
  std::vector<std::string> paths;
  for (const Fault& fault : value.error().faults) paths.push_back(fault.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"/a/1", "/a/2/b", "/c", "/d/e", "/c"}));
  EXPECT_EQ(value.error().message, "JSON: 5 faults, the first: number out of range at /a/1: 1e400");
  expect_refused({R"({"a":1e400,"b":nan})", Code::malformed, "/b"});
  std::string many = "[1e400";
  for (std::size_t i = 0; i < 2 * Faults::k_faults_max; ++i) many += ",1e400";
  EXPECT_EQ(parse(many + "]").error().faults.size(), Faults::k_faults_max);
}

TEST(JsonParse, noting_gives_the_faults_and_the_rest_of_the_tree) {
  Faults faults;
  const auto value = parse_noting(R"({"a":1e400,"b":2,"b":3})", faults);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(to_text(*value), R"({"a":null,"b":2,"b":3})");
  ASSERT_EQ(faults.count(), 2u);
  EXPECT_EQ(faults.list()[0].path, "/a");
  EXPECT_EQ(faults.list()[1].path, "/b");
  EXPECT_EQ(parse_noting("{", faults).error().code, Code::malformed);

  std::string many = "[1e400";
  for (std::size_t i = 0; i < 2 * Faults::k_faults_max; ++i) many += ",1e400";
  Faults too_many;
  ASSERT_TRUE(parse_noting(many + "]", too_many).ok());
  EXPECT_EQ(too_many.count(), 2 * Faults::k_faults_max + 1);
  EXPECT_EQ(too_many.list().size(), Faults::k_faults_max);
}

TEST(JsonParse, duplicates_are_found_among_any_number_of_members) {
  for (const int members : {1, 15, 16, 17, 18, 1000, 100000}) {
    expect_refused({object_of(members, "k0"), Code::invalid, "/k0"});
    const std::string newest = "k" + std::to_string(members - 1);
    expect_refused({object_of(members, newest), Code::invalid, "/" + newest});
    EXPECT_TRUE(parse(object_of(members, "other")).ok()) << members;
  }
}

TEST(JsonParse, bad_utf8_is_malformed_at_its_place) {
  expect_refused({"{\"a\":[\"x\",\"\xff\"]}", Code::malformed, "/a/1"});
  expect_refused({"{\"tags\":{\"k\xc3\":1}}", Code::malformed, "/tags"});
  expect_refused({"\"\xed\xa0\x80\"", Code::malformed, ""});      // a surrogate
  expect_refused({"\"\xc0\x80\"", Code::malformed, ""});          // overlong
  expect_refused({"\"\xf4\x90\x80\x80\"", Code::malformed, ""});  // above U+10FFFF
  expect_refused({"\xff", Code::malformed, ""});
  expect_refused({"{\"a\\\x97\":{\"b\":1}}", Code::malformed, ""});  // behind a backslash
}

TEST(JsonParse, surrogates_need_their_partner) {
  for (const char* half : {R"(\ud800)", R"(\udc00)", R"(\ud800x)", R"(\ud800\n)", R"(\ud800\ud800)",
                           R"(\udc00\ud800)", R"(\udfff)", R"(\uDBFFz)"}) {
    expect_refused({"[\"" + std::string(half) + "\"]", Code::malformed, "/0"});
    EXPECT_FALSE(parse("{\"" + std::string(half) + "\":1}").ok()) << half;
  }
  EXPECT_EQ(parse(R"("\ud800\udc00")")->as_string(), "\U00010000");
  EXPECT_EQ(parse(R"("\ud7ff\ue000")")->as_string(), "\uD7FF\uE000");
}

TEST(JsonParse, control_characters_must_be_escaped) {
  expect_refused({"{\"a\":\"x\ny\"}", Code::malformed, "/a"});
  expect_refused({"[0,\"\t\"]", Code::malformed, "/1"});
  expect_refused({std::string("[0,\"a\0b\"]", 9), Code::malformed, "/1"});
  EXPECT_EQ(parse(R"("\u0000")")->as_string(), std::string(1, '\0'));
  EXPECT_TRUE(parse("\"\x7f\"").ok());
}

TEST(JsonParse, a_nul_ends_nothing) {
  EXPECT_FALSE(parse(std::string_view("1\0", 2)).ok());
  EXPECT_FALSE(parse(std::string_view("[1]\0", 4)).ok());
  EXPECT_FALSE(parse(std::string_view("[1]\0garbage", 11)).ok());
  EXPECT_FALSE(parse(std::string_view("\0", 1)).ok());
  EXPECT_FALSE(parse(std::string_view("[true\0]", 7)).ok());
}

TEST(JsonParse, an_open_string_is_found_where_it_begins) {
  expect_refused({R"({"a":1,"b":[2,"xyz)", Code::malformed, "/b/1"});
  expect_refused({R"({"a":1,"b)", Code::malformed, ""});
}

TEST(JsonParse, depth_is_limited) {
  ParseLimits limits;
  limits.depth_max = 3;
  EXPECT_TRUE(parse("[[[1]]]", limits).ok());
  expect_refused({"[[[[]]]]", Code::invalid, "/0/0/0"}, limits);
  expect_refused({R"({"a":{"b":[0,{}]}})", Code::invalid, "/a/b/1"}, limits);
  EXPECT_TRUE(parse(std::string(64, '[') + std::string(64, ']')).ok());
  EXPECT_FALSE(parse(std::string(65, '[') + std::string(65, ']')).ok());
  EXPECT_FALSE(parse(std::string(1'000'000, '[')).ok());
}

TEST(JsonParse, sizes_are_limited) {
  ParseLimits limits;
  limits.bytes_max = 20;
  limits.string_bytes_max = 5;
  limits.values_max = 4;
  EXPECT_TRUE(parse("[1,2,3]", limits).ok());
  expect_refused({"[1,2,3,4]", Code::invalid, "/3"}, limits);
  EXPECT_TRUE(parse("\"12345\"", limits).ok());
  expect_refused({R"([0,"123456"])", Code::invalid, "/1"}, limits);
  expect_refused({R"([{"123456":1}])", Code::invalid, "/0"}, limits);
  expect_refused({"[123456]", Code::invalid, "/0"}, limits);
  expect_refused({std::string(21, ' '), Code::invalid, ""}, limits);
}

TEST(JsonParse, ten_megabytes_in_one_string_are_refused) {
  expect_refused({"{\"a\":\"" + std::string(10u << 20, 'x') + "\"}", Code::invalid, "/a"});
}

TEST(JsonParse, large_documents_are_read_whole) {
  std::string text = "[";
  for (int i = 0; i < 200000; ++i) text += std::to_string(i) + ".5,";
  text += "0]";
  const auto value = parse(text);
  ASSERT_TRUE(value.ok());
  ASSERT_EQ(value->items().size(), 200001u);
  EXPECT_EQ(value->items()[199999].number_text(), "199999.5");
  EXPECT_EQ(to_text(*value), text);
}

TEST(JsonParse, the_message_ends_with_the_value) {
  EXPECT_EQ(parse(R"({"a":[NaN]})").error().message, "JSON: not a JSON value at /a/0: NaN");
  EXPECT_EQ(parse("[1e400]").error().message, "JSON: number out of range at /0: 1e400");
}

TEST(JsonParse, a_failure_leaves_the_next_call_alone) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(parse(R"({"a":[1,2)").ok());
    EXPECT_FALSE(parse("\"\xff\"").ok());
    EXPECT_EQ(to_text(parse(R"({"a":[1,2]})").value()), R"({"a":[1,2]})");
  }
}

}  // namespace
}  // namespace bl::json
