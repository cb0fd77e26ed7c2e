// SPDX-License-Identifier: GPL-3.0-or-later
// Writing a quantized model in a LinearFormat, and reading it back from the files alone.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/exports/linear_format.h"
#include "core/exports/quantized_export.h"

namespace rolora {

/// The linears of the model, once the record's settings were found to be sayable by any such format: InputError for KV bits, for
/// activations in groups, asymmetric or clipped, for R3, and where no weight is quantized.
std::vector<WholeLinear> exportable_linears(const QuantizedExport& from);

struct NamedTensor {
  std::string name;
  at::Tensor value;
};

struct ExportPlan {
  Json quantization_config;
  std::vector<WholeLinear> linears;
  std::vector<NamedTensor> extra;  ///< beside the model's own tensors
  std::string format;              ///< of NOTE.md's title
  std::vector<std::string> notes;
};

/// config.json, the weights with their index, tokenizer files, rotation record and NOTE.md into an existing folder.
void write_exported(const QuantizedExport& from, const ExportPlan& plan, const LinearFormat& format, const std::filesystem::path& folder,
                    Monitor& monitor);

/// The model with activations quantized by another rule than its own.
class OtherActivations final : public ModelSource {
 public:
  OtherActivations(const QuantizedFolder& model, QuantizationSpec spec) : model_(model), spec_(std::move(spec)) {}
  const ModelConfig& config() const override { return model_.config(); }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override { return model_.layer(index, compute); }
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return model_.embed(ids, compute); }
  at::Tensor final_norm(const Compute& compute) const override { return model_.final_norm(compute); }
  at::Tensor head(const Compute& compute) const override { return model_.head(compute); }
  void attach(Listeners& listeners, const Compute& compute) const override;

 private:
  const QuantizedFolder& model_;
  QuantizationSpec spec_;
};

/// A quantized folder in another library's format, read with a LinearFormat that was made from its own config.json. `activations` says the
/// bits of each linear's input by the linear's name in files; their scales are the compressed-tensors ones. An online R4 is the record's,
/// which the caller has compared. To the rest of the program its kind is "quantized".
class ExportedFolder final : public ModelSource {
 public:
  ExportedFolder(const std::filesystem::path& folder, std::shared_ptr<const LinearFormat> format, std::vector<WholeLinear> linears,
                 const std::map<std::string, int>& activations);
  const ModelConfig& config() const override { return config_; }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override;
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override;
  at::Tensor final_norm(const Compute& compute) const override;
  at::Tensor head(const Compute& compute) const override;
  void attach(Listeners& listeners, const Compute& compute) const override;
  const TensorStore& store() const { return store_; }
  const std::vector<WholeLinear>& linears() const { return linears_; }
  const std::optional<RotationRecord>& rotation() const { return rotation_; }
  /// InputError unless the folder holds exactly the model's tensors (and those named in `beside`), in the format's shapes and types.
  void expect_tensors(const std::set<std::string>& beside) const;
  /// SHA-256 over config.json's settings and all tensor bytes, in name order.
  std::string hash() const;

 private:
  ModelConfig config_;
  TensorStore store_;
  std::shared_ptr<const LinearFormat> format_;
  std::vector<WholeLinear> linears_;
  QuantizationSpec spec_;  ///< of activations
  std::optional<RotationRecord> rotation_;
};

/// GateError unless the folder gives the logits of `expected`.
ExportCheck verify_exported(const ModelSource& expected, const ExportedFolder& written, at::ScalarType store, const Compute& compute,
                            Monitor& monitor);

/// The configuration of such a folder; its kind is "quantized".
ModelConfig exported_config(const std::filesystem::path& folder);
/// The quantization_config of a folder.
Json read_quantization_config(const std::filesystem::path& folder);

}  // namespace rolora
