// SPDX-License-Identifier: GPL-3.0-or-later
// Fine-tuning data: records and conversations; the first byte says the template.
#include "core/finetune/examples.h"
#include "core/finetune/templates.h"
#include "tests/fuzz/entry.h"

namespace {

// Every byte of a text is a token.
class Bytes final : public rolora::Tokenizer {
 public:
  std::vector<int64_t> encode(std::string_view text, bool) const override {
    std::vector<int64_t> ids;
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }
  std::string decode(const std::vector<int64_t>& ids) const override { return {ids.begin(), ids.end()}; }
  std::string piece(int64_t id) const override { return std::string(1, static_cast<char>(id)); }
  int64_t vocabulary() const override { return 256; }
  std::optional<int64_t> bos() const override { return 1; }
  std::optional<int64_t> eos() const override { return 2; }
  std::string kind() const override { return "bytes"; }
  std::vector<int64_t> prefix() const override { return {1}; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  static const Bytes tokenizer;
  if (size == 0) return 0;
  const auto file = folder.write("records.json", fuzz::as_text(data + 1, size - 1));
  const auto templates = prompt_templates();
  return fuzz::expect_typed([&] {
    const TrainingData read = alpaca_records(file, tokenizer, {&templates[data[0] % templates.size()], 64, 2});
    for (const Example& example : read.examples) {
      if (example.ids.size() > 64 || example.labels() < 0) fuzz::finding("an example that is longer than its cut-off", "");
    }
    require_vocabulary(read, tokenizer.vocabulary());
  });
}
