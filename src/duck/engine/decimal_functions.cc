#include "duck/engine/decimal_functions.h"

#include <array>
#include <boost/multiprecision/cpp_int.hpp>
#include <limits>
#include <optional>

#include "duck/engine/handles.h"

namespace bl::duck {
namespace {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;
using Uint256 = boost::multiprecision::uint256_t;

constexpr int k_digits = 38;

constexpr Uint128 power_of_ten(int exponent) {
  Uint128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

Uint256 wide(Uint128 value) {
  return (Uint256(static_cast<std::uint64_t>(value >> 64)) << 64) |
         static_cast<std::uint64_t>(value);
}

Uint128 narrow(const Uint256& value) {
  const auto word = [](const Uint256& part) {
    return static_cast<std::uint64_t>(part & std::numeric_limits<std::uint64_t>::max());
  };
  return (static_cast<Uint128>(word(value >> 64)) << 64) | word(value);
}

/// a * b / divisor, rounded half up; nullopt: more than 38 digits. A divisor of zero is none.
std::optional<Uint128> scaled(Uint128 a, Uint128 b, Uint128 divisor) {
  constexpr Uint128 k_end = power_of_ten(k_digits);
  Uint128 product = 0;
  if (!__builtin_mul_overflow(a, b, &product)) {
    Uint128 quotient = product / divisor;
    const Uint128 rest = product % divisor;
    if (rest >= divisor - rest) ++quotient;
    return quotient < k_end ? std::optional(quotient) : std::nullopt;
  }
  const Uint256 exact = wide(a) * wide(b);
  Uint256 quotient, rest;
  boost::multiprecision::divide_qr(exact, wide(divisor), quotient, rest);
  if (rest >= wide(divisor) - rest) ++quotient;
  return quotient < wide(k_end) ? std::optional(narrow(quotient)) : std::nullopt;
}

enum class Operation : unsigned char { product, quotient };

/// In units of the last digit. nullopt as of scaled().
template <Operation Kind, int Scale>
std::optional<Int128> apply(Int128 a, Int128 b) {
  constexpr Uint128 k_one = power_of_ten(Scale);
  const auto magnitude = [](Int128 value) {
    return value < 0 ? -static_cast<Uint128>(value) : static_cast<Uint128>(value);
  };
  const auto size = Kind == Operation::product ? scaled(magnitude(a), magnitude(b), k_one)
                                               : scaled(magnitude(a), k_one, magnitude(b));
  if (!size) return std::nullopt;
  const auto value = static_cast<Int128>(*size);
  return (a < 0) == (b < 0) ? value : -value;
}

Int128 value_of(const duckdb_hugeint& value) {
  return static_cast<Int128>((static_cast<Uint128>(static_cast<std::uint64_t>(value.upper)) << 64) |
                             value.lower);
}

struct Side {
  explicit Side(duckdb_vector vector)
      : values(static_cast<const duckdb_hugeint*>(duckdb_vector_get_data(vector))),
        validity(duckdb_vector_get_validity(vector)) {}
  bool is_null(idx_t row) const {
    return validity != nullptr && !duckdb_validity_row_is_valid(validity, row);
  }
  const duckdb_hugeint* values;
  std::uint64_t* validity;  ///< null: there is no NULL
};

template <Operation Kind, int Scale>
void run(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const Side left(duckdb_data_chunk_get_vector(input, 0));
  const Side right(duckdb_data_chunk_get_vector(input, 1));
  auto* const out = static_cast<duckdb_hugeint*>(duckdb_vector_get_data(output));
  const idx_t rows = duckdb_data_chunk_get_size(input);
  std::uint64_t* nulls = nullptr;
  for (idx_t row = 0; row < rows; ++row) {
    if (left.is_null(row) || right.is_null(row)) {
      if (nulls == nullptr) {
        duckdb_vector_ensure_validity_writable(output);
        nulls = duckdb_vector_get_validity(output);
      }
      duckdb_validity_set_row_invalid(nulls, row);
      continue;
    }
    const Int128 b = value_of(right.values[row]);
    if (Kind == Operation::quotient && b == 0) {
      duckdb_scalar_function_set_error(info, "division by zero");
      return;
    }
    const auto value = apply<Kind, Scale>(value_of(left.values[row]), b);
    if (!value) {
      duckdb_scalar_function_set_error(info, Kind == Operation::product
                                                 ? "numeric overflow in a product"
                                                 : "numeric overflow in a quotient");
      return;
    }
    out[row] = {static_cast<std::uint64_t>(*value), static_cast<std::int64_t>(*value >> 64)};
  }
}

struct Function {
  const char* name;
  std::uint8_t scale;
  duckdb_scalar_function_t run;
};
constexpr std::array k_functions{
    Function{"bl_numeric_product", 9, run<Operation::product, 9>},
    Function{"bl_numeric_quotient", 9, run<Operation::quotient, 9>},
    Function{"bl_bignumeric_product", 19, run<Operation::product, 19>},
    Function{"bl_bignumeric_quotient", 19, run<Operation::quotient, 19>},
};

}  // namespace

Result<void> register_decimal_functions(duckdb_connection connection) {
  for (const Function& one : k_functions) {
    const Handle<duckdb_scalar_function, duckdb_destroy_scalar_function> function(
        duckdb_create_scalar_function());
    const LogicalTypeHandle type(duckdb_create_decimal_type(k_digits, one.scale));
    duckdb_scalar_function_set_name(function.get(), one.name);
    duckdb_scalar_function_add_parameter(function.get(), type.get());
    duckdb_scalar_function_add_parameter(function.get(), type.get());
    duckdb_scalar_function_set_return_type(function.get(), type.get());
    duckdb_scalar_function_set_function(function.get(), one.run);
    if (duckdb_register_scalar_function(connection, function.get()) != DuckDBSuccess) {
      return Error{Code::internal, std::string("the engine refuses the function ") + one.name};
    }
  }
  return {};
}

}  // namespace bl::duck
