#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the hostile corpus: broken and malicious inputs for every reader, each with what it attacks.

    python3 tests/hostile/make_corpus.py ROLORA OUT      # ROLORA is the built program, OUT a new folder; Python's standard library only

OUT/base holds sound files that ROLORA wrote, OUT/cases/NAME one damaged input each, OUT/manifest.json the list: name, attack, command (run
in the case's folder) and `says`, what its one error line must contain. The same program makes the same corpus. run_corpus.py runs it.
"""
import json
import pathlib
import re
import sys

import config_cases
import export_cases
import folder_cases
import job_cases
import pickle_cases
import safetensors_cases
import tokenizer_cases
from corpus import Corpus

# Cases that differ from a neighbour by a key or a value: left out unless everything is asked for (starting LibTorch costs a quarter of a
# second each).
BY_HAND = re.compile(
    r"config-(intermediate_size|num_hidden_layers|num_attention_heads|num_key_value_heads)-(huge|missing)|config-rope-(text|factor-text|no-type)"
    r"|llama2c-(hidden-dim|n-heads|n-kv-heads|max-seq-len)-zero|st-(three-offsets|offset-text|no-offsets|dtype-number|metadata-number|same-range)"
    r"|st-(scalar|nan-head|int-weight)|index-(subfolder|backslash|empty|number|itself)|json-(comment|comma|two|deep-objects|cut)"
    r"|ids-(huge|none|nested)|pkl-(eval|newobj|ext4|build-name|call-twice|persid|unknown|text-length|no-stop|no-mark|odd-items|protocol)"
    r"|pkl-(number-value|storage-missing|offset-beyond|shape-beyond|strides-negative|strides-count|few-arguments|empty|underflow|copies)"
    r"|zip-(64-short|count-less|disks|offset|no-pickle|cut-front)|old-(cut-after-magic|cut-before-keys|key-twice)"
    r"|tok-(normalizer|decoder|post_processor)-list|tok-regex-(named|class|callout|verb)|tok-(split-behavior|version|truncation|replace-pattern-list)"
    r"|tok-(vocab-text-id|merge-three|merge-number|unigram-three|unigram-no-list|unk-number)|tok-added-(object|flag|missing|content)"
    r"|spm-(text|empty-piece|group|varint|two-unknown)|ranks-(rank-negative|empty-piece|rank-far)"
    r"|adapter-(rank-zero|rank-text|rank-missing|alpha-text|alpha-missing|targets-number|targets-none|task|integers|turned|own-unknown|empty-shape)"
    r"|rotation-(format|part-checksum|order-zero|seed|unknown-key|gain-type|factor|extra)|quantized-(format|bits-huge|seed|scale-inf|mse-text)"
    r"|job-(empty|no-model|model-number|dtype|stations-object|id-long|context|label-path|unknown-setting|text-corpus)"
    r"|bits-(format|number|head|fraction)|run-job-number|h5-(text|root-ff|end-of-file-ff)")


def make(rolora, out):
    corpus = Corpus(out, pathlib.Path(rolora).resolve())
    corpus.make_base()
    for module in (safetensors_cases, config_cases, pickle_cases, tokenizer_cases, folder_cases, export_cases, job_cases):
        module.add(corpus)
    for case in corpus.cases:
        case["by_hand"] = BY_HAND.fullmatch(case["name"]) is not None
    (corpus.out / "manifest.json").write_text(json.dumps(corpus.cases, indent=1) + "\n")
    return corpus.cases


if __name__ == "__main__":
    print(f"{len(make(sys.argv[1], sys.argv[2]))} cases in {sys.argv[2]}")
