#include "advice/alert_cost_routes.h"

#include "net/query_fields.h"

namespace bl::advice {
namespace {

constexpr std::int64_t k_days_max = 3'660;
constexpr double k_miss_cost_max = 1e6;

Result<std::string> get_alert_cost(const net::Request& request, const AlertCostRoutePorts& ports) {
  net::QueryFields query(request);
  CostQuestion question;
  const std::string repository = query.required_text("repository");
  question.days = static_cast<int>(query.integer("days", 1, k_days_max).value_or(question.days));
  question.miss_cost = query.positive("miss_cost").value_or(question.miss_cost);
  if (question.miss_cost > k_miss_cost_max) query.fault("miss_cost", "must be at most 1000000");
  question.until = query.time("until");
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(question.repository, ports.normalise_repository(repository));
  BL_TRY(const CostFacts facts, ports.facts.facts(question));
  return encode_alert_cost(alert_cost(facts, question));
}

}  // namespace

void add_alert_cost_routes(net::Router& router, const AlertCostRoutePorts& ports) {
  router.add({.method = net::Method::get,
              .pattern = "/api/v1/advice/alert-cost",
              .access = net::Access::read,
              .handler = [ports](net::Request& request) {
                const Result<std::string> answer = get_alert_cost(request, ports);
                if (!answer.ok()) return net::problem(answer.error(), request.request_id);
                return net::Response::json(200, *answer);
              }});
}

}  // namespace bl::advice
