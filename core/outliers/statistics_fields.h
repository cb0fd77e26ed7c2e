// SPDX-License-Identifier: GPL-3.0-or-later
// Names, units and definitions of everything a statistics file holds: one table for writer, reader and whoever explains a number.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "core/outliers/linear_statistics.h"
#include "core/outliers/site_statistics.h"

namespace rolora {

struct FieldText {
  const char* name;
  const char* unit;
  const char* definition;
  const char* nan_means = nullptr;  ///< why a value may be NaN; null: it cannot be
};

inline constexpr const char* kNoUnit = "1";  ///< activations and weights have no physical unit

/// Per channel over the tokens (sites and overview).
inline constexpr size_t kChannelFields = 9;
std::span<const FieldText, kChannelFields> channel_fields();
const std::vector<float>& channel_values(const ChannelFigures& figures, size_t field);
std::vector<float>& channel_values(ChannelFigures& figures, size_t field);

/// Per token over the channels.
inline constexpr size_t kTokenFields = 5;
std::span<const FieldText, kTokenFields> token_fields();
const std::vector<float>& token_values(const TokenFigures& figures, size_t field);
std::vector<float>& token_values(TokenFigures& figures, size_t field);

/// Per row or column of a weight matrix; names stand behind "row_" and "column_".
inline constexpr size_t kLineFields = 3;
std::span<const FieldText, kLineFields> line_fields();
const std::vector<float>& line_values(const LineFigures& figures, size_t field);
std::vector<float>& line_values(LineFigures& figures, size_t field);

/// Of a whole tensor; values in the same order.
std::span<const FieldText> tensor_fields();
std::vector<double> tensor_values(const TensorFigures& figures);
/// The inverse; tokens, channels and median_exact are not among them.
TensorFigures tensor_from_values(std::span<const double> values);

}  // namespace rolora
