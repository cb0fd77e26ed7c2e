#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes family_fixtures/: adapters that PEFT made for tiny models of tests/core/model/family_fixtures, and PEFT's logits with them.

    python3 make_family_fixtures.py            # needs torch, transformers 5, peft, safetensors

phi3_fused: an adapter of the fused linears, as anyone trains one for Phi-3. expected.safetensors holds "logits" [n, V], in fp32.
"""
import pathlib
import shutil

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent / "family_fixtures"
MODELS = pathlib.Path(__file__).parent.parent / "model" / "family_fixtures"


def write(name, model, **settings):
    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(MODELS / model, dtype=torch.float32, attn_implementation="eager")
    adapted = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", base_model_name_or_path="tiny", **settings)).eval()
    with torch.no_grad():
        for key, parameter in adapted.named_parameters():
            if "lora_" in key:
                parameter.copy_(torch.randn_like(parameter) * parameter.shape[-1] ** -0.5)
        logits = adapted((7 * torch.arange(20) ** 2 % 40)[None]).logits[0]
    adapted.peft_config["default"].base_model_name_or_path = "tiny"
    adapted.save_pretrained(HERE / name)
    (HERE / name / "README.md").unlink(missing_ok=True)
    save_file({"logits": logits.contiguous()}, HERE / name / "expected.safetensors")


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    write("phi3_fused", "phi3_window", r=3, lora_alpha=5, target_modules=["qkv_proj", "o_proj", "gate_up_proj"])


if __name__ == "__main__":
    main()
