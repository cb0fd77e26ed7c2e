#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes fixtures/: learning rates of transformers' schedules, and fp64 trainings by torch, transformers and PEFT on tiny models.

    python3 make_fixtures.py            # needs torch, transformers 5, peft, numpy

The models are those of tests/core/model/fixtures (random, written by its own script). Every training reads the ids (7 i² + 3 i + 1) mod 32
in blocks of 12, two blocks a micro-batch, two micro-batches a step; an epoch of 10 blocks has 3 steps and the last of them sees 2 blocks.
"""
import json
import math
import pathlib
import shutil

import numpy
import torch
from peft import LoraConfig, get_peft_model
from torch.optim import SGD, AdamW
from transformers import (LlamaForCausalLM, get_constant_schedule_with_warmup, get_cosine_schedule_with_warmup,
                          get_linear_schedule_with_warmup)
from transformers.models.llama.modeling_llama import LlamaRMSNorm, LlamaRotaryEmbedding

HERE = pathlib.Path(__file__).parent / "fixtures"
MODELS = pathlib.Path(__file__).parent.parent / "model" / "fixtures"
SCHEDULES = {"cosine": get_cosine_schedule_with_warmup, "linear": get_linear_schedule_with_warmup}
BLOCK, BLOCKS, BATCH, ACCUMULATE, STEPS = 12, 10, 2, 2, 8


def schedule_of(optimizer, kind, warmup, total):
    if kind == "constant":
        return get_constant_schedule_with_warmup(optimizer, warmup)
    return SCHEDULES[kind](optimizer, warmup, total)


def rates(kind, warmup, total):
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=3e-4)
    schedule = schedule_of(optimizer, kind, warmup, total)
    out = []
    for _ in range(total):
        out.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return out


def write_schedules():
    cases = [{"kind": kind, "warmup": warmup, "total": total, "rates": rates(kind, warmup, total)}
             for kind in ("cosine", "linear", "constant") for warmup, total in ((0, 7), (2, 20), (5, 5), (1, 1), (3, 11))]
    ratios = [[total, ratio, math.ceil(total * ratio)] for total in (1, 7, 99, 100, 101, 300, 700, 1750) for ratio in (0.0, 0.01, 0.03, 0.1, 1.0)]
    (HERE / "schedules.json").write_text(json.dumps({"peak": 3e-4, "cases": cases, "warmup_of_ratio": ratios}) + "\n")


def blocks():
    ids = [(7 * i * i + 3 * i + 1) % 32 for i in range(BLOCK * BLOCKS + 5)]
    return torch.tensor(ids[: BLOCK * BLOCKS]).view(BLOCKS, BLOCK)


def micro_batches():
    """Per step the row numbers of its micro-batches, epoch after epoch."""
    steps = []
    while len(steps) < STEPS:
        rows = list(range(BLOCKS))
        while rows:
            now, rows = rows[: BATCH * ACCUMULATE], rows[BATCH * ACCUMULATE:]
            steps.append([now[i:i + BATCH] for i in range(0, len(now), BATCH)])
    return steps[:STEPS]


def digest(tensor):
    """Norm and one fixed projection: together they miss no mistake that a training could make."""
    flat = tensor.detach().double().numpy().ravel()
    return [float(numpy.linalg.norm(flat)), float(numpy.cos(numpy.arange(flat.size)) @ flat)]


def train(model, lr, weight_decay, clip, kind):
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = AdamW(parameters, lr=lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=weight_decay)
    schedule = schedule_of(optimizer, kind, 2, STEPS)
    data, curve = blocks(), []
    for step in micro_batches():
        optimizer.zero_grad()
        tokens = sum(len(rows) * (BLOCK - 1) for rows in step)
        total = 0.0
        for rows in step:
            ids = data[rows]
            logits = model(ids).logits[:, :-1]
            loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1), reduction="sum") / tokens
            loss.backward()
            total += loss.item()
        norm = torch.nn.utils.clip_grad_norm_(parameters, clip).item()
        curve.append({"loss": total, "lr": schedule.get_last_lr()[0], "grad_norm": norm, "tokens": tokens})
        optimizer.step()
        schedule.step()
    return curve


def exact_norm(self, x):
    return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)


def exact_rotary(self, x, position_ids):
    width = self.config.hidden_size // self.config.num_attention_heads
    frequency = 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = position_ids[..., None].double() * frequency
    angle = torch.cat((angle, angle), -1)
    return angle.cos(), angle.sin()


def load(name):
    """transformers' model with fp64 throughout: its own norm and rotary embedding would drop to fp32."""
    LlamaRMSNorm.forward, LlamaRotaryEmbedding.forward = exact_norm, exact_rotary
    return LlamaForCausalLM.from_pretrained(MODELS / name, dtype=torch.float64, attn_implementation="sdpa").train()


def full(name):
    model = load(name)
    recipe = {"lr": 2e-2, "weight_decay": 0.1, "clip": 0.7, "schedule": "linear"}
    curve = train(model, recipe["lr"], recipe["weight_decay"], recipe["clip"], recipe["schedule"])
    weights = {k: digest(v) for k, v in sorted(model.named_parameters())}
    return {"model": name, "recipe": recipe, "curve": curve, "weights": weights}


def lora(name):
    torch.manual_seed(5)
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    model = get_peft_model(load(name), LoraConfig(r=4, lora_alpha=6, target_modules=targets, use_rslora=True, task_type="CAUSAL_LM")).double()
    with torch.no_grad():
        for key, value in model.named_parameters():
            if "lora_B" in key:
                value.copy_(0.05 * torch.randn_like(value))
            if "lora_" in key:
                value.copy_(value.float())  # the adapter file holds fp32
    folder = HERE / "rslora_start"
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = name
    config["target_modules"] = sorted(config["target_modules"])
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    recipe = {"lr": 1e-2, "weight_decay": 0.01, "clip": 0.5, "schedule": "cosine"}
    curve = train(model, recipe["lr"], recipe["weight_decay"], recipe["clip"], recipe["schedule"])
    weights = {k.removeprefix("base_model.model.").replace(".default", ""): digest(v) for k, v in sorted(model.named_parameters()) if "lora_" in k}
    return {"model": name, "start": folder.name, "recipe": recipe, "curve": curve, "weights": weights}


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    torch.set_num_threads(1)
    write_schedules()
    trainings = {"full": [full("gqa_tied_embedding"), full("mha_untied"), full("biases")], "lora": [lora("gqa_tied_embedding")]}
    (HERE / "trainings.json").write_text(json.dumps(trainings, indent=1) + "\n")


if __name__ == "__main__":
    main()
