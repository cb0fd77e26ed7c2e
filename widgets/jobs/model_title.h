// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

namespace rolora::widgets {

/// A model folder as people call it: "story · tuned-rotated" for what a station of a run made, else the folder's name.
QString model_title(const QString& folder);
/// Those that hold a model: a run may name one that was moved or taken away since.
QStringList existing_models(const QStringList& folders);

}  // namespace rolora::widgets
