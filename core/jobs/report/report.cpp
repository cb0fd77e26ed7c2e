// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/report/report.h"

#include "core/base/version.h"
#include "core/jobs/report/findings.h"
#include "core/jobs/report/sections.h"
#include "core/jobs/report/style.h"
#include "core/jobs/report/table.h"
#include "core/jobs/report/tables.h"
#include "core/jobs/shared_lines.h"

namespace rolora {
namespace {

std::string summary(const RunData& run) {
  std::vector<std::string> findings;
  for (const auto& part : {outlier_findings(run), rotation_findings(run)}) {
    if (!part.empty()) findings.push_back(part.front());
  }
  for (const auto& part : {tuning_findings(run), perplexity_findings(run)}) findings.insert(findings.end(), part.begin(), part.end());
  if (findings.empty()) return "";
  if (!mixed_texts(run.inputs().at("texts")).empty()) findings.push_back(disjointness(run));
  return "<section aria-labelledby=\"summary\">\n<h2 id=\"summary\">In short</h2>\n" + findings_list(findings) + "</section>\n";
}

}  // namespace

std::string report_html(const RunData& run) {
  const std::string name = escaped(run.job().name);
  std::string html = "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n";
  html += "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n<title>RoLoRA Workbench: " + name + "</title>\n";
  html += "<style>" + report_style() + "</style>\n</head>\n<body>\n<main>\n<h1>RoLoRA Workbench: run “" + name + "”</h1>\n";
  html +=
      "<p>Outliers of a model's activations, what a rotation does to them, fine-tuning on the rotated model, and what quantization costs "
      "each "
      "state. Every number comes from this run; tooltips and the CSV files have all digits.</p>\n";
  html += summary(run) + inputs_section(run) + outliers_section(run) + rotation_section(run) + tuning_section(run) + errors_section(run) +
          perplexity_section(run) + files_section(run);
  return html + "<footer class=note>RoLoRA Workbench " + kToolVersion + "</footer>\n</main>\n</body>\n</html>\n";
}

void write_report(const RunFolder& folder) {
  const RunData run(folder);
  for (const Table& table : all_tables(run)) folder.write("tables/" + table.name + ".csv", csv_text(table));
  folder.write("report.html", report_html(run));
}

}  // namespace rolora
