// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_text.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "widgets/base/format.h"
#include "widgets/jobs/job_time.h"

namespace rolora::widgets {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("JobText", text); }
const QString kDot = QStringLiteral(" · ");

// "finetune: step" of a station that says itself that it is a training.
QString stage_title(const QString& stage) {
  const QString title = stage.section(QStringLiteral(": "), 1);
  return title.isEmpty() ? stage : title;
}

struct MetricName {
  const char *metric, *title;
};
constexpr std::array kMetrics = {MetricName{"loss", QT_TRANSLATE_NOOP("JobText", "loss %1")},
                                 MetricName{"evaluation", QT_TRANSLATE_NOOP("JobText", "evaluation loss %1")},
                                 MetricName{"lr", QT_TRANSLATE_NOOP("JobText", "learning rate %1")},
                                 MetricName{"grad_norm", QT_TRANSLATE_NOOP("JobText", "gradient norm %1")},
                                 MetricName{"tokens_per_second", QT_TRANSLATE_NOOP("JobText", "%1 tokens/s")}};

}  // namespace

QString kind_title(const QString& kind) {
  static constexpr std::pair<const char*, const char*> kKinds[] = {
      {"rotate", QT_TRANSLATE_NOOP("JobText", "Rotate")},     {"statistics", QT_TRANSLATE_NOOP("JobText", "Measure outliers")},
      {"finetune", QT_TRANSLATE_NOOP("JobText", "Tune")},     {"merge", QT_TRANSLATE_NOOP("JobText", "Merge")},
      {"quantize", QT_TRANSLATE_NOOP("JobText", "Quantize")}, {"evaluate", QT_TRANSLATE_NOOP("JobText", "Evaluate")}};
  for (const auto& [name, title] : kKinds) {
    if (kind == QLatin1String(name)) return tr(title);
  }
  return kind;
}

QString state_text(const JobRecord& job) {
  if (job.state == JobState::interrupted) return tr("interrupted — can go on");
  if (job.state == JobState::draft && job.message.isEmpty()) return tr("being checked");
  if (job.state == JobState::draft) return tr("cannot run");
  if (job.state == JobState::stopping && job.cancelling) return tr("cancelling");
  return name_of(job.state, true);
}

QString where_text(const JobRecord& job, const JobProgressPtr& now) {
  const bool active = is_active(job.state);
  if (!active && !job.message.isEmpty()) return job.message;
  if (job.state == JobState::validated) return tr("checked, not in the queue");
  if (job.state == JobState::queued) return tr("waits for the device %1").arg(job.device);
  if (active && (!now || !now->started)) return tr("the worker opens the model and checks the job");
  if (!now || now->station() == nullptr) return job.folder;
  if (job.state == JobState::finished) return now->stations.size() == 1 ? tr("1 station") : tr("%1 stations").arg(now->stations.size());
  QStringList parts = {tr("%1 of %2").arg(now->current + 1).arg(now->stations.size()), now->station()->id};
  if (!now->stage.isEmpty()) {
    parts << (now->total > 0 ? tr("%1 %2/%3").arg(stage_title(now->stage), grouped(now->step), grouped(now->total))
                             : stage_title(now->stage));
  }
  if (std::isfinite(now->rate)) parts << tr("%1/s").arg(number(now->rate));
  return parts.join(kDot);
}

QString time_text(const JobRecord& job, const JobProgressPtr& now) {
  if (!now || !now->started) return {};
  const double spent = now->updated - now->began;
  if (job.state == JobState::finished) return tr("in %1").arg(duration(spent));
  if (job.state != JobState::running) return {};
  const TimeLeft left = time_left(*now, job.forecast);
  if (!std::isfinite(left.seconds)) return tr("time not known yet");
  return (left.sure ? tr("%1 left") : tr("~%1 left")).arg(duration(left.seconds));
}

QString metrics_text(const JobProgressPtr& now) {
  if (!now) return {};
  QStringList parts;
  for (const MetricName& one : kMetrics) {  // figures of sites have their page
    const auto found = now->metrics.find(QLatin1String(one.metric));
    if (found != now->metrics.end()) parts << tr(one.title).arg(number(found->second));
  }
  return parts.join(kDot);
}

QString interruption_text(const JobProgressPtr& now) {
  const StationProgress* at = now ? now->station() : nullptr;
  if (now && now->started && !now->started_now) return tr("interrupted before it went on; finished stations stay");
  if (at == nullptr) return tr("interrupted before the first station; resumes from the beginning");
  if (at->state == StationProgress::State::done || at->state == StationProgress::State::done_before)
    return tr("interrupted after %1; resumes after it").arg(at->id);
  const bool training = at->kind == u"finetune" && now->stage == u"finetune: step" && now->step > 0;
  if (!training && at->kind == u"finetune" && now->resumes_from > 0)
    return tr("interrupted in %1; resumes from step %2").arg(at->id, grouped(now->resumes_from));
  if (!training) return tr("interrupted in %1; resumes from the beginning of this station").arg(at->id);
  // Every loss is told, but not every step's progress.
  const qint64 told = now->losses.empty() ? 0 : static_cast<qint64>(now->losses.back().first);
  const QString where = tr("interrupted at step %1 of %2 of %3").arg(grouped(std::max(now->step, told)), grouped(now->total), at->id);
  if (now->resumes_from > 0) return tr("%1, resumes from step %2").arg(where, grouped(now->resumes_from));
  return tr("%1, resumes from its first step: no checkpoint was saved (“Save every”)").arg(where);
}

double fraction_of(const JobRecord& job, const JobProgressPtr& now) {
  if (job.state == JobState::finished) return 1;
  return now ? now->fraction : 0;
}

QString spoken_text(const JobRecord& job, const JobProgressPtr& now) {
  QStringList parts = {tr("job %1").arg(job.name), state_text(job)};
  if (is_active(job.state) && now) parts << tr("%1 percent").arg(static_cast<int>(100 * fraction_of(job, now)));
  for (const QString& part : {where_text(job, now), time_text(job, now)}) {
    if (!part.isEmpty()) parts << part;
  }
  return parts.join(QStringLiteral(", "));
}

}  // namespace rolora::widgets
