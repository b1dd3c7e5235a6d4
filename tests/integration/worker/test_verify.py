"""`verify`: content with what workers leave behind, while they are at work too; and it names the place of each defect that
somebody made by hand."""
import json
import subprocess
import unittest

import harness

AT = "2026-07-01T00:00:00Z"
END = "2027-03-01T00:00:00Z"
LANES = 3
ORDINARY = {"RESULT_MISSING", "RESULT_ALTERED", "HISTORY", "CAUSE", "MESSAGE_MISSING", "MESSAGE_REPEATED", "MESSAGE_ALTERED",
            "MESSAGE_UNKNOWN", "STATE", "DECISION", "OBLIGATION", "RECORD", "DEAD_LETTER", "OFFSET"}


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """A deployment with every kind of result, decided by two workers beside which it is verified."""
        cls.deployment = deployment = harness.Deployment("verify", lanes=LANES)
        wrong = [harness.issued(f"JP/9{n:05}", AT, valid=("2026-06-01", "2026-02-30")) for n in range(3)]
        conflict = [harness.issued("JP/800001", AT), harness.issued("JP/800001", AT, level=3)]
        derived = [harness.issued("SG/700001", AT, origin={"arrangement": "jp-sg", "basis": "JP/000000"})]
        disputes = [harness.event(f"SG/{n:06}", "2026-07-09T00:00:00Z", 1, "disputeRaised", {"raisedOn": "2026-07-08"},
                                  participant="JP") for n in (1, 3, 5)]
        changing = [harness.issued("SG/600001", AT)] + [
            harness.event("SG/600001", f"2026-07-{20 + n}T00:00:00Z", n + 2, ("labelSuspended", "suspensionLifted")[n % 2],
                          {"from": f"2026-07-{20 + n}"}) for n in range(5)]
        workers = [deployment.start(), deployment.start()]
        deployment.publish(wrong + conflict + derived + disputes + changing, unchecked=True)
        for number in range(3):
            deployment.publish(harness.stream(60, 6, f"2026-08-1{number}T00:00:00+00:00")[number::3])
            found, summary = cls.verify(deployment)
            assert found == [], found
            assert int(summary["lanes"]) in (0, LANES), summary
        for worker in workers:
            worker.stop()
        deployment.work(until=END)

    @staticmethod
    def verify(deployment, *options):
        """Deviations and the summary."""
        done = subprocess.run([harness.KAKEHASHI, "verify", "-c", str(deployment.settings_path), "--output", "json", *options],
                              capture_output=True, text=True, check=False, timeout=harness.PATIENCE)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        found = [line["deviation"] for line in lines if "deviation" in line]
        assert lines and "verified" in lines[-1], done
        assert done.returncode == (1 if found else 0), done
        return found, lines[-1]["verified"]

    def kinds(self, *options):
        return {(of["kind"], of["place"]) for of in self.verify(self.deployment, *options)[0]}

    def one(self, query):
        return self.deployment.sql(f"SELECT * FROM ({query}) AS q LIMIT 1")[0]

    def newest_status(self):
        """The newest result of a label that has several, and what an older one of as many bytes said."""
        return self.one("""SELECT n.lane, n.seq, n.key, n.subject, n.previous_seq, n.decision, o.decision AS before
            FROM result n JOIN result o ON o.lane = n.lane AND o.key = n.key AND o.seq < n.seq
            WHERE n.kind = 1 AND n.status_version > 2 AND octet_length(o.decision) = octet_length(n.decision)
            AND o.decision <> n.decision AND n.seq = (SELECT max(seq) FROM result m WHERE m.lane = n.lane AND m.key = n.key)
            ORDER BY n.lane, n.seq""")

    def changed(self, change, back, *options):
        """What is found between a change and its undoing."""
        self.deployment.sql(change)
        try:
            found = self.kinds(*options)
        finally:
            self.deployment.sql(back)
        for kind, place in found:
            self.assertIn(kind, ORDINARY)
            self.assertTrue(place)
        return found

    def copied(self, table, where, change, *options):
        """The same for rows of a table, which come back as they were."""
        keep = f"CREATE TABLE kept AS SELECT * FROM {table} WHERE {where}"
        back = f"DELETE FROM {table} WHERE {where}; INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept"
        return self.changed(f"{keep}; {change}", back, *options)

    def test_1_content(self):
        found, summary = self.verify(self.deployment)
        self.assertEqual([], found)
        self.assertEqual(str(self.deployment.result_count()), summary["results"])
        self.assertEqual(len([*self.deployment.read(*self.deployment.topics.values())]), int(summary["messages"]))
        self.assertEqual(len(self.deployment.read(*self.deployment.events.values())), int(summary["records"]))
        found, summary = self.verify(self.deployment, "--quick")
        self.assertEqual([], found)
        self.assertEqual("0", summary["messages"])
        text = self.deployment.run("verify")
        self.assertIn("0 deviations", text)

    def test_2_results(self):
        row = self.newest_status()
        place, lane = f"lane {row['lane']}, result {row['previous_seq']}", row["lane"]
        where = f"lane = {lane} AND seq = {row['previous_seq']}"
        found = self.copied("result", where, f"DELETE FROM result WHERE {where}")
        self.assertIn(("RESULT_MISSING", place), found)
        self.assertIn("MESSAGE_UNKNOWN", {kind for kind, _ in found})
        self.assertIn(("HISTORY", f"lane {lane}, result {row['seq']}"), found)
        found = self.copied("result", where, f"UPDATE result SET message_hash = message_hash + 1 WHERE {where}", "--quick")
        self.assertEqual({("RESULT_ALTERED", place)}, found)
        other = self.one(f"SELECT decision FROM result WHERE kind = 1 AND lane = {lane} AND seq <> {row['seq']} "
                         f"AND decision <> (SELECT decision FROM result WHERE lane = {lane} AND seq = {row['seq']})")["decision"]
        where = f"lane = {lane} AND seq = {row['seq']}"
        found = self.copied("result", where, f"UPDATE result SET decision = '{other}' WHERE {where}")
        self.assertIn(("RESULT_ALTERED", f"lane {lane}, result {row['seq']}"), found)
        self.assertIn(("STATE", f"{row['subject']} (lane {lane})"), found)
        self.assertIn("MESSAGE_ALTERED", {kind for kind, _ in found})
        found = self.copied("result", where, f"UPDATE result SET previous_seq = NULL, cause = '\\x01' WHERE {where}", "--quick")
        self.assertEqual({("HISTORY", f"lane {lane}, result {row['seq']}"),
                          ("RESULT_ALTERED", f"lane {lane}, result {row['seq']}")}, found)

    def test_3_swapped(self):
        """Two results of different keys change their numbers."""
        first, second = self.deployment.sql("SELECT lane, seq FROM result r WHERE kind = 1 AND lane = 1 AND seq > 5 "
                                            "AND seq < (SELECT next_seq FROM lane WHERE lane = 1) - 5 ORDER BY seq LIMIT 2")
        swap = (f"UPDATE result SET seq = -1 WHERE lane = 1 AND seq = {first['seq']}; "
                f"UPDATE result SET seq = {first['seq']} WHERE lane = 1 AND seq = {second['seq']}; "
                f"UPDATE result SET seq = {second['seq']} WHERE lane = 1 AND seq = -1")
        found = self.changed(swap, swap)
        self.assertIn("MESSAGE_ALTERED", {kind for kind, _ in found})
        self.assertTrue({kind for kind, _ in found} & {"HISTORY", "CAUSE", "STATE"}, found)

    def test_4_subjects(self):
        row = self.newest_status()
        place = f"{row['subject']} (lane {row['lane']})"
        where = f"lane = {row['lane']} AND key = '{row['subject']}'"
        # What follows from the facts of another label of the same home.
        other = self.one(f"SELECT facts FROM subject WHERE key LIKE '{row['subject'][:3]}%' AND facts <> "
                         f"(SELECT facts FROM subject WHERE {where})")["facts"]
        found = self.copied("subject", where, f"UPDATE subject SET facts = '{other}' WHERE {where}", "--quick")
        self.assertEqual({("DECISION", place)}, found)
        change = (f"UPDATE subject SET decisions = decode(replace(encode(decisions, 'hex'), '{row['decision'][2:]}', "
                  f"'{row['before'][2:]}'), 'hex') WHERE {where}")
        self.assertIn(("STATE", place), self.copied("subject", where, change, "--quick"))
        self.assertEqual({("STATE", place)}, self.copied("subject", where, f"UPDATE subject SET outcomes = 'XX=RECOGNISED' "
                                                         f"WHERE {where}", "--quick"))
        self.assertEqual({("DECISION", place)}, self.copied("subject", where, f"UPDATE subject SET due_at = due_at + 1 "
                                                            f"WHERE {where}", "--quick"))
        found = self.copied("subject", where, f"DELETE FROM subject WHERE {where}")
        self.assertIn("RECORD", {kind for kind, _ in found})
        self.assertIn("STATE", {kind for kind, _ in found})

    def test_5_obligations(self):
        row = self.one("SELECT id, subject, lane FROM obligation WHERE subject NOT LIKE 'arrangement%'")
        where = f"id = '{row['id']}'"
        place = f"{row['subject']} (lane {row['lane']})"
        for change in (f"DELETE FROM obligation WHERE {where}", f"UPDATE obligation SET due_on = due_on + 1, late = NOT late "
                       f"WHERE {where}"):
            self.assertEqual({("OBLIGATION", place)}, self.copied("obligation", where, change, "--quick"))
        stray = "INSERT INTO obligation SELECT 'stray', lane, kind, state, 'XX/1', arrangement, obliged, towards, arose_on, " \
                f"due_on, earliest_due_on, discharged_on, confirmed_on, provisional, late, version, decided_at FROM obligation WHERE {where}"
        self.assertEqual({("OBLIGATION", f"stray (lane {row['lane']})")},
                         self.changed(stray, "DELETE FROM obligation WHERE id = 'stray'", "--quick"))

    def test_6_dead_letters_and_offsets(self):
        letter = self.one("SELECT lane, seq, topic, \"offset\" FROM dead_letter WHERE reason = 'INVALID_DATE'")
        record = f"{letter['topic']}/{letter['lane']}/{letter['offset']}"
        where = f"lane = {letter['lane']} AND seq = {letter['seq']}"
        found = self.copied("dead_letter", where, f"DELETE FROM dead_letter WHERE {where}")
        self.assertEqual({("DEAD_LETTER", f"lane {letter['lane']}, result {letter['seq']}"), ("RECORD", record)},
                         found - {of for of in found if of[0] == "MESSAGE_UNKNOWN"})
        where = f"lane = {letter['lane']} AND topic = '{letter['topic']}'"
        found = self.copied("lane_offset", where, f"UPDATE lane_offset SET next_offset = 100000, last_crc = 1 WHERE {where}")
        self.assertIn(("OFFSET", f"{letter['topic']}/{letter['lane']}"), found)
        # An older copy of the database: the group is ahead of it.
        found = self.copied("lane_offset", where, f"UPDATE lane_offset SET next_offset = 0 WHERE {where}")
        self.assertIn(("OFFSET", f"{letter['topic']}/{letter['lane']}"), found)

    def test_7_topics(self):
        """Last: what stands in a topic cannot be taken back."""
        deployment = self.deployment
        records = [r for r in deployment.read(deployment.topics["status"]) if r.partition == 0]
        headers = " ".join(f"{name}={value.hex()}" for name, value in records[2].headers)
        again = (f"send {records[2].topic} 0 {records[2].timestamp} {harness.hexed(records[2].key)} "
                 f"{harness.hexed(records[2].value)} {headers}")
        deployment.send(again)
        found, _ = self.verify(deployment)
        self.assertEqual(["MESSAGE_REPEATED"], [of["kind"] for of in found])
        self.assertTrue(found[0]["place"].startswith(f"{records[2].topic}/0/"))
        self.assertIn("accept-database-rewind", found[0]["whatToDo"])
        foreign, deleted = deployment.topics["public"], deployment.events["SG"]
        letter = self.one("SELECT lane, count(*) AS n FROM dead_letter GROUP BY lane ORDER BY lane")
        deployment.send(f"send {foreign} 1 {records[2].timestamp} 61 62", f"delete-records {deleted} 2 5",
                        f"delete-records {deployment.topics['dead_letters']} {letter['lane']} 1")
        found, _ = self.verify(deployment)
        self.assertEqual({"MESSAGE_REPEATED", "MESSAGE_UNKNOWN"}, {of["kind"] for of in found})
        text = deployment.run("verify", expect=1)
        self.assertIn(f"{deleted}/2: the records before offset 5 have been deleted", text)
        self.assertIn(f"{deployment.topics['dead_letters']}/{letter['lane']}: 1 messages have been deleted", text)
        self.assertIn("what to do:", text)


if __name__ == "__main__":
    harness.main()
