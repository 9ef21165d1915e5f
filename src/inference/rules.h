#pragma once

/// Where readings of one file differ: the contract's two recorded states, and ours, in which its
/// defects are mended (spec/inference.md 10, "go beyond"). Each difference can be chosen alone.
namespace bl::inference {

struct MappingRules {
  /// How the accelerator is found in `hw`: known endings are taken off, or the text between the
  /// last `:` and the first `-` is it.
  enum class HardwareNames : unsigned char { endings, segment };
  /// When nothing says whether serving is disaggregated: it is not, or the framework's name
  /// (`mori-*`, `dynamo-*`) says so.
  enum class Disaggregation : unsigned char { stated, implied };
  /// GPUs of a row that does not count them: tp x ep, or tp x pp x pcp, since expert parallelism
  /// shares the GPUs of tensor parallelism.
  enum class GpuCounts : unsigned char { tp_times_ep, shared };
  /// Texts as metrics: any with a number at its front ("0.4.7"), or only whole numbers.
  enum class TextMetrics : unsigned char { prefix, whole };
  /// Which schemas are known: the two of fixed sequences (of agentic rows isl and osl are missing),
  /// or also agentic rows, flat and v3, measured power, and topologies beyond tp and ep.
  enum class Schemas : unsigned char { fixed_sequences, all };
  /// Topology of eval rows: that of one node, or what the row says.
  enum class EvalTopology : unsigned char { single_node, stated };
  /// Values that no store takes (isl, osl, conc, GPUs below 1; infinite metrics): passed on, or the
  /// row is skipped and the metric left out.
  enum class Impossible : unsigned char { passed, refused };
  /// `mtp: on` of rows of 2025, which had no spec_decoding: ignored, or read.
  enum class MtpField : unsigned char { ignored, read };

  HardwareNames hardware_names = HardwareNames::segment;
  Disaggregation disaggregation = Disaggregation::implied;
  GpuCounts gpu_counts = GpuCounts::shared;
  TextMetrics text_metrics = TextMetrics::whole;
  Schemas schemas = Schemas::all;
  EvalTopology eval_topology = EvalTopology::stated;
  Impossible impossible = Impossible::refused;
  MtpField mtp_field = MtpField::read;

  /// The contract of April 2026, in which its cases were recorded.
  static constexpr MappingRules april_2026() {
    return {.hardware_names = HardwareNames::endings,
            .disaggregation = Disaggregation::stated,
            .gpu_counts = GpuCounts::tp_times_ep,
            .text_metrics = TextMetrics::prefix,
            .schemas = Schemas::fixed_sequences,
            .eval_topology = EvalTopology::single_node,
            .impossible = Impossible::passed,
            .mtp_field = MtpField::ignored};
  }
  /// The contract of September 2026.
  static constexpr MappingRules september_2026() {
    return {.gpu_counts = GpuCounts::tp_times_ep,
            .text_metrics = TextMetrics::prefix,
            .eval_topology = EvalTopology::single_node,
            .impossible = Impossible::passed,
            .mtp_field = MtpField::ignored};
  }
};

}  // namespace bl::inference
