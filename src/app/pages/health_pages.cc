#include "app/pages/health_pages.h"

#include <string>
#include <utility>

#include "base/json_quote.h"
#include "base/strings.h"

namespace starling::app {
namespace {

async::Task<void> RespondJson(http::Exchange& exchange, int status, std::string body) {
  http::Headers headers;
  headers.Add("content-type", "application/json");
  headers.Add("cache-control", "no-store");
  if (status == 503) headers.Add("retry-after", "1");
  (void)co_await exchange.Respond(status, std::move(headers), Bytes(std::move(body)));
}

std::string Describe(const Placements& placements, bool* ready) {
  std::string services;
  *ready = true;
  for (const PlacedService* placed : placements.services()) {
    const run::Readiness readiness = placed->Ready();
    *ready = *ready && readiness.ready;
    if (!services.empty()) services += ", ";
    AppendJsonString(placed->definition().name, &services);
    StrAppend(&services, ": {\"ready\": ", readiness.ready ? "true" : "false");
    if (!readiness.reason.empty()) StrAppend(&services, ", \"reason\": ", JsonQuote(readiness.reason));
    services += "}";
  }
  return StrCat("{\"ready\": ", *ready ? "true" : "false", ", \"services\": {", services, "}}\n");
}

}  // namespace

async::Task<void> LivePage::Handle(http::Exchange& exchange) {
  co_await RespondJson(exchange, 200, "{\"live\": true}\n");
}

async::Task<void> ReadyPage::Handle(http::Exchange& exchange) {
  const Placements* placements = current_();
  if (placements == nullptr) {
    co_await RespondJson(exchange, 503,
                         "{\"ready\": false, \"reason\": \"The program is starting or stopping.\"}\n");
    co_return;
  }
  bool ready = false;
  std::string body = Describe(*placements, &ready);
  co_await RespondJson(exchange, ready ? 200 : 503, std::move(body));
}

}  // namespace starling::app
