#include "core/config/sample_settings.h"

#include "base/status.h"

namespace starling::config {
namespace {

using namespace std::chrono_literals;  // NOLINT(build/namespaces)

void DeclareTls(Declaration<Tls>& d) {
  d.String("certificate", &Tls::certificate).Text("Certificate chain, PEM.");
  d.String("key", &Tls::key).Text("Private key, PEM.");
  d.Check([](const Tls& tls) {
    return tls.certificate.empty() == tls.key.empty()
               ? absl::OkStatus()
               : InvalidArgument("needs both certificate and key, or neither");
  });
}

void DeclareKey(Declaration<Key>& d) {
  d.String("name", &Key::name).Required().Text("Who holds it.");
  d.Secret("secret", &Key::secret).Text("The key.");
}

}  // namespace

void DeclareSample(Declaration<Sample>& d) {
  d.Text("A sample of every type.");
  d.Bool("enabled", &Sample::enabled).Text("A switch.");
  d.Int("max_texts", &Sample::max_texts).Min(1).Max(100000).Text("Most texts in one request.");
  d.Int("port", &Sample::port).Text("A port.");
  d.Double("ratio", &Sample::ratio).Min(0).Max(1).Text("A ratio.");
  d.String("name", &Sample::name).Max(20).Text("A name.");
  d.Duration("timeout", &Sample::timeout).Min(1ms).Max(1h).Text("A time.");
  d.Size("limit", &Sample::limit).Min(1024).Text("A size.");
  d.Choice("mode", &Sample::mode, {{"fast", Mode::kFast}, {"safe", Mode::kSafe}}).Text("A choice.");
  d.Secret("token", &Sample::token).Text("A secret.");
  d.Int("optional", &Sample::optional).Text("May be absent.");
  d.StringList("origins", &Sample::origins).Max(3).Text("Some strings.");
  d.StringMap("labels", &Sample::labels).Text("Strings by name.");
  d.Section("tls", &Sample::tls, DeclareTls).Text("A section.");
  d.SectionList("keys", &Sample::keys, DeclareKey).Text("Sections.");
  d.SectionMap("named", &Sample::named, DeclareKey).Text("Sections by name.");
}

}  // namespace starling::config
