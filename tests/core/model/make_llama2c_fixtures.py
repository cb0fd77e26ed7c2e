#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes llama2c_fixtures/: tiny random models in llama2.c's file forms, with what transformers computes for the same weights.

    python3 make_llama2c_fixtures.py            # needs torch, transformers 5, safetensors

tied.bin is in the original form, untied.bin too (its vocab_size is negative), version1.bin in version 1. FILE.safetensors holds "ids" and
fp32 "logits" [n, V] of each.
"""
import pathlib
import struct

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

HERE = pathlib.Path(__file__).parent / "llama2c_fixtures"
HERE.mkdir(exist_ok=True)


def pairs(weight, heads):
    """Hugging Face's halves of each head, turned back into pairs: x0, y0, x1, y1, …"""
    rows, columns = weight.shape
    return weight.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns)


def write(name, tied, version, seed):
    torch.manual_seed(seed)
    config = LlamaConfig(hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                         vocab_size=12, max_position_embeddings=32, rms_norm_eps=1e-5, tie_word_embeddings=tied)
    model = LlamaForCausalLM._from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.4 + (1 if parameter.ndim == 1 else 0))
    layers = model.model.layers
    norms = [torch.stack([layer.input_layernorm.weight for layer in layers])], [torch.stack([layer.post_attention_layernorm.weight for layer in layers])]
    attention = [torch.stack([pairs(layer.self_attn.q_proj.weight, 4) for layer in layers]), torch.stack([pairs(layer.self_attn.k_proj.weight, 2) for layer in layers]),
                 torch.stack([layer.self_attn.v_proj.weight for layer in layers]), torch.stack([layer.self_attn.o_proj.weight for layer in layers])]
    mlp = [torch.stack([layer.mlp.gate_proj.weight for layer in layers]), torch.stack([layer.mlp.down_proj.weight for layer in layers]),
           torch.stack([layer.mlp.up_proj.weight for layer in layers])]
    embedding, last = [model.model.embed_tokens.weight], [model.model.norm.weight]
    sizes = [16, 20, 2, 4, 2, 12 if tied or version else -12, 32]
    if version:
        head = struct.pack("<Ii7iB", 0x616B3432, 1, *sizes, tied).ljust(256, b"\0")
        order = norms[0] + norms[1] + last + embedding + attention + mlp
    else:
        head = struct.pack("<7i", *sizes)
        order = embedding + norms[0] + attention + norms[1] + mlp + last + [torch.full((32, 4), 0.5)]
    if not tied:
        order.append(model.lm_head.weight)
    (HERE / f"{name}.bin").write_bytes(head + b"".join(t.detach().contiguous().numpy().astype("<f4").tobytes() for t in order))
    ids = torch.randint(12, (1, 20))
    with torch.no_grad():
        save_file({"ids": ids[0], "logits": model(ids).logits[0]}, HERE / f"{name}.safetensors")


write("tied", True, 0, 1)
write("untied", False, 0, 2)
write("version1", False, 1, 3)
