// What the service does, apart from how it is called.
#pragma once

#include <vector>

#include "core/async/pool.h"
#include "core/inference/image_decoder.h"
#include "services/images/config.h"
#include "starling/images/v1/images.starling.h"
#include "starling/models/v1/models.starling.h"

namespace starling::images {

// Reads the image on a thread of its own pool, scales it, asks the models service, and names what it said. Thread-safe.
class Classifier final : public v1::ImagesService {
 public:
  // `decoders` and `models` outlive it.
  Classifier(const ImagesConfig& config, const inference::ImageDecoders& decoders,
             models::v1::ModelsService& models);

  async::Task<absl::StatusOr<v1::ClassifyImageResponse>> ClassifyImage(
      RequestContext context, const v1::ClassifyImageRequest& request) override;

 private:
  struct Scaled {
    std::vector<float> ink;
    size_t width = 0;
    size_t height = 0;
  };

  absl::StatusOr<Scaled> Read(std::string_view file) const;

  const ImagesConfig config_;
  const inference::ImageDecoders& decoders_;
  models::v1::ModelsService& models_;
  async::Pool pool_;
};

}  // namespace starling::images
