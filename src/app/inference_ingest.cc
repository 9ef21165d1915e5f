#include "app/inference_ingest.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "app/operator.h"
#include "inference/ingest_routes.h"
#include "inference/store_sweep_editor.h"
#include "inference/store_totals.h"
#include "store/open.h"

namespace bl::app {
namespace {

/// A store that this process alone writes to.
class CommandStore final : public inference::OwnedStore {
 public:
  explicit CommandStore(const Settings& settings)
      : settings_(settings), log_(clock_, LogLevel::warning, stderr_sink()) {}

  Result<void> open() {
    BL_RETURN_IF_ERROR(disk_->make_folder(settings_.data_folder));
    const std::string note =
        fmt::format("pid {} since {} (inference ingest)", getpid(), to_rfc3339(clock_.now()));
    BL_TRY(lock_, disk_->lock(settings_.data_folder + "/server.lock", note));
    BL_TRY(database_,
           store::open_database(settings_.store_uri, settings_.store_limits, log_, metrics_));
    BL_RETURN_IF_ERROR(database_->migrate(all_migrations()));
    writer_ = std::make_unique<inference::StoreSweepWriter>(*database_);
    editor_ = std::make_unique<inference::StoreSweepEditor>(*database_, clock_);
    return {};
  }
  inference::SweepWriter& writer() override { return *writer_; }
  Result<inference::SweepTotals> totals() override { return inference::sweep_totals(*database_); }
  inference::SweepEditor& editor() override { return *editor_; }
  Result<inference::SweepCheck> check() override { return inference::check_sweeps(*database_); }

 private:
  const Settings settings_;
  const std::unique_ptr<Disk> disk_ = make_real_disk();
  const SystemClock clock_;
  Log log_;
  Metrics metrics_;
  std::unique_ptr<DiskLock> lock_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<inference::SweepWriter> writer_;
  std::unique_ptr<inference::SweepEditor> editor_;
};

Result<std::unique_ptr<inference::OwnedStore>> open_store(const Settings& settings) {
  if (settings.read_only == Settings::ReadOnly::yes) {
    return Error{Code::forbidden, "nothing is written to this store: store.read_only is true"};
  }
  auto store = std::make_unique<CommandStore>(settings);
  BL_RETURN_IF_ERROR(store->open());
  return std::unique_ptr<inference::OwnedStore>(std::move(store));
}

}  // namespace

inference::IngestLimits ingest_limits(const InferenceSettings& settings) {
  inference::IngestLimits limits;
  limits.parsers = settings.parsers;
  limits.writers = settings.writers;
  limits.queue_bytes = settings.queue_bytes;
  limits.batch_bytes = std::min(limits.batch_bytes, settings.queue_bytes / 4);
  return limits;
}

InferenceIngest::InferenceIngest(const InferenceSettings& settings, const std::string& data_folder,
                                 const Around& around, inference::Registry registry,
                                 inference::Overrides overrides)
    : settings_(settings),
      folder_(data_folder + "/ingest"),
      around_(around),
      registry_(std::move(registry)),
      overrides_(std::move(overrides)),
      writer_(around.database) {}

Result<std::unique_ptr<InferenceIngest>> InferenceIngest::open(const InferenceSettings& settings,
                                                               const std::string& data_folder,
                                                               const Around& around) {
  BL_TRY(inference::Registry registry, load_inference_registry(settings.registry, around.disk));
  BL_TRY(inference::Overrides overrides, load_inference_overrides(settings.overrides, around.disk));
  return std::unique_ptr<InferenceIngest>(new InferenceIngest(
      settings, data_folder, around, std::move(registry), std::move(overrides)));
}

void InferenceIngest::add_routes(net::Router& router) {
  inference::add_ingest_routes(router, {.disk = around_.disk,
                                        .registry = registry_,
                                        .overrides = overrides_,
                                        .writer = writer_,
                                        .clock = around_.clock,
                                        .ids = around_.ids,
                                        .metrics = around_.metrics,
                                        .limits = ingest_limits(settings_),
                                        .folder = folder_,
                                        .upload_bytes_max = settings_.upload_bytes});
}

inference::CommandPorts inference_command_ports() {
  return {.options = store_options(),
          .setting = [](const Arguments& arguments,
                        const CommandIo& io) -> Result<inference::IngestSetting> {
            const std::unique_ptr<Disk> disk = make_real_disk();
            BL_TRY(const Config config, load_config(arguments, io, *disk));
            BL_TRY(const Settings settings, settings_from(config, io.environment));
            return inference::IngestSetting{
                .data_folder = settings.data_folder,
                .limits = ingest_limits(settings.inference),
                .upload_bytes_max = settings.inference.upload_bytes,
                .registry =
                    [paths = settings.inference.registry] {
                      return load_inference_registry(paths, *make_real_disk());
                    },
                .overrides =
                    [paths = settings.inference.overrides] {
                      return load_inference_overrides(paths, *make_real_disk());
                    },
                .open_store = [settings] { return open_store(settings); }};
          }};
}

}  // namespace bl::app
