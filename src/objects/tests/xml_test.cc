#include "objects/s3/xml.h"

#include <gtest/gtest.h>

namespace bl::objects {
namespace {

std::string refusal(std::string_view document, XmlLimits limits = {}) {
  const auto parsed = parse_xml(document, limits);
  return parsed.ok() ? "ok" : parsed.error().message;
}

TEST(Xml, gives_elements_texts_and_children) {
  const auto root = parse_xml(
      "\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- words -->\n"
      "<s3:List xmlns:s3='http://x/' a = \"1>2\">\n <Name>b</Name><Empty/><Contents ><Key>k</Key>"
      "</Contents ><Contents><Key>l</Key></Contents>\n</s3:List>\n<!-- end -->\n");
  ASSERT_TRUE(root.ok()) << root.error().message;
  EXPECT_EQ(root->name, "List");
  EXPECT_EQ(root->text_of("Name"), "b");
  ASSERT_NE(root->child("Empty"), nullptr);
  EXPECT_EQ(root->text_of("Empty"), "");
  EXPECT_EQ(root->child("None"), nullptr);
  EXPECT_EQ(root->text_of("None"), "");
  ASSERT_EQ(root->children.size(), 4u);
  EXPECT_EQ(root->children[3].text_of("Key"), "l");
}

TEST(Xml, reads_references_and_cdata) {
  EXPECT_EQ(parse_xml("<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x1F600;&#10;</a>")->text,
            "<&>\"'A\xf0\x9f\x98\x80\n");
  EXPECT_EQ(parse_xml("<a>x<![CDATA[<b>&amp;]]>y<!-- <c> -->z<?p ?></a>")->text, "x<b>&amp;yz");
  EXPECT_EQ(parse_xml("<a>&#x7ff;&#x800;&#xffff;&#x10ffff;</a>")->text,
            "\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf");
  const std::string odd = "a<b>&c\"d'e\nf\x01g";
  EXPECT_EQ(parse_xml("<a>" + xml_escaped(odd) + "</a>")->text, odd);
}

TEST(Xml, says_where_a_document_is_broken) {
  EXPECT_EQ(refusal(""), "broken XML, no element: byte 0");
  EXPECT_EQ(refusal("words"), "broken XML, no element: byte 0");
  EXPECT_EQ(refusal("<a>"), "broken XML, an element without an end: byte 3");
  EXPECT_EQ(refusal("<a></b>"), "broken XML, an element closed by another name: byte 6");
  EXPECT_EQ(refusal("<a></a><b/>"), "broken XML, something after the document's end: byte 7");
  EXPECT_EQ(refusal("<a>&nbsp;</a>"), "broken XML, an unknown entity: byte 3");
  EXPECT_EQ(refusal("<a>& b</a>"), "broken XML, an & without its ;: byte 3");
  for (const char* number : {"&#0;", "&#xD800;", "&#x110000;", "&#;", "&#x;", "&#-1;", "&#12a;"}) {
    std::string document = "<a>";
    document.append(number).append("</a>");
    EXPECT_EQ(refusal(document), "broken XML, not a character's number: byte 3") << number;
  }
  EXPECT_EQ(refusal("<a b></a>"), "broken XML, an attribute without a value: byte 4");
  EXPECT_EQ(refusal("<a b=c></a>"), "broken XML, an attribute's value without quotes: byte 5");
  EXPECT_EQ(refusal("<a b='c></a>"), "broken XML, no ': byte 6");
  EXPECT_EQ(refusal("<a>\xff</a>"), "broken XML, a text that is not UTF-8 before: byte 8");
  EXPECT_EQ(refusal(std::string_view("<a>b\0</a>", 9)), "broken XML, a NUL: byte 4");
  EXPECT_EQ(refusal("<a><!-- </a>"), "broken XML, no -->: byte 7");
  EXPECT_EQ(refusal("< a/>"), "broken XML, no name: byte 1");
}

TEST(Xml, knows_no_entities_of_a_document) {
  EXPECT_EQ(refusal("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>"), "broken XML, no name: byte 1");
}

TEST(Xml, is_bounded) {
  std::string deep;
  for (int i = 0; i < 17; ++i) deep += "<a>";
  for (int i = 0; i < 17; ++i) deep += "</a>";
  EXPECT_EQ(refusal(deep), "XML with more than 100000 elements or 16 levels");
  EXPECT_EQ(refusal(deep.substr(3, deep.size() - 7)), "ok");
  EXPECT_EQ(refusal("<a><b/><b/></a>", {.elements_max = 2}),
            "XML with more than 2 elements or 16 levels");
}

}  // namespace
}  // namespace bl::objects
