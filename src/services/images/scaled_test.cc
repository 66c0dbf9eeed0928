#include "services/images/scaled.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starling::images {
namespace {

using inference::GrayImage;
using testing::Each;
using testing::ElementsAre;
using testing::FloatNear;

// 16 x 16, of one grey but for the square from 4 to 8, which is of another.
GrayImage Square(uint8_t around, uint8_t inside) {
  GrayImage image{16, 16, std::vector<uint8_t>(256, around)};
  for (size_t y = 4; y < 8; ++y) {
    for (size_t x = 4; x < 8; ++x) image.pixels[y * 16 + x] = inside;
  }
  return image;
}

TEST(ScaledTest, EachNumberIsTheMeanOfItsPixels) {
  const auto ink = ScaledInk(Square(0, 255), 4);
  for (size_t i = 0; i < 16; ++i) EXPECT_EQ(ink[i], i == 5 ? 1 : 0) << i;
  EXPECT_NEAR(ScaledInk(Square(0, 255), 1)[0], 1.0 / 16, 1e-5);
}

TEST(ScaledTest, DarkInkOnLightPaperIsTheSame) {
  EXPECT_EQ(ScaledInk(Square(255, 0), 4), ScaledInk(Square(0, 255), 4));
}

TEST(ScaledTest, PixelsThatLieUnderTwoCountInPart) {
  // Three columns under two numbers: the middle one goes half to each.
  EXPECT_THAT(ScaledInk({3, 1, {0, 120, 0}}, 2), Each(FloatNear(40 / 255.0f, 1e-5f)));
}

TEST(ScaledTest, SmallImagesGrow) {
  EXPECT_THAT(ScaledInk({1, 1, {0}}, 3), Each(0));
  EXPECT_THAT(ScaledInk({2, 1, {0, 100}}, 4),
              ElementsAre(0, 0, FloatNear(100 / 255.0f, 1e-5f), FloatNear(100 / 255.0f, 1e-5f), 0, 0,
                          FloatNear(100 / 255.0f, 1e-5f), FloatNear(100 / 255.0f, 1e-5f), 0, 0,
                          FloatNear(100 / 255.0f, 1e-5f), FloatNear(100 / 255.0f, 1e-5f), 0, 0,
                          FloatNear(100 / 255.0f, 1e-5f), FloatNear(100 / 255.0f, 1e-5f)));
}

TEST(ScaledTest, AnySizeKeepsItsMean) {
  for (const size_t width : {7, 13, 100, 1001}) {
    const GrayImage image{width, 5, std::vector<uint8_t>(width * 5, 77)};
    EXPECT_THAT(ScaledInk(image, 8), Each(FloatNear(77 / 255.0f, 1e-4f))) << width;
  }
}

}  // namespace
}  // namespace starling::images
