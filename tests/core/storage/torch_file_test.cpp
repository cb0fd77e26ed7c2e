// SPDX-License-Identifier: GPL-3.0-or-later
// Files written by PyTorch itself (make_torch_fixtures.py), then hand-made ones that each attack one thing a reader could believe.
#include "core/storage/torch_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/storage/zip_directory.h"
#include "tests/core/storage/safetensors_bytes.h"
#include "tests/support/folders.h"

namespace rolora {
namespace {

using testing::little_endian;

std::span<const std::byte> bytes_of_text(const std::string& text) { return {reinterpret_cast<const std::byte*>(text.data()), text.size()}; }

std::string fixture(const std::string& name) {
  std::ifstream in(test::source_folder() / "tests/core/storage" / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

template <class T>
std::vector<T> values(const std::string& file, const TensorEntry& entry) {
  std::vector<T> out(static_cast<size_t>(entry.elements()));
  std::memcpy(out.data(), file.data() + entry.begin, out.size() * sizeof(T));
  return out;
}

class WrittenByTorch : public ::testing::TestWithParam<const char*> {};

TEST_P(WrittenByTorch, HasTheValuesThatPytorchSaved) {
  const std::string file = fixture(GetParam());
  ASSERT_FALSE(file.empty());
  ASSERT_TRUE(is_torch_file(bytes_of_text(file)));
  const auto tensors = read_torch_file(bytes_of_text(file), "x.bin");
  ASSERT_EQ(tensors.size(), 11U);
  const std::vector<int64_t> shape = {2, 3};
  for (const char* name : {"f64", "f32", "f16", "bf16", "i64", "tied"}) EXPECT_EQ(tensors.at(name).shape, shape) << name;
  EXPECT_EQ(values<double>(file, tensors.at("f64")), (std::vector<double>{-1, -0.5, 0, 0.5, 1, 1.5}));
  EXPECT_EQ(values<float>(file, tensors.at("f32")), (std::vector<float>{-1, -0.5, 0, 0.5, 1, 1.5}));
  EXPECT_EQ(values<uint16_t>(file, tensors.at("f16")), (std::vector<uint16_t>{0xbc00, 0xb800, 0, 0x3800, 0x3c00, 0x3e00}));
  EXPECT_EQ(values<uint16_t>(file, tensors.at("bf16")), (std::vector<uint16_t>{0xbf80, 0xbf00, 0, 0x3f00, 0x3f80, 0x3fc0}));
  EXPECT_EQ(values<int64_t>(file, tensors.at("i64")), (std::vector<int64_t>{-1, 0, 0, 0, 1, 1}));
  EXPECT_EQ(tensors.at("tied").begin, tensors.at("f32").begin);
  EXPECT_EQ(values<float>(file, tensors.at("scalar")), std::vector<float>{-1});
  EXPECT_TRUE(tensors.at("scalar").shape.empty());
  EXPECT_EQ(tensors.at("empty").shape, (std::vector<int64_t>{0, 4}));
  EXPECT_EQ(values<float>(file, tensors.at("part")), (std::vector<float>{0.5, 1, 1.5, 2, 2.5, 3}));
  EXPECT_EQ(values<float>(file, tensors.at("parameter")), (std::vector<float>{-1, -0.5, 0}));
  EXPECT_EQ(values<float>(file, tensors.at("row of one")), (std::vector<float>{-1, 0, 1, 2}));
}

INSTANTIATE_TEST_SUITE_P(EveryFormat, WrittenByTorch,
                         ::testing::Values("torch_zip.bin", "torch_old.bin", "torch_old_3.bin", "torch_old_4.bin", "torch_old_5.bin"));

void expect_refused(const std::string& file, const std::string& says, const std::string& attack) {
  try {
    read_torch_file(bytes_of_text(file), "x.bin");
    FAIL() << attack << " was accepted";
  } catch (const InputError& e) {
    EXPECT_EQ(e.file(), "x.bin");
    EXPECT_NE(std::string(e.what()).find(says), std::string::npos) << attack << ": " << e.what();
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
  }
}

// A pickle in the older of the two formats, after its magic number, protocol and facts: the shortest way to the reader.
const std::string kMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
std::string old_file(const std::string& weights, const std::string& rest = "\x80\x02].") {
  return kMagic + std::string("\x80\x02M\xe9\x03.", 6) + "\x80\x02}." + weights + rest;
}
std::string small(int value) { return {'K', static_cast<char>(value)}; }
std::string text(const std::string& value) { return "X" + little_endian(value.size(), 4) + value; }
std::string storage(const std::string& type, int elements) {
  return "(" + text("storage") + "ctorch\n" + type + "\n" + text("0") + text("cpu") + "K" + std::string(1, static_cast<char>(elements)) +
         "NtQ";
}
std::string tensor(const std::string& storage_code, const std::string& offset, const std::string& shape, const std::string& strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage_code + offset + shape + strides + "\x89}tR";
}
std::string named(const std::string& name, const std::string& value) { return "\x80\x02}" + text(name) + value + "s."; }
std::string one_storage(int elements, const std::string& bytes) {
  return "\x80\x02]" + text("0") + "a." + little_endian(static_cast<uint64_t>(elements), 8) + bytes;
}

TEST(TorchFile, ATurnedTensorIsRefusedByName) {
  expect_refused(fixture("torch_turned.bin"), "turned: expected values row after row", "strides");
}

// The commands were run with PyTorch 2.11 on files of each kind, and made what the refused file held.
TEST(TorchFile, WhatPytorchReadsIsRefusedWithTheCommandThatConvertsIt) {
  const std::string turned = fixture("torch_turned.bin");
  const auto refusal = [&](const std::string& name) -> std::string {
    try {
      read_torch_file(bytes_of_text(turned), name);
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  EXPECT_EQ(
      refusal("m/pytorch_model.bin"),
      "m/pytorch_model.bin: turned: expected values row after row (this makes safetensors of it: python3 -c \"import glob, torch, "
      "safetensors.torch as s; s.save_file({k: v.clone().contiguous() for f in ['m/pytorch_model.bin'] for d in [torch.load(f, 'cpu', "
      "weights_only=True)] for d in [next((d[k] for k in ('state_dict', 'model_state_dict', 'model', 'module') if k in d), d)] for k, v "
      "in d.items() if torch.is_tensor(v)}, 'm/model.safetensors')\"), found a view with other strides");
  const std::string shard = refusal("m/pytorch_model-00001-of-00002.bin"), quoted = refusal("m/it's $(x).bin");
  EXPECT_NE(shard.find("glob.glob('m/pytorch_model-*-of-00002.bin')"), std::string::npos) << shard;
  EXPECT_NE(shard.find("'m/model.safetensors'"), std::string::npos) << shard;
  EXPECT_NE(quoted.find("['FILE.bin']"), std::string::npos) << quoted;
}

TEST(TorchFile, ACommandThatRunsCodeSaysSoAndNoneIsGivenForFunctions) {
  const auto named_code = [](const std::string& module, const std::string& name) {
    return old_file("\x80\x02" + ("c" + module + "\n" + name + "\n)R."));
  };
  expect_refused(named_code("torch.nn.modules.linear", "Linear"), "where you trust its source, as this runs any code", "a module");
  expect_refused(named_code("argparse", "Namespace"), "weights_only=False", "options");
  expect_refused(named_code("torch._utils", "_rebuild_tensor_v3"), "weights_only=True", "another type");
  expect_refused(named_code("os", "system"), "(nothing in a file of weights is executed), found os.system", "a function");
  expect_refused(named_code("subprocess", "Popen"), "(nothing in a file of weights is executed), found subprocess.Popen", "a program");
  expect_refused(old_file(named("state_dict", "}")), "weights_only=True", "a checkpoint of a training");
  // torch.load of 2.11 reads neither protocol 4 nor bytes with weights_only=True.
  expect_refused(old_file("\x80\x04" + named("state_dict", "}").substr(2)), "weights_only=False", "protocol 4");
  expect_refused(old_file("\x80\x03}" + text("a") + "C\x01xs."), "weights_only=False", "bytes");
}

TEST(TorchFile, EveryTruncationIsRefused) {
  for (const char* name : {"torch_zip.bin", "torch_old.bin", "torch_old_4.bin"}) {
    const std::string whole = fixture(name);
    for (size_t size = 0; size < whole.size(); ++size) {
      try {
        read_torch_file(bytes_of_text(whole.substr(0, size)), "x.bin");
        ADD_FAILURE() << name << " cut at " << size;
      } catch (const InputError& e) {
        EXPECT_EQ(std::string(e.what()).find("python3"), std::string::npos) << e.what();  // PyTorch reads it no better
      }
    }
  }
}

TEST(TorchFile, AnyChangedByteIsReadOrRefusedAndNothingElse) {
  for (const char* name : {"torch_zip.bin", "torch_old.bin"}) {
    const std::string whole = fixture(name);
    for (size_t at = 0; at < whole.size(); ++at) {
      for (const int change : {1, 0x80, 0xff}) {
        std::string file = whole;
        file[at] = static_cast<char>(file[at] ^ change);
        try {
          for (const auto& [key, entry] : read_torch_file(bytes_of_text(file), "x.bin")) EXPECT_LE(entry.end, file.size()) << key;
        } catch (const InputError&) {
        }
      }
    }
  }
}

TEST(TorchFile, AHandMadeFileIsRead) {
  const std::string file =
      old_file(named("a", tensor(storage("ByteStorage", 3), "K\x01", "K\x02\x85", "K\x01\x85")), one_storage(3, "xyz"));
  const auto tensors = read_torch_file(bytes_of_text(file), "x.bin");
  EXPECT_EQ(file.substr(tensors.at("a").begin, 2), "yz");
}

struct Attack {
  const char* name;
  std::string file;
  const char* says;
};

TEST(TorchFile, CodeIsNeverExecutedButNamed) {
  const std::string shell = text("touch broken");
  const std::vector<Attack> attacks = {
      {"os.system by REDUCE",
       old_file("\x80\x02"
                "cos\nsystem\n" +
                shell + "\x85R."),
       "found os.system"},
      {"posix.system",
       old_file("\x80\x02"
                "cposix\nsystem\n" +
                shell + "\x85R."),
       "found posix.system"},
      {"builtins.eval",
       old_file("\x80\x02"
                "cbuiltins\neval\n" +
                shell + "\x85R."),
       "found builtins.eval"},
      {"a name from the stack", old_file("\x80\x04" + text("os") + text("system") + "\x93" + shell + "\x85R."), "found os.system"},
      {"an instance by INST", old_file("\x80\x02(" + shell + "ios\nsystem\n."), "code 0x69"},
      {"an object by OBJ", old_file("\x80\x02(cos\nsystem\no."), "found os.system"},
      {"NEWOBJ",
       old_file("\x80\x02"
                "ccollections\nOrderedDict\n)\x81."),
       "code 0x81"},
      {"an extension code", old_file("\x80\x02\x82\x01."), "code 0x82"},
      {"torch.load within",
       old_file("\x80\x02"
                "ctorch\nload\n" +
                shell + "\x85R."),
       "found torch.load"},
      {"a hook's function",
       old_file("\x80\x02"
                "ctorch._utils\n_rebuild_wrapper_subclass\n)R."),
       "found torch._utils._rebuild_wrapper_subclass"},
      {"a state for a list", old_file("\x80\x02]}b."), "expected a dictionary, found a sequence"},
      {"a storage's type called",
       old_file("\x80\x02"
                "ctorch\nFloatStorage\nK\x05\x85R."),
       "found torch.FloatStorage"},
  };
  for (const Attack& attack : attacks) expect_refused(attack.file, attack.says, attack.name);
}

TEST(TorchFile, BrokenPicklesAreRefused) {
  const std::string good = tensor(storage("FloatStorage", 4), small(0), "K\x02K\x02\x86", "K\x02K\x01\x86");
  const std::vector<Attack> attacks = {
      {"not a dictionary", old_file("\x80\x02]."), "expected a dictionary of tensors"},
      {"a tensor without a name", old_file("\x80\x02}K\x01" + good + "s."), "expected tensors by name"},
      {"a name twice", old_file("\x80\x02}(" + text("a") + good + text("a") + good + "u."), "a: expected each name once"},
      {"a value that is none", old_file(named("a", "K\x05")), "found an integer"},
      {"a dictionary in the dictionary", old_file(named("model", "}")), "found a dictionary"},
      {"a key without value", old_file("\x80\x02}(" + text("a") + "u."), "keys and values in pairs"},
      {"an empty stack",
       old_file("\x80\x02"
                "0."),
       "an empty stack"},
      {"no mark", old_file("\x80\x02t."), "expected a mark"},
      {"a value below the mark", old_file("\x80\x02K\x01(a."), "an empty stack"},
      {"a memory that is not there", old_file("\x80\x02h\x07."), "number 7"},
      {"protocol 6", old_file("\x80\x06}."), "protocol 5 or older"},
      {"a text that is too long",
       old_file("\x80\x02X\xff\xff\xff\x7f"
                "abc"),
       "are announced"},
      {"an integer of ten bytes",
       old_file("\x80\x02\x8a\x0a"
                "0123456789."),
       "64 bits"},
      {"seventeen sides", old_file(named("a", tensor(storage("FloatStorage", 4), small(0), "(" + std::string(34, 'K') + "t", "K\x01\x85"))),
       "at most 16 sides"},
      {"a negative offset", old_file(named("a", tensor(storage("FloatStorage", 4), "J\xff\xff\xff\xff", "K\x02\x85", "K\x01\x85"))),
       "offset"},
      {"sides that overflow",
       old_file(named("a", tensor(storage("FloatStorage", 4), small(0), "J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87",
                                  "K\x01K\x01K\x01\x87"))),
       "64 bits"},
      {"fewer strides", old_file(named("a", tensor(storage("FloatStorage", 4), small(0), "K\x02K\x02\x86", "K\x01\x85"))),
       "a stride for each side"},
      {"a tensor larger than its storage",
       old_file(named("a", tensor(storage("ByteStorage", 3), "K\x02", "K\x02\x85", "K\x01\x85")), one_storage(3, "xyz")),
       "a: expected 2 bytes in storage 0, found fewer"},
      {"a storage that is not there", old_file(named("a", good)), "its bytes, called 0"},
      {"a storage beyond the file", old_file(named("a", good), one_storage(4, "xyz")), "the end of the file"},
      {"a storage of 2^62 elements", old_file(named("a", good), "\x80\x02]" + text("0") + "a." + little_endian(uint64_t{1} << 62, 8)),
       "the end of the file"},
      {"a storage nobody uses", old_file(named("a", good), "\x80\x02]" + text("9") + "a."), "one that none does"},
      {"a view of a storage",
       old_file(named("a", tensor("(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") +
                                      "K\x04(K\x01tt"
                                      "Q",
                                  small(0), "K\x02\x85", "K\x01\x85"))),
       "a view of another storage"},
      {"a list that holds itself",
       old_file("\x80\x02]q\x01h\x01"
                "a."),
       "expected a dictionary of tensors, found a sequence"},
      {"a hundred thousand lists in each other", old_file("\x80\x02" + std::string(100000, '(') + std::string(100000, 't') + "."),
       "expected a dictionary of tensors"},
      {"three million values", old_file("\x80\x02" + std::string(3'000'000, 'N') + "."), "at most 200000 values"},
      {"three million memories", old_file("\x80\x04N" + std::string(3'000'000, '\x94') + "."), "remembered values"},
      {"three million marks", old_file("\x80\x02" + std::string(3'000'000, '(') + "."), "at most 200000 marks"},
  };
  for (const Attack& attack : attacks) expect_refused(attack.file, attack.says, attack.name);
}

// A zip archive with one member, by hand.
struct Member {
  std::string name = "x/data.pkl", bytes = "\x80\x02}.";
  int flags = 0, method = 0;
  uint32_t size = 0, packed = 0;  // 0: the bytes'
  std::string name_here = {};     // in the member's own header, where it differs
};
std::string zip(const std::vector<Member>& members) {
  std::string file, directory;
  for (const Member& m : members) {
    const uint64_t at = file.size(), size = m.size != 0 ? m.size : m.bytes.size(), packed = m.packed != 0 ? m.packed : m.bytes.size();
    const std::string& here = m.name_here.empty() ? m.name : m.name_here;
    const auto common = [&] {
      return little_endian(20, 2) + little_endian(static_cast<uint64_t>(m.flags), 2) + little_endian(static_cast<uint64_t>(m.method), 2) +
             std::string(8, '\0') + little_endian(packed, 4) + little_endian(size, 4);
    };
    file += "PK\x03\x04" + common() + little_endian(here.size(), 2) + little_endian(0, 2) + here + m.bytes;
    directory += "PK\x01\x02" + little_endian(20, 2) + common() + little_endian(m.name.size(), 2) + std::string(12, '\0') +
                 little_endian(at, 4) + m.name;
  }
  const uint64_t begin = file.size();
  return file + directory + std::string("PK\x05\x06\0\0\0\0", 8) + little_endian(members.size(), 2) + little_endian(members.size(), 2) +
         little_endian(directory.size(), 4) + little_endian(begin, 4) + little_endian(0, 2);
}

TEST(TorchFile, BrokenArchivesAreRefused) {
  EXPECT_TRUE(read_torch_file(bytes_of_text(zip({{}})), "x.bin").empty());
  std::string elsewhere = zip({{}});
  elsewhere.replace(elsewhere.size() - 6, 4, little_endian(9, 4));
  std::string many = zip({{}});
  many.replace(many.size() - 12, 2, little_endian(7, 2));
  std::string beyond = zip({{}});
  beyond.replace(beyond.size() - 6, 4, little_endian(1u << 30, 4));
  const std::vector<Attack> attacks = {
      {"a compressed member", zip({{.method = 8}}), "stored as it is, found a compressed one"},
      {"an encrypted member", zip({{.flags = 1}}), "an encrypted one"},
      {"two sizes", zip({{.size = 3}}), "a compressed one"},
      {"a member longer than the file", zip({{.size = 9999, .packed = 9999}}), "a truncated file?"},
      {"a name that differs", zip({{.name_here = "y/data.pkl"}}), "the same name"},
      {"a name twice", zip({{}, {}}), "each name once"},
      {"no pickle", zip({{.name = "x/other"}}), "FOLDER/data.pkl"},
      {"big-endian values", zip({{}, {.name = "x/byteorder", .bytes = "big"}}), "byteorder: expected little (this makes safetensors of it"},
      {"values in no known order", zip({{}, {.name = "x/byteorder", .bytes = "odd"}}), "byteorder: expected little, found odd"},
      {"a directory elsewhere", elsewhere, "a directory entry"},
      {"more members announced", many, "expected 7 members"},
      {"a directory beyond the file", beyond, "a directory within the file"},
      {"a model archive of another kind", zip({{.name = "x/y/data.pkl"}}), "FOLDER/data.pkl"},
      {"neither format", "PK\x05\x06 and nothing", "weights of torch.save"},
      {"members over each other", zip({{.name = "x/a", .bytes = "abcd", .size = 60, .packed = 60}, {}}), "bytes of"},
  };
  for (const Attack& attack : attacks) expect_refused(attack.file, attack.says, attack.name);
}

TEST(ZipDirectory, SizesBeyondFourGibibytesAreRead) {
  // Sizes in the zip64 form, of a small member: a file of that size would say them so.
  const std::string name = "x/data.pkl", body = "\x80\x02}.";
  const std::string extra = little_endian(1, 2) + little_endian(16, 2) + little_endian(body.size(), 8) + little_endian(body.size(), 8);
  const std::string fixed = little_endian(45, 2) + std::string(12, '\0') + std::string(8, '\xff');
  const std::string file = "PK\x03\x04" + fixed + little_endian(name.size(), 2) + little_endian(extra.size(), 2) + name + extra + body;
  const std::string directory = "PK\x01\x02" + little_endian(45, 2) + fixed + little_endian(name.size(), 2) +
                                little_endian(extra.size(), 2) + std::string(14, '\0') + name + extra;
  const std::string end64 = "PK\x06\x06" + little_endian(44, 8) + std::string(4, '\0') + std::string(8, '\0') + little_endian(1, 8) +
                            little_endian(1, 8) + little_endian(directory.size(), 8) + little_endian(file.size(), 8);
  const std::string locator = "PK\x06\x07" + little_endian(0, 4) + little_endian(file.size() + directory.size(), 8) + little_endian(1, 4);
  const std::string end = std::string("PK\x05\x06\0\0\0\0", 8) + std::string(12, '\xff') + little_endian(0, 2);
  const std::string archive = file + directory + end64 + locator + end;
  const auto members = read_zip_directory(bytes_of_text(archive), "x.bin");
  ASSERT_EQ(members.size(), 1U);
  EXPECT_EQ(archive.substr(members.at(name).begin, members.at(name).size), body);
}

}  // namespace
}  // namespace rolora
