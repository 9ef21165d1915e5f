#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "columns/batch.h"

/// What a statement's parameters may be. User input goes into SQL this way only.
namespace bl::duck {

struct Null {};

/// A parameter, bound by position from 1: `?` or `$1`. Lists serve `read_parquet(?)` and
/// `x IN (SELECT unnest(?))`. Texts must be UTF-8.
using Value =
    std::variant<Null, bool, std::int64_t, double, std::string, columns::Bytes, columns::Date,
                 Timestamp, std::vector<std::string>, std::vector<std::int64_t>>;
using Values = std::vector<Value>;

}  // namespace bl::duck
