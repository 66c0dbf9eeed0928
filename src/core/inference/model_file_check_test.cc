#include "core/inference/model_file_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/status.h"

namespace starling::inference {
namespace {

using std::string_view_literals::operator""sv;

absl::Status Check(const std::string& name, std::string_view content) {
  const std::string path = std::filesystem::path(testing::TempDir()) / name;
  std::ofstream(path, std::ios::binary) << content;
  absl::Status status = CheckModelFile(path);
  std::filesystem::remove(path);
  return status;
}

TEST(ModelFileCheckTest, WhatCanRunCodeIsRefusedWithTheReason) {
  for (const std::string_view content :
       {"\x80\x04\x95\x10\x00"sv, "\x80\x02}q"sv, "PK\x03\x04 archive"sv, "\x93NUMPY\x01"sv,
        "\x89HDF\r\n\x1a\n"sv, "\x7f\x45LF\x02"sv, "#!/bin/sh"sv}) {
    const absl::Status status = Check("model.onnx", content);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << content;
    EXPECT_THAT(std::string(Message(status)), testing::HasSubstr("could run code")) << content;
  }
  for (const char* name : {"model.pkl", "model.joblib", "model.pt", "model.py", "model.keras"})
    EXPECT_EQ(Check(name, "(lp0\n.").code(), absl::StatusCode::kInvalidArgument) << name;
}

TEST(ModelFileCheckTest, DataPasses) {
  EXPECT_TRUE(Check("model.onnx", "\x08\x0a\x12\x08starling"sv).ok());
  EXPECT_TRUE(Check("model.json", "{\"learner\": {}}").ok());
  EXPECT_TRUE(Check("model.ubj", "{L\0\0"sv).ok());
  EXPECT_TRUE(Check("model.xml", "<?xml version=\"1.0\"?>").ok());
}

TEST(ModelFileCheckTest, NothingIsNoModel) {
  EXPECT_EQ(Check("model.onnx", "").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckModelFile(testing::TempDir()).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(CheckModelFile("nothing.onnx").code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace starling::inference
