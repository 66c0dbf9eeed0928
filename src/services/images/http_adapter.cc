#include "services/images/http_adapter.h"

#include <memory>
#include <string>
#include <utility>

#include "base/status.h"
#include "core/config/schema.h"
#include "core/http/routing/error_body.h"
#include "services/images/config.h"
#include "services/images/upload.h"

namespace starling::images {
namespace {

constexpr int kUnsupportedMediaType = 415;

// The product's own errors.
class Errors final : public http::ErrorCodec {
 public:
  http::ErrorResponse Encode(const absl::Status& status, int http_status,
                             std::string_view request_id) const override {
    return http_status == 0 ? http::ErrorResponseFor(status, request_id)
                            : http::ErrorResponseFor(http_status, Message(status));
  }
};

class ClassifyImageAdapter final : public http::Adapter {
 public:
  explicit ClassifyImageAdapter(const run::AdapterEnvironment& environment)
      : service_(environment.endpoint(v1::ImagesServiceContract())),
        max_bytes_(static_cast<size_t>(environment.settings.Get<ImagesConfig>("images").max_bytes)) {}

  const http::ErrorCodec& errors() const override { return errors_; }

  http::AdapterLimits Limits(const http::AdapterRoute&, const http::AdapterLimits& defaults) const override {
    // base64 takes four bytes for three; a form has lines around the file.
    return {.max_body_bytes = max_bytes_ / 3 * 4 + 16 * 1024, .timeout = defaults.timeout};
  }

  async::Task<absl::Status> Handle(http::AdapterCall& call) override {
    const auto content_type = call.request().headers.Get("content-type");
    if (KindOf(content_type) == UploadKind::kUnknown) {
      const http::ErrorResponse refusal = http::ErrorResponseFor(
          kUnsupportedMediaType,
          "The content-type must be image/png, image/jpeg, multipart/form-data or application/json.");
      co_return co_await call.Respond(refusal.status, refusal.headers, Bytes(refusal.body));
    }
    CO_ASSIGN_OR_RETURN(const auto query, call.Query());
    std::optional<std::string_view> top;
    for (const auto& [name, value] : query) {
      if (name == "top") top = value;
    }
    CO_ASSIGN_OR_RETURN(const Bytes body, co_await call.ReadAll());
    CO_ASSIGN_OR_RETURN(const auto request,
                        ReadUpload(content_type.value_or("application/json"), body.view(), top));
    CO_ASSIGN_OR_RETURN(const auto response, co_await service_.ClassifyImage(call.context(), request));
    std::string json;
    v1::ClassifyImageResponseType().to_json(response, &json);
    http::Headers headers;
    headers.Add("content-type", "application/json");
    co_return co_await call.Respond(200, std::move(headers), Bytes(std::move(json)));
  }

 private:
  const Errors errors_;
  v1::ImagesServiceStub service_;
  const size_t max_bytes_;
};

}  // namespace

run::AdapterDefinition HttpAdapter() {
  return {
      .name = "images",
      .title = "Images",
      .summary = "Tells what is on an image.",
      .error_schema = {},
      .prefixes = {},
      .routes = {{.verb = "POST",
                  .path = "/classify-image",
                  .access = rpc::Access::kPublic,
                  .admitted_as = v1::ImagesServiceContract().methods.data(),
                  .description = {.summary = "The likeliest labels of an image, with their confidences",
                                  .query = {"top"},
                                  .body = {"image/png", "image/jpeg", "multipart/form-data",
                                           "application/json"}}}},
      .create =
          [](const run::AdapterEnvironment& environment) -> absl::StatusOr<std::unique_ptr<http::Adapter>> {
        return std::make_unique<ClassifyImageAdapter>(environment);
      },
  };
}

}  // namespace starling::images
