#pragma once

#include <string>

#include "base/result.h"
#include "lake/open_catalog.h"

/// Where a catalog is, in the engine's words. Private to this folder.
namespace bl::lake {

struct CatalogPlace {
  enum class Kind : unsigned char { sqlite, postgres };
  Kind kind = Kind::sqlite;
  std::string target;    ///< a path, or libpq's words for a connection; may hold a password
  std::string password;  ///< to be kept out of sentences
  std::string address;   ///< what another program attaches, without secrets
  std::string schema;    ///< of PostgreSQL

  /// `"schema".ducklake_NAME`, for SQL of the catalog's own database.
  std::string table(const char* name) const;
  /// The same for SQL of the engine, once the catalog is attached.
  std::string attached_table(const char* name) const;
};

/// Errors: invalid (with the address, never with a password), unsupported (another scheme).
Result<CatalogPlace> catalog_place(const CatalogOptions& options);

}  // namespace bl::lake
