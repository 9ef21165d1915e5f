#include "ops/operations.h"

#include "base/json.h"
#include "base/optional_time.h"

namespace bl::ops {

const char* name_of(OperationView::State state) {
  switch (state) {
    case OperationView::State::running:
      return "running";
    case OperationView::State::succeeded:
      return "succeeded";
    case OperationView::State::failed:
      break;
  }
  return "failed";
}

std::string encode(const OperationView& view) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("id", view.id)
      .member("kind", view.kind)
      .member("state", name_of(view.state))
      .member("phase", view.phase)
      .member("done", view.done)
      .member("total", view.total == 0 ? std::nullopt : std::optional(view.total))
      .member("started_at", to_rfc3339(view.started_at))
      .member("ended_at", to_rfc3339(view.ended_at));
  if (view.error) {
    writer.key("error")
        .begin_object()
        .member("code", name_of(view.error->code))
        .member("detail", view.error->message)
        .end_object();
  }
  if (!view.result_json.empty()) writer.key("result").raw(view.result_json);
  writer.end_object();
  return text;
}

Operations::~Operations() {
  stopping_ = true;
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, operation] : operations_) threads.push_back(std::move(operation.thread));
  }
  for (std::thread& thread : threads) {
    if (thread.joinable()) thread.join();
  }
}

Result<OperationView> Operations::start(const std::string& kind, Work work) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, operation] : operations_) {
    if (operation.view.kind == kind && operation.view.state == OperationView::State::running)
      return Error(Code::conflict, "one is running already: " + id);
  }
  forget_oldest();
  const std::string id = ids_.next();
  Operation& operation = operations_[id];
  operation.view.id = id;
  operation.view.kind = kind;
  operation.view.started_at = clock_.now();
  // Waits for this lock before it touches the operation.
  operation.thread = std::thread([this, id, work = std::move(work)] { run(id, work); });
  return operation.view;
}

void Operations::run(const std::string& id, const Work& work) {
  const Progress progress = [&](std::string_view phase, std::uint64_t done, std::uint64_t total) {
    const std::lock_guard lock(mutex_);
    OperationView& view = operations_.at(id).view;
    view.phase = phase;
    view.done = done;
    view.total = total;
    return !stopping_;
  };
  Result<std::string> outcome = work(progress);
  const std::lock_guard lock(mutex_);
  OperationView& view = operations_.at(id).view;
  view.ended_at = clock_.now();
  view.state = outcome.ok() ? OperationView::State::succeeded : OperationView::State::failed;
  if (outcome.ok()) {
    view.result_json = std::move(outcome).value();
  } else {
    view.error = std::move(outcome).error();
  }
}

Result<OperationView> Operations::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = operations_.find(id);
  if (found == operations_.end())
    return Error(Code::not_found, "no such operation since the start of the server: " + id);
  return found->second.view;
}

void Operations::forget_oldest() {
  if (operations_.size() < limits_.kept_max) return;
  for (auto entry = operations_.begin(); entry != operations_.end(); ++entry) {
    if (entry->second.view.state == OperationView::State::running) continue;
    entry->second.thread.join();  // has said its last word
    operations_.erase(entry);
    return;
  }
}

}  // namespace bl::ops
