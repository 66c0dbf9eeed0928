#include "load/options.h"

#include <arpa/inet.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/strings.h"

namespace starling::bench {
namespace {

[[noreturn]] void Refuse(const std::string& why) {
  std::fprintf(stderr, "bench_load: %s\n", why.c_str());
  std::exit(2);
}

struct Url {
  std::string host, port = "80", path = "/";
};

Url Split(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) Refuse("the URL must begin with http://");
  text.remove_prefix(kScheme.size());
  Url url;
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) url.path = text.substr(slash);
  const std::string_view authority = text.substr(0, slash);
  const size_t colon = authority.find(':');
  url.host = authority.substr(0, colon);
  if (colon != std::string_view::npos) url.port = authority.substr(colon + 1);
  return url;
}

std::string Message(const Url& url, const std::string& method, const std::vector<std::string>& headers,
                    const std::string& body) {
  std::string message = StrCat(method, " ", url.path, " HTTP/1.1\r\nhost: ", url.host, ":", url.port, "\r\n");
  for (const std::string& header : headers) StrAppend(&message, header, "\r\n");
  if (!body.empty()) {
    StrAppend(&message, "content-type: application/json\r\ncontent-length: ", body.size(), "\r\n");
  }
  StrAppend(&message, "\r\n", body);
  return message;
}

std::chrono::nanoseconds Nanoseconds(double seconds) {
  return std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
}

}  // namespace

Options ParseOptions(int argc, char** argv) {
  Options options;
  std::string url_text, body_file, arrivals = "even";
  std::vector<std::string> headers;
  double warmup_s = 1, seconds = 5, timeout_s = 10, turn_s = 0;
  CLI::App app("Offers HTTP/1.1 load and prints what came of it as JSON.");
  app.add_option("--url", url_text, "http://IPv4-ADDRESS:PORT/path")->required();
  app.add_option("--body-file", body_file, "one JSON body a line, posted in turn; without it: GET");
  app.add_option("--header", headers, "a line to send with every request");
  app.add_option("--connections", options.connections, "kept alive, opened at the start")
      ->check(CLI::Range(1, 60000));
  app.add_option("--rate", options.rate,
                 "open loop: requests per second, whatever the answers do; 0: closed loop");
  app.add_option("--arrivals", arrivals, "open loop: gaps between requests")
      ->check(CLI::IsMember({"even", "poisson"}));
  app.add_option("--warmup", warmup_s, "seconds of load before measuring");
  app.add_option("--seconds", seconds, "seconds measured");
  app.add_option("--timeout", timeout_s, "seconds after which an answer is given up");
  app.add_option("--turn", turn_s,
                 "open loop: seconds between two looks at its sockets, so that a high rate costs the machine "
                 "less; adds as "
                 "much to latencies")
      ->check(CLI::Range(0.0, 0.1));
  app.add_option("--max-waiting", options.max_waiting,
                 "open loop: due requests that may wait for a free connection; more are dropped and counted");
  app.add_option("--texts", options.texts_per_request, "texts in each body, for texts per second");
  app.add_option("--pid", options.servers,
                 "process of the server, to measure its cost; its children count too");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  if (seconds <= 0 || warmup_s < 0 || timeout_s <= 0 || options.rate < 0)
    Refuse("times and rates are positive");

  const Url url = Split(url_text);
  options.address.sin_family = AF_INET;
  options.address.sin_port = htons(static_cast<uint16_t>(std::atoi(url.port.c_str())));
  if (inet_pton(AF_INET, url.host.c_str(), &options.address.sin_addr) != 1)
    Refuse("the host must be an IPv4 address");
  if (body_file.empty()) {
    options.requests.push_back(Message(url, "GET", headers, ""));
  } else {
    std::ifstream in(body_file);
    for (std::string body; std::getline(in, body);)
      options.requests.push_back(Message(url, "POST", headers, body));
    if (options.requests.empty()) Refuse(StrCat("no bodies in ", body_file));
  }
  options.poisson = arrivals == "poisson";
  options.warmup = Nanoseconds(warmup_s);
  options.duration = Nanoseconds(seconds);
  options.timeout = Nanoseconds(timeout_s);
  options.turn = Nanoseconds(turn_s);
  return options;
}

}  // namespace starling::bench
