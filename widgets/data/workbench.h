// SPDX-License-Identifier: GPL-3.0-or-later
// What every view stands on. All of it lives as long as the window.
#pragma once

namespace rolora::widgets {

class RunStore;
class SelectionModel;
class StatisticsStore;

struct Workbench {
  SelectionModel* selection = nullptr;
  StatisticsStore* statistics = nullptr;
  RunStore* runs = nullptr;
};

}  // namespace rolora::widgets
