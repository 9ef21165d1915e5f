#pragma once

#include <string_view>

#include "base/json.h"
#include "results/decode.h"

/// Changes to the annotations of a stored result (spec/results-conbench.md 3.2, 3.5, 4.10): an
/// object that is merged over what is there; a key whose value is null is removed.
namespace bl::results {

struct AnnotationLimits {
  std::size_t change_bytes_max = 8 << 10;   ///< of one request, as text: an audit row holds it
  std::size_t stored_bytes_max = 64 << 10;  ///< of a result's annotations after a change
};

/// `{"change_annotations": object or null}` of the new dialect; null changes nothing. Errors:
/// malformed (no JSON), invalid with the places of the faults.
Result<json::Value> decode_annotation_changes(std::string_view body);

/// The same of the legacy dialect, in its words: null is refused, and so is an empty body.
Result<json::Value> decode_legacy_annotation_changes(std::string_view body);

/// `annotations` with the changes made. Both are objects.
json::Value with_changes(json::Value annotations, const json::Value& changes);

}  // namespace bl::results
