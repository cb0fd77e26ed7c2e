// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <utility>

#include "widgets/plots/plot.h"

namespace rolora::widgets {

/// A plot of one value in one form: it keeps both, draws anew when one of them changes, and its copy has the same ones. `Self` is the plot,
/// `Form` is compared to see whether anything changed.
template <class Self, class Data, class Form>
class DataPlot : public Plot {
 public:
  using Plot::Plot;
  const Data& data() const { return data_; }
  const Form& form() const { return form_; }
  void set_data(Data data, bool keep_view) {
    data_ = std::move(data);
    prepare();
    data_changed(keep_view);
  }
  void set_form(const Form& form) {
    if (form == form_) return;
    const bool keep_view = keeps_view(form);
    form_ = form;
    prepare();
    data_changed(keep_view);
    emit form_changed();
  }

 protected:
  /// What is derived from data and form before anything is drawn.
  virtual void prepare() {}
  /// Whether the ranges still make sense in another form.
  virtual bool keeps_view(const Form&) const { return false; }
  std::unique_ptr<Plot> copy() const override {
    auto plot = std::make_unique<Self>();
    DataPlot& same = *plot;
    same.data_ = data_;
    same.form_ = form_;
    same.prepare();
    return plot;
  }

  Data data_;
  Form form_;
};

}  // namespace rolora::widgets
