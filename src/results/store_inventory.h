#pragma once

#include "results/inventory.h"
#include "store/database.h"

namespace bl::results {

/// InventoryStore over the store: what runs had is known by the rows of run and series. Threads:
/// any.
class StoreInventory final : public InventoryStore {
 public:
  explicit StoreInventory(store::Database& database, InventoryLimits limits = {})
      : database_(database), limits_(limits) {}

  Result<Inventory> inventory(const InventoryQuery& query) override;
  Result<std::vector<PinList>> pins(std::string_view repository) override;
  Result<void> set_pins(const PinList& list, const Change& change) override;

 private:
  store::Database& database_;
  InventoryLimits limits_;
};

}  // namespace bl::results
