#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes fixtures/: tiny random LLaMA folders with the logits that transformers computes for them.

    python3 make_fixtures.py            # needs torch, transformers 5, safetensors, numpy

Each folder holds config.json, the weights, expected.safetensors (tensor "logits" [n, V]: fp32 arithmetic on the stored weights) and
expected.json (the ids of those logits, and 40 greedy ids after id 1, past the context of 32, with the smallest margin of a choice).
"""
import json
import pathlib
import shutil

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

HERE = pathlib.Path(__file__).parent / "fixtures"
BASE = dict(
    hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=32,
    max_position_embeddings=32, rms_norm_eps=1e-5, rope_theta=10000.0, bos_token_id=1, eos_token_id=2, tie_word_embeddings=False,
)
LLAMA3 = dict(factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)


def random_model(changes, seed):
    torch.manual_seed(seed)
    config = LlamaConfig(**{**BASE, **changes})
    config._attn_implementation = "eager"
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.copy_(1 + 0.2 * torch.randn_like(parameter))
            elif name.endswith("bias"):
                parameter.copy_(0.3 * torch.randn_like(parameter))
            else:
                parameter.copy_(torch.randn_like(parameter) * parameter.shape[-1] ** -0.5)
    return model


def old_style(config):
    """config.json as transformers 4 wrote it: rope_theta and rope_scaling at the top."""
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    kind = rope.pop("rope_type")
    config["rope_scaling"] = None if kind == "default" else {"rope_type": kind, **rope}
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.41.2"
    return config


def write(name, changes=None, seed=0, length=20, dtype=torch.float32, edit=None, drop=(), shards=0, new_keys=False):
    folder = HERE / name
    folder.mkdir(parents=True)
    model = random_model(changes or {}, seed).to(dtype)
    tensors = {k: v.contiguous().clone() for k, v in model.state_dict().items() if k not in drop}
    if model.config.tie_word_embeddings and not drop:
        tensors.pop("lm_head.weight", None)
    if shards:
        names = sorted(tensors)
        weight_map = {}
        for i in range(shards):
            shard = f"model-{i + 1:05d}-of-{shards:05d}.safetensors"
            part = {k: tensors[k] for k in names[i::shards]}
            save_file(part, folder / shard, metadata={"format": "pt"})
            weight_map.update({k: shard for k in part})
        total = sum(t.numel() * t.element_size() for t in tensors.values())
        (folder / "model.safetensors.index.json").write_text(
            json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}, indent=1, sort_keys=True) + "\n")
    else:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads(json.dumps(model.config.to_dict()))
    config = {k: v for k, v in config.items() if k in {
        "architectures", "attention_bias", "bos_token_id", "dtype", "eos_token_id", "head_dim", "hidden_act", "hidden_size",
        "intermediate_size", "max_position_embeddings", "mlp_bias", "model_type", "num_attention_heads", "num_hidden_layers",
        "num_key_value_heads", "rms_norm_eps", "rope_parameters", "tie_word_embeddings", "transformers_version", "vocab_size"}}
    config["architectures"] = ["LlamaForCausalLM"]
    config["dtype"] = str(dtype).removeprefix("torch.")
    if not new_keys:
        config = old_style(config)
    if edit:
        edit(config)
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")

    # Expected numbers come from the files just written, read back by transformers itself.
    loaded = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    generator = torch.Generator().manual_seed(seed + 100)
    ids = torch.randint(0, BASE["vocab_size"], (length,), generator=generator)
    with torch.no_grad():
        logits = loaded(ids[None]).logits[0].float()
        start = torch.tensor([[1]])
        out = loaded.generate(start, max_new_tokens=40, do_sample=False, use_cache=True, eos_token_id=None, pad_token_id=0,
                              output_scores=True, return_dict_in_generate=True)
        greedy = out.sequences[0, 1:]
        best = torch.stack([s[0].topk(2).values for s in out.scores])
        margin = (best[:, 0] - best[:, 1]).min().item()
    save_file({"logits": logits.contiguous()}, folder / "expected.safetensors")
    (folder / "expected.json").write_text(json.dumps({"ids": ids.tolist(), "greedy_from_1": greedy.tolist(), "smallest_margin": margin}) + "\n")


def old_type_key(config):
    config["rope_scaling"]["type"] = config["rope_scaling"].pop("rope_type")


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    write("mha_untied", dict(num_key_value_heads=4), seed=1)
    write("gqa_tied_embedding", dict(tie_word_embeddings=True), seed=2, drop=("lm_head.weight",))
    write("gqa_tied_head_only", dict(tie_word_embeddings=True), seed=3, drop=("model.embed_tokens.weight",))
    # transformers 5 reads such a folder as untied, with a warning.
    write("tied_but_different", seed=12, edit=lambda config: config.update(tie_word_embeddings=True))
    llama3 = {"rope_parameters": {"rope_type": "llama3", "rope_theta": 500.0, **LLAMA3}}
    write("llama3_old_keys", llama3, seed=4, length=40)
    write("llama3_new_keys", llama3, seed=4, length=40, new_keys=True)
    write("linear", {"rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.5}}, seed=5, edit=old_type_key)
    dynamic = {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}, "head_dim": 8}
    write("dynamic_within", dynamic, seed=6, length=30)
    write("dynamic_beyond", dynamic, seed=6, length=50, new_keys=True)
    write("explicit_head_dim", dict(head_dim=6), seed=7)
    write("biases", dict(attention_bias=True, mlp_bias=True), seed=8)
    write("bf16", seed=9, dtype=torch.bfloat16)
    write("fp16", seed=10, dtype=torch.float16, new_keys=True)
    write("sharded", seed=11, shards=3)
    print("transformers", transformers.__version__, "torch", torch.__version__)
    for folder in sorted(HERE.iterdir()):
        print(folder.name, sum(f.stat().st_size for f in folder.iterdir()))


if __name__ == "__main__":
    main()
