# SPDX-License-Identifier: GPL-3.0-or-later
"""tokenizer.json by component, SentencePiece models, LLaMA-3's ranks."""
import copy
import json
import struct

from corpus import ROOT

FIXTURES = ROOT / "tests/core/tokenizer/fixtures"


def add(corpus):
    def tokenizer(name, attack, data, says, file="tokenizer.json"):
        (corpus.folder(name) / file).write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
        corpus.add(name, attack, ["tokenize", file, "--text", "the wheel", "--special"], [file + ": ", *([says] if isinstance(says, str) else says)])

    document = json.loads((FIXTURES / "tokenizers.json").read_text())
    chosen = next(t for t in document["tokenizers"] if t["name"] == "llama3")
    sound = {"version": "1.0", **chosen["rest"], "model": {**document["models"][chosen["model"]], **chosen["options"]}}
    add_components(tokenizer, sound)
    add_models(tokenizer, sound)
    add_tokens(tokenizer, sound)
    add_sentencepiece(tokenizer)
    add_ranks(tokenizer)


def add_components(tokenizer, sound):
    def part(name, attack, key, value, says):
        tokenizer(f"tok-{name}", attack, {**sound, key: value}, says)

    for key in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        part(f"{key}-unknown", f"a {key} that is not supported", key, {"type": "Nonsense"}, [key, "Nonsense"])
        part(f"{key}-list", f"a {key} that is a list", key, [], f"{key}: expected")
    part("version", "another version", "version", "2.0", "version: expected 1.0")
    part("truncation", "a truncation that is a text", "truncation", "yes", "truncation: expected an object")

    def nested(kind, key, depth=40):
        inner = {"type": kind, key: []}
        for _ in range(depth):
            inner = {"type": kind, key: [inner]}
        return inner
    part("nested-normalizers", "sequences in sequences beyond the depth that is read", "normalizer", nested("Sequence", "normalizers"), "expected")
    part("replace-no-pattern", "Replace without a pattern", "normalizer", {"type": "Replace", "content": "x"}, "normalizer")
    part("replace-pattern-list", "Replace whose pattern is a list", "normalizer", {"type": "Replace", "pattern": [], "content": "x"}, "normalizer")
    for label, pattern in (("open", "(a"), ("named", "(?<n>a)\\k<m>"), ("class", "[z-a]"), ("huge-repeat", "a{1000000}"),
                           ("nested-quantifiers", "(" * 400 + "a" + ")*" * 400), ("recursion", "(?R)*"), ("callout", "(?C1)a"),
                           ("verb", "(*LIMIT_MATCH=0)a"), ("control", "(*UTF)(*NO_JIT)a"), ("long", "a|" * 200_000 + "b")):
        part(f"regex-{label}", f"a pattern that would hurt: {pattern[:30]}", "pre_tokenizer",
             {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}, "pre_tokenizer")
    part("split-behavior", "an unknown behavior", "pre_tokenizer",
         {"type": "Split", "pattern": {"String": " "}, "behavior": "Sideways", "invert": False}, "behavior")
    part("metaspace-replacement", "a replacement of two characters", "pre_tokenizer",
         {"type": "Metaspace", "replacement": "__", "prepend_scheme": "always", "split": True}, "replacement")
    part("precompiled", "a character map that is cut", "normalizer", {"type": "Precompiled", "precompiled_charsmap": "AAAA"}, "precompiled_charsmap")
    part("precompiled-base64", "a character map that is no base64", "normalizer", {"type": "Precompiled", "precompiled_charsmap": "!!"},
         "precompiled_charsmap")
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}

    def changed(change):
        new = copy.deepcopy(template)
        change(new)
        return new
    part("template-unknown", "a template with a token that it does not define", "post_processor",
         changed(lambda t: t.update(special_tokens={})), "post_processor")
    part("template-id-beyond", "a template with an id outside the vocabulary", "post_processor",
         changed(lambda t: t["special_tokens"]["<s>"].update(ids=[2**31])), "post_processor")
    part("template-id-negative", "a template with a negative id", "post_processor",
         changed(lambda t: t["special_tokens"]["<s>"].update(ids=[-1])), "post_processor")
    part("template-bomb", "a template with a million ids", "post_processor",
         changed(lambda t: t.update(single=[{"SpecialToken": {"id": "<s>", "type_id": 0}}] * 1000,
                                    special_tokens={"<s>": {"id": "<s>", "ids": [10**9] * 1000, "tokens": ["<s>"] * 1000}})), "post_processor")
    part("roberta-negative", "RobertaProcessing with a negative id", "post_processor",
         {"type": "RobertaProcessing", "sep": ["</s>", -2], "cls": ["<s>", 1], "trim_offsets": True, "add_prefix_space": True}, "post_processor")


def add_models(tokenizer, sound):
    def model(name, attack, says, **change):
        tokenizer(f"tok-{name}", attack, {**sound, "model": {**sound["model"], **change}}, says)

    vocabulary = sound["model"]["vocab"]
    model("model-unknown", "a kind of model that is not supported", ["model", "WordPiece"], type="WordPiece")
    model("vocab-list", "BPE with a list as vocabulary", "model.vocab: expected", vocab=list(vocabulary))
    model("vocab-empty", "an empty vocabulary", "expected", vocab={})
    model("vocab-negative", "a negative id", "expected", vocab={**vocabulary, "zz": -1})
    model("vocab-same-id", "two pieces of one id", "expected", vocab={**vocabulary, "zz": 5})
    model("vocab-huge-id", "an id of 2^40: a table of that size would follow", "expected", vocab={**vocabulary, "zz": 2**40})
    model("vocab-text-id", "an id that is a text", "expected an integer", vocab={**vocabulary, "zz": "7"})
    model("merge-unknown", "a merge of pieces that are not there", "model.merges", merges=[["@@", "##"]])
    model("merge-result", "a merge whose result is not there", "model.merges", merges=[["Z", "Q"]])
    model("merge-three", "a merge of three pieces", "model.merges", merges=[["a", "b", "c"]])
    model("merge-one", "a merge in text without a space", "model.merges", merges=["ab"])
    model("merge-number", "a merge that is a number", "model.merges", merges=[7])
    model("dropout", "dropout: encodings that are drawn by lot", "model.dropout", dropout=0.5)
    model("unk-number", "an unknown token that is a number", "model.unk_token: expected", unk_token=7)
    for label, pieces in (("nan", [["<unk>", 0.0], ["a", None]]), ("no-list", [["<unk>", 0.0], "a"]), ("three", [["<unk>", 0.0, 1]]), ("empty", [])):
        tokenizer(f"tok-unigram-{label}", f"a unigram vocabulary: {label}",
                  {**sound, "model": {"type": "Unigram", "unk_id": 0, "vocab": pieces}}, "model.")
    tokenizer("tok-unigram-unk", "an unknown id beyond the pieces",
              {**sound, "model": {"type": "Unigram", "unk_id": 9, "vocab": [["<unk>", 0.0], ["a", -1.0]]}}, "model.unk_id")
    tokenizer("tok-no-model", "no model", {k: v for k, v in sound.items() if k != "model"}, "model: expected")


def add_tokens(tokenizer, sound):
    def tokens(name, attack, value, says="added_tokens"):
        tokenizer(f"tok-added-{name}", attack, {**sound, "added_tokens": value}, says)

    one = {"id": 460, "content": "<|x|>", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokens("object", "added tokens that are an object", {"a": one})
    tokens("content", "an added token whose text is a list", [{**one, "content": ["x"]}])
    tokens("negative", "a negative id", [{**one, "id": -1}])
    tokens("far", "an id of 2^40", [{**one, "id": 2**40}])
    tokens("flag", "a flag that is a number", [{**one, "special": 1}])
    tokens("missing", "an added token without id", [{"content": "x"}])
    tokens("taken", "an id that another piece has", [{**one, "id": 5}])


def add_sentencepiece(tokenizer):
    sound = (FIXTURES / "unigram.model").read_bytes()

    def field(number, kind, data):
        return bytes([number << 3 | kind]) + (bytes([len(data)]) if kind == 2 else b"") + data

    def piece(text, score=struct.pack("<f", -1.0), kind=None):
        body = field(1, 2, text) + field(2, 5, score) + (field(3, 0, bytes([kind])) if kind is not None else b"")
        return field(1, 2, body)

    def model(name, attack, data, says):
        tokenizer(f"spm-{name}", attack, data, says, "tokenizer.model")
    model("empty", "a file of 0 bytes", b"", "expected")
    model("cut", "a model that is cut", sound[:-7], "expected")
    model("text", "a text", b"this is not a protocol buffer", "expected")
    model("nan-score", "a piece with a score of NaN", sound + piece(b"zz", struct.pack("<f", float("nan"))), "finite score")
    model("empty-piece", "a piece without text", sound + piece(b""), "expected a text")
    model("latin1-piece", "a piece that is not UTF-8", sound + piece(b"z\xff"), "expected a text")
    model("nul-piece", "a NUL byte, at which the library's trie ends its keys and throws (found by fuzzing)", sound + piece(b"\0z"), "NUL")
    model("twice", "a piece twice", sound + piece(b"zz") * 2, "expected")
    model("type", "a piece of an unknown type", sound + piece(b"zz", kind=9), "piece type")
    model("two-unknown", "two unknown pieces", sound + piece(b"zz", kind=2), "expected")
    model("group", "a wire type that is gone", sound + b"\x0b\x0c", "wire type")
    model("length", "a field of 2^63 bytes", sound + b"\x0a" + b"\xff" * 8 + b"\x7f", "expected")
    model("varint", "a number of 20 bytes", sound + b"\x08" + b"\xff" * 20, "expected")
    model("model-type", "a model of type 9", sound + field(2, 2, field(3, 0, b"\x09")), "trainer_spec")
    model("charsmap", "a character map whose trie leaves it", sound + field(3, 2, field(2, 2, b"\xff\xff\xff\x7f" + b"\0" * 16)), "normalizer_spec")
    model("charsmap-loop", "a character map of bytes that all point back", sound + field(3, 2, field(2, 2, b"\x40\0\0\0" + b"\xff" * 68)),
          "normalizer_spec")


def add_ranks(tokenizer):
    sound = (FIXTURES / "tiktoken.model").read_bytes()

    def ranks(name, attack, data, says="expected"):
        tokenizer(f"ranks-{name}", attack, data, says, "tokenizer.model")
    ranks("cut", "ranks that are cut in a line", sound[:-3])
    ranks("base64", "no base64", sound.replace(b"IQ==", b"I?==", 1))
    ranks("twice", "a piece twice", sound + sound.splitlines()[5].split()[0] + b" %d\n" % len(sound.splitlines()))
    ranks("rank-twice", "a rank twice", sound + b"enp6 5\n")
    ranks("rank-far", "a rank of 2^62", sound + b"enp6 4611686018427387904\n")
    ranks("rank-negative", "a negative rank", sound + b"enp6 -1\n")
    ranks("rank-overflow", "a rank of thirty digits", sound + b"enp6 " + b"9" * 30 + b"\n")
    ranks("byte-missing", "a byte without rank", b"".join(line + b"\n" for line in sound.splitlines()[1:]))
    ranks("empty-piece", "a rank without piece", sound + b" 999\n")
