#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

/// Bodies that are a JSON object of texts, as all that is about users. Private to this folder.
namespace bl::access {

struct TextField {
  const char* name;
  bool required = true;
};

/// How a dialect says what is wrong.
struct BodyRules {
  const char* missing = "is required";
  const char* null = "must be a string";
  const char* no_string = "must be a string";
  const char* unknown = "unknown field";
  const char* no_object = "must be an object";
  /// Not nullptr: what is no JSON, no object of it or empty is invalid with this at `/_errors`.
  const char* empty = nullptr;
};
inline constexpr BodyRules k_new_body;
inline constexpr BodyRules k_legacy_body{"Missing data for required field.",
                                         "Field may not be null.",
                                         "Not a valid string.",
                                         "Unknown field.",
                                         "Invalid input type.",
                                         "Empty request body."};

using Texts = std::map<std::string, std::string, std::less<>>;

/// The fields that are there. Their values are in no error: some are passwords. Errors:
/// unsupported_media (no application/json: what a form of another site can send), malformed,
/// invalid with every fault.
Result<Texts> decode_texts(const net::Request& request, std::initializer_list<TextField> fields,
                           const BodyRules& rules);

/// nullopt when it is not there.
std::optional<std::string> text_of(const Texts& texts, std::string_view name);

}  // namespace bl::access
