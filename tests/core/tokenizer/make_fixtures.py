# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the fixtures of the tokenizer tests with the reference libraries: python make_fixtures.py (in this folder).

Needs tokenizers 0.23.3 and sentencepiece 0.2.3. Small models are trained on the text below; the components around them are those of
families in use. fixtures/tokenizers.json holds the models once, and for every combination of components the ids and decoded texts that the
library gives; fixtures/*.model are SentencePiece models, fixtures/sentencepiece.json their ids.
"""

import io
import itertools
import json
import pathlib

import sentencepiece
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

FOLDER = pathlib.Path(__file__).parent / "fixtures"
CORPUS = """A lathe turns the work; the tool stands still. When the wheel turns, the rim moves fastest, and what was an edge becomes a face.
Turning a vector does not change its length, but it changes how the length is shared among the coordinates: one large number becomes
many small ones. That is the whole trick, and there is not much more to it than that. The quick turner said: "Don't stop, we'll be done
in 10 minutes, or 12, or 2024!" They've measured 3.14159 and 2.71828 times 1,000,000. The outliers weren't there any more.
for (int i = 0; i < n; ++i) { sum += x[i] * y[i]; }
def turn(x, q):
    return x @ q  # rows
Das Rad dreht sich schnell, die Welle läuft ruhig. La roue tourne vite; l'été est passé. El eje gira despacio, mañana también.
""".splitlines()

TEXTS = [
    "",
    " ",
    "  ",
    "\n",
    "a",
    "\t\n \r\n",
    "The wheel turns and the tool stands still.",
    "  two blanks in front",
    "two blanks behind  ",
    "one two  three   four    five",
    "line\n\nline\n\n\nline\r\n\r\n end\n",
    "def turn(x, q):\n    for i in x:\n\treturn i @ q\n",
    "x[i]+=y[i]*3; // 0x1F, 1e-10, ++i; std::max(a, b)",
    "7 42 314 2718 31415 271828 12345678901 3.14 1,000,000",
    "１２ ３４５ ½ ² Ⅷ ٣٤٥ 十二",
    "DON'T don't Don'T we'll WE'LL they've I'M 'tis 's 'ſ it’s",
    "user@example.net, https://example.net/a?b=c%20d#e",
    "Öl über Straße, ça été, mañana; naïve Ærø",
    "车轮转动，工具不动。二〇二四年",
    "車輪が回ると、ふちが速い。ﾊﾝｶｸ カナ",
    "바퀴가 돈다 \u1112\u1161\u11ab",
    "ล้อหมุนเร็ว ๑๒๓",
    "العجلة تدور بسرعة ١٢٣",
    "चक्र घूमता है १२३",
    "🚲 👩‍🔧 🏴‍☠️ 👍🏾 🇨🇭🇦🇹",
    "e\u0301 a\u0308 o\u0302\u0323 \u212b ﬁ ①㎏ \u1e9b\u0323",
    "a\u00a0b\u2009c\u3000d\u200be\u180ef\u2028g\u0085h",
    "\x00mid\x00\x01\x1b[0m\x7f",
    "<s>word</s> <s> word </s><mask>word <mask> word<mask>",
    "<|end|><|end|> a <|en <|end|>\n<|begin|>x<|end|>",
    "▁under ▁ score▁_",
    "<0x41><0xE4> <0xZZ>",
    "wheel Wheel WHEEL wheels awheel wheel.",
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
    "ab" * 24,
    " " * 33 + "x" + "\n" * 9,
    "\U00031350\U00010d4a \U00011f50\U0001e4d0 \U0001fae8",
    "\ufffd\uffff\U0010ffff\ue000",
    "$+<=>^`|~ !\"#%&'()*,-./:;?@[\\]_{}",
    "ΣΊΣΥΦΟΣ İstanbul Ǆ",
]
SHORT = [2, 5, 7, 8, 10, 13, 17, 18, 25, 26, 28, 32]
FLAGS = [7, 28, 29, 32]
CODE_AND_SCRIPTS = [5, 10, 11, 12, 13, 14, 15, 18, 25, 26, 38]

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace("{1,3}", "")
CASED = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train(model, pre_tokenizer, size, special, alphabet=()):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=list(alphabet), show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return json.loads(tokenizer.to_str())["model"]


def byte_level_model():
    model = train(
        models.BPE(), pre_tokenizers.ByteLevel(add_prefix_space=False), 460, ["<|end|>", "<s>", "</s>"], pre_tokenizers.ByteLevel.alphabet()
    )
    model["merges"] = [" ".join(pair) for pair in model["merges"]]  # the old form
    return model


def metaspace_model():
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    model = train(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True), pre_tokenizers.Metaspace(), 460, special)
    model["unk_token"], model["byte_fallback"], model["fuse_unk"] = "<unk>", True, True
    return model


def parts(normalizer=None, pre_tokenizer=None, post_processor=None, decoder=None, added=(), **model):
    return {
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": post_processor,
        "decoder": decoder,
        "added": added,
        "model": model,
    }


def byte_level(words=None, **more):
    words = words or pre_tokenizers.ByteLevel(add_prefix_space=False)
    return parts(pre_tokenizer=words, decoder=decoders.ByteLevel(), **more)


def split_then_bytes(*expressions):
    cuts = [pre_tokenizers.Split(Regex(expression), "isolated") for expression in expressions]
    return pre_tokenizers.Sequence(cuts + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def llama_decoder():
    return decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])


def template(single, **tokens):
    return processors.TemplateProcessing(single=single, pair="$A $B", special_tokens=[(name, number) for name, number in tokens.items()])


def flagged(single_word, lstrip, rstrip, normalized, special):
    flags = dict(single_word=single_word, lstrip=lstrip, rstrip=rstrip, normalized=normalized, special=special)
    return [AddedToken(content, **flags) for content in ("<mask>", "<|en", "wheel")]


def combinations():
    """Name, model, texts and components of every tokenizer."""
    yield from byte_level_families()
    yield from metaspace_families()
    yield from single_normalizers()
    yield from single_pre_tokenizers()
    yield from flagged_tokens()


def byte_level_families():
    ends = [AddedToken("<|begin|>", special=True, normalized=False), AddedToken("<|end|>", special=True, normalized=False)]
    every = range(len(TEXTS))
    yield "gpt2", "byte_level", every, byte_level(post_processor=processors.ByteLevel())
    yield "llama3", "byte_level", [index for index in every if index not in (22, 23, 24)], byte_level(
        split_then_bytes(LLAMA3),
        ignore_merges=True,
        added=ends,
        post_processor=processors.Sequence([processors.ByteLevel(), template("<|end|> $A", **{"<|end|>": 0})]),
    )
    yield "qwen2", "byte_level", every, byte_level(split_then_bytes(QWEN2), normalizer=normalizers.NFC(), added=ends)
    yield "smollm", "byte_level", CODE_AND_SCRIPTS, byte_level(
        pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
        added=ends,
    )
    yield "cased", "byte_level", CODE_AND_SCRIPTS, byte_level(split_then_bytes(CASED))
    yield "deepseek", "byte_level", CODE_AND_SCRIPTS, byte_level(
        split_then_bytes(
            r"\p{N}{1,3}",
            r"[一-龥぀-ゟ゠-ヿ]+",
            r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
            r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        )
    )
    yield "lines", "byte_level", CODE_AND_SCRIPTS, byte_level(split_then_bytes(r"[\r\n]", r"\s+$|^\s+", r"[一-龥ࠀ-一가-퟿]+", r"\s?\p{P}+"))
    yield "roberta", "byte_level", SHORT, byte_level(
        pre_tokenizers.ByteLevel(add_prefix_space=True), post_processor=processors.RobertaProcessing(("</s>", 2), ("<s>", 1))
    )
    yield "bert", "byte_level", FLAGS, byte_level(post_processor=processors.BertProcessing(("</s>", 2), ("<s>", 1)))


def metaspace_families():
    prepended = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    yield "llama2", "metaspace", range(len(TEXTS)), parts(
        normalizer=prepended,
        decoder=llama_decoder(),
        post_processor=template("<s> $A </s>", **{"<s>": 1, "</s>": 2}),
        added=[AddedToken(c, special=True, normalized=False) for c in ("<unk>", "<s>", "</s>")],
    )
    yield "llama2_normalized", "metaspace", SHORT + [29], parts(
        normalizer=prepended,
        decoder=llama_decoder(),
        added=[AddedToken(c, special=True, normalized=True) for c in ("<unk>", "<s>", "</s>")],
    )
    yield "gemma", "metaspace", SHORT, parts(
        normalizer=normalizers.Replace(" ", "▁"),
        pre_tokenizer=pre_tokenizers.Split(" ", "merged_with_previous"),
        decoder=decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]),
        added=[AddedToken("▁▁"), AddedToken("\n\n")],
    )
    for scheme, split in itertools.product(("always", "first", "never"), (True, False)):
        yield f"metaspace_{scheme}_{split}", "metaspace", SHORT, parts(
            pre_tokenizer=pre_tokenizers.Metaspace("▁", scheme, split),
            decoder=decoders.Metaspace("▁", scheme, split),
            added=[AddedToken("<s>", special=True)],
        )
    yield "unknown_fused", "metaspace", SHORT, parts(normalizer=normalizers.Replace(" ", "▁"), decoder=llama_decoder(), byte_fallback=False)
    yield "unknown_apart", "metaspace", SHORT, parts(
        normalizer=normalizers.Replace(" ", "▁"), decoder=llama_decoder(), byte_fallback=False, fuse_unk=False
    )
    yield "no_unknown", "metaspace", SHORT, parts(normalizer=normalizers.Replace(" ", "▁"), byte_fallback=False, unk_token=None)


def single_normalizers():
    for name, normalizer in dict(
        nfd=normalizers.NFD(),
        nfkc=normalizers.NFKC(),
        lower=normalizers.Lowercase(),
        strip=normalizers.Strip(True, False),
        spaces=normalizers.Replace(Regex(r"\s+"), " "),
        between=normalizers.Replace("", "-"),
        stars=normalizers.Replace(Regex("l*"), "+"),
        nmt=normalizers.Nmt(),
    ).items():
        yield f"normalizer_{name}", "metaspace", [2, 8, 15, 25, 26, 39], parts(
            normalizer=normalizer, pre_tokenizer=pre_tokenizers.Metaspace("▁", "first"), decoder=decoders.Fuse()
        )


def single_pre_tokenizers():
    for behavior, inverted in itertools.product(
        ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"), (False, True)
    ):
        yield f"split_{behavior}_{inverted}", "metaspace", [7, 9, 13, 15], parts(
            pre_tokenizer=pre_tokenizers.Split(Regex(r"\s|\d|e[lr]|o{2}"), behavior, inverted), decoder=decoders.Fuse()
        )
    for name, pre_tokenizer in dict(
        whitespace=pre_tokenizers.Whitespace(),
        whitespace_split=pre_tokenizers.WhitespaceSplit(),
        digits=pre_tokenizers.Digits(False),
        bert=pre_tokenizers.BertPreTokenizer(),
        punctuation=pre_tokenizers.Punctuation("contiguous"),
        ruby=pre_tokenizers.Split(
            Regex(r"^\w+$|\bto\b|\h{3,}|(?m:n.l)|(?:ab){,2}a|e{1}?|[[:punct:]]{1,2}+|\Bs|[^(\s|[.,;])]+ "), "isolated"
        ),
        scoped=pre_tokenizers.Split(Regex(r"t(?i)h|q"), "isolated"),
    ).items():
        yield f"pre_tokenizer_{name}", "metaspace", [9, 10, 13, 15, 26, 38], parts(pre_tokenizer=pre_tokenizer, decoder=decoders.Fuse())


def flagged_tokens():
    for number, (single_word, lstrip, rstrip, normalized) in enumerate(itertools.product((False, True), repeat=4)):
        flags = (single_word, lstrip, rstrip, normalized, number % 3 == 0)
        odd = sum(flags[:4]) % 2 == 1
        yield f"added_{number}", "metaspace" if odd else "byte_level", FLAGS, (
            parts(
                normalizer=normalizers.Lowercase(),
                pre_tokenizer=pre_tokenizers.Metaspace("▁", "first"),
                decoder=llama_decoder(),
                added=flagged(*flags),
            )
            if odd
            else byte_level(normalizer=normalizers.NFKC(), added=flagged(*flags))
        )


def build(model, given):
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": None,
        "model": {**model, **given["model"]},
    }
    tokenizer = Tokenizer.from_str(json.dumps(document))
    for key in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        if given[key] is not None:
            setattr(tokenizer, key, given[key])
    tokenizer.add_tokens(list(given["added"]))
    return tokenizer


def expected(tokenizer, texts, pool=TEXTS):
    """Ids without special tokens, what --special puts in front and behind, and the decoded text where it is not the text itself."""
    ids = [tokenizer.encode(pool[index], add_special_tokens=False).ids for index in texts]
    alone = tokenizer.encode("").ids
    front, back = next(
        (alone[:cut], alone[cut:])
        for cut in range(len(alone) + 1)
        if all(alone[:cut] + row + alone[cut:] == tokenizer.encode(pool[index]).ids for index, row in zip(texts, ids))
    )
    decoded = {str(index): tokenizer.decode(row) for index, row in zip(texts, ids) if tokenizer.decode(row) != pool[index]}
    return {"texts": list(texts), "ids": ids, "front": front, "back": back, "decoded": decoded}


def write(name, document):
    """One entry a line: small, and differences stay readable."""

    def rows(value):
        return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in value) + "\n]"

    body = ",\n".join(
        f"{json.dumps(key)}: {rows(value) if isinstance(value, list) else json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"
        for key, value in document.items()
    )
    (FOLDER / name).write_text("{\n" + body + "\n}\n", encoding="utf-8")


def make_tokenizers():
    trained = {"byte_level": byte_level_model(), "metaspace": metaspace_model()}
    rows = []
    for name, model, texts, given in combinations():
        tokenizer = build(trained[model], given)
        document = json.loads(tokenizer.to_str())
        rest = {key: document[key] for key in ("added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder")}
        rows.append({"name": name, "model": model, "options": given["model"], "rest": rest, **expected(tokenizer, texts)})
    write(
        "tokenizers.json",
        {
            "about": f"made by make_fixtures.py with tokenizers {tokenizers.__version__}",
            "texts": TEXTS,
            "models": trained,
            "tokenizers": rows,
        },
    )


def make_sentencepiece():
    rules = FOLDER / "rules.tsv"
    rules.write_text(
        "\n".join(
            f"{ord(a):X}\t{' '.join(f'{ord(c):X}' for c in b)}" for a, b in (("Ä", "ae"), ("Ö", "oe"), ("ﬁ", "fi"), ("①", "1"), ("A", "a"))
        )
    )
    settings = {
        "bpe": dict(
            model_type="bpe",
            vocab_size=400,
            byte_fallback=True,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            split_digits=True,
            user_defined_symbols=["<mask>"],
        ),
        "unigram": dict(model_type="unigram", vocab_size=160, normalization_rule_tsv=str(rules), bos_id=-1, control_symbols=["<begin>"]),
    }
    rows = []
    for name, setting in settings.items():
        stream = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(CORPUS), model_writer=stream, minloglevel=2, hard_vocab_limit=False, **setting
        )
        (FOLDER / f"{name}.model").write_bytes(stream.getvalue())
        processor = sentencepiece.SentencePieceProcessor(model_proto=stream.getvalue())
        rows.append(
            {
                "name": name,
                "bos": processor.bos_id(),
                "eos": processor.eos_id(),
                "size": processor.get_piece_size(),
                "ids": [processor.encode(text) for text in TEXTS],
                "decoded": [processor.decode(processor.encode(text)) for text in TEXTS],
            }
        )
    rules.unlink()
    write(
        "sentencepiece.json",
        {"about": f"made by make_fixtures.py with sentencepiece {sentencepiece.__version__}", "texts": TEXTS, "models": rows},
    )


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    make_tokenizers()
    make_sentencepiece()
