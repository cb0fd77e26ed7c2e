# SPDX-License-Identifier: GPL-3.0-or-later
"""config.json, every key; JSON as such; generation_config.json."""
import json

from corpus import read_json, write_json

INFO = ["info", "m"]


def add(corpus):
    def config(name, attack, content, says, file="config.json", command=INFO):
        model = corpus.copy("m", corpus.folder(name) / "m")
        (model / file).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        corpus.add(name, attack, command, says)

    sound = read_json(corpus.base / "m/config.json")
    add_sizes(config, sound)
    add_options(config, sound)
    add_documents(config, sound)
    add_families(config, sound)
    add_generation(corpus, config)


def add_sizes(config, sound):
    for key in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "vocab_size",
                "max_position_embeddings"):
        wrong = f"config.json: {key}: expected an integer"
        for label, value in (("text", "8"), ("zero", 0), ("huge", 2**63), ("fraction", 8.5))[0 if key == "hidden_size" else 1:3]:
            config(f"config-{key}-{label}", f"{key} is {value!r}", {**sound, key: value}, wrong)
        if key not in ("num_key_value_heads", "max_position_embeddings"):
            config(f"config-{key}-missing", f"no {key}", {k: v for k, v in sound.items() if k != key}, f"config.json: {key}: expected")
    config("config-negative", "a negative size", {**sound, "hidden_size": -8}, "config.json: hidden_size: expected an integer")
    config("config-list", "a size in a list", {**sound, "hidden_size": [8]}, "config.json: hidden_size: expected an integer")
    config("config-layers-many", "the largest number of layers that is read", {**sound, "num_hidden_layers": 10000},
           "model.layers.1.input_layernorm.weight: expected a tensor [8], found none")
    config("config-widths-overflow", "widths whose product overflows 64 bits in bytes",
           {**sound, "hidden_size": 2**28, "intermediate_size": 2**28, "num_attention_heads": 2, "num_key_value_heads": 2},
           "expected shape")
    config("config-heads-divide", "heads that do not divide the width", {**sound, "num_attention_heads": 3}, "config.json: ")
    config("config-kv-divide", "key heads that do not divide the heads", {**sound, "num_key_value_heads": 3},
           "config.json: num_key_value_heads: expected a divisor")
    config("config-head-dim-odd", "heads of an odd width", {**sound, "head_dim": 3}, "config.json: head_dim: expected an even number")
    config("config-head-dim-huge", "a head_dim whose product with the heads overflows", {**sound, "head_dim": 2**28},
           "config.json: head_dim: expected heads times head_dim")
    config("config-vocabulary-wrong", "a vocabulary larger than the embedding", {**sound, "vocab_size": 17},
           "model.embed_tokens.weight: expected shape [17, 8]")


def add_options(config, sound):
    for key, value, says in (("rms_norm_eps", "tiny", "rms_norm_eps: expected"),
                             ("rms_norm_eps", -1e-5, "rms_norm_eps: expected"), ("rope_theta", 0, "rope_theta: expected"),
                             ("rope_theta", "1e4", "rope_theta: expected"), ("rope_theta", 1e300, "rope_theta: expected"),
                             ("tie_word_embeddings", "yes", "tie_word_embeddings: expected true or false"),
                             ("attention_bias", 1, "attention_bias: expected true or false"),
                             ("hidden_act", "gelu", "hidden_act: expected silu"), ("hidden_act", None, ""),
                             ("bos_token_id", "1", "bos_token_id: expected a token id"),
                             ("eos_token_id", [2, "3"], "eos_token_id: expected a token id"),
                             ("eos_token_id", 2**63, "eos_token_id: expected a token id"),
                             ("quantization_config", {"quant_method": "awq"}, "quantization_config: expected a floating-point checkpoint"),
                             ("rolora", 7, "rolora: expected an object"),
                             ("rolora", {"format": 99}, "rolora.format: expected")):
        if value is None:
            continue
        label = f"{key}-{value}" if isinstance(value, (str, int, float)) else key + "-object"
        config(f"config-{label}".replace("_", "-"), f"{key} is {value!r}", {**sound, key: value}, "config.json: " + says)
    for label, scaling, says in (("type", {"rope_type": "spiral", "factor": 2.0}, "rope_scaling.rope_type: expected one of"),
                                 ("text", "linear", "rope_scaling: expected an object"),
                                 ("factor-zero", {"rope_type": "linear", "factor": 0}, "rope_scaling.factor: expected"),
                                 ("factor-text", {"rope_type": "linear", "factor": "2"}, "rope_scaling.factor: expected"),
                                 ("no-type", {"factor": 2.0}, "rope_scaling.rope_type: expected"),
                                 ("llama3-order", {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4.0, "high_freq_factor": 1.0},
                                  "rope_scaling.high_freq_factor: expected more"),
                                 ("llama3-missing", {"rope_type": "llama3", "factor": 8.0}, "rope_scaling.low_freq_factor: expected"),
                                 ("original-zero", {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                                    "original_max_position_embeddings": 0},
                                  "rope_scaling.original_max_position_embeddings: expected")):
        config(f"config-rope-{label}", f"rope_scaling: {label}", {**sound, "rope_scaling": scaling}, "config.json: " + says)


def add_documents(config, sound):
    text = json.dumps(sound).encode()
    config("json-empty", "a file of 0 bytes", b"", "config.json: line 1 column 1: expected valid JSON")
    config("json-cut", "JSON that ends early", text[:-5], "config.json: line 1 column")
    config("json-list", "a list in place of the object", [sound], "config.json: ")
    config("json-bom", "UTF-16", json.dumps(sound).encode("utf-16"), "config.json: line 1 column 4: expected valid JSON, found a NUL byte")
    config("json-latin1", "a byte that is not UTF-8", text.replace(b"llama", b"ll\xe4ma"), "config.json: line 1 column")
    config("json-nul", "a NUL byte behind the object", text + b"\0garbage", "config.json: line 1 column")
    config("json-two", "two documents", text + text, "config.json: line 1 column")
    config("json-comment", "a comment", b"// x\n" + text, "config.json: line 1 column 1: expected valid JSON")
    config("json-comma", "a comma before the end", text[:-1] + b",}", "config.json: line 1 column")
    config("json-nan", "NaN, which is no JSON", text.replace(b"1e-05", b"NaN"), "config.json: line 1 column")
    config("json-duplicate", "hidden_size twice", text[:-1] + b', "hidden_size": 16}', "config.json: hidden_size: expected each key once")
    config("json-escaped-duplicate", "hidden_size again, written by an escape", text[:-1] + b', "hidden\\u005fsize": 16}',
           "config.json: hidden_size: expected each key once")
    config("json-deep", "a million nested lists", b'{"a":' + b"[" * 1_000_000, "config.json: a[0]")
    config("json-deep-objects", "nested objects", b'{"a":' * 100_000, "expected at most 64 levels")
    config("json-large", "17 MiB of a list, which would take many times that", b'{"a":[' + b"1.5," * (17 << 18) + b"1]}",
           "config.json: file: expected at most 16777216 bytes")
    config("json-bomb", "4 million empty lists in 12 MB", b'{"a":[' + b"[]," * 4_000_000 + b"[]]}", "config.json: ")
    config("json-number", "a number beyond double", text.replace(b"10000.0", b"1e999"), "outside the range of double")
    config("json-digits", "a number of a million digits", text.replace(b"10000.0", b"1" * 1_000_000), "config.json: line 1 column")
    config("json-surrogate", "half of a surrogate pair", text.replace(b"llama", b"\\ud800"), "config.json: line 1 column")


def add_families(config, sound):
    supported = "config.json: model_type: expected a supported family"
    for name, kind in (("gemma", "gemma2"), ("mixtral", "mixtral"), ("gpt2", "gpt2")):
        config(f"family-{name}", f"an architecture that is not supported: {kind}", {**sound, "model_type": kind}, [supported, kind])
    config("family-number", "a model_type that is a number", {**sound, "model_type": 1}, "config.json: model_type: expected a text")
    config("family-control", "a model_type with control characters and a newline", {**sound, "model_type": "a\nerror: \x1b[2J" + "x" * 5000},
           supported)
    config("family-own-kind", "an own folder of an unknown kind",
           {**sound, "model_type": "rolora_llama", "rolora": {"format": 1, "kind": "pruned", "model_type": "llama"}}, "rolora.kind: expected")
    config("family-own-nested", "an own folder of an own folder",
           {**sound, "model_type": "rolora_llama", "rolora": {"format": 1, "kind": "rotated", "model_type": "rolora_llama"}}, "model_type")
    config("family-own-plain", "a plain folder that claims to be rotated",
           {**sound, "model_type": "rolora_llama", "rolora": {"format": 1, "kind": "rotated", "model_type": "llama"}}, "rotation.json")


def add_generation(corpus, config):
    words = ["generate", "m", "--ids", "../../base/short.json", "--max-new", "1"]
    for label, content in (("text", {"eos_token_id": "2"}), ("huge", {"eos_token_id": [2, 2**63]}), ("bos", {"bos_token_id": [1]})):
        config(f"generation-{label}", f"generation_config.json: {content}", content, "generation_config.json: ", "generation_config.json", words)
    config("generation-list", "generation_config.json is a list", [1], "generation_config.json: document: expected an object",
           "generation_config.json", words)
    for label, content, says in (("text", {"ids": ["1"]}, "ids[0]: expected an integer"), ("negative", {"ids": [-1]}, "ids"),
                                 ("beyond", {"ids": [1, 16]}, "expected"), ("huge", {"ids": [2**64]}, "expected"),
                                 ("fraction", {"ids": [1.0]}, "expected an integer"), ("none", {}, "ids: expected"),
                                 ("empty", {"ids": []}, "ids"), ("nested", {"ids": [[1, 2]]}, "expected an integer"),
                                 ("list", [1, 2], "ids.json: ")):
        write_json(corpus.folder(f"ids-{label}") / "ids.json", content)
        corpus.add(f"ids-{label}", f"--ids: {str(content)[:60]}",
                   ["logits", "../../base/m", "--ids", "ids.json", "--out", "out.safetensors"], ["ids.json: ", says])
