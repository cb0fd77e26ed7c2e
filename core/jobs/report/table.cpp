// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/report/table.h"

#include <cmath>
#include <cstdio>

#include "core/base/error.h"

namespace rolora {
namespace {

std::string csv_cell(const Json& cell) {
  if (cell.is_null()) return "";
  if (!cell.is_string()) return cell.dump();
  const std::string& text = cell.get_ref<const std::string&>();
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string joined(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) line += (i > 0 ? "," : "") + cells[i];
  return line + "\n";
}

std::string html_row(const std::vector<Json>& row) {
  std::string html = "<tr>";
  for (const Json& cell : row) {
    const bool number = cell.is_number();
    html += number ? "<td class=n title=\"" + cell.dump() + "\">" : std::string(cell.is_null() ? "<td class=n>" : "<td>");
    html += escaped(readable(cell)) + "</td>";
  }
  return html + "</tr>\n";
}

}  // namespace

void Table::add(std::vector<Json> row) {
  if (row.size() != columns.size()) throw Error("table " + name + ": a row of " + std::to_string(row.size()) + " cells");
  rows.push_back(std::move(row));
}

std::string csv_text(const Table& table) {
  std::vector<std::string> cells;
  for (const std::string& column : table.columns) cells.push_back(csv_cell(column));
  std::string text = joined(cells);
  for (const std::vector<Json>& row : table.rows) {
    cells.clear();
    for (const Json& cell : row) cells.push_back(csv_cell(cell));
    text += joined(cells);
  }
  return text;
}

std::vector<std::vector<std::string>> parse_csv(std::string_view text, const std::string& name) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row(1);
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"')
        row.back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        row.back() += text[++i];
      else
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      row.emplace_back();
    } else if (c == '\n') {
      rows.push_back(std::move(row));
      row.assign(1, "");
      if (rows.back().size() != rows.front().size()) {
        throw InputError(name, "line " + std::to_string(rows.size()), std::to_string(rows.front().size()) + " cells",
                         std::to_string(rows.back().size()));
      }
    } else {
      row.back() += c;
    }
  }
  if (quoted) throw InputError(name, "quote", "a closing one", "none");
  return rows;
}

std::string readable(double value) {
  if (!std::isfinite(value)) return "–";
  char text[32];
  if (value == std::floor(value) && std::abs(value) < 1e9) {
    std::snprintf(text, sizeof text, "%.0f", value == 0 ? 0.0 : value);
  } else {
    std::snprintf(text, sizeof text, "%.4g", value);
  }
  return text;
}

std::string readable(const Json& cell) {
  if (cell.is_null()) return "–";
  if (cell.is_string()) return cell.get<std::string>();
  if (cell.is_boolean()) return cell.get<bool>() ? "yes" : "no";
  if (cell.is_number()) return readable(cell.get<double>());
  return cell.dump();
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string html_table(const Table& table, size_t most) {
  std::string html = "<div class=scroll><table>\n<caption>" + escaped(table.title) + "</caption>\n<thead><tr>";
  for (const std::string& column : table.columns) html += "<th scope=col>" + escaped(column) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (size_t i = 0; i < std::min(most, table.rows.size()); ++i) html += html_row(table.rows[i]);
  html += "</tbody></table></div>\n";
  const std::string csv = "tables/" + escaped(table.name) + ".csv";
  if (table.rows.size() > most) {
    html += "<p class=note>The first " + std::to_string(most) + " of " + std::to_string(table.rows.size()) + " rows.</p>\n";
  }
  return html + "<p class=note>Exact numbers: <a href=\"" + csv + "\">" + csv + "</a></p>\n";
}

}  // namespace rolora
