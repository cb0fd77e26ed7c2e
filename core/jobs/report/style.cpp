// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/report/style.h"

#include <string_view>

namespace rolora {
namespace {

constexpr std::string_view kPage = R"(
:root { color-scheme: light dark; --ink: #1b1b1b; --muted: #595959; --page: #ffffff; --card: #f6f6f4; --grid: #dcdcd8;
  --c0: #0072b2; --c1: #d55e00; --c2: #008a64; --c3: #b0578d; --c4: #a87000; --c5: #1f8fc4; --c6: #1b1b1b; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --muted: #b0b0b0; --page: #16181b; --card: #1f2226; --grid: #3a3f45;
  --c0: #4aa8dd; --c1: #f0803c; --c2: #2fc79a; --c3: #dc9cc2; --c4: #e69f00; --c5: #8fd0f5; --c6: #ececec; } }
body { background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
h1 { line-height: 1.2; } h2 { margin-top: 2.4rem; border-bottom: 1px solid var(--grid); padding-bottom: .2rem; }
a { color: var(--c0); } code { font-size: .9em; overflow-wrap: anywhere; }
figure { margin: 1.4rem 0; } figcaption { color: var(--muted); font-size: .92rem; margin-top: .3rem; }
ul.findings { background: var(--card); border-left: 4px solid var(--c0); padding: .8rem 1rem .8rem 2rem; border-radius: 4px; }
ul.findings li { margin: .3rem 0; }
.scroll { overflow-x: auto; } .note { color: var(--muted); font-size: .88rem; margin: .2rem 0 1rem; }
table { border-collapse: collapse; font-size: .9rem; margin-top: 1rem; }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem; }
th, td { padding: .22rem .6rem; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top; }
td { white-space: nowrap; } td.w { white-space: normal; min-width: 24rem; }
th { background: var(--card); } td.n { text-align: right; font-variant-numeric: tabular-nums; }
details > summary { cursor: pointer; margin: .6rem 0; }
)";

constexpr std::string_view kCharts = R"(
svg { width: 100%; max-width: 760px; height: auto; display: block; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .q { fill: var(--muted); }
svg .g { stroke: var(--grid); stroke-width: 1; } svg .a { stroke: var(--muted); stroke-width: 1; }
svg [class^=l], svg [class^=f] { fill: none; stroke-width: 2; } svg [class^=f] { stroke-width: 1; opacity: .35; }
svg .l0, svg .f0 { stroke: var(--c0); } svg .l1, svg .f1 { stroke: var(--c1); } svg .l2, svg .f2 { stroke: var(--c2); }
svg .l3, svg .f3 { stroke: var(--c3); } svg .l4, svg .f4 { stroke: var(--c4); } svg .l5, svg .f5 { stroke: var(--c5); }
svg .l6, svg .f6 { stroke: var(--c6); }
svg .l1 { stroke-dasharray: 7 3; } svg .l2 { stroke-dasharray: 2 3; } svg .l3 { stroke-dasharray: 8 3 2 3; }
svg .l4 { stroke-dasharray: 12 4; } svg .l5 { stroke-dasharray: 4 2; } svg .l6 { stroke-dasharray: 1 4; }
svg .m0 { fill: var(--c0); } svg .m1 { fill: var(--c1); } svg .m2 { fill: var(--c2); } svg .m3 { fill: var(--c3); }
svg .m4 { fill: var(--c4); } svg .m5 { fill: var(--c5); } svg .m6 { fill: var(--c6); }
)";

}  // namespace

std::string report_style() {
  std::string style;
  for (const std::string_view part : {kPage, kCharts}) style += part;
  return style;
}

}  // namespace rolora
