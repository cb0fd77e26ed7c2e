# SPDX-License-Identifier: GPL-3.0-or-later
"""Adapters, rotation records and quantized folders."""
import struct

from corpus import changed, float32, patch, read_json, read_safetensors, safetensors, write_json

LOGITS = ["logits", "m", "--ids", "../../base/short.json", "--out", "out.safetensors"]


def add(corpus):
    add_adapters(corpus)
    add_rotations(corpus)
    add_quantized(corpus)


def add_adapters(corpus):
    words = ["logits", "../../base/m", "--adapter", "a", "--ids", "../../base/short.json", "--out", "out.safetensors"]

    def adapter(name, attack, change, says):
        folder = corpus.copy("adapter", corpus.folder("adapter-" + name) / "a")
        change(folder)
        corpus.add("adapter-" + name, attack, words, says)

    def config(name, attack, says, **new):
        def change(folder):
            value = {**read_json(folder / "adapter_config.json"), **new}
            write_json(folder / "adapter_config.json", {k: v for k, v in value.items() if v != "(missing)"})
        adapter(name, attack, change, "adapter_config.json: " + says)

    config("rank-lie", "a rank that the tensors have not", "", r=3)
    corpus.cases[-1]["says"] = ["adapter_model.safetensors: ", "expected shape [3, 8]"]
    for label, value in (("zero", 0), ("negative", -2), ("huge", 2**40), ("text", "2"), ("missing", "(missing)")):
        config(f"rank-{label}", f"r is {value!r}", "r: expected", r=value)
    for label, value in (("zero", 0), ("text", "16"), ("missing", "(missing)")):
        config(f"alpha-{label}", f"lora_alpha is {value!r}", "lora_alpha: expected", lora_alpha=value)
    config("dropout", "a dropout of 1", "lora_dropout: expected", lora_dropout=1.0)
    config("type", "another method", "peft_type: expected LORA", peft_type="IA3")
    config("task", "another task", "task_type: expected CAUSAL_LM", task_type="SEQ_CLS")
    config("targets-unknown", "a target that no layer has", "target_modules: expected", target_modules=["q_proj", "../q_proj"])
    config("targets-none", "no targets", "target_modules: expected", target_modules=[])
    config("targets-number", "targets that are a number", "target_modules: expected", target_modules=7)
    config("targets-regex", "targets that are a pattern", "target_modules: expected", target_modules=".*(a+)+$")
    config("bias", "trained biases", "bias: expected none", bias="all")
    config("pissa", "an adapter that changed the base's weights", "init_lora_weights: expected", init_lora_weights="pissa")
    config("save-modules", "whole modules beside the adapter", "modules_to_save: expected", modules_to_save=["lm_head"])
    config("targets-slow", "an expression that never ends", "target_modules: expected", target_modules="(.*.*)*(.*.*)*(.*.*)*[!?]")
    config("patterns", "a rank by pattern that is a text", "rank_pattern: expected", rank_pattern={"q_proj": "4"})
    config("pattern-slow", "a pattern that never ends", "rank_pattern: expected", rank_pattern={"(.*.*)*(.*.*)*(.*.*)*[!?]": 4})
    config("pattern-zero", "a rank of nothing", "rank_pattern: expected", rank_pattern={"q_proj": 0})
    config("pattern-bracket", "a pattern that is none", "alpha_pattern: expected", alpha_pattern={"[": 4})
    config("unknown-key", "a key that changes what is computed", "xlora: expected", xlora={"depth": 3})
    sound = read_safetensors(corpus.base / "adapter/adapter_model.safetensors")
    a, data = sound[0][0], sound[0][3]

    def tensors(name, attack, entries, says):
        adapter(name, attack, lambda folder: (folder / "adapter_model.safetensors").write_bytes(safetensors(entries)),
                ["adapter_model.safetensors: ", says])
    tensors("missing", "a tensor is missing", sound[1:], "expected a tensor")
    tensors("extra", "a tensor too many", sound + [("base_model.model.lm_head.weight", "F32", [1], float32(0))], "expected only")
    tensors("nan", "NaN", changed(sound, a, data=patch(data, 0, float32(float("nan")))), "expected finite values")
    tensors("integers", "integers", changed(sound, a, dtype="I32"), "expected a floating-point type")
    tensors("turned", "A the other way round", changed(sound, a, shape=sound[0][2][::-1]), "expected shape")
    tensors("old-names", "names of another layout", [(n.replace("base_model.model.", ""), *rest) for n, *rest in sound], "expected a tensor")
    tensors("empty-shape", "a tensor of no elements", changed(sound, a, shape=[0, 8], data=b""), "expected shape")
    adapter("no-weights", "no tensors at all", lambda f: (f / "adapter_model.safetensors").unlink(), "adapter_model.safetensors: ")
    adapter("no-config", "no adapter_config.json", lambda f: (f / "adapter_config.json").unlink(), "adapter_config.json: ")

    def own(name, attack, says, **new):
        adapter(name, attack, lambda f: write_json(f / "rolora_adapter.json", {**read_json(f / "rolora_adapter.json"), **new}), says)
    own("other-rotation", "an adapter that stands on another rotation than the base", "rotation", rotation="0" * 64)
    own("own-format", "a format of the future", "rolora_adapter.json: format: expected", format=2)
    own("own-unknown", "an unknown key", "rolora_adapter.json: more: expected", more=1)
    own("own-split", "a split of a module that is none", "rolora_adapter.json: split.q_proj: expected", split={"q_proj": ["v_proj"]})
    adapter("record-beside", "a rotation record that the adapter does not name",
            lambda f: [corpus.copy("rotated/" + n, f / n) for n in ("rotation.json", "rotation.safetensors")], "rolora_adapter.json: rotation: expected")


def add_rotations(corpus):
    def rotated(name, attack, change, says, command=None):
        folder = corpus.copy("rotated", corpus.folder("rotation-" + name) / "m")
        change(folder)
        corpus.add("rotation-" + name, attack, command or LOGITS, says)

    def record(name, attack, says, change):
        def apply(folder):
            value = read_json(folder / "rotation.json")
            change(value)
            write_json(folder / "rotation.json", value)
        rotated(name, attack, apply, "rotation.json: " + says)

    record("format", "a format of the future", "format: expected", lambda v: v.update(format=7))
    record("checksum", "another checksum of the whole", "checksum: expected", lambda v: v.update(checksum="0" * 64))
    record("part-checksum", "another checksum of a part", "parts.r4.checksum: expected", lambda v: v["parts"]["r4"].update(checksum="x"))
    record("kind", "an unknown kind", "parts.r1.kind: expected", lambda v: v["parts"]["r1"].update(kind="learned\nby heart"))
    record("order", "an order of 2^62", "parts.r1.order: expected", lambda v: v["parts"]["r1"].update(order=2**62))
    record("order-zero", "an order of 0", "parts.r1.order: expected", lambda v: v["parts"]["r1"].update(order=0))
    record("sylvester", "a factor that is no power of two", "parts.r1.sylvester: expected", lambda v: v["parts"]["r1"].update(sylvester=3))
    record("factor", "factors whose product is not the order", "parts.r4.sylvester: expected", lambda v: v["parts"]["r4"].update(sylvester=4))
    record("scale", "a scale that is no rotation", "", lambda v: v["parts"]["r1"].update(scale=0.9))
    corpus.cases[-1]["says"] = ["rotation.safetensors: r1.factor: expected an orthogonal matrix"]
    record("seed", "a negative seed", "seed: expected", lambda v: v.update(seed=-1))
    record("signs", "signs where the record says that there are none", "", lambda v: v["parts"]["r1"].update(signs=False))
    corpus.cases[-1]["says"] = ["rotation.safetensors: r1.signs: expected only +1"]
    record("no-fold", "R1 without folded gains", "", lambda v: v.update(gains_folded=False))
    corpus.cases[-1]["says"] = ["rotation"]
    record("part-gone", "a part that the tensors still have", "", lambda v: v["parts"].update(r2=None))
    corpus.cases[-1]["says"] = ["rotation.safetensors: r2."]
    record("unknown-part", "a fifth rotation", "parts.r5: expected", lambda v: v["parts"].update(r5={}))
    record("unknown-key", "an unknown key", "more: expected", lambda v: v.update(more=1))
    sound = read_safetensors(corpus.base / "rotated/rotation.safetensors")
    data = {name: body for name, _, _, body in sound}

    def tensors(name, attack, entries, says):
        rotated(name, attack, lambda f: (f / "rotation.safetensors").write_bytes(safetensors(entries)), ["rotation.safetensors: ", says])
    tensors("signs-two", "a sign of 2", changed(sound, "r1.signs", data=patch(data["r1.signs"], 0, b"\2")), "r1.signs: expected +1 and -1")
    tensors("signs-flipped", "one sign flipped: another rotation", changed(
        sound, "r1.signs", data=patch(data["r1.signs"], 0, struct.pack("b", -struct.unpack("b", data["r1.signs"][:1])[0]))), "")
    corpus.cases[-1]["says"] = ["rotation.json: parts.r1.checksum: expected"]
    tensors("factor-values", "a factor that is not orthogonal", changed(sound, "r4.factor", data=patch(data["r4.factor"], 0, b"\7")), "r4.factor: expected")
    tensors("gain-nan", "a gain that is NaN", changed(sound, "final_gain", data=patch(data["final_gain"], 0, struct.pack("<d", float("nan")))),
            "final_gain: expected finite")
    tensors("gain-type", "gains of a narrower type", changed(sound, "final_gain", dtype="I8", data=b"\1" * 8), "final_gain: expected")
    tensors("extra", "a tensor too many", sound + [("r9.signs", "I8", [1], b"\1")], "r9.signs: expected only")
    rotated("no-tensors", "a record without tensors", lambda f: (f / "rotation.safetensors").unlink(), "rotation.safetensors: ")
    rotated("no-record", "a rotated folder without its record", lambda f: (f / "rotation.json").unlink(), "rotation.json")
    rotated("samples-shape", "stored sample tokens that do not fit the model",
            lambda f: (f / "rotation_samples.safetensors").write_bytes(safetensors([("ids", "I64", [1], b"\xff" * 8)])),
            "rotation_samples.safetensors: ")


def add_quantized(corpus):
    def quantized(name, attack, change, says):
        folder = corpus.copy("quantized", corpus.folder("quantized-" + name) / "m")
        change(folder)
        corpus.add("quantized-" + name, attack, LOGITS, says)

    def record(name, attack, says, change):
        def apply(folder):
            value = read_json(folder / "quantization.json")
            change(value)
            write_json(folder / "quantization.json", value)
        quantized(name, attack, apply, "quantization.json: " + says)
    down = "model.layers.0.mlp.down_proj"
    record("format", "a format of the future", "format: expected", lambda v: v.update(format=9))
    record("bits", "bits of a linear against the settings", f"linears.{down}.bits: expected", lambda v: v["linears"][down].update(bits=3))
    record("bits-huge", "bits beyond 16", f"linears.{down}.bits: expected", lambda v: v["linears"][down].update(bits=64))
    record("linear-missing", "a linear is missing", f"linears.{down}: expected", lambda v: v["linears"].pop(down))
    record("linear-extra", "a linear too many", "linears.lm_head: expected", lambda v: v["linears"].update(lm_head={}))
    record("settings-bits", "settings of 1 bit", "settings", lambda v: v["settings"].update(weights=1))
    record("settings-unknown", "an unknown setting", "settings.more: expected", lambda v: v["settings"].update(more=1))
    record("mse-text", "an error that is a text", f"linears.{down}.weight_mse: expected", lambda v: v["linears"][down].update(weight_mse="0"))
    record("seed", "a negative seed", "arithmetic.seed: expected", lambda v: v["arithmetic"].update(seed=-1))
    record("dtype", "an unknown type", "source.dtype", lambda v: v["source"].update(dtype="float7"))
    record("rotation", "a rotation that the folder has not", "", lambda v: v.update(rotation="0" * 64))
    corpus.cases[-1]["says"] = ["rotation.json: file: expected the rotation that quantization.json names"]
    sound = read_safetensors(corpus.base / "quantized/model.safetensors")
    by_name = {e[0]: e for e in sound}
    scales, integers = down + ".scales", next(e[0] for e in sound if e[0].startswith(down) and e[1] in ("I8", "U8"))

    def tensors(name, attack, entries, says):
        quantized(name, attack, lambda f: (f / "model.safetensors").write_bytes(safetensors(entries)), ["model.safetensors: ", says])
    for label, value in (("nan", float("nan")), ("negative", -1.0), ("zero", 0.0), ("inf", float("inf"))):
        tensors(f"scale-{label}", f"a scale of {value}", changed(sound, scales, data=patch(by_name[scales][3], 0, float32(value))), scales)
    tensors("scale-missing", "scales are missing", [e for e in sound if e[0] != scales], scales)
    tensors("integers-shape", "fewer integers than the linear has", changed(
        sound, integers, shape=[by_name[integers][2][0] - 1, *by_name[integers][2][1:]],
        data=by_name[integers][3][:len(by_name[integers][3]) // by_name[integers][2][0] * (by_name[integers][2][0] - 1)]), down)
    tensors("integers-type", "integers of another type", changed(sound, integers, dtype="BOOL"), down)
    quantized("no-record", "a quantized folder without its record", lambda f: (f / "quantization.json").unlink(), "quantization.json")
