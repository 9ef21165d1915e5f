// Any bytes: the decoder answers, and what it accepts keeps its promises.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "results/decode.h"

namespace {

using bl::results::BenchmarkResult;

void check_accepted(const bl::results::Submission& submission) {
  const BenchmarkResult& result = submission.result;
  BL_CHECK(submission.payload_sha256.size() == 64);
  BL_CHECK(!result.run_id.empty() && !result.benchmark_case.name.empty());
  BL_CHECK(result.repository.starts_with("https://"));
  BL_CHECK(!result.hardware.hash().empty() && !result.hardware.identity().empty());
  for (const auto mode : {bl::results::SummaryMode::best, bl::results::SummaryMode::mean}) {
    const auto summary = result.summary(mode);
    BL_CHECK(summary.value.has_value() != result.failed());
    BL_CHECK(!summary.value || std::isfinite(*summary.value));
  }
  BL_CHECK(result.failed() || bl::results::find_unit(*result.stats.unit) != nullptr);
  for (const auto& [key, value] : result.benchmark_case.tags.members()) {
    BL_CHECK(!key.empty() && key != "name" && !value.as_string().empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto submission = bl::results::decode_submission(body);
  if (submission.ok()) {
    check_accepted(*submission);
    const auto again = bl::results::decode_submission(body);
    BL_CHECK(again.ok() && again->payload_sha256 == submission->payload_sha256);
  } else {
    const auto code = submission.error().code;
    BL_CHECK(code == bl::Code::malformed || code == bl::Code::invalid);
    BL_CHECK(!submission.error().message.empty());
    BL_CHECK(code == bl::Code::malformed || !submission.error().faults.empty());
  }
  return 0;
}
