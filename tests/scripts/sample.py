#!/usr/bin/env python3
"""The sample history shows all that the README says of it, and the README's example is what `decide` prints.

    sample.py --kakehashi PROGRAM [DIR]    DIR: the tree; exit 1 if something differs, each named
    sample.py --self-test --kakehashi PROGRAM [DIR]    shows that the gate can fail
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from gate import arguments, goes_unnoticed, report

SAMPLE = "config/samples/first-year.jsonl"
# The README shows this status, without the rows that need nothing.
EXAMPLE = {"label": "JP/000102", "version": 3}
OUTCOMES = {
    "RECOGNISED", "INCOMPLETE", "ARRANGEMENT_NOT_IN_FORCE", "EXCLUDED_THIRD_COUNTRY", "NOT_APPLICABLE_BASIS_IN_HOST",
    "LABEL_NOT_VALID", "OUT_OF_SCOPE", "EXCLUDED_DISPUTE", "BARRED_BY_MEASURE",
}
BODIES = {
    "labelIssued", "labelAmended", "labelRenewed", "labelSuspended", "suspensionLifted", "labelRevoked", "revocationWithdrawn",
    "revocationNoticeGiven", "revocationNoticeReceived", "disputeRaised", "disputeSettled", "disputeFailed", "measureTaken",
    "measureLifted", "terminationNoticed", "terminationWithdrawn", "amendmentConsented", "consultationHeld",
}
OBLIGATIONS = {
    ("REVOCATION_NOTICE", "OPEN"), ("REVOCATION_NOTICE", "OVERDUE"), ("REVOCATION_NOTICE", "DISCHARGED"),
    ("CONSULTATION", "OPEN"), ("CONSULTATION", "DISCHARGED"), ("YEARLY_CONSULTATION", "OPEN"),
}
BASIS_STATES = {"VALID", "REVOKED"}


def decide(program, tree, lines):
    """Everything that `decide` prints for these lines up to June 2027, as values."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))
        file.flush()
        done = subprocess.run(
            [program, "decide", "--config", tree / "config/kakehashi.yaml", "--at", "2027-06-01T16:00:00Z", file.name],
            capture_output=True, text=True, check=False, encoding="utf-8")
    if done.returncode != 0:
        sys.exit(f"sample: decide exits with {done.returncode}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def lacking(what, wanted, found):
    return [f"{SAMPLE}: no {what} {name}" for name in sorted(wanted - found, key=str)]


def check_history(lines, results):
    """All that the history should show, and does not."""
    found = [f"{SAMPLE}:{r['deadLetter']['line']}: refused, {r['deadLetter']['reason']}" for r in results if "deadLetter" in r]
    statuses = [r["status"] for r in results if "status" in r]
    obligations = [r["obligation"] for r in results if "obligation" in r]
    found += lacking("event", BODIES, {key for line in lines for key in json.loads(line)["event"]})
    found += lacking("outcome", OUTCOMES, {s["outcome"].removeprefix("OUTCOME_") for s in statuses})
    found += lacking("obligation", OBLIGATIONS, {
        (o["kind"].removeprefix("OBLIGATION_KIND_"), o["state"].removeprefix("OBLIGATION_STATE_")) for o in obligations})
    found += lacking("basis", BASIS_STATES, {s["basis"]["state"].removeprefix("BASIS_STATE_") for s in statuses if "basis" in s})
    if not any(o.get("late") for o in obligations):
        found.append(f"{SAMPLE}: no notice is late")
    return found


def check_example(readme, results):
    """The README's status against the real one."""
    blocks = [json.loads(block) for block in re.findall(r"```json\n(\{\"status\".*?)```", readme, re.DOTALL)]
    real = [r for r in results if "status" in r and EXAMPLE.items() <= r["status"].items()]
    if len(blocks) != 1 or len(real) != 1:
        return [f"README.md: {len(blocks)} examples of a status, {len(real)} real ones: one of each is wanted"]
    status = real[0]["status"]
    status["residual"] = [row for row in status["residual"] if row["need"] != "NEED_NONE"]
    shown = blocks[0]["status"]
    return [f"README.md: the example's {key} is {shown.get(key)}, decide prints {status.get(key)}"
            for key in sorted(shown.keys() | status.keys()) if shown.get(key) != status.get(key)]


def check(program, tree, lines, readme):
    results = decide(program, tree, lines)
    return check_history(lines, results) + check_example(readme, results)


def self_test(program, tree, lines, readme):
    faults = [
        ("a refused line", lines + [lines[0].replace('"revision":1', '"revision":0')], readme, "INVALID_REVISION"),
        ("no measure lifted", [line for line in lines if "measureLifted" not in line], readme, "no event measureLifted"),
        ("an outcome missing", [line for line in lines if "thirdCountry" not in line], readme, "no outcome EXCLUDED_THIRD_COUNTRY"),
        ("an example out of date", lines, readme.replace('"recognisedLevel": 1', '"recognisedLevel": 2'), "recognisedLevel"),
    ]
    failed = 0
    for title, history, text, expected in faults:
        found = check(program, tree, history, text)
        failed += goes_unnoticed(title, found, expected)
    print(f"sample: self test of {len(faults)} faults, {failed} failed")
    return 1 if failed else 0


def main():
    parser = arguments(__doc__)
    parser.add_argument("tree", nargs="?", type=Path, default=Path(__file__).resolve().parents[2])
    options = parser.parse_args()
    lines = (options.tree / SAMPLE).read_text(encoding="utf-8").splitlines()
    readme = (options.tree / "README.md").read_text(encoding="utf-8")
    if options.self_test:
        return self_test(options.kakehashi, options.tree, lines, readme)
    found = check(options.kakehashi, options.tree, lines, readme)
    return report(found, f"sample: {len(lines)} events, ")


if __name__ == "__main__":
    sys.exit(main())
