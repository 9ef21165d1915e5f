#pragma once

#include "app/demo/story.h"
#include "base/command_line.h"
#include "net/server_address.h"

/// `benchlake demo --full`: the story into a running server, by the ways that everybody takes: the
/// API of results, OTLP, the build events' API, the command that ingests sweeps.
namespace bl::app::demo {

/// Prints what the story's ids are: one line for people, one JSON object with `--json`. The same
/// again adds nothing. Blocks until the server has judged all series, at most k_judge_wait.
/// Errors: those of the server, with what was sent; what was sent before stays.
Result<ExitCode> fill_full_demo(const net::ServerAddress& address, const StoryOptions& options,
                                const Arguments& arguments, CommandIo& io);

}  // namespace bl::app::demo
