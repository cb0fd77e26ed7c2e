// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/magnitude_plot.h"

#include <QFontMetricsF>
#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/data/site_words.h"
#include "widgets/plots/heat_bar.h"

namespace rolora::widgets {

namespace {

QString visible_text(QString token) {
  token.replace(QStringLiteral("<0x0A>"), QStringLiteral("↵")).replace(QStringLiteral("<0x09>"), QStringLiteral("⇥"));
  token.replace(QLatin1Char('\n'), QStringLiteral("↵")).replace(QLatin1Char('\t'), QStringLiteral("⇥"));
  return token;
}

/// Positions while many tokens are in sight, the tokens' texts when there is room for them.
class TokenTicker : public WholeTicker {
 public:
  TokenTicker(QStringList tokens, const PlotStyle& style) : tokens_(std::move(tokens)), metrics_(style.tick_font) {}

 protected:
  double getTickStep(const QCPRange& range) override {
    texts_ = range.size() <= kTexts && !tokens_.isEmpty();
    return texts_ ? 1 : WholeTicker::getTickStep(range);
  }
  QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override {
    const auto at = static_cast<qsizetype>(std::llround(tick));
    if (!texts_ || at < 0 || at >= tokens_.size()) return WholeTicker::getTickLabel(tick, locale, format, precision);
    return metrics_.elidedText(visible_text(tokens_[at]).trimmed(), Qt::ElideRight, metrics_.averageCharWidth() * 12);
  }

 private:
  static constexpr double kTexts = 24;
  QStringList tokens_;
  QFontMetricsF metrics_;
  bool texts_ = false;
};

}  // namespace

MatrixPtr without_first_tokens(const MatrixPtr& values, int64_t window) {
  if (values == nullptr || window < 1) return values;
  auto out = std::make_shared<Matrix>(*values);
  for (int64_t r = 0; r < out->rows; r += window) {
    std::fill_n(out->values.begin() + static_cast<std::ptrdiff_t>(r * out->columns), out->columns, 0.0F);
  }
  return out;
}

QString token_words(const QStringList& tokens, int64_t at) {
  QString out = MagnitudePlot::tr("token %1").arg(grouped(at));
  if (at >= 0 && at < tokens.size()) out += QStringLiteral(" ‹%1›").arg(visible_text(tokens[at]).trimmed());
  return out;
}

QString token_neighbours(const QStringList& tokens, int64_t at, int around) {
  if (at < 0 || at >= tokens.size()) return {};
  QString out;
  const int64_t begin = std::max<int64_t>(0, at - around), end = std::min<int64_t>(tokens.size(), at + around + 1);
  for (int64_t i = begin; i < end; ++i) {
    const QString token = visible_text(tokens[i]);
    if (i != at) {
      out += token;
    } else {  // the mark stands at the letters, not at the space before them
      const QString letters = token.trimmed();
      out += token.startsWith(QLatin1Char(' ')) && !letters.isEmpty() ? QStringLiteral(" ") : QString();
      out += QStringLiteral("‹%1›").arg(letters.isEmpty() ? token : letters);
    }
  }
  if (begin > 0) out.prepend(QStringLiteral("…"));
  if (end < tokens.size()) out.append(QStringLiteral("…"));
  return out.trimmed();
}

MagnitudePlot::MagnitudePlot(QWidget* parent) : HeatPlot(parent) { set_title(tr("Magnitude: token × channel")); }

ComparedLook MagnitudePlot::look_of(const MagnitudeData& data) { return {data.over_rms ? tr("|x| / rms") : tr("|x|"), false, true}; }

HeatContents MagnitudePlot::contents_of(const MagnitudeData& data) {
  HeatContents out = compare(data.a, data.b, data.comparison, look_of(data));
  if (out.is_signed) return out;
  for (HeatPanel& panel : out.panels) panel.from_median = true;
  if (!data.over_rms) return out;
  for (size_t i = 0; i < out.panels.size(); ++i) {
    const ComparedState& state = state_of_panel(data.a, data.b, data.comparison, i) == 1 ? data.b : data.a;
    out.panels[i].title += tr(" · |x| / rms, rms %1").arg(number(state.divisor(0), 3));
  }
  return out;
}

void MagnitudePlot::set_data(MagnitudeData data, bool keep_view, bool keep_scale) {
  HeatContents contents = contents_of(data);
  set_data(std::move(data), std::move(contents), keep_view, keep_scale);
}

void MagnitudePlot::set_data(MagnitudeData data, HeatContents contents, bool keep_view, bool keep_scale) {
  data_ = std::move(data);
  set_contents(std::move(contents), keep_view, keep_scale);
}

void MagnitudePlot::clear_data() {
  data_ = {};
  set_contents({}, false, false);
}

std::unique_ptr<Plot> MagnitudePlot::copy() const {
  auto other = std::make_unique<MagnitudePlot>();
  other->data_ = data_;
  copy_into(*other);
  return other;
}

QString MagnitudePlot::cell_text(size_t panel, Cell cell) const {
  const int state = state_of_panel(data_.a, data_.b, data_.comparison, panel);
  const double map_median = contents().is_signed ? 0 : contents().panels[panel].source->figures().median;
  QString out = QStringLiteral("%1 · %2").arg(token_words(data_.tokens, cell.row), tr("channel %1").arg(cell.column));
  if (data_.without_first && data_.window > 0 && cell.row % data_.window == 0) {
    out += tr(" · first token of its window, left out");
  } else {
    out +=
        QStringLiteral(" · ") + compared_text(data_.a, data_.b, data_.comparison, look_of(data_), panel, cell.row, cell.column, map_median);
  }
  if (state >= 0) out.prepend((state == 0 ? data_.a.name : data_.b.name) + QStringLiteral(" · "));
  const QString around = token_neighbours(data_.tokens, cell.row, 5);
  return around.isEmpty() ? out : out + QLatin1Char('\n') + around;
}

Selection MagnitudePlot::cell_selection(size_t, Cell cell) const {
  Selection out = selection();
  if (data_.layer >= 0) out.layer = data_.layer;
  out.token = static_cast<int>(cell.row);
  out.channel = static_cast<int>(cell.column);
  return out;
}

HeatPlot::Cell MagnitudePlot::selected_cell() const { return {selection().token, selection().channel}; }
QString MagnitudePlot::row_label() const { return tr("Token"); }
QString MagnitudePlot::column_label() const { return tr("Channel of %1").arg(site_words(data_.site)); }

QSharedPointer<QCPAxisTicker> MagnitudePlot::row_ticker(const PlotStyle& style) const {
  return QSharedPointer<TokenTicker>::create(data_.tokens, style);
}

QString MagnitudePlot::file_name() const {
  return compared_name({QStringLiteral("magnitude"), data_.site}, data_.over_rms, data_.a, data_.b, data_.comparison);
}

QString MagnitudePlot::caption() const { return with_note(data_.caption, scale_note()); }

}  // namespace rolora::widgets
