#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inference/registry_reader.h"

/// Accelerators by their data sheets (spec/inference.md 5.10): memory, arithmetic, links. Data
/// file: src/inference/data/charts/data_sheets.toml. Immutable after reading; any thread.
namespace bl::inference {

struct DataSheet {
  std::string name;    ///< `H100 SXM`
  std::string vendor;  ///< `nvidia`
  double memory_gb = 0;
  std::string memory_type;
  double memory_tb_per_s = 0;
  std::optional<double> fp4_tflops;  ///< dense
  std::optional<double> fp8_tflops;
  std::optional<double> bf16_tflops;
  std::string scale_up_technology;
  double scale_up_gb_per_s = 0;
  double scale_up_world_size = 0;  ///< accelerators that one switched or meshed domain has
  std::string scale_up_topology;   ///< `Switched 4-rail Optimized`, `Full Mesh`
  std::optional<std::string> scale_up_switch;
  std::optional<std::string> scale_out_bandwidth;
  std::optional<std::string> scale_out_technology;
  std::optional<std::string> scale_out_topology;  ///< absent for racks, which have no such network
  std::optional<std::string> scale_out_switch;
  std::optional<std::string> nic;

  double domain_memory_tb() const { return memory_gb * scale_up_world_size / 1000; }
  double domain_memory_tb_per_s() const { return memory_tb_per_s * scale_up_world_size; }
};

/// How the accelerators of a domain are joined.
struct ScaleUpTopology {
  bool switched = false;  ///< else each has a link to each
  int accelerators = 0;
  int switches = 0;
  int nodes = 1;
  int accelerators_per_node = 0;
};
ScaleUpTopology scale_up_topology(const DataSheet& sheet);

std::vector<RegistryFile> built_in_data_sheet_files();
/// Errors: as Registry::read.
Result<std::vector<DataSheet>> read_data_sheets(const std::vector<RegistryFile>& files);

/// `13.82 TB`, `26.8 TB/s`, `10,066`; a dash where there is no such arithmetic.
std::string domain_memory_text(const DataSheet& sheet);
std::string domain_memory_bandwidth_text(const DataSheet& sheet);
std::string tflops_text(std::optional<double> tflops);

}  // namespace bl::inference
