// SPDX-License-Identifier: GPL-3.0-or-later
// Where the models lie that boxes offer and that states were measured on.
#pragma once

#include <QString>
#include <QStringList>

#include "widgets/data/run_store.h"
#include "widgets/data/state_ref.h"

namespace rolora::widgets {

/// Whether the folder is one that a model can be opened from.
bool holds_model(const QString& folder);

/// The model that a run started from, as far as it is still found: job.json keeps the path as the job wrote it, which may be relative to
/// where the job lay. A folder of `others` with the same name is taken where the path leads nowhere. Empty when there is none.
QString base_model_of(const RunData& run, const QStringList& others);

/// The bundled model, those of `recent`, and what the open runs started from and made: folders that are there.
QStringList known_models(const RunStore& runs, const QStringList& recent);

/// The model folder whose statistics a state is; empty where no open run says.
QString model_of_state(const StateRef& state, const RunStore& runs, const QStringList& known);

}  // namespace rolora::widgets
