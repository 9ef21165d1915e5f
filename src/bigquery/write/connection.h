#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bigquery/arrow_rows.h"
#include "bigquery/proto_rows.h"
#include "bigquery/write/streams_impl.h"
#include "net/grpc.h"

namespace bl::bigquery::write {

/// One call of AppendRows. What has arrived for one stream in a row is one append; answers come in
/// the order of the requests, one each. Private to this folder. One thread at a time.
class Connection {
 public:
  explicit Connection(WriteStreams::Impl& streams);
  Result<void> take(std::span<const std::string> requests, net::GrpcWriter& out);

 private:
  /// Where requests go, and how their rows are read.
  struct Target {
    std::string name;  ///< as the client writes it
    StreamName stream;
    std::shared_ptr<Stream> handle;  ///< null: `_default`
    TableHandle table;
    TableSchema known;  ///< as the client was told last
    bool was_changed = false;
    RowsForm form = RowsForm::none;
    std::string writer_schema;
    std::optional<ProtoPlan> proto;
    std::optional<ArrowPlan> arrow;
    std::int64_t planned_for = -1;  ///< version of the table
  };
  /// A request that waits for its answer.
  struct Pending {
    Append append;
    std::vector<RowFault> faults;
    std::optional<Error> error;
  };

  Result<Target*> target_of(const AppendRequest& request);
  Result<std::unique_ptr<Target>> open(std::string_view name);
  Result<void> refresh(Target& target);
  Result<void> plan(Target& target, const AppendRequest& request);
  Result<MissingValues> missing_of(const Target& target, const AppendRequest& request);
  Result<RowsIn> decode(Target& target, const AppendRequest& request);
  Pending prepare(Target& target, const AppendRequest& request, std::size_t bytes);
  Result<void> answer(Target& target, std::vector<Pending>& pending, net::GrpcWriter& out);
  Result<void> answer_error(std::string_view stream, const Error& error, net::GrpcWriter& out);

  WriteStreams::Impl& streams_;
  Counter request_limit_, tables_limit_, refused_;
  std::map<std::string, std::unique_ptr<Target>, std::less<>> targets_;
  Target* current_ = nullptr;
  bool had_several_ = false;  ///< from then on every request names its stream
  bool missing_are_defaults_ = false;
};

}  // namespace bl::bigquery::write
