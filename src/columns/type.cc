#include "columns/type.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "base/utf8.h"
#include "columns/arrow/schema_state.h"

namespace bl::columns {
namespace {

constexpr std::array<std::string_view, 22> k_names{
    "boolean", "int8",   "int16",  "int32",   "int64",     "uint8",
    "uint16",  "uint32", "uint64", "float32", "float64",   "decimal",
    "text",    "binary", "date",   "time",    "timestamp", "naive_timestamp",
    "list",    "struct", "map",    "other"};

std::string fields_text(const std::vector<Field>& fields) {
  std::string out;
  for (const auto& field : fields) {
    if (!out.empty()) out += ", ";
    out += field.name + ": " + field.type.text();
    if (!field.nullable) out += " not null";
  }
  return out;
}

Error invalid(std::string_view rule, std::string_view value) {
  return Error{Code::invalid, fmt::format("{}: {}", rule, value)};
}

/// Walks a schema and counts its columns.
class Rules {
 public:
  explicit Rules(const SchemaLimits& limits) : limits_(limits) {}

  Result<void> check_all(const std::vector<Field>& fields, int depth) {
    if (depth > limits_.depth_max) return invalid("a schema nests too deep", fields[0].name);
    std::map<std::string_view, int> seen;
    for (const auto& field : fields) {
      BL_RETURN_IF_ERROR(check_name(field));
      if (!seen.emplace(field.name, 0).second) {
        return invalid("a column's name is there twice", field.name);
      }
      BL_RETURN_IF_ERROR(check(field, depth));
    }
    return {};
  }

 private:
  Result<void> check_name(const Field& field) const {
    if (field.name.empty()) return invalid("a column has no name", field.type.text());
    if (field.name.size() > limits_.name_bytes_max) {
      return invalid("a column's name is too long", prefix_of_bytes(valid_utf8(field.name), 64));
    }
    if (!is_utf8(field.name) || field.name.find('\0') != std::string::npos) {
      return invalid("a column's name is not UTF-8 text", valid_utf8(field.name));
    }
    return {};
  }

  Result<void> check(const Field& field, int depth) {
    if (++columns_ > limits_.columns_max) {
      return invalid("a schema has too many columns, at most", std::to_string(limits_.columns_max));
    }
    const Type& type = field.type;
    const std::size_t children = type.children.size();
    switch (type.kind) {
      case Kind::decimal:
        if (type.precision < 1 || type.precision > 38 || type.scale < 0 ||
            type.scale > type.precision) {
          return invalid(field.name + ": no such decimal", type.text());
        }
        break;
      case Kind::list:
        if (children != 1) return invalid("a list has one kind of element", field.name);
        break;
      case Kind::structure:
        if (children == 0) return invalid("a struct has at least one field", field.name);
        break;
      case Kind::map:
        if (children != 2 || type.children[0].nullable) {
          return invalid("a map has a key, which is never null, and a value", field.name);
        }
        break;
      case Kind::other:
        return {};
      default:
        if (children != 0) return invalid("only list, struct and map have children", field.name);
    }
    if (children > 0) return check_all(type.children, depth + 1);
    return {};
  }

  const SchemaLimits& limits_;
  int columns_ = 0;
};

}  // namespace

std::string_view name_of(Kind kind) {
  return k_names[static_cast<std::size_t>(kind)];
}

// Here, because a Field is complete only after its Type.
Type::Type() = default;
Type::Type(Kind k) : kind(k) {}
Type::Type(const Type&) = default;
Type::Type(Type&&) noexcept = default;
Type& Type::operator=(const Type&) = default;
Type& Type::operator=(Type&&) noexcept = default;
Type::~Type() = default;

Type Type::decimal(int precision, int scale) {
  Type type(Kind::decimal);
  type.precision = precision;
  type.scale = scale;
  return type;
}

Type Type::list(Type element) {
  Type type(Kind::list);
  type.children.push_back({"element", std::move(element)});
  return type;
}

Type Type::structure(std::vector<Field> fields) {
  Type type(Kind::structure);
  type.children = std::move(fields);
  return type;
}

Type Type::map(Type key, Type value) {
  Type type(Kind::map);
  type.children.push_back({"key", std::move(key), false});
  type.children.push_back({"value", std::move(value)});
  return type;
}

bool Type::operator==(const Type& that) const {
  if (kind != that.kind || precision != that.precision || scale != that.scale ||
      other != that.other || children.size() != that.children.size()) {
    return false;
  }
  const bool by_position = kind == Kind::list || kind == Kind::map;  // writers name them freely
  for (std::size_t i = 0; i < children.size(); ++i) {
    const Field& a = children[i];
    const Field& b = that.children[i];
    if (a.nullable != b.nullable || a.type != b.type) return false;
    if (!by_position && a.name != b.name) return false;
  }
  return true;
}

std::string Type::text() const {
  switch (kind) {
    case Kind::decimal:
      return fmt::format("decimal({}, {})", precision, scale);
    case Kind::list:
      return children.empty() ? "list" : "list<" + children[0].type.text() + ">";
    case Kind::structure:
      return "struct<" + fields_text(children) + ">";
    case Kind::map:
      if (children.size() != 2) return "map";
      return "map<" + children[0].type.text() + ", " + children[1].type.text() + ">";
    case Kind::other:
      return other.empty() ? "other" : other;
    default:
      return std::string(name_of(kind));
  }
}

Schema::Schema() : state_(std::make_shared<State>()) {}

Result<Schema> Schema::make(std::vector<Field> fields, Metadata metadata,
                            const SchemaLimits& limits) {
  BL_RETURN_IF_ERROR(Rules(limits).check_all(fields, 1));
  auto state = std::make_shared<State>();
  for (const auto& field : fields) {
    state->by_name.emplace(field.name, static_cast<int>(state->by_name.size()));
  }
  state->fields = std::move(fields);
  state->metadata = std::move(metadata);
  Schema schema;
  schema.state_ = std::move(state);
  return schema;
}

const std::vector<Field>& Schema::fields() const {
  return state_->fields;
}
const Schema::Metadata& Schema::metadata() const {
  return state_->metadata;
}

std::optional<int> Schema::find(std::string_view name) const {
  const auto at = state_->by_name.find(name);
  if (at == state_->by_name.end()) return std::nullopt;
  return at->second;
}

bool Schema::operator==(const Schema& other) const {
  return state_ == other.state_ || fields() == other.fields();
}

std::string Schema::text() const {
  return fields_text(fields());
}

}  // namespace bl::columns
