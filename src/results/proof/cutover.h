#pragma once

#include "results/proof/drills.h"

/// A running server that is switched to the lake and back. Private to the proof.
namespace bl::results::proof {

/// Starts `benchlake serve` over the store and the lake that drill_operations() left; while clients
/// ask without a pause, all four ports go to shadow, to the lake one after the other, to both, and
/// back, each time by the configuration file and SIGHUP. Every answer is compared with the one that
/// the store gave before. The report's `cutover`; null without a program. Errors: io, those of
/// starting the server, timeout (it does not get ready, or does not switch).
Result<json::Value> drill_cutover(const ProofRequest& request, Disk& disk, const GoOn& go_on);

}  // namespace bl::results::proof
