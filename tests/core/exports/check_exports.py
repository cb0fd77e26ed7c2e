#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other libraries make of exported folders.

    check_exports.py hf FOLDER…                              # needs torch, transformers 5, safetensors
    check_exports.py peft FOLDER ADAPTER IDS.json LOGITS     # needs peft too

hf: transformers' logits of the sample ids that a folder carries, against the stored ones. peft: an exported adapter on an exported folder,
against a safetensors file with "logits" [n, V] of `rolora logits … --ids IDS.json --adapter …`. Prints the relative L2 errors in fp32
arithmetic; exits 1 when one is above 1e-5 (2e-2 for half types).
"""
import json
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM


def load(folder):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto", attn_implementation="eager")
    bound = 1e-5 if model.dtype == torch.float32 else 2e-2
    return model.float().eval(), bound


def tell(name, found, expected, bound):
    error = ((found.double() - expected.double()).norm() / expected.double().norm()).item()
    print(f"{name}: relative L2 {error:.2e}, bound {bound:.0e}")
    return error <= bound


def check_hf(folder):
    samples = load_file(f"{folder}/rotation_samples.safetensors")
    model, bound = load(folder)
    with torch.no_grad():
        return tell(folder, model(samples["sample_ids"][None]).logits[0, -1], samples["sample_logits"], bound)


def check_peft(folder, adapter, ids, logits):
    from peft import PeftModel

    model, bound = load(folder)
    model = PeftModel.from_pretrained(model, adapter)
    with torch.no_grad():
        return tell(adapter, model(torch.tensor([json.load(open(ids))["ids"]])).logits[0], load_file(logits)["logits"], bound)


good = [check_peft(*sys.argv[2:])] if sys.argv[1] == "peft" else [check_hf(folder) for folder in sys.argv[2:]]
sys.exit(0 if all(good) else 1)
