#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/toml.h"

/// A strict reader of the registries' files: what it does not know is a fault with file and line,
/// and so is what is missing or of another type. All faults are collected; one error names them.
namespace bl::inference {

/// A registry's file: its name, for messages, and its TOML.
struct RegistryFile {
  std::string name;
  std::string text;
};

/// One table of a file: `[models.dsr1]`. Each getter marks its key as known; whoever has read all
/// of a table calls done(), which names the keys that nobody asked for. Values of a wrong type are
/// faults and read as absent. Keep the reader longer than its tables.
class RegistryTable {
 public:
  RegistryTable(const TomlDocument& document, std::string pointer, std::string name,
                std::vector<Fault>& faults);

  const std::string& name() const { return name_; }  ///< the last part of its key: `dsr1`
  std::string text(std::string_view key);            ///< required and not empty
  double number(std::string_view key);               ///< required
  std::optional<std::string> optional_text(std::string_view key);
  std::optional<double> optional_number(std::string_view key);
  std::optional<std::int64_t> optional_integer(std::string_view key);
  bool flag(std::string_view key);  ///< false when absent
  std::vector<std::string> texts(std::string_view key);
  std::vector<double> numbers(std::string_view key);
  /// The tables of a table, in the order of the file: of `aliases.trtllm = {}` one, named trtllm.
  std::vector<RegistryTable> tables(std::string_view key);
  void fault(std::string_view key, std::string message, const json::Value* value = nullptr);
  void done();

 private:
  const json::Value* get(std::string_view key);
  void missing(std::string_view key);

  const TomlDocument* document_;
  std::string pointer_;
  std::string name_;
  std::vector<Fault>* faults_;
  const json::Value* table_;
  std::set<std::string, std::less<>> known_;
};

/// Several files as one registry: a table of a later file replaces the one of the same name.
class RegistryReader {
 public:
  /// Errors: malformed (no TOML).
  static Result<RegistryReader> open(const std::vector<RegistryFile>& files);

  /// The tables below a section, `[SECTION.name]`, of all files. Once for each section.
  std::vector<RegistryTable> section(std::string_view name);
  std::vector<Fault>& faults() { return faults_; }
  /// Names sections that nobody asked for; invalid with all faults when there is one.
  Result<void> finish();

 private:
  std::vector<TomlDocument> documents_;
  std::set<std::string, std::less<>> known_;
  std::vector<Fault> faults_;
};

}  // namespace bl::inference
