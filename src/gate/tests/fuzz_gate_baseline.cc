// Baselines, sidecars and outputs of tools: any bytes. What is taken can be judged and written, and
// what was written is read again.
#include <cstdint>
#include <cstdlib>

#include "gate/baseline.h"
#include "gate/decision.h"
#include "gate/outputs.h"

namespace {

using namespace bl::gate;

void require(bool holds) {
  if (!holds) std::abort();
}

void look_at(const Baseline& baseline) {
  const std::string flat = flat_text(baseline);
  if (baseline.architecture.empty()) return;
  const auto again = parse_baseline(flat, "again");
  require(again.ok());
  require(flat_text(*again) == flat);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto measured = read_output(std::nullopt, text, "out");
  if (const auto flat = parse_baseline(text, "flat"); flat.ok()) {
    look_at(*flat);
    if (measured.ok()) (void)judge({.baseline = flat->benchmarks, .measured = *measured});
  }
  if (const auto detail = parse_detail(text, "detail"); detail.ok()) {
    look_at(*detail);
    require(parse_detail(detail_text(*detail), "again").ok());
    (void)judge({.baseline = detail->benchmarks, .measured = detail->benchmarks});
  }
  if (measured.ok()) {
    const Judgement found = judge({.baseline = *measured, .measured = *measured});
    require(found.exit_code != bl::ExitCode::regression);
  }
  return 0;
}
