#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bl::lake {

/// Remembers for longer than journals do what keys of their records say: how far a writer has come.
/// What it was not told yet, Table::unflushed_keys() still has: the two together miss nothing,
/// whatever is killed when. Outlives the lake. Threads: any.
class KeyKeeper {
 public:
  virtual ~KeyKeeper() = default;
  /// Is it a key that it is to be told? Cost: none to speak of.
  virtual bool wants(std::string_view key) const = 0;
  /// Keys of records of a table that go from its journal to files, in the order of the records;
  /// durable on return. Some may come again. An error keeps the records where they are, and the
  /// next flush tries again. It must not call the table; whoever changes a table's schema must not
  /// hold what this waits for.
  virtual Result<void> keep(std::string_view table, std::span<const std::string> keys) = 0;
};

}  // namespace bl::lake
