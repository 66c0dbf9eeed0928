#include "app/child_log.h"

#include <simdjson.h>

#include <optional>

#include "core/observe/log.h"

namespace starling::app {
namespace {

struct ChildLine {
  observe::Level level = observe::Level::kInfo;
  std::string message;
  std::string request_id;
  TraceContext trace;
};

observe::Level LevelOf(std::string_view name) {
  if (name == "debug") return observe::Level::kDebug;
  if (name == "warn" || name == "warning") return observe::Level::kWarning;
  if (name == "error") return observe::Level::kError;
  return observe::Level::kInfo;
}

std::string Text(const simdjson::dom::object& object, const char* key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

std::optional<ChildLine> ParseLine(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(text.data(), text.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  ChildLine line;
  line.level = LevelOf(Text(object, "level"));
  line.message = Text(object, "message");
  line.request_id = Text(object, "request_id");
  const std::string header = "00-" + Text(object, "trace_id") + "-" + Text(object, "span_id") + "-00";
  line.trace = TraceContext::FromTraceparent(header).value_or(TraceContext());
  return line;
}

}  // namespace

void LogChildLine(const std::string& service, std::string_view text, pid_t pid) {
  const std::optional<ChildLine> line = ParseLine(text);
  if (!line.has_value()) return observe::LogInfo(text, {{"service", service}, {"pid", pid}});
  auto origin = std::make_shared<RequestOrigin>();
  origin->request_id = line->request_id;
  const RequestContext context = RequestContext().WithOrigin(std::move(origin)).WithTrace(line->trace);
  observe::Log(context, line->level, line->message, {{"service", service}, {"pid", pid}});
}

std::vector<std::string> OwnCommand(const CommandLine& line) {
  std::vector<std::string> command = {"/proc/self/exe", "serve"};
  if (!line.config_file.empty()) command.insert(command.end(), {"--config", line.config_file});
  for (const std::string& set : line.set) command.insert(command.end(), {"--set", set});
  command.push_back("--child");
  return command;
}

}  // namespace starling::app
