#include "results/proof/state.h"

namespace bl::results::proof {
namespace {

constexpr std::uint64_t k_state_bytes_max = 64u << 20;

}  // namespace

Result<State> State::open(Disk& disk, std::string path, const json::Value& identity) {
  State state(disk, std::move(path));
  state.identity_ = identity;
  BL_TRY(const bool there, disk.exists(state.path_));
  if (!there) return state;
  BL_TRY(const std::string text, read_file(disk, state.path_, k_state_bytes_max));
  const auto document = json::parse(text);
  const json::Value* was = document.ok() ? document->find("proof") : nullptr;
  const json::Value* steps = document.ok() ? document->find("steps") : nullptr;
  if (was == nullptr || steps == nullptr || !steps->is_object()) {
    return Error{Code::corrupt, "this is no state of a proof: " + state.path_};
  }
  if (*was != identity) {
    return Error{
        Code::conflict,
        "the folder holds a proof with other settings; remove it or name another: " + state.path_};
  }
  state.steps_ = *steps;
  return state;
}

const json::Value* State::find(std::string_view step) const {
  return steps_.find(step);
}

Result<void> State::keep(const std::string& step, json::Value outcome) {
  steps_.set(step, std::move(outcome));
  json::Value document = json::Value::object();
  document.set("proof", identity_);
  document.set("steps", steps_);
  return write_file_atomically(disk_, path_, json::to_text(document), FileMode::secret);
}

}  // namespace bl::results::proof
