#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs `rolora` on every input of the hostile corpus and checks how it is refused.

    python3 tests/hostile/run_corpus.py ROLORA [--all] [--keep OUT] [NAME...]   # NAMEs: only cases that contain one of them

Each must end by itself within a bound of processor time and memory, with exit code 1, exactly one line on stderr that begins with `error: `
and tells what was expected and found, nothing on stdout, and its folder as it was before.
"""
import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import make_corpus

ADDRESSES, RESIDENT, PROCESSOR_SECONDS, WALL_SECONDS = 4 << 30, 1000 << 20, 20, 90
LEAST_CASES = 200


def state(folder):
    """Everything below the folder: names, kinds, links and bytes (of large files the size)."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in folders + files:
            path = pathlib.Path(place) / name
            if path.is_symlink():
                found[str(path)] = os.readlink(path)
            elif path.is_file():
                size = path.stat().st_size
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest() if size < 1 << 26 else str(size)
            else:
                found[str(path)] = "folder" if path.is_dir() else "special"
    return found


# Set by a program between this one and rolora: code of this one between fork and exec could wait for a lock that another thread held.
LIMITS = ["prlimit", f"--as={ADDRESSES}", f"--cpu={PROCESSOR_SECONDS}:{PROCESSOR_SECONDS + 5}", "--core=0"]


def run(rolora, case, folder):
    """What is wrong with how this case was met, a list of lines; and the figures of the process."""
    before = state(folder)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([*LIMITS, rolora, *case["command"], *([] if case["command"][0] == "figures" else ["--threads", "1"])], cwd=folder,
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        deadline, status = time.monotonic() + WALL_SECONDS, 0
        while True:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(0.005)
        process.returncode = 0  # it was waited for
        out.seek(0), err.seek(0)
        stdout, stderr = out.read(), err.read().decode("utf-8", "backslashreplace")
    wrong = judge(case, os.waitstatus_to_exitcode(status), stdout, stderr)
    seconds = usage.ru_utime + usage.ru_stime
    if usage.ru_maxrss * 1024 > RESIDENT:
        wrong.append(f"{usage.ru_maxrss >> 10} MiB resident")
    if seconds > PROCESSOR_SECONDS:
        wrong.append(f"{seconds:.1f} s of processor time")
    if not case["accepted"] and state(folder) != before:
        wrong.append("the folder is not as it was")
    return wrong, stderr, seconds, usage.ru_maxrss >> 10


def judge(case, code, stdout, stderr):
    lines = stderr.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    others = [line for line in lines if not line.startswith(("error: ", "note: "))]
    if case["accepted"]:
        return [] if code == 0 and not errors else [f"exit {code}: a sound input was refused"]
    wrong = []
    if code != 1:
        wrong.append(f"exit {code}")
    if len(errors) != 1 or others:
        wrong.append(f"{len(errors)} error lines, {len(others)} others")
    if stdout:
        wrong.append("something on stdout")
    line = errors[0] if errors else ""
    wrong += [f"the error does not say {said!r}" for said in [*case["says"], "expected ", ", found "] if said not in line]
    if any(not c.isprintable() for c in line):
        wrong.append("control characters in the error")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rolora")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--keep")
    parser.add_argument("--all", action="store_true", help="also the cases that differ from a neighbour by a key or a value")
    parser.add_argument("--verbose", action="store_true", help="every case with its error line")
    options = parser.parse_args()
    rolora = str(pathlib.Path(options.rolora).resolve())
    with tempfile.TemporaryDirectory() as temporary:
        out = pathlib.Path(options.keep or temporary) / "corpus"
        begin = time.monotonic()
        cases = make_corpus.make(rolora, out)
        made = time.monotonic() - begin
        chosen = [c for c in cases if (any(n in c["name"] for n in options.names) if options.names else options.all or not c["by_hand"])]
        if sum(not c["by_hand"] for c in cases) < LEAST_CASES or len({c["name"] for c in cases}) != len(cases):
            sys.exit(f"error: corpus: expected at least {LEAST_CASES} cases of different names, found {len(cases)}")
        failed, slowest, largest = 0, (0, ""), (0, "")
        with concurrent.futures.ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
            for case, (wrong, stderr, seconds, resident) in zip(chosen, pool.map(
                    lambda c: run(rolora, c, out / "cases" / c["name"]), chosen)):
                slowest, largest = max(slowest, (seconds, case["name"])), max(largest, (resident, case["name"]))
                failed += bool(wrong)
                if wrong or options.verbose:
                    print(f"{'FAILED' if wrong else 'ok'} {case['name']} ({case['attack']}): {'; '.join(wrong)}\n    {stderr.strip()[:600]}")
        print(f"{len(chosen)} of {len(cases)} hostile inputs, {failed} not refused as they must be; corpus made in {made:.0f} s, all in "
              f"{time.monotonic() - begin:.0f} s; slowest {slowest[0]:.1f} s ({slowest[1]}), largest {largest[0]} MiB ({largest[1]})")
        sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
