#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/ports.h"
#include "results/store/derived.h"
#include "results/store/rows.h"
#include "store/database.h"

/// Fact rows as the derived tables want them, from whoever wrote them. Private to the store's side.
namespace bl::results {

/// A fact row with everything that a DerivedFact views.
struct OwnedFact {
  std::string id, run_id, repository, fingerprint, data, run_tags, annotations;
  std::optional<std::string> batch_id, run_reason, unit;
  std::string context_id, info_id, hardware_name, hardware_hash, case_name, case_tags;
  std::optional<StoredCommit> commit;
  DerivedFact fact;  ///< numbers only, until view() fills in the texts

  const DerivedFact& view();
};
std::vector<DerivedFact> views_of(std::vector<OwnedFact>& page);

/// Columns and tables of a statement that fact_of reads. A fact has a number once its derived rows
/// are made; BL_FACT_TABLES gives those that have one, BL_FACT_TABLES_UNNUMBERED all (no: 0).
#define BL_FACT_COLUMNS_AFTER_NO                                                           \
  ", r.id, r.run_id, r.commit_repo_url, r.history_fingerprint, r.batch_id, r.run_reason, " \
  "@micros{r.timestamp}, r.unit, r.error is not null, @float{r.min}, @float{r.max}, "      \
  "@float{r.mean}, @numbers{r.data}, @text{r.run_tags}, @text{r.change_annotations}, "     \
  "r.context_id, r.info_id, h.name, h.hash, k.name, @text{k.tags}, " BL_COMMIT_COLUMNS
#define BL_FACT_COLUMNS "n.no" BL_FACT_COLUMNS_AFTER_NO
#define BL_FACT_DIMENSIONS                                                       \
  "join \"case\" k on k.id = r.case_id join hardware h on h.id = r.hardware_id " \
  "left join \"commit\" c on c.id = r.commit_id "
#define BL_FACT_TABLES \
  " from benchmark_result r join @result_number n on n.id = r.id " BL_FACT_DIMENSIONS

/// Old and odd rows too: a document that cannot be read counts as empty, a number beyond a double
/// as none. Errors: none but those of memory.
OwnedFact fact_of(const store::Row& row);

/// The facts that a statement gives, in its order.
Result<std::vector<OwnedFact>> read_facts(store::Connection& connection, const store::Sql& sql,
                                          std::initializer_list<store::Param> params);
/// Those with these ids that have a number.
Result<std::vector<OwnedFact>> read_facts(store::Connection& connection,
                                          const store::ParamRows& ids);

}  // namespace bl::results
