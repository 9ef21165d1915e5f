#include "ops/recent_errors.h"

#include "base/json.h"

namespace bl::ops {

Log::Sink RecentErrors::around(Log::Sink next) {
  return [this, next = std::move(next)](std::string_view line) {
    remember(line);
    next(line);
  };
}

void RecentErrors::remember(std::string_view line) {
  // Most lines are neither, and a look is cheaper than a parse.
  const std::string_view head = line.substr(0, 80);
  if (head.find(R"("level":"error")") == std::string_view::npos &&
      head.find(R"("level":"warning")") == std::string_view::npos)
    return;
  const auto document = json::parse(line);
  if (!document.ok()) return;
  const auto text = [&](const char* key) {
    const json::Value* value = document->find(key);
    return value != nullptr && value->is_string() ? value->as_string() : std::string();
  };
  LoggedTrouble trouble{text("time"), text("level"), text("event"), std::string(line)};
  const std::lock_guard lock(mutex_);
  kept_.push_front(std::move(trouble));
  if (kept_.size() > k_kept_max) kept_.pop_back();
}

std::vector<LoggedTrouble> RecentErrors::newest() const {
  const std::lock_guard lock(mutex_);
  return {kept_.begin(), kept_.end()};
}

}  // namespace bl::ops
