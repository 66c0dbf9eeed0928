#include "app/commands/models_command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "app/commands/models_table.h"
#include "app/commands/server_client.h"
#include "base/status.h"
#include "starling/models/v1/models.starling.h"

namespace starling::app {
namespace {

// Columns of the terminal that the table goes to; 0 for a pipe or a file.
size_t TerminalWidth() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

absl::StatusOr<models::v1::ListModelsResponse> Ask(ServerClient& client) {
  models::v1::ModelsServiceStub stub(client.endpoint());
  const models::v1::ListModelsRequest all;
  return client.Wait(stub.ListModels(client.context(), all));
}

ServerAddress AddressFor(const CommandLine& line, const ServerConfig& server) {
  ServerAddress address = line.models_server;
  if (!address.address.empty()) return address;
  address.address = StrCat(server.admin.tls.certificate_file.empty() ? "" : "https://", server.admin.address);
  return address;
}

int Fail(std::string_view why) {
  std::fprintf(stderr, "starling: %.*s\n", static_cast<int>(why.size()), why.data());
  return 1;
}

}  // namespace

int PrintModels(const CommandLine& line, const ServerConfig& server) {
  const ServerAddress address = AddressFor(line, server);
  if (address.address.empty()) return Fail("the configuration has no admin listener: say --server.");
  const auto client = ServerClient::Open(address);
  if (!client.ok()) return Fail(Message(client.status()));
  const auto listed = Ask(**client);
  if (!listed.ok()) return Fail(WhyNoAnswer(listed.status(), address));
  if (line.models_json) {
    std::string json;
    models::v1::ListModelsResponseType().to_json(*listed, &json);
    std::printf("%s\n", json.c_str());
    return 0;
  }
  std::fputs(ModelsTable(*listed, std::chrono::system_clock::now(), TerminalWidth()).c_str(), stdout);
  return 0;
}

}  // namespace starling::app
