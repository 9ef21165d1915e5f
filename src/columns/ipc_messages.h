#pragma once

#include <string>
#include <vector>

#include "columns/batch.h"
#include "columns/ipc.h"

/// Single messages of Arrow's IPC format, for wires that carry the schema and each batch apart, and
/// with what such wires want of fields beyond our types.
namespace bl::columns {

/// How a column, or a child of one, goes out.
struct WireField {
  enum class Form : unsigned char {
    as_is,
    decimal256,      ///< a decimal, as one of `precision` and `scale`
    month_day_nano,  ///< a struct of int32 months, int32 days, int64 microseconds
  };
  std::string name;
  bool nullable = true;
  Form form = Form::as_is;
  int precision = 0, scale = 0;  ///< of decimal256
  Schema::Metadata metadata;
  std::vector<WireField> children;  ///< of as_is: as many as the type has
};

/// The messages of one schema. Threads: any.
class IpcMessages {
 public:
  /// Errors: invalid (other fields than the schema's, forms that do not fit a column).
  static Result<IpcMessages> make(const Schema& schema, std::vector<WireField> fields,
                                  IpcCompression compression);

  /// One encapsulated message, without an end mark.
  const std::string& schema_message() const { return schema_message_; }
  /// One encapsulated message; slices carry their own rows only. Errors: invalid (another schema;
  /// an interval of more than 292 years of time, which month_day_nano does not hold).
  Result<std::string> batch_message(const Batch& batch) const;

 private:
  IpcMessages() = default;

  Schema schema_;
  std::vector<WireField> fields_;
  IpcCompression compression_ = IpcCompression::none;
  std::shared_ptr<const void> native_;  // of the schema as it goes out
  std::string schema_message_;
};

}  // namespace bl::columns
