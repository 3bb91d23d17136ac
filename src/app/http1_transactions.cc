#include "app/http1_transactions.h"

#include <algorithm>
#include <utility>

#include "restitch/app/services.h"

namespace restitch::http1 {

Transaction& Transactions::open(Findings& findings) {
  make_room(findings);
  open_.push_back(std::make_unique<Transaction>());
  open_.back()->record.depth = ++count_;
  return *open_.back();
}

void Transactions::grew(Transaction& transaction, std::size_t size) {
  transaction.size += size;
  size_ += size;
}

Transaction* Transactions::first() const {
  for (const auto& transaction : open_) {
    if (!transaction->response_done) return transaction.get();
  }
  return nullptr;
}

void Transactions::settle(Findings& findings) {
  while (!open_.empty() && open_.front()->request_done && open_.front()->response_done) report(0, findings);
}

void Transactions::close(Findings& findings) {
  while (!open_.empty()) report(0, findings);
}

void Transactions::report(std::size_t index, Findings& findings) {
  const auto at = open_.begin() + static_cast<std::ptrdiff_t>(index);
  const std::unique_ptr<Transaction> first = std::move(*at);
  open_.erase(at);
  size_ -= first->size;
  const HttpRecord& record = first->record;
  if (record.request.seen || record.response.seen || record.info_status != 0) findings.record(record);
}

// Requests that nobody answers are not kept for ever. At most two are busy.
void Transactions::make_room(Findings& findings) {
  const std::size_t count_max = std::max<std::size_t>(findings.services().limits().streams_max, 3);
  while (open_.size() >= count_max || (size_ > size_max && open_.size() >= 3)) {
    const auto idle = std::find_if(open_.begin(), open_.end(), [](const auto& one) { return !one->busy; });
    if (!std::exchange(told_, true)) {
      findings.anomaly("http_too_many_requests", TcpFlowDirection::client_to_server,
                       (*idle)->record.request.origin, "none of them is answered");
    }
    report(static_cast<std::size_t>(idle - open_.begin()), findings);
  }
}

}  // namespace restitch::http1
