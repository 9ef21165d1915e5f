#pragma once

#include <cstddef>
#include <string_view>

/// A large JSON text in pieces: where its members and elements lie, without looking into them. Each
/// piece is then parsed by itself, so that memory goes with one event, not with the file. Pure.
namespace bl::traces {

/// One member of an object, or element of an array.
struct JsonPiece {
  std::string_view key;    ///< between its quotes, escapes as they stand; empty in arrays
  std::string_view value;  ///< raw: nothing of it is checked
};

/// Gives the pieces of one array or object, in order.
class JsonPieces {
 public:
  /// `text` begins with `[` or `{`, behind blanks.
  explicit JsonPieces(std::string_view text);
  /// False: at the end, or where the text does not go on as it should.
  bool next(JsonPiece& piece);
  /// The closing bracket was there. Traces of programs that were killed lack it.
  bool is_whole() const { return is_whole_; }

 private:
  void pass_blanks();
  std::size_t end_of_string(std::size_t at) const;
  std::size_t end_of_value(std::size_t at) const;

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_object_ = false;
  bool is_whole_ = false;
};

}  // namespace bl::traces
