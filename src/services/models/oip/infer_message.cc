#include "services/models/oip/infer_message.h"

#include "base/status.h"
#include "services/models/oip/wire/wire.h"

namespace starling::models::oip {
namespace {

template <typename Format>
std::shared_ptr<google::protobuf::MessageLite> Create() {
  return std::make_shared<InferMessage<Format>>();
}

template <typename Format>
absl::StatusOr<std::shared_ptr<google::protobuf::MessageLite>> Decode(const Bytes& bytes) {
  ASSIGN_OR_RETURN(auto value, Format::Read(bytes));
  return std::shared_ptr<google::protobuf::MessageLite>(
      std::make_shared<InferMessage<Format>>(std::move(value)));
}

// JSON is the REST adapter's, which needs more than a message to read it.
absl::Status NoJson(std::string_view, const rpc::JsonLimits&, google::protobuf::MessageLite*) {
  return Unimplemented("Tensors have a form of their own over HTTP: see /v2.");
}
void NoText(const google::protobuf::MessageLite&, std::string*) {}
// The reader has checked what there is to check without the model.
absl::Status NoRules(const google::protobuf::MessageLite&) { return absl::OkStatus(); }

template <typename Format>
constexpr rpc::MessageType TypeOf() {
  return {.full_name = Format::kName,
          .create = Create<Format>,
          .from_json = NoJson,
          .to_json = NoText,
          .validate = NoRules,
          .decode = Decode<Format>};
}

constexpr rpc::MessageType kRequestType = TypeOf<InferRequestFormat>();
constexpr rpc::MessageType kResponseType = TypeOf<InferResponseFormat>();
constexpr rpc::MessageType kStreamedRequestType = TypeOf<StreamedRequestFormat>();
constexpr rpc::MessageType kStreamedType = TypeOf<StreamedInferFormat>();

}  // namespace

absl::StatusOr<StreamedInfer> StreamedInferFormat::Read(const Bytes& bytes) {
  StreamedInfer streamed;
  WireReader reader(bytes.view());
  while (reader.Next()) {
    if (reader.field() == kStreamedError) {
      streamed.error_message = std::string(reader.bytes());
    } else if (reader.field() == kStreamedResponse) {
      ASSIGN_OR_RETURN(streamed.response, ReadInferResponse(SliceOf(bytes, reader.bytes())));
    }
  }
  if (!reader.ok()) return InvalidArgument("The bytes are not a valid ", kName, ".");
  return streamed;
}

const rpc::MessageType& InferRequestType() { return kRequestType; }
const rpc::MessageType& InferResponseType() { return kResponseType; }
const rpc::MessageType& StreamedRequestType() { return kStreamedRequestType; }
const rpc::MessageType& StreamedInferType() { return kStreamedType; }

}  // namespace starling::models::oip
