#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes bin_fixture/: the weights of family_fixtures/mistral_old_keys as PyTorch shards with their index, the first in torch.save's zip
archive, the second in its format from before PyTorch 1.6.

    python3 make_bin_fixture.py            # needs torch, safetensors
"""
import json
import pathlib

import torch
from safetensors.torch import load_file

here = pathlib.Path(__file__).parent
out = here / "bin_fixture"
out.mkdir(exist_ok=True)
tensors = load_file(here / "family_fixtures" / "mistral_old_keys" / "model.safetensors")
names = sorted(tensors)
weight_map = {}
for number, (part, zipped) in enumerate([(names[::2], True), (names[1::2], False)], start=1):
    shard = f"pytorch_model-{number:05d}-of-00002.bin"
    torch.save({name: tensors[name] for name in part}, out / shard, _use_new_zipfile_serialization=zipped)
    weight_map.update({name: shard for name in part})
text = json.dumps({"metadata": {}, "weight_map": weight_map}, indent=2, sort_keys=True)
(out / "pytorch_model.bin.index.json").write_text(text + "\n")
