#pragma once

#include "base/result.h"

/// What the engine says of a catalog, in our codes. Private to this folder.
namespace bl::lake {

/// What an error means for a change of the catalog.
enum class Fate : unsigned char {
  refused,    ///< it did not happen
  contended,  ///< it did not happen, and may on another attempt
  lost,       ///< the connection broke: during the commit nobody knows
};

struct CatalogError {
  Error error;
  Fate fate = Fate::refused;
};

/// The engine's error with a code of Catalog's, and without `password`.
CatalogError catalog_error(Error error, const std::string& password);

}  // namespace bl::lake
