#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "inference/ingest.h"
#include "inference/ingest_encode.h"
#include "inference/store_sweep_check.h"
#include "inference/sweep_editor.h"

namespace bl::inference {

/// A store that a command writes to itself, because no server runs on it.
class OwnedStore {
 public:
  virtual ~OwnedStore() = default;
  virtual SweepWriter& writer() = 0;
  virtual Result<SweepTotals> totals() = 0;
  virtual SweepEditor& editor() = 0;
  virtual Result<SweepCheck> check() = 0;
};

/// What the configuration says, whether a server runs or not.
struct IngestSetting {
  std::string data_folder;
  IngestLimits limits;
  std::uint64_t upload_bytes_max = 0;
  std::function<Result<Registry>()> registry;
  std::function<Result<Overrides>()> overrides;
  /// Errors: conflict (a server or another command owns it), those of the store.
  std::function<Result<std::unique_ptr<OwnedStore>>()> open_store;
};

/// Bound by app.
struct CommandPorts {
  std::vector<CommandOption> options;  ///< which setting() understands: `--data`, `--config`, ...
  std::function<Result<IngestSetting>(const Arguments&, const CommandIo&)> setting;
};

/// `inference ingest`, `inference process-result`, `inference overrides`, `inference verify`.
std::vector<Command> commands(const CommandPorts& ports);

}  // namespace bl::inference
