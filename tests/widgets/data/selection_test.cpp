// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/selection.h"

#include <gtest/gtest.h>

#include <QSignalSpy>
#include <QTest>

namespace rolora::widgets {
namespace {

Selection at_layer(int layer) {
  Selection s;
  s.a = {QStringLiteral("/f.h5"), QStringLiteral("plain")};
  s.layer = layer;
  return s;
}

void let_the_gesture_end() { QTest::qSleep(110); }

TEST(SelectionModel, GoesBackAndForwardThroughAHundredSteps) {
  SelectionModel model;
  QSignalSpy changes(&model, &SelectionModel::changed);
  EXPECT_FALSE(model.can_go_back());
  for (int layer = 0; layer < 3; ++layer) {
    model.propose(at_layer(layer));
    let_the_gesture_end();
  }
  EXPECT_EQ(changes.count(), 3);
  EXPECT_EQ(changes.last().at(1).value<Selection>().layer, 1) << "what was before";
  model.go_back();
  model.go_back();
  EXPECT_EQ(model.current().layer, 0);
  model.go_forward();
  EXPECT_EQ(model.current().layer, 1);
  EXPECT_TRUE(model.can_go_forward());
  model.propose(at_layer(9));
  EXPECT_FALSE(model.can_go_forward()) << "another way was taken";
  model.go_back();
  EXPECT_EQ(model.current().layer, 1);
}

TEST(SelectionModel, ProposalsOfOneGestureAreOneStep) {
  SelectionModel model;
  model.propose(at_layer(0));
  let_the_gesture_end();
  for (int layer = 1; layer < 50; ++layer) model.propose(at_layer(layer));
  EXPECT_EQ(model.current().layer, 49);
  model.go_back();
  EXPECT_EQ(model.current().layer, 0);
}

TEST(SelectionModel, AGestureThatEndsWhereItBeganLeavesNoStep) {
  SelectionModel model;
  model.propose(at_layer(0));
  let_the_gesture_end();
  model.propose(at_layer(1));
  model.propose(at_layer(0));
  model.go_back();
  EXPECT_FALSE(model.current().a.valid()) << "the empty selection at the start";
}

TEST(SelectionModel, AnEqualProposalIsNone) {
  SelectionModel model;
  model.propose(at_layer(0));
  QSignalSpy changes(&model, &SelectionModel::changed);
  model.propose(at_layer(0));
  EXPECT_EQ(changes.count(), 0);
}

TEST(SelectionModel, KeepsTwoHundredSteps) {
  SelectionModel model;
  for (int layer = 0; layer < 10; ++layer) {
    model.propose(at_layer(layer));
    model.go_back();
    model.go_forward();  // ends the gesture
  }
  int steps = 0;
  while (model.can_go_back()) {
    model.go_back();
    ++steps;
  }
  EXPECT_EQ(steps, 10);
}

}  // namespace
}  // namespace rolora::widgets
