#include "core/inference/package/model_file_check.h"

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
        "\x89HDF\r\n\x1a\n"sv, "\x7f\x45LF\x02"sv, "#!/bin/sh"sv, "MZ\x90"sv, "(lp0\n."sv, "(dp0\n."sv,
        "cos\nsystem\n(S'id'\ntR."sv, "cposix\nsystem\n"sv, "c__builtin__\neval\n"sv, "\x1f\x8b\x08"sv,
        "BZh9"sv, "\xfd\x37zXZ\0"sv, "\x04\x22\x4d\x18"sv, "\x28\xb5\x2f\xfd"sv}) {
    const absl::Status status = Check("model.onnx", content);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << content;
    EXPECT_THAT(std::string(Message(status)), testing::HasSubstr("could run code")) << content;
  }
  for (const char* name : {"model.pkl", "model.joblib", "model.pt", "model.py", "model.keras", "model.pth",
                           "model.ckpt", "model.dill", "model.mar", "model.npy", "model.npz", "model.h5",
                           "model.hdf5", "model.pyc", "model.ipynb", "model.sh", "model.so", "model.pickle"})
    EXPECT_EQ(Check(name, "(lp0\n.").code(), absl::StatusCode::kInvalidArgument) << name;
}

TEST(ModelFileCheckTest, DataPasses) {
  EXPECT_TRUE(Check("model.onnx", "\x08\x0a\x12\x08starling"sv).ok());
  EXPECT_TRUE(Check("model.json", "{\"learner\": {}}").ok());
  EXPECT_TRUE(Check("model.ubj", "{L\0\0"sv).ok());
  EXPECT_TRUE(Check("model.xml", "<?xml version=\"1.0\"?>").ok());
}

// A NodeDef's name and op, as saved_model.pb and frozen graphs hold them.
std::string Node(std::string_view op) {
  std::string node = "\x0a\x01x\x12";
  node += static_cast<char>(op.size());
  return node.append(op);
}

TEST(ModelFileCheckTest, GraphsThatCallPythonAreRefused) {
  for (const std::string_view op : {"PyFunc", "EagerPyFunc", "PyFuncStateless"}) {
    const absl::Status status = Check("model.pb", Node(op));
    EXPECT_THAT(std::string(Message(status)), testing::HasSubstr("py_function")) << op;
    // Wherever it stands, across the pieces that are read too.
    for (const size_t before :
         {(size_t{1} << 20) - 20, (size_t{1} << 20) - 5, (size_t{1} << 20) - 1, size_t{3} << 20})
      EXPECT_FALSE(Check("model.pb", std::string(before, 'x') + Node(op)).ok()) << op << before;
  }
  EXPECT_TRUE(Check("model.pb", Node("AddV2") + Node("MyPyFunc")).ok());
}

TEST(ModelFileCheckTest, AFolderIsASavedModel) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "saved";
  std::filesystem::create_directories(folder);
  EXPECT_EQ(CheckModelFile(folder).code(), absl::StatusCode::kNotFound);
  std::ofstream(folder / "saved_model.pb") << Node("AddV2");
  EXPECT_TRUE(CheckModelFile(folder).ok());
  std::ofstream(folder / "saved_model.pb") << Node("EagerPyFunc");
  EXPECT_EQ(CheckModelFile(folder).code(), absl::StatusCode::kInvalidArgument);
  std::filesystem::remove_all(folder);
}

TEST(ModelFileCheckTest, NothingIsNoModel) {
  EXPECT_EQ(Check("model.onnx", "").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckModelFile(testing::TempDir()).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(CheckModelFile("nothing.onnx").code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace starling::inference
