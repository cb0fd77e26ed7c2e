// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace rolora::widgets {

/// A site's name as files have it, in words: "down_in" → "down_proj input", "layers.3.down_in" → "down_proj input, layer 3". Another name
/// stays as it is.
QString site_words(const QString& name);

}  // namespace rolora::widgets
