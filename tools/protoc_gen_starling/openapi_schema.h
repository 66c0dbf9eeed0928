// Messages, enums and fields of a contract as JSON Schemas, as their JSON form is (https://protobuf.dev/programming-guides/json,
// with 64-bit integers as numbers and names as in the contract).
#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "openapi_json.h"

namespace starling::codegen {

// The schemas of one service. Each message and enum that is asked for, and what it holds, becomes a component under its full name.
class Schemas {
 public:
  // A message that comes in requests says what a caller must send; one that comes in answers only, what is always there. All
  // requests are known before the first schema is made.
  void AddRequest(const google::protobuf::Descriptor& message);

  // A reference; for the types that come with protobuf, the schema itself.
  Json OfMessage(const google::protobuf::Descriptor& message);
  // With rules, description and example.
  Json OfField(const google::protobuf::FieldDescriptor& field);
  // One value of it, with its rules as far as they hold for one value; no description. For items and query parameters.
  Json OfValue(const google::protobuf::FieldDescriptor& field);
  // The message without some of its fields, in place: what is left for a body when the path holds the others.
  Json OfMessageWithout(const google::protobuf::Descriptor& message, const std::set<std::string>& fields);

  // {"full.name": schema, ...} of everything that was asked for, in the order of names.
  Json Components();

 private:
  Json Object(const google::protobuf::Descriptor& message, const std::set<std::string>& without);
  Json OfEnum(const google::protobuf::EnumDescriptor& enumeration);
  bool AlwaysThere(const google::protobuf::FieldDescriptor& field) const;

  std::set<const google::protobuf::Descriptor*> requests_;
  std::map<std::string, Json> components_;
  std::vector<const google::protobuf::Descriptor*> pending_;
};

// The schema of a message that comes with protobuf, for example {"type": "string", "format": "date-time"}.
Json WellKnownSchema(const google::protobuf::Descriptor& message);
// Of what the full name of a wrapper wraps: "google.protobuf.Int64Value" is one.
bool IsWrapper(const google::protobuf::Descriptor& message);

}  // namespace starling::codegen
