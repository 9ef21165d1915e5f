#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "traces/trace_store.h"

namespace bl::traces {

/// Services, operations and keys of attributes that ever came, as spans come in. Threads: any.
class NameLists {
 public:
  explicit NameLists(std::size_t names_max) : names_max_(names_max) {}

  /// Each shared resource and scope is looked at once.
  void add(const Spans& spans);
  std::vector<std::string> services() const;
  std::vector<Operation> operations(std::string_view service, std::optional<SpanKind> kind) const;
  std::vector<AttributeKey> keys(std::optional<AttributePlace> place) const;

  /// One text, and back. Errors of read: corrupt.
  std::string text() const;
  Result<void> read(std::string_view text);
  std::size_t bytes() const;
  std::size_t left_out() const;

 private:
  using KindAndName = std::pair<SpanKind, std::string>;
  struct Found {
    std::set<std::pair<std::string_view, std::pair<SpanKind, std::string_view>>> operations;
    std::set<std::pair<AttributePlace, std::string_view>> keys;
  };
  void keep(const Found& found);
  bool has_room();

  const std::size_t names_max_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::set<KindAndName, std::less<>>, std::less<>> operations_;  // guarded
  std::map<AttributePlace, std::set<std::string, std::less<>>> keys_;                  // guarded
  std::size_t count_ = 0, left_out_ = 0;                                               // guarded
};

}  // namespace bl::traces
