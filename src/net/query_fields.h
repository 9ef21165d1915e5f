#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "net/http.h"

/// The query parameters of one request, read by name. Every reader adds a fault and gives nothing
/// when something is wrong; finish() names all of them in one answer, and what nobody asked for. An
/// empty value is the same as no parameter.
namespace bl::net {

class QueryFields {
 public:
  static constexpr std::size_t k_text_bytes_max = 4096;

  /// `request` outlives this.
  explicit QueryFields(const Request& request) : request_(request) {}

  std::optional<std::string> text(std::string_view name, std::size_t bytes_max = k_text_bytes_max);
  std::string required_text(std::string_view name);
  /// Every value of a parameter that may be given more than once; the empty ones are left out.
  std::vector<std::string> texts(std::string_view name, std::size_t bytes_max = k_text_bytes_max);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  /// Finite and greater than zero.
  std::optional<double> positive(std::string_view name);
  /// RFC 3339.
  std::optional<Timestamp> time(std::string_view name);
  /// `true`, `1`, `false` or `0`; false when absent.
  bool flag(std::string_view name);
  /// The index of one of `choices`.
  std::optional<std::size_t> choice(std::string_view name,
                                    std::initializer_list<std::string_view> choices);
  void fault(std::string_view name, std::string message, std::string value = "");

  /// Errors: invalid, with every fault as `?name`.
  Result<void> finish();

 private:
  const std::string* find(std::string_view name);

  const Request& request_;
  json::Faults faults_;
  std::vector<std::string_view> known_, repeated_;
};

}  // namespace bl::net
