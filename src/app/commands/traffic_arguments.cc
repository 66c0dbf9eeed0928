#include "app/commands/traffic_arguments.h"

#include <CLI/CLI.hpp>

namespace starling::app {
namespace {

constexpr char kTarget[] = "whose: the model and the alias";

CLI::App* AddAction(CLI::App* command, TrafficArguments* arguments, const char* name, const char* text,
                    bool needs_target = true) {
  CLI::App* action = command->add_subcommand(name, text);
  action->add_option("target", arguments->target, kTarget)->type_name("MODEL@ALIAS")->required(needs_target);
  action->callback([arguments, name] { arguments->action = name; });
  return action;
}

void AddReason(CLI::App* action, TrafficArguments* arguments) {
  action->add_option("--reason", arguments->reason, "why, for the history")->type_name("TEXT");
}

void AddRule(CLI::App* action, TrafficArguments* arguments) {
  action->add_option("--stable", arguments->stable, "the version that the alias means; without it, as now")
      ->type_name("VERSION");
  action->add_option("--weight", arguments->weights, "a version's share of the requests, for example 2=10")
      ->type_name("VERSION=PERCENT")
      ->take_all();
  action
      ->add_option("--shadow", arguments->shadow,
                   "a version that is asked too and not heard; without a share, always")
      ->type_name("VERSION[=PERCENT]");
  action->add_option("--absolute-tolerance", arguments->absolute_tolerance, "how much numbers may differ");
  action->add_option("--relative-tolerance", arguments->relative_tolerance, "the same, as a part of them");
  action->add_flag("--sticky-by-caller", arguments->sticky_by_caller,
                   "requests without a key go by the caller's name");
  action->add_option("--window", arguments->window_s, "what is older does not count; without it, 300")
      ->type_name("SECONDS");
  const char* limits =
      "LIMIT=VALUE[,...] of min_requests, max_error_excess, max_p99_ratio, max_mean_ratio, min_agreement";
  action->add_option("--roll-back", arguments->roll_back, "a version that breaks one of these is taken off")
      ->type_name(limits)
      ->delimiter(',');
  action->add_option("--promote", arguments->promote, "one that keeps all of these becomes the stable one")
      ->type_name(limits)
      ->delimiter(',');
}

}  // namespace

void AddTrafficCommand(CLI::App* command, TrafficArguments* arguments) {
  command->require_subcommand(1);
  command->add_option("--server", arguments->server.address, "the gRPC listener of a program that runs")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  command->add_option("--api-key", arguments->server.api_key, "a key of this program")
      ->type_name("KEY")
      ->envname("STARLING_API_KEY");
  command->add_option("--ca-file", arguments->server.ca_file, "over TLS, with a certificate by one of these")
      ->type_name("FILE");
  // The options above may also come after the action.
  command->fallthrough();
  CLI::App* set = AddAction(command, arguments, "set", "set a rule, whole: what is not said is not there");
  AddRule(set, arguments);
  AddReason(set, arguments);
  AddAction(command, arguments, "get", "show a rule and what was observed, or all rules", false);
  AddReason(AddAction(command, arguments, "delete", "take a rule away"), arguments);
  AddAction(command, arguments, "history", "who changed what, when and why");
  CLI::App* promote = AddAction(command, arguments, "promote", "make a version the stable one");
  promote->add_option("--version", arguments->version, "without it, the only one beside the stable one")
      ->type_name("VERSION");
  AddReason(promote, arguments);
  AddReason(AddAction(command, arguments, "rollback",
                      "take the other versions off, or go back to the one before the last promotion"),
            arguments);
  for (CLI::App* action : command->get_subcommands({})) action->fallthrough();
}

}  // namespace starling::app
