// SPDX-License-Identifier: GPL-3.0-or-later
// Operation codes after Python's documentation of the format (pickletools).
#include "core/storage/pickle_machine.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/error.h"
#include "core/storage/pickle_names.h"

namespace rolora {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMostBytes = 32u << 20, kMostValues = 200'000;  // a model of a hundred layers has some 20 000

enum Code : uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kInt4 = 'J',
  kInt1 = 'K',
  kInt2 = 'M',
  kNone = 'N',
  kPersistent = 'Q',
  kReduce = 'R',
  kText4 = 'X',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kAppends = 'e',
  kGet1 = 'h',
  kGet4 = 'j',
  kPut1 = 'q',
  kPut4 = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kDouble = 'G',
  kEmptyList = ']',
  kEmptyDict = '}',
  kEmptyTuple = ')',
  kProtocol = 0x80,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kTrue = 0x88,
  kFalse = 0x89,
  kLong1 = 0x8a,
  kText1 = 0x8c,
  kText8 = 0x8d,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
};

bool is_one_of(uint8_t code, std::string_view codes) { return codes.find(static_cast<char>(code)) != std::string_view::npos; }

// Operations unknown here that torch.load(…, weights_only=True) knows: NEWOBJ, EMPTY_SET, SHORT_BINSTRING.
bool is_operation_of_torch(uint8_t code) { return is_one_of(code, "\x81\x8fU"); }

// Those that only Python itself reads: values that are no tensors, and the text of protocol 0. Not calls in its old forms.
bool is_operation_of_python(uint8_t code) { return is_one_of(code, "BCFILSTVdglp2\x8b\x8e\x90\x91\x92\x96"); }

// Sides of length one may be stepped over by any stride.
bool is_contiguous(const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  int64_t step = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != step) return false;
    if (__builtin_mul_overflow(step, std::max<int64_t>(1, shape[i]), &step)) return false;
  }
  return true;
}

}  // namespace

std::string_view kind_name(PickleValue::Kind kind) {
  constexpr std::array<std::string_view, 10> names = {"None",       "a truth value", "an integer", "a number",  "a text",
                                                      "a sequence", "a dictionary",  "a name",     "a storage", "a tensor"};
  return names[static_cast<size_t>(kind)];
}

PickleMachine::PickleMachine(std::span<const std::byte> pickle, const std::string& file)
    : pickle_(pickle.first(std::min(pickle.size(), kMostBytes))), file_(file) {}

void PickleMachine::refuse(std::string_view expected, std::string_view found) const {
  throw InputError(file_, "pickle, byte " + std::to_string(operation_), expected, found);
}

void PickleMachine::refuse_for_pytorch(std::string_view expected, std::string_view found, bool runs_code) const {
  throw ForPytorch(file_, "pickle, byte " + std::to_string(operation_), expected, found, runs_code || newer_);
}

uint64_t PickleMachine::number(int count) {
  const std::string_view raw = bytes(static_cast<uint64_t>(count));
  uint64_t value = 0;
  for (int i = count; i-- > 0;) value = value << 8 | static_cast<uint8_t>(raw[static_cast<size_t>(i)]);
  return value;
}

std::string_view PickleMachine::bytes(uint64_t count) {
  if (count > pickle_.size() - at_) {
    refuse("a pickle of at most " + std::to_string(kMostBytes >> 20) + " MiB that ends with its last operation",
           std::to_string(pickle_.size() - at_) + " bytes where " + std::to_string(count) + " are announced");
  }
  const auto* begin = reinterpret_cast<const char*>(pickle_.data()) + at_;
  at_ += static_cast<size_t>(count);
  return {begin, static_cast<size_t>(count)};
}

std::string_view PickleMachine::line() {
  const std::string_view rest(reinterpret_cast<const char*>(pickle_.data()) + at_, pickle_.size() - at_);
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) refuse("a line", "none");
  at_ += end + 1;
  return rest.substr(0, end);
}

void PickleMachine::push(Value value) {
  if (values_.size() >= kMostValues) refuse_for_pytorch("at most " + std::to_string(kMostValues) + " values", "more");
  values_.push_back(std::move(value));
  stack_.push_back(static_cast<uint32_t>(values_.size() - 1));
}

uint32_t PickleMachine::pop() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) refuse("a value to take", "an empty stack");
  const uint32_t place = stack_.back();
  stack_.pop_back();
  return place;
}

std::vector<uint32_t> PickleMachine::pop_to_mark() {
  if (marks_.empty()) refuse("a mark", "none");
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<uint32_t> items(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  marks_.pop_back();
  return items;
}

PickleValue& PickleMachine::top(Kind kind) {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) refuse(kind_name(kind), "an empty stack");
  Value& value = values_[stack_.back()];
  if (value.kind != kind) refuse(kind_name(kind), kind_name(value.kind));
  return value;
}

const PickleValue& PickleMachine::run() {
  for (;;) {
    operation_ = at_;
    if (!step(static_cast<uint8_t>(number(1)))) break;
  }
  return values_[pop()];
}

bool PickleMachine::step(uint8_t code) {
  if (code == kStop) return false;
  if (code == kProtocol) {
    const uint64_t version = number(1);
    if (version > 5) refuse("protocol 5 or older", std::to_string(version));
    newer_ = version > 3;
  } else if (code == kFrame) {
    if (const uint64_t length = number(8); length > pickle_.size() - at_)
      refuse("a frame within the pickle", std::to_string(length) + " bytes");
  } else if (!step_constant(code) && !step_container(code) && !step_memory(code) && !step_object(code)) {
    constexpr const char* kOperation = "an operation that describes tensors";
    constexpr char kHex[] = "0123456789abcdef";
    const std::string found = std::string("code 0x") + kHex[code >> 4] + kHex[code & 15];
    if (is_operation_of_torch(code)) refuse_for_pytorch(kOperation, found);
    if (is_operation_of_python(code)) refuse_for_pytorch(kOperation, found, /*runs_code=*/true);
    refuse(kOperation, found);
  }
  return true;
}

bool PickleMachine::step_constant(uint8_t code) {
  const auto integer = [this](int64_t value, Kind kind = Kind::integer) {
    Value out;
    out.kind = kind;
    out.integer = value;
    push(std::move(out));
  };
  switch (code) {
    case kNone:
      push({});
      return true;
    case kTrue:
      integer(1, Kind::boolean);
      return true;
    case kFalse:
      integer(0, Kind::boolean);
      return true;
    case kInt1:
      integer(static_cast<int64_t>(number(1)));
      return true;
    case kInt2:
      integer(static_cast<int64_t>(number(2)));
      return true;
    case kInt4:
      integer(static_cast<int32_t>(number(4)));
      return true;
    case kLong1:
      push_long(number(1));
      return true;
    case kDouble:
      (void)bytes(8);
      integer(0, Kind::number);
      return true;
    case kText1:
      push_text(number(1));
      return true;
    case kText4:
      push_text(number(4));
      return true;
    case kText8:
      push_text(number(8));
      return true;
    default:
      return false;
  }
}

void PickleMachine::push_text(uint64_t count) {
  Value value;
  value.kind = Kind::text;
  value.text = bytes(count);
  push(std::move(value));
}

void PickleMachine::push_long(uint64_t count) {
  if (count > 8) refuse_for_pytorch("an integer of 64 bits", std::to_string(count) + " bytes");
  Value value;
  value.kind = Kind::integer;
  const int width = static_cast<int>(count);
  uint64_t raw = number(width);
  if (width > 0 && width < 8 && (raw >> (8 * width - 1) & 1) != 0) raw |= ~uint64_t{0} << (8 * width);
  value.integer = static_cast<int64_t>(raw);
  push(std::move(value));
}

void PickleMachine::push_sequence(std::vector<uint32_t> items) {
  Value value;
  value.kind = Kind::sequence;
  value.items = std::move(items);
  push(std::move(value));
}

bool PickleMachine::step_container(uint8_t code) {
  const auto taken = [this](int count) {
    std::vector<uint32_t> items(static_cast<size_t>(count));
    for (size_t i = items.size(); i-- > 0;) items[i] = pop();
    return items;
  };
  switch (code) {
    case kMark:
      if (marks_.size() >= kMostValues) refuse("at most " + std::to_string(kMostValues) + " marks", "more");
      marks_.push_back(stack_.size());
      return true;
    case kPop:
      (void)pop();
      return true;
    case kPopMark:
      (void)pop_to_mark();
      return true;
    case kEmptyTuple:
    case kEmptyList:
      push_sequence({});
      return true;
    case kTuple:
      push_sequence(pop_to_mark());
      return true;
    case kTuple1:
      push_sequence(taken(1));
      return true;
    case kTuple2:
      push_sequence(taken(2));
      return true;
    case kTuple3:
      push_sequence(taken(3));
      return true;
    case kEmptyDict: {
      Value value;
      value.kind = Kind::mapping;
      push(std::move(value));
      return true;
    }
    case kAppend:
      append(taken(1));
      return true;
    case kAppends:
      append(pop_to_mark());
      return true;
    case kSetItem:
      set_items(taken(2));
      return true;
    case kSetItems:
      set_items(pop_to_mark());
      return true;
    default:
      return false;
  }
}

void PickleMachine::append(const std::vector<uint32_t>& items) {
  Value& list = top(Kind::sequence);
  list.items.insert(list.items.end(), items.begin(), items.end());
}

void PickleMachine::set_items(const std::vector<uint32_t>& items) {
  if (items.size() % 2 != 0) refuse("keys and values in pairs", "a key without a value");
  Value& map = top(Kind::mapping);
  map.items.insert(map.items.end(), items.begin(), items.end());
}

bool PickleMachine::step_memory(uint8_t code) {
  switch (code) {
    case kPut1:
      remember(number(1));
      return true;
    case kPut4:
      remember(number(4));
      return true;
    case kMemoize:
      remember(memory_.size());
      return true;
    case kGet1:
      recall(number(1));
      return true;
    case kGet4:
      recall(number(4));
      return true;
    default:
      return false;
  }
}

void PickleMachine::remember(uint64_t key) {
  const uint32_t place = pop();
  stack_.push_back(place);
  if (memory_.size() >= kMostValues) refuse("at most " + std::to_string(kMostValues) + " remembered values", "more");
  memory_[key] = place;
}

void PickleMachine::recall(uint64_t key) {
  const auto found = memory_.find(key);
  if (stack_.size() >= kMostValues) refuse("at most " + std::to_string(kMostValues) + " values at a time", "more");
  if (found == memory_.end()) refuse("a value remembered before", "number " + std::to_string(key));
  stack_.push_back(found->second);
}

bool PickleMachine::step_object(uint8_t code) {
  switch (code) {
    case kGlobal: {
      const std::string module(line()), name(line());
      push_global(module, name);
      return true;
    }
    case kStackGlobal: {
      const uint32_t name = pop(), module = pop();
      push_global(values_[module].text, values_[name].text);
      return true;
    }
    case kPersistent:
      push_storage();
      return true;
    case kReduce:
      reduce();
      return true;
    case kBuild:
      build();
      return true;
    default:
      return false;
  }
}

void PickleMachine::push_global(std::string_view module, std::string_view name) {
  Value value;
  value.kind = Kind::global;
  value.text = std::string(module) + "." + std::string(name);
  if (!describes_tensors(value.text)) {
    constexpr const char* kKnown = "only names that describe tensors (nothing in a file of weights is executed)";
    if (is_read_by_torch(value.text)) refuse_for_pytorch(kKnown, printable(value.text));
    if (is_code_of_others(value.text)) refuse_for_pytorch(kKnown, printable(value.text), /*runs_code=*/true);
    refuse(kKnown, printable(value.text));
  }
  push(std::move(value));
}

const PickleValue& PickleMachine::argument(const Value& arguments, size_t index, Kind kind) const {
  if (index >= arguments.items.size()) refuse(kind_name(kind), "too few arguments");
  const Value& value = values_[arguments.items[index]];
  if (value.kind != kind) refuse(kind_name(kind), kind_name(value.kind));
  return value;
}

/// ('storage', type, key, where it was, elements[, view])
void PickleMachine::push_storage() {
  const uint32_t place = pop();
  const Value& id = values_[place];
  if (id.kind != Kind::sequence || argument(id, 0, Kind::text).text != "storage") refuse("the identity of a storage", kind_name(id.kind));
  Value value;
  value.kind = Kind::storage;
  const StoredType* type = find_storage(argument(id, 1, Kind::global).text);
  if (type == nullptr) refuse("a type of storage", printable(argument(id, 1, Kind::global).text));
  value.storage = {*type, argument(id, 2, Kind::text).text, argument(id, 4, Kind::integer).integer};
  constexpr size_t kMostKey = 200;  // keys are numbers
  if (value.storage.key.size() > kMostKey) refuse("a storage's key of at most 200 bytes", std::to_string(value.storage.key.size()));
  if (value.storage.elements < 0) refuse("a storage of zero or more elements", std::to_string(value.storage.elements));
  if (id.items.size() > 5 && values_[id.items[5]].kind != Kind::none)
    refuse_for_pytorch("a storage of its own", "a view of another storage");
  push(std::move(value));
}

void PickleMachine::reduce() {
  const uint32_t arguments_at = pop(), callable_at = pop();
  const Value& callable = values_[callable_at];
  const Value& arguments = values_[arguments_at];
  if (callable.kind != Kind::global) refuse(kind_name(Kind::global), kind_name(callable.kind));
  if (arguments.kind != Kind::sequence) refuse(kind_name(Kind::sequence), kind_name(arguments.kind));
  if (callable.text == kOrderedDict) {
    if (!arguments.items.empty())
      refuse_for_pytorch("an empty OrderedDict that is filled later", std::to_string(arguments.items.size()) + " arguments");
    Value value;
    value.kind = Kind::mapping;
    push(std::move(value));
  } else if (callable.text == kTensor || callable.text == kOldTensor) {
    rebuild_tensor(arguments);
  } else if (callable.text == kParameter) {
    Value value = argument(arguments, 0, Kind::tensor);
    push(std::move(value));
  } else {
    refuse("a function that describes a tensor", printable(callable.text));
  }
}

std::vector<int64_t> PickleMachine::sizes(const Value& sequence) const {
  std::vector<int64_t> out;
  constexpr size_t kMostSides = 16;  // also keeps a long sequence from being read again and again
  if (sequence.items.size() > kMostSides) refuse("at most 16 sides", std::to_string(sequence.items.size()));
  for (size_t i = 0; i < sequence.items.size(); ++i) out.push_back(argument(sequence, i, Kind::integer).integer);
  return out;
}

/// (storage, offset, shape, strides, …)
void PickleMachine::rebuild_tensor(const Value& arguments) {
  Value value;
  value.kind = Kind::tensor;
  PickledTensor& tensor = value.tensor;
  tensor.storage = argument(arguments, 0, Kind::storage).storage;
  tensor.offset = argument(arguments, 1, Kind::integer).integer;
  tensor.shape = sizes(argument(arguments, 2, Kind::sequence));
  const std::vector<int64_t> strides = sizes(argument(arguments, 3, Kind::sequence));
  if (strides.size() != tensor.shape.size()) refuse("a stride for each side", std::to_string(strides.size()));
  const auto bytes_needed = stored_bytes(tensor.storage.type, tensor.shape);
  if (!bytes_needed || tensor.offset < 0) refuse("a shape and an offset that 64 bits hold", "other ones");
  tensor.contiguous = is_contiguous(tensor.shape, strides);
  push(std::move(value));
}

/// State of an OrderedDict is what torch notes about modules' versions: of no use here. Nothing else has a state.
void PickleMachine::build() {
  const uint32_t state = pop();
  if (values_[state].kind != Kind::mapping) refuse(kind_name(Kind::mapping), kind_name(values_[state].kind));
  (void)top(Kind::mapping);
}

}  // namespace rolora
