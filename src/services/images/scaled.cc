#include "services/images/scaled.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace starling::images {
namespace {

using inference::GrayImage;

bool RimIsLight(const GrayImage& image) {
  uint64_t sum = 0;
  uint64_t count = 0;
  const auto add = [&](size_t x, size_t y) {
    sum += image.pixels[y * image.width + x];
    ++count;
  };
  for (size_t x = 0; x < image.width; ++x) {
    add(x, 0);
    add(x, image.height - 1);
  }
  for (size_t y = 0; y < image.height; ++y) {
    add(0, y);
    add(image.width - 1, y);
  }
  return sum > count * 127;
}

// How much of each of `from` pixels lies under each of `to`: weights[i] belongs to pixel first + i, and they add up to 1.
struct Cover {
  size_t first = 0;
  std::vector<float> weights;
};

std::vector<Cover> Covers(size_t from, size_t to) {
  std::vector<Cover> covers(to);
  const double step = static_cast<double>(from) / static_cast<double>(to);
  for (size_t i = 0; i < to; ++i) {
    const double begin = static_cast<double>(i) * step;
    const double end = std::min(begin + step, static_cast<double>(from));
    covers[i].first = std::min(static_cast<size_t>(begin), from - 1);
    const auto last = std::max(covers[i].first + 1, std::min(static_cast<size_t>(std::ceil(end)), from));
    for (size_t at = covers[i].first; at < last; ++at) {
      const double part =
          std::min(end, static_cast<double>(at) + 1) - std::max(begin, static_cast<double>(at));
      covers[i].weights.push_back(static_cast<float>(part / step));
    }
  }
  return covers;
}

}  // namespace

std::vector<float> ScaledInk(const GrayImage& image, size_t side) {
  const bool light = RimIsLight(image);
  const std::vector<Cover> columns = Covers(image.width, side);
  const std::vector<Cover> rows = Covers(image.height, side);
  std::vector<float> ink;
  ink.reserve(side * side);
  for (const Cover& row : rows) {
    for (const Cover& column : columns) {
      float mean = 0;
      for (size_t y = 0; y < row.weights.size(); ++y) {
        const uint8_t* const pixels = &image.pixels[(row.first + y) * image.width + column.first];
        float line = 0;
        for (size_t x = 0; x < column.weights.size(); ++x)
          line += column.weights[x] * static_cast<float>(pixels[x]);
        mean += row.weights[y] * line;
      }
      const float white = std::clamp(mean / 255.0f, 0.0f, 1.0f);
      ink.push_back(light ? 1.0f - white : white);
    }
  }
  return ink;
}

}  // namespace starling::images
