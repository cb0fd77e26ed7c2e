// SPDX-License-Identifier: GPL-3.0-or-later
// rolora logits: every position's logits of given ids, as a safetensors file for comparison with other programs.
#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <chrono>
#include <iomanip>
#include <sstream>

#include "app/model_input.h"
#include "app/output_place.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/model/passes.h"

namespace rolora::app {
namespace {

struct LogitsOptions {
  ModelOptions model;
  PromptOptions prompt;
  std::string out;
};

constexpr int64_t kRows = 256;  // positions whose logits are computed at a time

struct LogitsResult {
  at::Tensor logits;          // [n, V] fp32
  std::optional<double> nll;  // none for a single token
};

// One window through the model layer by layer, so that no more than a layer's weights are held.
LogitsResult compute_logits(const ModelSource& source, const std::vector<int64_t>& ids, const Compute& compute, Monitor& monitor) {
  const at::NoGradGuard no_grad;
  const at::Tensor all = at::tensor(ids, at::kLong);
  LogitsResult result;
  run_layerwise(source, all.unsqueeze(0), {}, {compute}, monitor, "logits", [&](WindowIndex, const at::Tensor& stream) {
    const at::Tensor h = stream.squeeze(0), norm = source.final_norm(compute), head = source.head(compute);
    const double epsilon = source.config().rms_epsilon;
    result.logits = at::empty({h.size(0), head.size(0)}, at::kFloat);
    for (int64_t row = 0; row < h.size(0); row += kRows) {
      const at::Tensor part = h.slice(0, row, std::min(h.size(0), row + kRows));
      result.logits.slice(0, row, row + part.size(0)).copy_(logits_of(part, norm, head, epsilon));
    }
    if (h.size(0) < 2) return;
    const at::Tensor targets = all.slice(0, 1).to(compute.device);
    result.nll = token_nll(h.slice(0, 0, h.size(0) - 1), targets, norm, head, epsilon).mean().item<double>();
  });
  return result;
}

void write_logits(const std::filesystem::path& file, const at::Tensor& logits) {
  SafetensorsWriter writer(file, {{"logits", StoredType::F32, logits.sizes().vec()}});
  writer.write("logits", bytes_of_tensor(logits));
  writer.finish();
}

void run(Session& session, const LogitsOptions& o) {
  require_apart(o.out, {o.model.model, o.model.adapter, o.prompt.ids});
  require_writable_file(o.out);
  const Compute compute = session.compute();
  const OpenedModel model = open_model_input(session, o.model);
  const std::vector<int64_t> ids = read_prompt(o.prompt, model);
  const auto count = static_cast<int64_t>(ids.size());
  if (count > model.source->config().context) {
    session.monitor().notice(std::to_string(count) + " tokens reach beyond the model's context of " +
                             std::to_string(model.source->config().context));
  }
  check_samples(session, model);
  const auto start = std::chrono::steady_clock::now();
  const LogitsResult result = compute_logits(*model.source, ids, compute, session.monitor());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  write_logits(o.out, result.logits);
  std::ostringstream text;
  text << "tokens   " << count << "\nnll      ";
  if (result.nll) {
    text << std::setprecision(10) << *result.nll << " per predicted token";
  } else {
    text << "none (a single token predicts nothing)";
  }
  text << "\nseconds  " << std::setprecision(3) << seconds << "\nlogits   [" << count << ", " << result.logits.size(1) << "] float32 in "
       << o.out << "\n";
  session.result({{"tokens", count}, {"nll", result.nll ? Json(*result.nll) : Json()}, {"seconds", seconds}}, text.str());
}

}  // namespace

void add_logits(Verbs& verbs) {
  const auto o = std::make_shared<LogitsOptions>();
  CLI::App& app = verbs.add("logits", "Write the logits of every position, for comparison with other programs",
                            [o](Session& session) { run(session, *o); });
  add_model_options(app, o->model, true);
  add_prompt_options(app, o->prompt);
  app.add_option("--out", o->out, "Safetensors file to write (tensor logits, fp32, [n, V]); an existing one is replaced (required)")
      ->required();
}

}  // namespace rolora::app
