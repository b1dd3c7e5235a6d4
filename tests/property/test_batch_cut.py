#!/usr/bin/env python3
"""How records fall into batches never shows: `decide --batch N` prints the same bytes for every N.

    test_batch_cut.py PROGRAM ROOT              all histories of tests/cases and the sample
    test_batch_cut.py PROGRAM ROOT --can-fail   shows that one event less in one of the batches would be noticed
"""
import subprocess
import sys
from pathlib import Path

BATCHES = (1, 2, 3, 7, 100000)
END = "2031-01-01T00:00:00Z"


def decide(program, root, lines, batch):
    done = subprocess.run([program, "decide", "-c", root / "config/kakehashi.yaml", "--at", END, "--batch", str(batch)],
                          input="".join(lines), text=True, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"decide --batch {batch}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def differences(program, root, lines, can_fail):
    whole = decide(program, root, lines, BATCHES[-1])
    if whole.count("\n") < len(lines):
        yield "fewer results than events: nothing is shown"
    for batch in BATCHES[:-1]:
        # A first event of a label always counts.
        if decide(program, root, lines[1:] if can_fail and batch == 3 else lines, batch) != whole:
            yield f"the results in batches of {batch} are not those of one batch"


def main():
    program, root = sys.argv[1], Path(sys.argv[2])
    can_fail = "--can-fail" in sys.argv
    histories = [*sorted((root / "tests/cases").glob("*.jsonl")), root / "config/samples/first-year.jsonl"]
    unexpected = 0
    for path in histories:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        found = list(differences(program, root, lines, can_fail))
        for complaint in found:
            print(f"{path.name}: {complaint}")
        unexpected += found != (["the results in batches of 3 are not those of one batch"] if can_fail else [])
    print(f"{len(histories)} histories, {unexpected} not as they must be")
    return 1 if unexpected or len(histories) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
