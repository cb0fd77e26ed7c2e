// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/cost_bar.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"

namespace rolora::widgets {
namespace {

using Json = nlohmann::json;
using nlohmann::literals::operator""_json_pointer;
constexpr double kShared = 1.25;  // slowdown; below, the allowance for threads' waits may just have been too small for this machine

QString bytes_text(double count) { return bytes(static_cast<qint64>(count)); }
QString words(const Json& object, const char* key) { return QString::fromStdString(object.value(key, "")).toHtmlEscaped(); }

QString row(const QString& what, const QString& arithmetic, const QString& result) {
  return QStringLiteral("<tr><td>%1&nbsp;&nbsp;</td><td>%2&nbsp;&nbsp;</td><td align=right>%3</td></tr>").arg(what, arithmetic, result);
}

}  // namespace

QString time_range(double low, double high) {
  const auto ends = [](double from, double to, int digits, const QString& unit) {
    const QString one = QString::number(from, 'f', digits), other = QString::number(to, 'f', digits);
    return one == other ? CostBar::tr("about %1 %2").arg(one, unit) : CostBar::tr("about %1–%2 %3").arg(one, other, unit);
  };
  low = std::max(0.0, low);
  high = std::max(low, high);
  if (high < 1.5) return CostBar::tr("about a second");
  if (high < 90) {
    const double step = high < 20 ? 1 : 5;
    return ends(std::max(step, std::floor(low / step) * step), std::ceil(high / step) * step, 0, CostBar::tr("s"));
  }
  if (high < 90 * 60) return ends(std::max(1.0, std::floor(low / 60)), std::ceil(high / 60), 0, CostBar::tr("min"));
  if (high < 48 * 3600) return ends(low / 3600, high / 3600, 1, CostBar::tr("h"));
  return ends(low / 86400, high / 86400, 1, CostBar::tr("days"));
}

CostBar::CostBar(QWidget* parent) : QWidget(parent) {
  verdict_ = new QLabel;
  verdict_->setWordWrap(true);
  verdict_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
  verdict_->setMinimumHeight(2 * verdict_->fontMetrics().lineSpacing());  // what stands above does not move when it is checked anew
  verdict_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  verdict_->setAccessibleName(tr("Can the job run, and what will it cost"));
  details_ = new QLabel;
  details_->setTextFormat(Qt::RichText);
  details_->setWordWrap(true);
  details_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  details_->hide();
  more_ = new QToolButton;
  more_->setText(tr("How this is estimated"));
  more_->setAccessibleName(more_->text());
  more_->setToolTip(tr("The arithmetic of time and memory"));
  more_->setAutoRaise(true);
  more_->setCheckable(true);
  more_->setFocusPolicy(Qt::StrongFocus);
  more_->hide();
  connect(more_, &QToolButton::toggled, this, &CostBar::show_details);
  auto* line = new QHBoxLayout;
  line->addWidget(verdict_, 1);
  line->addWidget(more_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addLayout(line);
  layout->addWidget(details_);
}

void CostBar::say(const QString& text, Mood mood) {
  verdict_->setText(text);
  mood_ = mood;
  style_texts();
}

void CostBar::show_checking() { say(tr("The worker checks the job…"), Mood::neutral); }

void CostBar::show_problem(const QString& line) { show_line(line, Mood::error); }
void CostBar::show_needed(const QString& line) { show_line(line, Mood::neutral); }

void CostBar::show_line(const QString& line, Mood mood) {
  too_much_ = false;
  more_->hide();
  details_->hide();
  estimate_ = nullptr;
  say(line, mood);
}

void CostBar::show_estimate(const Json& estimate) {
  estimate_ = estimate;
  const double peak = estimate.value("peak_bytes", 0.0), machine = estimate.value("machine_bytes", 0.0),
               disk = estimate.value("disk_bytes", 0.0);
  const bool knows_free = estimate.contains("free_bytes") && estimate["free_bytes"].is_number();
  const double free = knows_free ? estimate["free_bytes"].get<double>() : 0;
  const double seconds = estimate.value("seconds", 0.0);
  QString text = tr("Can run: %1, up to %2 of memory (this machine has %3), %4 on the disk")
                     .arg(time_range(estimate.value("seconds_low", seconds), estimate.value("seconds_high", seconds)), bytes_text(peak),
                          bytes_text(machine), bytes_text(disk));
  if (knows_free) text += tr(" (%1 free)").arg(bytes_text(free));
  const double slowdown = estimate.value("/pace/slowdown"_json_pointer, 1.0);
  if (slowdown > kShared)
    text += tr(". The passes just timed took %1 times as long as idle cores should need: while other programs compute, so will the job")
                .arg(number(slowdown, 2));
  const bool memory = machine > 0 && peak > 0.9 * machine, room = knows_free && disk > free;
  too_much_ = memory || room;
  if (memory) text += tr(". That is more memory than this machine can well give");
  if (room) text += tr(". That is more than the disk has room for");
  more_->show();
  say(text, too_much_ ? Mood::warning : Mood::good);
  show_details();
}

void CostBar::show_station(const QString& station) {
  station_ = station;
  show_details();
}

void CostBar::show_details() {
  details_->setVisible(more_->isChecked() && more_->isVisibleTo(this) && estimate_.is_object());
  if (!details_->isVisibleTo(this)) return;
  details_->setText(time_arithmetic() + station_arithmetic());
}

QString CostBar::time_arithmetic() const {
  const Json& pace = estimate_["pace"];
  const auto ms = [&](const char* key) { return number(pace.value(key, 0.0) * 1e3); };
  QString html = tr("<b>Time.</b> %1 ms (median of %2 passes on %3 threads, quartiles %4 and %5) for %6 tokens through one layer")
                     .arg(ms("layer_seconds"), grouped(static_cast<qint64>(pace.value("passes", Json::array()).size())),
                          grouped(pace.value("threads", qint64{0})), ms("layer_seconds_low"), ms("layer_seconds_high"),
                          grouped(pace.value("tokens", qint64{0})));
  html += tr(", × (%1 layers + %2 for the head) = %3 ms a token")
              .arg(grouped(pace.value("layers", qint64{0})), number(pace.value("head_share", 0.0)), ms("seconds_per_token"));
  if (pace.value("waiting", 1.0) > 1)
    html += tr(", × %1 for threads' waits for each other (a fixed allowance, measured once with two threads on idle cores)")
                .arg(number(pace.value("waiting", 1.0)));
  double work = 0;
  for (const Json& station : estimate_["stations"]) work += station.value("work_tokens", 0.0);
  html += tr("; × %1 tokens of work = %2; with the quartiles, a quarter either way, what neighbours take now and the small costs of every "
             "station %3.")
              .arg(grouped(static_cast<qint64>(work)), duration(estimate_.value("seconds", 0.0)),
                   time_range(estimate_.value("seconds_low", 0.0), estimate_.value("seconds_high", 0.0)));
  return html + QStringLiteral(" <i>%1</i>").arg(tr("How: %1.").arg(words(pace, "how")));
}

QString CostBar::station_arithmetic() const {
  const Json* shown = nullptr;
  for (const Json& station : estimate_["stations"]) {
    const bool larger = shown == nullptr || station.value("peak_bytes", 0.0) > shown->value("peak_bytes", 0.0);
    if (QString::fromStdString(station.value("id", "")) == station_) {
      shown = &station;
      break;
    }
    if (larger) shown = &station;
  }
  if (shown == nullptr) return {};
  QString html =
      tr("<br><b>%1.</b> %2 tokens of work × that = %3; memory:")
          .arg(words(*shown, "id"), grouped(static_cast<qint64>(shown->value("work_tokens", 0.0))), duration(shown->value("seconds", 0.0)));
  html += QStringLiteral("<table>") +
          row(tr("the program and its libraries"), tr("measured"), bytes_text(estimate_.value("program_bytes", 0.0)));
  for (const Json& part : (*shown)["memory"])
    html += row(words(part, "what"), words(part, "arithmetic"), bytes_text(part.value("bytes", 0.0)));
  return html + row(tr("<b>together</b>"), QString(), QStringLiteral("<b>%1</b>").arg(bytes_text(shown->value("peak_bytes", 0.0)))) +
         QStringLiteral("</table>");
}

void CostBar::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (verdict_ != nullptr && event->type() == QEvent::PaletteChange) style_texts();
}

void CostBar::style_texts() {
  const ThemeColours theme = theme_colours(palette());
  QPalette text;
  text.setColor(QPalette::WindowText, mood_ == Mood::good      ? theme.good
                                      : mood_ == Mood::warning ? theme.warning
                                      : mood_ == Mood::error   ? theme.error
                                                               : theme.faint_text);
  verdict_->setPalette(text);
}

}  // namespace rolora::widgets
