# SPDX-License-Identifier: GPL-3.0-or-later
"""Quantized folders in the formats of compressed-tensors and GPTQ: their settings, and tensors that do not fit them."""
import json

from corpus import read_json

GROUP = {"targets": ["Linear"], "format": "pack-quantized",
         "weights": {"num_bits": 4, "type": "int", "symmetric": True, "strategy": "channel", "group_size": None}}
SOUND = {"quant_method": "compressed-tensors", "version": "0.20.0", "config_groups": {"group_0": GROUP}, "ignore": ["lm_head"]}
STATIC = {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "token", "dynamic": False}
GPTQ = {"quant_method": "gptq", "bits": 4, "group_size": -1, "sym": True}


def add(corpus):
    config = read_json(corpus.base / "m/config.json")

    def case(name, attack, settings, says):
        model = corpus.copy("m", corpus.folder(name) / "m")
        (model / "config.json").write_bytes(json.dumps({**config, "quantization_config": settings}).encode())
        corpus.add(name, attack, ["info", "m"], says)

    where = "config.json: quantization_config."
    case("ct-backtracking", "a pattern that takes exponential time", {**SOUND, "ignore": ["lm_head", "re:(.*)*(.*)*x"]},
         where + "ignore: expected patterns")
    case("ct-patterns", "a hundred thousand patterns", {**SOUND, "ignore": ["re:.*a.*b.*"] * 100_000},
         where + "ignore: expected 20000 entries")
    case("ct-static", "activations on stored scales, which would be left out",
         {**SOUND, "config_groups": {"g": {**GROUP, "input_activations": STATIC}}}, "input_activations.dynamic: expected true")
    case("ct-cache", "a quantized KV cache, which would be left out", {**SOUND, "kv_cache_scheme": {"num_bits": 8}},
         where + "kv_cache_scheme: expected none")
    case("ct-transform", "a transform of no record", {**SOUND, "transform_config": {"config_groups": {"R4": {"type": "hadamard"}}}},
         where + "transform_config: expected none")
    case("ct-unquantized", "floating-point weights that claim to be packed", SOUND, "weight_packed: expected")
    case("gptq-no-bits", "no bits", {"quant_method": "gptq"}, where + "bits: expected")
    case("gptq-by-linear", "bits of its own for a linear, which would be left out", {**GPTQ, "dynamic": {"-:.*": {}}},
         where + "dynamic: expected none")
    case("gptq-group-zero", "groups of no input", {**GPTQ, "group_size": 0}, where + "group_size: expected")
