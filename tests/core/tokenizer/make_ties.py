#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes fixtures/ties.model, fixtures/ties_bytes.model and fixtures/ties.json: what sentencepiece makes of texts that can be spelled in
many ways with the same score, so that the rounding of its sums decides.

    python3 tests/core/tokenizer/make_ties.py      # needs sentencepiece 0.2.3

The models are unigram.model and unigram_bytes.model of make_fixtures.py with other pieces: runs of a letter whose score is as many times
that of the letter, and two user-defined pieces.
"""
import json
import pathlib
import random

import sentencepiece
from sentencepiece import sentencepiece_model_pb2

FIXTURES = pathlib.Path(__file__).resolve().parent / "fixtures"
NORMAL, USER_DEFINED = 1, 4
LETTERS = {"a": -3.1, "b": -4.7, "l": -5.3, "0": -7.7, "\u4e2d": -9.13}


def ties(source, target):
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString((FIXTURES / source).read_bytes())
    kept = [piece for piece in model.pieces if piece.type != NORMAL]
    del model.pieces[:]
    model.pieces.extend(kept)
    for text, score, kind in [*[(letter * n, n * score, NORMAL) for letter, score in LETTERS.items() for n in range(1, 7)],
                              ("\u2581", -2.9, NORMAL), ("\u2581a", -6.0, NORMAL), ("ab", -7.8, NORMAL), ("ll0", -18.3, NORMAL),
                              ("bb", 0.0, USER_DEFINED), ("[u]", 0.0, USER_DEFINED)]:
        if kind == USER_DEFINED:
            for piece in [piece for piece in model.pieces if piece.piece == text]:
                model.pieces.remove(piece)
        model.pieces.add(piece=text, score=score, type=kind)
    (FIXTURES / target).write_bytes(model.SerializeToString(deterministic=True))


def texts():
    draw = random.Random(7)
    parts = [*LETTERS, "[u]", " ", "?", "bb"]
    short = ["".join(draw.choice(parts) for _ in range(draw.randint(1, 3))) * draw.randint(3, 40) for _ in range(60)]
    return [*short, *["".join(draw.choice(parts) for _ in range(draw.randint(100, 300))) for _ in range(12)]]


def check_sum(ids):
    return sum(id * (i % 97 + 1) for i, id in enumerate(ids))


def main():
    models = {}
    for source, target in (("unigram.model", "ties.model"), ("unigram_bytes.model", "ties_bytes.model")):
        ties(source, target)
        processor = sentencepiece.SentencePieceProcessor(model_file=str(FIXTURES / target))
        rows = [{"text": text, "ids": processor.encode(text)} for text in texts()]
        # Long enough for sums beyond 100 000, where the library begins again.
        long_text = "".join(letter * n for n in range(1, 4000, 250) for letter in LETTERS)
        ids = processor.encode(long_text)
        models[target] = {"rows": rows, "long": {"letters": list(LETTERS), "ids": len(ids), "sum": check_sum(ids)}}
    about = f"made by make_ties.py with sentencepiece {sentencepiece.__version__}"
    (FIXTURES / "ties.json").write_text(json.dumps({"about": about, "models": models}, separators=(",", ":"), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
