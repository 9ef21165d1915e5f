#include "results/read_router.h"

#include <fmt/format.h>

#include "results/reads/routed_readers.h"

namespace bl::results {

struct ReadRouter::Impl {
  Impl(const Readers& store, const Readers& lake, ReadEvidence& evidence, const World& world,
       const ReadRouterLimits& limits)
      : routing(store, lake, evidence, world, limits) {}

  reads::Routing routing;
  reads::RoutedHistory history{routing};
  reads::RoutedCompare compare{routing};
  reads::RoutedHealth health{routing};
  reads::RoutedRuns runs{routing};
};

ReadRouter::ReadRouter(const Readers& store, const Readers& lake, ReadEvidence& evidence,
                       const World& world, const ReadRouterLimits& limits)
    : impl_(std::make_unique<Impl>(store, lake, evidence, world, limits)) {}
ReadRouter::~ReadRouter() = default;

Readers ReadRouter::readers() {
  return {impl_->history, impl_->compare, impl_->health, impl_->runs, impl_->routing.mode()};
}
void ReadRouter::set_modes(const ReadModes& modes) {
  impl_->routing.set_modes(modes);
}
ReadModes ReadRouter::modes() const {
  return impl_->routing.modes();
}
std::vector<ReadState> ReadRouter::states() const {
  return impl_->routing.states();
}
bool ReadRouter::compare_some() {
  return impl_->routing.compare_some();
}
Result<ReadReplay> ReadRouter::replay(const ReadMismatch& mismatch) {
  return impl_->routing.replay(mismatch);
}

Result<void> demand_proved(const ReadModes& modes, ReadEvidence& evidence) {
  std::string refused;
  for (const ReadPort port : k_read_ports) {
    if (!mode_of(modes, port).is_lake) continue;
    BL_TRY(const ReadStanding standing, evidence.standing(port));
    const std::string missing = standing.missing();
    if (missing.empty()) continue;
    refused += fmt::format("{}reads.{} = {}: {}", refused.empty() ? "" : "; ", name_of(port),
                           text_of(mode_of(modes, port)), missing);
  }
  if (refused.empty()) return {};
  return Error{
      Code::conflict,
      "the lake may not answer before it is proved (or reads.unproven says so): " + refused};
}

}  // namespace bl::results
