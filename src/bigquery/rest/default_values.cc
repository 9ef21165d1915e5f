#include "bigquery/default_values.h"

#include <array>
#include <random>

#include "bigquery/sql/lexer.h"

namespace bl::bigquery {
namespace {

using sql::Token;
using sql::TokenKind;

std::string uuid() {
  // Not for secrets: it tells rows apart.
  thread_local std::mt19937_64 bits{std::random_device{}()};
  std::string out = "xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx";
  for (char& c : out) {
    if (c == 'x') c = "0123456789abcdef"[bits() & 15];
  }
  return out;
}

std::optional<json::Value> call(const std::string& name, Timestamp now) {
  const std::string text = to_iso_naive(now);  // 2024-08-01T10:00:00[.ffffff]
  if (name == "CURRENT_TIMESTAMP") return json::Value::string(text + "Z");
  if (name == "CURRENT_DATETIME") return json::Value::string(text);
  if (name == "CURRENT_DATE") return json::Value::string(text.substr(0, 10));
  if (name == "CURRENT_TIME") return json::Value::string(text.substr(11));
  if (name == "GENERATE_UUID") return json::Value::string(uuid());
  return std::nullopt;
}

bool is_symbol(const Token& token, std::string_view text) {
  return token.kind == TokenKind::symbol && token.text == text;
}

std::optional<json::Value> literal(std::span<const Token> words) {
  const bool is_negative = words.size() == 2 && is_symbol(words[0], "-");
  const Token& last = words.back();
  if (words.size() == 1 || is_negative) {
    if (last.kind == TokenKind::integer || last.kind == TokenKind::floating) {
      auto number = json::parse((is_negative ? "-" : "") + last.text);
      if (number.ok() && number->is_number()) return *std::move(number);
    }
  }
  if (words.size() == 2 && is_symbol(words[0], "[") && is_symbol(words[1], "]")) {
    return json::Value::array();
  }
  if (words.size() == 2 && last.kind == TokenKind::string) {
    static constexpr std::array<std::string_view, 8> k_types = {
        "DATE", "TIME", "DATETIME", "TIMESTAMP", "NUMERIC", "BIGNUMERIC", "JSON", "INTERVAL"};
    const std::string type = sql::in_capitals(words[0].text);
    if (std::ranges::find(k_types, type) != k_types.end()) return json::Value::string(last.text);
  }
  if (words.size() != 1) return std::nullopt;
  if (last.kind == TokenKind::string) return json::Value::string(last.text);
  const std::string word = sql::in_capitals(last.text);
  if (word == "NULL") return json::Value();
  if (word == "TRUE" || word == "FALSE") return json::Value::boolean(word == "TRUE");
  return std::nullopt;
}

}  // namespace

DefaultValues simple_defaults(const Clock& clock) {
  return [&clock](const TableField& field) -> Result<json::Value> {
    BL_TRY(const std::vector<Token> tokens, sql::tokens_of(field.default_expression));
    std::span<const Token> words(tokens.data(), tokens.size() - 1);  // without the end
    std::optional<json::Value> value;
    if (!words.empty()) value = literal(words);
    if (words.size() == 3 && is_symbol(words[1], "(") && is_symbol(words[2], ")")) {
      words = words.first(1);
    }
    if (!value && words.size() == 1) value = call(sql::in_capitals(words[0].text), clock.now());
    if (value) return *std::move(value);
    return Error{Code::unsupported,
                 "not supported here: the default expression " + field.default_expression};
  };
}

}  // namespace bl::bigquery
