"""A record that cannot be used becomes a dead letter that says why, and the batch goes on."""
import unittest

import checker
import harness
import refused
from refused import good

END = "2027-06-01T00:00:00Z"


class Refusals(unittest.TestCase):
    def test_each_code(self):
        deployment = harness.Deployment("refusals", lanes=4)
        deployment.send(harness.send_command(deployment, good(1)))
        place = deployment.read(deployment.events["SG"])[0].partition
        commands = []
        for line in refused.lines().values():
            commands.append(harness.send_command(deployment, line))
        commands.append(harness.send_command(deployment, good(2), value=b"\xff\xfe", headers=[("trace", b"\x01\x02")]))
        commands.append(harness.send_command(deployment, good(3), value=b"x" * 300000))
        commands.append(harness.send_command(deployment, good(4), key=b"SG/000099"))
        commands.append(harness.send_command(deployment, good(5), key=None, partition=0))
        commands.append(harness.send_command(deployment, good(6), value=None))
        commands.append(harness.send_command(deployment, good(1), partition=(place + 1) % 4))
        commands.append(harness.send_command(deployment, good(8)))
        commands.append(harness.send_command(deployment, good(8, level=3)))
        suspensions = refused.suspensions("SG/000009", refused.STATEMENTS_MOST + 1)
        commands += [harness.send_command(deployment, line) for line in suspensions]
        commands.append(harness.send_command(deployment, good(10)))
        deployment.send(*commands)
        self.refuse_in_database(deployment, "SG/000666")
        deployment.send(harness.send_command(deployment, good(11)), harness.send_command(deployment, good(666)),
                        harness.send_command(deployment, good(12)))
        deployment.work(until=END)
        snapshot = checker.assert_exactly_once(self, deployment)
        reasons = [row["reason"] for row in snapshot.dead_letters]
        wanted = refused.names()
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
