#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the expected numbers of random_test.cpp from an own mt19937-64 (Matsumoto & Nishimura 2000/2004) in whole numbers of Python.

usage: random_numbers.py   (prints lines to paste; needs nothing but Python)
"""
import math

MASK = (1 << 64) - 1


def mt19937_64(seed):
    n, m, r = 312, 156, 31
    x = [seed]
    for i in range(1, n):
        x.append((6364136223846793005 * (x[-1] ^ (x[-1] >> 62)) + i) & MASK)
    low = (1 << r) - 1
    while True:
        nxt = list(x)
        for k in range(n):  # x_{k+n} from x_k, x_{k+1}, x_{k+m}; what is past the block has been made already
            a, b = x[k], (x[k + 1] if k + 1 < n else nxt[0])
            c = x[k + m] if k + m < n else nxt[k + m - n]
            y = (a & ~low & MASK) | (b & low)
            nxt[k] = c ^ (y >> 1) ^ (0xB5026F5AA96619E9 if y & 1 else 0)
        x = nxt
        for z in x:
            z ^= (z >> 29) & 0x5555555555555555
            z ^= (z << 17) & 0x71D67FFFEDA60000
            z ^= (z << 37) & 0xFFF7EEE000000000
            yield z ^ (z >> 43)


def stream(seed, purpose):
    """FNV-1a of the purpose (Fowler, Noll, Vo), added to the seed and put through SplitMix64 (Steele, Lea, Flood 2014)."""
    h = 14695981039346656037
    for byte in purpose.encode():
        h = (h ^ byte) * 1099511628211 % (1 << 64)
    z = (seed + 11400714819323198485 + h) % (1 << 64)
    z = ((z ^ (z >> 30)) * 13787848793156543929) % (1 << 64)
    z = ((z ^ (z >> 27)) * 10723151780598845931) % (1 << 64)
    return mt19937_64(z ^ (z >> 31))


def uniform(g):
    return (next(g) >> 11) / (1 << 53)


def below(g, n):
    most = MASK // n * n
    while True:
        value = next(g)
        if value < most:
            return value % n


def main():
    g = mt19937_64(5489)
    print("10000th of the default engine:", [next(g) for _ in range(10000)][-1])
    for seed, purpose in ((0, ""), (7, "rotation r1"), (MASK, "shuffle")):
        g = stream(seed, purpose)
        print(f"bits {seed} {purpose!r}:", [next(g) for _ in range(3)])
    g = stream(7, "rotation r1")
    print("uniform:", [uniform(g) for _ in range(3)])
    g = stream(7, "rotation r1")
    normals = []
    for _ in range(2):
        radius = math.sqrt(-2 * math.log(1 - uniform(g)))
        angle = 2 * math.pi * uniform(g)
        normals += [radius * math.cos(angle), radius * math.sin(angle)]
    print("normal:", normals)
    g = stream(7, "rotation r1")
    print("below 10:", [below(g, 10) for _ in range(12)])
    g = stream(7, "rotation r1")
    print("sign:", [-1 if next(g) >> 63 else 1 for _ in range(12)])
    g = stream(7, "rotation r1")
    order = list(range(12))
    for i in range(11, 0, -1):
        j = below(g, i + 1)
        order[i], order[j] = order[j], order[i]
    print("permutation:", order)


main()
