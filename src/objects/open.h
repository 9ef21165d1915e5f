#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "objects/limits.h"
#include "objects/object_store.h"
#include "objects/world.h"

/// From a text of the configuration to a store.
namespace bl::objects {

/// A store that is only read makes nothing, its folder included, and refuses every call that would
/// change something: forbidden.
enum class StoreUse : unsigned char { write, read };

struct OpenOptions {
  StoreLimits limits;
  S3Limits s3;
  StoreUse use = StoreUse::write;
};

/// `/absolute/folder`, `file:///absolute/folder`, or `s3://bucket/prefix?...` (s3_settings.h);
/// `variables` are those of the process, of which AWS_* and HOME matter. A folder is made where it
/// is absent; of a bucket nothing is asked yet. Every call is measured (docs/metrics.md). Errors:
/// invalid, unauthenticated (no credentials), unsupported (another scheme; a file system without
/// hard links), not_found (StoreUse::read: no such folder), io, disk_full, forbidden.
Result<std::unique_ptr<ObjectStore>> open_store(const std::string& place,
                                                const std::map<std::string, std::string>& variables,
                                                World world, const OpenOptions& options = {});

/// Takes a key twice, to see the second time refused: for the start of a lake and for `doctor`.
/// Leaves nothing behind. Errors: unsupported (the store lets two writers have one key, as servers
/// do that pass over `If-None-Match`), and those of the calls.
Result<void> prove_put_if_absent(ObjectStore& store, Random& random);

}  // namespace bl::objects
