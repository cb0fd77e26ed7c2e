// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/inspector_items.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <array>
#include <cmath>

#include "core/outliers/statistics_fields.h"
#include "widgets/base/format.h"
#include "widgets/data/describe.h"
#include "widgets/data/statistics_store.h"

namespace rolora::widgets {
namespace {

QString words(const char* text) { return QCoreApplication::translate("rolora::inspector", text); }

// One of the two states that are shown.
struct Side {
  StateRef ref;
  SummaryPtr file;
  const StateSummary* state = nullptr;
  const TensorFigures* site = nullptr;
};

Side side_of(const StateRef& ref, const Selection& s, const StatisticsStore& store) {
  Side side{ref, ref.valid() ? store.summary(ref.file) : nullptr};
  side.state = side.file ? side.file->find(ref.state) : nullptr;
  if (side.state == nullptr) return side;
  const auto found = side.state->sites.find({s.layer, s.site});
  if (found == side.state->sites.end()) return side;
  side.site = s.without_first ? &found->second.without_first : &found->second.all;
  return side;
}

TreeItem row(const QString& key, const QString& name, const QString& definition, const QString& a, const QString& b) {
  TreeItem item;
  item.key = key;
  item.cells = {{name, definition}, {a, {}}, {b, {}}};
  return item;
}

TreeItem group(const char* key, const QString& name) {
  TreeItem item;
  item.key = QString::fromLatin1(key);
  item.cells = {{name, {}}, {}, {}};
  item.strong = true;
  return item;
}

// A number for the eye, all its digits in the tip.
TreeCell number_cell(double value) {
  if (value == 0) return {QStringLiteral("0"), {}};
  return std::isfinite(value) ? TreeCell{number(value, 5), exact(value)} : TreeCell{QStringLiteral("–"), {}};
}

void add_number(TreeItem& to, const QString& key, const QString& name, const QString& definition, double a, double b, bool has_b) {
  TreeItem item = row(key, name, definition, {}, {});
  item.cells[kInspectorA] = number_cell(a);
  if (has_b) item.cells[kInspectorB] = number_cell(b);
  to.children.push_back(std::move(item));
}

QString definition_in(std::span<const FieldText> fields, const QString& statistic) {
  for (const FieldText& field : fields) {
    if (statistic == QLatin1String(field.name)) return QString::fromUtf8(field.definition);
  }
  return {};
}

TreeItem selected_group(const Selection& s, const std::array<Side, 2>& sides, const StatisticsStore& store) {
  TreeItem out = group("selected", words("Selected"));
  std::array<std::optional<SelectedValue>, 2> values;
  for (size_t i = 0; i < 2; ++i) values[i] = selected_value(s, sides[i].ref, store);
  const auto cell = [&](auto member) {
    std::array<QString, 2> out_cells;
    for (size_t i = 0; i < 2; ++i) out_cells[i] = values[i] ? member(*values[i]) : QString();
    return out_cells;
  };
  const auto of_both = [&](const QString& text) { return sides[1].state != nullptr ? text : QString(); };  // a place is one of both
  const auto layer = cell([&](const SelectedValue& v) { return v.layer < 0 ? QString() : words("all, most in %1").arg(v.layer); });
  const QString one_layer = s.layer < 0 ? words("all") : QString::number(s.layer);
  out.children.push_back(row(QStringLiteral("layer"), words("Layer"), {}, layer[0].isEmpty() ? one_layer : layer[0],
                             layer[1].isEmpty() ? of_both(one_layer) : layer[1]));
  out.children.push_back(
      row(QStringLiteral("place"), words("Site"), words("where in the layer"), site_title(s.site), of_both(site_title(s.site))));
  if (s.channel >= 0)
    out.children.push_back(
        row(QStringLiteral("channel"), words("Channel"), {}, QString::number(s.channel), of_both(QString::number(s.channel))));
  if (s.token >= 0) {
    const QString definition = words("position in the text: window × context + position in the window");
    const QString other = sides[1].file ? token_title(sides[1].file.get(), s.token) : QString();
    out.children.push_back(row(QStringLiteral("token"), words("Token"), definition, token_title(sides[0].file.get(), s.token), other));
  }
  if (!values[0] && !values[1]) return out;
  const QString name = values[0] ? values[0]->statistic : values[1]->statistic;
  const QString definition = s.channel < 0 && s.token < 0    ? definition_in(tensor_fields(), s.statistic)
                             : s.channel >= 0 && s.token < 0 ? definition_in(channel_fields(), s.statistic)
                             : s.token >= 0 && s.channel < 0 ? words("max |x| of the token over the channels")
                                                             : words("x of this token and channel");
  const auto value = cell([](const SelectedValue& v) { return number(v.value, 5); });
  const auto ratio = cell([](const SelectedValue& v) { return std::isfinite(v.ratio) ? times(v.ratio) : QString(); });
  const auto rms = cell([](const SelectedValue& v) { return std::isfinite(v.over_rms) ? times(v.over_rms) : QString(); });
  out.children.push_back(row(QStringLiteral("value"), name, definition, value[0], value[1]));
  out.children.back().strong = true;
  out.children.push_back(row(QStringLiteral("ratio"), words("× median"), words("|value| / median over the tokens of max |x| at this site"),
                             ratio[0], ratio[1]));
  out.children.push_back(row(QStringLiteral("rms"), words("× rms"), words("|value| / sqrt(mean of x²) of the whole site"), rms[0], rms[1]));
  return out;
}

// What the file calls token_top1 is for the eye.
QString field_title(const QString& name) {
  const std::pair<const char*, QString> titles[] = {{"absmax", words("absmax")},
                                                    {"p50", words("median |x|")},
                                                    {"p99", words("99 % quantile of |x|")},
                                                    {"p999", words("99.9 % quantile")},
                                                    {"p9999", words("99.99 % quantile")},
                                                    {"share_above_3_sigma", words("share above 3 σ")},
                                                    {"share_above_6_sigma", words("share above 6 σ")},
                                                    {"share_above_10_sigma", words("share above 10 σ")},
                                                    {"share_above_20_sigma", words("share above 20 σ")},
                                                    {"token_top1", words("token maxima: top-1")},
                                                    {"token_top2", words("token maxima: top-2")},
                                                    {"token_top3", words("token maxima: top-3")},
                                                    {"token_median", words("token maxima: median")},
                                                    {"token_least", words("token maxima: min-1")},
                                                    {"token_ratio", words("top-1 / median")}};
  for (const auto& [field, title] : titles) {
    if (name == QLatin1String(field)) return title;
  }
  return name;
}

TreeItem site_group(const std::array<Side, 2>& sides, bool without_first) {
  TreeItem out = group("site", without_first ? words("Whole site, without first tokens") : words("Whole site"));
  const auto fields = tensor_fields();
  std::array<std::vector<double>, 2> values;
  for (size_t i = 0; i < 2; ++i) {
    values[i] = sides[i].site != nullptr ? tensor_values(*sides[i].site) : std::vector<double>(fields.size(), std::nan(""));
  }
  for (size_t f = 0; f < fields.size(); ++f) {
    QString definition = QString::fromUtf8(fields[f].definition);
    const bool read_from_bins =
        std::string_view(fields[f].name) == "token_median" && sides[0].site != nullptr && !sides[0].site->median_exact;
    if (read_from_bins) definition += words(", from 64 bins an octave (at most 0.54 % off)");
    const QString name = QString::fromLatin1(fields[f].name);
    add_number(out, name, field_title(name), words("%1 in the file. %2").arg(name, definition), values[0][f], values[1][f],
               sides[1].site != nullptr);
  }
  const auto count = [&](const char* key, const QString& name, auto member) {
    std::array<QString, 2> cells;
    for (size_t i = 0; i < 2; ++i) cells[i] = sides[i].site != nullptr ? grouped(member(*sides[i].site)) : QString();
    out.children.push_back(row(QString::fromLatin1(key), name, {}, cells[0], cells[1]));
  };
  count("tokens", words("tokens"), [](const TensorFigures& f) { return f.tokens; });
  count("channels", words("channels"), [](const TensorFigures& f) { return f.channels; });
  return out;
}

// With all layers selected: of the figures that tell outliers, the layer where each is most.
TreeItem layers_group(const Selection& s, const std::array<Side, 2>& sides) {
  TreeItem out = group("layers", words("Most of all layers"));
  const auto fields = tensor_fields();
  for (size_t f = 0; f < fields.size(); ++f) {
    const QString name = QString::fromLatin1(fields[f].name);
    static const QStringList kTelling = {QStringLiteral("absmax"), QStringLiteral("kurtosis"), QStringLiteral("p999"),
                                         QStringLiteral("rms"), QStringLiteral("token_ratio")};
    if (!kTelling.contains(name)) continue;
    TreeItem item = row(name, field_title(name), QString::fromUtf8(fields[f].definition), {}, {});
    for (size_t i = 0; i < 2; ++i) {
      if (sides[i].state == nullptr) continue;
      double most = std::nan("");
      int layer = -1;
      for (const auto& [key, figures] : sides[i].state->sites) {
        if (key.site != s.site) continue;
        const double value = tensor_values(s.without_first ? figures.without_first : figures.all)[f];
        if (std::isnan(value) || value <= most) continue;
        most = value;
        layer = key.layer;
      }
      if (layer >= 0) item.cells[kInspectorA + i] = {number(most, 5), words("%1, in layer %2").arg(exact(most)).arg(layer)};
    }
    out.children.push_back(std::move(item));
  }
  return out;
}

// The linears that read the site.
QStringList readers(SiteKind site) {
  switch (site) {
    case SiteKind::qkv_in:
      return {QStringLiteral("self_attn.q_proj"), QStringLiteral("self_attn.k_proj"), QStringLiteral("self_attn.v_proj")};
    case SiteKind::o_in:
      return {QStringLiteral("self_attn.o_proj")};
    case SiteKind::gate_up_in:
      return {QStringLiteral("mlp.gate_proj"), QStringLiteral("mlp.up_proj")};
    case SiteKind::down_in:
      return {QStringLiteral("mlp.down_proj")};
    default:
      return {};
  }
}

TreeItem weights_group(const Selection& s, const std::array<Side, 2>& sides) {
  TreeItem out = group("weights", words("Weights that read it"));
  for (const QString& reader : readers(s.site)) {
    const std::string name = QStringLiteral("model.layers.%1.%2").arg(s.layer).arg(reader).toStdString();
    std::array<const LinearStatistics*, 2> linears{};
    for (size_t i = 0; i < 2; ++i) {
      if (sides[i].state == nullptr) continue;
      for (const LinearStatistics& l : sides[i].state->linears) {
        if (l.name == name) linears[i] = &l;
      }
    }
    if (linears[0] == nullptr && linears[1] == nullptr) continue;
    const QString shown = reader.section(QLatin1Char('.'), 1);
    const auto add = [&](const char* key, const QString& title, const QString& definition, double LinearStatistics::*member) {
      const auto value = [&](size_t i) { return linears[i] != nullptr ? linears[i]->*member : std::nan(""); };
      add_number(out, shown + QLatin1Char('.') + QLatin1String(key), shown + QLatin1Char(' ') + title, definition, value(0), value(1),
                 linears[1] != nullptr);
    };
    add("absmax", words("absmax"), words("max |w| of the matrix"), &LinearStatistics::absmax);
    add("kurtosis", words("kurtosis"), words("m4/m2² of all weights, biased; 3 for a Gaussian"), &LinearStatistics::kurtosis);
    add("rtn_relative_error", words("RTN W4 error"),
        words("‖ŵ − w‖ / ‖w‖ of the matrix rounded to nearest: 4 bits, symmetric, one scale a row"), &LinearStatistics::rtn_relative_error);
  }
  return out;
}

TreeItem provenance_group(const std::array<Side, 2>& sides, const Workbench& workbench) {
  TreeItem out = group("provenance", words("Provenance"));
  const auto add = [&](const char* key, const QString& name, const QString& definition, auto text) {
    std::array<TreeCell, 2> cells;
    for (size_t i = 0; i < 2; ++i) {
      if (sides[i].state != nullptr) cells[i] = text(sides[i]);
    }
    if (cells[0].text.isEmpty() && cells[1].text.isEmpty()) return;
    TreeItem item = row(QString::fromLatin1(key), name, definition, {}, {});
    item.cells[kInspectorA] = cells[0];
    item.cells[kInspectorB] = cells[1];
    out.children.push_back(std::move(item));
  };
  const auto of = [](auto member) { return [member](const Side& side) { return TreeCell{member(side), member(side)}; }; };
  const auto hash = [](auto member) {
    return [member](const Side& side) {
      const QString whole = member(side);
      return TreeCell{whole.size() > 12 ? whole.left(12) + QStringLiteral("…") : whole, whole};
    };
  };
  const auto text = [](const std::string& s) { return QString::fromStdString(s); };
  add("source", words("run"), words("the run or file that the numbers were read from"), [&](const Side& side) {
    return TreeCell{source_title(side.ref.file, workbench), side.ref.file};
  });
  add("model", words("model"), words("identity of the model: a SHA-256 over its configuration and weights"),
      hash([](const Side& side) { return side.state->model_hash; }));
  add("rotation", words("rotation"), {}, of([](const Side& side) { return side.state->rotation; }));
  add("checksum", words("checksum"), words("of all rotation matrices"),
      hash([](const Side& side) { return side.state->rotation_checksum; }));
  add("text", words("text"), words("what ran through the model"), of([&](const Side& side) { return text(side.file->provenance.text); }));
  add("text_hash", words("text hash"), words("SHA-256 of that file"),
      hash([&](const Side& side) { return text(side.file->provenance.text_hash); }));
  add("corpus", words("read as"), {}, of([&](const Side& side) { return text(side.file->provenance.corpus); }));
  add("tokens", words("tokens"), words("windows × tokens of a window"), [](const Side& side) {
    const StatisticsProvenance& p = side.file->provenance;
    const QString all = grouped(p.windows * p.context);
    return TreeCell{all, words("%1 = %2 × %3").arg(all, grouped(p.windows), grouped(p.context))};
  });
  add("seed", words("seed"), words("of the job or command; a rotation's own stands with it"),
      of([](const Side& side) { return QString::number(side.file->provenance.seed); }));
  add("dtype", words("arithmetic"), {}, of([&](const Side& side) { return text(side.file->provenance.dtype); }));
  add("device", words("device"), {}, of([&](const Side& side) {
        const StatisticsProvenance& p = side.file->provenance;
        return p.threads > 0 ? words("%1, %2 threads").arg(text(p.device)).arg(p.threads) : text(p.device);
      }));
  return out;
}

}  // namespace

QStringList inspector_columns(const Selection& s, const Workbench& workbench) {
  const auto title = [&](const StateRef& ref) { return ref.valid() ? state_title(ref, *workbench.statistics) : QString(); };
  return {words("Figure"), title(s.a), title(s.b)};
}

std::vector<TreeItem> inspector_items(const Selection& s, const Workbench& workbench) {
  const std::array<Side, 2> sides = {side_of(s.a, s, *workbench.statistics), side_of(s.b, s, *workbench.statistics)};
  std::vector<TreeItem> out;
  if (sides[0].state == nullptr && sides[1].state == nullptr) return out;
  out.push_back(selected_group(s, sides, *workbench.statistics));
  if (sides[0].site != nullptr || sides[1].site != nullptr) {
    out.push_back(site_group(sides, s.without_first));
    TreeItem weights = weights_group(s, sides);
    if (!weights.children.empty()) out.push_back(std::move(weights));
  }
  if (s.layer < 0) out.push_back(layers_group(s, sides));
  out.push_back(provenance_group(sides, workbench));
  return out;
}

QString inspector_text(const QStringList& columns, const std::vector<TreeItem>& items) {
  QStringList lines = {columns.join(QLatin1Char('\t'))};
  for (const TreeItem& one : items) {
    lines.append(one.cells[0].text);
    for (const TreeItem& child : one.children) {
      QStringList cells;
      for (size_t c = 0; c < child.cells.size(); ++c) {  // the exact number or the whole hash, where the cell shows less
        const TreeCell& cell = child.cells[c];
        cells.append(c > 0 && !cell.tip.isEmpty() ? cell.tip : cell.text);
      }
      lines.append(cells.join(QLatin1Char('\t')));
    }
  }
  return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

}  // namespace rolora::widgets
