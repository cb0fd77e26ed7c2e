#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes library_numbers.json: small integers and the words that compressed-tensors' and GPTQModel's own packers make of them, and what
compressed-tensors' apply_transform_config does to a linear's input.

Needs torch, compressed-tensors 0.20 and GPTQModel 7 (its source folder on PYTHONPATH is enough: nothing of it is compiled).
"""
import json
import os
from pathlib import Path

os.environ["GPTQMODEL_DISABLE_PACK_EXT"] = "1"
import torch
from compressed_tensors.compressors.pack_quantized.helpers import pack_to_int32
from compressed_tensors.transform import TransformConfig, apply_transform_config
from gptqmodel import QuantizeConfig
from gptqmodel.nn_modules.qlinear.torch import TorchLinear
from gptqmodel.utils.model import convert_gptq_v2_to_v1_format_module

generator = torch.Generator().manual_seed(5)


def draw(shape, least, most):
    return torch.randint(least, most + 1, shape, generator=generator, dtype=torch.int32)


def compressed_tensors(bits):
    """Integers and zero points as the library counts them, −2^(b−1) … 2^(b−1)−1."""
    half = 1 << (bits - 1)
    integers, zeros = draw((5, 11), -half, half - 1).to(torch.int8), draw((5, 2), -half, half - 1).to(torch.int8)
    return {"bits": bits, "integers": integers.tolist(), "zeros": zeros.tolist(), "packed": pack_to_int32(integers, bits).tolist(),
            "packed_zeros": pack_to_int32(zeros, bits, packed_dim=0).tolist()}


def gptq(bits, symmetric):
    out, width, group = 32, 32, 16
    groups = width // group
    integers = draw((out, width), 0, (1 << bits) - 1)
    zeros = torch.full((out, groups), 1 << (bits - 1), dtype=torch.int32) if symmetric else draw((out, groups), 1, (1 << bits) - 1)
    scales = torch.full((out, groups), 0.25)
    linear = torch.nn.Linear(width, out, bias=False)
    linear.weight.data = scales.repeat_interleave(group, 1) * (integers - zeros.repeat_interleave(group, 1))
    packed = TorchLinear(bits=bits, group_size=group, sym=symmetric, desc_act=False, in_features=width, out_features=out, bias=False)
    packed.pack_original(linear, scales, zeros.float(), torch.arange(width, dtype=torch.int32) // group)
    second = packed.qzeros.clone()
    convert_gptq_v2_to_v1_format_module(packed, QuantizeConfig(bits=bits, group_size=group, sym=symmetric))
    return {"bits": bits, "symmetric": symmetric, "group": group, "integers": integers.tolist(), "zeros": zeros.tolist(),
            "qweight": packed.qweight.tolist(), "qzeros": packed.qzeros.tolist(), "qzeros_v2": second.tolist(),
            "g_idx": packed.g_idx.tolist()}


class Layer(torch.nn.Module):
    """What down_proj reads is what it gives."""

    def __init__(self, width):
        super().__init__()
        self.mlp = torch.nn.ModuleDict({"down_proj": torch.nn.Linear(width, width, bias=False)})
        self.mlp["down_proj"].weight.data = torch.eye(width)


def transform(kind, width, head_dim):
    layer, x = Layer(width), torch.randn((2, width), generator=generator)
    apply = [{"targets": ["re:.*\\.down_proj$"], "location": "input", "inverse": False, "ignore": []}]
    scheme = {"type": kind, "apply": apply, "randomize": False, "requires_grad": False, "head_dim": head_dim}
    config = {"config_groups": {"R4": scheme}}
    apply_transform_config(layer, TransformConfig(**config))
    down = layer.mlp["down_proj"]
    matrix = None
    if kind == "random-hadamard":  # its stored matrix: not symmetric, so that sides cannot be confused
        matrix = torch.where(torch.rand((width, width), generator=generator) < 0.5, -1.0, 1.0)
        down.R4_input.weight.data.copy_(matrix)
    return {"transform_config": config, "width": width, "matrix": None if matrix is None else matrix.int().tolist(), "x": x.tolist(),
            "y": down(x).tolist()}


cases = {"compressed_tensors": [compressed_tensors(bits) for bits in range(2, 9)],
         "gptq": [gptq(2, False), gptq(4, True), gptq(4, False), gptq(8, False)],
         "transforms": [transform("hadamard", 8, None), transform("hadamard", 12, 4), transform("random-hadamard", 12, None)]}
Path(__file__).with_name("library_numbers.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
