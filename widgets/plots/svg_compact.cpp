// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/svg_compact.h"

#include <QList>

namespace rolora::widgets {

namespace {

/// Without an attribute of this name, or only where it has this value.
void drop(QByteArray& tag, const char* name, const char* value = nullptr) {
  const QByteArray begin = QByteArray(name) + "=\"";
  qsizetype at = tag.indexOf(begin);
  while (at >= 0) {
    const qsizetype end = tag.indexOf('"', at + begin.size());
    const bool whole_name = at > 0 && (tag[at - 1] == ' ' || tag[at - 1] == '\n');
    if (end < 0) return;
    if (whole_name && (value == nullptr || tag.mid(at + begin.size(), end - at - begin.size()) == value)) {
      tag.remove(at, end + 1 - at);
      return;
    }
    at = tag.indexOf(begin, end);
  }
}

/// "<g …>" of the writer in the order it has, without what says nothing.
QByteArray short_group(QByteArray tag) {
  for (const char* font : {"font-family", "font-size", "font-weight", "font-style"}) drop(tag, font);
  drop(tag, "transform", "matrix(1,0,0,1,0,0)");
  drop(tag, "fill-opacity", "1");
  drop(tag, "stroke-opacity", "1");
  drop(tag, "stroke-linecap", "square");  // as the outermost group says already
  drop(tag, "stroke-linejoin", "bevel");
  return tag.simplified().replace(" >", ">");
}

QByteArray short_body(QByteArray body) {
  body.replace(" vector-effect=\"none\"", "");
  body.replace(" \" />", "\"/>");
  if (!body.contains("<text")) body.replace("\n", "");
  return body.trimmed();
}

}  // namespace

QByteArray compact_svg(const QByteArray& svg) {
  static const QByteArray kOpen = "\n<g ", kClose = "</g>";
  const qsizetype outermost = svg.indexOf("<g fill=\"none\"");
  if (outermost < 0) return svg;
  qsizetype at = svg.indexOf('>', outermost) + 1;
  QByteArray out = svg.left(at), open;
  for (qsizetype begin = svg.indexOf(kOpen, at); begin >= 0; begin = svg.indexOf(kOpen, at)) {
    const qsizetype header = svg.indexOf('>', begin), end = svg.indexOf(kClose, header);
    if (header < 0 || end < 0) break;
    const QByteArray group = short_group(svg.mid(begin + 1, header - begin)), body = short_body(svg.mid(header + 1, end - header - 1));
    at = end + kClose.size();
    if (body.isEmpty()) continue;
    if (group != open) {
      if (!open.isEmpty()) out += kClose;
      out += '\n' + group;
      open = group;
    }
    out += '\n' + body;
  }
  if (!open.isEmpty()) out += kClose;
  return out + svg.mid(at);
}

}  // namespace rolora::widgets
