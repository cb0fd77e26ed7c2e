// SPDX-License-Identifier: GPL-3.0-or-later
// A table of a run: written exactly as CSV, shown readably in the report page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/storage/json_file.h"

namespace rolora {

/// Cells are text, numbers, booleans or null (not known, does not apply).
struct Table {
  std::string name;   ///< of the file, without .csv
  std::string title;  ///< one sentence that says what the rows are
  std::vector<std::string> columns;
  std::vector<std::vector<Json>> rows;
  void add(std::vector<Json> row);  ///< Error when the width is wrong
};

/// RFC 4180 with "\n" line ends; numbers read back exactly, null is an empty cell.
std::string csv_text(const Table& table);
/// The inverse for what csv_text writes, cells as text. InputError (`name`) for ragged rows or an open quote.
std::vector<std::vector<std::string>> parse_csv(std::string_view text, const std::string& name);

/// Four significant digits ("45.91", "0.002137", "1.2e-05"); "–" for null and what is not finite.
std::string readable(double value);
std::string readable(const Json& cell);

/// Text for HTML and SVG.
std::string escaped(std::string_view text);

/// The table as HTML with a caption; numbers to the right. At most `most` rows, with a line that says how many the CSV has.
std::string html_table(const Table& table, size_t most = 1000);

}  // namespace rolora
