#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes colour_stops.inc: stops of the published colour maps, every one within 2/255 of the original table at all 256 places.

viridis and magma: Smith and van der Walt, released under CC0. cividis: Nuñez, Anderton, Renslow, PLoS ONE 13(7) e0199239 (2018).
The originals come from matplotlib (any version). Greys and the diverging map are made here: the first is linear in CIE lightness, the
second runs from blue through white to red in CIE Lab with the same lightness on both sides.
Usage: colour_stops.py > colour_stops.inc
"""
import numpy as np
from matplotlib import colormaps


def stops_of(table, most=2.0):
    """Fewest equally spaced stops (2^k + 1) whose straight lines stay within `most` of the table (0–255)."""
    for count in (5, 9, 17, 33, 65, 129):
        at = np.linspace(0, 255, count)
        stops = np.stack([np.interp(at, np.arange(256), table[:, c]) for c in range(3)], 1).round()
        lines = np.stack([np.interp(np.arange(256), at, stops[:, c]) for c in range(3)], 1)
        if np.abs(lines - table).max() <= most:
            return stops.astype(int)
    raise SystemExit("no stops found")


def to_srgb(lab):
    """CIE Lab (D65) to sRGB 0–255."""
    fy = (lab[0] + 16) / 116
    xyz = []
    for f, white in ((fy + lab[1] / 500, 0.95047), (fy, 1.0), (fy - lab[2] / 200, 1.08883)):
        xyz.append(white * (f**3 if f > 6 / 29 else 3 * (6 / 29) ** 2 * (f - 4 / 29)))
    m = np.array([[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]])
    rgb = np.clip(m @ np.array(xyz), 0, 1)
    return 255 * np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)


def greys():
    return np.array([to_srgb((100 - 96 * t, 0, 0)) for t in np.linspace(0, 1, 256)])


def diverging():
    blue, red = np.array([33.0, 8.0, -52.0]), np.array([33.0, 58.0, 36.0])
    white = np.array([97.5, 0.0, 0.0])
    out = []
    for t in np.linspace(-1, 1, 256):
        end, s = (blue, -t) if t < 0 else (red, t)
        lightness = white[0] + (end[0] - white[0]) * s
        chroma = np.sin(np.pi / 2 * min(1.0, s * 1.05))  # colour comes early, so that small differences have a sign
        out.append(to_srgb(np.array([lightness, end[1] * chroma, end[2] * chroma])))
    return np.array(out)


def main():
    maps = {name: np.array([colormaps[name.lower()](i)[:3] for i in range(256)]) * 255 for name in ("Cividis", "Viridis", "Magma")}
    maps |= {"Greys": greys(), "Diverging": diverging()}
    print("// SPDX-License-Identifier: GPL-3.0-or-later\n// Written by colour_stops.py; do not edit. Equally spaced stops.")
    for name, table in maps.items():
        stops = stops_of(table)
        print(f"constexpr std::array<QRgb, {len(stops)}> k{name} = {{")
        for start in range(0, len(stops), 11):
            print("    " + ", ".join(f"0xff{r:02x}{g:02x}{b:02x}" for r, g, b in stops[start : start + 11]) + ",")
        print("};")


main()
