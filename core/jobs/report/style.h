// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace rolora {

/// Style sheet of the report: colours as variables with a light and a dark set; series colours by Okabe and Ito (safe for colour-blind
/// readers), darkened or lightened where the contrast with the page would fall below 3:1.
std::string report_style();

}  // namespace rolora
