#pragma once

#include <string>

#include "traces/imports.h"

/// What all readers of files share: ids, roots, what was skipped.
namespace bl::traces {

class ImportContext {
 public:
  ImportContext(const ImportOptions& options, const ImportLimits& limits)
      : options_(options), limits_(limits) {}
  const ImportOptions& options() const { return options_; }
  const ImportLimits& limits() const { return limits_; }

  void skip(std::string path, std::string message, std::string value = {});
  /// The span, unless it breaks a rule. False: there are too many.
  bool add(Span span, std::string_view place);
  Imported& imported() { return imported_; }
  Error too_many() const;

  /// A service of the file; `by_default` unless the caller named one.
  std::shared_ptr<const Resource> resource(std::string_view by_default, Attributes more = {}) const;
  std::shared_ptr<const Scope> scope(TraceFormat format) const;
  /// The span above all others, by the conventions of CI.
  Span build_root(const TraceId& trace, std::string_view name_by_default) const;

 private:
  const ImportOptions& options_;
  const ImportLimits& limits_;
  Imported imported_;
};

/// Of a content of that format.
TraceId trace_id_of(TraceFormat format, std::string_view content);
/// Of what stands at a place of a trace's content; 0 is the root.
SpanId span_id_of(const TraceId& trace, std::uint64_t place);

Result<void> import_ninja_log(std::string_view content, ImportContext& context);
Result<void> import_chrome(TraceFormat format, std::string_view content, ImportContext& context);
Result<void> import_otlp(std::string_view content, ImportContext& context);

}  // namespace bl::traces
