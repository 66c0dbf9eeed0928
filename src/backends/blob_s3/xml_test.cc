#include "backends/blob_s3/xml.h"

#include <gtest/gtest.h>

#include <vector>

namespace starling::blob_s3 {
namespace {

TEST(Xml, VisitsEachElementWithItsPathAndText) {
  std::vector<std::string> seen;
  EXPECT_TRUE(
      ForEachElement("<?xml version=\"1.0\"?>\n<L xmlns=\"x\"> <C><Key>a&amp;b "
                     "&#252;&#xfc;</Key><Size>1</Size></C><Empty/></L>\n",
                     [&](std::string_view path, const std::string& text) {
                       seen.push_back(std::string(path) + "=" + text);
                     }));
  EXPECT_EQ(seen,
            (std::vector<std::string>{"L/C/Key=a&b \u00fc\u00fc", "L/C/Size=1", "L/C=", "L/Empty=", "L="}));
}

TEST(Xml, RefusesWhatIsNotWellFormed) {
  for (const char* text : {"<a>", "<a></b>", "</a>", "<a>&none;</a>", "<a>&#0;</a>", "<!DOCTYPE a><a/>", "<a",
                           "<>", "<a>< b/></a>"})
    EXPECT_FALSE(ForEachElement(text, [](auto...) {})) << text;
}

TEST(Xml, WritesWhatItReads) {
  EXPECT_EQ(TextAt("<a><b>" + XmlEscape("<&>\"") + "</b></a>", "a/b"), "<&>\"");
  EXPECT_EQ(TextAt("<a/>", "a/b"), "");
}

}  // namespace
}  // namespace starling::blob_s3
