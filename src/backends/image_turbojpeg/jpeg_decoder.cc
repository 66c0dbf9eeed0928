#include "backends/image_turbojpeg/jpeg_decoder.h"

#include <turbojpeg.h>

#include <memory>

#include "base/status.h"

namespace starling::image_turbojpeg {
namespace {

using inference::GrayImage;
using inference::ImageLimits;

class JpegDecoder final : public inference::ImageDecoder {
 public:
  bool Knows(std::string_view bytes) const override { return bytes.starts_with("\xff\xd8\xff"); }

  absl::StatusOr<GrayImage> Decode(std::string_view bytes, const ImageLimits& limits) const override {
    const std::unique_ptr<void, int (*)(void*)> handle(tjInitDecompress(), tjDestroy);
    if (handle == nullptr) return Internal("libjpeg-turbo: ", tjGetErrorStr2(nullptr));
    const auto* const data = reinterpret_cast<const unsigned char*>(bytes.data());
    int width = 0;
    int height = 0;
    int subsampling = 0;
    int colours = 0;
    if (tjDecompressHeader3(handle.get(), data, bytes.size(), &width, &height, &subsampling, &colours) != 0) {
      return Broken(handle.get());
    }
    RETURN_IF_ERROR(inference::CheckImageSize(width, height, limits));
    if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
      return InvalidArgument("The image is a JPEG for printing (CMYK), which is not read.");
    }
    GrayImage gray;
    gray.width = static_cast<size_t>(width);
    gray.height = static_cast<size_t>(height);
    gray.pixels.resize(gray.width * gray.height);
    // A file may hold many scans of the same pixels, and one that is cut short is completed with grey unless that counts.
    constexpr int kFlags = TJFLAG_LIMITSCANS | TJFLAG_STOPONWARNING;
    if (tjDecompress2(handle.get(), data, bytes.size(), gray.pixels.data(), width, width, height, TJPF_GRAY,
                      kFlags) != 0) {
      return Broken(handle.get());
    }
    return gray;
  }

 private:
  static absl::Status Broken(tjhandle handle) {
    return InvalidArgument("The image is no whole JPEG: ", tjGetErrorStr2(handle), ".");
  }
};

}  // namespace

std::unique_ptr<inference::ImageDecoder> MakeDecoder() { return std::make_unique<JpegDecoder>(); }

}  // namespace starling::image_turbojpeg
