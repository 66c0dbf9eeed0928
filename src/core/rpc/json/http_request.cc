#include "core/rpc/json/http_request.h"

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "base/utf8.h"
#include "core/rpc/json/decode.h"
#include "core/rpc/json/well_known.h"

namespace starling::rpc::json {
namespace {

// One parameter and the field that it is for.
class Parameter {
 public:
  Parameter(const MessageInfo& type, std::string_view name, std::string_view text)
      : name_(name), text_(text), reader_(Reader::OfParameter(text)) {
    Resolve(type);
  }

  bool has_field() const { return field_ != nullptr; }
  bool is_list() const { return field_->kind == FieldKind::kList; }
  // The field's path in the contract's names.
  const std::string& path() const { return path_; }

  absl::Status Set(google::protobuf::MessageLite* message) {
    if (!Apply(type_, name_, *message)) return reader_.fault().ToStatus();
    return absl::OkStatus();
  }
  absl::Status GivenTwice() {
    reader_.fault().Broken("http.duplicate", "is given more than once.");
    reader_.fault().In(path_, nullptr);
    return reader_.fault().ToStatus();
  }

 private:
  void Resolve(const MessageInfo& type) {
    type_ = &type;
    const MessageInfo* at = &type;
    std::string_view rest = name_;
    while (at != nullptr) {
      const std::string_view part = rest.substr(0, rest.find('.'));
      const Field* field = FindField(*at, part);
      if (field == nullptr) return;
      path_ += StrCat(path_.empty() ? "" : ".", field->name);
      if (part.size() == rest.size()) {
        field_ = field;
        return;
      }
      rest.remove_prefix(part.size() + 1);
      at = field->type;
    }
  }

  bool Apply(const MessageInfo* type, std::string_view name, google::protobuf::MessageLite& message) {
    const std::string_view part = name.substr(0, name.find('.'));
    const Field& field = *FindField(*type, part);
    Fault& fault = reader_.fault();
    bool set = false;
    if (part.size() < name.size()) {
      set = Apply(field.type, name.substr(part.size() + 1), *field.mutable_message(message));
    } else if (!IsValidUtf8(text_)) {
      fault.WrongType("is not valid UTF-8.");
    } else {
      set = field.read(reader_, message);
    }
    return set || fault.In(field.name, field.violation);
  }

  std::string_view name_;
  std::string_view text_;
  Reader reader_;
  const MessageInfo* type_ = nullptr;
  const Field* field_ = nullptr;
  std::string path_;
};

bool IsEmptyMessage(const MessageInfo& type) {
  return &type == &kEmptyMessage || (type.fields.empty() && type.read == nullptr);
}

absl::Status DecodeBody(const HttpBinding& binding, std::string_view body, const JsonLimits& limits,
                        google::protobuf::MessageLite* request) {
  if (binding.body.empty()) return absl::OkStatus();
  const bool whole = binding.body == "*";
  // An optional field of the request, or a request that has nothing to say, needs no body.
  if (body.empty() && (!whole || IsEmptyMessage(binding.type))) return absl::OkStatus();
  Reader reader(body, limits);
  const bool read = reader.fault().ok() &&
                    (whole ? GetMessage(reader, binding.type, *request)
                           : GetField(reader, *FindField(binding.type, binding.body), *request)) &&
                    reader.Finish();
  return read ? absl::OkStatus() : reader.fault().ToStatus();
}

bool FedElsewhere(const HttpBinding& binding, std::string_view path) {
  if (binding.body == path || path.starts_with(StrCat(binding.body, "."))) return true;
  return std::find(binding.variables.begin(), binding.variables.end(), path) != binding.variables.end();
}

}  // namespace

absl::Status DecodeHttp(const HttpBinding& binding, const HttpParameters& parameters, std::string_view body,
                        const JsonLimits& limits, google::protobuf::MessageLite* request) {
  RETURN_IF_ERROR(DecodeBody(binding, body, limits, request));
  if (binding.body != "*") {
    absl::flat_hash_set<std::string> given;
    for (const auto& [name, text] : parameters.query) {
      Parameter parameter(binding.type, name, text);
      if (!parameter.has_field() || FedElsewhere(binding, parameter.path())) continue;
      if (!given.insert(parameter.path()).second && !parameter.is_list()) return parameter.GivenTwice();
      RETURN_IF_ERROR(parameter.Set(request));
    }
  }
  for (size_t i = 0; i < binding.variables.size() && i < parameters.path.size(); ++i) {
    RETURN_IF_ERROR(Parameter(binding.type, binding.variables[i], parameters.path[i]).Set(request));
  }
  return absl::OkStatus();
}

}  // namespace starling::rpc::json
