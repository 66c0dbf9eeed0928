#include "core/http/exchange.h"

#include "base/status.h"

namespace starling::http {

async::Task<absl::StatusOr<Bytes>> ReadAll(Exchange& exchange, size_t limit) {
  Bytes first;
  std::string all;
  bool several = false;
  while (true) {
    CO_ASSIGN_OR_RETURN(auto piece, co_await exchange.Read());
    if (!piece.has_value()) break;
    if (first.size() + all.size() + piece->size() > limit)
      co_return ResourceExhausted("The request's body is too large.");
    // Most bodies come in one piece: no copy.
    if (!several && first.empty()) {
      first = *std::move(piece);
      continue;
    }
    if (!several) {
      several = true;
      all.assign(first.view());
      first = Bytes();
    }
    all.append(piece->view());
  }
  co_return several ? Bytes(std::move(all)) : first;
}

}  // namespace starling::http
