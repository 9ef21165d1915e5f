#include "inference/producer.h"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include "base/numbers.h"
#include "inference/coercion.h"

namespace bl::inference {
namespace {

Error invalid(std::string message) {
  return Error{Code::invalid, std::move(message)};
}

/// Settings, read; what is wrong is kept until somebody asks.
class Settings {
 public:
  explicit Settings(const RunnerSettings& all) : all_(all) {}

  const std::string* find(std::string_view name) const {
    auto found = all_.find(name);
    return found == all_.end() ? nullptr : &found->second;
  }
  std::string text(std::string_view name) {
    const std::string* value = find(name);
    if (!value) missing_.emplace_back(name);
    return value ? *value : std::string();
  }
  std::int64_t integer(std::string_view name) {
    const std::string* value = find(name);
    if (!value) {
      missing_.emplace_back(name);
      return 0;
    }
    auto number = parse_int64(*value);
    if (!number) not_numbers_.push_back(fmt::format("{}={}", name, *value));
    return number.value_or(0);
  }
  /// 1 when it is not set.
  std::int64_t size(std::string_view name) { return find(name) ? integer(name) : 1; }
  bool is_true(std::string_view name) const {
    const std::string* value = find(name);
    return value && lower_case(*value) == "true";
  }
  Result<void> check() const {
    if (!missing_.empty()) {
      return invalid(fmt::format("settings are missing: {}", fmt::join(missing_, ", ")));
    }
    if (!not_numbers_.empty()) {
      return invalid(fmt::format("settings are no integers: {}", fmt::join(not_numbers_, ", ")));
    }
    return {};
  }

 private:
  const RunnerSettings& all_;
  std::vector<std::string> missing_, not_numbers_;
};

/// What throughputs are divided by.
struct Denominators {
  double total = 0, output = 0, input = 0;
};

class Producer {
 public:
  Producer(const json::Value& bench, const RunnerSettings& settings)
      : bench_(bench), settings_(settings) {}

  Result<json::Value> newest() {
    bool is_multinode = settings_.is_true("IS_MULTINODE");
    bool disagg = settings_.is_true("DISAGG");
    set("hw", settings_.text("RUNNER_TYPE"));
    set_from_bench("conc", "max_concurrency");
    set("image", settings_.text("IMAGE"));
    set_from_bench("model", "model_id");
    set("infmax_model_prefix", settings_.text("MODEL_PREFIX"));
    set("framework", settings_.text("FRAMEWORK"));
    set("precision", settings_.text("PRECISION"));
    set("spec_decoding", settings_.text("SPEC_DECODING"));
    row_.set("disagg", json::Value::boolean(disagg));
    set_if_there("recipe_fingerprint", "RECIPE_FINGERPRINT");
    set("isl", settings_.integer("ISL"));
    set("osl", settings_.integer("OSL"));
    row_.set("is_multinode", json::Value::boolean(is_multinode));
    if (disagg && !is_multinode) return invalid("disaggregated serving needs several nodes");
    if (is_multinode) {
      BL_RETURN_IF_ERROR(set_nodes());
    } else {
      BL_RETURN_IF_ERROR(set_node());
    }
    BL_RETURN_IF_ERROR(set_router());
    BL_RETURN_IF_ERROR(settings_.check());
    BL_RETURN_IF_ERROR(set_throughputs());
    BL_RETURN_IF_ERROR(set_statistics());
    // Nothing was measured with a power meter here.
    set("power_metric_schema_version", std::int64_t{2});
    set("power_valid", std::int64_t{0});
    return finish();
  }

  Result<json::Value> of_2025(RowRevision revision) {
    bool is_november = revision == RowRevision::november_2025;
    set("hw", settings_.text("RUNNER_TYPE"));
    std::int64_t tp = settings_.integer("TP");
    set("tp", tp);
    gpus_ = {.total = static_cast<double>(tp),
             .output = static_cast<double>(tp),
             .input = static_cast<double>(tp)};
    if (is_november) {
      set("ep", settings_.integer("EP_SIZE"));
      set("dp_attention", settings_.text("DP_ATTENTION"));
    }
    set_from_bench("conc", "max_concurrency");
    set_from_bench("model", "model_id");
    if (revision != RowRevision::august_2025) {
      set("framework", settings_.text("FRAMEWORK"));
      set("precision", settings_.text("PRECISION"));
    }
    if (is_november) {
      set("isl", settings_.integer("ISL"));
      set("osl", settings_.integer("OSL"));
      set_roles_of_november();
    }
    set_if_there("mtp", "MTP_MODE");
    BL_RETURN_IF_ERROR(settings_.check());
    BL_RETURN_IF_ERROR(set_throughputs());
    if (revision == RowRevision::august_2025) {
      std::erase_if(row_.members(), [](const json::Member& member) {
        return member.first == "output_tput_per_gpu" || member.first == "input_tput_per_gpu";
      });
    }
    BL_RETURN_IF_ERROR(set_statistics());
    return finish();
  }

 private:
  void set(std::string key, std::string text) {
    row_.set(std::move(key), json::Value::string(std::move(text)));
  }
  void set(std::string key, std::int64_t number) {
    row_.set(std::move(key), json::Value::number(number));
  }
  void set(std::string key, double number) {
    if (std::isfinite(number)) {
      row_.set(std::move(key), json::Value::number(number));
    } else {
      beyond_ = std::move(key);
    }
  }
  void set_from_bench(std::string key, std::string_view bench_key) {
    const json::Value* value = bench_.find(bench_key);
    row_.set(std::move(key), value ? *value : json::Value());
  }
  void set_if_there(std::string key, std::string_view setting) {
    if (const std::string* value = settings_.find(setting)) set(std::move(key), *value);
  }

  Result<json::Value> finish() {
    if (!beyond_.empty()) return invalid("too large for a number: " + beyond_);
    return std::move(row_);
  }

  Result<void> set_node() {
    std::int64_t tp = settings_.integer("TP");
    std::int64_t pp = settings_.size("PP_SIZE");
    std::int64_t dcp = settings_.size("DCP_SIZE");
    std::int64_t pcp = settings_.size("PCP_SIZE");
    set("tp", tp);
    set("pp", pp);
    set("dcp_size", dcp);
    set("pcp_size", pcp);
    set("ep", settings_.integer("EP_SIZE"));
    set("dp_attention", settings_.text("DP_ATTENTION"));
    BL_RETURN_IF_ERROR(settings_.check());
    if (tp <= 0) return invalid(fmt::format("TP must be positive: {}", tp));
    if (pp <= 0 || dcp <= 0 || pcp <= 0) {
      return invalid("PP_SIZE, DCP_SIZE and PCP_SIZE must be positive integers");
    }
    // Decode context parallelism shares the GPUs of tensor parallelism.
    double gpus = static_cast<double>(tp) * static_cast<double>(pp) * static_cast<double>(pcp);
    gpus_ = {.total = gpus, .output = gpus, .input = gpus};
    return {};
  }

  Result<void> set_role(const std::string& role, const std::string& prefix, bool is_there) {
    std::int64_t tp = settings_.integer(prefix + "TP");
    std::int64_t ep = settings_.integer(prefix + "EP");
    std::int64_t pp = settings_.size(prefix + "PP");
    std::int64_t dcp = settings_.size(prefix + "DCP_SIZE");
    std::int64_t pcp = settings_.size(prefix + "PCP_SIZE");
    if (pp <= 0 || dcp <= 0 || pcp <= 0) {
      return invalid(prefix + "PP, DCP_SIZE and PCP_SIZE must be positive integers");
    }
    set(role + "_tp", is_there ? tp : 0);
    set(role + "_pp", pp);
    set(role + "_dcp_size", dcp);
    set(role + "_pcp_size", pcp);
    set(role + "_ep", is_there ? ep : 0);
    set(role + "_dp_attention", settings_.text(prefix + "DP_ATTN"));
    set(role + "_num_workers", settings_.integer(prefix + "NUM_WORKERS"));
    return {};
  }

  Result<void> set_nodes() {
    std::int64_t prefill = settings_.integer("PREFILL_GPUS");
    std::int64_t decode = settings_.integer("DECODE_GPUS");
    BL_RETURN_IF_ERROR(set_role("prefill", "PREFILL_", true));
    BL_RETURN_IF_ERROR(set_role("decode", "DECODE_", decode != 0));
    set("num_prefill_gpu", prefill);
    set("num_decode_gpu", decode);
    BL_RETURN_IF_ERROR(settings_.check());
    if (prefill <= 0) return invalid("results of several nodes need a prefill GPU");
    if (decode < 0) return invalid(fmt::format("DECODE_GPUS must not be negative: {}", decode));
    double total = static_cast<double>(prefill) + static_cast<double>(decode);
    gpus_ = {.total = total,
             .output = decode > 0 ? static_cast<double>(decode) : total,
             .input = static_cast<double>(prefill)};
    const std::string* prefill_hw = settings_.find("PREFILL_HARDWARE");
    const std::string* decode_hw = settings_.find("DECODE_HARDWARE");
    if ((prefill_hw == nullptr) != (decode_hw == nullptr)) {
      return invalid("PREFILL_HARDWARE and DECODE_HARDWARE must be given together");
    }
    set_if_there("prefill_hw", "PREFILL_HARDWARE");
    set_if_there("decode_hw", "DECODE_HARDWARE");
    return {};
  }

  /// Until December 2025 only disaggregated rows named the GPUs of each role.
  void set_roles_of_november() {
    bool disagg = settings_.find("PREFILL_GPUS") && settings_.find("DECODE_GPUS");
    row_.set("disagg", json::Value::boolean(disagg));
    if (!disagg) return;
    std::int64_t prefill = settings_.integer("PREFILL_GPUS");
    std::int64_t decode = settings_.integer("DECODE_GPUS");
    set("num_prefill_gpu", prefill);
    set("num_decode_gpu", decode);
    gpus_.output = static_cast<double>(decode);
    gpus_.input = static_cast<double>(prefill);
  }

  Result<void> set_router() {
    if (const std::string* router = settings_.find("ROUTER_METADATA")) {
      auto parsed = json::parse(*router);
      if (!parsed.ok()) return std::move(parsed).error().with_context("ROUTER_METADATA");
      row_.set("router", std::move(*parsed));
    }
    set_if_there("kv_p2p_transfer", "KV_P2P_TRANSFER");
    return {};
  }

  Result<double> throughput(std::string_view name) {
    const json::Value* value = bench_.find(name);
    if (!value || !value->is_number()) return invalid(fmt::format("the benchmark has no {}", name));
    return value->as_double();
  }

  Result<void> set_throughputs() {
    BL_TRY(double total, throughput("total_token_throughput"));
    BL_TRY(double output, throughput("output_throughput"));
    if (gpus_.total <= 0 || gpus_.output <= 0 || gpus_.input <= 0) {
      return invalid("a count of GPUs is not positive");
    }
    set("tput_per_gpu", total / gpus_.total);
    set("output_tput_per_gpu", output / gpus_.output);
    set("input_tput_per_gpu", (total - output) / gpus_.input);
    return {};
  }

  static std::string without_unit(std::string name) {
    for (std::size_t at = name.find("_ms"); at != name.npos; at = name.find("_ms")) {
      name.erase(at, 3);
    }
    return name;
  }

  Result<void> set_statistics() {
    for (const auto& [name, value] : bench_.members()) {
      bool is_time = name.ends_with("ms");
      std::size_t tpot = name.find("tpot");
      if (!is_time && tpot == name.npos) continue;
      auto number = parse_number(&value);
      if (!number || !std::isfinite(*number)) {
        return invalid(fmt::format("{} is no number: {}", name, json::to_text(value)));
      }
      if (is_time) set(without_unit(name), *number / 1000);
      if (tpot == name.npos) continue;
      if (*number == 0) return invalid(fmt::format("the benchmark failed: {} is 0", name));
      std::string interactivity = name;
      interactivity.replace(tpot, 4, "intvty");
      set(without_unit(std::move(interactivity)), 1000 / *number);
    }
    return {};
  }

  const json::Value& bench_;
  Settings settings_;
  json::Value row_ = json::Value::object();
  Denominators gpus_;
  std::string beyond_;  // the last metric that is no finite number
};

}  // namespace

Result<json::Value> process_result(const json::Value& bench, const RunnerSettings& settings,
                                   RowRevision revision) {
  if (!bench.is_object()) return invalid("the benchmark's result is no object");
  Producer producer(bench, settings);
  return revision == RowRevision::august_2026 ? producer.newest() : producer.of_2025(revision);
}

}  // namespace bl::inference
