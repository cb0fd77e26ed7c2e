# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights in safetensors: the container, the tensors, the shards."""
import json
import os
import struct

from corpus import changed, float32, patch, raw_safetensors, read_safetensors, safetensors, write_json

INFO = ["info", "m"]
LOGITS = ["logits", "m", "--ids", "../../base/short.json", "--out", "out.safetensors"]
ONE = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'


def add(corpus):
    def weights(name, attack, data, says, command=INFO):
        model = corpus.copy("m", corpus.folder(name) / "m")
        if isinstance(data, bytes):
            (model / "model.safetensors").write_bytes(data)
        else:
            data(model)
        corpus.add(name, attack, command, says)

    add_containers(weights)
    add_headers(weights)
    sound = read_safetensors(corpus.base / "m/model.safetensors")
    add_tensors(weights, sound)
    add_odd_files(weights)
    add_shards(corpus, weights, sound)


def add_containers(weights):
    says = "model.safetensors: header: expected"
    weights("st-empty", "a file of 0 bytes", b"", says)
    weights("st-seven-bytes", "shorter than the length field", b"\x02\0\0\0\0\0\0", says)
    weights("st-length-zero", "a header of 0 bytes", struct.pack("<Q", 0) + b"x" * 8, says)
    weights("st-length-beyond", "a header that is longer than the file", raw_safetensors(ONE, b"\0" * 8, 10_000), says)
    weights("st-length-2-63", "a length whose sum with 8 overflows a signed number", raw_safetensors(ONE, b"\0" * 8, 2**63 - 1), says)
    weights("st-length-2-64", "a length whose sum with 8 wraps to 7", raw_safetensors(ONE, b"\0" * 8, 2**64 - 1), says)

    def huge(model):
        with open(model / "model.safetensors", "wb") as f:
            f.write(struct.pack("<Q", 3 << 30) + b"{")
            f.truncate((3 << 30) + 8)
    weights("st-huge-header", "a sparse file whose header claims 3 GiB", huge, says)
    weights("st-no-object", "a header that is a list", raw_safetensors(b"[]", b""), says)
    weights("st-bad-utf8", "ill-formed UTF-8 in a name", raw_safetensors(ONE.replace(b'"a"', b'"\xff"'), b"\0" * 8), says)
    weights("st-cut-json", "a header that ends inside a string", raw_safetensors(ONE[:20], b"\0" * 8), says)
    weights("st-nul", "a NUL byte behind the object", raw_safetensors(ONE + b"\0{}", b"\0" * 8), says)
    weights("st-deep", "100 000 nested lists in the header", raw_safetensors(b'{"a":' + b"[" * 100_000, b"\0" * 8), "model.safetensors: ")
    weights("st-wide", "a million empty objects where one tensor is described",
            raw_safetensors(b'{"a":[' + b",".join([b"{}"] * 1_000_000) + b"]}", b""), "model.safetensors: a: expected")
    weights("st-trailing-bytes", "bytes behind the last tensor that none owns", raw_safetensors(ONE, b"\0" * 12), says)
    weights("st-empty-header", "no tensor at all", raw_safetensors(b"{}", b""), "model.safetensors: model.embed_tokens.weight: expected")


def add_headers(weights):
    def one(name, attack, header, says="model.safetensors: a: expected", data=b"\0" * 8):
        weights(name, attack, raw_safetensors(header, data), says)

    def entry(**change):
        return json.dumps({"a": {**{"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, **change}}).encode()

    one("st-duplicate", "one tensor twice", ONE[:-1] + b"," + ONE[1:], "model.safetensors: a: expected each key once")
    two = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}'
    one("st-overlap", "two tensors share bytes", two, "overlapping", b"\0" * 12)
    one("st-hole", "bytes between two tensors", two.replace(b"[4,12]", b"[12,20]"), "leaving a hole", b"\0" * 20)
    one("st-same-range", "two names for one range", two.replace(b"[4,12]", b"[0,8]"), "overlapping")
    one("st-end-beyond", "an end behind the end of the file", entry(data_offsets=[0, 800], shape=[200]))
    one("st-begin-after-end", "begin > end", entry(data_offsets=[8, 0]))
    one("st-negative-begin", "a negative offset", entry(data_offsets=[-8, 0]))
    one("st-offset-2-64", "an offset of 2^64 - 1", ONE.replace(b"[0,8]", b"[18446744073709551608,18446744073709551615]"))
    one("st-offset-float", "offsets that are not integers", entry(data_offsets=[0.0, 8.0]))
    one("st-offset-text", "offsets that are text", entry(data_offsets=["0", "8"]))
    one("st-three-offsets", "three offsets", entry(data_offsets=[0, 4, 8]))
    one("st-no-offsets", "no offsets", b'{"a":{"dtype":"F32","shape":[2]}}')
    one("st-negative-side", "a shape of two negative sides whose product is right", entry(shape=[-1, -2]))
    one("st-product-overflow", "a shape whose product wraps to 0 in 64 bits", entry(shape=[2**32, 2**32], data_offsets=[0, 0]), data=b"")
    one("st-product-wrap", "a shape whose bytes wrap to 8", entry(shape=[2**62 + 2]))
    one("st-zero-times-huge", "a side of 0 beside huge ones", entry(shape=[2**62, 2**62, 0, 2**62], data_offsets=[0, 0]),
        "model.safetensors: ", b"")
    one("st-many-sides", "a shape of 100 000 sides", entry(shape=[1] * 100_000), "model.safetensors: ")
    one("st-size-lie", "more bytes than shape and type need", entry(shape=[1]))
    one("st-dtype-unknown", "a type that the format has not", entry(dtype="F31"))
    one("st-dtype-foreign", "a type of the format that is not read", entry(dtype="F8_E4M3", shape=[8]))
    one("st-dtype-number", "a type that is a number", entry(dtype=32))
    one("st-dtype-control", "a type with a newline and an escape sequence", entry(dtype="F32\n\x1b[31m"))
    one("st-metadata-list", "metadata that are a list", ONE[:-1] + b',"__metadata__":[]}', "__metadata__")
    one("st-metadata-number", "metadata with a number", ONE[:-1] + b',"__metadata__":{"format":1}}', "__metadata__.format")


def add_tensors(weights, sound):
    norm, embed, query = "model.norm.weight", "model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight"
    data = {name: body for name, _, _, body in sound}

    def tensors(name, attack, entries, says, command=INFO):
        weights(name, attack, safetensors(entries), says, command)

    tensors("st-missing", "a tensor of the model is missing", [e for e in sound if e[0] != norm], f"{norm}: expected a tensor [8], found none")
    tensors("st-extra", "a tensor that the family has not", sound + [("model.layers.7.mlp.up_proj.weight", "F32", [1], float32(0))],
            "model.layers.7.mlp.up_proj.weight")
    tensors("st-int-weight", "integers where floating point is expected", changed(sound, norm, dtype="I32"), f"{norm}: expected type F32")
    tensors("st-bool-weight", "truth values as weights", changed(sound, norm, dtype="BOOL", data=b"\1" * 8), f"{norm}: expected type F32")
    tensors("st-transposed", "down_proj the other way round",
            changed(sound, "model.layers.0.mlp.down_proj.weight", shape=[12, 8]), "down_proj.weight: expected shape [8, 12]")
    tensors("st-scalar", "a weight without sides", changed(sound, norm, shape=[], data=float32(1)), f"{norm}: expected shape [8]")
    tensors("st-vocabulary-short", "an embedding of fewer rows than config.json says",
            changed(sound, embed, shape=[15, 8], data=data[embed][:15 * 32]), f"{embed}: expected shape [16, 8]")
    tensors("st-name-newline", "a name with a newline that would fake a second error line",
            sound + [("x\nerror: all is well", "F32", [1], float32(0))], "x?error: all is well")
    tensors("st-name-path", "a name that is a path", sound + [("../../../etc/passwd", "F32", [1], float32(0))], "../../../etc/passwd")
    nan, infinity = float32(float("nan")), float32(float("inf"))
    tensors("st-nan-linear", "NaN in a linear", changed(sound, query, data=patch(data[query], 40, nan)), f"{query}: expected finite", LOGITS)
    tensors("st-inf-norm", "infinity in a norm", changed(sound, norm, data=patch(data[norm], 4, infinity)), f"{norm}: expected finite", LOGITS)
    tensors("st-nan-embedding", "NaN in the row of a token that is used",
            changed(sound, embed, data=patch(data[embed], 5 * 32, nan)), f"{embed}: expected finite", LOGITS)
    tensors("st-nan-head", "NaN in the head", changed(sound, "lm_head.weight", data=patch(data["lm_head.weight"], 0, nan)),
            "lm_head.weight: expected finite", LOGITS)
    tensors("st-fp16-overflow", "a value that float16 arithmetic cannot hold",
            changed(sound, query, data=patch(data[query], 0, float32(1e30))), f"{query}: expected values in the range",
            LOGITS + ["--dtype", "float16"])
    for verb, words in (("rotate", ["rotate", "m", "--out", "out"]), ("quantize", ["quantize", "m", "--weights", "4", "--out", "out"]),
                        ("export", ["export", "m", "--to", "hf", "--out", "out"])):
        tensors(f"st-nan-{verb}", f"NaN in a linear, met by {verb}", changed(sound, query, data=patch(data[query], 40, nan)),
                f"{query}: expected finite", words)


def add_odd_files(weights):
    def replaced(by):
        def make(model):
            (model / "model.safetensors").unlink()
            by(model / "model.safetensors")
        return make
    weights("st-folder", "a folder in place of the file", replaced(lambda f: f.mkdir()), "model.safetensors: file: expected")
    weights("st-fifo", "a pipe that nobody writes: opening it would wait for ever", replaced(os.mkfifo), "model.safetensors: file: expected")
    weights("st-device", "a device without end", replaced(lambda f: f.symlink_to("/dev/zero")), "model.safetensors: file: expected")
    weights("st-dangling", "a link to nothing", replaced(lambda f: f.symlink_to("nowhere")), "m: weights: expected")
    weights("st-link-to-itself", "a link to itself", replaced(lambda f: f.symlink_to("model.safetensors")), "model.safetensors")


def add_shards(corpus, weights, sound):
    names = [e[0] for e in sound]

    def shards(name, attack, change, says, first="model-00001-of-00002.safetensors"):
        def make(model):
            (model / "model.safetensors").unlink()
            (model / "model-00001-of-00002.safetensors").write_bytes(safetensors(sound[:3]))
            (model / "model-00002-of-00002.safetensors").write_bytes(safetensors(sound[3:]))
            places = {n: first if i < 3 else "model-00002-of-00002.safetensors" for i, n in enumerate(names)}
            index = {"metadata": {"total_size": 1}, "weight_map": places}
            text = change(model, index)
            (model / "model.safetensors.index.json").write_text(text if isinstance(text, str) else json.dumps(index))
        weights(name, attack, make, says)

    def value(new, key=names[0]):
        return lambda model, index: index["weight_map"].update({key: new})

    where, plain = f"model.safetensors.index.json: weight_map.{names[0]}: ", "expected a plain file name"
    shards("index-traversal", "a shard outside the folder, by ..", value("../../../base/m/model.safetensors"), where + plain)
    shards("index-absolute", "a shard by an absolute path", value(str(corpus.base / "m/model.safetensors")), where + plain)
    shards("index-subfolder", "a shard in a folder below", value("below/model.safetensors"), where + plain)
    shards("index-backslash", "a path as Windows has it", value("..\\model.safetensors"), where + plain)
    shards("index-nul", "a NUL byte in the name of a shard", value("model\0.safetensors"), where + plain)
    shards("index-empty", "an empty name", value(""), where + plain)
    shards("index-ending", "a shard that is no safetensors file", value("config.json"), where + plain)
    shards("index-itself", "an index that is its own shard", value("model.safetensors.index.json"), where + plain)
    shards("index-number", "a shard that is a number", value(7), where + "expected a text")
    shards("index-long-name", "a name of 5000 characters", value("a" * 5000 + ".safetensors"), ".safetensors: file: expected")
    shards("index-missing-shard", "a shard that is not there", value("model-00003-of-00002.safetensors"), "model-00003-of-00002.safetensors: file")
    shards("index-wrong-shard", "a tensor in the other shard", value("model-00002-of-00002.safetensors"), where + "expected the tensor in")
    shards("index-unlisted", "a shard with a tensor that is not listed", lambda m, i: i["weight_map"].pop(names[0]) and None, names[0])
    shards("index-list", "a weight_map that is a list", lambda m, i: i.update(weight_map=names), "weight_map: expected an object")
    shards("index-none", "no weight_map", lambda m, i: i.pop("weight_map") and None, "weight_map: expected")
    shards("index-twice", "one tensor twice in the map", lambda m, i: json.dumps(i).replace(
        f'"{names[1]}"', f'"{names[0]}": "x.safetensors", "{names[1]}"'), "expected each key once")
    shards("index-deep", "100 000 nested lists", lambda m, i: '{"weight_map":' + "[" * 100_000, "expected at most 64 levels")

    def cycle(model, index):
        first, second = model / "model-00001-of-00002.safetensors", model / "model-00002-of-00002.safetensors"
        first.unlink(), second.unlink()
        first.symlink_to(second.name), second.symlink_to(first.name)
    shards("index-cyclic-links", "shards that are links to each other", cycle, "-of-00002.safetensors: file: expected")

    def cache(model, index):  # as Hugging Face's cache lies: a snapshot of links into blobs
        blobs = model.parent / "blobs"
        blobs.mkdir()
        for file in list(model.iterdir()):
            file.rename(blobs / file.name)
            file.symlink_to(f"../blobs/{file.name}")
    shards("index-cache-links", "control: links of the folder's own files are followed", cache, "")
    corpus.cases[-1]["accepted"] = True
