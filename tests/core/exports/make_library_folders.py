#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes library_folders/: small folders that compressed-tensors quantized and saved itself, with the logits transformers gives for them.

    python3 make_library_folders.py            # needs torch, transformers 5, compressed-tensors 0.20, safetensors

Nothing of this program takes part. expected.safetensors holds "ids" [n] and "logits" [n, V] of the folder as transformers opens it, fp32
arithmetic, inputs of linears rounded where the settings say so.
"""
import json
import pathlib
import shutil

import torch
from compressed_tensors.compressors import ModelCompressor
from compressed_tensors.quantization import QuantizationConfig, QuantizationStatus, apply_quantization_config
from compressed_tensors.quantization.utils import calculate_qparams
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, CompressedTensorsConfig

HERE = pathlib.Path(__file__).parent / "library_folders"
BASE = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=40,
            max_position_embeddings=64, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=0, tie_word_embeddings=False)


def weights(bits, group=None, symmetric=True):
    return dict(num_bits=bits, type="int", symmetric=symmetric, strategy="group" if group else "channel", group_size=group)


TOKENS = dict(num_bits=8, type="int", symmetric=True, strategy="token", dynamic=True)
# name → (family, type, groups, ignored)
FOLDERS = {
    "pack_bfloat16": ("llama", torch.bfloat16, {"group_0": dict(targets=["Linear"], weights=weights(4, 16))}, ["lm_head"]),
    "tokens": ("qwen2", torch.float32, {"group_0": dict(targets=["Linear"], weights=weights(8), input_activations=TOKENS)},
               ["lm_head", "re:.*1\\.mlp\\.(gate|up)_proj$"]),
    "two_groups": ("llama", torch.float32, {
        "attention": dict(targets=["re:.*self_attn\\.(q|k|v|o)_proj$"], weights=weights(4, 8)),
        "rest": dict(targets=["re:.*mlp\\.(gate|up)_proj$", "model.layers.0.mlp.down_proj"], weights=weights(8))}, ["lm_head"]),
    "asymmetric": ("llama", torch.float32, {  # of several such groups transformers 5.23 unpacks all by the first one's bits
        "group_0": dict(targets=["re:.*self_attn\\.(q|k|v|o)_proj$", "model.layers.0.mlp.down_proj"], weights=weights(4, 8, False))},
        ["lm_head"]),
}


def random_model(family, dtype, seed):
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **BASE), attn_implementation="eager").eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.copy_(1 + 0.3 * torch.randn_like(parameter))
            else:
                parameter.copy_(torch.randn_like(parameter) * (0.3 if name.endswith("bias") else parameter.shape[-1] ** -0.5))
    return model.to(dtype)


def calibrate(model):
    """Min and max of every row or group, as the library turns them into scales."""
    for module in model.modules():
        scheme = getattr(module, "quantization_scheme", None)
        if scheme is None:
            continue
        args = scheme.weights
        runs = module.weight.data.unflatten(1, (-1, args.group_size or module.weight.shape[1]))
        scale, zero = calculate_qparams(runs.amin(-1), runs.amax(-1), args)
        module.weight_scale.data.copy_(scale)
        if not args.symmetric:
            module.weight_zero_point.data.copy_(zero)


def write(name, family, dtype, groups, ignored, seed):
    folder = HERE / name
    model = random_model(family, dtype, seed)
    apply_quantization_config(model, QuantizationConfig(config_groups=groups, ignore=ignored,
                                                        quantization_status=QuantizationStatus.INITIALIZED))
    calibrate(model)
    compressor = ModelCompressor.from_pretrained_model(model)
    compressor.compress_model(model)
    model.save_pretrained(folder)
    compressor.update_config(folder)
    for extra in folder.glob("*.md"):
        extra.unlink()
    (folder / "generation_config.json").unlink(missing_ok=True)
    settings = json.loads((folder / "config.json").read_text())["quantization_config"]
    how = dict(dtype=torch.float32, attn_implementation="eager")
    if any(g["format"] == "pack-quantized" and not g["weights"]["symmetric"] for g in settings["config_groups"].values()):
        how["quantization_config"] = CompressedTensorsConfig(dequantize=True)
    loaded = AutoModelForCausalLM.from_pretrained(folder, **how).eval()
    ids = torch.randint(3, BASE["vocab_size"], (12,), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        logits = loaded(ids[None]).logits[0].float().contiguous()
    save_file({"ids": ids, "logits": logits}, folder / "expected.safetensors")
    print(name, settings["format"], {key: value["format"] for key, value in settings["config_groups"].items()}, logits.norm().item())


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    for seed, (folder_name, (model_family, stored, config_groups, ignore)) in enumerate(FOLDERS.items(), 3):
        write(folder_name, model_family, stored, config_groups, ignore, seed)
