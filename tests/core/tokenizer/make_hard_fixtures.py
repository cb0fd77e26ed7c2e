# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the second half of the tokenizer fixtures: python make_hard_fixtures.py (in this folder, behind make_fixtures.py).

Needs tokenizers 0.23.3, sentencepiece 0.2.3 and tiktoken 0.14.0. fixtures/hard.json: the families in use, and unigram models in tokenizer.json,
on longer and meaner texts than those of make_fixtures.py; fixtures/tiktoken.model and tiktoken.json: ranks as LLaMA-3 stores them and the
ids of the library tiktoken; fixtures/bytes.json: texts that are not UTF-8, which SentencePiece's library takes as bytes; fixtures/*.model:
a unigram model with byte fallback and a BPE model with blanks behind words.
"""

import base64
import io
import json

import make_fixtures as first
import sentencepiece
import tiktoken
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HARD = [
    "车轮转动，工具不动。" * 6 + "ＡＢＣ１２３ 「かな」カﾅ",
    "ล้อหมุนเร็วและเครื่องมืออยู่กับที่๑๒๓น้ำ",
    "العَجَلَةُ تَدُورُ بِسُرْعَةٍ، ١٢٣ؤئـــء \u0600١ \u200fabc\u200e",
    "עִבְרִית 12 אב\u05beגד",
    "🚲👩‍🔧👨‍👩‍👧‍👦🏳️‍🌈👍🏾🇨🇭🇦🇹🇩 1️⃣ ❤️‍🔥 \U0001fae0\u200d",
    "z\u0301\u0323\u0308a\u0323\u0301\u0308 \u0344 o\u031b\u0301 \u1100\u1161\u11a8\u1161 \u0b47\u0b3e \ufb1d\u2126\u00c5",
    "ﬁ ﬃ ½ ² Ⅷ ㎏ ㋿ ﷺ ǆ ﾊﾞ ① ｈ \u2011\u2024\u00a8 \u1e9b\u0323",
    "".join(chr(c) for c in range(0x20)) + "\x7f" + "".join(chr(c) for c in range(0x80, 0xA1)),
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u061c\u2028\u2029\u202e\u3164\ufffd\ufffe\U000e0041",
    "<s></s><unk><|end|><|begin|> <s> <|begin_of_text|> <|eot_id|><|im_start|>user\n<0x41> <mask>\n[INST] <<SYS>> </s",
    "def f(x):\n\tif x != 0x1F and (y := x**2) >= 1e-9:\n        return f\"{x!r:>{10}}\"  # r\u00e9sum\u00e9\n\n\n#include <a.h>\r\n\r\n\t}};\n",
    "don't DON'T we've 'S 's'll''ve It'd can'ts ’s \u017f'\u017f 1's",
    "3.14159 1,000,000 0123456789012 1e10 ٣٤٥٦ ១២៣ 𝟘𝟙𝟚 ⅣⅤ 12½3",
    "a" + " " * 70 + "b" + "\t" * 9 + "c" + "\n" * 33 + " \n \n  \r\n\r\r\n" + " " * 5,
    " \u00a0\u2003 x\u2003 \u3000y \u0085 \u1680z\n\u2003\n",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3,
    "ACGT" * 200 + "0" * 150 + "!?" * 60 + "é" * 80,
    "▁▁ ▁a ▁\u2581\u2581b_ Ġ Ċ ĠĠthe",
    "\U00031350\U00010d4a\U00011f50\U0001e4d0 \U0001fae8\u0897a\u0897\u1c89 \U00016ea0",
    "ΣΊΣΥΦΟΣ İIıi ǅ ẞß \u1e9e ŉ",
    "\x12Дa\x12 \x12b <mask>\x12c",
    "a\u0314\u1abf b\u1ac0\u031b c\u0301\u0323 <|end|>\u1abf\u030du",
]
MAIN = (
    "gpt2",
    "llama3",
    "qwen2",
    "smollm",
    "deepseek",
    "llama2",
    "llama2_normalized",
    "gemma",
    "metaspace_first_True",
    "metaspace_always_False",
    "normalizer_nfkc",
    "normalizer_nfd",
)
BYTES = [
    b"a\xe2\x82b\xff",
    b"a\xed\xa0\x80 wheel",
    b"wheel\xf0\x9f\x9a",
    b"\xc0\xaf\xe0\x80\xbf turns",
    b"\x80\x81\xfe\xff",
    b"\xf4\x90\x80\x80the\xef\xbf\xbdtool\xef\xbf",
    b"a\x00\xffb\x00",
    "车轮".encode()[1:] + b" " + "é".encode()[:1],
    b"<mask>\xe9 <0x41>",
    # Two spellings of equal score, between which single precision would choose by rounding.
    b"aaaa\xfe\xcc\xbf\xf0\x9f\x8f\xbdu\n\n\n" + b"\xe1\x84\x80" * 7 + b"\x17" * 7 + b"lll",
]


def precompiled(rules):
    """A Precompiled normalizer with SentencePiece's compiled form of these rules."""
    table = first.FOLDER / "rules.tsv"
    table.write_text("\n".join(f"{' '.join(f'{ord(c):X}' for c in a)}\t{' '.join(f'{ord(c):X}' for c in b)}" for a, b in rules))
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(first.CORPUS),
        model_writer=stream,
        model_type="char",
        vocab_size=80,
        hard_vocab_limit=False,
        minloglevel=2,
        normalization_rule_tsv=str(table),
    )
    table.unlink()
    return normalizers.Precompiled(message_field(message_field(stream.getvalue(), 3), 2))  # normalizer_spec.precompiled_charsmap


def message_field(message, wanted):
    """The bytes of a length-delimited field of a protocol buffer."""
    at = 0

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            at += 1
            value |= (message[at - 1] & 127) << shift
            shift += 7
            if message[at - 1] < 128:
                return value

    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            varint()
            continue
        size = {1: 8, 5: 4}.get(tag & 7) or varint()
        at += size
        if tag >> 3 == wanted:
            return message[at - size : at]
    raise KeyError(wanted)


RULES = [("Ä", "ae"), ("ﬁ", "fi"), ("①", "1"), ("A", "a"), ("\u00a0", " "), ("\r\n", "\n"), ("e\u0301", "é"), ("ſ", "s"), ("½", "1/2"), ("n\u0303", "ñ"), ("\x12", "")]


def unigram_model(byte_fallback=False):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<unk>", "<s>", "</s>"] + ([f"<0x{byte:02X}>" for byte in range(256)] if byte_fallback else [])
    trainer = trainers.UnigramTrainer(vocab_size=250 + len(special), special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(first.CORPUS, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    # The trainer gives 15 digits of noise that differ between machines' sums; three are enough to choose.
    model["vocab"] = [[piece, round(score, 3)] for piece, score in model["vocab"]]
    model["byte_fallback"] = byte_fallback
    return model


def unigram_families():
    """Name, model and components, as make_fixtures' combinations."""
    ends = [AddedToken(c, special=True, normalized=False) for c in ("<s>", "</s>", "<unk>")]
    t5 = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace("▁", "always")])
    yield "unigram_t5", "unigram", first.parts(
        normalizer=precompiled(RULES),
        pre_tokenizer=t5,
        decoder=decoders.Metaspace("▁", "always"),
        post_processor=first.template("$A </s>", **{"</s>": 2}),
        added=ends,
    )
    yield "unigram_xlm", "unigram", first.parts(
        normalizer=normalizers.Sequence([precompiled(RULES), normalizers.Replace(Regex(" {2,}"), " ")]),
        pre_tokenizer=pre_tokenizers.Metaspace("▁", "first"),
        decoder=decoders.Metaspace("▁", "first"),
        post_processor=first.template("<s> $A </s>", **{"<s>": 1, "</s>": 2}),
        added=ends + [AddedToken("<mask>", special=True, lstrip=True, normalized=False)],
    )
    yield "unigram_nfkc", "unigram", first.parts(
        normalizer=normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.Strip(True, True)]),
        pre_tokenizer=pre_tokenizers.Metaspace("▁", "always", False),
        decoder=decoders.Metaspace("▁", "always", False),
    )
    yield "unigram_bytes", "unigram_bytes", first.parts(
        normalizer=normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), decoder=first.llama_decoder(), added=ends
    )


def models_by_name():
    return {
        "byte_level": first.byte_level_model(),
        "metaspace": first.metaspace_model(),
        "unigram": unigram_model(),
        "unigram_bytes": unigram_model(True),
    }


def families():
    for name, model, _, given in first.combinations():
        if name in MAIN:
            yield name, model, given
    yield from unigram_families()


def make_hard():
    trained, rows = models_by_name(), []
    for name, model, given in families():
        tokenizer = first.build(trained[model], given)
        document = json.loads(tokenizer.to_str())
        rest = {key: document[key] for key in ("added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder")}
        row = {"name": name, "model": model, "options": given["model"], "rest": rest}
        rows.append({**row, **first.expected(tokenizer, range(len(HARD)), HARD)})
    first.write(
        "hard.json",
        {"about": f"made by make_hard_fixtures.py with tokenizers {tokenizers.__version__}", "texts": HARD, "models": trained, "tokenizers": rows},
    )


def ranks():
    """Bytes in an order of their own, then the merged pieces of a trained byte-level BPE in the order of their merges."""
    model = first.byte_level_model()
    alphabet = byte_alphabet()
    pieces = [bytes([b]) for b in sorted(range(256), key=lambda b: (b * 37 + 11) % 256)]
    for merge in model["merges"]:
        pieces.append(bytes(alphabet[c] for c in merge.replace(" ", "")))
    assert sorted(alphabet) == sorted(pre_tokenizers.ByteLevel.alphabet())
    # Pieces that no merge leads to, and periodic ones, where only the leftmost of equal ranks is right.
    pieces += [b"zzzzz", b"ab", b"aba", b"ba", b"abab", "车".encode(), "轮".encode()[:2], b"   ", b"\n\n\n"]
    return {piece: rank for rank, piece in enumerate(dict.fromkeys(pieces))}


def byte_alphabet():
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [b for b in range(256) if b not in plain]
    return {**{chr(b): b for b in plain}, **{chr(256 + i): b for i, b in enumerate(rest)}}


def special_names():
    """Meta's list: six names of their own, the rest reserved, 256 in all."""
    reserved = (f"<|reserved_special_token_{i}|>" for i in range(251))
    fixed = {0: "<|begin_of_text|>", 1: "<|end_of_text|>", 6: "<|start_header_id|>", 7: "<|end_header_id|>", 9: "<|eot_id|>"}
    return [fixed.get(i) or next(reserved) for i in range(256)]


def encoding():
    table = ranks()
    special = {name: len(table) + i for i, name in enumerate(special_names())}
    return tiktoken.Encoding("small", pat_str=first.LLAMA3, mergeable_ranks=table, special_tokens=special)


def make_tiktoken():
    table, library = ranks(), encoding()
    lines = "".join(f"{base64.b64encode(piece).decode()} {rank}\n" for piece, rank in table.items())
    (first.FOLDER / "tiktoken.model").write_text(lines)
    texts = first.TEXTS + HARD + ["ababababab aabaaba abaaba", "zzzzzzz zzzz"]
    ids = [library.encode(text, allowed_special=set(), disallowed_special=()) for text in texts]
    assert all(library.decode(row) == text for row, text in zip(ids, texts))
    first.write(
        "tiktoken.json",
        {
            "about": f"made by make_hard_fixtures.py with tiktoken {tiktoken.__version__}",
            "ranks": len(table),
            "special": special_names(),
            "texts": texts,
            "ids": ids,
        },
    )


def make_bytes():
    settings = {
        "unigram_bytes": dict(model_type="unigram", vocab_size=420, byte_fallback=True, normalization_rule_name="identity", split_digits=True),
        "suffix": dict(
            model_type="bpe", vocab_size=200, normalization_rule_name="identity", treat_whitespace_as_suffix=True, add_dummy_prefix=False, eos_id=-1
        ),
    }
    for name, setting in settings.items():
        stream = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(first.CORPUS), model_writer=stream, minloglevel=2, hard_vocab_limit=False, **setting
        )
        (first.FOLDER / f"{name}.model").write_bytes(stream.getvalue())
    texts = BYTES + [text.encode() for text in HARD]
    rows = []
    for name in ("bpe", "unigram", *settings):
        processor = sentencepiece.SentencePieceProcessor(model_file=str(first.FOLDER / f"{name}.model"))
        ids = [processor.encode(text) for text in texts]
        rows.append({"name": name, "ids": ids, "decoded": [processor.decode(row) for row in ids]})
    first.write(
        "bytes.json",
        {
            "about": f"made by make_hard_fixtures.py with sentencepiece {sentencepiece.__version__}",
            "texts": [text.hex() for text in texts],
            "models": rows,
        },
    )


if __name__ == "__main__":
    make_hard()
    make_tiktoken()
    make_bytes()
