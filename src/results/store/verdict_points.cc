#include "results/store/verdict_points.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/text_arena.h"
#include "results/store/history_details.h"
#include "results/store/history_sql.h"
#include "results/store/rows.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

// Behind the values: details on SQLite; unit, result_id, sha, message and annotations on
// PostgreSQL.
constexpr int k_after_values = 5;

const store::Sql& points_sql() {
  static const std::string k_postgres =
      "select " + values_on_postgres() +
      ", r.unit, r.id, c.sha, c.message, "
      "coalesce(r.change_annotations::text, '{}')" BL_FROM_POSTGRES(BL_FINGERPRINT_OF_SERIES);
  static const store::Sql k_sql("select " BL_VALUES_SQLITE ", details" BL_FROM_SQLITE,
                                k_postgres.c_str());
  return k_sql;
}

struct Texts {
  std::string_view unit, result_id, commit_sha, commit_message, annotations;
};

Result<Texts> texts_of(const store::Row& row, store::Dialect dialect, TextArena& arena) {
  if (dialect == store::Dialect::postgres) {
    return Texts{row.text(k_after_values), row.text(k_after_values + 1),
                 row.text(k_after_values + 2), row.text(k_after_values + 3),
                 row.text(k_after_values + 4)};
  }
  BL_TRY(const PointDetails details, unpack_details(row.text(k_after_values), arena));
  return Texts{details.unit, details.result_id, details.commit_sha, details.commit_message,
               details.change_annotations};
}

VerdictPoint point_of(const store::Row& row, const Texts& texts, double value,
                      WithMessages messages) {
  VerdictPoint point;
  point.commit_timestamp = Timestamp{row.integer(0)};
  point.result_timestamp = Timestamp{row.integer(1)};
  point.value = value;
  point.result_id = texts.result_id;
  point.commit_sha = texts.commit_sha;
  if (messages == WithMessages::yes) point.commit_message = texts.commit_message;
  point.lesson = lesson_of(texts.annotations);
  point.is_confirmed = confirms(texts.annotations);
  return point;
}

Result<std::vector<VerdictPoint>> read_points(store::Connection& connection,
                                              const VerdictPlace& place, SummaryMode mode,
                                              WithMessages messages) {
  std::vector<VerdictPoint> points;
  if (!place.unit) return points;
  TextArena arena;
  BL_RETURN_IF_ERROR(for_each_row(
      connection, points_sql(), {place.series_no}, [&](const store::Row& row) -> Result<void> {
        const auto value = row.real_or_null(mode == SummaryMode::best ? 3 : 4);
        if (!value || !std::isfinite(*value)) return {};
        BL_TRY(const Texts texts, texts_of(row, connection.dialect(), arena));
        if (texts.unit == *place.unit) points.push_back(point_of(row, texts, *value, messages));
        return {};
      }));
  // What came in later may be of an earlier commit. What has the same times stays as it came in.
  const auto times = [](const VerdictPoint& point) {
    return std::pair(point.commit_timestamp.micros, point.result_timestamp.micros);
  };
  if (!std::ranges::is_sorted(points, {}, times)) std::ranges::stable_sort(points, {}, times);
  return points;
}

// Environments -------------------------------------------------------------------------------

// What a program may run faster or slower for. Clock rates are left out: some systems report the
// present one.
std::string words_of(const store::Row& row) {
  std::string words;
  for (int column = 1; column <= 5; ++column) {
    const std::string_view text = row.text(column);
    if (text.empty()) continue;
    if (!words.empty()) words += " · ";
    words += text;
  }
  return words;
}

// By the id of the hardware.
using Environments = std::map<std::string, std::string, std::less<>>;

Result<Environments> read_environments(store::Connection& connection, std::string_view hash) {
  Environments found;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select id, name, coalesce(cpu_model_name, ''), coalesce(kernel_name, ''), "
          "coalesce(os_name, ''), coalesce(os_version, '') from hardware where hash = $1 "
          "order by id">(),
      {hash}, [&](const store::Row& row) {
        found.emplace(row.text(0), words_of(row));
        return true;
      }));
  return found;
}

// Which hardware each result of a series ran on.
Result<std::map<std::string, std::string, std::less<>>> read_hardware(store::Connection& connection,
                                                                      const VerdictPlace& place) {
  std::map<std::string, std::string, std::less<>> hardware;
  const auto take = [&](const store::Row& row) {
    hardware.emplace(row.text(0), row.text(1));
    return true;
  };
  if (connection.dialect() == store::Dialect::postgres) {
    BL_RETURN_IF_ERROR(connection.query(
        "select id, hardware_id from benchmark_result where history_fingerprint = $1",
        {std::string_view(place.fingerprint)}, take));
    return hardware;
  }
  BL_RETURN_IF_ERROR(
      connection.query("select r.id, r.hardware_id from bl_history h "
                       "join bl_result_number n on n.no = h.place - ($1 << 37) "
                       "join benchmark_result r on r.id = n.id "
                       "where h.place >= ($1 << 37) and h.place < (($1 + 1) << 37)",
                       {place.series_no}, take));
  return hardware;
}

// Numbers in the order in which the environments first appear.
Result<void> tell_environments_apart(store::Connection& connection, const VerdictPlace& place,
                                     const Environments& environments, VerdictHistory& history) {
  BL_TRY(const auto hardware, read_hardware(connection, place));
  std::map<std::string, std::uint32_t, std::less<>> numbers;
  for (VerdictPoint& point : history.points) {
    const auto id = hardware.find(point.result_id);
    const auto words = id == hardware.end() ? environments.end() : environments.find(id->second);
    const std::string& text =
        words == environments.end() ? environments.begin()->second : words->second;
    const auto [number, is_new] =
        numbers.try_emplace(text, static_cast<std::uint32_t>(history.environments.size()));
    if (is_new) history.environments.push_back(text);
    point.environment = number->second;
  }
  return {};
}

// The number of an environment, which is added where it is new.
std::uint32_t number_of(const std::string& words, VerdictHistory& history) {
  const auto known = std::ranges::find(history.environments, words);
  const auto number = static_cast<std::uint32_t>(known - history.environments.begin());
  if (known == history.environments.end()) history.environments.push_back(words);
  return number;
}

bool is_true(const json::Value& annotations, std::string_view name) {
  const json::Value* mark = annotations.find(name);
  return mark != nullptr && mark->is_bool() && mark->as_bool();
}

}  // namespace

verdict::Lesson lesson_of(std::string_view annotations_json) {
  if (annotations_json.size() <= 2) return verdict::Lesson::none;
  const auto annotations = json::parse(annotations_json);
  if (!annotations.ok() || !annotations->is_object()) return verdict::Lesson::none;
  if (is_true(*annotations, "noise")) return verdict::Lesson::noise;
  if (is_true(*annotations, "machine_changed")) return verdict::Lesson::machine_changed;
  if (is_true(*annotations, "begins_distribution_change")) return verdict::Lesson::expected;
  return verdict::Lesson::none;
}

bool confirms(std::string_view annotations_json) {
  if (annotations_json.find("\"confirmed\"") == std::string_view::npos) return false;
  const auto annotations = json::parse(annotations_json);
  return annotations.ok() && annotations->is_object() && is_true(*annotations, "confirmed");
}

Result<std::uint32_t> environment_of(store::Connection& connection, const VerdictPlace& place,
                                     std::string_view result_id, VerdictHistory& history) {
  BL_TRY(const Environments environments, read_environments(connection, place.hardware_hash));
  if (environments.empty()) return number_of("", history);
  std::string words = environments.begin()->second;
  BL_RETURN_IF_ERROR(connection.query("select hardware_id from benchmark_result where id = $1",
                                      {result_id}, [&](const store::Row& row) {
                                        const auto found = environments.find(row.text(0));
                                        if (found != environments.end()) words = found->second;
                                        return false;
                                      }));
  return number_of(words, history);
}

Result<VerdictHistory> verdict_history(store::Connection& connection, const VerdictPlace& place,
                                       SummaryMode mode, WithMessages messages) {
  VerdictHistory history;
  BL_TRY(history.points, read_points(connection, place, mode, messages));
  if (history.points.empty()) return history;
  BL_TRY(const Environments environments, read_environments(connection, place.hardware_hash));
  const auto differs = [&](const auto& one) { return one.second != environments.begin()->second; };
  if (std::ranges::any_of(environments, differs)) {
    BL_RETURN_IF_ERROR(tell_environments_apart(connection, place, environments, history));
  } else {
    history.environments.push_back(environments.empty() ? "" : environments.begin()->second);
  }
  return history;
}

}  // namespace bl::results
