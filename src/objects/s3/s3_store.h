#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "objects/object_store.h"
#include "objects/s3/wire.h"

/// Objects in a bucket of S3, or of a server that speaks as S3 does and honours `If-None-Match: *`
/// (prove_put_if_absent() in open.h finds out).
///
/// Who won. Every object is made with a number of its own (`x-amz-meta-benchlake-put`), drawn for
/// the call. When an answer is lost the request is simply sent again; should the key be taken then,
/// the number at the key tells whether it was our own first attempt. libcurl's own second sending
/// over a connection that has died counts as one.
namespace bl::objects {

class S3Store final : public ObjectStore {
 public:
  /// Sends nothing.
  S3Store(S3Settings settings, StoreLimits limits, S3Limits s3_limits,
          std::unique_ptr<CredentialSource> credentials, World world);

  Result<void> put_if_absent(const std::string& key, std::string_view bytes) override;
  Result<void> put_file_if_absent(const std::string& key, const std::string& path) override;
  Result<void> replace(const std::string& key, std::string_view bytes) override;
  Result<std::string> get_range(const std::string& key, ByteRange range) override;
  Result<ObjectInfo> head(const std::string& key) override;
  Result<Listing> list(const ListRequest& request) override;
  Result<void> remove(const std::string& key) override;
  Result<std::uint64_t> sweep_unfinished(Timestamp older_than) override;
  std::string address(const std::string& key) const override;
  std::string_view kind() const override { return "s3"; }

 private:
  struct Head {
    ObjectInfo info;
    std::string put_number;  ///< empty: not ours
  };
  /// Bytes of an object, read when a part of them is sent.
  struct Source {
    std::uint64_t size = 0;
    std::function<Result<std::string_view>(std::uint64_t offset, std::uint64_t size)> read;
  };
  enum class IfPresent : unsigned char { refuse, replace };

  Result<std::string> path_of(const std::string& key) const;
  Result<void> check_size(std::uint64_t size, std::uint64_t size_max, const std::string& key);
  std::string new_put_number();
  Result<void> put(const std::string& key, const Source& source, IfPresent if_present);
  Result<void> put_whole(const std::string& key, const Source& source, IfPresent if_present);
  Result<void> put_parts(const std::string& key, const Source& source, IfPresent if_present);
  Result<std::vector<std::string>> send_parts(const std::string& path, const std::string& upload_id,
                                              const Source& source);
  S3Outcome complete(const std::string& path, const std::string& upload_id,
                     const std::vector<std::string>& etags, IfPresent if_present);
  Result<void> abort(const std::string& path, const std::string& upload_id);
  /// What a write came to whose last answer was not a success: looks at the key.
  Result<void> resolve(const std::string& key, const std::string& put_number,
                       const S3Outcome& outcome, std::uint64_t size, IfPresent if_present);
  /// The object at the key is ours: is all of it there?
  Result<void> check_own(const Head& head, std::uint64_t size);
  Error error_of(const S3Outcome& outcome, const std::string& path) const;
  Result<Head> look(const std::string& key);
  Result<Head> head_of(const std::string& key, const S3Answer& answer) const;
  Result<void> explain(const std::string& key, const std::string& path);
  Error read_error(const S3Answer& answer, const std::string& key, const std::string& path) const;

  const StoreLimits limits_;
  const S3Limits s3_limits_;
  const World world_;
  S3Wire wire_;
  Counter size_hits_, found_, not_found_, unknown_, left_uploads_;
};

}  // namespace bl::objects
