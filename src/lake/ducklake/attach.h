#pragma once

#include <memory>
#include <string>

#include "base/disk.h"
#include "duck/database.h"
#include "lake/ducklake/place.h"
#include "lake/ducklake/session.h"
#include "lake/open_catalog.h"

/// From an address to an attached catalog. Private to this folder.
namespace bl::lake {

/// The schema of the lake whose tables say who may publish, and the table in it that exists to be
/// written (docs/formats/lake.md).
inline constexpr const char* k_publishers = "publishers";
inline constexpr const char* k_fence = "_fence";

/// A session that can write the catalog and read its files, and knows the bucket's credentials; the
/// catalog is not attached yet.
Result<std::unique_ptr<CatalogSession>> changing_session(const CatalogOptions& options,
                                                         const CatalogPlace& place, Disk& disk);
/// A session that can only look into the catalog's own database.
Result<std::unique_ptr<CatalogSession>> looking_session(const CatalogOptions& options,
                                                        const CatalogPlace& place);
/// Attaches a catalog that is there as `lake`, unchecked: after attach_catalog(), to another
/// session.
Result<void> attach_again(CatalogSession& session, const CatalogPlace& place,
                          const std::string& data_path);
/// Tells the engine the bucket's credentials, as they are now; nothing where the files are on disk.
Result<void> tell_credentials(CatalogSession& session, const CatalogOptions& options, Disk& disk);
/// Attaches the catalog as `lake`, checked or made. The caller holds the catalog's lock.
/// `data_path`: where the keys of the store begin. Gives the catalog's number. Errors: as
/// open_catalog().
Result<std::string> attach_catalog(CatalogSession& session, const CatalogOptions& options,
                                   const CatalogPlace& place, const std::string& data_path,
                                   objects::ObjectStore& store, Disk& disk);

}  // namespace bl::lake
