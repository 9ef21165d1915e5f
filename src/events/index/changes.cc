#include <array>

#include "events/index/index_impl.h"

// Events that come and go at the end.
namespace bl::events {

using index::EventFacts;
using index::EventKey;
using index::k_kinds;
using index::k_no_code;
using index::Moment;
using index::Tag;

/// An event made ready without the lock.
struct EventIndex::Impl::Prepared {
  StoredRow row;
  EventKey key;
  std::uint64_t hash = 0;
  bool is_on_disk = false;  ///< its id is, or in a frozen part
};

namespace {

std::uint32_t status_of(const BuildEvent& event) {
  std::int32_t status = 0;
  if (const auto* build = std::get_if<BuildRequestEvent>(&event.payload))
    status = static_cast<std::int32_t>(build->status);
  if (const auto* partition = std::get_if<PartitionEvent>(&event.payload))
    status = static_cast<std::int32_t>(partition->status);
  if (const auto* job = std::get_if<JobEvent>(&event.payload))
    status = static_cast<std::int32_t>(job->status);
  // A code that nobody knows: a table of others may have it.
  return status >= 0 && status < 8 ? static_cast<std::uint32_t>(status) : 0;
}

}  // namespace

EventIndex::Impl::Prepared EventIndex::Impl::prepare(const BuildEvent& event,
                                                     std::string& row) const {
  Prepared prepared;
  prepared.key = index::event_key(event.event_id);
  prepared.hash = prepared.key.hash();
  Tag tag(event.type(), status_of(event));
  if (!prepared.key.is_uuid) tag.set_text_id();
  row.clear();
  index::append_row(row, event, tag.has_text_id());
  prepared.row = {0,   event.timestamp,       prepared.key.bytes,         0,
                  tag, index::row_check(row), active_->arena()->keep(row)};
  return prepared;
}

Result<void> EventIndex::Impl::add(std::span<const BuildEvent> events) {
  if (is_full() && settled_.events > active_->first()) BL_RETURN_IF_ERROR(try_again());
  constexpr std::size_t k_together = 1024;
  std::vector<Prepared> prepared;
  std::string row;
  MemoryPart::Codes codes;
  for (; !events.empty(); events = events.subspan(std::min(k_together, events.size()))) {
    const auto some = events.first(std::min(k_together, events.size()));
    prepared.clear();
    for (const BuildEvent& event : some) prepared.push_back(prepare(event, row));
    View known;
    {
      const auto lock = lock_shared();
      known = view();
    }
    for (const auto& keys : known.disk->keys)
      for (const Prepared& one : prepared) keys->prefetch(one.hash);
    for (Prepared& one : prepared) one.is_on_disk = known.find(one.key, one.hash).has_value();
    const auto lock = lock_alone();
    for (std::size_t i = 0; i < some.size(); ++i) apply(prepared[i], some[i], codes);
    active_->sort_times();
  }
  return {};
}

void EventIndex::Impl::apply(const Prepared& prepared, const BuildEvent& event,
                             MemoryPart::Codes& codes) {
  if (prepared.is_on_disk || active_->find(prepared.key, prepared.hash)) {
    active_->add_repeated();
    return;
  }
  StoredRow row = prepared.row;
  row.place = active_->end();
  std::string text;
  const auto code_of = [&](Kind kind, std::string_view id) {
    index::compact(id, text);
    return entities_.code_of(kind, text, row.place);
  };
  EventFacts facts;
  facts.moment = {row.timestamp, row.place};
  facts.type = event.type();
  facts.status = row.tag.status();
  row.build = facts.build = code_of(Kind::build, event.build_request_id);
  for (auto& of_kind : codes) of_kind.clear();
  const auto of = [&](Kind kind) -> auto& { return codes[static_cast<std::size_t>(kind)]; };
  of(Kind::build).push_back(row.build);
  const auto add_ref = [&](std::string_view ref) {
    of(Kind::partition).push_back(entities_.code_of(Kind::partition, ref, row.place));
  };
  if (const auto* partition = std::get_if<PartitionEvent>(&event.payload)) {
    add_ref(partition->partition_ref);  // half of all events: without a list
    facts.partition = of(Kind::partition).front();
  } else {
    for (const std::string_view ref : partitions_of(event)) add_ref(ref);
  }
  if (const std::string_view run = job_run_of(event); !run.empty())
    of(Kind::run).push_back(code_of(Kind::run, run));
  if (const auto* build = std::get_if<BuildRequestEvent>(&event.payload))
    facts.names_partitions = !build->requested_partitions.empty();
  if (const auto* job = std::get_if<JobEvent>(&event.payload)) {
    facts.run = code_of(Kind::run, job->job_run_id);
    facts.label = entities_.code_of(Kind::label, job->job_label, row.place);
    facts.targets = static_cast<std::uint32_t>(job->target_partitions.size());
    of(Kind::label).push_back(facts.label);
  }
  active_->add(row, prepared.hash, codes);
  entities_.apply(facts);
}

Result<void> EventIndex::Impl::truncate_to(std::int64_t events) {
  if (events < settled_.events || events > this->events())
    return Error{Code::invalid,
                 "the index cannot forget settled events: " + std::to_string(events)};
  const auto lock = lock_alone();
  entities_.truncate_to(events);
  active_->truncate_to(events);
  return {};
}

}  // namespace bl::events
