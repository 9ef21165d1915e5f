#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

/// Where the lake keeps its files: named runs of bytes that come into being whole and never change.
/// Two stores of the world (the local disk, S3; see open.h), one for tests (testing/).
///
/// Names are keys (key.h): `table/part-1.parquet`. A key appears with all of its bytes or not at
/// all, to every process at once. What a call has acknowledged is durable and readable by everybody
/// at once, listings included.
namespace bl::objects {

struct ObjectInfo {
  std::string key;
  std::uint64_t size = 0;  ///< bytes
  Timestamp modified;      ///< by the store's own clock; S3 says whole seconds
  bool operator==(const ObjectInfo&) const = default;
};

/// A part of an object. The default is all of it.
struct ByteRange {
  static constexpr std::uint64_t k_to_the_end = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t offset = 0;
  std::uint64_t size = k_to_the_end;
};

/// Objects whose keys begin with `prefix` and come after `after` in byte order.
struct ListRequest {
  std::string prefix;             ///< any front of a key; empty: all
  std::string after;              ///< exclusive; empty: from the start
  std::size_t count_max = 1'000;  ///< 1 to k_list_count_max
};
inline constexpr std::size_t k_list_count_max = 1'000;

/// For the stores themselves. Errors: invalid.
Result<void> check_list(const ListRequest& request);

struct Listing {
  std::vector<ObjectInfo> objects;  ///< in byte order of their keys
  /// Set: there may be more; ask again with this as `after`. A page may be empty and not the last.
  std::optional<std::string> next;
  /// Names that are no keys of ours (a folder's marker, a symbolic link) and were left out.
  std::uint64_t skipped = 0;
};

/// The errors that any call may give: invalid (the key), forbidden (credentials, permissions),
/// unavailable, timeout and overloaded (nothing was changed; come back later), io, disk_full,
/// cancelled (the program is stopping).
///
/// Beyond these, a server that does not keep to S3's rules is malformed or corrupt.
///
/// `outcome_unknown` is said by what writes, when the answer was lost and looking did not help: the
/// object may be there now, may come later, or never. Whoever needs to know looks at the key later,
/// or writes under another one. Every other error of a write means that it did not happen and will
/// not.
///
/// Threads: any. Calls block; every wait is bounded.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// Makes an object, if the key is free. Of several writers exactly one succeeds. Errors besides:
  /// conflict (the key is taken by somebody else's object, also one of the same bytes), too_large
  /// (over the store's put_bytes_max), outcome_unknown.
  virtual Result<void> put_if_absent(const std::string& key, std::string_view bytes) = 0;
  /// The same from a file of the disk that the store was opened with; for what is large, or was
  /// written by others (Parquet). The file is only read, must not change any more, and remains: the
  /// local store may give it the key as a second name. Errors besides: conflict, not_found (the
  /// file), too_large (over object_bytes_max), outcome_unknown.
  virtual Result<void> put_file_if_absent(const std::string& key, const std::string& path) = 0;
  /// Makes an object, or puts it in the place of another: the last writer wins. For hints that may
  /// be lost (Delta's `_last_checkpoint`), nothing else. Errors besides: too_large,
  /// outcome_unknown.
  virtual Result<void> replace(const std::string& key, std::string_view bytes) = 0;

  /// The bytes of a range; fewer where the object ends sooner, none behind its end. One request.
  /// Errors besides: not_found, too_large (over get_bytes_max).
  virtual Result<std::string> get_range(const std::string& key, ByteRange range) = 0;
  /// All of them.
  Result<std::string> get(const std::string& key) { return get_range(key, {}); }
  /// Errors besides: not_found.
  virtual Result<ObjectInfo> head(const std::string& key) = 0;
  /// Errors besides: invalid (count_max).
  virtual Result<Listing> list(const ListRequest& request) = 0;
  /// Fine when there is none. After an error it may be there or not.
  virtual Result<void> remove(const std::string& key) = 0;

  /// Removes what writers that died have left invisible (staged files, open uploads) since before
  /// `older_than`, and gives the count. Younger ones may be at work: keep an hour at least.
  virtual Result<std::uint64_t> sweep_unfinished(Timestamp older_than) = 0;

  /// What another program opens to read the key: a path, or `s3://bucket/prefix/key`. No
  /// credentials in it. BL_CHECKs that the key is one.
  virtual std::string address(const std::string& key) const = 0;
  /// The scheme, as a metric's label: `file`, `s3`, `memory`.
  virtual std::string_view kind() const = 0;
};

}  // namespace bl::objects
