// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/model_folder.h"

#include "core/model/checkpoint.h"
#include "core/model/write_folder.h"
#include "core/storage/atomic_file.h"

namespace rolora {

void write_model_folder(const ModelSource& source, const ModelFolderKind& kind, const std::filesystem::path& out, Monitor& monitor) {
  Json document = source.config().raw;
  describe_weights(document, dtype_name(kind.store), source.config().tied);
  set_tuned_mark(document, kind.tuned);
  write_file_atomically(out / "config.json", json_text(document));
  // Programs that load Hugging Face folders by every *.safetensors must see which are no weights: the record and its samples.
  const bool beside_others = kind.rotation.has_value() && source.config().own_kind.empty();
  write_weights(source, out, {.stored = kind.store, .indexed = beside_others}, monitor);
  copy_companions(kind.like, out);
  if (kind.rotation) save_rotation(*kind.rotation, out);
}

}  // namespace rolora
