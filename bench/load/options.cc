#include "load/options.h"

#include <arpa/inet.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "base/strings.h"
#include "load/grpc_wire.h"

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
                    const std::string& content_type, const std::string& body) {
  std::string message = StrCat(method, " ", url.path, " HTTP/1.1\r\nhost: ", url.host, ":", url.port, "\r\n");
  for (const std::string& header : headers) StrAppend(&message, header, "\r\n");
  if (!body.empty()) {
    StrAppend(&message, "content-type: ", content_type, "\r\ncontent-length: ", body.size(), "\r\n");
  }
  StrAppend(&message, "\r\n", body);
  return message;
}

std::string Call(const Url& url, const std::vector<std::string>& headers, const std::string& body) {
  GrpcWire::Metadata metadata;
  for (const std::string& header : headers) {
    const size_t colon = header.find(": ");
    if (colon == std::string::npos) Refuse("a header is 'name: value'");
    metadata.emplace_back(absl::AsciiStrToLower(header.substr(0, colon)), header.substr(colon + 2));
  }
  if (body.size() > 16000) Refuse("a message for --grpc has 16000 bytes at most");
  return GrpcWire::Request(StrCat(url.host, ":", url.port), url.path, metadata, body);
}

std::vector<std::string> ReadBodies(const std::string& lines, const std::vector<std::string>& files) {
  std::vector<std::string> bodies;
  std::ifstream in(lines);
  for (std::string body; std::getline(in, body);) bodies.push_back(body);
  for (const std::string& file : files) {
    std::ifstream whole(file, std::ios::binary);
    if (!whole) Refuse(StrCat("cannot read ", file));
    bodies.emplace_back(std::istreambuf_iterator<char>(whole), std::istreambuf_iterator<char>());
  }
  if (bodies.empty()) Refuse(StrCat("no bodies in ", lines));
  return bodies;
}

std::chrono::nanoseconds Nanoseconds(double seconds) {
  return std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
}

}  // namespace

Options ParseOptions(int argc, char** argv) {
  Options options;
  std::string url_text, body_file, content_type = "application/json", arrivals = "even";
  std::vector<std::string> headers, whole_bodies;
  double warmup_s = 1, seconds = 5, timeout_s = 10, turn_s = 0;
  CLI::App app("Offers HTTP/1.1 or gRPC load and prints what came of it as JSON.");
  app.add_option("--url", url_text, "http://IPv4-ADDRESS:PORT/path")->required();
  app.add_option("--body-file", body_file, "one body a line, posted in turn; without any: GET");
  app.add_option("--body", whole_bodies, "a file that is one body, whatever bytes it has; may be given again")
      ->excludes("--body-file");
  app.add_option("--content-type", content_type, "of the bodies");
  app.add_flag("--grpc", options.grpc,
               "unary gRPC without TLS: the URL's path is /package.Service/Method, bodies are messages; an "
               "answer counts as 200, "
               "an error as 500");
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
  if (body_file.empty() && whole_bodies.empty()) {
    if (options.grpc) Refuse("--grpc needs --body or --body-file");
    options.requests.push_back(Message(url, "GET", headers, content_type, ""));
  } else {
    for (const std::string& body : ReadBodies(body_file, whole_bodies)) {
      options.requests.push_back(options.grpc ? Call(url, headers, body)
                                              : Message(url, "POST", headers, content_type, body));
    }
  }
  options.poisson = arrivals == "poisson";
  options.warmup = Nanoseconds(warmup_s);
  options.duration = Nanoseconds(seconds);
  options.timeout = Nanoseconds(timeout_s);
  options.turn = Nanoseconds(turn_s);
  return options;
}

}  // namespace starling::bench
