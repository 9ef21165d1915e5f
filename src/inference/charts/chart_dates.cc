#include "inference/chart_dates.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "base/numbers.h"

namespace bl::inference {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

Result<year_month_day> parse(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t count) {
    return parse_int64(text.substr(at, count)).value_or(-1);
  };
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    const year_month_day date{std::chrono::year{static_cast<int>(number(0, 4))},
                              std::chrono::month{static_cast<unsigned>(number(5, 2))},
                              std::chrono::day{static_cast<unsigned>(number(8, 2))}};
    if (date.ok() && date.year() >= std::chrono::year{0}) return date;
  }
  return Error{Code::invalid, fmt::format("not a date of the form YYYY-MM-DD: {}", text)};
}

std::string text_of(sys_days day) {
  const year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

}  // namespace

Result<std::string> months_before(std::string_view date, int months) {
  BL_TRY(const year_month_day from, parse(date));
  const auto month =
      year_month_day{from.year(), from.month(), std::chrono::day{1}} - std::chrono::months{months};
  return text_of(sys_days(month) + days{static_cast<unsigned>(from.day()) - 1});
}

Result<std::string> closest_date(std::span<const std::string> dates, std::string_view target) {
  if (dates.empty()) return std::string();
  BL_TRY(const year_month_day wanted, parse(target));
  std::string closest;
  days best = days::max();
  for (const std::string& text : dates) {
    BL_TRY(const year_month_day date, parse(text));
    const days away = std::chrono::abs(sys_days(date) - sys_days(wanted));
    if (away < best) closest = text, best = away;
  }
  return closest;
}

Result<std::string> monday_of(std::string_view date) {
  BL_TRY(const year_month_day day, parse(date));
  const std::chrono::weekday weekday{sys_days(day)};
  return text_of(sys_days(day) - (weekday - std::chrono::Monday));
}

std::vector<std::string> config_change_dates(std::span<const DatedRow> rows,
                                             const ConfigChangeQuery& query,
                                             const ChartLabels& labels) {
  const auto begins = [](std::string_view text, const std::vector<std::string>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const std::string& prefix) { return text.starts_with(prefix); });
  };
  std::map<std::string, std::set<std::string>> by_date;
  for (const auto& [row, date, actual_date, run_url] : rows) {
    const ServingConfig& c = row.config;
    const auto& precisions = query.precisions;
    if (date < query.start || date > query.end ||
        !begins(serving_key(labels, c), query.hw_key_prefixes) ||
        std::find(precisions.begin(), precisions.end(), c.precision) == precisions.end())
      continue;
    by_date[date].insert(
        fmt::format("{}_{}_{}_{}", row.conc, c.decode_tp, c.decode_ep, c.decode_dp_attention));
  }
  std::vector<std::string> dates;
  const std::set<std::string>* before = nullptr;
  for (const auto& [date, configs] : by_date) {
    if (!before || *before != configs) dates.push_back(date);
    before = &configs;
  }
  return dates;
}

Result<std::vector<WeekOfSubmissions>> weekly_volume(std::span<const SubmittedVolume> volume,
                                                     const Registry& registry) {
  std::map<std::string, WeekOfSubmissions> weeks;
  for (const SubmittedVolume& one : volume) {
    BL_TRY(const std::string monday, monday_of(one.date));
    WeekOfSubmissions& week = weeks[monday];
    week.monday = monday;
    (vendor_of(registry, one.hardware) == "NVIDIA" ? week.nvidia : week.others) += one.points;
  }
  std::vector<WeekOfSubmissions> list;
  for (auto& [monday, week] : weeks) list.push_back(std::move(week));
  return list;
}

std::string vendor_of(const Registry& registry, std::string_view hardware) {
  const Hardware* found = registry.find_hardware(hardware.substr(0, hardware.find_first_of("-_")));
  return found ? found->vendor : "Unknown";
}

}  // namespace bl::inference
