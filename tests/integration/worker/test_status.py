"""`status`: its figures are those of the tables and topics, while workers run and after; it says what needs somebody."""
import json
import signal
import subprocess
import unittest

import harness

AT = "2026-07-01T00:00:00Z"
END = "2027-01-01T00:00:00Z"
LANES = 4


class Status(unittest.TestCase):
    def overview(self, deployment, expect):
        return json.loads(deployment.run("status", "--output", "json", expect=expect))["overview"]

    def compare(self, deployment, shown):
        """What is shown is what the tables say."""
        rows = deployment.sql("SELECT lane, epoch, owner, next_seq FROM lane ORDER BY lane")
        self.assertEqual([(r["lane"], str(r["epoch"]), r["owner"], str(r["next_seq"])) for r in rows],
                         [(l["lane"], l["epoch"], l.get("owner"), l["nextSeq"]) for l in shown["lanes"]])
        offsets = deployment.sql('SELECT lane, topic, next_offset FROM lane_offset ORDER BY lane, topic')
        self.assertEqual([(r["lane"], r["topic"], str(r["next_offset"])) for r in offsets],
                         [(l["lane"], s["topic"], s["nextOffset"]) for l in shown["lanes"] for s in l["sources"]])

    def needs(self, shown, words):
        self.assertTrue(any(words in note for note in shown["needsSomebody"]), f"{words}: {shown['needsSomebody']}")

    def test_figures(self):
        deployment = harness.Deployment("status", lanes=LANES)
        shown = self.overview(deployment, 1)
        self.assertEqual([], shown["lanes"])
        self.needs(shown, "there are no lanes yet")
        self.needs(shown, "no rules yet")

        wrong = harness.issued("JP/900001", AT, valid=("2026-06-01", "2026-02-30"))
        deployment.publish([*harness.stream(20, 3), wrong], unchecked=True)
        workers = [deployment.start(), deployment.start()]
        # What waits for time alone waits still: the records' clock has not come there.
        shown = harness.wait_until("all to be decided and published by two workers", lambda: self.settled(deployment))
        self.assertEqual(2, len({lane["owner"] for lane in shown["lanes"]}))
        self.compare(deployment, shown)
        self.assertEqual("0", shown["waiting"]["due"])
        self.assertGreater(int(shown["waiting"]["secondsToNextDue"]), 0)
        self.assertEqual([{"reason": "INVALID_DATE", "open": "1"}],
                         [{"reason": l["reason"], "open": l["open"]} for l in shown["deadLetters"]])
        self.needs(shown, "dead-letters list")
        pack = shown["rulePacks"][0]
        self.assertEqual(("jp-sg-1", "IN_FORCE", "2026-06-01"), (pack["id"], pack["standing"], pack["from"]))
        self.assertEqual({"jp-administrative", "sg-public-holidays"}, {c["id"] for c in shown["calendars"]})

        place = json.loads(deployment.run("dead-letters", "list", "--output", "json"))["deadLetter"]["place"]
        deployment.run("dead-letters", "discard", place, "--because", "a test")
        shown = self.overview(deployment, 0)
        self.assertEqual(("0", "1"), (shown["deadLetters"][0]["open"], shown["deadLetters"][0]["discarded"]))
        text = deployment.run("status")
        for words in ("held", "jp-sg-1", "in force from 2026-06-01", "INVALID_DATE", "nothing needs anybody"):
            self.assertIn(words, text)

        self.lose_a_worker(deployment, *workers)

    def settled(self, deployment):
        shown = json.loads(subprocess.run(
            [harness.KAKEHASHI, "status", "-c", str(deployment.settings_path), "--output", "json"], capture_output=True,
            text=True, check=False).stdout)["overview"]
        done = all(lane["lag"] == "0" and lane["published"] == lane["nextSeq"] and not lane["publishedIsLate"]
                   and lane["held"] for lane in shown["lanes"])
        return shown if done and len(shown["lanes"]) == LANES and len({l["owner"] for l in shown["lanes"]}) == 2 else None

    def lose_a_worker(self, deployment, first, second):
        """A stopped group leaves no owner; a killed worker is seen to be gone; what is then sent is lag."""
        first.stop()
        # None of all for a moment, while the second takes them anew.
        harness.wait_until("one owner", lambda: len(self.owners(deployment)) == 1 and None not in self.owners(deployment))
        second.signal(signal.SIGKILL)
        second.wait(-signal.SIGKILL)
        deployment.publish([harness.issued(f"JP/5{number:05}", "2026-08-01T00:00:00Z") for number in range(20)])
        shown = harness.wait_until("the worker to be gone", lambda: self.all_gone(deployment))
        self.assertEqual(20, sum(int(lane["lag"]) for lane in shown["lanes"]))
        self.needs(shown, "no worker holds lane")
        self.assertIn("owner is gone", deployment.run("status", expect=1))
        deployment.work(until=END)
        shown = self.overview(deployment, 0)
        self.assertEqual({False}, {lane["held"] for lane in shown["lanes"]})
        self.assertEqual({"0"}, {lane["lag"] for lane in shown["lanes"]})
        self.compare(deployment, shown)

        shown = json.loads(deployment.run("status", "-s", "kafka.brokers=127.0.0.1:1", "-s", "kafka.answer_timeout_ms=1000",
                                          "--output", "json", expect=1))["overview"]
        self.assertFalse(shown["brokerReached"])
        self.assertEqual({None}, {lane.get("lag") for lane in shown["lanes"]})
        self.needs(shown, "the broker cannot be asked")
        self.watch(deployment)
        self.lend(deployment)

    def owners(self, deployment):
        return {r["owner"] for r in deployment.sql("SELECT owner FROM lane")}

    def all_gone(self, deployment):
        shown = self.overview(deployment, 1)
        return shown if not any(lane["held"] for lane in shown["lanes"]) else None

    def watch(self, deployment):
        process = subprocess.Popen([harness.KAKEHASHI, "status", "-c", str(deployment.settings_path), "--watch", "1",
                                    "--output", "json"], stdout=subprocess.PIPE, text=True, start_new_session=True)
        harness.running.append(process)
        lines = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.send_signal(signal.SIGINT)
        self.assertEqual(0, process.wait(harness.PATIENCE))
        process.stdout.close()
        self.assertNotEqual(lines[0]["overview"]["at"], lines[1]["overview"]["at"])

    def lend(self, deployment):
        """An operator who may only read."""
        role = f"reader_{deployment.schema}"
        deployment.sql(f"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {deployment.schema} TO {role}; "
                       f"GRANT SELECT ON ALL TABLES IN SCHEMA {deployment.schema} TO {role}")
        connection = deployment.database.replace("user=kakehashi", f"user={role}")
        shown = json.loads(deployment.run("status", "--output", "json", "-s", f"database.connection={connection}"))["overview"]
        self.assertEqual(LANES, len(shown["lanes"]))
        deployment.sql(f"DROP OWNED BY {role}; DROP ROLE {role}")


if __name__ == "__main__":
    harness.main()
