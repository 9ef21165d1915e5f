#include "app/advice.h"

#include "advice/routes.h"
#include "app/advice_forge.h"
#include "results/result_news.h"

namespace bl::app {
namespace {

constexpr std::chrono::milliseconds k_look_pause{200};

class News final : public advice::ResultNews {
 public:
  explicit News(store::Database& database) : database_(database) {}
  Result<Since> since(std::optional<std::int64_t> mark) override {
    BL_TRY(const results::ResultNews news, results::result_news(database_, mark));
    Since since{.mark = news.mark};
    for (const results::CommitWithNews& commit : news.commits)
      since.commits.push_back({commit.repository, commit.sha});
    return since;
  }

 private:
  store::Database& database_;
};

}  // namespace

AdviceService::AdviceService(const Settings& settings, const Around& around)
    : settings_(settings.advice),
      base_url_(settings.base_url),
      changes_(around.results.reporter(), around.results.verdicts()),
      traces_(around.results.exemplars(), around.traces),
      builds_(around.events),
      adviser_({.changes = changes_, .traces = &traces_, .builds = &builds_, .log = &around.log}),
      news_(std::make_unique<News>(around.database)),
      poster_({.adviser = adviser_,
               .news = *news_,
               .forge_of =
                   [this, &clock = around.clock](const std::string& repository) {
                     return forge_of(settings_, repository, clock);
                   },
               .jobs = around.jobs,
               .clock = around.clock,
               .log = around.log,
               .metrics = around.metrics},
              {.base_url = base_url_, .checks = settings_.checks}, {.quiet = settings_.quiet}),
      alert_cost_(around.readers, around.clock, settings.analysis) {}

void AdviceService::add_routes(net::Router& router) {
  alert_cost_.add_routes(router);
  advice::add_routes(
      router, {.adviser = adviser_,
               .base_url = base_url_,
               .post = [this](const advice::Question& asked) -> Result<advice::PostedComment> {
                 advice::Question question = asked;
                 BL_TRY(question.repository, repository_of_question(asked.repository));
                 return poster_.post(question);
               }});
}

void AdviceService::start() {
  if (!settings_.comments) return;
  task_ = std::make_unique<PeriodicTask>(k_look_pause, [this] {
    poster_.work();
    return false;
  });
}

}  // namespace bl::app
