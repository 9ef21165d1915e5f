#pragma once

#include <cstdint>

#include "base/result.h"
#include "columns/batch.h"

// The structs of Arrow's C data interface, an ABI that every implementation declares for itself
// (https://arrow.apache.org/docs/format/CDataInterface.html).
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
extern "C" {
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
}
#endif

/// Batches and schemas out of and into other libraries of this process, without copies. Who holds
/// an exported struct must release it once; CSchema and CArray do so. Imported structs are taken
/// over. Trusted neighbours only: pointers are believed. Threads: any, one at a time per object.
namespace bl::columns {

/// Owns one C struct: releases it unless somebody took it over.
template <class T>
class COwner {
 public:
  COwner() = default;
  ~COwner() { reset(); }
  COwner(const COwner&) = delete;
  COwner& operator=(const COwner&) = delete;
  COwner(COwner&& other) noexcept : value_(other.value_) { other.value_ = T{}; }
  COwner& operator=(COwner&& other) noexcept {
    if (this != &other) {
      reset();
      value_ = other.value_;
      other.value_ = T{};
    }
    return *this;
  }
  T* get() { return &value_; }
  T* operator->() { return &value_; }

 private:
  void reset() {
    if (value_.release != nullptr) value_.release(&value_);
  }
  T value_{};
};
using CSchema = COwner<ArrowSchema>;
using CArray = COwner<ArrowArray>;

CSchema export_schema(const Schema& schema);
/// A struct array whose children are the columns. Shares the batch's memory and keeps it alive.
CArray export_batch(const Batch& batch);

/// Errors: invalid (breaks a rule of Schema::make).
Result<Schema> import_schema(CSchema schema);
/// The batch that the array holds under a schema that import_schema or export_schema knows.
/// Errors: invalid (the array is not of that schema).
Result<Batch> import_batch(CArray array, const Schema& schema);

}  // namespace bl::columns
