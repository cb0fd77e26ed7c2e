// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/linear_format.h"

#include "core/base/error.h"

namespace rolora {

void expect_stored(const TensorStore& file, const std::string& name, StoredType type, const std::vector<int64_t>& shape) {
  if (!file.has(name)) throw InputError(file.listing().string(), name, "a tensor " + shape_text(shape), "none");
  const TensorEntry& entry = file.entry(name);
  if (entry.type != type || entry.shape != shape) {
    throw InputError(file.file_of(name).path().string(), name, std::string(name_of(type)) + " " + shape_text(shape),
                     std::string(name_of(entry.type)) + " " + shape_text(entry.shape));
  }
}

at::Tensor stored_tensor(const TensorStore& file, const std::string& name, StoredType type, const std::vector<int64_t>& shape) {
  expect_stored(file, name, type, shape);
  at::Tensor copy = file.view(name).clone();
  file.release(name);
  return copy;
}

at::Tensor stored_scales(const TensorStore& file, const std::string& name, const std::vector<int64_t>& shape) {
  file.expect(name, shape);
  return file.load(name, {at::kFloat, at::kCPU});
}

}  // namespace rolora
