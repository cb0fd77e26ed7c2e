#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes gptq_folder/: a small folder in the first version of GPTQ's layout, packed here by the layout's published rules alone.

    python3 make_gptq_folder.py                # needs numpy, torch, transformers 5, safetensors

Asymmetric, 4 bits, act-order: columns are taken in the order of a random importance, 20 at a time share a scale, which divides neither
width. Nothing of this program takes part. expected.safetensors holds every linear's weight, float64, from the integers before they are
packed. settings.json holds what transformers' GPTQConfig writes by itself.
"""
import json
import pathlib
import shutil

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import GPTQConfig, LlamaConfig

HERE = pathlib.Path(__file__).parent / "gptq_folder"
BITS, GROUP = 4, 20
A_WORD = 32 // BITS
CONFIG = LlamaConfig(hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2,
                     vocab_size=24, max_position_embeddings=64, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=0,
                     tie_word_embeddings=False, architectures=["LlamaForCausalLM"], dtype="float16")
LINEARS = {"self_attn.q_proj": (32, 32), "self_attn.k_proj": (16, 32), "self_attn.v_proj": (16, 32), "self_attn.o_proj": (32, 32),
           "mlp.gate_proj": (48, 32), "mlp.up_proj": (48, 32), "mlp.down_proj": (32, 48)}  # out, in


def words_down(values):
    """[n, m] of 0 ... 15 -> int32 [n / 8, m]: row 8 w + k lies in bits 4 k ... of word w."""
    packed = np.zeros((values.shape[0] // A_WORD, values.shape[1]), np.uint32)
    for row, line in enumerate(values.astype(np.uint32)):
        packed[row // A_WORD] |= line << np.uint32(BITS * (row % A_WORD))
    return torch.from_numpy(packed.view(np.int32).copy())


def linear(rng, out, width):
    weight = rng.normal(size=(out, width)) / np.sqrt(width)
    order = rng.permutation(width)  # by importance
    g_idx = np.empty(width, np.int32)
    g_idx[order] = np.arange(width) // GROUP
    groups = -(-width // GROUP)
    scales, zeros = np.empty((groups, out), np.float16), np.empty((groups, out), np.int64)
    for g in range(groups):
        run = weight[:, g_idx == g]
        low, high = np.minimum(run.min(1), 0), np.maximum(run.max(1), 0)
        scales[g] = (high - low) / (2 ** BITS - 1)
        zeros[g] = np.clip(np.rint(-low / scales[g].astype(np.float64)), 1, 2 ** BITS - 1)  # 0 less one would not be stored
    scale, zero = scales.astype(np.float64)[g_idx].T, zeros[g_idx].T  # [out, in]
    integers = np.clip(np.rint(weight / scale) + zero, 0, 2 ** BITS - 1).astype(np.int64)
    assert len(set(zeros.ravel())) > 4 and (np.diff(g_idx) < 0).any()
    stored = {"qweight": words_down(integers.T), "qzeros": words_down(zeros.T - 1).T.contiguous(), "scales": torch.from_numpy(scales),
              "g_idx": torch.from_numpy(g_idx)}
    return stored, torch.from_numpy((integers - zero) * scale)


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    generator = np.random.default_rng(29)

    def half(*shape):
        return torch.from_numpy(generator.normal(size=shape).astype(np.float16))

    tensors = {"model.embed_tokens.weight": half(24, 32), "lm_head.weight": half(24, 32), "model.norm.weight": half(32),
               "model.layers.0.input_layernorm.weight": half(32), "model.layers.0.post_attention_layernorm.weight": half(32)}
    expected = {}
    for name, (rows, columns) in LINEARS.items():
        parts, expected[name] = linear(generator, rows, columns)
        tensors.update({f"model.layers.0.{name}.{part}": value for part, value in parts.items()})
    save_file(tensors, HERE / "model.safetensors", {"format": "pt"})
    save_file(expected, HERE / "expected.safetensors")
    config = CONFIG.to_dict()
    config["quantization_config"] = GPTQConfig(bits=BITS, group_size=GROUP, desc_act=True, sym=False).to_dict()
    (HERE / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    (HERE / "settings.json").write_text(json.dumps(GPTQConfig(bits=BITS).to_dict(), indent=1, sort_keys=True) + "\n")
