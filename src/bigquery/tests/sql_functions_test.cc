// A case for every function: what GoogleSQL's reference says that it gives.
#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <sstream>

#include "bigquery/sql/functions.h"
#include "bigquery/tests/sql_engine.h"

namespace bl::bigquery::sql {
namespace {

using ::testing::HasSubstr;

struct Case {
  std::string_view expr, value;
};

const std::vector<Case> k_cases{
    {"ABS(-5)", "5"},
    {"ABS(NUMERIC '-1.5')", "1.500000000"},
    {"ABS(BIGNUMERIC '-1') = 1", "true"},
    {"ABS(-1.5)", "1.5"},
    {"ACOS(1)", "0.0"},
    {"ASIN(0)", "0.0"},
    {"ATAN(0)", "0.0"},
    {"ATAN2(0, 1)", "0.0"},
    {"COS(0)", "1.0"},
    {"COSH(0)", "1.0"},
    {"ROUND(COT(1), 4)", "0.6421"},
    {"SIN(0)", "0.0"},
    {"SINH(0)", "0.0"},
    {"TAN(0)", "0.0"},
    {"TANH(0)", "0.0"},
    {"ROUND(CBRT(27), 6)", "3.0"},
    {"SQRT(9)", "3.0"},
    {"EXP(0)", "1.0"},
    {"LN(1)", "0.0"},
    {"LOG(8, 2)", "3.0"},
    {"LOG(1)", "0.0"},
    {"LOG10(100)", "2.0"},
    {"POW(2, 3)", "8.0"},
    {"POWER(2, 3)", "8.0"},
    {"CEIL(1.2)", "2.0"},
    {"CEILING(-1.2)", "-1.0"},
    {"FLOOR(-1.2)", "-2.0"},
    {"FLOOR(NUMERIC '1.7')", "1.000000000"},
    {"ROUND(2.5)", "3.0"},
    {"ROUND(-2.5)", "-3.0"},
    {"ROUND(NUMERIC '1.235', 2)", "1.240000000"},
    {"ROUND(123.7, -1)", "120.0"},
    {"TRUNC(-1.9)", "-1.0"},
    {"TRUNC(1.567, 2)", "1.56"},
    {"SIGN(-3)", "-1"},
    {"DIV(-7, 2)", "-3"},
    {"MOD(-7, 3)", "-1"},
    {"MOD(NUMERIC '5.5', 2)", "1.500000000"},
    {"IEEE_DIVIDE(1, 0)", "inf"},
    {"IS_INF(IEEE_DIVIDE(1, 0))", "true"},
    {"IS_NAN(IEEE_DIVIDE(0, 0))", "true"},
    {"SAFE_DIVIDE(1, 0)", "NULL"},
    {"SAFE_DIVIDE(NUMERIC '1', 4)", "0.250000000"},
    {"SAFE_ADD(9223372036854775807, 1)", "NULL"},
    {"SAFE_SUBTRACT(1, 2)", "-1"},
    {"SAFE_MULTIPLY(3, 4)", "12"},
    {"SAFE_NEGATE(5)", "-5"},
    {"GREATEST(1, 3, 2)", "3"},
    {"GREATEST(1, NULL)", "NULL"},
    {"LEAST(2, 1.5)", "1.5"},
    {"RAND() < 1", "true"},
    {"BIT_COUNT(7)", "3"},
    {"RANGE_BUCKET(20, [0, 10, 20, 30])", "3"},
    {"5 / 2", "2.5"},
    {"7 & 3 | 8 ^ 1", "11"},
    {"1 << 3", "8"},
    {"~5", "-6"},
    {"-(-3)", "3"},
    {"1 BETWEEN 0 AND 2", "true"},
    // Strings.
    {"ASCII('a')", "97"},
    {"UNICODE('é')", "233"},
    {"CHR(955)", "λ"},
    {"CODE_POINTS_TO_STRING([72, 105])", "Hi"},
    {"TO_CODE_POINTS('Hi')", "[72, 105]"},
    {"CONCAT('a', 'b', 'c')", "abc"},
    {"CONCAT('a', NULL)", "NULL"},
    {"LENGTH('été')", "3"},
    {"LENGTH(b'abc')", "3"},
    {"CHAR_LENGTH('é')", "1"},
    {"CHARACTER_LENGTH('é')", "1"},
    {"BYTE_LENGTH('é')", "2"},
    {"OCTET_LENGTH('é')", "2"},
    {"UPPER('aé')", "AÉ"},
    {"LOWER('AB')", "ab"},
    {"INITCAP('hello wORLD-foo')", "Hello World-Foo"},
    {"REPLACE('aXbX', 'X', 'y')", "ayby"},
    {"REVERSE('abc')", "cba"},
    {"REPEAT('ab', 3)", "ababab"},
    {"TRIM('  a ')", "a"},
    {"TRIM('xxaxx', 'x')", "a"},
    {"LTRIM(' a ')", "a "},
    {"RTRIM(' a ')", " a"},
    {"LPAD('7', 3, '0')", "007"},
    {"LPAD('abcd', 2)", "ab"},
    {"RPAD('7', 3)", "7  "},
    {"LEFT('hello', 2)", "he"},
    {"RIGHT('hello', 2)", "lo"},
    {"STARTS_WITH('abc', 'ab')", "true"},
    {"ENDS_WITH('abc', 'bc')", "true"},
    {"STRPOS('hello', 'l')", "3"},
    {"INSTR('hello', 'z')", "0"},
    {"SUBSTR('hello', 2, 3)", "ell"},
    {"SUBSTR('hello', -3)", "llo"},
    {"SUBSTR('hello', 0, 2)", "he"},
    {"SUBSTR('hello', -10, 3)", "hel"},
    {"SUBSTRING('hello', 2)", "ello"},
    {"SUBSTR('a', 5)", ""},
    {"SPLIT('a,b,,c')", "[a, b, '', c]"},
    {"SPLIT('a-b', '-')", "[a, b]"},
    {"REGEXP_CONTAINS('abc', r'b.$')", "true"},
    {"REGEXP_EXTRACT('ab12', r'[0-9]+')", "12"},
    {"REGEXP_EXTRACT('ab12', r'([a-z]+)[0-9]')", "ab"},
    {"REGEXP_EXTRACT('x', r'[0-9]')", "NULL"},
    {"REGEXP_SUBSTR('ab12', r'[0-9]')", "1"},
    {"REGEXP_EXTRACT_ALL('a1b2', r'[0-9]')", "[1, 2]"},
    {"REGEXP_REPLACE('abc', r'(b)', r'[\\1]')", "a[b]c"},
    {"FORMAT('%d-%05.1f-%s-%%', 7, 2.25, 'x')", "7-002.2-x-%"},
    {"FORMAT(\"%'d\", 1234567)", "1,234,567"},
    {"FORMAT('%t', NULL)", "NULL"},
    {"TO_HEX(b'\\xff\\x00')", "ff00"},
    {"TO_HEX(FROM_HEX('0AFF'))", "0aff"},
    {"TO_BASE64(b'abc')", "YWJj"},
    {"CAST(FROM_BASE64('YWJj') AS STRING)", "abc"},
    {"TRANSLATE('abc', 'ab', 'xy')", "xyc"},
    {"NORMALIZE('e\\u0301') = 'é'", "true"},
    {"EDIT_DISTANCE('abc', 'abd')", "1"},
    {"CONTAINS_SUBSTR('Blue House', 'HOUSE')", "true"},
    {"SAFE_CONVERT_BYTES_TO_STRING(b'\\xff')", "NULL"},
    {"'ab' LIKE 'a_'", "true"},
    {"'a%b' LIKE 'a\\\\%b'", "true"},
    {"'abc' LIKE ANY ('x%', 'a%')", "true"},
    {"'abc' NOT LIKE ALL ('x%', 'a%')", "true"},
    // Dates and times.
    {"DATE(2024, 2, 29)", "2024-02-29"},
    {"DATE(TIMESTAMP '2024-01-01 23:00:00+00', 'Asia/Tokyo')", "2024-01-02"},
    {"DATETIME(2024, 1, 2, 3, 4, 5)", "2024-01-02 03:04:05"},
    {"DATETIME(DATE '2024-01-02', TIME '03:04:05')", "2024-01-02 03:04:05"},
    {"TIME(3, 4, 5)", "03:04:05"},
    {"TIMESTAMP('2024-01-01 00:00:00', 'America/New_York')", "2024-01-01 05:00:00+00"},
    {"DATE_ADD(DATE '2024-01-31', INTERVAL 1 MONTH)", "2024-02-29"},
    {"DATE_SUB(DATE '2024-03-01', INTERVAL 1 WEEK)", "2024-02-23"},
    {"DATETIME_ADD(DATETIME '2024-01-01 00:00:00', INTERVAL 90 MINUTE)", "2024-01-01 01:30:00"},
    {"DATETIME_SUB(DATETIME '2024-01-01 00:00:00', INTERVAL 1 QUARTER)", "2023-10-01 00:00:00"},
    {"TIMESTAMP_ADD(TIMESTAMP '2024-01-01 00:00:00+00', INTERVAL 1 DAY)", "2024-01-02 00:00:00+00"},
    {"TIMESTAMP_SUB(TIMESTAMP '2024-01-01 00:00:00+00', INTERVAL 1 SECOND)",
     "2023-12-31 23:59:59+00"},
    {"TIME_ADD(TIME '23:30:00', INTERVAL 1 HOUR)", "00:30:00"},
    {"TIME_SUB(TIME '00:30:00', INTERVAL 1 HOUR)", "23:30:00"},
    {"DATE_DIFF(DATE '2024-02-01', DATE '2024-01-31', MONTH)", "1"},
    {"DATE_DIFF(DATE '2017-10-15', DATE '2017-10-14', WEEK)", "1"},
    {"DATE_DIFF(DATE '2017-10-15', DATE '2017-10-14', ISOWEEK)", "0"},
    {"DATE_DIFF(DATE '2017-12-18', DATE '2017-12-17', WEEK(MONDAY))", "1"},
    {"DATE_DIFF(DATE '2017-12-30', DATE '2014-12-30', ISOYEAR)", "2"},
    {"DATE_DIFF(DATE '2024-01-01', DATE '2023-12-31', YEAR)", "1"},
    {"DATETIME_DIFF(DATETIME '2024-01-01 00:00:01', DATETIME '2023-12-31 23:59:59', DAY)", "1"},
    {"TIMESTAMP_DIFF(TIMESTAMP '2024-01-02 00:00:00+00', TIMESTAMP '2024-01-01 00:00:01+00', DAY)",
     "0"},
    {"TIMESTAMP_DIFF(TIMESTAMP '2024-01-01 00:00:00+00', TIMESTAMP '2024-01-01 01:30:00+00', HOUR)",
     "-1"},
    {"TIME_DIFF(TIME '10:00:00', TIME '09:00:59', MINUTE)", "60"},
    {"DATE_TRUNC(DATE '2024-05-15', WEEK)", "2024-05-12"},
    {"DATE_TRUNC(DATE '2024-05-15', WEEK(THURSDAY))", "2024-05-09"},
    {"DATE_TRUNC(DATE '2024-05-15', QUARTER)", "2024-04-01"},
    {"DATE_TRUNC(DATE '2015-06-15', ISOYEAR)", "2014-12-29"},
    {"DATETIME_TRUNC(DATETIME '2024-05-15 10:20:30', HOUR)", "2024-05-15 10:00:00"},
    {"TIMESTAMP_TRUNC(TIMESTAMP '2024-05-15 03:00:00+00', DAY, 'America/New_York')",
     "2024-05-14 04:00:00+00"},
    {"TIME_TRUNC(TIME '10:20:30', MINUTE)", "10:20:00"},
    {"LAST_DAY(DATE '2024-02-10')", "2024-02-29"},
    {"LAST_DAY(DATE '2024-05-15', WEEK)", "2024-05-18"},
    {"EXTRACT(DAYOFWEEK FROM DATE '2024-05-12')", "1"},
    {"EXTRACT(WEEK FROM DATE '2024-01-06')", "0"},
    {"EXTRACT(WEEK FROM DATE '2024-01-07')", "1"},
    {"EXTRACT(WEEK(MONDAY) FROM DATE '2024-01-01')", "1"},
    {"EXTRACT(ISOWEEK FROM DATE '2021-01-03')", "53"},
    {"EXTRACT(ISOYEAR FROM DATE '2021-01-03')", "2020"},
    {"EXTRACT(HOUR FROM TIMESTAMP '2024-01-01 00:00:00+00' AT TIME ZONE 'America/New_York')", "19"},
    {"EXTRACT(DATE FROM DATETIME '2024-01-01 10:00:00')", "2024-01-01"},
    {"FORMAT_DATE('%Y/%m/%d %a %j', DATE '2024-05-01')", "2024/05/01 Wed 122"},
    {"FORMAT_DATE('%e|%Q|%F', DATE '2024-05-01')", " 1|2|2024-05-01"},
    {"FORMAT_DATETIME('%H:%M:%E3S', DATETIME '2024-05-01 01:02:03.5')", "01:02:03.500"},
    {"FORMAT_TIME('%T', TIME '01:02:03')", "01:02:03"},
    {"FORMAT_TIMESTAMP('%E4Y-%m-%dT%H:%M:%E*SZ', TIMESTAMP '2024-05-01 01:02:03.25+00')",
     "2024-05-01T01:02:03.25Z"},
    {"FORMAT_TIMESTAMP('%H', TIMESTAMP '2024-05-01 01:00:00+00', 'Asia/Tokyo')", "10"},
    {"PARSE_DATE('%d/%m/%Y', '03/02/2024')", "2024-02-03"},
    {"PARSE_DATETIME('%F %T', '2024-02-03 04:05:06')", "2024-02-03 04:05:06"},
    {"PARSE_TIME('%H:%M', '04:05')", "04:05:00"},
    {"PARSE_TIMESTAMP('%F %H:%M:%E*S', '2024-02-03 04:05:06.5')", "2024-02-03 04:05:06.5+00"},
    {"PARSE_TIMESTAMP('%F %T', '2024-02-03 04:05:06', 'Asia/Tokyo')", "2024-02-02 19:05:06+00"},
    {"UNIX_DATE(DATE '1970-01-11')", "10"},
    {"DATE_FROM_UNIX_DATE(10)", "1970-01-11"},
    {"UNIX_SECONDS(TIMESTAMP '1969-12-31 23:59:59.5+00')", "-1"},
    {"UNIX_MILLIS(TIMESTAMP '1970-01-01 00:00:01+00')", "1000"},
    {"UNIX_MICROS(TIMESTAMP '1970-01-01 00:00:01+00')", "1000000"},
    {"TIMESTAMP_SECONDS(1)", "1970-01-01 00:00:01+00"},
    {"TIMESTAMP_MILLIS(1500)", "1970-01-01 00:00:01.5+00"},
    {"TIMESTAMP_MICROS(1)", "1970-01-01 00:00:00.000001+00"},
    {"CURRENT_DATE() = DATE(CURRENT_TIMESTAMP())", "true"},
    {"CURRENT_DATETIME() = DATETIME(CURRENT_TIMESTAMP)", "true"},
    {"CURRENT_TIME() = TIME(CURRENT_TIMESTAMP())", "true"},
    {"GENERATE_DATE_ARRAY('2024-01-30', '2024-02-01')", "[2024-01-30, 2024-01-31, 2024-02-01]"},
    {"ARRAY_LENGTH(GENERATE_TIMESTAMP_ARRAY('2024-01-01 00:00:00+00', '2024-01-01 02:00:00+00', "
     "INTERVAL 1 HOUR))",
     "3"},
    {"DATE '2024-01-01' + 5", "2024-01-06"},
    {"DATE '2024-01-05' - DATE '2024-01-01' = INTERVAL 4 DAY", "true"},
    {"DATE '2024-01-01' < '2024-01-02'", "true"},
    {"STRING(DATE '2024-01-02')", "2024-01-02"},
    {"STRING(TIMESTAMP '2024-01-02 00:00:00+00')", "2024-01-02 00:00:00+00"},
    // JSON.
    {"JSON_VALUE('{\"a\": {\"b\": \"x\"}}', '$.a.b')", "x"},
    {"JSON_VALUE('{\"a\": [1]}', '$.a')", "NULL"},
    {"JSON_VALUE(JSON '{\"a\": true}', '$.a')", "true"},
    {"JSON_QUERY('{\"a\": [1, 2]}', '$.a')", "[1,2]"},
    {"JSON_EXTRACT('{\"a\": \"x\"}', '$.a')", "\"x\""},
    {"JSON_EXTRACT_SCALAR('{\"a\": \"x\"}', '$.a')", "x"},
    {"JSON_VALUE_ARRAY('[\"x\", \"y\"]', '$')", "[x, y]"},
    {"JSON_EXTRACT_STRING_ARRAY('{\"a\": [\"x\"]}', '$.a')", "[x]"},
    {"ARRAY_LENGTH(JSON_QUERY_ARRAY(JSON '[1, [2]]'))", "2"},
    {"ARRAY_LENGTH(JSON_EXTRACT_ARRAY('{\"a\": [1]}', '$.a'))", "1"},
    {"JSON_KEYS(JSON '{\"a\": 1, \"b\": 2}')", "[a, b]"},
    {"JSON_TYPE(JSON '1')", "number"},
    {"JSON_TYPE(JSON '\"x\"')", "string"},
    {"TO_JSON_STRING(STRUCT(1 AS a, 'x' AS b))", "{\"a\":1,\"b\":\"x\"}"},
    {"TO_JSON([1, 2])", "[1,2]"},
    {"JSON_ARRAY(1, 'x')", "[1,\"x\"]"},
    {"JSON_OBJECT('a', 1)", "{\"a\":1}"},
    {"PARSE_JSON('{\"a\": 5}').a", "5"},
    {"PARSE_JSON('[5, 6]')[1]", "6"},
    {"INT64(JSON '5')", "5"},
    {"FLOAT64(JSON '5.5')", "5.5"},
    {"BOOL(JSON 'true')", "true"},
    {"STRING(JSON '\"x\"')", "x"},
    // Arrays.
    {"ARRAY_LENGTH([1, 2])", "2"},
    {"ARRAY_CONCAT([1], [2, 3])", "[1, 2, 3]"},
    {"ARRAY_CONCAT([1], NULL)", "NULL"},
    {"ARRAY_TO_STRING(['a', NULL, 'b'], '-')", "a-b"},
    {"ARRAY_TO_STRING(['a', NULL], '-', '?')", "a-?"},
    {"ARRAY_REVERSE([1, 2])", "[2, 1]"},
    {"ARRAY_FIRST([1, 2])", "1"},
    {"ARRAY_LAST([1, 2])", "2"},
    {"ARRAY_INCLUDES([1, 2], 2)", "true"},
    {"GENERATE_ARRAY(1, 7, 3)", "[1, 4, 7]"},
    {"GENERATE_ARRAY(3, 1)", "[]"},
    // Hashes.
    {"TO_HEX(MD5('a'))", "0cc175b9c0f1b6a831c399e269772661"},
    {"TO_HEX(SHA1('a'))", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"},
    {"TO_HEX(SHA256(b'a'))", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"},
    // Conditions and others.
    {"IF(1 > 2, 'a', 'b')", "b"},
    {"IFNULL(NULL, 3)", "3"},
    {"COALESCE(NULL, NULL, 'x')", "x"},
    {"NULLIF(1, 1)", "NULL"},
    {"ZEROIFNULL(NULL)", "0"},
    {"NULLIFZERO(0)", "NULL"},
    {"CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"},
    {"CASE WHEN FALSE THEN 1 ELSE 2.5 END", "2.5"},
    {"NULL IS NOT DISTINCT FROM NULL", "true"},
    {"LENGTH(GENERATE_UUID())", "36"},
    {"SESSION_USER()", "user@localhost"},
    {"IF(TRUE, 1, ERROR('x'))", "1"},
    {"NULL AND FALSE", "false"},
    {"1 IN (2, NULL)", "NULL"},
    {"(1 > 2) IS FALSE", "true"},
    // Conversions.
    {"CAST(2.5 AS INT64)", "3"},
    {"CAST(1.0 AS STRING)", "1"},
    {"CAST(NUMERIC '1.50' AS STRING)", "1.5"},
    {"SAFE_CAST('x' AS INT64)", "NULL"},
    {"CAST('2024-01-02' AS DATE)", "2024-01-02"},
    {"CAST(DATE '2024-01-02' AS TIMESTAMP)", "2024-01-02 00:00:00+00"},
    {"CAST('a' AS BYTES) = b'a'", "true"},
    {"CAST(TRUE AS STRING)", "true"},
    {"CAST(0 AS BOOL)", "false"},
    {"CAST(1.005 AS NUMERIC)", "1.005000000"},
};

/// Aggregates and windows, over x: 1, 2, 2, NULL; s: 'a', 'b', 'c', NULL.
const std::vector<Case> k_over_rows{
    {"ANY_VALUE(x HAVING MAX s)", "2"},
    {"APPROX_COUNT_DISTINCT(x)", "2"},
    {"APPROX_QUANTILES(x, 2)", "[1, 2, 2]"},
    {"ARRAY_AGG(x IGNORE NULLS ORDER BY x DESC)", "[2, 2, 1]"},
    {"ARRAY_AGG(x ORDER BY x LIMIT 2)", "[NULL, 1]"},
    {"ARRAY_LENGTH(ARRAY_CONCAT_AGG([x, x]))", "8"},
    {"AVG(x)", "1.6666666666666667"},
    {"AVG(CAST(x AS NUMERIC))", "1.666666667"},
    {"BIT_AND(x)", "0"},
    {"BIT_OR(x)", "3"},
    {"BIT_XOR(x)", "1"},
    {"CORR(x, x)", "1.0"},
    {"COUNT(*)", "4"},
    {"COUNT(x)", "3"},
    {"COUNT(DISTINCT x)", "2"},
    {"COUNTIF(x = 2)", "2"},
    {"ROUND(COVAR_POP(x, x), 4)", "0.2222"},
    {"ROUND(COVAR_SAMP(x, x), 4)", "0.3333"},
    {"LOGICAL_AND(x > 0)", "true"},
    {"LOGICAL_OR(x > 1)", "true"},
    {"MAX(s)", "c"},
    {"MIN(x)", "1"},
    {"MAX_BY(s, s)", "c"},
    {"MIN_BY(x, s)", "1"},
    {"ROUND(STDDEV(x), 4)", "0.5774"},
    {"ROUND(STDDEV_SAMP(x), 4)", "0.5774"},
    {"ROUND(STDDEV_POP(x), 4)", "0.4714"},
    {"STRING_AGG(s, '|' ORDER BY s DESC)", "c|b|a"},
    {"STRING_AGG(s ORDER BY s LIMIT 2)", "a,b"},
    {"SUM(x)", "5"},
    {"SUM(DISTINCT x)", "3"},
    {"ROUND(VARIANCE(x), 4)", "0.3333"},
    {"ROUND(VAR_SAMP(x), 4)", "0.3333"},
    {"ROUND(VAR_POP(x), 4)", "0.2222"},
    {"SUM(IF(x = 2, NUMERIC '1.5', 0))", "3.000000000"},
};
/// Of the last row by s, descending: 'a' or what stands there.
const std::vector<Case> k_windows{
    {"ROW_NUMBER() OVER (ORDER BY s)", "4"},
    {"RANK() OVER (ORDER BY x DESC)", "1"},
    {"DENSE_RANK() OVER (ORDER BY x)", "3"},
    {"PERCENT_RANK() OVER (ORDER BY s)", "1.0"},
    {"CUME_DIST() OVER (ORDER BY s)", "1.0"},
    {"NTILE(2) OVER (ORDER BY s)", "2"},
    {"LAG(s) OVER (ORDER BY s)", "b"},
    {"LEAD(s, 1, 'z') OVER (ORDER BY s)", "z"},
    {"FIRST_VALUE(s IGNORE NULLS) OVER (ORDER BY s)", "a"},
    {"LAST_VALUE(s) OVER (ORDER BY s)", "c"},
    {"NTH_VALUE(s, 2) OVER (ORDER BY s)", "a"},
    {"PERCENTILE_CONT(x, 0.5) OVER ()", "2.0"},
    {"PERCENTILE_DISC(x, 0) OVER ()", "1"},
    {"SUM(x) OVER (ORDER BY s)", "5"},
    {"COUNTIF(x = 2) OVER ()", "2"},
};

class Functions : public SqlTest {};

TEST_F(Functions, give_what_the_reference_says) {
  for (const auto& [expr, wanted] : k_cases) EXPECT_EQ(value(std::string(expr)), wanted) << expr;
}

TEST_F(Functions, over_rows) {
  const std::string rows =
      " FROM UNNEST([STRUCT(1 AS x, 'a' AS s), (2, 'b'), (2, 'c'), (NULL, NULL)])";
  for (const auto& [expr, wanted] : k_over_rows) {
    EXPECT_EQ(answer("SELECT " + std::string(expr) + rows), wanted) << expr;
  }
  for (const auto& [expr, wanted] : k_windows) {
    EXPECT_EQ(answer("SELECT v FROM (SELECT s, " + std::string(expr) + " AS v" + rows +
                     ") ORDER BY s DESC LIMIT 1"),
              wanted)
        << expr;
  }
}

TEST_F(Functions, failures_are_the_querys) {
  EXPECT_THAT(value("ERROR('my words')"), HasSubstr("my words"));
  EXPECT_THAT(value("ARRAY_FIRST(CAST([] AS ARRAY<INT64>))"), HasSubstr("empty array"));
  EXPECT_THAT(value("DIV(1, 0)"), HasSubstr("division by zero"));
  EXPECT_THAT(value("SUBSTR('a', 1, -1)"), HasSubstr("cannot be negative"));
  EXPECT_THAT(value("REGEXP_EXTRACT('a', '(a)(b)')"), HasSubstr("more than one capturing group"));
}

TEST_F(Functions, each_has_a_case_and_a_row_in_the_docs) {
  std::string cases;
  for (const auto* list : {&k_cases, &k_over_rows, &k_windows}) {
    for (const Case& each : *list) cases += std::string(each.expr) + "\n";
  }
  std::ifstream file(BL_BIGQUERY_SQL_DOCS);
  std::stringstream docs;
  docs << file.rdbuf();
  std::string last;
  for (const Function& function : functions()) {
    const std::string name(function.name);
    EXPECT_LE(last, name) << "the table is sorted";
    last = name;
    if (function.way == Way::refused) {
      EXPECT_THAT(value(name + "(1)"), HasSubstr("Not supported: function " + name));
    } else {
      EXPECT_TRUE(cases.find(name + "(") != std::string::npos || name == "GROUPING")
          << "no case: " << name;
    }
    const std::string way = function.way == Way::refused   ? "refused: "
                            : function.way == Way::special ? "in code: "
                                                           : "";
    std::string sql(function.sql);
    for (std::size_t i = 0; (i = sql.find('|', i)) != std::string::npos; i += 2)
      sql.insert(i, "\\");
    const std::string row = "| " + name + " | " + std::string(function.arguments) + " | " +
                            std::string(function.result) + " | " + way + "`" + sql + "` |";
    EXPECT_TRUE(docs.str().find(row) != std::string::npos) << "not in docs/bigquery-sql.md:\n"
                                                           << row;
  }
}

}  // namespace
}  // namespace bl::bigquery::sql
