"""Events that a worker refuses, of every reason."""
from copy import deepcopy

import harness

AT = "2026-07-01T00:00:00Z"
UNREACHABLE = {"UNKNOWN_TOPIC"}  # a worker reads no topic of nobody
STATEMENTS_MOST = 1024  # about one subject


def names():
    """Of all reasons that a worker can have."""
    text = (harness.SOURCE / "include/kakehashi/refusal.h").read_text(encoding="utf-8")
    return {line.split("(")[1].split(",")[0] for line in text.splitlines() if line.startswith("    X(")} - UNREACHABLE


def good(number, **of):
    return harness.issued(f"SG/{number:06}", AT, **of)


def changed(line, path, value):
    """A copy of the line with another value at that path of its event."""
    copy = deepcopy(line)
    at = copy["event"]
    *parents, last = path.split(".")
    for name in parents:
        at = at[name]
    at[last] = value
    return copy


def short_notice():
    return harness.event("arrangement/jp-sg", AT, 1, "terminationNoticed",
                         {"givenOn": "2026-07-01", "lastDay": "2026-08-01"}, participant="SG")


def lines(first=20):
    """reason -> a line whose event is refused for it; about labels with the twenty numbers from `first` on."""
    measure = harness.event(f"SG/{first + 13:06}", AT, 1, "measureTaken", {"grounds": [99], "from": "2026-07-01"},
                            participant="JP")
    bare = good(first)
    return {
        "NO_BODY": {**bare, "event": {k: v for k, v in bare["event"].items() if k != "labelIssued"}},
        "MISSING_FIELD": changed(good(first + 1), "labelIssued.validity", {"validFrom": "2026-06-01"}),
        "INVALID_ID": changed(good(first + 2), "id", "NOT-A-UUID"),
        "INVALID_SUBJECT": changed(good(first + 3), "subject", f"US/{first + 3:06}"),
        "INVALID_REVISION": changed(good(first + 4), "revision", 0),
        "INVALID_TEXT": changed(good(first + 5), "labelIssued.details.product", "bell\u0007"),
        "INVALID_DATE": changed(good(first + 6), "labelIssued.validity.validFrom", "2026-02-30"),
        "INVALID_LEVEL": good(first + 7, level=99),
        "INVALID_VALIDITY": good(first + 8, valid=("2026-06-01", "2026-05-31")),
        "INVALID_GROUND": measure,
        "INVALID_ORIGIN": good(first + 9, origin={"arrangement": "jp-sg"}),
        "PARTICIPANT_MISMATCH": changed(good(first + 10), "participant", "JP"),
        "UNKNOWN_ARRANGEMENT": harness.event("arrangement/none", AT, 1, "terminationWithdrawn", {}, participant="SG"),
        "NOT_AUTHORISED": harness.issued(f"SG/{first + 14:06}", AT, participant="JP"),
        "NOTICE_TOO_SHORT": short_notice(),
    }


def suspensions(subject, count):
    """More statements about one label than STATEMENTS_MOST are not taken."""
    return [harness.event(subject, AT, number + 1, "labelSuspended",
                          {"from": f"{1980 + number // 28}-01-{number % 28 + 1:02}"}) for number in range(count)]
