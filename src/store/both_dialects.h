#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "store/database.h"

/// Statements are written once, with marks where the dialects differ; the compiler makes both texts
/// of each.
///
///   mark             SQLite          PostgreSQL
///   @series          bl_series       benchlake.series        (any table of ours)
///   @micros{c}       c               microseconds since 1970 of the timestamp column c
///   @time{$1}        $1              the timestamp of $1 microseconds since 1970
///   @jsonb{$1}       $1              $1::jsonb
///   @text{c}         c               c::text                 (a jsonb column as JSON text)
///   @float{c}        c               c::float8 of a numeric; null beyond a double, 0 below one
///   @numbers{c}      c               a numeric[] column as a JSON array
///   @numeric{$1}     $1              a JSON array of numbers and nulls as numeric[]
///   @texts{c}        c               a text[] column as a JSON array
///   @textarray{$1}   $1              a JSON array as text[]; null stays null, [] stays empty
///   @binary{c}       c               c collate "C"
///   @postgres{for update}            for update              (PostgreSQL only)
namespace bl::store {

namespace sql {

struct Mark {
  std::string_view name, before, after;  // PostgreSQL's text around the argument
  bool postgres_only = false;            // SQLite gets nothing, not even the argument
  // PostgreSQL: the argument stands twice, around this, or three times.
  std::string_view between = {}, between_again = {};
};
inline constexpr std::array k_marks = {
    Mark{"micros", "(extract(epoch from ", ") * 1000000)::bigint"},
    // A number times an interval is computed in floating point: whole seconds stay exact.
    Mark{"time", "(timestamp 'epoch' + (", "::bigint % 1000000) * interval '1 microsecond')", false,
         "::bigint / 1000000) * interval '1 second' + ("},
    Mark{"jsonb", "", "::jsonb"},
    Mark{"text", "", "::text"},
    // What no double holds (1e400, NaN) is null, and what is too small for one is 0: an old row may
    // have it, and one would fail a page.
    Mark{"float", "case when abs(", "::float8 else 0 end end", false,
         ") < 1.797693134862315807e308 then case when abs(", ") > 2.4703282292062328e-324 then "},
    Mark{"numbers", "array_to_json(", ")::text"},
    Mark{"numeric", "translate(", ", '[]', '{}')::numeric[]"},
    Mark{"texts", "array_to_json(", ")::text"},
    Mark{"textarray",
         "(select array(select e from jsonb_array_elements_text(d) with ordinality as t(e, i) "
         "order by i) from (select ",
         "::jsonb as d) as one where d is not null)"},
    Mark{"binary", "", " collate \"C\""},
    Mark{"postgres", "", "", true},
};

constexpr bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || c == '_';
}

/// Hands the text of one dialect to `out`, piece by piece.
template <class Out>
constexpr void render(std::string_view text, Dialect dialect, Out&& out) {
  const bool postgres = dialect == Dialect::postgres;
  std::size_t at = 0;
  std::string_view after, between, between_again;  // of the mark that is open; marks do not nest
  std::size_t argument = 0;                        // where it begins
  bool is_open = false;
  bool swallow = false;  // its argument
  while (at < text.size()) {
    const char c = text[at];
    if (c == '}' && is_open) {
      for (const std::string_view more : {between, between_again}) {
        if (!postgres || more.empty()) continue;
        out(more);
        out(text.substr(argument, at - argument));
      }
      if (postgres) out(after);
      is_open = false;
      swallow = false;
      ++at;
      continue;
    }
    if (c != '@') {
      if (!swallow) out(text.substr(at, 1));
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view name = text.substr(at + 1, end - at - 1);
    if (end < text.size() && text[end] == '{') {
      for (const Mark& mark : k_marks) {
        if (mark.name != name) continue;
        if (postgres) out(mark.before);
        after = mark.after;
        between = mark.between;
        between_again = mark.between_again;
        argument = end + 1;
        is_open = true;
        swallow = mark.postgres_only && !postgres;
      }
      at = end + 1;
      continue;
    }
    out(postgres ? std::string_view("benchlake.") : std::string_view("bl_"));
    out(name);
    at = end;
  }
}

template <std::size_t N>
struct FixedText {
  char text[N]{};
  constexpr FixedText(const char (&literal)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

template <FixedText T, Dialect D>
struct Rendered {
  static constexpr std::size_t k_size = [] {
    std::size_t size = 0;
    render(T.view(), D, [&](std::string_view piece) { size += piece.size(); });
    return size;
  }();
  static constexpr std::array<char, k_size + 1> k_text = [] {
    std::array<char, k_size + 1> text{};
    std::size_t at = 0;
    render(T.view(), D, [&](std::string_view piece) {
      for (char c : piece) text[at++] = c;
    });
    return text;
  }();
};

}  // namespace sql

/// `both_dialects<"select no from @result_number where id = $1">()`
template <sql::FixedText T>
Sql both_dialects() {
  return Sql(sql::Rendered<T, Dialect::sqlite>::k_text.data(),
             sql::Rendered<T, Dialect::postgres>::k_text.data());
}

/// The same for a text that is put together at run time.
inline std::string in_dialect(std::string_view text, Dialect dialect) {
  std::string out;
  sql::render(text, dialect, [&](std::string_view piece) { out += piece; });
  return out;
}

}  // namespace bl::store
