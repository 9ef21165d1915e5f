#include <fmt/format.h>

#include "traces/api/answers.h"
#include "traces/api/times.h"

/// What goes for good: the operator's.
namespace bl::traces {
namespace {

constexpr std::size_t k_body_bytes_max = 64u << 10;
constexpr std::chrono::minutes k_deadline{30};
constexpr std::int64_t k_day_ns = 86'400'000'000'000;
constexpr std::int64_t k_days_max = 36'500;

struct Asked {
  std::int64_t days = 0;
  Expiry mode = Expiry::done;
};

Result<Asked> decode(const std::string& text) {
  BL_TRY(const json::Value body, json::parse(text));
  const json::Value* days = body.find("older_than_days");
  const auto number = days != nullptr && days->is_number() ? days->as_int64() : std::nullopt;
  if (!number || *number < 1 || *number > k_days_max) {
    return Error{Code::invalid, fmt::format("/older_than_days must be 1 to {}", k_days_max)};
  }
  Asked asked{*number};
  const json::Value* dry_run = body.find("dry_run");
  if (dry_run == nullptr || dry_run->is_null()) return asked;
  if (!dry_run->is_bool()) return Error{Code::invalid, "/dry_run must be true or false"};
  if (dry_run->as_bool()) asked.mode = Expiry::told;
  return asked;
}

Result<Response> expire(const Call& call) {
  BL_RETURN_IF_ERROR(net::QueryFields(call.request).finish());
  BL_TRY(const Asked asked, decode(call.request.body));
  const std::int64_t now_ns = call.ports.clock.now().micros * 1'000;
  BL_TRY(const ExpiredSpans done, call.store.expire(now_ns - asked.days * k_day_ns, asked.mode));
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("before", instant_text(done.before_ns))
      .member("spans", done.spans)
      .member("files", done.files)
      .member("kept_spans", done.kept)
      .member("dry_run", asked.mode == Expiry::told)
      .end_object();
  return answer_json(std::move(text));
}

}  // namespace

void add_expiry_route(RouteSet& routes) {
  routes.change("/api/v1/traces/expire", expire,
                {.body_bytes_max = k_body_bytes_max, .deadline = k_deadline});
}

}  // namespace bl::traces
