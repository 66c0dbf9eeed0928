// What the code generator says of a contract: plain data, no reflection, no transport.
#pragma once

#include <google/protobuf/message_lite.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace starling::rpc {

struct JsonLimits {
  size_t max_depth = 64;
};

// Operations on one message type. All are thread-safe.
struct MessageType {
  std::string_view full_name;  // "starling.sentiment.v1.AnalyzeSentimentRequest"
  std::shared_ptr<google::protobuf::MessageLite> (*create)();
  // Fills an empty message. INVALID_ARGUMENT (a ViolationError where a field is at fault) says which field and what
  // it must be. Checks types, not rules.
  absl::Status (*from_json)(std::string_view json, const JsonLimits& limits,
                            google::protobuf::MessageLite* message);
  void (*to_json)(const google::protobuf::MessageLite& message, std::string* out);
  // The contract's rules. A ViolationError for the first one that is broken.
  absl::Status (*validate)(const google::protobuf::MessageLite& message);
  // Reads the encoding in place of protobuf's parser, for messages with bulk data: what it makes may share `bytes`. Null: the parser.
  absl::StatusOr<std::shared_ptr<google::protobuf::MessageLite>> (*decode)(const Bytes& bytes) = nullptr;
};

// What of a request line feeds a message.
struct HttpParameters {
  // One per variable of the path template, in order, percent-decoded.
  std::vector<std::string> path;
  // In order of appearance, percent-decoded.
  std::vector<std::pair<std::string, std::string>> query;
};

// One `google.api.http` binding.
struct HttpRule {
  std::string_view verb;  // "POST"
  std::string_view
      path;       // "/v1/users/{user_id}": literals, {variable} for one segment, {variable=**} for the rest
  bool has_body;  // whether the rule reads a body
  absl::Status (*decode)(const HttpParameters& parameters, std::string_view body, const JsonLimits& limits,
                         google::protobuf::MessageLite* request);
  // Writes the response, or the field of it that `response_body` names.
  void (*encode)(const google::protobuf::MessageLite& response, std::string* out);
};

enum class CallShape { kUnary, kServerStream, kClientStream, kBidi };

// Who may call a method from outside. Calls between services of one program are not asked.
enum class Access {
  kNobody,         // nothing stated in the contract
  kPublic,         // anyone who reaches the listener
  kAuthenticated,  // any named principal
  kScope,          // a named principal with the method's scope
  kService,        // other Starling services alone (certificate, or the peer of a Unix socket)
};

struct Method {
  std::string_view path;     // as gRPC writes it: "/starling.sentiment.v1.SentimentService/AnalyzeSentiment"
  std::string_view service;  // "starling.sentiment.v1.SentimentService"
  std::string_view name;     // "AnalyzeSentiment"
  CallShape shape;
  bool safe;  // `idempotency_level` is NO_SIDE_EFFECTS or IDEMPOTENT: a failed call may be repeated
  Access access;
  std::string_view scope;  // for Access::kScope
  const MessageType* request;
  const MessageType* response;
  std::span<const HttpRule> http;
};

// One service of a contract file.
struct Contract {
  std::string_view service;  // "starling.sentiment.v1.SentimentService"
  std::span<const Method> methods;
  std::string_view file_descriptor_set;  // serialized, with all imports, for gRPC server reflection
  std::string_view openapi;  // {"tags", "paths", "components": {"schemas"}}; see app/openapi/openapi_base.h
};

}  // namespace starling::rpc
