#include "core/grpc/reflection.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/status.h"
#include "grpc/reflection/v1alpha/reflection.starling.h"

namespace starling::grpc {

namespace v1 = ::grpc::reflection::v1;
namespace v1alpha = ::grpc::reflection::v1alpha;

// The messages of both versions have the same encoding, and that is how they come and go at a handler.
class Reflection::UnderOldName final : public rpc::Endpoint {
 public:
  explicit UnderOldName(rpc::Endpoint& inner) : inner_(inner) {}
  async::Task<absl::StatusOr<rpc::Payload>> Unary(RequestContext, const rpc::Method& method,
                                                  rpc::Payload) override {
    co_return Unimplemented("There is no unary method ", method.path, " here.");
  }
  async::Stream<rpc::Payload> Open(RequestContext context, const rpc::Method&,
                                   async::Stream<rpc::Payload> requests) override {
    return inner_.Open(std::move(context), v1::ServerReflectionContract().methods[0], std::move(requests));
  }

 private:
  rpc::Endpoint& inner_;
};

// One stream of questions.
class Reflection::Conversation {
 public:
  explicit Conversation(const Reflection& reflection) : reflection_(reflection) {}

  v1::ServerReflectionResponse Answer(v1::ServerReflectionRequest request) {
    const DescriptorIndex& index = reflection_.index_;
    v1::ServerReflectionResponse response;
    response.set_valid_host(request.host());
    switch (request.message_request_case()) {
      case v1::ServerReflectionRequest::kFileByFilename:
        Send(index.FileByName(request.file_by_filename()), "file", request.file_by_filename(), &response);
        break;
      case v1::ServerReflectionRequest::kFileContainingSymbol:
        Send(index.FileOfSymbol(request.file_containing_symbol()), "symbol", request.file_containing_symbol(),
             &response);
        break;
      case v1::ServerReflectionRequest::kFileContainingExtension: {
        const v1::ExtensionRequest& wanted = request.file_containing_extension();
        Send(index.FileOfExtension(wanted.containing_type(), wanted.extension_number()), "extension",
             StrCat(wanted.extension_number(), " of ", wanted.containing_type()), &response);
        break;
      }
      case v1::ServerReflectionRequest::kAllExtensionNumbersOfType:
        SendNumbers(request.all_extension_numbers_of_type(), &response);
        break;
      case v1::ServerReflectionRequest::kListServices:
        for (const std::string& name : reflection_.services_) {
          response.mutable_list_services_response()->add_service()->set_name(name);
        }
        break;
      case v1::ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
        Refuse(absl::StatusCode::kInvalidArgument, "The request asks nothing that is known here.", &response);
        break;
    }
    *response.mutable_original_request() = std::move(request);
    return response;
  }

 private:
  void Send(const DescriptorIndex::File* file, std::string_view what, std::string_view name,
            v1::ServerReflectionResponse* response) {
    if (file == nullptr) {
      return Refuse(absl::StatusCode::kNotFound, StrCat("There is no ", what, " ", name, " here."), response);
    }
    auto* out = response->mutable_file_descriptor_response();
    SendImports(*file, out);
    // Asked for again, it is sent again.
    sent_.insert(file);
    out->add_file_descriptor_proto(std::string(file->serialized));
  }

  void SendImports(const DescriptorIndex::File& file, v1::FileDescriptorResponse* out) {
    for (const DescriptorIndex::File* import : file.imports) {
      if (!sent_.insert(import).second) continue;
      SendImports(*import, out);
      out->add_file_descriptor_proto(std::string(import->serialized));
    }
  }

  void SendNumbers(const std::string& type, v1::ServerReflectionResponse* response) {
    if (!reflection_.index_.HasMessage(type)) {
      return Refuse(absl::StatusCode::kNotFound, StrCat("There is no message ", type, " here."), response);
    }
    auto* out = response->mutable_all_extension_numbers_response();
    out->set_base_type_name(type);
    for (const int number : reflection_.index_.ExtensionNumbers(type)) out->add_extension_number(number);
  }

  static void Refuse(absl::StatusCode code, std::string_view message,
                     v1::ServerReflectionResponse* response) {
    response->mutable_error_response()->set_error_code(static_cast<int>(code));
    response->mutable_error_response()->set_error_message(std::string(message));
  }

  const Reflection& reflection_;
  std::set<const DescriptorIndex::File*> sent_;
};

Reflection::Reflection(const std::vector<const rpc::Contract*>& contracts)
    : under_old_name_(std::make_unique<UnderOldName>(dispatcher_)) {
  std::vector<const rpc::Contract*> all = contracts;
  all.push_back(&v1::ServerReflectionContract());
  all.push_back(&v1alpha::ServerReflectionContract());
  for (const rpc::Contract* contract : all) {
    index_.Add(contract->file_descriptor_set);
    services_.emplace_back(contract->service);
  }
  std::sort(services_.begin(), services_.end());
}

Reflection::~Reflection() = default;

std::vector<Served> Reflection::served() {
  return {{&v1::ServerReflectionContract(), &dispatcher_},
          {&v1alpha::ServerReflectionContract(), under_old_name_.get()}};
}

async::Stream<v1::ServerReflectionResponse> Reflection::ServerReflectionInfo(
    RequestContext, async::Stream<v1::ServerReflectionRequest> requests) {
  Conversation conversation(*this);
  while (true) {
    auto request = co_await requests.Next();
    if (!request.ok()) co_return request.status();
    if (!request->has_value()) co_return absl::OkStatus();
    co_yield conversation.Answer(std::move(**request));
  }
}

}  // namespace starling::grpc
