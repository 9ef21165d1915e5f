#pragma once

#include "results/catalogue.h"
#include "store/database.h"

namespace bl::results {

/// CatalogueReader over the store.
class StoreCatalogueReader final : public CatalogueReader {
 public:
  explicit StoreCatalogueReader(store::Database& database) : database_(database) {}

  Result<std::vector<CatalogueCommit>> commits() override;
  Result<std::vector<CatalogueCommit>> commits(std::span<const std::string> hashes) override;
  Result<CatalogueCommit> commit(std::string_view id) override;
  Result<std::vector<CatalogueDocument>> documents(DocumentKind kind) override;
  Result<CatalogueDocument> document(DocumentKind kind, std::string_view id) override;
  Result<std::vector<CatalogueHardware>> hardware() override;
  Result<CatalogueHardware> hardware(std::string_view id) override;
  Result<std::vector<RunEntity>> runs(const RunsOfCommits& filter) override;
  Result<RunEntity> run(std::string_view run_id) override;

 private:
  store::Database& database_;
};

}  // namespace bl::results
