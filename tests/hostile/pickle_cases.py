# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights as torch.save writes them: pickles that would execute something, and archives that lie. Nothing here is ever loaded by Python."""
import struct

from corpus import read_safetensors

INFO = ["info", "m"]


def text(value):
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def integer(value):
    return b"J" + struct.pack("<i", value) if value < 2**31 else b"\x8a\x08" + struct.pack("<q", value)


def name(module, attribute):
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def storage(key="0", elements=8, kind="FloatStorage"):
    return b"(" + text("storage") + name("torch", kind) + text(key) + text("cpu") + integer(elements) + b"tQ"


def tensor(shape=(8,), strides=(1,), offset=0, stored=None):
    sides, steps = (b"(" + b"".join(integer(i) for i in s) + b"t" for s in (shape, strides))
    return (name("torch._utils", "_rebuild_tensor_v2") + b"(" + (stored or storage()) + integer(offset) + sides + steps + b"\x89"
            + name("collections", "OrderedDict") + b")R" + b"tR")


def document(*values):
    """{"w": value, …}"""
    names = ["model.norm.weight", *("x%d" % i for i in range(1, len(values)))]
    return b"\x80\x02}(" + b"".join(text(n) + v for n, v in zip(names, values)) + b"u."


class Zip:
    """An archive of stored members, every field of which can be a lie."""

    def __init__(self):
        self.body, self.directory, self.count = b"", b"", 0

    def add(self, member, data, *, flags=0, method=0, size=None, packed=None, local_name=None, at=None, extra=b"", central_only=False):
        raw, begin = member.encode(), len(self.body) if at is None else at
        size, packed = len(data) if size is None else size, len(data) if packed is None else packed
        if not central_only:
            local = raw if local_name is None else local_name.encode()
            self.body += struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, flags, method, 0, 0, 0, packed, size, len(local), 0) + local + data
        self.directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, flags, method, 0, 0, 0, packed, size, len(raw), len(extra), 0,
                                      0, 0, 0, begin) + raw + extra
        self.count += 1
        return self

    def end(self, *, count=None, size=None, begin=None, disk=0, comment=b"", before=b""):
        count, size = self.count if count is None else count, len(self.directory) if size is None else size
        begin = len(self.body) if begin is None else begin
        return (self.body + self.directory + before
                + struct.pack("<IHHHHIIH", 0x06054B50, disk, 0, count & 0xFFFF, count & 0xFFFF, size, begin, len(comment)) + comment)


def archive(pickle, data=b"\0" * 32):
    return Zip().add("archive/data.pkl", pickle).add("archive/data/0", data)


def add(corpus):
    def weights(case, attack, data, says="pytorch_model.bin: "):
        model = corpus.copy("m", corpus.folder(case) / "m")
        (model / "model.safetensors").unlink()
        (model / "pytorch_model.bin").write_bytes(data)
        corpus.add(case, attack, INFO, says)

    def pickled(case, attack, pickle, says="pytorch_model.bin: pickle, byte "):
        weights(case, attack, archive(pickle).end(), says)

    add_code(pickled)
    add_bombs(pickled)
    add_descriptions(pickled)
    add_archives(weights)
    add_old_format(weights)


def add_code(pickled):
    call = text("touch pwned")
    system = "pytorch_model.bin: pickle, byte "
    pickled("pkl-global-reduce", "GLOBAL os.system, REDUCE", b"\x80\x02" + name("os", "system") + call + b"\x85R.", [system, "os.system"])
    pickled("pkl-inside-dict", "a call as the value of a tensor", document(name("posix", "system") + call + b"\x85R"), [system, "posix.system"])
    pickled("pkl-eval", "GLOBAL builtins.eval", b"\x80\x02" + name("builtins", "eval") + call + b"\x85R.", [system, "builtins.eval"])
    pickled("pkl-stack-global", "STACK_GLOBAL subprocess.Popen", b"\x80\x04" + text("subprocess") + text("Popen") + b"\x93" + call + b"\x85R.",
            [system, "subprocess.Popen"])
    pickled("pkl-inst", "INST, protocol 0's call", b"(" + call + b"ios\nsystem\n.")
    pickled("pkl-obj", "OBJ", b"\x80\x02(" + name("os", "system") + call + b"o.", [system, "os.system"])
    pickled("pkl-newobj", "NEWOBJ", b"\x80\x02" + name("os", "system") + call + b"\x85\x81.", [system, "os.system"])
    pickled("pkl-newobj-ex", "NEWOBJ_EX", b"\x80\x04" + name("os", "system") + call + b"\x85}\x92.", [system, "os.system"])
    pickled("pkl-allowed-newobj", "NEWOBJ of an allowed name", document(name("collections", "OrderedDict") + b")\x81"))
    pickled("pkl-ext1", "EXT1, the registry of extensions", b"\x80\x02\x82\x01" + call + b"\x85R.")
    pickled("pkl-ext4", "EXT4", b"\x80\x02\x84\xff\xff\xff\x7f.")
    pickled("pkl-build-state", "BUILD on a tensor: its __setstate__", document(tensor() + b"}" + text("__setstate__") + call + b"sb"))
    pickled("pkl-build-name", "BUILD on a name", document(name("collections", "OrderedDict") + b"}b"))
    pickled("pkl-dotted", "a dotted name that begins with an allowed module", document(name("torch._utils", "os.system") + call + b"\x85R"))
    pickled("pkl-reducer-as-value", "a function in place of a tensor", document(name("torch._utils", "_rebuild_tensor_v2")), "model.norm.weight")
    pickled("pkl-call-twice", "a call of what a call returned", document(tensor() + call + b"\x85R"))
    pickled("pkl-newline-name", "a name with a carriage return and an escape sequence", b"\x80\x02" + name("os\r\x1b[2J", "system") + b")R.")
    pickled("pkl-persid", "PERSID, a persistent name in text", b"Pos.system\n.")
    pickled("pkl-unknown", "an operation that pickle has not", b"\x80\x02\xff.")
    pickled("pkl-readonly-buffer", "NEXT_BUFFER, bytes from outside", b"\x80\x05\x97.")


def add_bombs(pickled):
    laughs = b"\x80\x02]q\0" + b"".join(b"](" + b"h" + bytes([i]) * 1 + (b"h" + bytes([i])) * 9 + b"eq" + bytes([i + 1]) for i in range(60)) + b"."
    pickled("pkl-laughs", "a billion laughs: lists of ten times the list before, 60 deep", laughs, "pytorch_model.bin: ")
    pickled("pkl-itself", "a list that holds itself", b"\x80\x02]q\0h\0a.", "pytorch_model.bin: ")
    pickled("pkl-nested", "a tuple in a tuple, 100 000 times", b"\x80\x02)" + b"\x85" * 100_000 + b".", "pytorch_model.bin: ")
    pickled("pkl-values", "a million empty lists", b"\x80\x02(" + b"]" * 1_000_000 + b"t.", "pytorch_model.bin: pickle, byte")
    pickled("pkl-marks", "a million marks", b"\x80\x02" + b"(" * 1_000_000 + b".", "pytorch_model.bin: pickle, byte")
    pickled("pkl-copies", "one long text recalled 100 000 times", b"\x80\x02" + text("x" * 100_000) + b"q\0" + b"(" + b"h\0" * 100_000 + b"t.",
            "pytorch_model.bin: ")
    pickled("pkl-tensor-tuples", "a tuple of 100 000 numbers as the shape of many tensors", b"\x80\x02(" + b"K\1" * 100_000 + b"tq\0" + document(
        *[name("torch._utils", "_rebuild_tensor_v2") + b"(" + storage() + b"K\0h\0h\0\x89}tR" for _ in range(3)])[2:], "pytorch_model.bin: ")
    pickled("pkl-memo-far", "a place in the memo of 2^32 - 1", b"\x80\x02]r\xff\xff\xff\xffj\xfe\xff\xff\xff.")
    pickled("pkl-long-length", "an integer of 2^31 - 1 bytes", b"\x80\x02\x8b\xff\xff\xff\x7f.")
    pickled("pkl-text-length", "a text of 2^64 - 1 bytes", b"\x80\x04\x8d" + b"\xff" * 8 + b".")
    pickled("pkl-frame-length", "a frame of 2^63 bytes", b"\x80\x04\x95" + struct.pack("<Q", 2**63) + b"}.", "pytorch_model.bin: ")
    pickled("pkl-cut", "a pickle that ends inside a text", b"\x80\x02}X\x10\0\0\0abc")
    pickled("pkl-no-stop", "a pickle without its end", b"\x80\x02}")
    pickled("pkl-empty", "a pickle of 0 bytes", b"")
    pickled("pkl-underflow", "a value from an empty stack", b"\x80\x020.")
    pickled("pkl-no-mark", "a tuple to a mark that is not there", b"\x80\x02t.")
    pickled("pkl-odd-items", "a dictionary of three things", b"\x80\x02}(" + text("a") * 3 + b"u.")
    pickled("pkl-across-mark", "REDUCE that takes from before the mark", b"\x80\x02" + name("collections", "OrderedDict") + b"()R.")
    pickled("pkl-protocol", "protocol 200", b"\x80\xc8}.")


def add_descriptions(pickled):
    norm = "pytorch_model.bin: model.norm.weight: expected"
    pickled("pkl-root-list", "a list in place of the dictionary", b"\x80\x02].")
    pickled("pkl-number-value", "a number where a tensor belongs", document(integer(7)), norm + " a tensor")
    pickled("pkl-nested-dict", "a whole checkpoint: the tensors one level down", b"\x80\x02}" + text("state_dict") + document(tensor())[2:-1] + b"s.",
            "pytorch_model.bin: state_dict: expected a tensor")
    pickled("pkl-number-key", "a tensor whose name is a number", b"\x80\x02}K\1" + tensor() + b"s.")
    pickled("pkl-name-twice", "one tensor twice", b"\x80\x02}(" + (text("model.norm.weight") + tensor()) * 2 + b"u.", norm + " each name once")
    pickled("pkl-storage-type", "a storage of an unknown type", document(tensor(stored=storage(kind="QInt8Storage"))))
    pickled("pkl-storage-path", "a storage whose key is a path", document(tensor(stored=storage("../../../../etc/passwd"))), norm)
    pickled("pkl-storage-missing", "a storage that the archive has not", document(tensor(stored=storage("1"))), norm)
    pickled("pkl-storage-negative", "a storage of -1 elements", document(tensor(stored=storage(elements=-1))))
    pickled("pkl-offset-negative", "an offset before the storage", document(tensor(offset=-1)))
    pickled("pkl-offset-beyond", "an offset behind the storage", document(tensor(offset=1)), norm)
    pickled("pkl-offset-overflow", "an offset whose bytes wrap", document(tensor(offset=2**62 + 1)), norm)
    pickled("pkl-shape-huge", "a shape whose product overflows", document(tensor((2**40, 2**40), (1, 1))))
    pickled("pkl-shape-beyond", "more elements than the storage has", document(tensor((9,), (1,))), norm)
    pickled("pkl-shape-negative", "a negative side", document(tensor((-8,), (1,))))
    pickled("pkl-strides-zero", "one element seen eight times", document(tensor((8,), (0,))), norm + " values row after row")
    pickled("pkl-strides-negative", "a view backwards", document(tensor((8,), (-1,))), norm + " values row after row")
    pickled("pkl-strides-count", "two strides for one side", document(tensor((8,), (1, 1))))
    pickled("pkl-few-arguments", "a tensor without shape", document(name("torch._utils", "_rebuild_tensor_v2") + b"(" + storage() + b"tR"))


def add_archives(weights):
    sound = document(tensor())
    folder = "archive/"
    zipped = "pytorch_model.bin: zip: expected"
    weights("zip-deflated", "a deflated member that claims 4 GB: a zip bomb",
            Zip().add(folder + "data.pkl", sound).add(folder + "data/0", b"\x4b\x04\0" * 100, method=8, size=4_000_000_000).end(),
            "archive/data/0: expected a member that is stored")
    weights("zip-64-lie", "zip64 sizes beyond the file", Zip().add(folder + "data.pkl", sound).add(
        folder + "data/0", b"\0" * 32, size=0xFFFFFFFF, packed=0xFFFFFFFF, extra=struct.pack("<HHQQ", 1, 16, 2**62, 2**62)).end(), "archive/data/0")
    weights("zip-64-wrap", "a zip64 size that wraps the end around", Zip().add(folder + "data.pkl", sound).add(
        folder + "data/0", b"\0" * 32, size=0xFFFFFFFF, packed=0xFFFFFFFF, extra=struct.pack("<HHQQ", 1, 16, 2**64 - 8, 2**64 - 8)).end(),
        "archive/data/0")
    weights("zip-64-short", "a zip64 field of 4 bytes", Zip().add(folder + "data.pkl", sound).add(
        folder + "data/0", b"\0" * 32, size=0xFFFFFFFF, packed=0xFFFFFFFF, extra=struct.pack("<HHI", 1, 4, 32)).end(), "zip64 sizes")
    two = Zip().add(folder + "data.pkl", sound)
    begin = len(two.body)
    two.add(folder + "data/0", b"\0" * 64).add(folder + "data/0", b"\0" * 64, at=begin, central_only=True)
    weights("zip-twice", "one name twice", two.end(), "each name once")
    quoted = Zip().add(folder + "data.pkl", sound)
    kernel = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 0, 0, 0, 0, 32, 32, 14, 0) + b"archive/data/1" + b"\0" * 32
    begin = len(quoted.body) + 30 + 14
    quoted.add(folder + "data/0", kernel).add(folder + "data/1", b"\0" * 32, at=begin, central_only=True)
    weights("zip-overlap", "a member inside another one (the better zip bomb)", quoted.end(), "expected bytes of its own")
    weights("zip-local-name", "another name in the member than in the directory",
            Zip().add(folder + "data.pkl", sound, local_name="archive/evil.pkl").add(folder + "data/0", b"\0" * 32).end(), "expected the same name")
    weights("zip-encrypted", "an encrypted member", Zip().add(folder + "data.pkl", sound, flags=1).add(folder + "data/0", b"\0" * 32).end(),
            "not encrypted")
    good = archive(sound)
    weights("zip-cut", "an archive without its end", good.end()[:-30], zipped)
    weights("zip-cut-front", "an archive without its begin: all offsets lie", b"PK\3\4" + good.end()[40:])
    weights("zip-offset", "a directory behind the end of the file", good.end(begin=2**32 - 2), zipped)
    weights("zip-size", "a directory of 4 GB", good.end(size=2**32 - 2), zipped)
    weights("zip-count-more", "more members than there are", good.end(count=3), zipped)
    weights("zip-count-less", "fewer members than there are", good.end(count=1), zipped)
    weights("zip-disks", "an archive in several parts", good.end(disk=1), zipped)
    weights("zip-comment", "a second end inside the comment of the first",
            good.end(comment=struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0, 0, 0, 0, 0)), zipped)
    weights("zip-64-locator", "a zip64 locator that points outside", good.end(before=struct.pack("<IIQI", 0x07064B50, 0, 2**63, 1)), zipped)
    weights("zip-no-pickle", "an archive without data.pkl", Zip().add(folder + "data/0", b"\0" * 32).end(), zipped)
    weights("zip-traversal", "data.pkl in a folder above", Zip().add("../../data.pkl", sound).add("../../data/0", b"\0" * 32).end(), zipped)
    weights("zip-big-endian", "a file of a big-endian machine",
            Zip().add(folder + "data.pkl", sound).add(folder + "byteorder", b"big").add(folder + "data/0", b"\0" * 32).end(),
            "byteorder: expected little")
    weights("zip-torchscript", "a TorchScript archive: code beside the weights",
            Zip().add(folder + "code/__torch__.py", b"import os").add(folder + "data.pkl", b"\x80\x02" + name("__torch__", "Model") + b")\x81.").end(),
            "__torch__.py: expected weights alone")


def add_old_format(weights):
    magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
    front = magic + b"\x80\x02M\xe9\x03." + b"\x80\x02}."
    sound = document(tensor(stored=b"(" + text("storage") + name("torch", "FloatStorage") + text("0") + text("cpu") + integer(8) + b"NtQ"))
    keys = b"\x80\x02]" + text("0") + b"a."

    def old(case, attack, data, says="pytorch_model.bin: "):
        weights("old-" + case, attack, data, says)
    old("code-front", "a call among the machine's facts", magic + b"\x80\x02M\xe9\x03." + b"\x80\x02" + name("os", "system") + text("x") + b"\x85R.",
        "os.system")
    old("cut-after-magic", "only the magic number", magic)
    old("cut-before-keys", "no list of storages", front + sound)
    old("length-lie", "a storage of 2^61 elements", front + sound + keys + struct.pack("<Q", 2**61) + b"\0" * 32, "storage 0: expected")
    old("length-wrap", "a storage whose bytes wrap to 32", front + sound + keys + struct.pack("<Q", 2**62 + 8) + b"\0" * 32, "storage 0: expected")
    old("length-short", "fewer elements than the tensor needs", front + sound + keys + struct.pack("<Q", 4) + b"\0" * 16, "model.norm.weight")
    old("key-twice", "one storage twice", front + sound + b"\x80\x02]" + (text("0") + b"a") * 2 + b"." + (struct.pack("<Q", 8) + b"\0" * 32) * 2)
    old("key-stranger", "a storage that no tensor uses", front + sound + b"\x80\x02]" + text("7") + b"a." + struct.pack("<Q", 8) + b"\0" * 32,
        "storage 7: expected")
    weights("bin-safetensors", "other bytes under the name of torch.save", b"not a pickle at all, but long enough to be one")
