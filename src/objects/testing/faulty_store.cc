#include "objects/testing/faulty_store.h"

#include <array>
#include <memory>

#include "objects/key.h"

namespace bl::objects::testing {
namespace {

constexpr std::uint64_t k_file_bytes_max = 1u << 30;

Error failed(std::string_view operation, std::string_view key) {
  return Error{Code::unavailable, "injected fault, " + std::string(operation) + ": " + quoted(key)};
}

Error lost(std::string_view operation, std::string_view key) {
  return Error{Code::outcome_unknown,
               "injected loss of the answer, " + std::string(operation) + ": " + quoted(key)};
}

}  // namespace

ObjectFaultPlan fault_at(std::uint64_t number, ObjectFault fault) {
  return [=](const ObjectCall& call) { return call.number == number ? fault : ObjectFault::none; };
}

ObjectFaultPlan fault_from(std::uint64_t number, ObjectFault fault) {
  return [=](const ObjectCall& call) { return call.number >= number ? fault : ObjectFault::none; };
}

ObjectFaultPlan faults_by_chance(std::uint64_t seed, FaultChances chances) {
  const auto random = std::make_shared<SeededRandom>(seed);
  return [random, chances](const ObjectCall& call) {
    static constexpr std::array k_faults = {ObjectFault::fails, ObjectFault::lost_done,
                                            ObjectFault::lost_undone, ObjectFault::lost_delayed,
                                            ObjectFault::torn};
    if (random->below(1'000) >= chances.per_mille) return ObjectFault::none;
    if (!call.writes) return ObjectFault::fails;
    return k_faults[random->below(chances.torn ? k_faults.size() : k_faults.size() - 1)];
  };
}

void FaultyStore::set_plan(ObjectFaultPlan plan) {
  std::lock_guard lock(mutex_);
  plan_ = std::move(plan);
  calls_ = 0;
}

std::uint64_t FaultyStore::calls() const {
  std::lock_guard lock(mutex_);
  return calls_;
}

std::uint64_t FaultyStore::faults() const {
  std::lock_guard lock(mutex_);
  return faults_;
}

std::uint64_t FaultyStore::deliver_delayed() {
  std::vector<Delayed> arriving;
  {
    std::lock_guard lock(mutex_);
    arriving.swap(delayed_);
  }
  std::uint64_t count = 0;
  for (const Delayed& one : arriving) {
    count += write_inner(one.how, one.key, one.bytes).ok() ? 1 : 0;
  }
  return count;
}

ObjectFault FaultyStore::next(std::string_view operation, std::string_view key, bool writes) {
  std::lock_guard lock(mutex_);
  const ObjectFault fault = plan_ ? plan_({++calls_, operation, key, writes}) : ObjectFault::none;
  faults_ += fault == ObjectFault::none ? 0 : 1;
  return fault;
}

Result<void> FaultyStore::read_fault(std::string_view operation, std::string_view key) {
  if (next(operation, key, false) == ObjectFault::none) return {};
  return failed(operation, key);
}

Result<void> FaultyStore::write_inner(Write how, const std::string& key, std::string_view bytes) {
  return how == Write::replace ? inner_.replace(key, bytes) : inner_.put_if_absent(key, bytes);
}

Result<void> FaultyStore::write(std::string_view operation, Write how, const std::string& key,
                                std::string_view bytes) {
  BL_RETURN_IF_ERROR(check_key(key));
  switch (next(operation, key, true)) {
    case ObjectFault::none:
      return write_inner(how, key, bytes);
    case ObjectFault::fails:
      return failed(operation, key);
    case ObjectFault::lost_done:
      // What a look would find out is said: the key is another's.
      if (auto done = write_inner(how, key, bytes); !done.ok()) return done;
      break;
    case ObjectFault::lost_undone:
      break;
    case ObjectFault::lost_delayed: {
      std::lock_guard lock(mutex_);
      delayed_.push_back({how, key, std::string(bytes)});
      break;
    }
    case ObjectFault::torn:
      if (auto done = write_inner(how, key, bytes.substr(0, bytes.size() / 2)); !done.ok()) {
        return done;
      }
      break;
  }
  return lost(operation, key);
}

Result<void> FaultyStore::put_if_absent(const std::string& key, std::string_view bytes) {
  return write("put_if_absent", Write::put_if_absent, key, bytes);
}

Result<void> FaultyStore::put_file_if_absent(const std::string& key, const std::string& path) {
  BL_RETURN_IF_ERROR(check_key(key));
  BL_TRY(const std::string bytes, read_file(disk_, path, k_file_bytes_max));
  return write("put_file_if_absent", Write::put_if_absent, key, bytes);
}

Result<void> FaultyStore::replace(const std::string& key, std::string_view bytes) {
  return write("replace", Write::replace, key, bytes);
}

Result<std::string> FaultyStore::get_range(const std::string& key, ByteRange range) {
  BL_RETURN_IF_ERROR(read_fault("get", key));
  return inner_.get_range(key, range);
}

Result<ObjectInfo> FaultyStore::head(const std::string& key) {
  BL_RETURN_IF_ERROR(read_fault("head", key));
  return inner_.head(key);
}

Result<Listing> FaultyStore::list(const ListRequest& request) {
  BL_RETURN_IF_ERROR(read_fault("list", request.prefix));
  return inner_.list(request);
}

Result<void> FaultyStore::remove(const std::string& key) {
  BL_RETURN_IF_ERROR(check_key(key));
  const ObjectFault fault = next("remove", key, true);
  const bool is_done = fault == ObjectFault::none || fault == ObjectFault::lost_done;
  if (is_done) BL_RETURN_IF_ERROR(inner_.remove(key));
  if (fault == ObjectFault::none) return {};
  return failed("remove", key);
}

Result<std::uint64_t> FaultyStore::sweep_unfinished(Timestamp older_than) {
  BL_RETURN_IF_ERROR(read_fault("sweep_unfinished", ""));
  return inner_.sweep_unfinished(older_than);
}

}  // namespace bl::objects::testing
