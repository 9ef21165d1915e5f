#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inference/registry_reader.h"

/// What this domain knows by name: models, frameworks, precisions, accelerators with their power
/// and cost. Data files: built-in ones in src/inference/data/EDITION, to which an operator's are
/// added. Immutable after reading; any thread.
namespace bl::inference {

/// A state of the built-in files. The contract's cases were recorded with april_2026.
enum class Edition : unsigned char { april_2026, september_2026 };
inline constexpr Edition k_newest_edition = Edition::september_2026;

struct Model {
  std::string key;                      ///< in the store: `dsr1`
  std::string display;                  ///< `DeepSeek-R1-0528`; several keys may share one
  std::optional<std::string> released;  ///< YYYY-MM-DD
  std::vector<std::string> prefixes;    ///< other values of infmax_model_prefix
  std::vector<std::string> names;       ///< values of `model`, case matters
};

struct FrameworkAlias {
  std::string name;
  std::string canonical;
  bool disagg = false;  ///< the alias itself says that serving is disaggregated
};

struct Framework {
  std::string key;
  std::vector<FrameworkAlias> aliases;
};

/// An accelerator. Lookup key: the part of a hardware key before the first `-` or `_`.
struct Hardware {
  std::string key;                          ///< `mi355x`
  std::string vendor;                       ///< `NVIDIA`
  std::optional<std::string> architecture;  ///< `Blackwell`
  std::string label;                        ///< `GB200 NVL72`
  std::int64_t sort = 0;                    ///< place in lists, ascending
  double tdp_w = 0;
  double power_kw = 0;                  ///< per GPU, all in, as provisioned
  double cost_hyperscaler = 0;          ///< US dollars per GPU and hour (`costh`)
  std::optional<double> cost_neocloud;  ///< `costn`; newer editions have none
  double cost_rental = 0;               ///< `costr`
};

class Registry {
 public:
  /// The built-in files of an edition.
  static std::vector<RegistryFile> built_in_files(Edition edition);
  /// Reads files; of two tables of one name the later stands. Errors: malformed (no TOML), invalid
  /// (unknown keys and sections, missing or wrong values, a name that means two things): every
  /// fault with `FILE:LINE`.
  static Result<Registry> read(const std::vector<RegistryFile>& files);
  /// The built-in registry of an edition, read once.
  static const Registry& built_in(Edition edition = k_newest_edition);

  const std::vector<Model>& models() const { return models_; }
  const std::vector<Framework>& frameworks() const { return frameworks_; }
  const std::vector<std::string>& precisions() const { return precisions_; }
  const std::vector<std::string>& spec_methods() const { return spec_methods_; }
  const std::vector<Hardware>& hardware() const { return hardware_; }
  /// All aliases of frameworks, longest first.
  const std::vector<FrameworkAlias>& framework_aliases() const { return framework_aliases_; }

  /// The key of a model by its key or a prefix (lower case); nullptr when unknown.
  const std::string* model_of_prefix(std::string_view prefix) const;
  /// The key of a model by a value of `model`, exact.
  const std::string* model_of_name(std::string_view name) const;
  const FrameworkAlias* framework_alias(std::string_view lower) const;
  bool is_framework(std::string_view key) const;
  /// The canonical precision of an alias; nullptr when the text is no alias.
  const std::string* precision_alias(std::string_view lower) const;
  bool is_precision(std::string_view key) const;
  const Hardware* find_hardware(std::string_view key) const;

 private:
  using Names = std::map<std::string, std::string, std::less<>>;
  void read_models(RegistryReader& reader);
  void read_frameworks(RegistryReader& reader);
  void read_hardware(RegistryReader& reader);

  std::vector<Model> models_;
  std::vector<Framework> frameworks_;
  std::vector<FrameworkAlias> framework_aliases_;
  std::vector<std::string> precisions_;
  std::vector<std::string> spec_methods_;
  std::vector<Hardware> hardware_;
  Names models_by_prefix_, models_by_name_, precisions_by_alias_;
};

}  // namespace bl::inference
