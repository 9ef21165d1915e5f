#include "inference/ingest/pack.h"

#include <zip.h>

#include <set>

namespace bl::inference {
namespace {

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_read(std::string_view entry) {
  for (const char* ending : {".json", ".csv", ".log", ".txt", ".out"}) {
    if (entry.ends_with(ending)) return true;
  }
  return false;
}

/// The name of the folder that stands for an artifact; a file of rows is one, too.
std::string folder_of(const Artifact& artifact) {
  std::string name(last_part(artifact.label));
  if (name.ends_with(".zip")) name.resize(name.size() - 4);
  return classify_artifact(name).kind == ArtifactKind::other ? "bmk_" + name : name;
}

/// When artifacts were made: of those with one name the newest counts.
std::string metadata_of(const RunSource& source) {
  std::string text;
  json::Writer writer(text);
  writer.begin_array();
  for (const Artifact& artifact : source.artifacts) {
    if (!artifact.created_at) continue;
    writer.begin_object().member("name", folder_of(artifact));
    if (artifact.name.artifact_id) writer.member("id", *artifact.name.artifact_id);
    writer.member("created_at", to_rfc3339(*artifact.created_at)).end_object();
  }
  writer.end_array();
  return text;
}

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};

/// Entries lie in the spool until the archive is closed: libzip packs them from there.
class Packer {
 public:
  Packer(std::string spool_path, File& spool, zip_t& archive, std::uint64_t bytes_max)
      : spool_path_(std::move(spool_path)),
        spool_(spool),
        archive_(archive),
        bytes_max_(bytes_max) {}

  Result<void> add(const std::string& name, std::string_view bytes) {
    if (!names_.insert(name).second) return {};
    if (end_ + bytes.size() > bytes_max_) {
      return Error{Code::too_large,
                   "the run is larger than what can be sent at once; ingest it "
                   "where the store is, without a server"};
    }
    BL_RETURN_IF_ERROR(spool_.append(bytes));
    zip_source_t* source = zip_source_file(&archive_, spool_path_.c_str(), end_,
                                           static_cast<zip_int64_t>(bytes.size()));
    if (source == nullptr) return failed();
    if (zip_file_add(&archive_, name.c_str(), source, ZIP_FL_ENC_UTF_8) < 0) {
      zip_source_free(source);
      return failed();
    }
    end_ += bytes.size();
    return {};
  }
  Result<void> failed() {
    return Error{Code::io, std::string("cannot pack the run: ") + zip_strerror(&archive_)};
  }

 private:
  const std::string spool_path_;
  File& spool_;
  zip_t& archive_;
  const std::uint64_t bytes_max_;
  std::uint64_t end_ = 0;
  std::set<std::string> names_;
};

Result<void> pack(const RunSource& source, Packer& packer, SkipTracker& skips) {
  BL_RETURN_IF_ERROR(packer.add("artifacts_metadata.json", metadata_of(source)));
  for (const Artifact& artifact : source.artifacts) {
    const bool is_useful = artifact.name.kind != ArtifactKind::other &&
                           artifact.name.kind != ArtifactKind::agentic_traces;
    if (!is_useful) continue;
    const std::string folder = folder_of(artifact) + "/";
    std::optional<Error> of_packer;
    const auto read = artifact.read(
        is_read,
        [&](std::string_view name, const std::string& bytes) -> Result<void> {
          auto added = packer.add(folder + std::string(name), bytes);
          if (!added.ok()) of_packer = added.error();
          return added;
        },
        skips);
    if (of_packer) return *of_packer;
    if (!read.ok()) skips.skip(SkipReason::bad_zip, artifact.label, read.error().message);
  }
  return {};
}

}  // namespace

Result<void> pack_run(Disk& disk, const RunSource& source, const std::string& spool,
                      const std::string& zip, std::uint64_t bytes_max, SkipTracker& skips) {
  BL_TRY(const auto file, disk.create(spool, FileMode::secret));
  int error = 0;
  std::unique_ptr<zip_t, CloseArchive> archive(
      zip_open(zip.c_str(), ZIP_CREATE | ZIP_EXCL, &error));
  Result<void> packed;
  if (archive == nullptr) {
    packed = Error{Code::io, "cannot make the file " + zip};
  } else {
    Packer packer(spool, *file, *archive, bytes_max);
    packed = pack(source, packer, skips);
    if (packed.ok() && zip_close(archive.get()) != 0) {
      packed = packer.failed();
    } else if (packed.ok()) {
      (void)archive.release();  // closed
    }
  }
  archive.reset();
  const auto removed = disk.remove(spool);
  return packed.ok() ? removed : packed;
}

}  // namespace bl::inference
