#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes family_fixtures/: tiny random folders of every family, as save_pretrained writes them, with what transformers computes for them.

    python3 make_family_fixtures.py            # needs torch, transformers 5, safetensors

Each folder holds config.json, generation_config.json, the weights, expected.safetensors ("logits" [n, V] of one prefill, "cached"
[n - 4, V] of a prefill of 5 tokens and single steps on the cache behind it; fp32 arithmetic on the stored weights) and expected.json (the
ids of those logits, a prompt, and its 40 greedy ids with the smallest margin of a choice). The widths have Hadamard matrices that are no
powers of two (24, 40, 12, 20, 28) or none at all (heads of 6, 10 and 14); gains are negative and large in places; texts are longer than
windows and original contexts.
"""
import json
import pathlib
import shutil

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent / "family_fixtures"
BASE = dict(
    hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=40,
    max_position_embeddings=64, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=0, tie_word_embeddings=False,
    initializer_range=0.02,
)


def config_head_dim(config):
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def random_model(model_type, changes, seed, dtype):
    torch.manual_seed(seed)
    config = AutoConfig.for_model(model_type, **{**BASE, **changes})
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                gain = 1 + 0.3 * torch.randn_like(parameter)
                gain[::5] *= -1
                gain[3] *= 1 if parameter.numel() == config_head_dim(config) else 5  # scores of hundreds would only measure fp32's rounding
                parameter.copy_(gain)
            elif name.endswith("bias"):
                parameter.copy_(0.3 * torch.randn_like(parameter))
            else:
                parameter.copy_(torch.randn_like(parameter) * parameter.shape[-1] ** -0.5)
    return model.to(dtype)


def old_style(config):
    """config.json as transformers 4 wrote it: rope_theta, rope_scaling and partial_rotary_factor at the top, no layer_types."""
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    if "partial_rotary_factor" in rope:
        config["partial_rotary_factor"] = rope.pop("partial_rotary_factor")
    kind = rope.pop("rope_type")
    config["rope_scaling"] = None if kind == "default" else {"type": kind, **rope}
    config.pop("layer_types", None)
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.44.0"


def cached_logits(model, ids, first):
    out = model(ids[None, :first], use_cache=True)
    rows = [out.logits[0, -1]]
    for token in ids[first:]:
        out = model(token.view(1, 1), past_key_values=out.past_key_values, use_cache=True)
        rows.append(out.logits[0, -1])
    return torch.stack(rows)


def write(name, model_type, changes=None, seed=0, length=30, dtype=torch.float32, old=False, edit=None):
    folder = HERE / name
    random_model(model_type, changes or {}, seed, dtype).save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    if old:
        old_style(config)
    if edit:
        edit(config)
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")

    # Expected numbers come from the files just written, read back by transformers itself.
    loaded = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    generator = torch.Generator().manual_seed(seed + 100)
    ids = torch.randint(3, BASE["vocab_size"], (length,), generator=generator)
    with torch.no_grad():
        logits, cached = loaded(ids[None]).logits[0].float(), cached_logits(loaded, ids, 5)
        best = (0, 0, None, None)
        for start in range(20):  # the prompt whose narrowest choice is clearest
            prompt = ids[start:start + 3]
            out = loaded.generate(prompt[None], max_new_tokens=40, do_sample=False, eos_token_id=None, pad_token_id=0,
                                  output_scores=True, return_dict_in_generate=True)
            top = torch.stack([s[0].topk(2).values for s in out.scores])
            best = max(best, ((top[:, 0] - top[:, 1]).min().item(), -start, prompt.tolist(), out.sequences[0, 3:].tolist()))
    save_file({"logits": logits.contiguous(), "cached": cached.contiguous()}, folder / "expected.safetensors")
    numbers = {"ids": ids.tolist(), "prompt": best[2], "greedy": best[3], "smallest_margin": best[0]}
    (folder / "expected.json").write_text(json.dumps(numbers) + "\n")
    print(name, sum(f.stat().st_size for f in folder.iterdir()), "bytes, margin", best[0])


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    llama3 = {"rope_type": "llama3", "rope_theta": 5000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
              "original_max_position_embeddings": 16}
    write("llama3_tied", "llama", dict(tie_word_embeddings=True, rope_parameters=llama3), seed=1)
    write("llama_dynamic_steps", "llama", dict(max_position_embeddings=16, rope_parameters={
        "rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}), seed=2)
    write("mistral_window", "mistral", dict(sliding_window=6), seed=3)
    write("mistral_old_keys", "mistral", dict(sliding_window=None, head_dim=10), seed=4, dtype=torch.bfloat16, old=True)
    write("qwen2_tied", "qwen2", dict(tie_word_embeddings=True, sliding_window=8, max_window_layers=1), seed=5, old=True)
    window = dict(use_sliding_window=True, sliding_window=5, max_window_layers=1)
    write("qwen2_window_old_keys", "qwen2", window, seed=6, old=True)
    write("qwen2_layer_types", "qwen2", dict(use_sliding_window=True, sliding_window=5, num_hidden_layers=3, layer_types=[
        "sliding_attention", "full_attention", "sliding_attention"]), seed=7)
    write("qwen3", "qwen3", dict(head_dim=12), seed=8)
    write("qwen3_tied_old_keys", "qwen3", dict(head_dim=14, attention_bias=True, tie_word_embeddings=True, **window), seed=9, old=True)
    write("phi3_window", "phi3", dict(num_key_value_heads=4, sliding_window=7), seed=10)
    factors = dict(short_factor=[1.0, 1.1], long_factor=[1.5, 4.0])
    longrope = {"rope_type": "longrope", "rope_theta": 100.0, "partial_rotary_factor": 0.75, **factors}
    write("phi3_longrope", "phi3", dict(tie_word_embeddings=True, original_max_position_embeddings=16, rope_parameters=longrope), seed=11)
    su = {"rope_type": "longrope", "rope_theta": 100.0, "short_factor": [1.0, 1.1, 1.2], "long_factor": [1.5, 4.0, 6.5]}
    write("phi3_old_keys", "phi3", dict(intermediate_size=28, original_max_position_embeddings=16, rope_parameters=su), seed=12,
          dtype=torch.bfloat16, old=True, edit=lambda config: config["rope_scaling"].update(type="su"))
    print("transformers", transformers.__version__, "torch", torch.__version__)


if __name__ == "__main__":
    main()
