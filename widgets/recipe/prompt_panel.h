// SPDX-License-Identifier: GPL-3.0-or-later
// Any text on two models: how each goes on, which tokens it is, and where its outliers sit.
#pragma once

#include <QPointer>
#include <QTemporaryDir>
#include <QWidget>
#include <nlohmann/json.hpp>
#include <vector>

#include "widgets/data/state_ref.h"
#include "widgets/data/statistics_store.h"

class QAction;
class QBoxLayout;
class QComboBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;

namespace rolora::widgets {

class MeasureService;
class WorkerCall;

class PromptPanel : public QWidget {
  Q_OBJECT
 public:
  explicit PromptPanel(MeasureService* service, QWidget* parent = nullptr);
  /// Model folders to pick from.
  void set_known_models(const QStringList& folders);
  void set_models(const QString& a, const QString& b);
  void set_site(SiteKind site);
  void set_text(const QString& text);
  /// A prompt template by its name, empty for the text as it stands; the system message of a chat template, empty for the template's own.
  void set_template(const QString& name, const QString& system = {});
  QSize minimumSizeHint() const override;
  bool is_busy() const { return waiting_ > 0; }
  QString continuation(int side) const { return sides_[side].text; }
  QString tokens_shown() const;

 signals:
  /// Both (b empty when there is one model) were measured on the text; the views show them through the selection.
  void measured(const rolora::widgets::StateRef& a, const rolora::widgets::StateRef& b, const rolora::widgets::SiteKey& site);
  void message(const QString& line);

 public slots:
  void run();
  void stop();

 protected:
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  struct Side {
    QComboBox* model = nullptr;
    QPlainTextEdit* out = nullptr;
    QLabel* label = nullptr;
    QString text;
    StateRef state;
    QString error;
    QPointer<WorkerCall> call;
  };
  QWidget* make_side(int side);
  QWidget* make_bar();
  QWidget* make_asking();
  QLayout* make_start();
  QString model(int side) const;
  void tokenize(int turn);
  void tokenized(const Result<nlohmann::json>& answer, int turn);
  void show_tokens(const QStringList& tokens, const QString& between);
  QString write(const char* name, const QByteArray& bytes);
  void go_on(int side, const QString& ids, const QString& end, int turn);
  void measure(int side, int turn);
  void finished(int turn);
  void show_side(int side);
  void show_state();
  void style_texts();

  MeasureService* service_;
  QTemporaryDir folder_;
  QBoxLayout* layout_ = nullptr;
  QWidget *text_ = nullptr, *answers_ = nullptr;
  QPlainTextEdit* prompt_ = nullptr;
  QLabel *tokens_ = nullptr, *status_ = nullptr;
  QSpinBox* most_ = nullptr;
  QComboBox *site_ = nullptr, *template_ = nullptr;
  QLineEdit* system_ = nullptr;
  QPushButton *run_button_ = nullptr, *stop_button_ = nullptr;
  QAction* run_ = nullptr;
  Side sides_[2];
  std::vector<int64_t> ids_;
  int waiting_ = 0, turn_ = 0;
  QString problem_;
};

}  // namespace rolora::widgets

Q_DECLARE_METATYPE(rolora::widgets::SiteKey)
