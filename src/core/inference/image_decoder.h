// ImageDecoder: the interface to a product that reads pictures. One folder src/backends/image_<product>/ per product.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/status.h"

namespace starling::inference {

// Looked at in the picture's header, before memory is taken for its pixels.
struct ImageLimits {
  int64_t max_side = 8192;  // width and height
  int64_t max_pixels =
      16'000'000;  // width times height; a picture takes one to some ten bytes for each while it is read
};

struct GrayImage {
  size_t width = 0;
  size_t height = 0;
  std::vector<uint8_t> pixels;  // row by row, from 0 (black) to 255 (white); what is transparent is white
};

// Any thread.
class ImageDecoder {
 public:
  virtual ~ImageDecoder() = default;
  // True if the bytes begin as this format does.
  virtual bool Knows(std::string_view bytes) const = 0;
  // INVALID_ARGUMENT with a sentence for the caller: past the limits, cut short, broken. Does not throw.
  virtual absl::StatusOr<GrayImage> Decode(std::string_view bytes, const ImageLimits& limits) const = 0;
};

// The formats that a program reads. Filled before it is asked; then any thread.
class ImageDecoders {
 public:
  void Add(std::unique_ptr<ImageDecoder> decoder) { decoders_.push_back(std::move(decoder)); }
  // INVALID_ARGUMENT if no format begins so.
  absl::StatusOr<GrayImage> Decode(std::string_view bytes, const ImageLimits& limits) const {
    for (const auto& decoder : decoders_) {
      if (decoder->Knows(bytes)) return decoder->Decode(bytes, limits);
    }
    return InvalidArgument("The image is neither PNG nor JPEG.");
  }

 private:
  std::vector<std::unique_ptr<ImageDecoder>> decoders_;
};

// What decoders say of a size, in one place. OK if it is within the limits.
inline absl::Status CheckImageSize(int64_t width, int64_t height, const ImageLimits& limits) {
  if (width < 1 || height < 1) return InvalidArgument("The image has no pixels.");
  if (width > limits.max_side || height > limits.max_side || width * height > limits.max_pixels) {
    return InvalidArgument("The image has ", width, " x ", height, " pixels; it may have at most ",
                           limits.max_side, " on a side and ", limits.max_pixels, " in all.");
  }
  return absl::OkStatus();
}

}  // namespace starling::inference
