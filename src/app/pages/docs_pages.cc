#include "app/pages/docs_pages.h"

#include <string>
#include <utility>

#include "app/pages/docs_files.h"
#include "app/pages/static_page.h"
#include "base/status.h"

namespace starling::app {
namespace {

// Everything comes from this server and goes to it. Swagger UI draws its icons from data: URLs and sets styles on elements.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

absl::Status AddDocsPages(http::Router& router, async::Pool& pool,
                          std::vector<std::unique_ptr<http::Handler>>& kept) {
  for (const DocsFile& file : DocsFiles()) {
    StaticContent content{.content_type = std::string(file.content_type), .gzip = Bytes::Static(file.gzip)};
    content.headers.Add("content-security-policy", std::string(kContentSecurityPolicy));
    content.headers.Add("referrer-policy", "no-referrer");
    kept.push_back(std::make_unique<StaticPage>(std::move(content), pool));
    RETURN_IF_ERROR(router.AddPage(file.path, "docs", *kept.back()));
  }
  kept.push_back(std::make_unique<RedirectPage>("/docs"));
  return router.AddPage("/docs/", "docs", *kept.back());
}

}  // namespace starling::app
