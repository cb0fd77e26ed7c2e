#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes pattern_fixtures/: adapters that PEFT made with every way of saying which modules, ranks and alphas, for tiny models of
tests/core/model/family_fixtures, and PEFT's logits with them.

    python3 make_pattern_fixtures.py            # needs torch, transformers 5, peft 0.21, safetensors

expected.safetensors holds "logits" [n, V], in fp32; model.txt names the model's folder.
"""
import pathlib
import shutil

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent / "pattern_fixtures"
MODELS = pathlib.Path(__file__).parent.parent / "model" / "family_fixtures"
LAYER_1 = "model.layers.1.self_attn."
CASES = {
    "ranks": ("mistral_window", dict(target_modules=["q_proj", "v_proj", "down_proj"], rank_pattern={"v_proj": 5, "^model.layers.0.self_attn.q_proj": 1},
                                   alpha_pattern={"down_proj": 9.5})),
    "rslora": ("mistral_window", dict(target_modules=["q_proj", "o_proj"], use_rslora=True, rank_pattern={r"layers\.1\..*q_proj": 4})),
    "dora": ("mistral_window", dict(target_modules=["q_proj", "up_proj"], use_dora=True, rank_pattern={"up_proj": 2}, alpha_pattern={"q_proj": 1})),
    "expression": ("qwen3", dict(target_modules=r".*\.(self_attn\.[qk]_proj|mlp\.up_proj)", exclude_modules=r".*layers\.0\..*k_proj")),
    "layers": ("qwen3", dict(target_modules=["v_proj", "gate_proj"], layers_to_transform=[1], layers_pattern="layers")),
    "names": ("qwen3", dict(target_modules=["model.layers.0.mlp.down_proj", LAYER_1 + "q_proj"], exclude_modules=["k_proj"])),
    "all": ("phi3_window", dict(target_modules="all-linear", rank_pattern={"gate_up_proj": 2}, alpha_pattern={"qkv_proj": 7})),
    "one": ("phi3_window", dict(target_modules=["gate_up_proj", "o_proj"], layers_to_transform=0, use_dora=True, alpha_pattern={"o_proj": 2})),
}


def write(name, model, settings):
    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(MODELS / model, dtype=torch.float32, attn_implementation="eager")
    config = LoraConfig(task_type="CAUSAL_LM", base_model_name_or_path="tiny", r=3, lora_alpha=5, **settings)
    adapted = get_peft_model(base, config).eval()
    with torch.no_grad():
        for key, parameter in adapted.named_parameters():
            if "lora_magnitude" in key:
                parameter.mul_(1 + 0.2 * torch.randn_like(parameter))
            elif "lora_" in key:
                parameter.copy_(torch.randn_like(parameter) * parameter.shape[-1] ** -0.5)
        logits = adapted((7 * torch.arange(20) ** 2 % 40)[None]).logits[0]
    adapted.peft_config["default"].base_model_name_or_path = "tiny"
    adapted.save_pretrained(HERE / name)
    (HERE / name / "README.md").unlink(missing_ok=True)
    (HERE / name / "model.txt").write_text(model)
    save_file({"logits": logits.contiguous()}, HERE / name / "expected.safetensors")


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    for name, (model, settings) in CASES.items():
        write(name, model, settings)


if __name__ == "__main__":
    main()
