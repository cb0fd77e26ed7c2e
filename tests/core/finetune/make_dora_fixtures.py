#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes dora_fixtures/: what PEFT makes of DoRA (use_dora) on tiny models.

    python3 make_dora_fixtures.py            # needs torch, transformers 5, peft, numpy, safetensors

trainings.json: fp64 trainings by the recipe of make_fixtures.py, of an adapter and of one with use_rslora, each from the folder it names;
their magnitudes are what PEFT starts from with the B of that folder. Beside the adapter lies dropout.safetensors: "logits" [1, 12, V]
in fp64 of the same adapter in training mode with dropout 0.25 after torch.manual_seed(7), on the first block.

phi3 has training.json too: an fp64 training of the adapter that lies there, of the fused linears.

llama, qwen2, phi3: adapters with values everywhere and expected.safetensors with "unmerged" and "merged" logits [n, V] in fp32, on the ids
7 i² mod V. All models are those of tests/core/model.
"""
import json
import pathlib
import shutil

import torch
from make_fixtures import MODELS, blocks, digest, exact_norm, exact_rotary, load, train
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM
from transformers.models.phi3.modeling_phi3 import Phi3RMSNorm, Phi3RotaryEmbedding

HERE = pathlib.Path(__file__).parent / "dora_fixtures"
FAMILIES = MODELS.parent / "family_fixtures"
EVERY = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
DROPOUT, SEED = 0.25, 7
RECIPE = {"lr": 1e-2, "weight_decay": 0.01, "clip": 0.5, "schedule": "cosine"}


def save(model, name):
    folder = HERE / name
    model.peft_config["default"].base_model_name_or_path = "tiny"
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["target_modules"] = sorted(config["target_modules"])
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")


def round_to_file(model):
    with torch.no_grad():
        for key, value in model.named_parameters():
            if "lora_" in key:
                value.copy_(value.float())  # the adapter file holds fp32


def adapted(name, rslora, dropout=0.0):
    config = LoraConfig(r=4, lora_alpha=6, target_modules=EVERY, use_dora=True, use_rslora=rslora, lora_dropout=dropout, task_type="CAUSAL_LM")
    return get_peft_model(load(name), config).double().train()


def trained(name, rslora):
    torch.manual_seed(5)
    model = adapted(name, rslora)
    with torch.no_grad():
        for key, value in model.named_parameters():
            if "lora_B" in key:
                value.copy_(0.05 * torch.randn_like(value))
    round_to_file(model)
    for module in model.modules():
        if hasattr(module, "lora_magnitude_vector") and "default" in module.lora_magnitude_vector:
            module.lora_magnitude_vector["default"].update_layer(
                base_layer=module.get_base_layer(), lora_A=module.lora_A["default"].weight, lora_B=module.lora_B["default"].weight,
                scaling=module.scaling["default"])
    round_to_file(model)
    start = "rsdora_start" if rslora else "dora_start"
    save(model, start)
    if not rslora:
        noisy = adapted(name, rslora, DROPOUT)
        noisy.load_state_dict(model.state_dict())
        torch.manual_seed(SEED)
        save_file({"logits": noisy(blocks()[:1]).logits.detach().contiguous()}, HERE / start / "dropout.safetensors")
    return {"model": name, "start": start} | curve_of(model)


def curve_of(model):
    curve = train(model, RECIPE["lr"], RECIPE["weight_decay"], RECIPE["clip"], RECIPE["schedule"])
    short = lambda key: key.removeprefix("base_model.model.").replace(".default", "").replace("magnitude_vector.weight", "magnitude_vector")
    return {"recipe": RECIPE, "curve": curve, "weights": {short(k): digest(v) for k, v in sorted(model.named_parameters()) if "lora_" in k}}


def trained_fused(name, folder):
    Phi3RMSNorm.forward, Phi3RotaryEmbedding.forward = exact_norm, exact_rotary
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="sdpa").train()
    model = PeftModel.from_pretrained(base, HERE / name, is_trainable=True).double().train()
    (HERE / name / "training.json").write_text(json.dumps(curve_of(model), indent=1) + "\n")


def used(name, folder, targets, **settings):
    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model = get_peft_model(base, LoraConfig(r=3, lora_alpha=5, target_modules=targets, use_dora=True, task_type="CAUSAL_LM", **settings)).eval()
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_magnitude" in key:
                parameter.mul_(1 + 0.3 * torch.randn_like(parameter))
            elif "lora_" in key:
                parameter.copy_(torch.randn_like(parameter) * parameter.shape[-1] ** -0.5)
        ids = (7 * torch.arange(20) ** 2 % base.config.vocab_size)[None]
        logits = {"unmerged": model(ids).logits[0].contiguous()}
        save(model, name)
        logits["merged"] = model.merge_and_unload()(ids).logits[0].contiguous()
    save_file(logits, HERE / name / "expected.safetensors")


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    torch.set_num_threads(1)
    used("llama", MODELS / "biases", EVERY)
    used("qwen2", FAMILIES / "qwen2_tied", EVERY, use_rslora=True)
    used("phi3", FAMILIES / "phi3_window", ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"])
    trained_fused("phi3", FAMILIES / "phi3_window")
    trainings = [trained("biases", False), trained("gqa_tied_embedding", True)]
    (HERE / "trainings.json").write_text(json.dumps(trainings, indent=1) + "\n")


if __name__ == "__main__":
    main()
