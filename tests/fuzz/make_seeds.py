#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the first inputs of every fuzz entry, and a dictionary of the words in them.

    python3 tests/fuzz/make_seeds.py OUT        # needs Python's standard library only

OUT/NAME is the corpus of fuzz_NAME, OUT/NAME.dict its dictionary. Inputs are the fixtures of the tests and what lies in seeds/, which
`rolora` wrote for the model of small_model.h:

    rolora random-checkpoint --hidden 8 --intermediate 12 --heads 2 --layers 1 --vocab 16 --context 32 --out m
    rolora rotate m --r2 --r3 --out r                       # rotation.json, rotation.safetensors
    rolora finetune m --ids ids.json --format text --block 16 --steps 1 --rank 2 --out a   # adapter_config.json, adapter_model.safetensors
    rolora quantize m --weights 4 --activations 8 --bits bits.json --out q                # quantized/: quantization.json, model.safetensors
    rolora quantize w --weights 4 --group 8 --scale-convention compressed-tensors --out p; rolora export p --to compressed-tensors --out packed
    rolora quantize w --weights 8 --activations 8 --scale-convention compressed-tensors --out i; rolora export i --to compressed-tensors --out integers
    rolora quantize w --weights 4 --out g; rolora export g --to gptq --out gptq           # w: m with --hidden 16 --intermediate 24
"""
import json
import math
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
SEEDS = HERE / "seeds"


def pair(first, second):
    """Two files as one input (entry.h: Pair)."""
    return struct.pack("<I", len(first)) + first + second


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def safetensors(tensors, metadata=None):
    """name → (dtype, shape, bytes) as a file."""
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, (dtype, shape, values) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = compact(header)
    return struct.pack("<Q", len(text)) + text + data


def two_shards():
    """The index and the first shard of the model of small_model.h; shards_fuzz.cpp holds the second."""
    layer = {"self_attn.q_proj": [8, 8], "self_attn.k_proj": [8, 8], "self_attn.v_proj": [8, 8], "self_attn.o_proj": [8, 8],
             "mlp.gate_proj": [12, 8], "mlp.up_proj": [12, 8], "mlp.down_proj": [8, 12], "input_layernorm": [8], "post_attention_layernorm": [8]}
    shapes = {"model.embed_tokens.weight": [16, 8], **{f"model.layers.0.{name}.weight": shape for name, shape in layer.items()}}
    first = safetensors({name: ("F32", shape, struct.pack("<f", 0.5) * math.prod(shape)) for name, shape in shapes.items()})
    where = {**dict.fromkeys(shapes, "a.safetensors"), "model.norm.weight": "b.safetensors", "lm_head.weight": "b.safetensors"}
    return pair(compact({"metadata": {"total_size": 3000}, "weight_map": where}), first)


def short_tokenizers():
    """Whole tokenizer.json files, their vocabularies cut to 80 pieces and the merges to what those still have."""
    for source in ("tokenizers", "hard"):
        document = json.loads((TESTS / "core/tokenizer/fixtures" / f"{source}.json").read_text())
        for one in document["tokenizers"]:
            model = {**document["models"][one["model"]], **one["options"]}
            if isinstance(model["vocab"], dict):
                kept = sorted(model["vocab"].items(), key=lambda item: item[1])[:300]
                model["vocab"] = dict(kept)
                pieces = [tuple(m) if isinstance(m, list) else tuple(m.split(" ", 1)) for m in model["merges"]]
                model["merges"] = [list(m) for m in pieces if all(p in model["vocab"] for p in (*m, "".join(m)))]
            else:
                model["vocab"] = model["vocab"][:80]
            yield f"{source}-{one['name']}", {"version": "1.0", "truncation": None, "padding": None, **one["rest"], "model": model}


def inputs():
    """(entry, name, bytes)"""
    storage, model = TESTS / "core/storage", TESTS / "core/model"
    for file in sorted([*storage.glob("*.safetensors"), *SEEDS.glob("*.safetensors")]):
        yield "safetensors", file.name, file.read_bytes()
    yield "safetensors", "empty", struct.pack("<Q", 2) + b"{}"
    for file in sorted(storage.glob("torch_*.bin")):
        yield "torch_file", file.name, file.read_bytes()
    for name, text in {"kinds": b'{"a": [1, -2, 3.5e-3, true, false, null], "b": {"c": "\\u00e9\\n\\ud83d\\ude00"}}', "list": b"[[], {}, \"\"]",
                       "numbers": b"[1e308, 18446744073709551615, -9223372036854775808, 0.1, -0.0]"}.items():
        yield "json", name, text
    for file in sorted((TESTS / "core/tokenizer/fixtures").glob("*.model")):
        yield ("tiktoken" if file.stem == "tiktoken" else "sentencepiece"), file.name, file.read_bytes()
    for name, document in short_tokenizers():
        yield "tokenizer_json", name, compact(document)
    for edit in range(10):  # one edit each (statistics_edits.cpp), and several
        yield "statistics", f"edit-{edit}", bytes([edit, 40, 0, 2, 1, 1, 3, 0, 0, 0])
    yield "statistics", "edits", bytes(value for edit in range(10) for value in (edit, 17 * edit, 0, 5, edit))
    for folder in sorted([*(model / "fixtures").iterdir(), *(model / "family_fixtures").iterdir()]):
        generation = folder / "generation_config.json"
        yield "config", folder.name, pair(compact(json.loads((folder / "config.json").read_text())),
                                          generation.read_bytes() if generation.exists() else b"")
    for file in sorted((model / "llama2c_fixtures").glob("*.bin")):
        yield "llama2c", file.name, file.read_bytes()
    yield "adapter", "lora", pair((SEEDS / "adapter_config.json").read_bytes(), (SEEDS / "adapter_model.safetensors").read_bytes())
    yield "rotation", "r1-r4", pair((SEEDS / "rotation.json").read_bytes(), (SEEDS / "rotation.safetensors").read_bytes())
    story = json.loads((TESTS.parent / "resources/jobs/story.json").read_text())
    yield "job", "story", compact(story)
    for station in story["stations"]:  # each kind alone, on the base
        alone = {**station, **({"model": "base"} if "model" in station else {})}
        if "states" in alone:
            alone["states"] = [{"label": "plain", "model": "base"}]
        yield "job", "one-" + station["id"], compact({**story, "stations": [alone]})
    yield "ids_bits", "ids", b"\0" + compact({"ids": [1, 5, 15, 0, 7, 7, 7, 3]})
    yield "shards", "two", two_shards()
    for file in sorted(SEEDS.glob("quantized*.json")):
        yield "quantized", file.stem, pair(file.read_bytes(), file.with_suffix(".safetensors").read_bytes())
    for file in sorted(SEEDS.glob("exported*.json")):
        yield "exported", file.stem, pair(file.read_bytes(), file.with_suffix(".safetensors").read_bytes())
    yield "samples", "four", safetensors({"sample_ids": ("I64", [4], struct.pack("<4q", 1, 15, 0, 7)),
                                          "sample_logits": ("F32", [16], struct.pack("<16f", *range(16)))}, {"rotation": ""})
    for number in range(9):  # each template
        yield "records", f"alpaca-{number}", bytes([number]) + compact([{"instruction": "Add", "input": "1 2", "output": "3"},
                                                                        {"instruction": "Go", "output": "ok", "history": [["a", "b"]]}])
        yield "records", f"messages-{number}", bytes([number]) + compact([{"messages": [
            {"role": "system", "content": "s"}, {"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]}])
        yield "records", f"sharegpt-{number}", bytes([number]) + compact([{"conversations": [
            {"from": "human", "value": "u"}, {"from": "gpt", "value": "a"}]}])
    yield "ids_bits", "bits", b"\1" + compact({"format": 1, "linears": {"model.layers.0.mlp.down_proj": {"weights": 8, "activations": 8},
                                                                        "model.layers.0.self_attn.q_proj": {"weights": 4}}})


def words(value, found):
    """Keys and short texts of a document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            found.add(key)
            words(inner, found)
    elif isinstance(value, list):
        for inner in value:
            words(inner, found)
    elif isinstance(value, str):
        found.add(value)


FORMAT_WORDS = {  # of formats that are no JSON
    "safetensors": ["dtype", "shape", "data_offsets", "__metadata__", "F32", "BF16", "I8", "F64", "BOOL"],
    "torch_file": ["PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "PK\x06\x06", "PK\x06\x07", "archive/data.pkl", "data/0", "byteorder", "little",
                   "ctorch._utils\n_rebuild_tensor_v2\n", "ccollections\nOrderedDict\n", "ctorch\nFloatStorage\n", "ctorch\nHalfStorage\n"],
    "samples": ["sample_ids", "sample_logits", "rotation", "__metadata__", "dtype", "shape", "data_offsets", "I64", "F32"],
    "statistics": ["plain", "/plain", "layers.0.down_in", "absmax", "tensor", "tokens"],
}


def write_dictionary(file, found):
    def quoted(text):
        return "".join(chr(b) if 0x20 <= b < 0x7F and chr(b) not in '"\\' else f"\\x{b:02x}" for b in text.encode("latin-1", "ignore"))

    lines = sorted({quoted(word) for word in found if 2 <= len(word) <= 40})
    file.write_text("".join(f'"{line}"\n' for line in lines[:400] if line))


def main():
    out = pathlib.Path(sys.argv[1])
    found = {name: set(list_of_words) for name, list_of_words in FORMAT_WORDS.items()}
    for entry, name, data in inputs():
        (out / entry).mkdir(parents=True, exist_ok=True)
        (out / entry / name).write_bytes(data)
        for begin, end in ((0, len(data)), (1, len(data)), (4, 4 + int.from_bytes(data[:4], "little"))):
            try:
                document = json.loads(data[begin:end])
            except ValueError:
                continue
            if entry == "tokenizer_json":
                document.get("model", {}).pop("vocab", None), document.get("model", {}).pop("merges", None)
            words(document, found.setdefault(entry, set()))
            break
    for entry in found.keys() - {"sentencepiece", "tiktoken"}:  # no words
        write_dictionary(out / f"{entry}.dict", found[entry])


if __name__ == "__main__":
    main()
