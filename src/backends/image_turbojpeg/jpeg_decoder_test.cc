#include "backends/image_turbojpeg/jpeg_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <turbojpeg.h>

#include <random>
#include <string>

#include "base/status.h"

namespace starling::image_turbojpeg {
namespace {

using inference::ImageLimits;
using testing::HasSubstr;

std::string Jpeg(int width, int height, const std::vector<uint8_t>& grey, int flags = 0) {
  const tjhandle handle = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): the library's type
  EXPECT_EQ(
      tjCompress2(handle, grey.data(), width, width, height, TJPF_GRAY, &data, &size, TJSAMP_GRAY, 95, flags),
      0);
  std::string file(reinterpret_cast<char*>(data), size);
  tjFree(data);
  tjDestroy(handle);
  return file;
}

std::vector<uint8_t> Noise(size_t count) {
  std::mt19937 random(1);
  std::vector<uint8_t> pixels(count);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random());
  return pixels;
}

std::string Refusal(const std::string& file, const ImageLimits& limits = {}) {
  const absl::Status status = MakeDecoder()->Decode(file, limits).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(Message(status));
}

TEST(JpegDecoderTest, ReadsBaselineAndProgressiveFiles) {
  std::vector<uint8_t> pixels(32 * 16, 20);
  std::fill(pixels.begin() + 256, pixels.end(), uint8_t{230});
  for (const int flags : {0, TJFLAG_PROGRESSIVE}) {
    const auto image = MakeDecoder()->Decode(Jpeg(32, 16, pixels, flags), {});
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->width, 32u);
    EXPECT_EQ(image->height, 16u);
    EXPECT_NEAR(image->pixels.front(), 20, 4);
    EXPECT_NEAR(image->pixels.back(), 230, 4);
  }
}

TEST(JpegDecoderTest, SizesArePastTheLimitsBeforeMemoryIsTaken) {
  std::string file = Jpeg(8, 8, Noise(64));
  const size_t frame = file.find("\xff\xc0");  // start of frame: length, precision, height, width
  ASSERT_NE(frame, std::string::npos);
  for (size_t i = 0; i < 4; ++i) file[frame + 5 + i] = '\xdc';
  EXPECT_THAT(Refusal(file), HasSubstr("56540 x 56540 pixels"));
  EXPECT_THAT(Refusal(Jpeg(9, 8, Noise(72)), {.max_side = 8}), HasSubstr("9 x 8"));
}

TEST(JpegDecoderTest, CutFilesAreRefused) {
  for (const int flags : {0, TJFLAG_PROGRESSIVE}) {
    const std::string whole = Jpeg(64, 64, Noise(64 * 64), flags);
    for (size_t size = 0; size + 2 < whole.size(); size += 101) {
      EXPECT_THAT(Refusal(whole.substr(0, size)), HasSubstr("no whole JPEG")) << size;
    }
  }
}

TEST(JpegDecoderTest, ChangedFilesAreRefusedOrRead) {
  std::mt19937 random(1);
  const std::string whole = Jpeg(64, 64, Noise(64 * 64));
  for (int i = 0; i < 500; ++i) {
    std::string broken = whole;
    broken[random() % broken.size()] = static_cast<char>(random());
    const auto image = MakeDecoder()->Decode(broken, {});
    EXPECT_TRUE(image.ok() || absl::IsInvalidArgument(image.status())) << image.status();
  }
}

TEST(JpegDecoderTest, KnowsItsFormat) {
  EXPECT_TRUE(MakeDecoder()->Knows(Jpeg(8, 8, Noise(64))));
  EXPECT_FALSE(MakeDecoder()->Knows("\x89PNG"));
}

}  // namespace
}  // namespace starling::image_turbojpeg
