#include "services/images/config.h"

#include "core/config/declaration.h"
#include "core/config/schema.h"

namespace starling::images {
namespace {

void Declare(config::Declaration<ImagesConfig>& d) {
  d.String("model", &ImagesConfig::model)
      .Text(
          "Name of the model, as the models service knows it. It takes `pixels` and gives `probabilities`.");
  d.StringList("labels", &ImagesConfig::labels)
      .Text("What the model's probabilities are about, in their order.");
  d.Int("side", &ImagesConfig::side)
      .Min(1)
      .Max(1024)
      .Text("Width and height of the grey image that the model takes.");
  d.Size("max_bytes", &ImagesConfig::max_bytes).Min(1).Max(1 << 28).Text("Largest file of an image.");
  d.Int("max_side", &ImagesConfig::max_side)
      .Min(1)
      .Max(65535)
      .Text("Most pixels in an image's width and in its height.");
  d.Int("max_pixels", &ImagesConfig::max_pixels)
      .Min(1)
      .Max(1'000'000'000)
      .Text("Most pixels in an image. Reading one takes up to some ten bytes of memory for each.");
  d.Int("decoders", &ImagesConfig::decoders)
      .Min(1)
      .Max(256)
      .Text(
          "Images that are read at the same time, each on a thread; a few more wait, and others are refused "
          "with a time to come back.");
}

}  // namespace

void DeclareSettings(config::Schema& schema) { schema.Add("images", Declare); }

}  // namespace starling::images
