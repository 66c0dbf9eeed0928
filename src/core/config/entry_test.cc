#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/schema.h"

namespace starling::config {
namespace {

struct Place {
  int replicas = 1;
};
struct Places {
  std::map<std::string, Place> services;
};
void DeclarePlace(Declaration<Place>& d) { d.Int("replicas", &Place::replicas).Min(1).Text("How many."); }

Schema PlacesOf(const std::vector<std::string>& names) {
  Declaration<Places> declaration;
  for (const std::string& name : names)
    declaration.Entry(name, &Places::services, DeclarePlace).Text("A service.");
  Schema schema;
  schema.Add("placement", declaration);
  return schema;
}

TEST(EntryTest, FillsTheMapUnderItsDeclaredKeys) {
  const auto values = PlacesOf({"spam", "chat"}).Load({"", {}, {"placement.spam.replicas=3"}});
  ASSERT_TRUE(values.ok()) << values.status();
  const auto& services = values->Get<Places>("placement").services;
  EXPECT_EQ(services.at("spam").replicas, 3);
  EXPECT_FALSE(services.contains("chat"));
}

TEST(EntryTest, AnUndeclaredKeyIsRefusedWithASuggestion) {
  const auto values = PlacesOf({"spam"}).Load({"", {}, {"placement.spma.replicas=3"}});
  EXPECT_THAT(std::string(values.status().message()), testing::HasSubstr("did you mean 'spam'"));
}

}  // namespace
}  // namespace starling::config
