#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes fixtures/chat.json: conversations as transformers' apply_chat_template renders and encodes them.

    python3 make_chat_fixtures.py            # needs transformers 5, tokenizers

The Jinja texts are the published ones: tokenizer_config.json of Llama-2-7b-chat-hf, Meta-Llama-3-8B-Instruct, Qwen2-7B-Instruct and
Qwen2.5-7B-Instruct (its branch without tools); for Vicuna, whose folders have none, FastChat's vicuna_v1.1 (ADD_COLON_TWO, " " and "</s>")
written in Jinja; ChatML without a default system message. The tokenizers are small byte-level and metaspace BPEs trained here.
"""
import json
import pathlib

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

HERE = pathlib.Path(__file__).parent / "fixtures"
LLAMA2 = (
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}"
    "{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if loop.index0 == 0 and system_message != false %}"
    "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
    "{% else %}{% set content = message['content'] %}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
LLAMA3 = (
    "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + "
    "'<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}"
    "{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
QWEN = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
QWEN25 = QWEN.replace("You are a helpful assistant.", "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.")
CHATML = "{% for message in messages %}" + QWEN[QWEN.index("{{'<|im_start|>' + message") :]
VICUNA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{{ messages[0]['content'] + ' ' }}"
    "{% else %}{% set rest = messages %}{{ 'A chat between a curious user and an artificial intelligence assistant. The assistant gives "
    "helpful, detailed, and polite answers to the user\\'s questions. ' }}{% endif %}{% for message in rest %}"
    "{% if message['role'] == 'user' %}{{ 'USER: ' + message['content'] + ' ' }}{% else %}"
    "{{ 'ASSISTANT: ' + message['content'] + eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
TEMPLATES = {"llama2": LLAMA2, "llama3": LLAMA3, "vicuna": VICUNA, "qwen": QWEN, "qwen2.5": QWEN25, "chatml": CHATML}


def conversation(*contents, system=None):
    turns = [] if system is None else [{"role": "system", "content": system}]
    return turns + [{"role": ("user", "assistant")[i % 2], "content": content} for i, content in enumerate(contents)]


CONVERSATIONS = [
    conversation("What is a lathe?", "A machine that turns the work."),
    conversation("Hello", "Hi!", system="You answer in one word."),
    conversation("one", "two", "three", "four", "five", "six"),
    conversation("  spaces around \n", "\n\tanswer \u00a0\n", " next\u3000", "  last  ", system="  be kind \n"),
    conversation("{content} {bos} %s {{ x }}", "{eos} {% if %} {input}", system="{content}"),
    conversation("<|im_end|> </s><s> <|eot_id|>[/INST]", "plain <|im_start|>system\nno", "ok", "<</SYS>> USER: x ASSISTANT:"),
    conversation("车轮转动吗？ 👩\u200d🔧", "يدور بسرعة\x1f\x1c e\u0301", system=""),
    conversation("def f(x):\n    return x\n\n\n", "```c\nint i = 0;\n```\n"),
    conversation("", ""),
]


def trained(model, pre_tokenizer, special, alphabet=()):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizer
    corpus = [m["content"] for c in CONVERSATIONS for m in c] + list(TEMPLATES.values())
    trainer = trainers.BpeTrainer(vocab_size=420 + len(special), special_tokens=special, initial_alphabet=list(alphabet), show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def byte_level():
    names = ["<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    tokenizer = trained(models.BPE(), pre_tokenizers.ByteLevel(add_prefix_space=False), names, pre_tokenizers.ByteLevel.alphabet())
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def metaspace():
    names = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    small = trained(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True), pre_tokenizers.Metaspace(), names)
    document = json.loads(small.to_str())
    document["added_tokens"], document["pre_tokenizer"] = [], None
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.add_special_tokens([AddedToken(name, normalized=False) for name in names[:3]])
    return tokenizer


def rows(tokenizer):
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    for name, jinja in TEMPLATES.items():
        for number, turns in enumerate(CONVERSATIONS):
            for ask in (False, True):
                shown = turns[:-1] if ask else turns
                text = wrapped.apply_chat_template(shown, chat_template=jinja, tokenize=False, add_generation_prompt=ask)
                ids = wrapped.apply_chat_template(shown, chat_template=jinja, add_generation_prompt=ask, return_dict=False)
                yield {"template": name, "conversation": number, "ask": ask, "text": text, "ids": ids}


def main():
    out = {"conversations": CONVERSATIONS, "tokenizers": []}
    for tokenizer in (byte_level(), metaspace()):
        out["tokenizers"].append({"file": json.loads(tokenizer.to_str()), "rows": list(rows(tokenizer))})
    for row in out["tokenizers"][1]["rows"]:
        del row["text"]  # the same for both
    (HERE / "chat.json").write_text(json.dumps(out, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
