// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/place_query.h"

#include <gtest/gtest.h>

namespace rolora::widgets {
namespace {

PlaceQuery parse(const char* text) {
  return parse_place(QString::fromUtf8(text), {QStringLiteral("plain"), QStringLiteral("rotated (seed 0)"), QStringLiteral("story")});
}

TEST(PlaceQuery, TheExampleOfTheSpecification) {
  const PlaceQuery query = parse("l12 down 1415");
  EXPECT_EQ(query.layer, 12);
  EXPECT_EQ(query.site, SiteKind::down_in);
  EXPECT_EQ(query.channel, 1415);
  EXPECT_FALSE(query.token);
  EXPECT_TRUE(query.unknown.isEmpty());
}

TEST(PlaceQuery, WordsAndOrders) {
  EXPECT_EQ(parse("layer 3 qkv").layer, 3);
  EXPECT_EQ(parse("layer 3 qkv").site, SiteKind::qkv_in);
  EXPECT_EQ(parse("Channel 7, token 0").channel, 7);
  EXPECT_EQ(parse("Channel 7, token 0").token, 0);
  EXPECT_EQ(parse("t4 c9 L0").token, 4);
  EXPECT_EQ(parse("t4 c9 L0").channel, 9);
  EXPECT_EQ(parse("t4 c9 L0").layer, 0);
  EXPECT_EQ(parse("down_proj input").site, SiteKind::down_in);
  EXPECT_EQ(parse("resid").site, SiteKind::residual_in);
  EXPECT_EQ(parse("o_proj").site, SiteKind::o_in);
  EXPECT_EQ(parse("115 3").channel, 115);
  EXPECT_EQ(parse("115 3").token, 3);
}

TEST(PlaceQuery, StatesByAPartOfTheirName) {
  EXPECT_EQ(parse("rotated l1").states, QStringList{QStringLiteral("rotated")});
  EXPECT_EQ(parse("plai").states, QStringList{QStringLiteral("plai")});
}

TEST(PlaceQuery, SaysWhatItDoesNotKnow) {
  EXPECT_EQ(parse("l1 nonsense").unknown, QStringList{QStringLiteral("nonsense")});
  EXPECT_TRUE(parse("").empty());
}

TEST(PlaceQuery, MovesTheSelection) {
  Selection now;
  now.layer = 5;
  now.channel = 3;
  now.token = 9;
  now.site = SiteKind::down_in;
  Selection moved = moved_to(now, parse("l2"));
  EXPECT_EQ(moved.layer, 2);
  EXPECT_EQ(moved.channel, 3);
  moved = moved_to(now, parse("qkv"));
  EXPECT_EQ(moved.layer, 5);
  EXPECT_EQ(moved.channel, -1);  // of another site: it means nothing there
  EXPECT_EQ(moved.token, -1);
  moved = moved_to(now, parse("qkv 7"));
  EXPECT_EQ(moved.channel, 7);
}

}  // namespace
}  // namespace rolora::widgets
