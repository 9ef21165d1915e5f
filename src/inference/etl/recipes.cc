#include "inference/recipes.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include "base/hash.h"
#include "inference/coercion.h"

namespace bl::inference {
namespace {

json::Value without(const json::Value& entry, std::initializer_list<std::string_view> keys) {
  if (!entry.is_object()) return entry;
  json::Object kept;
  for (const auto& member : entry.members()) {
    if (std::find(keys.begin(), keys.end(), member.first) == keys.end()) kept.push_back(member);
  }
  return json::Value::object(std::move(kept));
}

std::string recipe_text(const json::Value& entry) {
  return json::to_python_compact(without(entry, {"conc", "exp-name", "recipe-fingerprint"}));
}

/// The concurrencies of an entry: one, or a list.
std::vector<double> concurrencies(const json::Value& entry) {
  std::vector<double> all;
  const json::Value* conc = entry.find("conc");
  if (!conc) return all;
  if (conc->is_number()) return {conc->as_double()};
  if (!conc->is_array()) return all;
  for (const json::Value& one : conc->items()) {
    if (one.is_number()) all.push_back(one.as_double());
  }
  return all;
}

double lowest(const json::Value& entry) {
  std::vector<double> all = concurrencies(entry);
  return all.empty() ? 0 : *std::min_element(all.begin(), all.end());
}

/// The entry with those of its concurrencies that `keep` chooses; nullopt when there are none.
template <class Keep>
std::optional<json::Value> filtered(const json::Value& entry, const Keep& keep) {
  const json::Value* conc = entry.find("conc");
  if (!conc || !conc->is_array()) {
    bool all = true;
    for (double one : concurrencies(entry)) all = all && keep(one);
    return all ? std::optional(entry) : std::nullopt;
  }
  json::Array kept;
  for (const json::Value& one : conc->items()) {
    if (one.is_number() && keep(one.as_double())) kept.push_back(one);
  }
  if (kept.empty()) return std::nullopt;
  json::Value out = entry;
  out.set("conc", json::Value::array(std::move(kept)));
  return out;
}

using Recipes = std::map<std::string, std::set<double>>;

Recipes recipes_of(const json::Array& entries) {
  Recipes recipes;
  for (const json::Value& entry : entries) {
    auto& known = recipes[recipe_text(entry)];
    for (double conc : concurrencies(entry)) known.insert(conc);
  }
  return recipes;
}

/// `pattern` against the whole text; `*` is any text. Linear but for the stars, which go back to
/// the last one only.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = pattern.npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool stands_as_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    std::size_t end = at + word.size();
    bool begins = at == 0 || !is_word(text[at - 1]);
    if (begins && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

bool contains(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace

std::string recipe_fingerprint(const json::Value& entry) {
  return sha256_hex(recipe_text(entry));
}

Result<json::Array> append_only_delta(const json::Array& base, const json::Array& head) {
  Recipes before = recipes_of(base);
  Recipes after = recipes_of(head);
  for (const auto& [recipe, concs] : before) {
    auto found = after.find(recipe);
    if (found == after.end()) {
      return Error{Code::invalid, "append-only removed or changed a recipe: " + recipe};
    }
    for (double conc : concs) {
      if (!found->second.contains(conc)) {
        return Error{Code::invalid, fmt::format("append-only removed a concurrency: {}", conc)};
      }
    }
  }
  json::Array added;
  for (const json::Value& entry : head) {
    auto known = before.find(recipe_text(entry));
    if (known == before.end()) {
      added.push_back(entry);
      continue;
    }
    auto rest = filtered(entry, [&](double conc) { return !known->second.contains(conc); });
    if (rest) added.push_back(std::move(*rest));
  }
  if (added.empty()) {
    return Error{Code::invalid, "append-only did not add any generated points"};
  }
  return added;
}

json::Array lowest_concurrencies(const json::Array& entries) {
  json::Array trimmed;
  std::map<std::string, std::size_t> places;
  for (const json::Value& entry : entries) {
    double conc = lowest(entry);
    const json::Value* stated = entry.find("conc");
    if (stated && stated->is_array()) {
      if (auto one = filtered(entry, [&](double c) { return c == conc; })) trimmed.push_back(*one);
      continue;
    }
    std::string group = json::to_python_compact(without(entry, {"conc", "exp-name"}));
    auto [place, is_new] = places.emplace(std::move(group), trimmed.size());
    if (is_new) {
      trimmed.push_back(entry);
    } else if (conc < lowest(trimmed[place->second])) {
      trimmed[place->second] = entry;
    }
  }
  return trimmed;
}

Result<std::vector<std::string>> expand_config_keys(const std::vector<std::string>& keys,
                                                    const std::vector<std::string>& known) {
  std::vector<std::string> expanded;
  for (const std::string& key : keys) {
    bool is_pattern = key.find('*') != key.npos;
    bool found = false;
    for (const std::string& candidate : known) {
      if (is_pattern ? !matches(key, candidate) : key != candidate) continue;
      found = true;
      if (!contains(expanded, candidate)) expanded.push_back(candidate);
    }
    if (!found) {
      return Error{Code::invalid, is_pattern ? "no configuration matches the pattern: " + key
                                             : "no such configuration: " + key};
    }
  }
  return expanded;
}

std::optional<std::string> cluster_in_job_name(std::string_view job_name,
                                               std::vector<std::string> labels) {
  std::string lower = lower_case(job_name);
  std::sort(labels.begin(), labels.end());
  for (const std::string& label : labels) {
    if (stands_as_word(lower, label)) return label;
  }
  return std::nullopt;
}

bool ConfigKeyFilter::lets_through(std::string_view key) const {
  std::size_t model_end = std::min(key.find('-'), key.size());
  std::string_view rest = key.substr(std::min(model_end + 1, key.size()));
  std::size_t precision_end = std::min(rest.find('-'), rest.size());
  std::string_view gpu = rest.substr(std::min(precision_end + 1, rest.size()));
  auto lets = [](const std::vector<std::string>& allowed, std::string_view part) {
    return allowed.empty() || contains(allowed, part);
  };
  return lets(model_prefixes, key.substr(0, model_end)) &&
         lets(precisions, rest.substr(0, precision_end)) && lets(gpus, gpu);
}

}  // namespace bl::inference
