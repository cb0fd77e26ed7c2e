// SPDX-License-Identifier: GPL-3.0-or-later
// A label that takes the room of a fixed number of lines, whatever it says: what stands below it never moves.
#pragma once

#include <QLabel>
#include <QString>

namespace rolora::widgets {

/// Plain text. What does not fit is elided at the end of the last line, the whole is in the tooltip and told to screen readers.
class LinesLabel : public QLabel {
  Q_OBJECT
 public:
  explicit LinesLabel(int lines, QWidget* parent = nullptr);
  void set_text(const QString& text);
  QString whole_text() const { return whole_; }
  void set_lines(int lines);
  int lines() const { return lines_; }
  bool is_cut() const { return text() != whole_ && text().endsWith(QChar(0x2026)); }
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void showEvent(QShowEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void fit();
  int lines_;
  QString whole_;
};

/// `text` in at most `lines` lines of `width` pixels, broken between words; the last one ends with … where there is more.
QString fitted_text(const QString& text, const QFont& font, int width, int lines);

}  // namespace rolora::widgets
