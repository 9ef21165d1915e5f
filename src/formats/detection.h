#pragma once

#include <string>
#include <string_view>

#include "base/disk.h"

/// Private: what detect() and detect_folder() ask of the formats that are no single JSON document.
namespace bl::formats {

/// Events of `go test -json`, or a line of its text that nothing else prints, within the first MiB.
bool looks_like_go(std::string_view bytes);
/// A `new/benchmark.json` somewhere below.
bool is_criterion_folder(Disk& disk, const std::string& folder);

}  // namespace bl::formats
