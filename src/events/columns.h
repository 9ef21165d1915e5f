#pragma once

#include <span>
#include <vector>

#include "columns/batch.h"
#include "events/model.h"

/// Events as rows of the table that every reader of Delta knows (spec/events-delta.md Appendix C):
/// four columns of the event itself and one struct for each type, of which exactly one is not null.
namespace bl::events {

/// Version 1: the 12 columns of Appendix C, 31 leaves. The first four are never null.
const columns::Schema& event_schema();

/// In the order given; at most 1 GiB of texts in one column (BL_CHECK). `config`, `manifests` and
/// `job_graph` are JSON texts as encode.h writes them; no config is null, no manifests is `[]`; no
/// job_run_id of a partition event is null.
columns::Batch batch_of(std::span<const BuildEvent> events);

/// What of a row is wanted: whoever asks for ids and statuses only need not read the JSON texts,
/// which is half the cost.
enum class EventParts : unsigned char {
  all,
  without_json,  ///< no config, no manifests, an empty job graph
};

/// Rows back to events. Columns are found by name; those beyond the schema are passed over, those
/// that are missing read as null, as tables of later and earlier versions and of other writers have
/// them. Null texts read as empty. Errors: corrupt, with the row (an unknown type, a struct that is
/// null or does not fit the type, JSON that is none).
Result<std::vector<BuildEvent>> events_of(const columns::Batch& batch,
                                          EventParts parts = EventParts::all);

}  // namespace bl::events
