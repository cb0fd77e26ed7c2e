// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/report/sections.h"

#include <algorithm>
#include <cmath>

#include "core/jobs/report/chart.h"
#include "core/jobs/report/findings.h"
#include "core/jobs/report/heat_maps.h"
#include "core/jobs/report/table.h"
#include "core/jobs/report/tables.h"
#include "core/jobs/station_settings.h"

namespace rolora {
namespace {

constexpr size_t kRowsShown = 60;

std::string section(const std::string& id, const std::string& title, const std::string& body) {
  return "<section aria-labelledby=\"" + id + "\">\n<h2 id=\"" + id + "\">" + escaped(title) + "</h2>\n" + body + "</section>\n";
}

std::string figure(const std::string& drawing, const std::string& caption) {
  return "<figure>\n" + drawing + "<figcaption>" + escaped(caption) + "</figcaption>\n</figure>\n";
}

std::string folded_away(const std::string& summary, const std::string& body) {
  return "<details><summary>" + escaped(summary) + "</summary>\n" + body + "</details>\n";
}

// Wide range: a linear axis would show only the largest.
bool wants_log(const std::vector<Series>& series) {
  double low = INFINITY, high = 0;
  for (const Series& s : series) {
    for (const double v : s.y) {
      if (!std::isfinite(v)) continue;
      if (v <= 0) return false;
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  return high > 10 * low;
}

// Sites come in the order of their names, where layer 10 stands before layer 2.
void sort_by_x(Series& series) {
  std::vector<std::pair<double, double>> points;
  for (size_t i = 0; i < series.x.size(); ++i) points.emplace_back(series.x[i], series.y[i]);
  std::sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < points.size(); ++i) {
    series.x[i] = points[i].first;
    series.y[i] = points[i].second;
  }
}

std::string layer_chart(const RunData& run, const StatisticsGroup& group, const std::string& site, const std::string& figure_name) {
  LineChart chart;
  chart.id = "layers-" + group.states.front().station + "-" + site + "-" + figure_name;
  chart.title = figure_name + " of " + site + " by layer";
  chart.x_label = "layer";
  chart.y_label = figure_name + " of " + site;
  const std::vector<SiteRow> rows = run.sites();
  int style = 0;
  for (const StateRef& state : group.states) {
    Series series{state.title, {}, {}, style++, false, true};
    for (const SiteRow& row : rows) {
      if (row.of.title != state.title || row.site != site) continue;
      series.x.push_back(static_cast<double>(row.layer));
      series.y.push_back(row.figure(figure_name));
      chart.description += state.title + ", layer " + std::to_string(row.layer) + ": " + readable(series.y.back()) + ". ";
    }
    sort_by_x(series);
    for (size_t i = chart.categories.size(); i < series.x.size(); ++i) chart.categories.push_back(std::to_string(i));
    if (!series.x.empty()) chart.series.push_back(std::move(series));
  }
  chart.log_y = wants_log(chart.series);
  return chart.series.empty() ? "" : svg(chart);
}

std::string loss_chart(const RunData& run) {
  LineChart chart{"loss", "Training loss by step", "", "step", "training loss (nats)", false, {}, {}};
  int style = 0;
  for (const Station* station : run.stations<FinetuneStation>()) {
    Series raw{"", {}, {}, style, true, false};
    const Json& losses = run.result(station->id).at("losses");
    for (size_t i = 0; i < losses.size(); ++i) {
      raw.x.push_back(static_cast<double>(i + 1));
      raw.y.push_back(losses[i].is_number() ? losses[i].get<double>() : std::nan(""));
    }
    if (raw.y.empty()) continue;
    const size_t window = std::max<size_t>(1, losses.size() / 20);
    const std::string label = state_of(run.job(), station->id).label + ", mean of " + std::to_string(window);
    Series smooth{label, raw.x, running_mean(raw.y, window), style, false, false};
    chart.description += label + ": " + readable(smooth.y.front()) + " at step 1, " + readable(smooth.y.back()) + " at the end. ";
    chart.series.push_back(std::move(raw));
    chart.series.push_back(std::move(smooth));
    ++style;
  }
  return chart.series.empty() ? "" : svg(chart);
}

std::string evaluation_chart(const RunData& run) {
  LineChart chart{"held-out", "Held-out loss by step", "", "step", "held-out loss (nats)", false, {}, {}};
  int style = 0;
  for (const Station* station : run.stations<FinetuneStation>()) {
    Series series{state_of(run.job(), station->id).label, {}, {}, style++, false, true};
    for (const Json& e : run.result(station->id).at("evaluation")) {
      series.x.push_back(e.at("step").get<double>());
      series.y.push_back(e.at("loss").get<double>());
      chart.description += series.name + ", step " + readable(series.x.back()) + ": " + readable(series.y.back()) + ". ";
    }
    if (series.x.size() > 1) chart.series.push_back(std::move(series));
  }
  return chart.series.empty() ? "" : svg(chart);
}

// One chart for each pair of weight and activation bits: every linear, one curve a state and method.
std::string error_charts(const RunData& run) {
  std::map<std::string, LineChart> charts;  // by "W4A4 …"
  std::map<std::string, int> styles;        // one style a state and method over all charts
  for (const auto& [station, model, state] : run.measured()) {
    const std::string bits = state.quantization.substr(state.quantization.find(' ') + 1);
    const std::string method = state.quantization.substr(0, state.quantization.find(' '));
    const std::string name = state.label + ", " + method;
    Series series{name, {}, {}, styles.try_emplace(name, static_cast<int>(styles.size())).first->second, false, true};
    LineChart& chart = charts[bits];
    chart.categories.clear();
    for (const LinearRow& row : run.linears()) {
      if (row.station != station->id) continue;
      series.x.push_back(static_cast<double>(series.x.size()));
      series.y.push_back(row.error("output_error_both"));
      const size_t dot = row.linear.find("layers.");
      std::string short_name = dot == std::string::npos ? row.linear : row.linear.substr(dot + 7);
      const size_t end = short_name.find('.'), kind = short_name.rfind('.') + 1;
      chart.categories.push_back(short_name.substr(0, end) + " " + short_name.substr(kind, short_name.rfind("_proj") - kind));
    }
    bool any = false;
    for (const double v : series.y) any = any || std::isfinite(v);
    if (any) chart.series.push_back(std::move(series));
  }
  std::string out;
  for (auto& [bits, chart] : charts) {
    if (chart.series.empty()) continue;
    chart.id = "errors-" + std::to_string(out.size());
    chart.title = "Output error of every linear at " + bits;
    chart.description = "One curve for each state and method; the exact numbers are in tables/linears.csv.";
    chart.x_label = "layer and linear";
    chart.y_label = "‖Y−Ŷ‖/‖Y‖";
    chart.log_y = wants_log(chart.series);
    out += figure(
        svg(chart),
        bits + ": relative error of every linear's output with weights and activations quantized, inputs from the unquantized model.");
  }
  return out;
}

std::string perplexity_plot(const Table& matrix, const std::string& id) {
  DotPlot plot;
  plot.id = id;
  plot.title = matrix.title;
  plot.x_label = "perplexity (lower is better)";
  for (const std::vector<Json>& row : matrix.rows) plot.rows.push_back(row[0].get<std::string>());
  for (size_t c = 2; c < matrix.columns.size(); ++c) {
    Series series{matrix.columns[c], {}, {}, static_cast<int>(c) - 2, false, true};
    for (const std::vector<Json>& row : matrix.rows) {
      series.x.push_back(row[c].is_number() ? row[c].get<double>() : std::nan(""));
      if (row[c].is_number()) plot.description += row[0].get<std::string>() + ", " + matrix.columns[c] + ": " + readable(row[c]) + ". ";
    }
    plot.series.push_back(std::move(series));
  }
  return svg(plot);
}

}  // namespace

std::string findings_list(const std::vector<std::string>& findings) {
  if (findings.empty()) return "";
  std::string html = "<ul class=findings>\n";
  for (const std::string& finding : findings) html += "<li>" + escaped(finding) + "</li>\n";
  return html + "</ul>\n";
}

std::string inputs_section(const RunData& run) {
  const Json& m = run.inputs().at("model");
  Table model{"model", "Model", {"what", "value"}, {}};
  for (const char* key : {"name", "family", "parameters", "layers", "hidden", "intermediate", "heads", "kv_heads", "head_dim", "vocabulary",
                          "context", "tied", "dtype", "sha256"}) {
    model.add({key, m.at(key)});
  }
  std::string html = "<div class=scroll><table><caption>Model</caption><tbody>\n";
  for (const std::vector<Json>& row : model.rows) {
    html += "<tr><th scope=row>" + escaped(readable(row[0])) + "</th><td>" + escaped(readable(row[1])) + "</td></tr>\n";
  }
  html += "</tbody></table></div>\n";
  if (!run.inputs().at("texts").empty()) html += html_table(texts_table(run)) + findings_list({disjointness(run)});
  Table stations{"stations", "Stations in order", {"station", "kind", "model", "settings"}, {}};
  std::string rows;
  for (const Station& s : run.job().stations) {
    std::string models;
    for (const std::string& id : s.models()) models += (models.empty() ? "" : ", ") + id;
    Json settings = station_settings_json(s.settings);
    for (const char* known : {"model", "states"}) settings.erase(known);
    for (auto it = settings.begin(); it != settings.end();) it = it->is_null() ? settings.erase(it) : std::next(it);
    rows += "<tr><td>" + escaped(s.id) + "</td><td>" + std::string(s.kind()) + "</td><td>" + escaped(models) + "</td><td class=n>" +
            std::to_string(s.seed) + "</td><td class=w><code>" + escaped(settings.dump()) + "</code></td></tr>\n";
  }
  html += folded_away(std::to_string(run.job().stations.size()) + " stations with all settings",
                      "<div class=scroll><table><thead><tr><th>station<th>kind<th>model<th>seed<th>settings</tr></thead><tbody>\n" + rows +
                          "</tbody></table></div>\n");
  const Json& machine = run.machine();
  html += "<p class=note>Arithmetic " + escaped(run.job().dtype) + " on " + escaped(readable(machine.at("device"))) + ", " +
          readable(machine.at("threads")) + " threads, CPU features " + escaped(readable(machine.at("cpu_features"))) +
          ". The same job on the same kind of machine gives the same bytes.</p>\n";
  return section("inputs", "What was run", html);
}

std::string outliers_section(const RunData& run) {
  std::string html = findings_list(outlier_findings(run));
  for (const StatisticsGroup& group : run.statistics()) {
    html += html_table(site_matrix(run, group, "kurtosis")) + html_table(site_matrix(run, group, "absmax"));
    const std::string kurtosis = layer_chart(run, group, "down_in", "kurtosis");
    if (!kurtosis.empty())
      html += figure(kurtosis, "Kurtosis over all elements of the input of down_proj, layer by layer; a Gaussian has 3.");
    const std::string map = absmax_maps(run, group, "down_in");
    if (!map.empty()) html += figure(map, "Largest magnitude of every channel of down_proj's input. Outlier channels are bright columns.");
  }
  return html.empty() ? "" : section("outliers", "1 Outliers", html);
}

std::string rotation_section(const RunData& run) {
  const Table rotations = rotations_table(run), seeds = seeds_table(run);
  if (rotations.rows.empty()) return "";
  std::string html = findings_list(rotation_findings(run)) + html_table(rotations);
  if (!seeds.rows.empty()) html += html_table(seeds);
  return section("rotation", "2 Rotation", html);
}

std::string tuning_section(const RunData& run) {
  std::string html = findings_list(tuning_findings(run));
  if (html.empty()) return "";
  html += figure(loss_chart(run), "Training loss: running means, with every step's value faint behind.");
  const std::string held_out = evaluation_chart(run);
  if (!held_out.empty()) html += figure(held_out, "Loss on the part of the tuning text that was kept out.");
  const Table merges = merges_table(run);
  if (!merges.rows.empty()) html += html_table(merges);
  return section("tuning", "3 Fine-tuning", html + folded_away("Every step", html_table(training_table(run), kRowsShown)));
}

std::string errors_section(const RunData& run) {
  const Table linears = linears_table(run);
  if (linears.rows.empty()) return "";
  std::string html = findings_list(error_findings(run));
  html += html_table(error_matrix(run, "output_error_both", "Output error ‖Y−Ŷ‖/‖Y‖, weights and activations quantized"));
  html += html_table(error_matrix(run, "weight_relative_error", "Weight error ‖Ŵ−W‖/‖W‖"));
  html += html_table(error_matrix(run, "sqnr_db", "Signal to quantization noise at the output, dB"));
  html += html_table(error_matrix(run, "chain_error", "Output error ‖Y−Ŷ‖/‖Y‖ with everything before quantized too")) + error_charts(run);
  return section("errors", "4 Quantization error", html + folded_away("Every linear", html_table(linears, kRowsShown)));
}

std::string perplexity_section(const RunData& run) {
  std::string html = findings_list(perplexity_findings(run));
  if (html.empty() && run.perplexities().empty()) return "";
  int number = 0;
  for (const std::string& text : evaluated_texts(run)) {
    const Table matrix = perplexity_matrix(run, text);
    html += html_table(matrix) + figure(perplexity_plot(matrix, "perplexity-" + std::to_string(number++)), "Perplexity on " + text + ".");
  }
  return section("perplexity", "5 Perplexity", html + folded_away("Every evaluation", html_table(perplexity_table(run), kRowsShown)));
}

std::string files_section(const RunData& run) {
  std::string html =
      "<ul>\n<li><a href=\"job.json\">job.json</a>: the complete job; <a href=\"inputs.json\">inputs.json</a>: model and texts as "
      "found</li>\n";
  for (const Table& table : all_tables(run)) {
    html += "<li><a href=\"tables/" + table.name + ".csv\">tables/" + table.name + ".csv</a>: " + escaped(table.title) + "</li>\n";
  }
  for (const Station* s : run.stations<StatisticsStation>()) {
    html += "<li><a href=\"stations/" + s->id + "/statistics.h5\">stations/" + s->id + "/statistics.h5</a>: all statistics (HDF5)</li>\n";
  }
  return section("files", "Files", html + "<li>stations/: models, adapters and numbers of every station</li>\n</ul>\n");
}

}  // namespace rolora
