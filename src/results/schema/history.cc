#include <array>

#include "results/schema.h"

// What a submission costs SQLite is counted in pages.
//
// A point of a history was 370 bytes in a tree whose inner pages held points too: ten a page, and
// every third to fifth that came in split one, which rewrites its neighbours. Now its place is a
// number, so that inner pages hold numbers only, and what no statistic reads is packed: half as
// many bytes. The statement below packs as store/history_details.cc does, but leaves samples as
// text, which that reads too: SQL has no bytes of a double. [docs/formats/history.md]
//
// The row of a series was 980 bytes, of which 640 its sparkline, which a submission copied along
// unread. Now that stands beside it: twelve rows a page instead of four.
#define BL_LENGTH(n)                                                                    \
  "case when " n " < 128 then unhex(printf('%02x', " n                                  \
  ")) "                                                                                 \
  "when " n " < 16384 then unhex(printf('%02x%02x', " n " & 127 | 128, " n              \
  " >> 7)) "                                                                            \
  "else unhex(printf('%02x%02x%02x%02x', " n " & 127 | 128, " n " >> 7 & 127 | 128, " n \
  " >> 14 & 127 | 128, " n " >> 21)) end"
#define BL_BYTES(text) "length(cast(" text " as blob))"
#define BL_TEXT(text) BL_LENGTH(BL_BYTES(text)) " || " text
// Each twice as long as it says, plus one for hex.
#define BL_ID(id)                                                                                 \
  "case when length(" id ") % 2 = 0 and " id                                                      \
  " not glob '*[^0-9a-f]*' "                                                                      \
  "then " BL_LENGTH("(length(" id ") + 1)") " || unhex(" id                                       \
                                            ") "                                                  \
                                            "else " BL_LENGTH("(" BL_BYTES(id) " * 2)") " || " id \
                                                                                        " end"
#define BL_NAMES_COMMIT "run_tags = '{\"name\":\"commit: ' || commit_sha || '\"}'"

namespace bl::results {
namespace {

constexpr std::string_view k_history_sqlite =
    "create table bl_history_packed ("
    "  place integer primary key,"
    "  commit_timestamp integer not null,"
    "  result_timestamp integer not null,"
    "  best real not null,"
    "  summary_mean real,"  // null: it is the mean
    "  begins_change integer not null,"
    "  mean real,"
    "  details blob not null"
    ") strict;"
    "insert into bl_history_packed "
    "select (series_no << 37) + result_no, commit_timestamp, result_timestamp, best, "
    "nullif(summary_mean, mean), begins_change, mean, "
    "cast(x'01' || unhex(printf('%02x', (" BL_NAMES_COMMIT ") * 2 + (change_annotations = '{}') "
    "* 4)) || (" BL_TEXT("unit") ") || (" BL_TEXT("run_id") ") || (" BL_TEXT("commit_message")
    ") || (" BL_ID("result_id") ") || (" BL_ID("commit_sha") ") || (" BL_ID("info_id") ") || ("
    BL_TEXT("data") ") || case when " BL_NAMES_COMMIT " then '' else (" BL_TEXT("run_tags")
    ") end || case when change_annotations = '{}' then '' else (" BL_TEXT("change_annotations")
    ") end as blob) from bl_history;"
    "drop table bl_history;"
    "alter table bl_history_packed rename to bl_history;"
    "create table bl_series_sparkline ("
    "  series_no integer primary key references bl_series (series_no) on delete cascade,"
    "  sparkline text not null"
    ") strict;"
    "insert into bl_series_sparkline select series_no, sparkline from bl_series;"
    "alter table bl_series drop column sparkline";

constexpr std::string_view k_history_postgres = R"sql(
create table benchlake.series_sparkline (
  series_no bigint not null primary key
    references benchlake.series (series_no) on delete cascade,
  sparkline text not null
);
insert into benchlake.series_sparkline select series_no, sparkline from benchlake.series;
alter table benchlake.series drop column sparkline;
)sql";

constexpr std::array k_migrations = {
    store::Migration{12, "history_packed", k_history_sqlite, k_history_postgres},
};

}  // namespace

std::span<const store::Migration> history_migrations() {
  return k_migrations;
}

}  // namespace bl::results
