"""A record that cannot be used becomes a dead letter that says why, and the batch goes on."""
import unittest
from copy import deepcopy

import checker
import harness

AT = "2026-07-01T00:00:00Z"
END = "2027-06-01T00:00:00Z"
UNREACHABLE = {"UNKNOWN_TOPIC"}  # a worker reads no topic of nobody


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


def refused_lines():
    """reason -> a line whose event is refused for it."""
    measure = harness.event("SG/000033", AT, 1, "measureTaken", {"grounds": [99], "from": "2026-07-01"}, participant="JP")
    return {
        "NO_BODY": {**good(20), "event": {k: v for k, v in good(20)["event"].items() if k != "labelIssued"}},
        "MISSING_FIELD": changed(good(21), "labelIssued.validity", {"validFrom": "2026-06-01"}),
        "INVALID_ID": changed(good(22), "id", "NOT-A-UUID"),
        "INVALID_SUBJECT": changed(good(23), "subject", "US/000023"),
        "INVALID_REVISION": changed(good(24), "revision", 0),
        "INVALID_TEXT": changed(good(25), "labelIssued.details.product", "bell\u0007"),
        "INVALID_DATE": changed(good(26), "labelIssued.validity.validFrom", "2026-02-30"),
        "INVALID_LEVEL": good(27, level=99),
        "INVALID_VALIDITY": good(28, valid=("2026-06-01", "2026-05-31")),
        "INVALID_GROUND": measure,
        "INVALID_ORIGIN": good(29, origin={"arrangement": "jp-sg"}),
        "PARTICIPANT_MISMATCH": changed(good(30), "participant", "JP"),
        "UNKNOWN_ARRANGEMENT": harness.event("arrangement/none", AT, 1, "terminationWithdrawn", {}, participant="SG"),
        "NOT_AUTHORISED": harness.issued("SG/000040", AT, participant="JP"),
        "NOTICE_TOO_SHORT": short_notice(),
    }


class Refusals(unittest.TestCase):
    def names(self):
        text = (harness.SOURCE / "include/kakehashi/refusal.h").read_text(encoding="utf-8")
        return {line.split("(")[1].split(",")[0] for line in text.splitlines() if line.startswith("    X(")}

    def test_each_code(self):
        deployment = harness.Deployment("refusals", lanes=4)
        deployment.send(harness.send_command(deployment, good(1)))
        place = deployment.read(deployment.events["SG"])[0].partition
        commands = []
        for line in refused_lines().values():
            commands.append(harness.send_command(deployment, line))
        commands.append(harness.send_command(deployment, good(2), value=b"\xff\xfe", headers=[("trace", b"\x01\x02")]))
        commands.append(harness.send_command(deployment, good(3), value=b"x" * 300000))
        commands.append(harness.send_command(deployment, good(4), key=b"SG/000099"))
        commands.append(harness.send_command(deployment, good(5), key=None, partition=0))
        commands.append(harness.send_command(deployment, good(6), value=None))
        commands.append(harness.send_command(deployment, good(1), partition=(place + 1) % 4))
        commands.append(harness.send_command(deployment, good(8)))
        commands.append(harness.send_command(deployment, good(8, level=3)))
        suspensions = [harness.event("SG/000009", AT, number + 1, "labelSuspended",
                                     {"from": f"{1980 + number // 28}-01-{number % 28 + 1:02}"}) for number in range(1025)]
        commands += [harness.send_command(deployment, line) for line in suspensions]
        commands.append(harness.send_command(deployment, good(10)))
        deployment.send(*commands)
        self.refuse_in_database(deployment, "SG/000666")
        deployment.send(harness.send_command(deployment, good(11)), harness.send_command(deployment, good(666)),
                        harness.send_command(deployment, good(12)))
        deployment.work(until=END)
        snapshot = checker.assert_exactly_once(self, deployment)
        reasons = [row["reason"] for row in snapshot.dead_letters]
        wanted = self.names() - UNREACHABLE
        self.assertEqual(wanted, set(reasons))
        twice = {"KEY_MISMATCH", "NO_BODY"}
        self.assertEqual(sorted([*wanted, *twice]), sorted(reasons), "each of the others once, and once only")
        accepted = {row["subject"] for row in snapshot.results if row["kind"] == checker.STATUS}
        self.assertEqual({f"SG/{n:06}" for n in (1, 8, 9, 10, 11, 12)}, accepted & {f"SG/{n:06}" for n in range(1, 700)})
        self.look_at(snapshot)

    def refuse_in_database(self, deployment, key):
        deployment.sql(f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.key = '{key}' THEN RAISE 'not this one' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON subject FOR EACH ROW EXECUTE FUNCTION refuse()""")

    def look_at(self, snapshot):
        """What the dead letters themselves say."""
        letters = {checker.header(record, "kh-reason"): record for record in snapshot.topics["dead_letters"]}
        sources = {(r.topic, r.partition, r.offset): r for r in snapshot.sources}
        for reason, record in letters.items():
            place = (checker.header(record, "kh-topic"), int(checker.header(record, "kh-partition")),
                     int(checker.header(record, "kh-offset")))
            source = sources[place]
            self.assertEqual(checker.header(record, "kh-id"), f"{place[0]}/{place[1]}/{place[2]}")
            self.assertEqual(int(checker.header(record, "kh-timestamp")), source.timestamp)
            self.assertEqual(record.key, source.key)
            self.assertEqual(record.value, None if reason == "TOO_LARGE" else source.value, reason)
            self.assertNotEqual("", checker.header(record, "kh-detail"))
        self.assertEqual("300000", checker.header(letters["TOO_LARGE"], "kh-size"))
        self.assertEqual(("trace", b"\x01\x02"), letters["UNDECODABLE"].headers[-1])
        stored = next(row for row in snapshot.dead_letters if row["reason"] == "TOO_LARGE")
        self.assertEqual(b"x" * 300000, bytes.fromhex(stored["value"]))
        key = letters["REFUSED_BY_DATABASE"].key
        self.assertEqual(b"SG/000666", key)


if __name__ == "__main__":
    harness.main()
