#include "app/pages/metrics_page.h"

#include <utility>

#include "core/observe/prometheus.h"

namespace starling::app {

async::Task<void> MetricsPage::Handle(http::Exchange& exchange) {
  const std::string_view accept = exchange.request().headers.Get("accept").value_or("");
  const observe::Exposition format = observe::NegotiateExposition(accept);
  http::Headers headers;
  headers.Add("content-type", std::string(observe::ContentType(format)));
  (void)co_await exchange.Respond(200, std::move(headers), Bytes(observe::Expose(registry_, format)), {});
}

}  // namespace starling::app
