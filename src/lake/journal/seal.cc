// How a chain is sealed under a writer that may be faster than we are. A seal is put ahead of the
// writer, twice as far with each try, until one lands; the writer cannot pass it. Then the free
// places before the seal are sealed from its end on, down to the first that the writer has taken:
// behind a seal it cannot go on, because it takes each place only when it has the one before. A
// sealing that was broken off is gone on with by the next one.
#include "lake/journal/certain_put.h"
#include "lake/journal/chain.h"

namespace bl::lake {
namespace {

class Sealing {
 public:
  Sealing(objects::ObjectStore& store, const std::string& prefix, const Chain& chain,
          const ObjectJournalLimits& limits, const ObjectJournalWorld& world)
      : store_(store), prefix_(prefix), chain_(chain), limits_(limits), world_(world) {}

  Result<ChainEnd> run() {
    last_group_ = chain_.first_ordinal() - 1;
    for (const ChainObject& object : chain_.objects) {
      if (!object.is_seal()) last_group_ = object.ordinal;
    }
    BL_TRY(const std::uint64_t barrier, find_barrier());
    if (barrier > last_group_ + (2ULL << limits_.seal_jumps_max)) {
      return Error{Code::corrupt, "a seal stands too far behind a journal's end: " +
                                      object_key(prefix_, chain_.id, barrier)};
    }
    for (std::uint64_t place = barrier - 1; place > last_group_; --place) {
      BL_TRY(const bool is_sealed, seal(place));
      if (!is_sealed) break;
    }
    return end();
  }

 private:
  // A seal that stands, ahead of the writer.
  Result<std::uint64_t> find_barrier() {
    for (const ChainObject& object : chain_.objects) {
      if (object.is_seal()) return object.ordinal;
    }
    std::uint64_t ahead = 1;
    for (int jump = 0; jump < limits_.seal_jumps_max; ++jump, ahead *= 2) {
      const std::uint64_t place = last_group_ + ahead;
      BL_TRY(const bool is_sealed, seal(place));
      if (is_sealed) return place;
    }
    return Error{Code::overloaded, "the writer of a journal is faster than who seals it: " +
                                       prefix_ + "/" + chain_.id};
  }

  // False: the writer has the place.
  Result<bool> seal(std::uint64_t place) {
    const std::string key = object_key(prefix_, chain_.id, place);
    const std::string bytes = encode_seal(chain_.bytes_of_id, place, world_.clock.now());
    const PutOutcome put =
        put_certainly(store_, key, bytes, false, limits_.put_attempts_max, limits_, world_.wait);
    if (put.kind == PutOutcome::Kind::made) return true;
    if (put.kind != PutOutcome::Kind::taken) return put.error;
    if (put.others.size() == k_seal_bytes) return true;
    last_group_ = place;
    return false;
  }

  // Where the last place that the writer took ends.
  Result<ChainEnd> end() {
    if (last_group_ < chain_.first_ordinal()) {
      return ChainEnd{chain_.first_record(), ChainEnd::Kind::sealed};
    }
    const std::string key = object_key(prefix_, chain_.id, last_group_);
    const auto last = read_object(store_, chain_.bytes_of_id, last_group_, key);
    if (!last.ok()) return last.error();
    const ObjectGroup& group = (*last)->group;
    return ChainEnd{group.first + group.records.size(), ChainEnd::Kind::sealed};
  }

  objects::ObjectStore& store_;
  const std::string& prefix_;
  const Chain& chain_;
  const ObjectJournalLimits& limits_;
  const ObjectJournalWorld& world_;
  std::uint64_t last_group_ = 0;  // the last place that is known to be the writer's
};

}  // namespace

Result<ChainEnd> seal_object_journal(objects::ObjectStore& store, const std::string& prefix,
                                     const std::string& id, const ObjectJournalLimits& limits,
                                     const ObjectJournalWorld& world) {
  BL_TRY(const Chain chain, list_chain(store, prefix, id, limits.list_objects_max));
  BL_TRY(const bool is_torn_already, is_torn(store, chain));
  if (!is_torn_already) return Sealing(store, prefix, chain, limits, world).run();
  // The object before tells where it ends.
  ChainEnd end{chain.first_record(), ChainEnd::Kind::torn};
  if (chain.objects.size() < 2) return end;
  const ChainObject& before = chain.objects[chain.objects.size() - 2];
  BL_TRY(const auto read, read_object(store, chain.bytes_of_id, before.ordinal, before.key));
  end.next = read->group.first + read->group.records.size();
  return end;
}

}  // namespace bl::lake
