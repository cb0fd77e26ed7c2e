# SPDX-License-Identifier: GPL-3.0-or-later
# Writes torch_zip.bin, torch_old.bin and torch_old_3.bin … torch_old_5.bin (pickle protocols) beside this file with PyTorch's own torch.save: the same tensors in both of its formats.
# Run with torch 2.11.
import collections
import pathlib

import torch

here = pathlib.Path(__file__).parent


def row(*shape):
    count = torch.Size(shape).numel()
    return (torch.arange(count, dtype=torch.float64) / 2 - 1).reshape(shape)


state = collections.OrderedDict()
for name, dtype in [("f64", torch.float64), ("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16), ("i64", torch.int64)]:
    state[name] = row(2, 3).to(dtype)
state["scalar"] = row(1).reshape(()).to(torch.float32)
state["empty"] = torch.zeros(0, 4)
state["tied"] = state["f32"]
state["part"] = row(4, 3).float()[1:3]  # shares a larger storage
state["parameter"] = torch.nn.Parameter(row(3).float())
state["row of one"] = row(4, 2).float().t()[:1].t().contiguous().t()  # sides of one, whatever their strides
state._metadata = collections.OrderedDict({"": {"version": 1}})
for name, new in [("torch_zip.bin", True), ("torch_old.bin", False)]:
    torch.save(state, here / name, _use_new_zipfile_serialization=new)
for protocol in (3, 4, 5):
    torch.save(state, here / f"torch_old_{protocol}.bin", pickle_protocol=protocol, _use_new_zipfile_serialization=False)
torch.save({"turned": row(4, 3).float().t()}, here / "torch_turned.bin")
