#include "backends/image_libpng/png_decoder.h"

#include <png.h>

#include "base/status.h"

namespace starling::image_libpng {
namespace {

using inference::GrayImage;
using inference::ImageLimits;

// libpng's simplified interface keeps its errors to itself: no jumps through our frames.
class Reader {
 public:
  Reader() { image_.version = PNG_IMAGE_VERSION; }
  ~Reader() { png_image_free(&image_); }
  Reader(const Reader&) = delete;

  absl::StatusOr<GrayImage> Read(std::string_view bytes, const ImageLimits& limits) {
    // The header only.
    if (png_image_begin_read_from_memory(&image_, bytes.data(), bytes.size()) == 0) return Broken();
    RETURN_IF_ERROR(inference::CheckImageSize(image_.width, image_.height, limits));
    image_.format = PNG_FORMAT_GRAY;
    GrayImage gray;
    gray.width = image_.width;
    gray.height = image_.height;
    gray.pixels.resize(gray.width * gray.height);
    const png_color white = {255, 255, 255};
    if (png_image_finish_read(&image_, &white, gray.pixels.data(), static_cast<png_int_32>(gray.width),
                              nullptr) == 0) {
      return Broken();
    }
    return gray;
  }

 private:
  absl::Status Broken() const { return InvalidArgument("The image is no whole PNG: ", image_.message, "."); }

  png_image image_ = {};
};

class PngDecoder final : public inference::ImageDecoder {
 public:
  bool Knows(std::string_view bytes) const override { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }
  absl::StatusOr<GrayImage> Decode(std::string_view bytes, const ImageLimits& limits) const override {
    return Reader().Read(bytes, limits);
  }
};

}  // namespace

std::unique_ptr<inference::ImageDecoder> MakeDecoder() { return std::make_unique<PngDecoder>(); }

}  // namespace starling::image_libpng
