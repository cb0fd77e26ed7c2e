#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other libraries make of exported quantized folders, over families and kinds of quantization.

    check_quantized_exports.py ROLORA [NAME…]     # needs torch, transformers 5, compressed-tensors 0.20; GPTQModel where it is

Makes a random checkpoint of every family (NAME: only these), and for each kind rotates, quantizes and exports it with the command ROLORA.
A compressed-tensors folder is loaded by transformers, a GPTQ folder by GPTQModel's torch kernel (without it by the unpacker below). fp32
arithmetic; exits 1 when one of these fails:

weights   every weight equals scale · (integer − zero) of the quantized folder, bit for bit but for the type of GPTQ's scales
logits    of the folder's sample tokens against those stored beside them, activations as they come (quantization_enabled off): 1e-5
rounded   with activations rounded, against transformers on the same weights with the rounding of method.md written out below: bit for bit

The last column is for information: rolora's own logits with rounded activations. The scale max/7.5 puts the largest negative value of a
token on a tie, -7.5, so that the last bit of another program's matrix product decides between -7 and -8.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, CompressedTensorsConfig

FAMILIES = {"llama": dict(tie_word_embeddings=True, attention_bias=True), "mistral": dict(sliding_window=24), "qwen2": {},
            "qwen3": dict(head_dim=32), "phi3": {}}
BASE = dict(hidden_size=64, intermediate_size=160, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=96,
            max_position_embeddings=128, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=0, tie_word_embeddings=False)
CT = ["--scale-convention", "compressed-tensors"]
R4 = ["--r4", "hadamard"]
# name → (options of rotate or None, options of quantize, options of export)
COMPRESSED = {
    "W4A16": (None, ["--weights", "4", *CT], []),
    "W4A16 group": (None, ["--weights", "4", "--group", "32", *CT], []),
    "W4A16 asymmetric": (None, ["--weights", "4", "--asymmetric"], []),
    "W4A16 asymmetric group": (None, ["--weights", "4", "--asymmetric", "--group", "32"], []),
    "W4A16 group that leaves down_proj": (None, ["--weights", "4", "--group", "64", *CT], []),
    "W4A16 clip search, quarot scales": (None, ["--weights", "4", "--clip-search"], []),
    "W3A16 group": (None, ["--weights", "3", "--group", "32", *CT], []),
    "W8A16": (None, ["--weights", "8", *CT], []),
    "W8A8": (None, ["--weights", "8", "--activations", "8", *CT], []),
    "W6A6": (None, ["--weights", "6", "--activations", "6", *CT], []),
    "W4A4": (None, ["--weights", "4", "--activations", "4", *CT], []),
    "W4A4 asymmetric weights": (None, ["--weights", "4", "--activations", "4", "--asymmetric", *CT], []),
    "W4A4 group, down W8A8": (None, ["--weights", "4", "--activations", "4", "--group", "32", "--down-bits", "8", *CT], []),
    "bits by hand": (None, ["--weights", "4", "--bits", "BITS", *CT], []),
    "W4A4 other scale": (None, ["--weights", "4", "--activations", "4"], ["--accept-other-scale"]),
    "R1 R2 W4A4": (["--r2", "--r4", "none"], ["--weights", "4", "--activations", "4", *CT], []),
    "R1 R4 W4A16": (R4, ["--weights", "4", *CT], ["--online-transform"]),
    "R1 R4 W4A4": (R4, ["--weights", "4", "--activations", "4", *CT], ["--online-transform"]),
    "R4 blocks W4A16": (["--r4", "blocks"], ["--weights", "4", *CT], ["--online-transform"]),
    "R4 blocks W4A4": (["--r4", "blocks"], ["--weights", "4", "--activations", "4", *CT], ["--online-transform"]),
    "R4 orthogonal W4A16": (["--r1", "none", "--r4", "orthogonal"], ["--weights", "4", *CT], ["--online-transform"]),
}
GPTQ = {
    "W4": (None, ["--weights", "4"], []),
    "W4 group": (None, ["--weights", "4", "--group", "32"], []),
    "W4 group fp32": (None, ["--weights", "4", "--group", "32"], ["--store", "float32"]),
    "W4 asymmetric group": (None, ["--weights", "4", "--asymmetric", "--group", "32"], []),
    "W4 asymmetric group v2": (None, ["--weights", "4", "--asymmetric", "--group", "32"], ["--gptq-v2"]),
    "W4 group that leaves down_proj": (None, ["--weights", "4", "--group", "64"], []),
    "W8": (None, ["--weights", "8"], []),
    "W4 GPTQ act-order group": (None, ["--weights", "4", "--group", "32", "--method", "gptq", "--act-order", "--ids", "IDS", "--samples",
                                       "4", "--context", "64"], []),
    "R1 R2 W4 group": (["--r2", "--r4", "none"], ["--weights", "4", "--group", "32"], []),
}


def random_checkpoint(model_type, folder):
    torch.manual_seed(3)
    config = AutoConfig.for_model(model_type, **{**BASE, **FAMILIES[model_type]})
    model = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.copy_(1 + 0.3 * torch.randn_like(parameter))
            else:
                parameter.copy_(torch.randn_like(parameter) * (0.3 if name.endswith("bias") else parameter.shape[-1] ** -0.5))
    model.save_pretrained(folder)


def own_weights(folder):
    """scale · (integer − zero) of the quantized folder by linear, fp32."""
    stored, weights = load_file(folder / "model.safetensors"), {}
    report = json.loads((folder / "quantization.json").read_text())
    symmetric = report["settings"]["weights"]["symmetric"]
    for name, linear in report["linears"].items():
        if linear["bits"] == 16:
            weights[name] = stored[name + ".weight"].float()
            continue
        integers, scales = stored[name + ".integers"], stored[name + ".scales"]
        if linear["bits"] <= 4:
            integers = torch.stack((integers & 15, integers >> 4), -1).flatten(1).short() - (1 << (linear["bits"] - 1) if symmetric else 0)
        runs = integers.float().unflatten(1, (scales.shape[1], -1))
        runs = runs if symmetric else runs - stored[name + ".zeros"].float()[..., None]
        weights[name] = (runs * scales[..., None]).flatten(1)
    return weights


def in_files(weights, config):
    """Phi-3 holds q, k, v and gate, up as the rows of one tensor."""
    if config["model_type"] != "phi3":
        return weights
    fused = {"qkv_proj": ("q_proj", "k_proj", "v_proj"), "gate_up_proj": ("gate_proj", "up_proj")}
    parts = {part for names in fused.values() for part in names}
    whole = {name: weight for name, weight in weights.items() if name.rsplit(".", 1)[1] not in parts}
    for name in weights:
        stem, last = name.rsplit(".", 1)
        for together, names in fused.items():
            if last == names[0]:
                whole[f"{stem}.{together}"] = torch.cat([weights[f"{stem}.{part}"] for part in names])
    return whole


def load_compressed(folder, config):
    how = dict(dtype=torch.float32, attn_implementation="eager")
    groups = config["quantization_config"]["config_groups"].values()
    if any(group["format"] == "pack-quantized" and not group["weights"]["symmetric"] for group in groups):
        how["quantization_config"] = CompressedTensorsConfig(dequantize=True)  # 5.23 refuses packed zero points without it
    model = AutoModelForCausalLM.from_pretrained(folder, **how).eval()
    model(torch.tensor([[3, 4]]))  # compressed-tensors unpacks at the first call
    return model


def apply_r4(model, folder, config):
    """What an engine does with transform_config: the library's own function, and the stored matrix where there is one."""
    from compressed_tensors.transform import TransformConfig, apply_transform_config

    apply_transform_config(model, TransformConfig(**config["quantization_config"]["transform_config"]))
    for name, tensor in load_file(next(folder.glob("model*.safetensors"))).items():
        if name.endswith("R4_input.weight"):
            model.get_parameter(name).data.copy_(tensor)
    return model


def gptq_by_numpy(stored, name, settings):
    import numpy as np

    bits = settings["bits"]
    lift = 0 if settings["checkpoint_format"] == "gptq_v2" else 1
    shifts = np.arange(0, 32, bits, dtype=np.uint32)
    words, zeros = stored[name + ".qweight"].numpy().view(np.uint32), stored[name + ".qzeros"].numpy().view(np.uint32)
    integers = (words[:, None, :] >> shifts[None, :, None] & (1 << bits) - 1).reshape(-1, words.shape[1]).astype(np.float32)
    zeros = (zeros[:, :, None] >> shifts & (1 << bits) - 1).reshape(zeros.shape[0], -1).astype(np.float32) + lift
    group = stored[name + ".g_idx"].numpy()
    return torch.from_numpy(((integers - zeros[group]) * stored[name + ".scales"].float().numpy()[group]).T.copy())


def gptq_by_gptqmodel(stored, name, settings):
    from gptqmodel import QuantizeConfig
    from gptqmodel.nn_modules.qlinear.torch import TorchLinear
    from gptqmodel.utils.model import convert_gptq_v1_to_v2_format_module

    bits, group, width, out = settings["bits"], settings["group_size"], stored[name + ".g_idx"].numel(), stored[name + ".scales"].shape[1]
    module = TorchLinear(bits=bits, group_size=group, sym=settings["sym"], desc_act=settings["desc_act"], in_features=width,
                         out_features=out, bias=False)
    for key in ("qweight", "qzeros", "scales", "g_idx"):
        assert getattr(module, key).shape == stored[f"{name}.{key}"].shape, (name, key)
        module.register_buffer(key, stored[f"{name}.{key}"].float() if key == "scales" else stored[f"{name}.{key}"].clone())
    if settings["checkpoint_format"] == "gptq":
        convert_gptq_v1_to_v2_format_module(module, bits, torch.int32)
    module.optimize = None
    return module.dequantize_weight().T.float().contiguous()


def plain_model(config, state):
    """The architecture with these tensors and no quantization library."""
    config = {key: value for key, value in config.items() if key != "quantization_config"}
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config), attn_implementation="eager").float().eval()
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    return model


def floating(stored):
    names = ("weight", "bias")
    return {name: t.float() for name, t in stored.items() if name.rsplit(".", 1)[1] in names and t.is_floating_point() and "R4_" not in name}


def round_inputs(model, bits_of_linear):
    """Dynamic symmetric rounding per token: s = max|x| / ((2^b - 1)/2), clamp(x/s) to -2^(b-1) ... 2^(b-1) - 1, ties to even."""

    def hook(bits):
        def rounded(_, inputs):
            x = inputs[0]
            scale = x.abs().amax(-1, keepdim=True) / ((2**bits - 1) / 2)
            scale = torch.where(scale == 0, torch.ones_like(scale), scale)
            return (torch.round(torch.clamp(x / scale, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)) * scale,)

        return rounded

    for name, bits in bits_of_linear.items():
        if bits < 16:
            model.get_submodule(name).register_forward_pre_hook(hook(bits))
    return model


def load_gptq(folder, config):
    try:
        import gptqmodel  # noqa: F401
        dequantize = gptq_by_gptqmodel
    except ImportError:
        dequantize = gptq_by_numpy
    settings, stored = config["quantization_config"], load_file(next(folder.glob("model*.safetensors")))
    state = floating(stored)
    for name in [name[: -len(".qweight")] for name in stored if name.endswith(".qweight")]:
        state[name + ".weight"] = dequantize(stored, name, settings)
        assert torch.equal(state[name + ".weight"], gptq_by_numpy(stored, name, settings)), name
    return plain_model(config, state)


def relative(found, expected):
    return ((found.double() - expected.double()).norm() / expected.double().norm()).item()


class Check:
    def __init__(self, rolora, folder):
        self.rolora, self.folder, self.good = rolora, folder, True

    def run(self, *words):
        done = subprocess.run([self.rolora, *map(str, words), "--json", "--quiet", *(["--force"] if words[0] != "logits" else [])], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def export(self, family, kind, to):
        rotate, quantize, export = kind
        model = self.folder / family
        if rotate is not None:
            self.run("rotate", model, "--out", self.folder / "rotated", *rotate)
            model = self.folder / "rotated"
        given = {"BITS": self.folder / "bits.json", "IDS": self.folder / "ids.json"}
        self.run("quantize", model, "--out", self.folder / "quantized", *[given.get(word, word) for word in quantize])
        return self.run("export", self.folder / "quantized", "--to", to, "--out", self.folder / "out", *export)

    @torch.no_grad()
    def compare(self, family, name, kind, to):
        self.export(family, kind, to)
        out = self.folder / "out"
        config = json.loads((out / "config.json").read_text())
        model = (load_compressed if to == "compressed-tensors" else load_gptq)(out, dict(config))
        weights = in_files(own_weights(self.folder / "quantized"), config)
        worst = max(relative(model.get_submodule(name).weight, weight) for name, weight in weights.items())
        samples = load_file(out / "rotation_samples.safetensors")
        ids, expected, text = samples["sample_ids"][None], samples["sample_logits"], ""
        if "--online-transform" in kind[2]:
            text = f", without transform_config {self.unrounded(model, ids, expected):.1e}"
            model = apply_r4(model, out, config)
        error = self.unrounded(model, ids, expected)
        good = error <= (2e-3 if self.is_half(to, kind) else 1e-5) and worst <= (1e-3 if self.is_half(to, kind) else 0)
        if "--activations" in kind[1]:
            text += self.rounded(model, weights, config, ids)
            good = good and "rounded 0.0e+00" in text
        self.good = self.good and good
        print(f"{family:8} {to:18} {name:36} weights {worst:.1e}, logits {error:.1e}{text}{'' if good else '   WRONG'}", flush=True)

    @staticmethod
    def is_half(to, kind):
        return to == "gptq" and "float32" not in kind[2]

    @staticmethod
    def unrounded(model, ids, expected):
        for module in model.modules():
            module.quantization_enabled = False
        error = relative(model(ids).logits[0, -1], expected)
        for module in model.modules():
            del module.quantization_enabled
        return error

    def rounded(self, model, weights, config, ids):
        out = self.folder / "out"
        state = floating(load_file(next(out.glob("model*.safetensors"))))
        state.update({name + ".weight": weight for name, weight in weights.items()})
        report = json.loads((self.folder / "quantized" / "quantization.json").read_text())
        bits = {name: torch.tensor(linear["activation_bits"]) for name, linear in report["linears"].items()}
        bits = {name: bits.flatten()[0].item() for name, bits in in_files({n: b[None, None] for n, b in bits.items()}, config).items()}
        reference = round_inputs(plain_model(config, state), bits)
        if "transform_config" in config["quantization_config"]:
            reference = apply_r4(reference, out, config)
        found, expected = model(ids).logits, reference(ids).logits
        (self.folder / "sample_ids.json").write_text(json.dumps({"ids": ids[0].tolist()}))
        own = self.folder / "logits.safetensors"
        self.run("logits", self.folder / "quantized", "--ids", self.folder / "sample_ids.json", "--out", own)
        return f", rounded {relative(found, expected):.1e} (rolora's own {relative(load_file(own)['logits'], found[0]):.1e})"


def main():
    rolora, families = sys.argv[1], sys.argv[2:] or list(FAMILIES)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        check = Check(rolora, folder)
        generator = torch.Generator().manual_seed(1)
        (folder / "ids.json").write_text(json.dumps({"ids": torch.randint(3, 96, (512,), generator=generator).tolist()}))
        linears = {"model.layers.0.mlp.down_proj": {"weights": 8}, "model.layers.1.self_attn.o_proj": {"weights": 16}}
        (folder / "bits.json").write_text(json.dumps({"format": 1, "linears": linears}))
        for family in families:
            random_checkpoint(family, folder / family)
            for to, kinds in (("compressed-tensors", COMPRESSED), ("gptq", GPTQ)):
                for name, kind in kinds.items():
                    check.compare(family, name, kind, to)
    sys.exit(0 if check.good else 1)


main()
