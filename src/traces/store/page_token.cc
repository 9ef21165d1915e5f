#include "traces/store/page_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <limits>

#include "base/hash.h"
#include "base/numbers.h"
#include "traces/store/json_text.h"

namespace bl::traces {
namespace {

constexpr std::size_t k_hits_max = 10'000;

void append_field(std::string& out, const Condition& condition) {
  if (const auto* name = std::get_if<IntrinsicField>(&condition.field)) {
    out += fmt::format("i{}", static_cast<int>(name->name));
    return;
  }
  const auto& attribute = std::get<AttributeField>(condition.field);
  out += fmt::format("a{}", static_cast<int>(attribute.place));
  append_key(out, attribute.key);
}

std::string digest_of(const SearchQuery& query) {
  const std::string all =
      fmt::format("{} {} {}", query.window.start_ns, query.window.end_ns, text_of(query.filter));
  return fmt::format("{:016x}", xxh3_64(all));
}

}  // namespace

std::string text_of(const SpanFilter& filter) {
  std::string out = fmt::format("{}", static_cast<int>(filter.kind));
  if (filter.kind == SpanFilter::Kind::condition) {
    append_field(out, filter.condition);
    out += fmt::format("c{}", static_cast<int>(filter.condition.comparison));
    append_json(out, filter.condition.value);
  }
  out += '(';
  for (const SpanFilter& part : filter.parts) out += text_of(part) + ",";
  out += ')';
  return out;
}

std::string page_token(const PageEnd& end, const SearchQuery& query) {
  return fmt::format("{}.{}.{}", end.start_ns, end.id.hex(), digest_of(query));
}

Result<std::optional<PageEnd>> page_end(const SearchQuery& query) {
  if (query.page.empty()) return std::optional<PageEnd>();
  const std::string_view token = query.page;
  const auto first = token.find('.'), second = token.rfind('.');
  const Error none(Code::invalid, "no page of this search: " + std::string(token.substr(0, 100)));
  if (first == token.npos || first == second) return none;
  const auto start = parse_int64(token.substr(0, first));
  const auto id = TraceId::from_hex(token.substr(first + 1, second - first - 1));
  if (!start || !id || token.substr(second + 1) != digest_of(query)) return none;
  return std::optional(PageEnd{*start, *id});
}

void add_scalars(const AnyValue& value, std::vector<AnyValue>& out) {
  if (const auto* array = std::get_if<Array>(&value.value)) {
    for (const AnyValue& one : *array) {
      if (!std::holds_alternative<Array>(one.value)) add_scalars(one, out);
    }
    return;
  }
  const bool is_scalar = std::holds_alternative<std::string>(value.value) ||
                         std::holds_alternative<bool>(value.value) ||
                         std::holds_alternative<std::int64_t>(value.value) ||
                         std::holds_alternative<double>(value.value);
  if (is_scalar) out.push_back(value);
}

bool scalar_before(const AnyValue& a, const AnyValue& b) {
  const auto rank = [](const AnyValue& v) {
    return std::holds_alternative<std::string>(v.value) ? std::variant_npos : v.value.index();
  };
  if (rank(a) != rank(b)) return rank(a) < rank(b);
  if (const auto* text = std::get_if<std::string>(&a.value)) {
    return *text < std::get<std::string>(b.value);
  }
  if (const auto* truth = std::get_if<bool>(&a.value)) return *truth < std::get<bool>(b.value);
  if (const auto* whole = std::get_if<std::int64_t>(&a.value)) {
    return *whole < std::get<std::int64_t>(b.value);
  }
  const double first = std::get<double>(a.value), second = std::get<double>(b.value);
  return std::strong_order(first, second) < 0;
}

Result<void> check(const SearchQuery& query) {
  if (query.limit == 0 || query.limit > k_hits_max) {
    return Error{Code::invalid,
                 fmt::format("a search gives 1 to {} traces, not: {}", k_hits_max, query.limit)};
  }
  return check(query.filter);
}

Result<void> check(const MetricQuery& query) {
  if (query.step_ns < 1) {
    return Error{Code::invalid,
                 fmt::format("a bucket takes at least a nanosecond, not: {}", query.step_ns)};
  }
  return check(query.filter);
}

std::int64_t bucket_of(std::int64_t at_ns, std::int64_t step_ns) {
  std::int64_t rest = at_ns % step_ns;
  if (rest < 0) rest += step_ns;
  // The first bucket of all time begins where time does.
  if (at_ns < std::numeric_limits<std::int64_t>::min() + rest) {
    return std::numeric_limits<std::int64_t>::min();
  }
  return at_ns - rest;
}

double percentile(const std::vector<std::int64_t>& sorted, int percent) {
  if (sorted.empty()) return 0;
  const std::size_t rank = (sorted.size() * static_cast<std::size_t>(percent) + 99) / 100;
  return static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

}  // namespace bl::traces
