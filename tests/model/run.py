#!/usr/bin/env python3
"""Checks the models of the protocol: every case of a table with its expected verdict, one line each.

    run.py [--large] [--verbose] [--folder DIR] [--cases FILE] [WORD...]
    run.py --self-test      shows that the check can fail

--large     the table's large instances too: minutes, and some gigabytes
--verbose   prints the steps of each counterexample, the shortest that the search found
WORD        only cases whose line holds every word
DIR         where the searches are built; a temporary folder if none is given

A line of the table: the verdict (`ok`, the name of the claim that is broken, or `loop`: nothing need ever come to an
end), the model, and its definitions. LOOPS=1 asks for the search for loops instead of that for broken claims.
Exit 1 if a verdict is another than expected.
"""
import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
MEMORY_MB = 1900
MEMORY_LARGE_MB = 12000


def run(command, folder):
    """What the command said; a command that fails is the end."""
    done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        sys.exit(f"model: {' '.join(map(str, command))} failed:\n{done.stdout}")
    return done.stdout


def read_cases(path, large, words):
    """(expected, model, definitions) for each line; a line that begins with `large` only if asked for."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        parts = line.split("#")[0].split()
        is_large = parts[:1] == ["large"]
        parts = parts[1:] if is_large else parts
        if not parts or (is_large and not large) or not all(word in line for word in words):
            continue
        if len(parts) < 2 or not all(re.fullmatch(r"[A-Z0-9]+=\d+", part) for part in parts[2:]):
            sys.exit(f"{path}:{number}: not a verdict, a model and definitions: {line}")
        yield parts[0], parts[1], parts[2:]


def build(folder, model, definitions, expected, memory):
    """The search as a program. Where a counterexample is expected it goes on for shorter ones."""
    loops = "LOOPS=1" in definitions
    options = ["-O1", "-w", f"-DMEMLIM={memory}"]
    if loops:
        options += ["-DNP", "-DNOSTUTTER"]
    elif expected == "ok":
        options += ["-DSAFETY"]
    else:
        options += ["-DSAFETY", "-DREACH"]
    run(["spin", *(f"-D{definition}" for definition in definitions), "-a", HERE / f"{model}.pml"], folder)
    run([os.environ.get("CC", "cc"), *options, "-o", "pan", "pan.c"], folder)
    return ["./pan", "-m1000000", *(["-l"] if loops else [] if expected == "ok" else ["-i"])]


def judge(said):
    """The verdict, and how many states the search saw."""
    states = re.search(r"([\d.e+]+) states, stored", said)
    count = f"{int(float(states.group(1)))} states" if states else "no count"
    claim = re.search(r"assertion violated \(*(\w+)", said)
    if claim:
        return claim.group(1), count
    if re.search(r"pan:\d+: non-progress cycle", said):
        return "loop", count
    error = re.search(r"pan:\d+: (.*?)(?: \(at depth|$)", said, re.MULTILINE)
    if error:
        return error.group(1).replace(" ", "-"), count
    if "Search not completed" in said or "max search depth too small" in said or "errors: 0" not in said:
        return "unfinished", count
    return "ok", count


def check(case, folder, memory, verbose):
    expected, model, definitions = case
    started = time.monotonic()
    command = build(folder, model, definitions, expected, memory)
    done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    verdict, count = judge(done.stdout)
    good = verdict == expected
    trail = sorted(folder.glob("*.trail"))
    steps = []
    if trail:
        replay = run(["spin", *(f"-D{definition}" for definition in definitions), "-t", "-k", trail[0], "-T", HERE / f"{model}.pml"], folder)
        steps = [step for step in replay.split("spin: trail ends")[0].splitlines() if step and not step.startswith("spin:")]
    told = f"{verdict}, {count}" + (f", {len(steps)} steps" if steps else "")
    seconds = time.monotonic() - started
    print(f"{'  ' if good else '! '}{model} {' '.join(definitions):<58} | {told}; {seconds:.1f} s", flush=True)
    if not good:
        print(f"  expected: {expected}")
    if verbose or not good:
        print("\n".join(f"    {step}" for step in steps))
        if verdict == "unfinished" or (verdict != "ok" and not steps):
            print(done.stdout)
    return good


def check_all(cases, root, memory, verbose):
    failed = 0
    for number, case in enumerate(cases, 1):
        folder = Path(root) / f"{number:02d}-{case[1]}"
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        failed += not check(case, folder, memory, verbose)
    return failed


def self_test(root):
    """A broken guard that is expected to be harmless, and a sound model that is expected to be broken, must fail."""
    wrong = [("ok", "basis", ["SHARE=0"]), ("P5_decided_by_the_present_basis", "basis", [])]
    for case in wrong:
        if check_all([case], root, MEMORY_MB, False) != 1:
            print(f"self test: passed unnoticed: {case}")
            return 1
    table = Path(root) / "cases.txt"
    table.write_text("ok\n", encoding="utf-8")
    try:
        list(read_cases(table, False, []))
    except SystemExit:
        print("model: self test passed")
        return 0
    print("self test: a line without a model passed unnoticed")
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--folder")
    parser.add_argument("--cases", default=HERE / "cases.txt", type=Path)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("words", nargs="*", metavar="WORD")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = arguments.folder or temporary
        if arguments.self_test:
            sys.exit(self_test(root))
        cases = list(read_cases(arguments.cases, arguments.large, arguments.words))
        if not cases:
            sys.exit("model: no such case")
        failed = check_all(cases, root, MEMORY_LARGE_MB if arguments.large else MEMORY_MB, arguments.verbose)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = used.ru_utime + used.ru_stime
    print(f"model: {len(cases)} cases, {failed} not as expected; {seconds:.0f} s of one core, at most {used.ru_maxrss // 1024} MiB")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
