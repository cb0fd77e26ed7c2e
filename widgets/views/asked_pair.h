// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <functional>

#include "widgets/data/matrix.h"
#include "widgets/data/result.h"

namespace rolora::widgets {

/// The values of both states, asked for together. What comes for an earlier question is dropped.
class AskedPair {
 public:
  MatrixPtr a, b;
  QString error;  ///< the last one
  bool waits() const { return waiting_ > 0; }

  void begin() {
    ++question_;
    waiting_ = 0;
    a.reset();
    b.reset();
    error.clear();
  }
  /// Takes one of them when it comes; `done` is called with the last one.
  std::function<void(const Result<MatrixPtr>&)> take(MatrixPtr& into, std::function<void()> done) {
    ++waiting_;
    return [this, &into, done = std::move(done), question = question_](const Result<MatrixPtr>& result) {
      if (question != question_) return;
      into = result.value;
      if (!result.ok()) error = result.error;
      if (--waiting_ == 0) done();
    };
  }

 private:
  int question_ = 0, waiting_ = 0;
};

}  // namespace rolora::widgets
