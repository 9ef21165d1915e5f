#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "bigquery/job_routes.h"
#include "bigquery/loads.h"

/// Files on their way in (spec 2.1): one request of several parts, or many of one file.
namespace bl::bigquery {

/// The two parts of a multipart/related body. Errors: invalid.
struct MultipartBody {
  std::string_view json, media;  ///< within the body
};
Result<MultipartBody> multipart_of(std::string_view content_type, std::string_view body);

/// `bytes 0-99/100`, `bytes 0-99/*`, `bytes */100`, `bytes */*`. Errors: invalid.
struct ContentRange {
  std::optional<std::uint64_t> first, last;  ///< neither: only asks how far it is
  std::optional<std::uint64_t> total;
};
Result<ContentRange> content_range_of(std::string_view header);

/// One resumable upload. One request at a time: `busy` is held.
struct Upload {
  std::mutex busy;
  std::string id, project;
  json::Value body;  // all below: guarded by busy
  std::shared_ptr<SentFile> file;
  std::optional<JobView> job;  ///< once all of it is there
  Timestamp touched;
};

/// Uploads that have begun. They end with the process. Threads: any.
class Uploads {
 public:
  explicit Uploads(const JobRouteLimits& limits) : limits_(limits) {}
  /// Errors: too_many (uploads_max), io, disk_full.
  Result<std::shared_ptr<Upload>> begin(const JobPorts::Parts& parts, std::string project,
                                        json::Value body);
  /// A file of no upload, for a whole one. Errors: io, disk_full.
  Result<std::shared_ptr<SentFile>> new_file(const JobPorts::Parts& parts);
  /// Errors: not_found.
  Result<std::shared_ptr<Upload>> find(const std::string& project, const std::string& id);
  void remove(const std::string& id);

 private:
  const JobRouteLimits limits_;
  std::mutex mutex_;
  bool is_folder_clean_ = false;  // guarded by mutex_, as the next
  std::map<std::string, std::shared_ptr<Upload>> uploads_;
};

}  // namespace bl::bigquery
