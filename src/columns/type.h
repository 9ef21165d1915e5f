#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

/// What a column is: kinds, fields, schemas. Values; no Arrow in sight. Threads: any.
namespace bl::columns {

enum class Kind : unsigned char {
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,  ///< unsigned kinds only come from queries: no lake table has them
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  decimal,          ///< up to 38 digits: precision, scale
  text,             ///< UTF-8
  binary,           ///< bytes
  date,             ///< days since 1970-01-01
  time,             ///< microseconds since midnight
  timestamp,        ///< an instant: microseconds since 1970-01-01T00:00:00Z
  naive_timestamp,  ///< microseconds, without a zone
  list,             ///< one child: the element
  structure,        ///< children by name
  map,              ///< two children: the key (never null) and the value
  other,            ///< what Arrow knows and we only hand on; `other` names it
};

/// The kind's word in messages, for example "int64".
std::string_view name_of(Kind kind);

struct Field;

struct Type {
  Kind kind = Kind::other;
  int precision = 0;  ///< decimal only
  int scale = 0;      ///< decimal only
  std::vector<Field> children;
  std::string other;  ///< Arrow's name of a type that is not ours

  Type();
  Type(Kind k);  // implicit: `{"mean", Kind::float64}`
  Type(const Type&);
  Type(Type&&) noexcept;
  Type& operator=(const Type&);
  Type& operator=(Type&&) noexcept;
  ~Type();
  static Type decimal(int precision, int scale);
  static Type list(Type element);
  static Type structure(std::vector<Field> fields);
  static Type map(Type key, Type value);

  bool operator==(const Type& other) const;
  /// For example `list<float64>`, `decimal(38, 9)`, `struct<a: int64 not null>`.
  std::string text() const;
};

struct Field {
  std::string name;
  Type type;
  bool nullable = true;
  bool operator==(const Field&) const = default;
};

/// Bounds of a schema; hostile ones come in by IPC.
struct SchemaLimits {
  int columns_max = 4096;  ///< nested ones counted
  int depth_max = 16;
  std::size_t name_bytes_max = 1024;
};

/// The columns of a table or a batch, in order, with texts about the whole (`metadata`, in order,
/// kept by IPC). Cheap to copy: the content is shared and never changes.
class Schema {
 public:
  using Metadata = std::vector<std::pair<std::string, std::string>>;

  /// No columns.
  Schema();
  /// Errors: invalid (a name is empty, too long, no UTF-8 or there twice; a decimal of more than 38
  /// digits; a list, struct or map with the wrong children; over a limit).
  static Result<Schema> make(std::vector<Field> fields, Metadata metadata = {},
                             const SchemaLimits& limits = {});

  const std::vector<Field>& fields() const;
  const Metadata& metadata() const;
  int columns() const { return static_cast<int>(fields().size()); }
  /// Exact name; nullopt when there is none.
  std::optional<int> find(std::string_view name) const;
  /// Same fields in the same order; metadata is not compared.
  bool operator==(const Schema& other) const;
  /// For example `a: int64 not null, b: text`.
  std::string text() const;

 private:
  friend struct ArrowBridge;
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace bl::columns
