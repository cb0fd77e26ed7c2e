// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/figures/figures_command.h"

#include <QApplication>
#include <QDir>
#include <QFileInfo>
#include <QSet>
#include <QStyleFactory>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "core/base/error.h"
#include "core/storage/atomic_file.h"
#include "core/storage/json_file.h"
#include "widgets/base/format.h"
#include "widgets/figures/run_figures.h"
#include "widgets/plots/figure_exporter.h"

namespace rolora::widgets {
namespace {

constexpr double kLeastWidth = 1, kMostWidth = 40;
constexpr int kLeastDpi = 36, kMostDpi = 2400;

const char* const kUsage =
    "usage: rolora-workbench --figures RUN --out DIR [--template T] [--width IN] [--dpi N] [--force] [--json]\n"
    "  RUN           folder of a run (rolora run)\n"
    "  --out DIR     folder to make; an existing one is refused without --force (required)\n"
    "  --template T  only one kind of figure: overview, kurtosis, distribution, profile, surface, errors, training, perplexity (default "
    "all)\n"
    "  --width IN    width of a figure in inches, 1 to 40 (default 5.5: one text column; own choice)\n"
    "  --dpi N       dots per inch of PNG, 36 to 2400 (default 300: what journals ask for)\n"
    "  --json        print exactly one JSON object\n";

struct Written {
  QString name, caption;
  QStringList files;
};

Written write_figure(const Figure& figure, const FigureSettings& settings, const QString& folder, QSet<QString>& names) {
  Written written{figure_file_name(figure.name()), figure.caption(), {}};
  const QString base = written.name;
  for (int copy = 2; names.contains(written.name); ++copy) written.name = QStringLiteral("%1-%2").arg(base).arg(copy);
  names.insert(written.name);
  for (const char* ending : {"pdf", "svg", "png", "csv"}) {
    const QString file = written.name + QLatin1Char('.') + QLatin1String(ending);
    const Result<QString> saved = save_figure(figure, settings, folder + QLatin1Char('/') + file);
    if (!saved.ok()) throw Error(saved.error.toStdString());
    written.files << file;
  }
  return written;
}

QString json_of(const std::vector<Written>& all) {
  Json figures = Json::array(), files = Json::array();
  for (const Written& written : all) {
    Json names = Json::array();
    for (const QString& file : written.files) {
      names.push_back(file.toStdString());
      files.push_back(file.toStdString());
    }
    figures.push_back({{"name", written.name.toStdString()}, {"caption", written.caption.toStdString()}, {"files", names}});
  }
  files.push_back("captions.txt");
  return QString::fromStdString(json_text(Json{{"files", files}, {"figures", figures}}));
}

QString text_of(const std::vector<Written>& all, const FiguresOptions& options) {
  QString text;
  for (const Written& written : all) text += written.name + QLatin1Char('\n');
  return text + QApplication::translate("rolora::figures", "%1 figures in %2: PDF, SVG, PNG and CSV of each, captions in captions.txt\n")
                    .arg(all.size())
                    .arg(options.out);
}

std::vector<Written> write_all(const RunData& run, const FiguresOptions& options, const std::filesystem::path& folder) {
  FigureSettings settings;
  settings.width_inches = options.width;
  settings.dots_per_inch = options.dpi;
  std::vector<Written> all;
  QSet<QString> names;
  const QString where = QString::fromStdString(folder.string());
  for_each_run_figure(run, options.only, [&](const FigurePtr& figure) { all.push_back(write_figure(*figure, settings, where, names)); });
  QString captions;
  for (const Written& written : all) captions += written.name + QStringLiteral("\n  ") + written.caption + QStringLiteral("\n\n");
  write_file_atomically(folder / "captions.txt", captions.toStdString());
  return all;
}

// The rest of the program may not know of a number's bounds.
template <class T>
bool read_number(const QString& text, T least, T most, T* value) {
  bool good = false;
  const double number = text.toDouble(&good);
  if (!good || !std::isfinite(number) || number < static_cast<double>(least) || number > static_cast<double>(most)) return false;
  *value = static_cast<T>(number);
  return static_cast<double>(*value) == number;
}

}  // namespace

FiguresOptions figures_options(const QStringList& words, QString* error) {
  FiguresOptions o;
  const auto refuse = [&](const QString& what) {
    if (error->isEmpty()) *error = what;
  };
  for (qsizetype i = 0; i < words.size(); ++i) {
    const QString name = words[i].section(QLatin1Char('='), 0, 0);
    const bool joined = words[i].startsWith(QStringLiteral("--")) && words[i].contains(QLatin1Char('='));
    if (name == QStringLiteral("--json") || name == QStringLiteral("--force") || name == QStringLiteral("--help")) {
      (name == QStringLiteral("--json") ? o.json : name == QStringLiteral("--force") ? o.force : o.help) = true;
      continue;
    }
    const bool takes_value = QStringList{QStringLiteral("--figures"), QStringLiteral("--out"), QStringLiteral("--template"),
                                         QStringLiteral("--width"), QStringLiteral("--dpi")}
                                 .contains(name);
    if (!takes_value) {
      refuse(QStringLiteral("%1: expected an option of --figures, found none of that name").arg(words[i]));
      break;
    }
    if (!joined && i + 1 >= words.size()) {
      refuse(QStringLiteral("%1: expected a value, found none").arg(name));
      break;
    }
    const QString value = joined ? words[i].section(QLatin1Char('='), 1) : words[++i];
    if (name == QStringLiteral("--figures")) o.run = value;
    if (name == QStringLiteral("--out")) o.out = value;
    if (name == QStringLiteral("--template")) o.only = value;
    if (name == QStringLiteral("--width") && !read_number(value, kLeastWidth, kMostWidth, &o.width)) {
      refuse(QStringLiteral("--width: expected inches from 1 to 40, found %1").arg(value));
    }
    if (name == QStringLiteral("--dpi") && !read_number(value, kLeastDpi, kMostDpi, &o.dpi)) {
      refuse(QStringLiteral("--dpi: expected a whole number from 36 to 2400, found %1").arg(value));
    }
  }
  if (o.help) return o;
  if (o.run.isEmpty()) refuse(QStringLiteral("--figures: expected the folder of a run, found none"));
  if (o.out.isEmpty()) refuse(QStringLiteral("--out: expected a folder to make, found none"));
  if (!o.only.isEmpty() && !figure_templates().contains(o.only)) {
    refuse(QStringLiteral("--template: expected one of %1, found %2").arg(figure_templates().join(QStringLiteral(", ")), o.only));
  }
  return o;
}

FiguresOutcome export_run_figures(const FiguresOptions& options) {
  try {
    const Result<RunDataPtr> run = read_run(QFileInfo(options.run).absoluteFilePath());
    if (!run.ok()) return {1, {}, run.error};
    PendingFolder folder(options.out.toStdString(), options.force);
    const std::vector<Written> all = write_all(*run.value, options, folder.path());
    if (all.empty()) {
      return {1, {}, QStringLiteral("%1: expected a run with finished stations that figures can be made of, found none").arg(options.run)};
    }
    folder.commit();
    return {0, options.json ? json_of(all) : text_of(all, options), {}};
  } catch (const std::bad_alloc&) {
    return {1, {}, QStringLiteral("memory: expected enough for the figures, found none left")};
  } catch (const std::exception& e) {
    return {1, {}, QString::fromStdString(e.what()).section(QLatin1Char('\n'), 0, 0)};
  }
}

int figures_command(int argc, char** argv) {
  // Qt's remarks about the machine (no runtime folder, no session bus) are no lines of ours.
  qInstallMessageHandler([](QtMsgType type, const QMessageLogContext&, const QString& message) {
    if (type == QtFatalMsg) std::fprintf(stderr, "error: Qt: %s\n", message.toUtf8().constData());
  });
  qputenv("QT_QPA_PLATFORM", "offscreen");  // also where there is a display: nothing is shown, and fonts are the same
  QApplication application(argc, argv);
  QLocale::setDefault(QLocale::c());
  QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
  QString error;
  const FiguresOptions options = figures_options(QApplication::arguments().mid(1), &error);
  FiguresOutcome outcome{2, {}, error};
  if (error.isEmpty()) outcome = options.help ? FiguresOutcome{0, QString::fromUtf8(kUsage), {}} : export_run_figures(options);
  if (!outcome.error.isEmpty()) std::fprintf(stderr, "error: %s\n", outcome.error.toUtf8().constData());
  std::fputs(outcome.out.toUtf8().constData(), stdout);
  if (std::fflush(stdout) != 0) {
    std::fputs("error: stdout: writing the result failed\n", stderr);
    return 1;
  }
  return outcome.code;
}

}  // namespace rolora::widgets
