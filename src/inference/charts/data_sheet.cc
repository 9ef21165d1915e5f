#include "inference/data_sheet.h"

#include "base/check.h"
#include "base/numbers.h"
#include "embedded/inference_registry.h"
#include "inference/number_text.h"

namespace bl::inference {
namespace {

constexpr std::string_view k_file = "charts/data_sheets.toml";
constexpr int k_accelerators_per_rack_node = 4;
constexpr int k_accelerators_per_node = 8;

// 4 of `Switched 4-rail Optimized`.
int rails(std::string_view topology) {
  const std::size_t end = topology.find("-rail");
  if (end == std::string_view::npos) return 0;
  std::size_t begin = end;
  while (begin > 0 && topology[begin - 1] >= '0' && topology[begin - 1] <= '9') --begin;
  return static_cast<int>(parse_int64(topology.substr(begin, end - begin)).value_or(0));
}

}  // namespace

ScaleUpTopology scale_up_topology(const DataSheet& sheet) {
  ScaleUpTopology topology;
  topology.switched = sheet.scale_up_topology.starts_with("Switched");
  topology.accelerators = static_cast<int>(sheet.scale_up_world_size);
  topology.switches = topology.switched ? rails(sheet.scale_up_topology) : 0;
  topology.accelerators_per_node = topology.accelerators > k_accelerators_per_node
                                       ? k_accelerators_per_rack_node
                                       : topology.accelerators;
  if (topology.accelerators_per_node > 0)
    topology.nodes = topology.accelerators / topology.accelerators_per_node;
  return topology;
}

std::vector<RegistryFile> built_in_data_sheet_files() {
  std::vector<RegistryFile> files;
  for (const net::EmbeddedFile& file : embedded::inference_registry()) {
    if (file.path == k_file) files.push_back({std::string(file.path), std::string(file.bytes)});
  }
  BL_CHECK(!files.empty());
  return files;
}

Result<std::vector<DataSheet>> read_data_sheets(const std::vector<RegistryFile>& files) {
  BL_TRY(RegistryReader reader, RegistryReader::open(files));
  std::vector<DataSheet> sheets;
  for (RegistryTable& table : reader.section("sheets")) {
    sheets.push_back({.name = table.name(),
                      .vendor = table.text("vendor"),
                      .memory_gb = table.number("memory_gb"),
                      .memory_type = table.text("memory_type"),
                      .memory_tb_per_s = table.number("memory_tb_per_s"),
                      .fp4_tflops = table.optional_number("fp4_tflops"),
                      .fp8_tflops = table.optional_number("fp8_tflops"),
                      .bf16_tflops = table.optional_number("bf16_tflops"),
                      .scale_up_technology = table.text("scale_up_technology"),
                      .scale_up_gb_per_s = table.number("scale_up_gb_per_s"),
                      .scale_up_world_size = table.number("scale_up_world_size"),
                      .scale_up_topology = table.text("scale_up_topology"),
                      .scale_up_switch = table.optional_text("scale_up_switch"),
                      .scale_out_bandwidth = table.optional_text("scale_out_bandwidth"),
                      .scale_out_technology = table.optional_text("scale_out_technology"),
                      .scale_out_topology = table.optional_text("scale_out_topology"),
                      .scale_out_switch = table.optional_text("scale_out_switch"),
                      .nic = table.optional_text("nic")});
    table.done();
  }
  BL_RETURN_IF_ERROR(reader.finish());
  return sheets;
}

std::string domain_memory_text(const DataSheet& sheet) {
  return ecma_fixed(sheet.domain_memory_tb(), 2) + " TB";
}

std::string domain_memory_bandwidth_text(const DataSheet& sheet) {
  return grouped_number(sheet.domain_memory_tb_per_s(), 2) + " TB/s";
}

std::string tflops_text(std::optional<double> tflops) {
  return tflops ? grouped_number(*tflops, 0) : "—";
}

}  // namespace bl::inference
