// A PNG or JPEG file.
#include "backends/image_libpng/png_decoder.h"
#include "backends/image_turbojpeg/jpeg_decoder.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using starling::fuzz::Require;
  static const auto kDecoders = [] {
    starling::inference::ImageDecoders decoders;
    decoders.Add(starling::image_libpng::MakeDecoder());
    decoders.Add(starling::image_turbojpeg::MakeDecoder());
    return decoders;
  }();
  const auto image =
      kDecoders.Decode(starling::fuzz::Text(data, size), {.max_side = 256, .max_pixels = 20'000});
  if (!image.ok()) {
    Require(image.status().code() == absl::StatusCode::kInvalidArgument, "it is the file's fault");
    return 0;
  }
  Require(image->width <= 256 && image->height <= 256, "the limits hold");
  Require(image->pixels.size() == image->width * image->height && !image->pixels.empty(),
          "every pixel is there");
  return 0;
}
