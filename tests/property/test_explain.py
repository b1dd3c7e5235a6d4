#!/usr/bin/env python3
"""What `explain` says of a history's labels is what `decide` decides about them.

    test_explain.py PROGRAM ROOT              all histories of tests/cases and the sample
    test_explain.py PROGRAM ROOT --can-fail   shows that an explanation for another instant would be noticed

Of each history some labels are explained at some instants: the same status, a failing finding for each reason and none
besides, in both languages, and what comes next at the next change that the status names.
"""
import json
import subprocess
import sys
from pathlib import Path

OPEN = {"version", "decidedAt", "cause"}
EACH = 6  # labels of an instant: another choice at each


def run(command):
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def states(program, settings, path, instants):
    """{instant: [status]}"""
    command = [program, "decide", "-c", settings, "--output", "states", path]
    for instant in instants:
        command += ["--at", instant]
    found, at = {}, None
    for line in run(command).splitlines():
        item = json.loads(line)
        if "at" in item:
            at = item["at"]
            found[at] = []
        elif "status" in item:
            found[at].append(item["status"])
    return found


def bare(status):
    return {name: value for name, value in status.items() if name not in OPEN}


def differences(explanation, status, japanese):
    label = f"{status['label']}@{status['host']} at {explanation['at']}"
    if bare(explanation["status"]) != bare(status):
        yield f"{label}: the status is not the one decided"
    failing = [finding for finding in explanation["findings"] if not finding["holds"]]
    articles = [finding.get("article") for finding in failing]
    if articles != [reason.get("article") for reason in status.get("reasons", [])]:
        yield f"{label}: fails for {articles}, decided {status.get('reasons')}"
    if any(not f["facts"] for f in failing if f["kind"] not in ("ISSUE_UNKNOWN", "NOT_YET_IN_FORCE")):
        yield f"{label}: a gate fails with no statement behind it"
    coming = [step["at"] for step in explanation["coming"] if any(not is_of_an_obligation(c) for c in step["changes"])]
    if status.get("nextChangeAt") not in (coming[0] if coming else None, explanation.get("blockedFrom")):
        yield f"{label}: next change {status.get('nextChangeAt')}, but told is {coming[:1]}"
    if [f["kind"] for f in japanese["findings"]] != [f["kind"] for f in explanation["findings"]]:
        yield f"{label}: the languages differ"
    if any(not any(ord(c) > 0x2fff for c in finding["sentence"]) for finding in japanese["findings"]):
        yield f"{label}: a sentence is not Japanese"


def is_of_an_obligation(change):
    return change.startswith(("notice of revocation:", "consultation:", "due on:", "due on by ", "discharged on:",
                              "discharged late:", "confirmed on:", "arose on:"))


def check(program, settings, path, instants, can_fail):
    count = 0
    for number, (at, decided) in enumerate(states(program, settings, path, instants).items()):
        for status in decided[number % 3::max(1, len(decided) // EACH)]:
            key = f"{status['label']}@{status['host']}"
            told = []
            for language in ("en", "ja"):
                asked = instants[0] if can_fail else at
                told.append(json.loads(run([program, "explain", key, "-c", settings, "--events", path, "--at", asked,
                                            "--language", language, "--output", "json"]))["explanation"])
            yield from differences(told[0], status, told[1])
            count += 1
    if count < 4:
        yield f"only {count} labels were explained"


def instants_of(path):
    """Those of the states that are expected of a history; of the sample some, the last record's and later."""
    expected = path.with_suffix(".states")
    if not expected.exists():
        return ["2027-05-18T04:41:07Z", "2027-06-01T00:00:00Z", "2028-04-01T00:00:00Z", "2030-01-01T00:00:00Z"]
    found = [json.loads(line)["at"] for line in expected.read_text(encoding="utf-8").splitlines() if '{"at"' in line]
    return found[:: max(1, len(found) // 3)]


def main():
    program, root = sys.argv[1], Path(sys.argv[2])
    can_fail = "--can-fail" in sys.argv
    settings = root / "config/kakehashi.yaml"
    histories = [*sorted((root / "tests/cases").glob("*.jsonl")), root / "config/samples/first-year.jsonl"]
    found = []
    for path in histories[-1:] if can_fail else histories:
        found += [f"{path.name}: {text}" for text in check(program, settings, path, instants_of(path), can_fail)]
    for text in [] if can_fail else found:
        print(text)
    print(f"{len(histories)} histories, {len(found)} differences{', as it must be' if can_fail and found else ''}")
    return 1 if bool(found) != can_fail else 0


if __name__ == "__main__":
    sys.exit(main())
