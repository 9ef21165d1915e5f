#include "bigquery/rows/proto_descriptor.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "base/protobuf.h"
#include "base/utf8.h"

namespace bl::bigquery {
namespace {

using protobuf::Field;
using protobuf::Reader;
using protobuf::Type;

constexpr std::uint32_t k_column_name_option = 454'943'157;
constexpr int k_depth_max = 32;
constexpr std::size_t k_type_name_bytes_max = 1024;

Error malformed(const Reader& reader) {
  return Error{Code::malformed, fmt::format("no DescriptorProto: {} at byte {}", reader.fault(),
                                            reader.fault_offset())};
}

class DescriptorReader {
 public:
  explicit DescriptorReader(int fields_max) : fields_left_(fields_max) {}

  Result<void> message(Reader reader, ProtoDescriptor& out, int depth) {
    if (depth > k_depth_max) {
      return Error{Code::too_large, fmt::format("messages nested deeper than: {}", k_depth_max)};
    }
    Field part;
    while (reader.next(part)) {
      if (part.type != Type::bytes) continue;
      if (part.number == 1) out.name = valid_utf8(part.bytes);
      if (part.number == 2) BL_RETURN_IF_ERROR(field(Reader(part), out));
      if (part.number == 3) {
        BL_RETURN_IF_ERROR(take_one());
        out.nested.emplace_back();
        BL_RETURN_IF_ERROR(message(Reader(part), out.nested.back(), depth + 1));
      }
      if (part.number == 4) BL_RETURN_IF_ERROR(enumeration(Reader(part), out));
    }
    if (reader.fault() != nullptr) return malformed(reader);
    return {};
  }

 private:
  Result<void> take_one() {
    if (--fields_left_ >= 0) return {};
    return Error{Code::too_large, "a DescriptorProto with too many fields, messages and enums"};
  }

  Result<void> field(Reader reader, ProtoDescriptor& of) {
    BL_RETURN_IF_ERROR(take_one());
    ProtoFieldDescriptor out;
    Field part;
    while (reader.next(part)) {
      if (part.type == Type::varint) {
        if (part.number == 3) out.number = static_cast<std::uint32_t>(part.value);
        if (part.number == 4) out.is_required = part.value == 2;
        if (part.number == 4) out.is_repeated = part.value == 3;
        if (part.number == 5 && part.value <= 18) out.kind = static_cast<ProtoKind>(part.value);
      } else if (part.type == Type::bytes) {
        if (part.number == 1) out.name = valid_utf8(part.bytes);
        if (part.number == 6) out.type_name = valid_utf8(part.bytes);
        if (part.number == 8) BL_RETURN_IF_ERROR(options(Reader(part), out));
      }
    }
    if (reader.fault() != nullptr) return malformed(reader);
    if (out.type_name.size() > k_type_name_bytes_max || out.name.empty() || out.number == 0 ||
        out.number >= (1u << 29) || out.kind == ProtoKind::none || out.kind == ProtoKind::group) {
      return Error{Code::invalid,
                   fmt::format("a field without a sound name, number or kind: {}", out.name)};
    }
    of.fields.push_back(std::move(out));
    return {};
  }

  Result<void> options(Reader reader, ProtoFieldDescriptor& out) {
    Field part;
    while (reader.next(part)) {
      if (part.number == k_column_name_option && part.type == Type::bytes) {
        out.column_name = valid_utf8(part.bytes);
      }
    }
    if (reader.fault() != nullptr) return malformed(reader);
    return {};
  }

  Result<void> enumeration(Reader reader, ProtoDescriptor& of) {
    BL_RETURN_IF_ERROR(take_one());
    ProtoEnum out;
    Field part;
    while (reader.next(part)) {
      if (part.type != Type::bytes) continue;
      if (part.number == 1) out.name = valid_utf8(part.bytes);
      if (part.number != 2) continue;
      std::string name;
      std::int64_t number = 0;
      Reader value(part);
      Field of_value;
      while (value.next(of_value)) {
        if (of_value.number == 1) name = valid_utf8(of_value.bytes);
        if (of_value.number == 2) number = static_cast<std::int32_t>(of_value.value);
      }
      if (value.fault() != nullptr) return malformed(value);
      out.values.emplace(number, std::move(name));
    }
    if (reader.fault() != nullptr) return malformed(reader);
    of.enums.push_back(std::make_shared<const ProtoEnum>(std::move(out)));
    return {};
  }

  int fields_left_;
};

void set_parents(ProtoDescriptor& message) {
  for (ProtoDescriptor& nested : message.nested) {
    nested.parent = &message;
    set_parents(nested);
  }
}

Result<void> check_fields(const ProtoDescriptor& message) {
  std::set<std::uint32_t> numbers;
  for (const ProtoFieldDescriptor& field : message.fields) {
    if (!numbers.insert(field.number).second) {
      return Error{Code::invalid,
                   fmt::format("two fields of one number: {} {}", field.name, field.number)};
    }
  }
  for (const ProtoDescriptor& nested : message.nested) BL_RETURN_IF_ERROR(check_fields(nested));
  return {};
}

/// The first name of `a.b.c`, and the rest.
std::pair<std::string_view, std::string_view> split(std::string_view path) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return {path, {}};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

const ProtoDescriptor* below(const ProtoDescriptor& from, std::string_view path) {
  const ProtoDescriptor* at = &from;
  while (!path.empty() && at != nullptr) {
    const auto [name, rest] = split(path);
    const ProtoDescriptor* next = nullptr;
    for (const ProtoDescriptor& nested : at->nested) {
      if (nested.name == name) next = &nested;
    }
    at = next;
    path = rest;
  }
  return at;
}

/// Calls `look(scope, path)` for each scope from `from` outwards and each tail of the name, longest
/// first, until it finds something.
template <class Look>
auto search(const ProtoDescriptor& from, std::string_view type_name, const Look& look)
    -> decltype(look(from, type_name)) {
  if (type_name.starts_with('.')) type_name.remove_prefix(1);
  for (std::string_view path = type_name; !path.empty(); path = split(path).second) {
    for (const ProtoDescriptor* scope = &from; scope != nullptr; scope = scope->parent) {
      if (auto found = look(*scope, path)) return found;
      const auto [name, rest] = split(path);
      if (scope->parent != nullptr || name != scope->name || rest.empty()) continue;
      if (auto found = look(*scope, rest)) return found;
    }
  }
  return {};
}

}  // namespace

std::string_view name_of(ProtoKind kind) {
  static constexpr std::array<std::string_view, 19> k_names{
      "none",    "double",   "float",    "int64",  "uint64",  "int32", "fixed64",
      "fixed32", "bool",     "string",   "group",  "message", "bytes", "uint32",
      "enum",    "sfixed32", "sfixed64", "sint32", "sint64"};
  return k_names[static_cast<std::size_t>(kind)];
}

const ProtoDescriptor* ProtoDescriptor::find_message(std::string_view type_name) const {
  return search(*this, type_name, [](const ProtoDescriptor& scope, std::string_view path) {
    return below(scope, path);
  });
}

std::shared_ptr<const ProtoEnum> ProtoDescriptor::find_enum(std::string_view type_name) const {
  return search(
      *this, type_name,
      [](const ProtoDescriptor& scope, std::string_view path) -> std::shared_ptr<const ProtoEnum> {
        const std::size_t dot = path.rfind('.');
        const bool is_plain = dot == std::string_view::npos;
        const ProtoDescriptor* in = is_plain ? &scope : below(scope, path.substr(0, dot));
        if (in == nullptr) return nullptr;
        for (const auto& one : in->enums) {
          if (one->name == (is_plain ? path : path.substr(dot + 1))) return one;
        }
        return nullptr;
      });
}

Result<std::unique_ptr<ProtoDescriptor>> read_proto_descriptor(std::string_view bytes,
                                                               int fields_max) {
  auto out = std::make_unique<ProtoDescriptor>();
  BL_RETURN_IF_ERROR(DescriptorReader(fields_max).message(Reader(bytes), *out, 1));
  set_parents(*out);
  BL_RETURN_IF_ERROR(check_fields(*out));
  return out;
}

}  // namespace bl::bigquery
