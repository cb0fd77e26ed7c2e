// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/report/findings.h"

#include <algorithm>
#include <cmath>

#include "core/jobs/report/table.h"
#include "core/jobs/report/tables.h"
#include "core/jobs/shared_lines.h"

namespace rolora {
namespace {

constexpr double kNoChange = 5e-4;  // relative

struct Range {
  double low = std::nan(""), high = std::nan("");
  size_t count = 0;
  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::fmin(low, value);
    high = std::fmax(high, value);
    ++count;
  }
  bool constant() const { return high - low <= kNoChange * std::abs(low); }
  std::string text() const { return constant() ? readable(low) : readable(low) + " to " + readable(high); }
};

// Of the layers of one state: where a figure is largest.
struct Peak {
  double value = std::nan("");
  int64_t layer = 0;
};

Peak peak(const std::vector<SiteRow>& rows, const StateRef& state, const std::string& site, const std::string& figure) {
  Peak found;
  for (const SiteRow& row : rows) {
    const double value = row.figure(figure);
    const bool here = row.of.title == state.title && row.site == site && std::isfinite(value);
    if (here && !(value <= found.value)) found = {value, row.layer};
  }
  return found;
}

std::string noun(const std::string& quantization) { return quantization.empty() ? "Full precision" : quantization; }

// Perplexities of the rotations against the plain model's.
std::string verdict(double plain, const std::vector<double>& rotated) {
  Range all;
  for (const double value : rotated) all.add(value);
  if (rotated.size() == 1) return "rotation " + change(plain, all.low);
  const auto changes = [&](int sign) {
    return std::count_if(rotated.begin(), rotated.end(), [&](double v) { return sign * (v - plain) / plain >= kNoChange; });
  };
  const auto lower = static_cast<size_t>(changes(-1)), higher = static_cast<size_t>(changes(1));
  const auto percent = [&](double value) { return readable(100 * std::abs(value / plain - 1)); };
  if (lower + higher == 0) return "no rotation changes it by as much as 0.05 %";
  if (lower == rotated.size()) return "every rotation lowers it, by " + percent(all.high) + " to " + percent(all.low) + " %";
  if (higher == rotated.size()) return "every rotation raises it, by " + percent(all.low) + " to " + percent(all.high) + " %";
  return "rotation lowers it for " + std::to_string(lower) + " of " + std::to_string(rotated.size()) + " and raises it for " +
         std::to_string(higher);
}

// One text and one quantization: the untuned base against every rotation of it.
void compare_untuned(const std::vector<PerplexityRow>& rows, const std::string& text, const std::string& quantization,
                     std::vector<std::string>& out) {
  std::vector<double> rotated;
  Range range;
  double plain = std::nan(""), folded = std::nan("");
  for (const PerplexityRow& row : rows) {
    if (row.text != text || row.quantization != quantization || row.state.tuned) continue;
    if (!row.state.rotated) plain = row.perplexity;
    if (row.state.rotated && !row.state.turned) folded = row.perplexity;
    if (!row.state.turned) continue;
    rotated.push_back(row.perplexity);
    range.add(row.perplexity);
  }
  if (!std::isfinite(plain) || rotated.empty()) return;
  std::string line = noun(quantization) + " before tuning, on " + text + ": perplexity " + readable(plain) + " plain";
  if (std::isfinite(folded)) line += ", " + readable(folded) + " folded only";
  line += ", " + range.text() + " rotated";
  if (rotated.size() > 1) line += " (" + std::to_string(rotated.size()) + " rotations)";
  out.push_back(line + ": " + verdict(plain, rotated) + ".");
}

// Tuned models under one quantization: what each base loses against its own full precision.
void compare_tuned(const std::vector<PerplexityRow>& rows, const std::string& text, const std::string& quantization,
                   std::vector<std::string>& out) {
  std::string line;
  double best_plain = std::nan(""), best_rotated = std::nan("");
  for (const PerplexityRow& row : rows) {
    if (row.text != text || row.quantization != quantization || !row.state.tuned) continue;
    line += (line.empty() ? "" : "; ") + row.state.label + " " + readable(row.perplexity);
    for (const PerplexityRow& full : rows) {
      const bool own = full.text == text && full.quantization.empty() && full.state.unquantized == row.state.unquantized;
      if (own && !quantization.empty()) line += " (full precision " + readable(full.perplexity) + ")";
    }
    double& best = row.state.turned ? best_rotated : best_plain;
    best = std::fmin(best, row.perplexity);
  }
  if (line.empty()) return;
  line = noun(quantization) + " after tuning, on " + text + ": " + line;
  if (std::isfinite(best_plain) && std::isfinite(best_rotated)) {
    line += ". Tuning on the rotated base instead of the plain one " + change(best_plain, best_rotated);
  }
  out.push_back(line + ".");
}

double mean_of(const Json& numbers, size_t begin, size_t end) {
  double sum = 0, count = 0;
  for (size_t i = begin; i < end; ++i) {
    if (!numbers[i].is_number()) continue;
    sum += numbers[i].get<double>();
    count += 1;
  }
  return sum / count;
}

}  // namespace

std::string change(double from, double to) {
  const double relative = (to - from) / from;
  if (!std::isfinite(relative)) return "cannot be compared";
  if (std::abs(relative) < kNoChange) return "leaves it as it is (change below 0.05 %)";
  return (relative < 0 ? "lowers it by " : "raises it by ") + readable(100 * std::abs(relative)) + " %";
}

std::vector<std::string> outlier_findings(const RunData& run) {
  std::vector<std::string> out;
  const std::vector<SiteRow> rows = run.sites();
  for (const StatisticsGroup& group : run.statistics()) {
    for (const std::string site : {"down_in", "qkv_in"}) {
      std::string line;
      for (const StateRef& state : group.states) {
        const Peak kurtosis = peak(rows, state, site, "kurtosis");
        if (!std::isfinite(kurtosis.value)) continue;
        line += (line.empty() ? "" : "; ") + state.title + " " + readable(kurtosis.value) + " (layer " + std::to_string(kurtosis.layer) +
                "), absmax " + readable(peak(rows, state, site, "absmax").value);
      }
      if (line.empty()) continue;
      out.push_back("Largest kurtosis of " + site + " over the layers (a Gaussian has 3), on " + group.text + ": " + line + ".");
    }
  }
  return out;
}

std::vector<std::string> rotation_findings(const RunData& run) {
  std::vector<std::string> out;
  Range difference;
  size_t rotations = 0, passed = 0;
  for (const Station* station : run.stations<RotateStation>()) {
    const Json& gate = run.result(station->id).at("gate");
    difference.add(gate.at("relative_l2").get<double>());
    ++rotations;
    passed += gate.at("passed").get<bool>() ? 1 : 0;
  }
  if (rotations > 0) {
    out.push_back("Equality gate: " + std::to_string(passed) + " of " + std::to_string(rotations) +
                  " folded or rotated models compute what the original computes; relative difference of the logits " + difference.text() +
                  ".");
  }
  const Table seeds = seeds_table(run);
  for (size_t c = 3; c < seeds.columns.size(); ++c) {
    Range range;
    for (const std::vector<Json>& row : seeds.rows) range.add(row[c].is_number() ? row[c].get<double>() : std::nan(""));
    if (range.count < 2) continue;
    out.push_back("Over " + std::to_string(range.count) + " seeds, " + seeds.columns[c] + ": " +
                  (range.constant() ? readable(range.low) + " for every seed" : range.text()) + ".");
  }
  return out;
}

std::vector<std::string> tuning_findings(const RunData& run) {
  std::vector<std::string> out;
  for (const Station* station : run.stations<FinetuneStation>()) {
    const Json &result = run.result(station->id), &losses = result.at("losses");
    const size_t steps = losses.size(), part = std::max<size_t>(1, std::min<size_t>(10, steps / 4));
    std::string line = state_of(run.job(), station->id).label + " (" + station->id + "): " + std::to_string(steps) +
                       " steps; training loss " + readable(mean_of(losses, 0, part)) + " at the start, " +
                       readable(mean_of(losses, steps - part, steps)) + " at the end (means of " + std::to_string(part) + " steps)";
    const Json& evaluations = result.at("evaluation");
    if (evaluations.size() > 1) {
      line += "; held-out loss " + readable(evaluations.front().at("loss")) + " at step " + readable(evaluations.front().at("step")) +
              ", " + readable(evaluations.back().at("loss")) + " at step " + readable(evaluations.back().at("step"));
    } else if (evaluations.size() == 1) {
      line += "; held-out loss at the end " + readable(evaluations.front().at("loss"));
    }
    out.push_back(line + ".");
  }
  return out;
}

std::vector<std::string> error_findings(const RunData& run) {
  std::vector<std::string> out;
  if (run.linears().empty()) return out;
  const Table means = error_matrix(run, "output_error_both", "");
  std::map<std::string, std::map<std::string, double>> by_state;  // state → quantization → mean error of all linears
  for (const std::vector<Json>& row : means.rows) {
    if (row[2].is_number()) by_state[row[0]][row[1]] = row[2].get<double>();
  }
  for (const auto& [state, errors] : by_state) {
    for (const auto& [quantization, error] : errors) {
      if (!quantization.starts_with("GPTQ ")) continue;
      const auto rtn = errors.find("RTN " + quantization.substr(5));
      if (rtn == errors.end()) continue;
      out.push_back(state + ", " + quantization.substr(5) + ": mean output error of a linear " + readable(rtn->second) + " with RTN, " +
                    readable(error) + " with GPTQ: GPTQ " + change(rtn->second, error) + ".");
    }
  }
  return out;
}

std::vector<std::string> perplexity_findings(const RunData& run) {
  std::vector<std::string> out;
  const std::vector<PerplexityRow> rows = run.perplexities();
  for (const std::string& text : evaluated_texts(run)) {
    for (const std::string& quantization : quantizations(rows)) compare_untuned(rows, text, quantization, out);
    for (const std::string& quantization : quantizations(rows)) compare_tuned(rows, text, quantization, out);
  }
  return out;
}

std::string disjointness(const RunData& run) {
  std::string mixed, shared;
  const auto add = [](std::string& list, const std::string& item) { list += (list.empty() ? "" : "; ") + item; };
  for (const std::string& sentence : mixed_texts(run.inputs().at("texts"))) add(mixed, sentence);
  for (const Json& pair : run.inputs().at("shared_lines")) {
    if (pair.at("lines") == 0) continue;
    add(shared, pair.at("a").get<std::string>() + " and " + pair.at("b").get<std::string>() + ": " + pair.at("lines").dump() + " of " +
                    std::to_string(std::min(pair.at("lines_a").get<int64_t>(), pair.at("lines_b").get<int64_t>())));
  }
  const std::string length = run.inputs().at("shared_line_length").dump();
  return (mixed.empty() ? "No text serves two purposes. " : "Not disjoint: " + mixed + ". ") + "Lines of " + length +
         " bytes or more that stand in two texts: " + (shared.empty() ? "none" : shared) + ".";
}

}  // namespace rolora
