# SPDX-License-Identifier: GPL-3.0-or-later
"""Job files, --bits files, data for training, run folders, statistics, llama2.c and GGUF files."""
import hashlib
import json
import struct

from corpus import ROOT, read_json, small_job, write_json

DOWN = "model.layers.0.mlp.down_proj"


def add(corpus):
    add_jobs(corpus)
    add_bits(corpus)
    add_data(corpus)
    add_runs(corpus)
    add_statistics(corpus)
    add_single_files(corpus)


def add_jobs(corpus):
    def job(name, attack, change, says):
        value = small_job("../../base/m", "../../base/ids.json")
        new = change(value)
        file = corpus.folder("job-" + name) / "job.json"
        file.write_bytes(new) if isinstance(new, bytes) else write_json(file, value)
        corpus.add("job-" + name, attack, ["run", "job.json", "--out", "out"], ["job.json: ", says])

    def station(**new):
        return lambda v: v["stations"][1].update(new) and None
    job("empty", "a file of 0 bytes", lambda v: b"", "expected valid JSON")
    job("format", "a format of the future", lambda v: v.update(format=2), "format: expected")
    job("name-path", "a name that is a path", lambda v: v.update(name="../../etc"), "name: expected")
    job("unknown", "an unknown key", lambda v: v.update(command="rm"), "command: expected no such key")
    job("no-model", "no model", lambda v: v.pop("model") and None, "model: expected")
    job("model-number", "a model that is a number", lambda v: v.update(model=7), "model: expected an object")
    job("seed", "a negative seed", lambda v: v.update(seed=-1), "seed: expected")
    job("dtype", "an unknown type", lambda v: v.update(dtype="int3"), "dtype: expected")
    job("stations-object", "stations that are an object", lambda v: v.update(stations={}), "stations: expected")
    job("stations-none", "no stations", lambda v: v.update(stations=[]), "stations")
    job("stations-many", "100 000 stations of one name", lambda v: v.update(stations=[v["stations"][1]] * 100_000), "stations")
    job("text-missing", "a text that the job does not have", station(text="nowhere"), "expected")
    job("text-corpus", "an unknown corpus", lambda v: v["texts"]["ids"].update(corpus="web"), "corpus: expected")
    job("id-path", "a station whose folder would lie elsewhere", station(id="../../../pwned"), "id: expected")
    job("id-dots", "a station called ..", station(id=".."), "id: expected")
    job("id-twice", "two stations of one name", station(id="outliers"), "outliers")
    job("id-long", "a name of 5000 characters", station(id="a" * 5000), "id: expected")
    job("id-newline", "a name with a newline", station(id="a\nerror: b"), "id: expected")
    job("kind", "an unknown kind of station", station(kind="shell"), "kind: expected")
    job("model-cycle", "a station that reads itself", station(model="ppl"), "model")
    job("model-later", "a station that reads a later one", lambda v: v["stations"][0]["states"][0].update(model="ppl"), "model")
    job("unknown-setting", "a setting that evaluate has not", station(command="rm"), "command: expected no such key")
    job("context", "a context of 0", station(context=0), "context: expected")
    job("context-huge", "a context of 2^62", station(context=2**62), "context: expected")
    job("quantization", "quantization by 1 bit", station(quantization={"weights": 1}), "weights")
    job("sites", "an unknown site", lambda v: v["stations"][0].update(sites=["nose"]), "sites")
    job("label-path", "a state whose label is a path", lambda v: v["stations"][0]["states"][0].update(label="../x"), "label")
    job("deep", "a million nested lists", lambda v: b'{"format":' + b"[" * 1_000_000, "expected at most 64 levels")
    job("sha", "another identity of the model than the job gives", lambda v: v["model"].update(sha256="0" * 64), "")
    corpus.cases[-1]["says"] = ["expected", "0" * 64]


def add_bits(corpus):
    def bits(name, attack, value, says):
        write_json(corpus.folder("bits-" + name) / "bits.json", value)
        corpus.add("bits-" + name, attack, ["quantize", "../../base/m", "--weights", "4", "--bits", "bits.json", "--out", "out"],
                   ["bits.json: ", says])
    bits("list", "a list", [], "expected")
    bits("format", "a format of the future", {"format": 2, "linears": {}}, "format: expected")
    bits("unknown", "a linear that the model has not", {"format": 1, "linears": {"model.layers.9.mlp.down_proj": {"weights": 4}}}, "expected")
    bits("head", "the head", {"format": 1, "linears": {"lm_head": {"weights": 4}}}, "lm_head")
    bits("zero", "0 bits", {"format": 1, "linears": {DOWN: {"weights": 0}}}, "weights: expected")
    bits("fraction", "4.5 bits", {"format": 1, "linears": {DOWN: {"weights": 4.5}}}, "weights: expected")
    bits("key", "an unknown key", {"format": 1, "linears": {DOWN: {"weight": 4}}}, "weight: expected")
    bits("number", "bits without their kind", {"format": 1, "linears": {DOWN: 4}}, "expected an object")


def add_data(corpus):
    words = ["finetune", "../../base/m", "--data", "data.json", "--steps", "1", "--out", "out", "--format"]

    def data(name, attack, value, says, kind="alpaca"):
        file = corpus.folder("data-" + name) / "data.json"
        file.write_bytes(value) if isinstance(value, bytes) else write_json(file, value)
        corpus.add("data-" + name, attack, words + [kind], says)
    tokenizer = "../../base/m: tokenizer: expected"  # the model has none: the data are not even read
    data("no-tokenizer", "training data for a model without a tokenizer", [{"instruction": "a", "output": "b"}], tokenizer)


def add_runs(corpus):
    def run(name, attack, change, says, command=None):
        place = corpus.folder("run-" + name)
        folder = corpus.copy("run", place / "run")
        change(folder)
        corpus.add("run-" + name, attack, command or ["figures", "run", "--out", "out"], says)
    run("state", "a run.json that is no JSON", lambda f: (f / "run.json").write_bytes(b"\0\xff"), "run.json: ")
    run("job-number", "a job.json that is a number", lambda f: (f / "job.json").write_text("7"), "job.json: ")
    run("job-missing", "no job.json", lambda f: (f / "job.json").unlink(), "job.json: ")
    run("resume-other", "--resume with another job than the run's", lambda f: write_json(
        f / "job.json", {**read_json(f / "job.json"), "seed": 5}), "seed",
        ["run", "../../base/job.json", "--out", "run", "--resume"])


def add_statistics(corpus):
    data = (corpus.base / "run/stations/outliers/statistics.h5").read_bytes()
    seal = data.rindex(b"\nsha256 of all before: ")
    bare = data[:seal]

    def statistics(name, attack, new, says="statistics.h5: "):
        folder = corpus.copy("run", corpus.folder("h5-" + name) / "run")
        (folder / "stations/outliers/statistics.h5").write_bytes(new)
        corpus.add("h5-" + name, attack, ["figures", "run", "--out", "out"], says)

    statistics("empty", "a file of 0 bytes", b"")
    statistics("text", "a text", b"no statistics here\n" * 100)
    statistics("cut", "a file that is cut in the middle", data[:len(data) // 2])
    statistics("flipped", "one bit of a value, told by the seal", bytes(
        b ^ (1 if i == seal // 2 else 0) for i, b in enumerate(data)), "statistics.h5: file: expected the bytes that were saved")
    statistics("seal-lie", "a seal of another content", data[:-10] + b"0" * 9 + b"\n", "statistics.h5: file: expected the bytes that were saved")
    statistics("unsealed", "a sound file that another program wrote into", bare, "statistics.h5: file: expected the line with its checksum")
    for label, at, says in (("superblock", 8, "superblock: expected version 2"), ("root", 40, ""), ("end-of-file", 28, "")):
        statistics(f"{label}-ff", f"bytes of the {label} set to 255, sealed", sealed(bare[:at] + b"\xff" * 8 + bare[at + 8:]), "statistics.h5: " + says)
    for word, new in ((b"NX_class", b"NX_xlass"), (b"OHDR", b"OHDX"), (b"FRHP", b"FRHX"), (b"GCOL", b"GCOX")):
        if word in bare:
            statistics(f"word-{word.decode().lower().replace('_', '-')}", f"{word.decode()} damaged everywhere, sealed", sealed(bare.replace(word, new)))
    heap = bare.index(b"GCOL\1")  # HDF5 1.10 walks a heap for ever when a free object there has no size
    hang = bare[:heap + 16] + bytes(16) + bare[heap + 32:]
    statistics("heap-no-end", "a heap of texts that is walked for ever", hang, "statistics.h5: file: expected the line with its checksum")
    for label, bad in (("no-end", hang), ("beyond", bare[:heap + 24] + struct.pack("<Q", 1 << 40) + bare[heap + 32:]),
                       ("overflow", bare[:heap + 24] + struct.pack("<Q", 2**64 - 16) + bare[heap + 32:])):
        statistics(f"heap-{label}-sealed", f"an object of a heap of texts: {label}, sealed", sealed(bad), f"heap of texts at byte {heap}: expected objects")


def sealed(content):
    """With the line that rolora writes at the end: anyone can."""
    return content + b"\nsha256 of all before: " + hashlib.sha256(content).hexdigest().encode() + b"\n"


def add_single_files(corpus):
    sound = (ROOT / "tests/core/model/llama2c_fixtures/tied.bin").read_bytes()
    version1 = (ROOT / "tests/core/model/llama2c_fixtures/version1.bin").read_bytes()

    def single(name, attack, data, says, file="m.bin"):
        (corpus.folder(name) / file).write_bytes(data)
        corpus.add(name, attack, ["info", file], says)

    def header(at, value, data=sound):
        return data[:4 * at] + struct.pack("<i", value) + data[4 * at + 4:]
    names = ("dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "max_seq_len")
    for at, key in enumerate(names):
        single(f"llama2c-{key.replace('_', '-')}-zero", f"{key} is 0", header(at, 0), f"m.bin: {key}: expected")
    single("llama2c-vocab-least", "vocab_size is -2^31, which has no positive counterpart", header(5, -2**31), "m.bin: vocab_size: expected")
    single("llama2c-products", "all sizes at 2^24: products that overflow", struct.pack("<7i", *[2**24] * 2, 4096, *[2**20] * 2, *[2**24] * 2)
           + b"\0" * 1000, "m.bin: ")
    single("llama2c-heads", "heads that do not divide dim", header(3, 3), "m.bin: n_heads: expected")
    single("llama2c-kv", "key heads that do not divide the heads", header(4, 3), "m.bin: n_kv_heads: expected")
    single("llama2c-cut", "a file that is cut by one byte", sound[:-1], "m.bin: file: expected the 15452 bytes")
    single("llama2c-long", "a byte behind the end", sound + b"\0", "m.bin: file: expected the 15452 bytes")
    single("llama2c-header", "only the header", sound[:28], "m.bin: file: expected")
    single("llama2c-version", "a quantized version", version1[:4] + struct.pack("<i", 2) + version1[8:], "m.bin: version: expected")
    single("gguf", "a GGUF file", b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60) + b"\0" * 400, "m.gguf: file: expected", "m.gguf")
    single("gguf-short", "a GGUF file of 8 bytes", b"GGUF" + struct.pack("<I", 3), "found a GGUF file", "m.gguf")
    alone = corpus.folder("gguf-alone") / "g"
    alone.mkdir()
    (alone / "m.gguf").write_bytes(b"GGUF" + struct.pack("<I", 3))
    corpus.add("gguf-alone", "a folder with nothing but a GGUF file", ["info", "g"], "g/m.gguf: MODEL: expected a Hugging Face folder")
    folder = corpus.copy("m", corpus.folder("gguf-folder") / "m")
    (folder / "model.safetensors").rename(folder / "model.gguf")
    corpus.add("gguf-folder", "a folder with a GGUF file only", ["info", "m"], "model.gguf: weights: expected")
    single("model-is-json", "a JSON file as the model", json.dumps({"a": 1}).encode() * 100, "m.bin: ")
