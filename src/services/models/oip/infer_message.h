// Inferences as payloads of the one call. Inline the tensors go by reference; at a wire they are read and written by this codec, not by
// protobuf's own, which would copy every tensor into a string.
#pragma once

#include <google/protobuf/message_lite.h>

#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "core/rpc/method.h"
#include "core/rpc/payload.h"
#include "services/models/oip/infer.h"
#include "services/models/oip/wire/wire_infer.h"

namespace starling::models::oip {

// inference.ModelInferRequest and inference.ModelInferResponse: Format is one of the two structs below. What is asked of a message on
// its way through rpc works; it is not for protobuf's parser, which MessageType::decode goes around.
template <typename Format>
class InferMessage final : public google::protobuf::MessageLite {
 public:
  using Value = typename Format::Value;

  InferMessage() = default;
  explicit InferMessage(Value v) : value(std::move(v)) {}

  std::string GetTypeName() const override { return Format::kName; }
  InferMessage* New(google::protobuf::Arena*) const override { return new InferMessage(); }
  void Clear() override { value = Value(); }
  bool IsInitialized() const override { return true; }
  void CheckTypeAndMergeFrom(const MessageLite& other) override {
    value = static_cast<const InferMessage&>(other).value;
  }
  size_t ByteSizeLong() const override { return Format::Write(value).size(); }
  int GetCachedSize() const override { return static_cast<int>(ByteSizeLong()); }
  uint8_t* _InternalSerialize(uint8_t* target,
                              google::protobuf::io::EpsCopyOutputStream* stream) const override {
    const WireMessage message = Format::Write(value);
    target = stream->WriteRaw(message.head.data(), static_cast<int>(message.head.size()), target);
    message.EachRaw([&](const std::string& prefix, const Bytes& raw) {
      target = stream->WriteRaw(prefix.data(), static_cast<int>(prefix.size()), target);
      // Of no bytes there need be no address, which memcpy does not bear.
      if (!raw.empty()) target = stream->WriteRaw(raw.data(), static_cast<int>(raw.size()), target);
    });
    return target;
  }

  Value value;
};

struct InferRequestFormat {
  using Value = InferRequest;
  static constexpr char kName[] = "inference.ModelInferRequest";
  static WireMessage Write(const InferRequest& value) { return WriteInferRequest(value); }
  static absl::StatusOr<InferRequest> Read(const Bytes& bytes) { return ReadInferRequest(bytes); }
};
struct InferResponseFormat {
  using Value = InferResponse;
  static constexpr char kName[] = "inference.ModelInferResponse";
  static WireMessage Write(const InferResponse& value) { return WriteInferResponse(value); }
  static absl::StatusOr<InferResponse> Read(const Bytes& bytes) { return ReadInferResponse(bytes); }
};
// inference.ModelStreamInferResponse: a response, or why there is none.
struct StreamedInfer {
  std::string error_message;
  InferResponse response;  // only without an error message
};
struct StreamedInferFormat {
  using Value = StreamedInfer;
  static constexpr char kName[] = "inference.ModelStreamInferResponse";
  static WireMessage Write(const StreamedInfer& value) {
    return WriteStreamedInfer(value.error_message, value.response);
  }
  static absl::StatusOr<StreamedInfer> Read(const Bytes& bytes);
};

// A request of ModelStreamInfer: one that can't be read is an answer in the stream, not its end.
struct StreamedRequest {
  absl::Status status;
  InferRequest request;  // only if that is OK
};
struct StreamedRequestFormat {
  using Value = StreamedRequest;
  static constexpr char kName[] = "inference.ModelInferRequest";
  static WireMessage Write(const StreamedRequest& value) { return WriteInferRequest(value.request); }
  static absl::StatusOr<StreamedRequest> Read(const Bytes& bytes) {
    StreamedRequest streamed;
    auto request = ReadInferRequest(bytes);
    if (request.ok())
      streamed.request = *std::move(request);
    else
      streamed.status = request.status();
    return streamed;
  }
};

using InferRequestMessage = InferMessage<InferRequestFormat>;
using InferResponseMessage = InferMessage<InferResponseFormat>;
using StreamedRequestMessage = InferMessage<StreamedRequestFormat>;
using StreamedInferMessage = InferMessage<StreamedInferFormat>;

const rpc::MessageType& InferRequestType();
const rpc::MessageType& InferResponseType();
const rpc::MessageType& StreamedRequestType();
const rpc::MessageType& StreamedInferType();

template <typename Message>
rpc::Payload MakePayload(typename Message::Value value) {
  return rpc::Payload::Own(std::make_shared<Message>(std::move(value)));
}

}  // namespace starling::models::oip
