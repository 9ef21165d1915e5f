#include "ops/queries.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/utf8.h"
#include "ops/query_json.h"

namespace bl::ops {
namespace {

const char* name_of(QueryView::State state) {
  switch (state) {
    case QueryView::State::running:
      return "running";
    case QueryView::State::succeeded:
      return "succeeded";
    case QueryView::State::failed:
      return "failed";
  }
  return "";
}

/// The same for a person's session and tokens; all who are nobody are the same.
std::string identity_of(const net::Principal& principal) {
  if (!principal.user_id.empty()) return "user " + principal.user_id;
  return fmt::format("{} {}", static_cast<int>(principal.kind), principal.id);
}

}  // namespace

std::string encode(const QueryView& view) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("id", view.id)
      .member("state", name_of(view.state))
      .member("sql", view.sql)
      .member("sender", view.sender.empty() ? std::nullopt : std::optional(view.sender))
      .member("started_at", to_rfc3339(view.started_at));
  writer.key("ended_at");
  view.ended_at ? writer.value(to_rfc3339(*view.ended_at)) : writer.null();
  writer.key("progress")
      .begin_object()
      .member("fraction", view.progress.fraction)
      .member("rows_done", view.progress.rows_done)
      .member("rows_total", view.progress.rows_total)
      .end_object();
  writer.key("truncated");
  view.statistics ? writer.value(view.statistics->is_truncated) : writer.null();
  writer.key("statistics");
  if (view.statistics) {
    write_statistics(writer, *view.statistics);
  } else {
    writer.null();
  }
  writer.key("error");
  if (view.error) {
    writer.begin_object()
        .member("code", bl::name_of(view.error->code))
        .member("detail", valid_utf8(view.error->message))
        .end_object();
  } else {
    writer.null();
  }
  writer.end_object();
  return text;
}

Result<std::string> Queries::begin(const std::string& id, const std::string& sql,
                                   const net::Principal& sender,
                                   std::shared_ptr<engine::QueryControl> control) {
  Entry entry;
  entry.view.id = id.empty() ? ids_.next() : id;
  entry.view.sql = std::string(prefix_of_bytes(sql, limits_.sql_bytes_max));
  entry.view.sender = sender.name;
  entry.view.started_at = clock_.now();
  entry.sender = identity_of(sender);
  entry.control = std::move(control);
  const std::lock_guard lock(mutex_);
  if (is_stopped_) return Error{Code::unavailable, "the server stops"};
  entry.number = next_++;
  const std::string begun = entry.view.id;
  if (!entries_.emplace(begun, std::move(entry)).second) {
    return Error{Code::conflict, "there is a query of that id: " + begun};
  }
  return begun;
}

void Queries::succeed(const std::string& id, const engine::Statistics& statistics) {
  end(id, [&](QueryView& view) {
    view.state = QueryView::State::succeeded;
    view.statistics = statistics;
    view.progress.fraction = 1;
  });
}

void Queries::fail(const std::string& id, const Error& error) {
  end(id, [&](QueryView& view) {
    view.state = QueryView::State::failed;
    view.error = error;
  });
}

void Queries::end(const std::string& id, const std::function<void(QueryView&)>& how) {
  const std::lock_guard lock(mutex_);
  Entry& ended = entries_.at(id);
  ended.view = view_of(ended);
  ended.view.ended_at = clock_.now();
  how(ended.view);
  ended.control.reset();
  std::size_t over = 0;
  auto oldest = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    if (at->second.control != nullptr) continue;
    ++over;
    if (oldest == entries_.end() || at->second.number < oldest->second.number) oldest = at;
  }
  if (over > limits_.kept_max) entries_.erase(oldest);
}

bool Queries::may_see(const Entry& entry, const net::Principal& by) {
  return by.role == net::Role::admin || identity_of(by) == entry.sender;
}

QueryView Queries::view_of(const Entry& entry) {
  QueryView view = entry.view;
  if (entry.control != nullptr) view.progress = entry.control->progress();
  return view;
}

std::vector<QueryView> Queries::list(const net::Principal& by) const {
  const std::lock_guard lock(mutex_);
  std::vector<const Entry*> seen;
  for (const auto& [id, entry] : entries_) {
    if (may_see(entry, by)) seen.push_back(&entry);
  }
  std::sort(seen.begin(), seen.end(),
            [](const Entry* a, const Entry* b) { return a->number > b->number; });
  std::vector<QueryView> views;
  for (const Entry* entry : seen) views.push_back(view_of(*entry));
  return views;
}

Result<QueryView> Queries::find(const std::string& id, const net::Principal& by) const {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(id);
  if (at == entries_.end() || !may_see(at->second, by)) {
    return Error{Code::not_found, "no such query, or it is forgotten: " + id};
  }
  return view_of(at->second);
}

Result<QueryView> Queries::cancel(const std::string& id, const net::Principal& by) {
  BL_TRY(QueryView view, find(id, by));
  std::shared_ptr<engine::QueryControl> control;
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = entries_.find(id); at != entries_.end()) control = at->second.control;
  }
  if (control != nullptr) control->cancel();
  return view;
}

void Queries::stop() {
  std::vector<std::shared_ptr<engine::QueryControl>> controls;
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    for (const auto& [id, entry] : entries_) {
      if (entry.control != nullptr) controls.push_back(entry.control);
    }
  }
  for (const auto& control : controls) control->cancel();
}

}  // namespace bl::ops
