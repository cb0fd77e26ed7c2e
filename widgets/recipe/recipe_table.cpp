// SPDX-License-Identifier: GPL-3.0-or-later
// The table itself. Ranges are those of the worker; explanations name where a default comes from.
#include "widgets/recipe/recipe_fields.h"

#define T(text) QT_TRANSLATE_NOOP("RecipeFields", text)

namespace rolora::widgets {
namespace {

constexpr double kMany = 1e9;
constexpr const char* kNone = "";
constexpr bool kAdvanced = true, kPlain = false;
using K = FieldKind;

std::vector<Field> rotate_fields() {
  return {
      {"model", K::model, T("Model"), kNone, kNone, kNone, 0, 0, kNone, kNone, kPlain,
       T("A plain model: what is rotated already cannot be rotated again.")},
      {"fold_only", K::flag, T("Fold only"), kNone, "false", kNone, 0, 0, kNone, kNone, kPlain,
       T("Only move the norms' gains into the weights, rotate nothing: the control that shows what rotation itself does. Default off.")},
      {"r1", K::choice, T("R1, residual stream"), kNone, "\"hadamard\"", kNone, 0, 0, "hadamard orthogonal none", "fold_only=false", kPlain,
       T("Folded into the weights: a Hadamard matrix with random signs, a random orthogonal one, or none. RoLoRA's between-block "
         "rotation.")},
      {"r4", K::choice, T("R4, before down_proj"), kNone, "\"hadamard\"", kNone, 0, 0, "hadamard orthogonal blocks none", "fold_only=false",
       kPlain, T("Applied while the model runs, in front of down_proj, where the largest outliers sit. RoLoRA's in-block rotation.")},
      {"r2", K::flag, T("R2, values per head"), kNone, "false", kNone, 0, 0, kNone, "fold_only=false", kAdvanced,
       T("Folded between V and O. SpinQuant's; RoLoRA leaves it off.")},
      {"r3", K::flag, T("R3, queries and keys"), kNone, "false", kNone, 0, 0, kNone, "fold_only=false", kAdvanced,
       T("Applied while the model runs; only useful with a quantized KV cache. SpinQuant's; RoLoRA leaves it off.")},
      {"r4_signs", K::flag, T("Random signs on R4"), kNone, "false", kNone, 0, 0, kNone, "r4=hadamard", kAdvanced,
       T("Default off, as in QuaRot and RoLoRA.")},
      {"store", K::choice, T("Store as"), kNone, "null", T("the type of the input"), 0, 0, "float32 bfloat16 float16", kNone, kPlain,
       T("Type of the written weights. Half types round what was folded; the equality gate allows for it.")},
      {"text", K::text, T("Text of the gate"), kNone, "null", T("none: seeded random tokens alone"), 0, 0, kNone, kNone, kPlain,
       T("The rotated model must compute the same as the original: the gate also runs on the first 512 tokens of this text.")},
      {"seed", K::integer, T("Seed"), kNone, "null", T("the job's"), 0, 9.2e18, kNone, kNone, kPlain,
       T("Of the random signs or matrices.")},
  };
}

std::vector<Field> statistics_fields() {
  return {
      {"states", K::states, T("States"), kNone, kNone, kNone, 0, 0, kNone, kNone, kPlain,
       T("Measured on the same tokens into one file: label = model, with commas. The labels are the names under which views compare "
         "them.")},
      {"text", K::text, T("Text"), kNone, kNone, kNone, 0, 0, kNone, kNone, kPlain, T("What runs through the models.")},
      {"windows", K::integer, T("Windows"), kNone, "0", T("0: all"), 0, kMany, kNone, kNone, kPlain,
       T("Only the first N windows of the text; 0 takes all.")},
      {"context", K::integer, T("Window length"), T("tokens"), "null", T("2048 or the model's limit"), 2, kMany, kNone, kNone, kPlain,
       T("Tokens of a window, as GPTQ cuts them.")},
      {"sites", K::list, T("Sites"), kNone, "null", T("all"), 0, 0, kNone, kNone, kAdvanced,
       T("Kinds (down_in) or single sites (layers.0.down_in), with commas.")},
      {"keep", K::list, T("Keep whole"), kNone, "null", T("none"), 0, 0, kNone, kNone, kPlain,
       T("Sites whose values are stored token by token, for the magnitude view: layers.0.down_in. Costs 4 bytes a value.")},
      {"keep_tokens", K::integer, T("Keep of these"), T("tokens"), "0", T("0: all"), 0, kMany, kNone, kNone, kPlain,
       T("Only the text's first N tokens of what is kept whole.")},
  };
}

std::vector<Field> finetune_fields() {
  return {
      {"model", K::model, T("Model"), kNone, kNone, kNone, 0, 0, kNone, kNone, kPlain,
       T("What is tuned: rotated for RoLoRA, base for plain LoRA.")},
      {"data", K::text, T("Data"), kNone, kNone, kNone, 0, 0, kNone, kNone, kPlain,
       T("One of the job's texts: a plain text, or records with instruction and output.")},
      {"format", K::choice, T("Format"), kNone, "\"alpaca\"", kNone, 0, 0, "alpaca text", kNone, kPlain,
       T("alpaca: records with a prompt, the loss on the answer alone. text: the whole text, packed. RoLoRA trains on Alpaca.")},
      {"template", K::choice, T("Template"), kNone, "\"stanford\"", kNone, 0, 0,
       "stanford rolora alpaca llama2 llama3 vicuna qwen qwen2.5 chatml", "format=alpaca", kAdvanced,
       T("Wording around a record: an instruction and its response, or a chat model's messages. Default Stanford Alpaca's.")},
      {"cutoff", K::integer, T("Cutoff"), T("tokens"), "null", T("1024 or the model's limit"), 2, kMany, kNone, "format=alpaca", kPlain,
       T("Longer records are cut. LLaMA-Factory's default, which RoLoRA used.")},
      {"block", K::integer, T("Block"), T("tokens"), "null", T("2048 or the model's limit"), 2, kMany, kNone, "format=text", kPlain,
       T("The text is cut into blocks of this length.")},
      {"full", K::flag, T("Train every weight"), kNone, "false", kNone, 0, 0, kNone, kNone, kAdvanced,
       T("In place of an adapter; takes four times the model in memory. Default off.")},
      {"rank", K::integer, T("Rank"), kNone, "16", kNone, 1, kMany, kNone, "full=false", kPlain,
       T("Of the adapter's matrices. RoLoRA's recipe.")},
      {"alpha", K::real, T("Alpha"), kNone, "16", kNone, 1e-9, kMany, kNone, "full=false", kPlain,
       T("The adapter counts alpha / rank (alpha / √rank with rslora and rsdora). RoLoRA's recipe.")},
      {"targets", K::targets, T("Linears"), kNone, "null", T("RoLoRA's: q_proj, v_proj"), 0, 0, kNone, "full=false", kPlain,
       T("all, or some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, with commas.")},
      {"variant", K::choice, T("Variant"), kNone, "\"lora\"", kNone, 0, 0, "lora dora rslora rsdora", "full=false", kAdvanced,
       T("dora trains the rows' magnitudes too, rslora scales by alpha / √rank, rsdora does both. Plain LoRA by default.")},
      {"dropout", K::real, T("Dropout"), kNone, "0", kNone, 0, 0.999999, kNone, "full=false", kAdvanced,
       T("On the adapter's input. Default 0.")},
      {"lr", K::real, T("Learning rate"), kNone, "0.0001", kNone, 1e-12, 1e3, kNone, kNone, kPlain, T("At its highest. RoLoRA's recipe.")},
      {"schedule", K::choice, T("Schedule"), kNone, "\"cosine\"", kNone, 0, 0, "cosine linear constant", kNone, kPlain,
       T("Of the learning rate after the warm-up. RoLoRA's recipe.")},
      {"warmup_ratio", K::real, T("Warm-up"), T("share of steps"), "0.01", kNone, 0, 1, kNone, kNone, kAdvanced, T("RoLoRA's recipe.")},
      {"warmup_steps", K::integer, T("Warm-up"), T("steps"), "null", T("by the share"), 0, kMany, kNone, kNone, kAdvanced,
       T("In place of the share.")},
      {"epochs", K::real, T("Epochs"), kNone, "3", kNone, 1e-9, 1e6, kNone, kNone, kPlain, T("Passes over the data. RoLoRA's recipe.")},
      {"steps", K::integer, T("Steps"), kNone, "null", T("by the epochs"), 1, kMany, kNone, kNone, kPlain, T("In place of epochs.")},
      {"batch", K::integer, T("Batch"), T("examples"), "8", kNone, 1, kMany, kNone, kNone, kPlain,
       T("Of a micro-batch: memory grows with it. RoLoRA's recipe.")},
      {"accumulate", K::integer, T("Accumulate"), T("micro-batches"), "1", kNone, 1, kMany, kNone, kNone, kPlain,
       T("Of a step: time grows with it, memory does not.")},
      {"clip_grad", K::real, T("Clip gradient"), kNone, "1", kNone, 0, kMany, kNone, kNone, kAdvanced,
       T("Bound of its norm; 0 leaves it. Default of transformers.")},
      {"weight_decay", K::real, T("Weight decay"), kNone, "0", kNone, 0, kMany, kNone, kNone, kAdvanced, T("RoLoRA's recipe: none.")},
      {"shuffle", K::flag, T("Shuffle"), kNone, "true", kNone, 0, 0, kNone, kNone, kAdvanced, T("Another order each epoch, by the seed.")},
      {"validation", K::real, T("Validation"), T("share"), "null", T("0.1 of shuffled records, else 0"), 0, 0.999999, kNone, kNone, kPlain,
       T("Examples kept out of training for the evaluation loss.")},
      {"evaluate_every", K::integer, T("Evaluate every"), T("steps"), "0", T("0: each epoch"), 0, kMany, kNone, kNone, kPlain,
       T("The evaluation loss of the validation share.")},
      {"site_statistics_every", K::integer, T("Outliers every"), T("steps"), "0", T("0: never"), 0, kMany, kNone, kNone, kPlain,
       T("Kurtosis and maximum of every linear's input: the training page draws kurtosis by layer from them. Do outliers come back?")},
      {"save_every", K::integer, T("Save every"), T("steps"), "null", T("a tenth of all, at most 100"), 0, kMany, kNone, kNone, kPlain,
       T("Checkpoints that a killed job goes on from; they change no result. 0 saves only when it is stopped.")},
      {"store", K::choice, T("Store as"), kNone, "null", T("the type of the input"), 0, 0, "float32 bfloat16 float16", "full=true",
       kAdvanced, T("Of a full training's model.")},
      {"seed", K::integer, T("Seed"), kNone, "null", T("the job's"), 0, 9.2e18, kNone, kNone, kAdvanced,
       T("Of the adapter's start, the order and dropout.")},
  };
}

std::vector<Field> merge_fields() {
  return {
      {"model", K::model, T("Adapter"), kNone, kNone, kNone, 0, 0, kNone, kNone, kPlain, T("The station that tuned it.")},
      {"store", K::choice, T("Store as"), kNone, "null", T("the type of the input"), 0, 0, "float32 bfloat16 float16", kNone, kPlain,
       T("Type of the merged weights.")},
  };
}

// quantize's keys; `at` is "" or "quantization/".
std::vector<Field> quantization_fields(bool look) {
  std::vector<Field> fields = {
      {look ? "quantization/weights" : "weights", K::integer, T("Weights"), T("bits"), "16", kNone, 2, 16, kNone, kNone, kPlain,
       T("2 to 8; 16 leaves them as they are.")},
      {look ? "quantization/activations" : "activations", K::integer, T("Activations"), T("bits"), "16", kNone, 2, 16, kNone, kNone, kPlain,
       T("Per token, while the model runs; 16 leaves them. Here outliers cost most.")},
      {look ? "quantization/kv" : "kv", K::integer, T("KV cache"), T("bits"), "16", kNone, 2, 16, kNone, kNone, kPlain,
       T("Per token and head, asymmetric; 16 leaves it.")},
      {look ? "quantization/method" : "method", K::choice, T("Method"), kNone, "\"rtn\"", kNone, 0, 0, "rtn gptq", kNone, kPlain,
       T("rtn rounds to nearest; gptq corrects each column's error in those that follow and needs a calibration text.")},
      {look ? "quantization/calibration" : "calibration", K::text, T("Calibration text"), kNone, "null",
       T("none: output errors are not measured"), 0, 0, kNone, kNone, kPlain, T("For GPTQ, and for the errors at the linears' outputs.")},
      {look ? "quantization/samples" : "samples", K::integer, T("Samples"), T("windows"), "128", kNone, 1, kMany, kNone, kNone, kPlain,
       T("First N windows of the calibration text. GPTQ, arXiv 2210.17323.")},
      {look ? "quantization/context" : "context", K::integer, T("Calibration window"), T("tokens"), "null", T("2048 or the model's limit"),
       2, kMany, kNone, kNone, kAdvanced, T("Length of a calibration window.")},
      {look ? "quantization/error_samples" : "error_samples", K::integer, T("Error samples"), T("windows"), "4", T("4"), 0, kMany, kNone,
       kNone, kAdvanced, T("First N of these windows measure output errors; 0 measures none.")},
      {look ? "quantization/group" : "group", K::integer, T("Group"), T("inputs"), "0", T("0: a whole row"), 0, kMany, kNone, kNone, kPlain,
       T("Inputs that share a weight scale.")},
      {look ? "quantization/asymmetric" : "asymmetric", K::flag, T("Asymmetric weights"), kNone, "false", kNone, 0, 0, kNone, kNone,
       kAdvanced, T("A zero point beside the scale. Default off (QuaRot).")},
      {look ? "quantization/clip_search" : "clip_search", K::flag, T("Search weight clip"), kNone, "false", kNone, 0, 0, kNone, kNone,
       kAdvanced, T("The range with the least squared error. Default off.")},
      {look ? "quantization/act_order" : "act_order", K::flag, T("Order by activation"), kNone, "false", kNone, 0, 0, kNone,
       look ? "quantization/method=gptq" : "method=gptq", kAdvanced,
       T("GPTQ takes the columns with the largest inputs first. Default off.")},
      {look ? "quantization/damp" : "damp", K::real, T("Damping"), kNone, "0.01", kNone, 0, kMany, kNone,
       look ? "quantization/method=gptq" : "method=gptq", kAdvanced, T("Share of the Hessian's mean diagonal. GPTQ.")},
      {look ? "quantization/block" : "block", K::integer, T("Block"), T("columns"), "128", kNone, 1, kMany, kNone,
       look ? "quantization/method=gptq" : "method=gptq", kAdvanced, T("Columns that GPTQ treats at a time.")},
      {look ? "quantization/activation_group" : "activation_group", K::integer, T("Activation group"), T("channels"), "0",
       T("0: a whole token"), 0, kMany, kNone, kNone, kAdvanced, T("Channels that share a scale.")},
      {look ? "quantization/activation_asymmetric" : "activation_asymmetric", K::flag, T("Asymmetric activations"), kNone, "false", kNone,
       0, 0, kNone, kNone, kAdvanced, T("Default off (QuaRot).")},
      {look ? "quantization/activation_clip" : "activation_clip", K::real, T("Activation clip"), kNone, "1", kNone, 1e-9, 1, kNone, kNone,
       kAdvanced, T("Of the token's range; QuaRot's evaluations take 0.9.")},
      {look ? "quantization/scale_convention" : "scale_convention", K::choice, T("Scales"), kNone, "\"quarot\"", kNone, 0, 0,
       "quarot compressed-tensors", kNone, kAdvanced, T("max / (2^(b−1) − 1), or max / ((2^b − 1) / 2).")},
      {look ? "quantization/down_bits" : "down_bits", K::integer, T("Bits of down_proj"), T("bits"), "null", T("as the others"), 2, 16,
       kNone, kNone, kPlain, T("Weights and inputs of down_proj, where outliers are largest.")},
      {look ? "quantization/bits" : "bits", K::json, T("Bits by linear"), kNone, "null", T("none"), 0, 0, kNone, kNone, kAdvanced,
       T("{\"model.layers.0.mlp.down_proj\": {\"weights\": 8, \"activations\": 8}}")},
  };
  return fields;
}

std::vector<Field> quantize_fields() {
  std::vector<Field> fields = {{"model", K::model, T("Model"), kNone, kNone, kNone, 0, 0, kNone, kNone, kPlain,
                                T("Plain, rotated or merged; an adapter is merged first.")}};
  for (const Field& field : quantization_fields(false)) fields.push_back(field);
  return fields;
}

std::vector<Field> evaluate_fields() {
  std::vector<Field> fields = {
      {"model", K::model, T("Model"), kNone, kNone, kNone, 0, 0, kNone, kNone, kPlain, T("Any state of the model.")},
      {"text", K::text, T("Text"), kNone, kNone, kNone, 0, 0, kNone, kNone, kPlain, T("Perplexity is measured on it.")},
      {"context", K::integer, T("Window length"), T("tokens"), "null", T("2048 or the model's limit"), 2, kMany, kNone, kNone, kPlain,
       T("Contiguous windows; GPTQ's rule.")},
      {"windows", K::integer, T("Windows"), kNone, "0", T("0: all"), 0, kMany, kNone, kNone, kPlain,
       T("Only the first N windows; 0 takes all.")},
      {"keep_tail", K::flag, T("Keep the tail"), kNone, "false", kNone, 0, 0, kNone, kNone, kAdvanced,
       T("Also what is left after the last whole window. Default off (GPTQ).")},
      {"quantization", K::section, T("Look at it quantized"), kNone, "null", kNone, 0, 0, kNone, kNone, kPlain,
       T("As if it were quantized, without saving anything.")},
  };
  for (const Field& field : quantization_fields(true)) fields.push_back(field);
  return fields;
}

}  // namespace

const std::vector<StationKind>& station_kinds() {
  static const std::vector<StationKind> kinds = {
      {"rotate", T("Rotate"), T("Turns the model so that outliers vanish; refused unless it still computes the same."), true,
       rotate_fields()},
      {"statistics", T("Measure outliers"), T("Statistics of every site, several states on the same tokens."), false, statistics_fields()},
      {"finetune", T("Tune"), T("Trains an adapter (LoRA), or every weight."), true, finetune_fields()},
      {"merge", T("Merge"), T("Puts a trained adapter into the weights."), true, merge_fields()},
      {"quantize", T("Quantize"), T("Writes the model with few bits and measures the error of every linear."), true, quantize_fields()},
      {"evaluate", T("Evaluate"), T("Perplexity on a text."), false, evaluate_fields()},
  };
  return kinds;
}

}  // namespace rolora::widgets
