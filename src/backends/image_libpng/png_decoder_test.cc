#include "backends/image_libpng/png_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>

#include <random>
#include <string>

#include "base/status.h"

namespace starling::image_libpng {
namespace {

using inference::ImageLimits;
using testing::HasSubstr;

// A file of these pixels, row by row, in libpng's `format`.
std::string Png(uint32_t width, uint32_t height, uint32_t format, const std::vector<uint8_t>& pixels) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = format;
  std::string file(1000 + 8 * pixels.size(), '\0');
  png_alloc_size_t size = file.size();
  EXPECT_NE(png_image_write_to_memory(&image, file.data(), &size, 0, pixels.data(), 0, nullptr), 0);
  file.resize(size);
  return file;
}

// The header of a file that claims to be as large, with the right checksum.
std::string Claims(uint32_t width, uint32_t height) {
  std::string file = Png(1, 1, PNG_FORMAT_GRAY, {0});
  const auto put = [&file](size_t at, uint32_t number) {
    for (size_t i = 0; i < 4; ++i) file[at + i] = static_cast<char>(number >> (24 - 8 * i));
  };
  put(16, width);
  put(20, height);
  uint32_t crc = 0xffffffff;  // PNG specification, annex D
  for (size_t i = 12; i < 29; ++i) {
    crc ^= static_cast<uint8_t>(file[i]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  put(29, ~crc);
  return file;
}

std::string Refusal(const std::string& file, const ImageLimits& limits = {}) {
  const absl::Status status = MakeDecoder()->Decode(file, limits).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(Message(status));
}

TEST(PngDecoderTest, ReadsGreyAndColour) {
  const auto grey = MakeDecoder()->Decode(Png(2, 2, PNG_FORMAT_GRAY, {0, 100, 200, 255}), {});
  ASSERT_TRUE(grey.ok()) << grey.status();
  EXPECT_EQ(grey->width, 2u);
  EXPECT_THAT(grey->pixels, testing::ElementsAre(0, 100, 200, 255));
  const auto colour =
      MakeDecoder()->Decode(Png(3, 1, PNG_FORMAT_RGB, {255, 255, 255, 0, 0, 0, 0, 255, 0}), {});
  ASSERT_TRUE(colour.ok()) << colour.status();
  EXPECT_EQ(colour->pixels[0], 255);
  EXPECT_EQ(colour->pixels[1], 0);
  EXPECT_GT(colour->pixels[2], 100);
}

TEST(PngDecoderTest, WhatIsTransparentIsWhite) {
  const auto image = MakeDecoder()->Decode(Png(2, 1, PNG_FORMAT_GA, {0, 0, 0, 255}), {});
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_THAT(image->pixels, testing::ElementsAre(255, 0));
}

TEST(PngDecoderTest, SizesArePastTheLimitsBeforeMemoryIsTaken) {
  EXPECT_THAT(Refusal(Claims(9000, 1)), HasSubstr("9000 x 1 pixels"));
  EXPECT_THAT(Refusal(Claims(8000, 8000)), HasSubstr("at most 8192 on a side and 16000000 in all"));
  EXPECT_THAT(Refusal(Claims(0x7fffffff, 0x7fffffff)), testing::Not(testing::IsEmpty()));
  EXPECT_THAT(Refusal(Claims(0, 5)), HasSubstr("no whole PNG"));
  EXPECT_THAT(Refusal(Png(3, 2, PNG_FORMAT_GRAY, {0, 0, 0, 0, 0, 0}), {.max_side = 2}), HasSubstr("3 x 2"));
  EXPECT_THAT(Refusal(Claims(4000, 4000)), HasSubstr("no whole PNG"));
}

TEST(PngDecoderTest, CutAndChangedFilesAreRefusedOrRead) {
  std::mt19937 random(1);
  std::vector<uint8_t> pixels(40 * 40);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random());
  const std::string whole = Png(40, 40, PNG_FORMAT_GRAY, pixels);
  for (size_t size = 0; size + 12 < whole.size(); size += 7) Refusal(whole.substr(0, size));
  for (int i = 0; i < 500; ++i) {
    std::string broken = whole;
    broken[random() % broken.size()] = static_cast<char>(random());
    const auto image = MakeDecoder()->Decode(broken, {});
    EXPECT_TRUE(image.ok() || absl::IsInvalidArgument(image.status())) << image.status();
  }
}

TEST(PngDecoderTest, KnowsItsFormat) {
  EXPECT_TRUE(MakeDecoder()->Knows(Png(1, 1, PNG_FORMAT_GRAY, {0})));
  EXPECT_FALSE(MakeDecoder()->Knows("\x89PN"));
  EXPECT_FALSE(MakeDecoder()->Knows(""));
}

}  // namespace
}  // namespace starling::image_libpng
