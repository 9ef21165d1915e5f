#pragma once

#include <span>
#include <string>
#include <vector>

#include "store/database.h"
#include "store/postgres/postgres_error.h"

namespace bl::store {

/// The parameters of one execution as libpq wants them. Numbers and texts go as text, so that the
/// server reads them as the type that the statement wants; blobs go as they are.
class Bound {
 public:
  explicit Bound(std::span<const Param> params) {
    values_.reserve(params.size());
    texts_.reserve(params.size());  // pointers into it stay valid
    for (const Param& param : params) std::visit(*this, param);
  }
  int count() const { return static_cast<int>(values_.size()); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

  void operator()(Null) { add(nullptr, 0, 0); }
  void operator()(std::int64_t value);
  void operator()(double value);
  void operator()(std::string_view value);
  void operator()(Blob value);

 private:
  void add_text(std::string text);
  void add(const char* value, int length, int format);

  std::vector<std::string> texts_;
  std::vector<const char*> values_;
  std::vector<int> lengths_, formats_;
};

/// A text with a NUL would end there.
bool has_nul(std::span<const Param> params);
PostgresError text_with_nul();

}  // namespace bl::store
