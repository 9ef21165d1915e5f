// Any bytes: the legacy decoder answers in its own words, and what it accepts the other dialect's
// rules accept too.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "results/legacy/decode.h"
#include "results/legacy_encode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto submission = bl::results::decode_legacy_submission(body);
  if (submission.ok()) {
    const bl::results::BenchmarkResult& result = submission->result;
    BL_CHECK(!submission->submission_key);
    BL_CHECK(!result.run_id.empty() && result.batch_id && !result.benchmark_case.name.empty());
    BL_CHECK(result.repository.starts_with("https://"));
    BL_CHECK(result.failed() || bl::results::find_unit(*result.stats.unit) != nullptr);
    BL_CHECK(result.hardware.type == bl::results::Hardware::Type::cluster ||
             result.hardware.gpu_product_names);
    return 0;
  }
  const bl::Error& error = submission.error();
  BL_CHECK(error.code == bl::Code::malformed || error.code == bl::Code::invalid);
  const auto answer = bl::json::parse(bl::results::encode_legacy_error(400, error));
  BL_CHECK(answer.ok());
  const auto* description = answer->find("description");
  BL_CHECK(description != nullptr);
  BL_CHECK(description->is_string() || description->is_object());
  return 0;
}
