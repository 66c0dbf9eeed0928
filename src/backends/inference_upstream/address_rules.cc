#include "backends/inference_upstream/address_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "core/http/transport/socket_address.h"
#include "core/run/resolver.h"

namespace starling::inference_remote {
namespace {

struct Scheme {
  std::string_view begin;
  bool tls, rest;
};
constexpr Scheme kSchemes[] = {
    {"grpc://", false, false}, {"grpcs://", true, false}, {"http://", false, true}, {"https://", true, true}};

// 16 bytes; IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that a mapped address is no way round.
using Address = std::array<uint8_t, 16>;

struct Range {
  const char* begin;
  int bits;
  std::string_view what;
};
// Of this machine or its link alone, of nobody, or of many; and the addresses of metadata services outside those ranges.
constexpr Range kNever[] = {
    {"::ffff:169.254.0.0", 112, "link-local, where clouds keep their metadata"},
    {"fe80::", 10, "link-local"},
    {"fd00:ec2::254", 128, "a cloud's metadata service"},
    {"::ffff:100.100.100.200", 128, "a cloud's metadata service"},
    {"::ffff:168.63.129.16", 128, "a cloud's metadata service"},
    {"::ffff:192.0.0.192", 128, "a cloud's metadata service"},
    {"::ffff:0.0.0.0", 104, "no address of one machine"},
    {"::", 128, "no address of one machine"},
    {"::ffff:224.0.0.0", 99, "no address of one machine"},  // multicast and what is above it
    {"ff00::", 8, "no address of one machine"},
};

bool Within(const Address& address, const Range& range) {
  Address begin{};
  inet_pton(AF_INET6, range.begin, begin.data());
  const auto whole = static_cast<size_t>(range.bits / 8);
  if (!std::equal(begin.begin(), begin.begin() + whole, address.begin())) return false;
  const int rest = range.bits % 8;
  return rest == 0 || (begin[whole] ^ address[whole]) >> (8 - rest) == 0;
}

Address BytesOf(const http::SocketAddress& address) {
  Address bytes{};
  if (address.family() == AF_INET6) {
    memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr, bytes.size());
  } else {
    bytes[10] = bytes[11] = 0xFF;
    memcpy(bytes.data() + 12, &reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr, 4);
  }
  return bytes;
}

bool IsLoopback(const Address& address) {
  return Within(address, {"::ffff:127.0.0.0", 104, ""}) || Within(address, {"::1", 128, ""});
}

std::string Lower(std::string_view text) { return absl::AsciiStrToLower({text.data(), text.size()}); }

// "host" of the operator's list allows each port of it.
bool IsAllowed(const std::string& host, const std::string& target,
               const inference::ModelPermissions& permissions) {
  return std::any_of(permissions.upstreams.begin(), permissions.upstreams.end(), [&](const std::string& one) {
    return Lower(one) == Lower(host) || Lower(one) == Lower(target);
  });
}

absl::Status NotAllowed(const std::string& target) {
  return PermissionDenied("The upstream ", target,
                          " is not on this machine, and models.upstreams does not list it: a package may "
                          "not choose whom this program calls.");
}

}  // namespace

absl::StatusOr<std::vector<Upstream>> ParseUrls(const std::string& urls) {
  std::vector<Upstream> upstreams;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(urls, ','))) {
    const std::string url(absl::StripAsciiWhitespace(part));
    const auto* const scheme = std::find_if(std::begin(kSchemes), std::end(kSchemes),
                                            [&url](const Scheme& one) { return url.starts_with(one.begin); });
    if (scheme == std::end(kSchemes)) {
      return InvalidArgument("'", url,
                             "' is no upstream: write grpc://host:port or http://host:port, or with TLS "
                             "grpcs://host:port or https://host:port.");
    }
    Upstream upstream;
    upstream.tls = scheme->tls;
    upstream.rest = scheme->rest;
    upstream.target = url.substr(scheme->begin.size());
    if (upstream.target.starts_with("unix:") || upstream.target.find('/') != std::string::npos) {
      return InvalidArgument("'", url, "' is no upstream: it must be a host and a port.");
    }
    RETURN_IF_ERROR(run::CheckTarget(upstream.target));
    upstream.host = upstream.target.substr(0, upstream.target.rfind(':'));
    if (upstream.host.starts_with('[')) upstream.host = upstream.host.substr(1, upstream.host.size() - 2);
    if (!upstreams.empty() && (upstreams[0].tls != upstream.tls || upstreams[0].rest != upstream.rest))
      return InvalidArgument("All upstreams of a model must be of one kind: their URLs must begin alike.");
    upstreams.push_back(std::move(upstream));
  }
  return upstreams;
}

absl::Status CheckUpstream(const Upstream& upstream, const inference::ModelPermissions& permissions) {
  if (IsAllowed(upstream.host, upstream.target, permissions) || Lower(upstream.host) == "localhost") {
    return absl::OkStatus();
  }
  // An address is judged without asking anybody; so is not a name.
  const auto literal = http::SocketAddress::Ip(upstream.host, 1);
  if (!literal.ok()) return NotAllowed(upstream.target);
  return CheckAddress(literal->ToString(), upstream.host, permissions);
}

absl::Status CheckAddress(const std::string& address, const std::string& host,
                          const inference::ModelPermissions& permissions) {
  ASSIGN_OR_RETURN(const http::SocketAddress parsed, http::SocketAddress::Parse(address));
  if (parsed.is_unix()) return PermissionDenied("An upstream must not be a Unix socket.");
  const Address bytes = BytesOf(parsed);
  for (const Range& range : kNever) {
    if (!Within(bytes, range)) continue;
    return PermissionDenied("The upstream ", host, " is at ", address, ", which is ", range.what,
                            ": no model's upstream can be there.");
  }
  const std::string target = StrCat(host, address.substr(address.rfind(':')));
  if (IsLoopback(bytes) || IsAllowed(host, target, permissions)) return absl::OkStatus();
  return NotAllowed(StrCat(host, " (", address, ")"));
}

}  // namespace starling::inference_remote
