#include "services/sentiment/config.h"

#include "core/config/declaration.h"
#include "core/config/schema.h"

namespace starling::sentiment {
namespace {

void Declare(config::Declaration<SentimentConfig>& d) {
  d.String("model", &SentimentConfig::model)
      .Text("Name of the model that labels texts, as the models service knows it.");
  d.Int("max_texts", &SentimentConfig::max_texts).Min(1).Max(100000).Text("Most texts in one request.");
  d.Size("max_text_bytes", &SentimentConfig::max_text_bytes)
      .Min(1)
      .Max(1 << 24)
      .Text("Longest text, in bytes of UTF-8.");
}

}  // namespace

void DeclareSettings(config::Schema& schema) { schema.Add("sentiment", Declare); }

}  // namespace starling::sentiment
