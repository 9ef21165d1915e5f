#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"

/// Expected failure is a value. A function that can fail for a reason its caller must know returns
/// Result<T>; a programmer's mistake aborts through BL_CHECK. Exceptions never cross a folder:
/// adapters turn them into errors.
namespace bl {

/// The small, stable vocabulary of failure. Each code maps once to an HTTP status (net/problem.h);
/// the names are part of the API (`code` of application/problem+json) and never change.
enum class Code : unsigned char {
  malformed,           ///< the bytes are not what they claim to be (broken JSON, broken gzip): 400
  invalid,             ///< well formed, but breaks a rule: 422
  unauthenticated,     ///< no or unknown credentials: 401
  forbidden,           ///< known, but not allowed: 403
  not_found,           ///< 404
  method_not_allowed,  ///< 405
  conflict,            ///< contradicts what is stored: 409
  too_large,           ///< over a named limit: 413
  unsupported_media,   ///< content type or encoding that we do not read: 415
  too_many,            ///< the caller's own quota: 429
  cancelled,           ///< the caller went away: 499
  internal,            ///< a bug of ours: 500
  io,                  ///< the disk or the network failed: 500
  corrupt,             ///< stored bytes fail their checksum or contract: 500
  unsupported,         ///< refused by name: 501
  unavailable,         ///< something we need is down: 503
  overloaded,          ///< a queue is full, come back later: 503 with Retry-After
  timeout,             ///< a deadline passed: 504
  disk_full,           ///< 507
  /// Cut off during the commit: the write may be kept or not. 503 without Retry-After: whoever
  /// sends it again without a key may have it twice.
  outcome_unknown,
};

/// The code's name as it stands in answers and logs, for example "not_found".
const char* name_of(Code code);

/// One broken rule of a client's input. `path` is a JSON pointer into the body (`/stats/data/3`),
/// or names a query parameter (`?page_size`) or a file (`file.json#/benchmarks/2`).
struct Fault {
  std::string path;
  std::string message;  ///< lower-case sentence without the value
  std::string value;    ///< the offending value as JSON text, shortened; empty when absent
  bool operator==(const Fault&) const = default;
};

/// Why something failed: one code, one sentence with the offending value at its end, and for input
/// every fault found.
struct Error {
  Code code = Code::internal;
  std::string message;
  std::vector<Fault> faults;

  Error(Code c, std::string m) : code(c), message(std::move(m)) {}
  Error(Code c, std::string m, std::vector<Fault> f)
      : code(c), message(std::move(m)), faults(std::move(f)) {}
  /// The same error with "context: " before its sentence.
  Error with_context(std::string_view context) &&;
};

/// A T or an Error. Cheap to move; `[[nodiscard]]`, so that a failure cannot be overlooked.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  // Implicit by design: `return value;` and `return Error{...};` both read naturally.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  const T& value() const& {
    BL_CHECK(ok());
    return std::get<0>(state_);
  }
  T& value() & {
    BL_CHECK(ok());
    return std::get<0>(state_);
  }
  T&& value() && {
    BL_CHECK(ok());
    return std::get<0>(std::move(state_));
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  const Error& error() const& {
    BL_CHECK(!ok());
    return std::get<1>(state_);
  }
  Error&& error() && {
    BL_CHECK(!ok());
    return std::get<1>(std::move(state_));
  }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value: `return {};`.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  void value() const { BL_CHECK(ok()); }
  const Error& error() const& {
    BL_CHECK(!ok());
    return *error_;
  }
  Error&& error() && {
    BL_CHECK(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace bl

#define BL_CONCAT_INNER(a, b) a##b
#define BL_CONCAT(a, b) BL_CONCAT_INNER(a, b)

/// `BL_TRY(auto rows, database.query(...));` declares `rows`, or returns the error to our caller.
#define BL_TRY(declaration, expression) \
  BL_TRY_INNER(BL_CONCAT(bl_result_, __COUNTER__), declaration, expression)
#define BL_TRY_INNER(temporary, declaration, expression)    \
  auto temporary = (expression);                            \
  if (!temporary.ok()) return std::move(temporary).error(); \
  declaration = std::move(temporary).value()

/// `BL_RETURN_IF_ERROR(file.sync());` goes on, or returns the error to our caller. May stand inside
/// a lambda that is an argument of another.
#define BL_RETURN_IF_ERROR(expression) \
  BL_RETURN_IF_ERROR_INNER(BL_CONCAT(bl_status_, __COUNTER__), expression)
#define BL_RETURN_IF_ERROR_INNER(temporary, expression)       \
  do {                                                        \
    auto temporary = (expression);                            \
    if (!temporary.ok()) return std::move(temporary).error(); \
  } while (false)
