#pragma once

#include <string>
#include <string_view>

#include "events/model.h"

/// The proto3 wire form of package `databuild.v1` (spec/events-delta.md 1.3; databuild.proto beside
/// this): what journals, the index' rows and gRPC carry. Deterministic: fields in their order, maps
/// sorted; equal events have equal bytes.
namespace bl::events {

void append_protobuf(std::string& out, const BuildEvent& event);
std::string to_protobuf(const BuildEvent& event);
/// Unknown fields are passed over. What is read is not validated. Errors: corrupt (not this wire,
/// a text that is not UTF-8, nested deeper than the limit), with the offset.
Result<BuildEvent> from_protobuf(std::string_view bytes, const EventLimits& limits = {});

}  // namespace bl::events
