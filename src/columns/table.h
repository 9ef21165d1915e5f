#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "columns/builders.h"

/// Tables whose columns are known when we compile. The columns are written once, as a type; what
/// does not fit them does not compile.
///
///     using Points = columns::Table<columns::Is<"series", std::int64_t>,
///                                   columns::Is<"at", Timestamp>,
///                                   columns::Is<"unit", std::optional<std::string_view>>,
///                                   columns::Is<"samples", columns::List<double>>>;
///     Points::Builder builder;
///     builder.append(7, at, "s", samples);        // another count, order or kind: no program
///     BL_TRY(columns::Batch batch, builder.finish());
///     BL_TRY(auto view, Points::read(batch));
///     view.column<"unit">()[0];                    // a name that is not there: no program
namespace bl::columns {

/// A text as a template argument.
template <std::size_t N>
struct Name {
  consteval Name(const char (&text)[N]) {
    for (std::size_t i = 0; i < N; ++i) chars[i] = text[i];
  }
  constexpr std::string_view view() const { return {chars, N - 1}; }
  char chars[N] = {};
};

/// One column: its name, and the C++ type of its values; std::optional of it where rows may be
/// null.
template <Name N, class T>
struct Is {
  static constexpr std::string_view name = N.view();
  using Value = T;
  static constexpr bool nullable = false;
};
template <Name N, class T>
struct Is<N, std::optional<T>> {
  static constexpr std::string_view name = N.view();
  using Value = T;
  static constexpr bool nullable = true;
};

template <class T>
struct TypeOf {
  static Type type() { return Stored<T>::kind; }
};
template <class T>
struct TypeOf<List<T>> {
  static Type type() { return Type::list(TypeOf<T>::type()); }
};

template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<List<T>> : std::true_type {
  using Element = T;
};

/// May a value of `From` stand in a column of `To`, losing nothing?
template <class To, class From>
concept Fits =
    requires(From from) { To{from}; } && (!std::is_class_v<To> || std::convertible_to<From, To>) &&
    (!std::same_as<To, bool> || std::same_as<std::remove_cvref_t<From>, bool>);
template <class From>
constexpr bool is_optional = requires(const From& from) {
  typename From::value_type;
  from.has_value();
  *from;
};

template <class C, class From>
constexpr bool fits_column() {
  using Value = typename C::Value;
  if constexpr (std::same_as<From, std::nullopt_t>) {
    return C::nullable;
  } else if constexpr (is_optional<From>) {
    return C::nullable && Fits<Value, typename From::value_type>;
  } else if constexpr (IsList<Value>::value) {
    return requires(const From& from) {
      requires Fits<typename IsList<Value>::Element, decltype(*std::begin(from))>;
    };
  } else {
    return Fits<Value, From>;
  }
}

template <class... Cs>
class Table {
 public:
  static constexpr std::size_t k_columns = sizeof...(Cs);

  static const Schema& schema() {
    static const Schema k_schema =
        Schema::make(
            {Field{std::string(Cs::name), TypeOf<typename Cs::Value>::type(), Cs::nullable}...})
            .value();
    return k_schema;
  }

  class Builder {
   public:
    explicit Builder(BuilderLimits limits = {}) : limits_(limits) {
      BL_CHECK(limits.bytes_max <= (1u << 30));
    }
    /// Adds one row: a value for each column. False when the batch is full and the row was not
    /// added: finish(), then append again; false on an empty builder: the row alone is too large.
    template <class... Values>
      requires(sizeof...(Values) == k_columns && (fits_column<Cs, Values>() && ...))
    [[nodiscard]] bool append(const Values&... values) {
      const std::size_t bytes = (size_in<Cs>(values) + ...);
      if (rows_ == limits_.rows_max || bytes > limits_.bytes_max - bytes_) return false;
      add(std::index_sequence_for<Cs...>{}, values...);
      bytes_ += bytes;
      ++rows_;
      return true;
    }
    std::int64_t rows() const { return rows_; }
    std::size_t bytes() const { return bytes_; }
    /// What was added, as a batch; the builder is empty again. Errors: invalid (text that is no
    /// UTF-8, with the column's name).
    Result<Batch> finish() {
      std::vector<ColumnData> columns;
      columns.reserve(k_columns);
      std::apply([&](auto&... column) { (columns.push_back(column.take()), ...); }, columns_);
      bytes_ = 0;
      return Batch::make(schema(), std::exchange(rows_, 0), std::move(columns));
    }

   private:
    template <class C, class V>
    static std::size_t size_in(const V& value) {
      using One = ColumnBuilder<typename C::Value>;
      if constexpr (std::same_as<V, std::nullopt_t>) {
        return One::size_of_null();
      } else if constexpr (is_optional<V>) {
        return value ? size_in<C>(*value) : One::size_of_null();
      } else if constexpr (IsList<typename C::Value>::value) {
        return One::size_of(value);
      } else {
        return One::size_of(typename C::Value{value});
      }
    }
    template <class C, class V>
    static void add_one(ColumnBuilder<typename C::Value>& column, const V& value) {
      if constexpr (std::same_as<V, std::nullopt_t>) {
        column.append_null();
      } else if constexpr (is_optional<V>) {
        if (value) {
          add_one<C>(column, *value);
        } else {
          column.append_null();
        }
      } else if constexpr (IsList<typename C::Value>::value) {
        column.append(value);
      } else {
        column.append(typename C::Value{value});
      }
    }
    template <std::size_t... I, class... Values>
    void add(std::index_sequence<I...>, const Values&... values) {
      (add_one<Cs>(std::get<I>(columns_), values), ...);
    }

    BuilderLimits limits_;
    std::tuple<ColumnBuilder<typename Cs::Value>...> columns_;
    std::int64_t rows_ = 0;
    std::size_t bytes_ = 0;
  };

  /// A batch read by these columns. Keeps the batch alive.
  class Rows {
   public:
    std::int64_t size() const { return batch_.rows(); }
    const Batch& batch() const { return batch_; }
    template <Name N>
    const auto& column() const {
      constexpr std::size_t index = index_of(N.view());
      static_assert(index < k_columns, "the table has no such column");
      return std::get<index>(views_);
    }

   private:
    friend class Table;
    Rows(Batch batch, std::tuple<View<typename Cs::Value>...> views)
        : batch_(std::move(batch)), views_(std::move(views)) {}
    Batch batch_;
    std::tuple<View<typename Cs::Value>...> views_;
  };

  /// Finds the columns by name; others may stand beside them. Errors: invalid (a column is missing,
  /// of another type, or null where none may be; with its name).
  static Result<Rows> read(const Batch& batch) {
    std::optional<Error> error;
    const auto view = [&]<class C>(std::type_identity<C>) {
      auto found = view_of<C>(batch);
      if (found.ok()) return std::move(found).value();
      if (!error) error = std::move(found).error();
      if constexpr (IsList<typename C::Value>::value) {
        return View<typename C::Value>(RawColumn{}, RawColumn{});
      } else {
        return View<typename C::Value>(RawColumn{});
      }
    };
    std::tuple<View<typename Cs::Value>...> views{view(std::type_identity<Cs>{})...};
    if (error) return *std::move(error);
    return Rows(batch, std::move(views));
  }

 private:
  static constexpr std::size_t index_of(std::string_view name) {
    constexpr std::array<std::string_view, k_columns> names{Cs::name...};
    for (std::size_t i = 0; i < k_columns; ++i) {
      if (names[i] == name) return i;
    }
    return k_columns;
  }

  template <class C>
  static Result<View<typename C::Value>> view_of(const Batch& batch) {
    BL_TRY(const Column column, batch.column(C::name));
    const auto in_place = [&](Error e) { return std::move(e).with_context(C::name); };
    if (!C::nullable && column.null_count() > 0) {
      return Error{Code::invalid,
                   fmt::format("null where none may be, in the column: {}", C::name)};
    }
    if constexpr (IsList<typename C::Value>::value) {
      auto view = column.as_list<typename IsList<typename C::Value>::Element>();
      if (!view.ok()) return in_place(std::move(view).error());
      return view;
    } else {
      auto view = column.as<typename C::Value>();
      if (!view.ok()) return in_place(std::move(view).error());
      return view;
    }
  }

  Table() = delete;
};

}  // namespace bl::columns
