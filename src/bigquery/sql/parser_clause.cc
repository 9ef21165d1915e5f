// What stands inside of expressions: orders, windows, types.
#include "bigquery/sql/parser_core.h"

namespace bl::bigquery::sql {

Result<std::vector<OrderItem>> Parser::order_items() {
  std::vector<OrderItem> items;
  do {
    OrderItem item;
    BL_TRY(Expr expr, expression());
    item.expr = std::move(expr);
    if (take("COLLATE")) return refused_at(now().place, "COLLATE");
    item.descending = take("DESC");
    if (!item.descending) (void)take("ASC");
    if (take("NULLS")) {
      if (take("FIRST")) {
        item.nulls = NullOrder::first;
      } else {
        BL_RETURN_IF_ERROR(expect("LAST"));
        item.nulls = NullOrder::last;
      }
    }
    items.push_back(std::move(item));
  } while (take_symbol(","));
  return items;
}

Result<Window> Parser::window() {
  Window window;
  window.place = now().place;
  if (is_identifier()) {
    BL_TRY(window.base, identifier("a window's name"));
  }
  if (take_words({"PARTITION", "BY"})) {
    do {
      BL_TRY(Expr expr, expression());
      window.partition.push_back(std::move(expr));
    } while (take_symbol(","));
  }
  if (take_words({"ORDER", "BY"})) {
    BL_TRY(window.order, order_items());
  }
  if (is("ROWS") || is("RANGE")) {
    BL_TRY(window.frame, frame());
  }
  return window;
}

Result<Frame> Parser::frame() {
  Frame frame;
  frame.by_rows = is("ROWS");
  ++at_;
  if (take("BETWEEN")) {
    BL_TRY(frame.start, frame_bound());
    BL_RETURN_IF_ERROR(expect("AND"));
    BL_TRY(frame.end, frame_bound());
  } else {
    BL_TRY(frame.start, frame_bound());
  }
  return frame;
}

Result<FrameBound> Parser::frame_bound() {
  using Kind = FrameBound::Kind;
  FrameBound bound;
  if (take("CURRENT")) {
    BL_RETURN_IF_ERROR(expect("ROW"));
    return bound;
  }
  const bool unbounded = take("UNBOUNDED");
  if (!unbounded) {
    BL_TRY(Expr offset, expression());
    bound.offset = std::move(offset);
  }
  if (take("PRECEDING")) {
    bound.kind = unbounded ? Kind::unbounded_preceding : Kind::preceding;
  } else {
    BL_RETURN_IF_ERROR(expect("FOLLOWING"));
    bound.kind = unbounded ? Kind::unbounded_following : Kind::following;
  }
  return bound;
}

Result<TypeName> Parser::type() {
  return nested([&]() -> Result<TypeName> {
    TypeName type;
    type.place = now().place;
    if (!is_identifier() && !is("ARRAY") && !is("STRUCT") && !is("RANGE") && !is("INTERVAL")) {
      return unexpected("a type");
    }
    type.name = in_capitals(now().text);
    ++at_;
    if (type.name == "ARRAY" || type.name == "STRUCT" || type.name == "RANGE") {
      BL_RETURN_IF_ERROR(expect_symbol("<"));
      if (type.name == "STRUCT" && take_symbol(">")) return type;
      do {
        std::string name;
        const bool named =
            is_identifier() && (is_identifier(1) || is("ARRAY", 1) || is("STRUCT", 1) ||
                                is("RANGE", 1) || is("INTERVAL", 1));
        if (type.name == "STRUCT" && named) {
          BL_TRY(name, identifier("a field's name"));
        }
        BL_TRY(TypeName part, this->type());
        type.parts.push_back({std::move(name), std::move(part)});
      } while (type.name == "STRUCT" && take_symbol(","));
      if (is_symbol(">>")) {
        // Two ends in one word: half of it is taken here.
        tokens_[at_].text.pop_back();
        return type;
      }
      BL_RETURN_IF_ERROR(expect_symbol(">"));
      return type;
    }
    if (take_symbol("(")) {
      do {
        if (now().kind != TokenKind::integer || now().text.size() > 18) {
          return unexpected("an integer literal");
        }
        type.parameters.push_back(std::stoll(now().text, nullptr, 0));
        ++at_;
      } while (take_symbol(","));
      BL_RETURN_IF_ERROR(expect_symbol(")"));
    }
    return type;
  });
}

}  // namespace bl::bigquery::sql
