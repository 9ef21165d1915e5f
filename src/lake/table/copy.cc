#include "lake/copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>

#include "base/file_copy.h"
#include "base/hash.h"
#include "lake/lease.h"
#include "lake/table/data_files.h"
#include "lake/table/delta_mirror.h"
#include "objects/listing.h"

namespace bl::lake {
namespace {

constexpr std::chrono::seconds k_renew_every = k_lease_time / 3;
constexpr int k_looks_max = 5;
constexpr std::string_view k_log = "/_delta_log/";

objects::World objects_world(const LakeWorld& world) {
  return {world.clock, world.random, world.disk, world.metrics, [](std::chrono::milliseconds time) {
            std::this_thread::sleep_for(time);
            return true;
          }};
}

/// The tables at one moment, held until this is gone.
class Cut {
 public:
  Cut(Lake& lake, const LakeWorld& world)
      : lake_(lake),
        clock_(world.clock),
        ids_(world.clock, world.random),
        lease_(lake.store(), ids_, world.clock) {}

  /// One snapshot of the catalog, so that what one table says of another is so.
  Result<void> take() {
    Catalog& catalog = lake_.catalog();
    for (int look = 1;; ++look) {
      BL_TRY(const auto names, catalog.tables());
      std::int64_t head = 0;
      for (const std::string& name : names) {
        BL_TRY(const std::int64_t newest, catalog.newest(name));
        head = std::max(head, newest);
      }
      auto seen = look_at(names, head);
      if (seen.ok()) {
        BL_RETURN_IF_ERROR(renew());
        seen = look_at(names, head);  // it may have expired before it was held
      }
      if (seen.ok()) return {};
      if (seen.error().code != Code::not_found || look == k_looks_max) return seen.error();
    }
  }
  Result<void> keep() {
    if (clock_.steady_now() - renewed_ < k_renew_every) return {};
    return renew();
  }
  const std::map<std::string, CatalogSnapshot>& tables() const { return tables_; }

 private:
  Result<void> look_at(const std::vector<std::string>& names, std::int64_t head) {
    tables_.clear();
    for (const std::string& name : names) {
      BL_TRY(tables_[name], lake_.catalog().snapshot(name, head));
    }
    return {};
  }
  Result<void> renew() {
    std::set<std::int64_t> held;
    for (const auto& [name, snapshot] : tables_) held.insert(snapshot.id);
    renewed_ = clock_.steady_now();
    return lease_.renew(held);
  }

  Lake& lake_;
  const Clock& clock_;
  IdSource ids_;
  Lease lease_;
  std::chrono::steady_clock::time_point renewed_;
  std::map<std::string, CatalogSnapshot> tables_;
};

class Copier {
 public:
  Copier(Lake& lake, const LakeWorld& world, const std::string& folder,
         std::span<const std::string> earlier, const CopyProgress& progress)
      : lake_(lake),
        world_(world),
        folder_(folder),
        earlier_(earlier),
        progress_(progress),
        ids_(world.clock, world.random),
        cut_(lake, world) {}

  Result<LakeCopy> run() {
    for (const auto& table : lake_.tables()) {
      const auto flushed = table->flush();
      if (!flushed.ok()) return Error(flushed.error()).with_context("table " + table->name());
    }
    BL_RETURN_IF_ERROR(cut_.take());
    for (const auto& [name, snapshot] : cut_.tables()) {
      for (const DataFile& file : snapshot.files) total_ += file.bytes;
    }
    BL_RETURN_IF_ERROR(world_.disk.make_folder(folder_));
    BL_TRY(store_, objects::open_store(folder_, {}, objects_world(world_)));
    for (const auto& [name, snapshot] : cut_.tables()) {
      auto done = copy_table(name, snapshot);
      if (!done.ok()) return std::move(done).error().with_context("table " + name);
    }
    for (const std::string& folder : folders_) {
      BL_RETURN_IF_ERROR(world_.disk.sync_folder(folder));
    }
    std::sort(copy_.files.begin(), copy_.files.end(),
              [](const CopiedFile& a, const CopiedFile& b) { return a.key < b.key; });
    return std::move(copy_);
  }

 private:
  Result<void> copy_table(const std::string& name, const CatalogSnapshot& snapshot) {
    CopiedTable table{name, snapshot.id, 0};
    for (const DataFile& file : snapshot.files) {
      BL_RETURN_IF_ERROR(cut_.keep());
      BL_TRY(const FileDigest digest, bring(name, file));
      copy_.files.push_back({file.key, digest.bytes, digest.sha256});
      table.rows += file.rows;
      done_ += file.bytes;
    }
    BL_RETURN_IF_ERROR(write_log(name, snapshot));
    copy_.tables.push_back(std::move(table));
    return {};
  }

  Result<FileDigest> bring(const std::string& table, const DataFile& file) {
    const std::string target = folder_ + "/" + file.key;
    const std::string parent = folder_of(target);
    if (folders_.insert(parent).second) BL_RETURN_IF_ERROR(world_.disk.make_folder(parent));
    for (const std::string& earlier : earlier_) {
      if (!world_.disk.link(earlier + "/" + file.key, target).ok()) continue;
      const auto digest = digest_file(world_.disk, target, progress());
      if (digest.ok() && is_whole(file, *digest)) return digest;
      BL_RETURN_IF_ERROR(world_.disk.remove(target));  // damaged there: the lake's own is taken
    }
    DataFiles data(lake_.store(), world_.disk, folder_, ids_, table);
    const DataFile* one = &file;
    BL_TRY(const LocalFiles local, data.fetch({&one, 1}));
    BL_TRY(FileDigest digest, copy_file(world_.disk, local.paths().front(), target, progress()));
    if (is_whole(file, digest)) return digest;
    return Error{Code::corrupt, fmt::format("the file is not as it was written ({} of {} bytes); "
                                            "`lake verify` looks at all of them: {}",
                                            digest.bytes, file.bytes, file.key)};
  }
  static bool is_whole(const DataFile& file, const FileDigest& digest) {
    return digest.bytes == file.bytes && digest.sha256.starts_with(sum_in(file.key));
  }
  FileProgress progress() const {
    return [this](std::uint64_t done, std::uint64_t) { return progress_(done_ + done, total_); };
  }

  Result<void> write_log(const std::string& table, const CatalogSnapshot& snapshot) {
    const DeltaWorld delta{*store_,        world_.disk,  folder_,
                           lake_.engine(), world_.clock, world_.random,
                           world_.metrics, world_.log,   objects_world(world_).wait};
    const auto log = make_delta_mirror(delta, table, lake_.catalog().number());
    BL_RETURN_IF_ERROR(log->follow(snapshot, RowsChange::yes));
    const auto note = [&](const objects::ObjectInfo& object) -> Result<void> {
      BL_TRY(FileDigest digest, digest_file(world_.disk, folder_ + "/" + object.key,
                                            [](std::uint64_t, std::uint64_t) { return true; }));
      copy_.files.push_back({object.key, digest.bytes, std::move(digest.sha256)});
      return {};
    };
    return objects::for_each_object(*store_, delta_prefix(table) + std::string(k_log.substr(1)),
                                    note);
  }

  Lake& lake_;
  const LakeWorld& world_;
  const std::string& folder_;
  const std::span<const std::string> earlier_;
  const CopyProgress& progress_;
  IdSource ids_;
  Cut cut_;
  std::unique_ptr<objects::ObjectStore> store_;  // of the copy
  std::set<std::string> folders_;
  std::uint64_t done_ = 0, total_ = 0;
  LakeCopy copy_;
};

/// Puts a copy's files where a lake is going to be.
class Loader {
 public:
  Loader(const LakeOptions& options, const LakeWorld& world, const std::string& folder)
      : options_(options), world_(world), folder_(folder), ids_(world.clock, world.random) {}

  Result<void> run(std::span<const CopiedFile> files, const CopyProgress& progress) {
    const std::string scratch = options_.folder + "/scratch";
    BL_RETURN_IF_ERROR(world_.disk.make_folder(scratch));
    BL_TRY(const auto lock,
           world_.disk.lock(options_.folder + "/lock", "this lake is being restored"));
    BL_TRY(store_,
           objects::open_store(options_.objects, options_.variables, objects_world(world_)));
    std::uint64_t total = 0, done = 0;
    for (const CopiedFile& file : files) total += file.bytes;
    for (const CopiedFile& file : files) {
      const std::string staged = scratch + "/" + ids_.next();
      const FileProgress so_far = [&](std::uint64_t bytes, std::uint64_t) {
        return progress(done + bytes, total);
      };
      const auto put = put_one(file, staged, so_far);
      (void)remove_if_there(world_.disk, staged).ok();  // the next start empties the folder
      BL_RETURN_IF_ERROR(put);
      done += file.bytes;
    }
    return {};
  }
  /// Where the lake keeps none: they would not follow its tables.
  Result<void> drop_logs(std::span<const CopiedFile> files) {
    for (const CopiedFile& file : files) {
      if (file.key.find(k_log) == std::string::npos) continue;
      BL_RETURN_IF_ERROR(store_->remove(file.key));
    }
    return {};
  }

 private:
  /// A file of its own, not a second name of the backup's.
  Result<void> put_one(const CopiedFile& file, const std::string& staged,
                       const FileProgress& progress) {
    BL_TRY(const FileDigest digest,
           copy_file(world_.disk, folder_ + "/" + file.key, staged, progress));
    if (digest.bytes != file.bytes || digest.sha256 != file.sha256) {
      return Error{Code::corrupt, "the copy's file is not what its list says: " + file.key};
    }
    auto put = store_->put_file_if_absent(file.key, staged);
    if (put.ok() || put.error().code != Code::conflict) return put;
    BL_TRY(const bool same, is_there(file));
    if (same) return {};
    return std::move(put).error().with_context("a lake is there already");
  }
  /// Did an earlier call bring it, which was cut off?
  Result<bool> is_there(const CopiedFile& file) {
    BL_TRY(const auto info, store_->head(file.key));
    if (info.size != file.bytes) return false;
    if (!sum_in(file.key).empty()) return file.sha256.starts_with(sum_in(file.key));
    BL_TRY(const std::string bytes, store_->get(file.key));
    return sha256_hex(bytes) == file.sha256;
  }

  const LakeOptions& options_;
  const LakeWorld& world_;
  const std::string& folder_;
  IdSource ids_;
  std::unique_ptr<objects::ObjectStore> store_;
};

}  // namespace

Result<LakeCopy> copy_lake(Lake& lake, const LakeWorld& world, const std::string& folder,
                           std::span<const std::string> earlier, const CopyProgress& progress) {
  return Copier(lake, world, folder, earlier, progress).run();
}

Result<void> verify_copy(Disk& disk, const std::string& folder, std::span<const CopiedFile> files,
                         const CopyProgress& progress) {
  std::uint64_t total = 0, done = 0;
  for (const CopiedFile& file : files) total += file.bytes;
  for (const CopiedFile& file : files) {
    const auto so_far = [&](std::uint64_t bytes, std::uint64_t) {
      return progress(done + bytes, total);
    };
    BL_TRY(const FileDigest digest, digest_file(disk, folder + "/" + file.key, so_far));
    if (digest.bytes != file.bytes || digest.sha256 != file.sha256) {
      return Error{Code::corrupt,
                   "the copy's file is not what its list says: " + folder + "/" + file.key};
    }
    done += file.bytes;
  }
  return {};
}

Result<Rebuilt> load_lake(const LakeOptions& options, const LakeWorld& world,
                          const std::string& folder, std::span<const CopiedFile> files,
                          const CopyProgress& progress) {
  if (files.empty()) return Rebuilt{};  // a lake without tables begins anew
  Loader loader(options, world, folder);
  BL_RETURN_IF_ERROR(loader.run(files, progress));
  BL_TRY(Rebuilt rebuilt, rebuild_catalog(options, world));
  if (!options.delta) BL_RETURN_IF_ERROR(loader.drop_logs(files));
  return rebuilt;
}

}  // namespace bl::lake
