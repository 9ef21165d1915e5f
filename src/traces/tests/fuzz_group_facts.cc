// Any bytes as facts of a file's row groups: refused, or every question of them has an answer.
#include <cstdlib>

#include "base/hash.h"
#include "base/testing/temporary_folder.h"
#include "traces/store/attribute_scan.h"
#include "traces/store/group_facts.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bl::traces::SpanFilter where(std::variant<bl::traces::IntrinsicField, bl::traces::AttributeField> f,
                             bl::traces::AnyValue value) {
  bl::traces::Condition condition;
  condition.field = std::move(f);
  condition.value = std::move(value);
  return bl::traces::SpanFilter::where(std::move(condition));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl::traces;
  static const bl::TemporaryFolder folder(bl::TemporaryFolder::Place::memory);
  static const std::unique_ptr<bl::Disk> disk = bl::make_real_disk();
  if (size == 0) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  // As a text of attributes, too: fragments are given or the text is refused.
  std::string scratch;
  for (const auto kind : {AttributeText::list, AttributeText::member, AttributeText::members}) {
    (void)each_attribute(bytes, kind, scratch,
                         [](std::string_view fragment) { require(!fragment.empty()); });
  }
  // Most inputs would only ever meet the sum: it is put right.
  if (data[0] % 2 == 0) {
    const std::uint64_t sum = bl::xxh3_64(bytes);
    bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  }
  const std::string path = folder.at("one.facts");
  require(bl::write_file_atomically(*disk, path, bytes, bl::FileMode::normal).ok());
  const auto opened = GroupFacts::open(*disk, path, "k");
  if (!opened.ok()) {
    require(opened.error().code == bl::Code::corrupt);
    return 0;
  }
  const SpanFilter filter = SpanFilter::all_of(
      {where(IntrinsicField{IntrinsicField::Name::service}, AnyValue(std::string("shop"))),
       where(IntrinsicField{IntrinsicField::Name::duration}, AnyValue(std::int64_t{1'000})),
       where(AttributeField{AttributePlace::any, "a"}, AnyValue(1.0))});
  const RowCondition condition = row_condition_of(filter);
  for (std::size_t group = 0; group < (*opened)->groups(); ++group) {
    (void)(*opened)->rows(group);
    (void)(*opened)->may_hold(group, condition);
  }
  return 0;
}
