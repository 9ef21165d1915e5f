#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/replica/store_rows.h"

/// Ids of results in the order of their texts, by the two numbers that the lake has of most.
/// Private to the replica.
namespace bl::results::replica {

/// The least id of 32 hex digits that is not before a text; nullopt: all are.
std::optional<IdBits> first_id_from(std::string_view text);

/// Whole numbers, both included, as the lake has them; in descending order of the ids one after the
/// other: a first digit of 8 and more makes the number negative.
struct HighRange {
  std::int64_t low, high;
};
/// The first numbers of all ids from `from` (its own included) to before `before`, the newest range
/// first. Absent: no bound.
std::vector<HighRange> high_ranges(const std::optional<IdBits>& from,
                                   const std::optional<IdBits>& before);

/// SQL: `id_low` as a number whose order is that of the texts.
inline constexpr std::string_view k_low_order = "xor(id_low, CAST(-9223372036854775808 AS BIGINT))";
std::int64_t low_order_of(std::int64_t low);

/// SQL of an id's text.
inline constexpr std::string_view k_id_text =
    "coalesce(id_text, lpad(lower(to_hex(id_high)), 16, '0') || lpad(lower(to_hex(id_low)), 16, "
    "'0'))";

}  // namespace bl::results::replica
