// SPDX-License-Identifier: GPL-3.0-or-later
// rolora tokenize: texts to ids and back, for scripts and to look at what a tokenizer does.
#include "app/template_input.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/storage/atomic_file.h"
#include "core/tokenizer/tokenizer.h"

namespace rolora::app {
namespace {

struct Options {
  std::string model, text, text_file, texts, decode;
  bool special = false;
  TemplateOptions asking;
  CLI::Option *text_option = nullptr, *text_file_option = nullptr, *texts_option = nullptr, *decode_option = nullptr;
};

// A list, or the list under `key` of an object.
const Json& list_of(const Json& document, const std::string& file, const std::string& key) {
  if (document.is_array()) return document;
  const Json& list = JsonObject(document, file).raw(key);
  if (!list.is_array()) throw InputError(file, key, "a list", list.type_name());
  return list;
}

std::vector<std::string> read_texts(const std::string& file) {
  const Json document = read_json_file(file);
  std::vector<std::string> texts;
  for (const Json& entry : list_of(document, file, "texts")) {
    const std::string key = "texts[" + std::to_string(texts.size()) + "]";
    if (entry.is_string()) {
      texts.push_back(entry.get<std::string>());
    } else if (entry.is_object()) {
      texts.push_back(JsonObject(entry, file, key).string("text"));
    } else {
      throw InputError(file, key, "a text or an object with `text`", entry.type_name());
    }
  }
  return texts;
}

std::vector<std::vector<int64_t>> read_id_lists(const std::string& file) {
  const Json document = read_json_file(file);
  std::vector<std::vector<int64_t>> lists;
  for (const Json& entry : list_of(document, file, "ids")) {
    const std::string name = "ids[" + std::to_string(lists.size()) + "]";
    const Json wrapped = {{name, entry}};  // gives the list's place to the message
    lists.push_back(JsonObject(wrapped, file).integers(name));
  }
  return lists;
}

// Ids with their pieces, so that one sees where a text was cut.
std::string readable(const Tokenizer& tokenizer, const std::vector<std::vector<int64_t>>& lists) {
  std::string out;
  for (const std::vector<int64_t>& ids : lists) {
    for (const int64_t id : ids) out += std::to_string(id) + "\t" + printable(tokenizer.piece(id), 200) + "\n";
    out += std::to_string(ids.size()) + (ids.size() == 1 ? " token\n" : " tokens\n");
  }
  return out;
}

void tokenize(const Options& o, Session& session) {
  size_t given = 0;
  for (const CLI::Option* option : {o.text_option, o.text_file_option, o.texts_option, o.decode_option})
    given += option->count() > 0 ? 1 : 0;
  if (given != 1) throw UsageError("tokenize: expected one of --text, --text-file, --texts and --decode, found " + std::to_string(given));
  if (o.decode_option->count() > 0 && o.special) throw UsageError("tokenize: expected --special with texts, found it with --decode");
  if (o.asking.given() && (o.decode_option->count() > 0 || o.special))
    throw UsageError("tokenize: expected --template with texts alone (it says which special tokens there are), found it with " +
                     std::string(o.special ? "--special" : "--decode"));
  const std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(o.model);
  if (o.decode_option->count() > 0) {
    Json texts = Json::array();
    std::string human;
    for (const std::vector<int64_t>& ids : read_id_lists(o.decode)) {
      texts.push_back(tokenizer->decode(ids));
      human += texts.back().get_ref<const std::string&>() + "\n";
    }
    session.result({{"texts", texts}}, human);
    return;
  }
  std::vector<std::string> texts;
  if (o.texts_option->count() > 0) {
    texts = read_texts(o.texts);
  } else {
    texts.push_back(o.text_option->count() > 0 ? o.text : read_file(o.text_file));
  }
  std::vector<std::vector<int64_t>> lists;
  for (const std::string& text : texts) {
    lists.push_back(o.asking.given() ? encode_asking(o.asking, text, "tokenize", "the text", *tokenizer, session.monitor())
                                     : tokenizer->encode(text, o.special));
  }
  Json result = {{"ids", lists}};
  if (o.asking.given()) {
    const auto end = end_of_template(o.asking, *tokenizer);
    result["end_of_response"] = end ? Json(*end) : Json();
  }
  session.result(result, session.options().json ? "" : readable(*tokenizer, lists));
}

}  // namespace

void add_tokenize(Verbs& verbs) {
  const auto o = std::make_shared<Options>();
  CLI::App& a = verbs.add("tokenize", "Turn texts into token ids and back", [o](Session& session) { tokenize(*o, session); });
  a.add_option(
       "MODEL", o->model,
       "Model folder, tokenizer.json, or .model of SentencePiece or LLaMA-3's tiktoken (a folder's tokenizer.json comes first) (required)")
      ->required();
  o->text_option = a.add_option("--text", o->text, "A text; \"\" is one too (required: one of --text, --text-file, --texts, --decode)");
  o->text_file_option = a.add_option("--text-file", o->text_file, "A file whose bytes are the text (required: as --text)");
  o->texts_option = a.add_option("--texts", o->texts, "JSON file: a list of texts, or of objects with `text` (required: as --text)");
  o->decode_option = a.add_option("--decode", o->decode,
                                  "JSON file: a list of id lists to turn into texts, special tokens left out (required: as --text)");
  a.add_flag("--special", o->special, "Add BOS and EOS as the tokenizer defines (default off; command contract)");
  add_template_options(a, o->asking, "each text");
}

}  // namespace rolora::app
