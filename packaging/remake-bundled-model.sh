#!/bin/sh
# Remakes everything under resources/texts and resources/bundled from Debian packages and this program alone:
# the texts (King James Bible as Debian's package bible-kjv prints it), the SentencePiece model and the trained weights.
# Usage: packaging/remake-bundled-model.sh PATH/TO/rolora [texts|tokenizer|model|all]
set -eu
rolora=${1:?usage: remake-bundled-model.sh PATH/TO/rolora [texts|tokenizer|model|all]}
part=${2:-all}
here=$(cd "$(dirname "$0")/.." && pwd)
texts=$here/resources/texts
bundled=$here/resources/bundled
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
wants() { [ "$part" = all ] || [ "$part" = "$1" ]; }

for tool in bible spm_train; do
  command -v $tool >/dev/null || { echo "error: $tool: expected Debian packages bible-kjv and sentencepiece, found none" >&2; exit 1; }
done

# One verse a line, "Ge1:1 In the beginning …"; each part takes whole chapters, a blank line after each.
bible -f -l100000 "Gen1:1-Rev22:21" | grep -E '^[1-3]?[A-Z][A-Za-z]*[0-9]+:[0-9]+ ' > "$work/verses"
split_chapters() { # AWK-CONDITION over book (1..66) and chapter (number of the chapter over the whole Bible, from 0)
  awk -v OFS= "
    { ref = \$1; name = ref; sub(/[0-9]+:[0-9]+\$/, \"\", name); chapter_ref = ref; sub(/:.*/, \"\", chapter_ref)
      if (name != last_name) { book++; last_name = name }
      if (chapter_ref != last_chapter) { if (printing) print \"\"; chapter = NR == 1 ? 0 : chapter + 1; last_chapter = chapter_ref; printing = ($1) }
      if (printing) { sub(/^[^ ]+ /, \"\"); print } }" "$work/verses"
}
# Books 1–39 are the Old Testament, 40–44 the Gospels and Acts, 45–66 the Epistles and Revelation.
split_chapters 'book <= 39 && chapter % 25 != 12' > "$work/training.txt"
if wants texts; then
  mkdir -p "$texts"
  split_chapters 'book <= 39 && chapter % 25 == 12' > "$texts/heldout.txt"
  split_chapters 'book >= 40 && book <= 44 && chapter % 5 == 2' > "$texts/evaluation.txt"
  # Some verses stand in two Gospels: none that is judged on is tuned on.
  grep . "$texts/evaluation.txt" > "$work/judged"
  split_chapters 'book >= 40 && book <= 44 && chapter % 5 != 2' | grep -vxFf "$work/judged" > "$texts/tuning.txt"
  split_chapters 'book >= 45' > "$texts/calibration.txt"
fi
if wants tokenizer; then
  mkdir -p "$bundled"
  spm_train --input="$work/training.txt" --model_prefix="$work/tokenizer" --model_type=bpe --vocab_size=2048 --character_coverage=1.0 \
    --byte_fallback=true --split_digits=true --normalization_rule_name=identity --remove_extra_whitespaces=false \
    --add_dummy_prefix=true --num_threads=1 --max_sentence_length=16384 --minloglevel=2
  cp "$work/tokenizer.model" "$bundled/tokenizer.model"
fi
if wants model; then
  mkdir "$work/start"
  cp "$bundled/config.json" "$bundled/tokenizer.model" "$work/start/"
  "$rolora" finetune "$work/start" --full --init-random 1 --seed 1 --data "$work/training.txt" --format text --block 256 \
    --lr 3e-3 --schedule cosine --warmup-steps 100 --weight-decay 0 --clip-grad 1 --batch 8 --epochs 4 --validation 0.01 \
    --store bfloat16 --threads 1 --evaluate-every 200 --save-every 200 --out "$work/trained"
  cp "$work/trained/model.safetensors" "$bundled/model.safetensors"
  cp "$work/trained/log.jsonl" "$bundled/training.jsonl"
fi
