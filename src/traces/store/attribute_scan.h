#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace bl::traces {

/// Where a text of the table `spans` has its attributes (docs/formats/traces.md).
enum class AttributeText : unsigned char {
  list,     ///< the column `attributes`: the text is they
  member,   ///< `resource`, `scope`: a member of that name
  members,  ///< `events`, `links`: such a member of each element
};

/// Goes over a text of such a column and gives, for each attribute in it, `"key":` and
/// `"key":value` as they are written; of an array the latter for each element, those of arrays in
/// it too. Nothing is unpacked: some nanoseconds a byte less than JsonCursor takes. `scratch`:
/// memory to use again. False: no text of ours, or one nested too deep; some may have been given by
/// then.
bool each_attribute(std::string_view text, AttributeText kind, std::string& scratch,
                    const std::function<void(std::string_view fragment)>& each);

}  // namespace bl::traces
