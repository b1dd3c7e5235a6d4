#!/usr/bin/env python3
"""Properties of `kakehashi decide` over whole histories, with no server:

  how records fall into batches never shows: the same bytes for batches of any size;
  neither the order of events nor their repetition shows in the states that they lead to.

    histories.py PROGRAM SETTINGS HISTORY.jsonl...
    histories.py --self-test PROGRAM SETTINGS HISTORY.jsonl    shows that a difference is found
"""
import json
import random
import subprocess
import sys
from pathlib import Path

BATCHES = (1, 2, 3, 7, 100000)
SHUFFLES = 3
END = "2031-01-01T00:00:00Z"


def decide(program, settings, lines, *options):
    done = subprocess.run([program, "decide", "-c", settings, "--at", END, *options], input="".join(lines), text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"decide {' '.join(options)}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def differences(program, settings, lines, rearrange):
    """What the history shows that it must not; `rearrange` makes another history of the same events."""
    results = {batch: decide(program, settings, lines, "--batch", str(batch)) for batch in BATCHES}
    for batch, text in results.items():
        if text != results[BATCHES[0]]:
            yield f"results in batches of {batch} differ from those of {BATCHES[0]}"
    if results[BATCHES[0]].count("\n") < 10:
        yield "hardly any result: nothing is shown"
    states = decide(program, settings, lines, "--output", "states")
    for seed in range(SHUFFLES):
        for batch in (1, 1000):
            other = rearrange(lines, random.Random(seed))
            if decide(program, settings, other, "--output", "states", "--batch", str(batch)) != states:
                yield f"states differ for the same events in another order (seed {seed}, batches of {batch})"


def shuffled_and_twice(lines, chance):
    other = lines * 2
    chance.shuffle(other)
    return other


def one_lost(lines, chance):
    """No rearrangement: an event that counts is missing."""
    other = shuffled_and_twice(lines, chance)
    lost = json.loads(lines[0])["event"]["subject"]
    return [line for line in other if json.loads(line)["event"]["subject"] != lost]


def main():
    arguments = sys.argv[1:]
    self_test = arguments[0] == "--self-test"
    program, settings, *paths = arguments[1 if self_test else 0:]
    failed = 0
    for path in paths:
        lines = Path(path).read_text(encoding="utf-8").splitlines(keepends=True)
        found = list(differences(program, settings, lines, one_lost if self_test else shuffled_and_twice))
        for complaint in found:
            print(f"{path}: {complaint}")
        failed += bool(found) != self_test
    print(f"{len(paths)} histories, {failed} failed")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
