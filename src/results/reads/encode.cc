#include "results/reads/encode.h"

#include "base/json.h"
#include "base/optional_time.h"
#include "results/reads/difference.h"

namespace bl::results::reads {
namespace {

using json::Writer;

void write_standing(Writer& out, const ReadStanding& standing) {
  out.begin_object().key("proof");
  if (standing.proof) {
    out.begin_object()
        .member("passed", standing.proof->passed)
        .member("requests", standing.proof->requests)
        .member("at", to_rfc3339(standing.proof->at))
        .member("version", standing.proof->version)
        .end_object();
  } else {
    out.null();
  }
  out.member("equal", standing.tally.equal)
      .member("different", standing.tally.different)
      .member("moved", standing.tally.moved)
      .member("failed", standing.tally.failed)
      .member("unexplained", standing.unexplained)
      .member("since", to_rfc3339(standing.since))
      .member("missing", standing.missing())
      .end_object();
}

void write_port(Writer& out, const PortReport& port) {
  out.begin_object()
      .member("port", name_of(port.state.port))
      .member("mode", text_of(port.state.mode))
      .member("is_paused", port.state.is_paused)
      .member("by_store", port.state.by_store)
      .member("by_lake", port.state.by_lake)
      .member("comparisons_waiting", port.state.comparisons_waiting)
      .member("comparisons_left_out", port.state.comparisons_left_out)
      .key("evidence");
  write_standing(out, port.standing);
  out.end_object();
}

/// An open object.
void write_mismatch(Writer& out, const ReadMismatch& mismatch) {
  out.begin_object()
      .member("id", mismatch.id)
      .member("port", name_of(mismatch.port))
      .key("question")
      .raw(mismatch.question)
      .member("at", to_rfc3339(mismatch.at))
      .member("place", mismatch.place)
      .member("first_difference", first_difference(mismatch.store_answer, mismatch.lake_answer))
      .member("explanation", mismatch.explanation)
      .member("explained_by", mismatch.explained_by)
      .member("replayed_at", to_rfc3339(mismatch.replayed_at))
      .member("is_equal_now", mismatch.is_equal_now);
}

}  // namespace

std::string encode_reads(std::span<const PortReport> ports, bool has_lake, bool is_unproven) {
  std::string text;
  Writer out(text);
  out.begin_object().member("has_lake", has_lake).member("is_unproven", is_unproven);
  out.key("ports").begin_array();
  for (const PortReport& port : ports) write_port(out, port);
  out.end_array().end_object();
  return text;
}

std::string encode_mismatches(std::span<const ReadMismatch> mismatches) {
  std::string text;
  Writer out(text);
  out.begin_object().key("mismatches").begin_array();
  for (const ReadMismatch& one : mismatches) {
    write_mismatch(out, one);
    out.end_object();
  }
  out.end_array().end_object();
  return text;
}

std::string encode_mismatch(const ReadMismatch& mismatch) {
  std::string text;
  Writer out(text);
  write_mismatch(out, mismatch);
  out.member("store_answer", mismatch.store_answer)
      .member("lake_answer", mismatch.lake_answer)
      .end_object();
  return text;
}

std::string encode_replay(const ReadReplay& replay) {
  std::string text;
  Writer(text)
      .begin_object()
      .member("is_equal", replay.is_equal)
      .member("first_difference", first_difference(replay.store_answer, replay.lake_answer))
      .member("store_answer", replay.store_answer)
      .member("lake_answer", replay.lake_answer)
      .end_object();
  return text;
}

}  // namespace bl::results::reads
