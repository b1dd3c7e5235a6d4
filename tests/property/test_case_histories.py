#!/usr/bin/python3
"""The event histories of tests/cases, decided offline, against the states that an independent implementation expects.

    test_case_histories.py KAKEHASHI ROOT            all histories; also shuffled, with every event twice
    test_case_histories.py KAKEHASHI ROOT --can-fail shows that a changed expectation is noticed

Compared as JSON by key. `version`, `decidedAt`, `cause` and `rulePackSha256` are not: the expected states leave them open.
"""
import glob
import json
import os
import random
import subprocess
import sys

OPEN = {"version", "decidedAt", "cause", "rulePackSha256"}
SHOWN = 3  # differences of one history that are told in full


def read_states(lines):
    """{instant: {(kind, key): what it says}}"""
    states, at = {}, None
    for line in lines:
        item = json.loads(line)
        if "at" in item:
            at = item["at"]
            states[at] = {}
            continue
        ((kind, message),) = item.items()
        key = message.get("id") or message["label"] + "@" + message["host"]
        states[at][kind, key] = {name: value for name, value in message.items() if name not in OPEN}
    return states


def decide(kakehashi, root, instants, events):
    command = [kakehashi, "decide", "--config", os.path.join(root, "config/kakehashi.yaml"), "--output", "states"]
    for instant in instants:
        command += ["--at", instant]
    done = subprocess.run(command, input=events, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr}")
    return read_states(done.stdout.splitlines())


def compare(name, expected, actual):
    differences = 0
    for at, states in expected.items():
        for key in sorted(set(states) | set(actual.get(at, {}))):
            wanted, got = states.get(key), actual.get(at, {}).get(key)
            if wanted != got:
                differences += 1
                if differences <= SHOWN:
                    print(f"{name} at {at}: {' '.join(key)}\n  expected {json.dumps(wanted, ensure_ascii=False)}"
                          f"\n  got      {json.dumps(got, ensure_ascii=False)}")
    return differences


def shuffled_and_doubled(events):
    """The records in another order and each twice; the timestamps stay ascending, since they are the clock."""
    records = [json.loads(line) for line in events.splitlines() if line.startswith("{")]
    instants = sorted(record["timestamp"] for record in records + records)
    shuffled = records + records
    random.Random(1).shuffle(shuffled)
    for record, instant in zip(shuffled, instants):
        record["timestamp"] = instant
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in shuffled) + "\n"


def main():
    kakehashi, root = sys.argv[1], sys.argv[2]
    can_fail = "--can-fail" in sys.argv
    histories = sorted(glob.glob(os.path.join(root, "tests/cases/*.jsonl")))
    if not histories:
        sys.exit("tests/cases holds no history")
    total = 0
    for path in histories:
        name = os.path.basename(path)
        with open(path, encoding="utf-8") as file:
            events = file.read()
        with open(path[: -len("jsonl")] + "states", encoding="utf-8") as file:
            expected = read_states(file.read().splitlines())
        if can_fail:
            for message in [message for states in expected.values() for message in states.values()]:
                message["obliged" if "obliged" in message else "outcome"] = "something else"
        differences = compare(name, expected, decide(kakehashi, root, list(expected), events))
        if not can_fail:
            last = list(expected)[-1]
            again = decide(kakehashi, root, [last], shuffled_and_doubled(events))
            # The order of arrival shows only where a record was refused for what the others before it had said: never here.
            differences += compare(name + ", shuffled and doubled", {last: expected[last]}, again)
        print(f"{name}: {differences} differences")
        total += differences
    if can_fail:
        sys.exit(0 if total > 0 else "no difference was noticed")
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
