#include "app/commands/command_line.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <utility>

#include "app/version.h"

namespace starling::app {
namespace {

void AddConfigOptions(CLI::App* command, CommandLine* line) {
  command->add_option("-c,--config", line->config_file, "YAML file; without one the defaults hold")
      ->type_name("FILE");
  command
      ->add_option("--set", line->set,
                   "one setting over file and environment, for example sentiment.max_texts=10")
      ->type_name("KEY=VALUE")
      ->take_all();
}

// What to type, under the help of each command.
constexpr std::pair<const char*, const char*> kExamples[] = {
    {"serve",
     "  starling serve --config configs/all.yaml\n"
     "  starling serve --target sentiment,models --set server.http.address=127.0.0.1:0\n"
     "  STARLING_SENTIMENT__MAX_TEXTS=10 starling serve\n"
     "SIGTERM or Ctrl-C lets requests under way finish, then stops."},
    {"check-config", "  starling check-config --config configs/all.yaml --set sentiment.max_texts=10"},
    {"print-config-schema", "  starling print-config-schema > starling.schema.json"},
    {"print-config-reference", "  starling print-config-reference > docs/configuration.md"},
    {"list-targets", "  starling list-targets"},
    {"list-routes", "  starling list-routes | grep sentiment"},
    {"openapi", "  starling openapi --config configs/all.yaml > openapi.json"},
    {"make-api-key", "  starling make-api-key alice --scope models.write"},
    {"traffic",
     "  starling traffic set fraud@champion --weight 2=10 --roll-back min_requests=50,max_error_excess=0.01\n"
     "  starling traffic get\n"
     "  starling traffic history fraud@champion\n"
     "  starling traffic promote fraud@champion --version 2 --reason \"a good week\"\n"
     "  starling traffic rollback fraud@champion\n"
     "What the rules mean: docs/traffic.md."},
    {"models",
     "  starling models\n"
     "  starling models --config configs/all.yaml\n"
     "  starling models --server https://models.example.com:8001 --json    with the key in STARLING_API_KEY\n"
     "Without --server it asks the admin listener of the configuration, which takes who is on its machine as "
     "the operator."},
    {"version", "  starling version"},
};

void AddTargetOption(CLI::App* command, CommandLine* line) {
  command->add_option("-t,--target", line->targets, "only these services, for example sentiment,models")
      ->type_name("NAME[,NAME...]")
      ->delimiter(',');
}

void AddModelsOptions(CLI::App* command, CommandLine* line) {
  ServerAddress& server = line->models_server;
  server.address.clear();
  command
      ->add_option("--server", server.address, "its admin, gRPC or HTTP listener; https:// before it for TLS")
      ->type_name("HOST:PORT");
  command->add_option("--api-key", server.api_key, "a key of that program")
      ->type_name("KEY")
      ->envname("STARLING_API_KEY");
  command->add_option("--ca-file", server.ca_file, "over TLS, with a certificate by one of these")
      ->type_name("FILE");
  command->add_flag("--json", line->models_json, "as JSON, for programs");
}

}  // namespace

CommandLine ParseCommandLine(int argc, char** argv) {
  CommandLine line;
  line.program = argv[0];
  CLI::App app("Starling: a set of AI microservices in one program.", "starling");
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  app.set_version_flag("--version", std::string("starling ") + kVersion);
  std::map<CLI::App*, Command> commands;
  const auto add = [&](const char* name, const char* text, Command command) {
    CLI::App* sub = app.add_subcommand(name, text);
    commands[sub] = command;
    return sub;
  };

  CLI::App* serve = add("serve", "start the services and their listeners", Command::kServe);
  AddConfigOptions(serve, &line);
  AddTargetOption(serve, &line);
  // How a parent starts this program as one service of its own; see docs/other-languages.md.
  serve->add_option("--child", line.child_service)->group("");

  CLI::App* check = add("check-config", "say whether the configuration is right, and print what holds",
                        Command::kCheckConfig);
  AddConfigOptions(check, &line);
  AddTargetOption(check, &line);
  add("print-config-schema", "JSON Schema of the configuration, for editors", Command::kPrintConfigSchema);
  add("print-config-reference", "every setting, as the page docs/configuration.md",
      Command::kPrintConfigReference);
  add("list-targets", "the services of this program", Command::kListTargets);
  add("list-routes", "every route over HTTP and method over gRPC", Command::kListRoutes);
  CLI::App* openapi = add("openapi", "the OpenAPI 3.1 document", Command::kOpenApi);
  AddConfigOptions(openapi, &line);
  AddTargetOption(openapi, &line);
  CLI::App* key =
      add("make-api-key", "make a key, and the entry for auth.api_keys that admits it", Command::kMakeApiKey);
  key->add_option("name", line.key_name, "who will use it")->required();
  key->add_option("--scope", line.key_scopes, "what it may do besides; list-routes names the scopes")
      ->type_name("SCOPE[,SCOPE...]")
      ->delimiter(',');
  AddTrafficCommand(add("traffic", "which versions of a model answer for an alias", Command::kTraffic),
                    &line.traffic);
  CLI::App* models = add("models", "the models of a running server and their state", Command::kModels);
  AddConfigOptions(models, &line);
  AddModelsOptions(models, &line);
  add("version", "version, compiler and build", Command::kVersion);
  for (const auto& [name, example] : kExamples) {
    app.get_subcommand(name)->footer(std::string("Examples:\n") + example + "\n");
  }
  app.footer("`starling COMMAND --help` says more, with examples. Settings: docs/configuration.md.\n");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    line.exit_code = app.exit(error);
    return line;
  }
  line.command = commands[app.get_subcommands().front()];
  return line;
}

}  // namespace starling::app
