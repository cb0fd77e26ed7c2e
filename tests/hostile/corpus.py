# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules of the hostile corpus share: cases, the sound files they damage, and parts of file formats."""
import json
import pathlib
import random
import shutil
import struct
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1}


class Corpus:
    """Folders OUT/cases/NAME and the list of cases; OUT/base holds sound files that `rolora` wrote."""

    def __init__(self, out, rolora):
        self.out, self.base, self.rolora, self.cases = pathlib.Path(out), pathlib.Path(out) / "base", rolora, []

    def folder(self, name):
        place = self.out / "cases" / name
        place.mkdir(parents=True)
        return place

    def add(self, name, attack, command, says, accepted=False):
        """`command` runs in the case's folder; `says` is what the one error line must contain (a text, or several). `accepted`: a sound
        input that must be read (control)."""
        self.cases.append({"name": name, "attack": attack, "command": command, "says": [says] if isinstance(says, str) else says,
                           "accepted": accepted})

    def run(self, *words):
        subprocess.run([self.rolora, *map(str, words), "--threads", "1", "--quiet"], cwd=self.base, check=True, stdout=subprocess.DEVNULL)

    def make_base(self):
        """One small model in every form that the program writes."""
        self.base.mkdir(parents=True)
        self.run("random-checkpoint", "--hidden", 8, "--intermediate", 12, "--heads", 2, "--layers", 1, "--vocab", 16, "--context", 32,
                 "--store", "float32", "--out", "m")
        write_json(self.base / "ids.json", {"ids": [random.Random(1).randrange(16) for _ in range(40)]})
        write_json(self.base / "short.json", {"ids": [1, 5, 7, 2]})
        self.run("rotate", "m", "--r2", "--r3", "--out", "rotated")
        self.run("finetune", "m", "--ids", "ids.json", "--format", "text", "--block", 16, "--steps", 1, "--rank", 2, "--out", "adapter")
        self.run("quantize", "m", "--weights", 4, "--activations", 8, "--kv", 8, "--out", "quantized")
        write_json(self.base / "job.json", small_job("m", "ids.json"))
        self.run("run", "job.json", "--out", "run")

    def copy(self, what, to):
        """A sound folder or file of the base, to be damaged."""
        source = self.base / what
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, to) if source.is_dir() else shutil.copy(source, to)
        return to


def small_job(model, ids):
    return {"format": 1, "name": "small", "model": {"path": model}, "texts": {"ids": {"file": ids, "corpus": "ids"}},
            "stations": [{"id": "outliers", "kind": "statistics", "text": "ids", "context": 16, "windows": 1, "sites": ["down_in"],
                          "states": [{"label": "plain", "model": "base"}]},
                         {"id": "ppl", "kind": "evaluate", "model": "base", "text": "ids", "context": 16}]}


def write_json(file, value):
    file.write_text(json.dumps(value))
    return file


def read_json(file):
    return json.loads(file.read_text())


def patch(data, at, new):
    return data[:at] + new + data[at + len(new):]


def safetensors(entries, metadata=None):
    """A sound file of (name, dtype, shape, bytes)."""
    header, at = {}, 0
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, dtype, shape, data in entries:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    return raw_safetensors(json.dumps(header).encode(), b"".join(e[3] for e in entries))


def raw_safetensors(header, data, length=None):
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def read_safetensors(file):
    """[(name, dtype, shape, bytes)] in the order of the data."""
    data = file.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    body = data[8 + length:]
    entries = [(n, e["dtype"], e["shape"], body[e["data_offsets"][0]:e["data_offsets"][1]]) for n, e in header.items()]
    return sorted(entries, key=lambda e: header[e[0]]["data_offsets"])


def changed(entries, name, **new):
    """The same tensors, one with another name, dtype, shape or data."""
    out = []
    for old in entries:
        if old[0] == name:
            old = (new.get("name", old[0]), new.get("dtype", old[1]), new.get("shape", old[2]), new.get("data", old[3]))
        out.append(old)
    return out


def float32(value):
    return struct.pack("<f", value)
