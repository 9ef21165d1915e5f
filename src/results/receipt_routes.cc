#include "results/receipt_routes.h"

#include "base/json.h"
#include "base/numbers.h"
#include "net/query_fields.h"
#include "results/cursor.h"

namespace bl::results {
namespace {

constexpr std::string_view k_list = "receipts";

void write_receipt(json::Writer& writer, const Receipt& receipt) {
  writer.begin_object()
      .member("seq", receipt.seq)
      .member("at", to_rfc3339(receipt.at))
      .member("outcome", name_of(receipt.outcome))
      .member("submitter_id", receipt.submitter.id)
      .member("submitter_name", receipt.submitter.name)
      .member("run_id", receipt.run_id)
      .member("result_id", receipt.result_id)
      .member("submission_key", receipt.submission_key)
      .member("code", receipt.code)
      .member("summary", receipt.summary)
      .end_object();
}

// `NO:SEQ`, as this list's cursors have it.
ReceiptPosition position_of(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  ReceiptPosition position;
  position.result_no = parse_int64(text.substr(0, colon)).value_or(0);
  position.seq = parse_int64(text.substr(std::min(colon + 1, text.size()))).value_or(0);
  return position;
}

Result<std::string> list(const net::Request& request, Receipts& receipts) {
  net::QueryFields query(request);
  ReceiptFilter filter;
  filter.submission_key = query.text("submission_key");
  filter.run_id = query.text("run_id");
  filter.since = query.time("since");
  filter.count_max = query.integer("page_size", 1, 1000).value_or(100);
  if (const auto cursor = cursor_of(query, k_list)) filter.before = position_of(*cursor);
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const ReceiptPage page, receipts.list(filter));
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("receipts").begin_array();
  for (const Receipt& receipt : page.receipts) write_receipt(writer, receipt);
  writer.end_array().key("next_page_cursor");
  if (page.next) {
    writer.value(make_cursor(
        k_list, std::to_string(page.next->result_no) + ":" + std::to_string(page.next->seq)));
  } else {
    writer.null();
  }
  writer.end_object();
  return text;
}

}  // namespace

void add_receipt_routes(net::Router& router, Receipts& receipts) {
  router.add({.method = net::Method::get,
              .pattern = "/api/v1/receipts",
              .access = net::Access::write,
              .handler = [&receipts](net::Request& request) {
                const auto body = list(request, receipts);
                if (!body.ok()) return net::problem(body.error(), request.request_id);
                return net::Response::json(200, *body);
              }});
}

}  // namespace bl::results
