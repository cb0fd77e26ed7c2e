// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/trainer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/finetune/site_probe.h"

namespace rolora {
namespace {

constexpr int64_t kLogitElements = 1 << 24;  // of a row chunk: 64 MiB in fp32
constexpr double kFirstHalfScale = 65536;    // fp16 gradients below 6e-8 would vanish; halved whenever a step overflows

// [N] in fp32 (fp64 under fp64).
at::Tensor token_losses(ResidentModel& model, const at::Tensor& h, const at::Tensor& targets) {
  const at::Tensor logits = logits_of(h, model.final_norm(), model.head(), model.config().rms_epsilon);  // [N, V]
  const at::ScalarType type = logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  return at::cross_entropy_loss(logits.to(type), targets, {}, at::Reduction::None);
}

}  // namespace

double batch_nll(ResidentModel& model, const MicroBatch& batch, std::optional<double> gradient_scale) {
  const at::Tensor hidden = model.hidden(batch.ids);                                       // [B, T, d]
  const at::Tensor h = hidden.reshape({-1, hidden.size(-1)}).index_select(0, batch.rows);  // [N, d]
  // The head runs on a leaf of its own, chunk by chunk; what collects there then goes back through the layers once.
  at::Tensor leaf = h.detach();
  if (gradient_scale && h.requires_grad()) leaf.set_requires_grad(true);
  const int64_t rows = std::max<int64_t>(1, kLogitElements / model.config().vocabulary);
  double sum = 0;
  for (int64_t begin = 0; begin < h.size(0); begin += rows) {
    const int64_t count = std::min(rows, h.size(0) - begin);
    const at::Tensor nll = token_losses(model, leaf.narrow(0, begin, count), batch.targets.narrow(0, begin, count)).sum(at::kDouble);
    sum += nll.item<double>();
    if (gradient_scale) (nll * *gradient_scale).backward();
  }
  if (leaf.requires_grad()) h.backward(leaf.grad());
  return sum;
}

Trainer::Trainer(ResidentModel& model, Trainee& trainee, const TrainingData& training, const TrainingData& validation,
                 const TrainingSettings& settings)
    : model_(model),
      trainee_(trainee),
      training_(training),
      validation_(validation),
      settings_(settings),
      order_(static_cast<int64_t>(training.examples.size()), settings.batch, settings.accumulate, settings.shuffle, settings.seed),
      total_(total_steps(settings, order_.steps_per_epoch())),
      schedule_(schedule_of(settings, total_)),
      optimizer_(trainee.parameters().flat(), {.weight_decay = settings.weight_decay}),
      probe_(std::make_shared<SiteProbe>()),
      loss_scale_(model.compute().type == at::kHalf ? kFirstHalfScale : 1.0) {
  if (settings.site_statistics_every > 0) model_.listeners().add(ListenerStage::observation, probe_);
}

Trainer::~Trainer() = default;

double Trainer::gradient_of_step(int64_t step, const std::vector<MicroBatch>& batches, int64_t tokens) {
  trainee_.parameters().zero_gradient();
  Random noise(settings_.seed, "finetune dropout, step " + std::to_string(step));
  double sum = 0;
  for (const MicroBatch& batch : batches) {
    const uint64_t noise_seed = noise.bits();
    if (batch.targets.numel() == 0) continue;  // nothing to learn in these rows
    trainee_.install(model_, true, noise_seed);
    probe_->look_at(batch.present);
    sum += batch_nll(model_, batch, loss_scale_ / static_cast<double>(tokens));
  }
  return sum;
}

const StepRecord& Trainer::step() {
  const int64_t number = done() + 1;
  StepRecord record{.step = number, .loss = std::numeric_limits<double>::quiet_NaN(), .learning_rate = schedule_.rate(number - 1)};
  std::vector<MicroBatch> batches;
  for (const std::vector<int64_t>& numbers : order_.micro_batches(number)) {
    batches.push_back(make_micro_batch(training_, numbers, model_.compute().device));
    record.tokens += batches.back().targets.numel();
  }
  const at::Tensor& gradient = trainee_.parameters().gradient();
  const bool probed = settings_.site_statistics_every > 0 && number % settings_.site_statistics_every == 0;
  double sum = 0;
  for (;;) {
    probe_->begin(probed);
    sum = gradient_of_step(number, batches, record.tokens);
    record.grad_norm = gradient_norm(gradient) / loss_scale_;
    if (std::isfinite(record.grad_norm) || !std::isfinite(sum) || loss_scale_ <= 1) break;
    loss_scale_ /= 2;
  }
  if (!std::isfinite(sum) || !std::isfinite(record.grad_norm)) {
    throw NumericError("finetune: step " + std::to_string(number) + ": expected a finite loss and gradient, found loss " +
                       std::to_string(sum / static_cast<double>(record.tokens)) + " and gradient norm " + std::to_string(record.grad_norm) +
                       " (a lower --lr may help)");
  }
  if (record.tokens > 0) record.loss = sum / static_cast<double>(record.tokens);
  record.sites = probe_->result();
  probe_->begin(false);
  const double factor = clip_factor(record.grad_norm, settings_.clip) / loss_scale_;
  if (factor != 1.0) gradient.mul_(factor);
  optimizer_.step(gradient, record.learning_rate);
  if (evaluation_due(number)) record.evaluation = evaluate();
  log_.push_back(std::move(record));
  return log_.back();
}

bool Trainer::evaluation_due(int64_t step) const {
  if (validation_.examples.empty()) return false;
  const int64_t every = settings_.evaluate_every > 0 ? settings_.evaluate_every : order_.steps_per_epoch();
  return step == total_ || step % every == 0;
}

std::optional<double> Trainer::evaluate() {
  const at::NoGradGuard no_gradient;
  trainee_.install(model_, false, 0);
  const auto n = static_cast<int64_t>(validation_.examples.size());
  double sum = 0;
  int64_t tokens = 0;
  for (int64_t begin = 0; begin < n; begin += settings_.batch) {
    std::vector<int64_t> numbers;
    for (int64_t i = begin; i < std::min(n, begin + settings_.batch); ++i) numbers.push_back(i);
    const MicroBatch batch = make_micro_batch(validation_, numbers, model_.compute().device);
    if (batch.targets.numel() == 0) continue;
    sum += batch_nll(model_, batch, std::nullopt);
    tokens += batch.targets.numel();
  }
  if (tokens == 0) return std::nullopt;
  return sum / static_cast<double>(tokens);
}

void Trainer::restore(std::vector<StepRecord> log, double loss_scale) {
  log_ = std::move(log);
  loss_scale_ = loss_scale;
}

}  // namespace rolora
