"""A replay: killed, resumed by several, compared with what stands; a changed policy tried, adopted under load, dropped."""
import collections
import json
import signal
import threading
import unittest

import checker
import harness

AT = "2026-07-01T00:00:00Z"
NOW = "2026-09-01T00:00:00Z"
END = "2027-03-01T00:00:00Z"
LABELS, DISPUTED, REVOKED, DERIVED = 60, 9, 7, 10


def disputed(number):
    return harness.event(f"SG/{number:06}", "2026-08-01T00:00:00Z", 1, "disputeRaised", {"raisedOn": "2026-07-31"},
                         participant="JP")


def revoked(number):
    return harness.event(f"JP/{number:06}", "2026-08-02T00:00:00Z", 9, "labelRevoked",
                         {"decidedOn": "2026-08-01", "effectiveFrom": "2026-08-15"})


def history():
    """Labels that are issued, suspended and free again; some in dispute, some revoked, some derived from others."""
    lines = harness.stream(LABELS, 3, AT)
    lines += [harness.issued(f"SG/8{n:05}", "2026-07-20T00:00:00Z", origin={"arrangement": "jp-sg", "basis": f"JP/{2 * n:06}"})
              for n in range(DERIVED)]
    lines += [disputed(2 * n + 1) for n in range(DISPUTED)] + [revoked(2 * n) for n in range(REVOKED)]
    broken = harness.issued("JP/900001", "2026-08-03T00:00:00Z", valid=("2026-06-01", "2026-02-30"))
    return sorted(lines + [broken], key=lambda line: line["timestamp"])


class Replay(unittest.TestCase):
    def replay(self, deployment, *arguments, expect=0):
        return deployment.run("replay", *arguments, expect=expect)

    def compare(self, deployment, expect):
        lines = [json.loads(line) for line in
                 self.replay(deployment, "compare", "--output", "json", "--limit", "100000", expect=expect).splitlines()]
        return lines[0]["comparison"], [line["difference"] for line in lines[1:]]

    def result_topics(self, deployment):
        return sorted((r.topic, r.partition, r.offset, r.value) for r in deployment.read(*deployment.topics.values()))

    def rows(self, deployment, schema):
        """What a replay must come to as well, whatever its steps were."""
        return deployment.sql(f"SELECT key, encode(facts, 'hex') AS facts, outcomes, basis, due_at FROM {schema}.subject "
                              "ORDER BY key")

    def test_same_rules(self):
        deployment = harness.Deployment("replay", lanes=4, settings={"batch": {"max_records": 16}})
        self.assertIn("has decided nothing yet", self.failing(deployment, "start"))
        deployment.publish(history(), unchecked=True)
        deployment.work(until=NOW)
        before = self.result_topics(deployment)

        deployment.start("start", failpoint="after-database-commit:kill:4", command="replay").wait(-signal.SIGKILL)
        schema = f"{deployment.schema}_replay"
        left = deployment.sql(f"SELECT sum(e.offset - o.next_offset) AS n FROM {schema}.replay_end e "
                              f"JOIN {schema}.lane_offset o USING (lane, topic)")[0]["n"]
        self.assertGreater(left, 0, "it was killed on its way")
        self.assertIn("holds a replay already", self.failing(deployment, "start"))
        stopped = deployment.start("resume", failpoint="after-database-commit:stop:2", command="replay")
        harness.wait_until("it to be on its way", stopped.is_stopped)
        stopped.signal(signal.SIGINT)
        stopped.signal(signal.SIGCONT)
        self.assertIn("`kakehashi replay resume` goes on", stopped.wait(1).log())
        both = [deployment.start("resume", command="replay") for _ in range(2)]
        for process in both:
            process.wait()
        self.assertEqual(self.rows(deployment, deployment.schema), self.rows(deployment, schema))
        self.assertEqual(deployment.sql("SELECT lane, topic, \"offset\", reason FROM dead_letter"),
                         deployment.sql(f"SELECT lane, topic, \"offset\", reason FROM {schema}.dead_letter"))

        # The live deployment goes on; comparing brings the replay there first.
        deployment.publish(harness.stream(20, 2, "2026-09-02T00:00:00+00:00"))
        deployment.work(until=END)
        after = self.result_topics(deployment)
        comparison, differences = self.compare(deployment, expect=0)
        self.assertEqual((True, "0", [], []), (comparison["factsAlike"], comparison["differences"], comparison["rules"],
                                               differences))
        self.assertIn("differences: none", self.replay(deployment, "compare"))
        self.assertEqual(after, self.result_topics(deployment), "a replay publishes nothing")
        self.assertLess(len(before), len(after))
        checker.assert_exactly_once(self, deployment, at=END)
        self.find_what_is_wrong(deployment)

    def find_what_is_wrong(self, deployment):
        """What somebody changed by hand, or what was lost, shows; and then nothing is adopted."""
        key = "SG/800000"
        deployment.sql(f"UPDATE {deployment.schema}.subject s SET decisions = o.decisions FROM {deployment.schema}.subject o "
                       "WHERE s.key = 'JP/000020' AND o.key = 'JP/000000'")
        comparison, differences = self.compare(deployment, expect=1)
        self.assertTrue(comparison["factsAlike"])
        self.assertEqual({"JP/000020@SG"}, {of["key"] for of in differences if of["kind"] == "standing"} or differences)
        deployment.sql(f"DELETE FROM {deployment.schema}_replay.subject WHERE key = '{key}'")
        comparison, differences = self.compare(deployment, expect=1)
        self.assertEqual((False, "1"), (comparison["factsAlike"], comparison["counts"]["onlyLive"]))
        self.assertIn(key, [of["key"] for of in differences])
        said = self.failing(deployment, "adopt", "--yes", expect=1)
        self.assertIn("the facts are not alike", said)
        self.assertIn("nothing to put in force", said)
        self.replay(deployment, "drop", "--yes")
        self.assertEqual(0, deployment.sql("SELECT count(*) AS n FROM pg_namespace WHERE nspname = "
                                           f"'{deployment.schema}_replay'")[0]["n"])
        self.assertIn("begin with `kakehashi replay start`", self.failing(deployment, "compare"))
        self.assertIn("there is no schema", self.replay(deployment, "drop", "--yes"))

    def failing(self, deployment, *arguments, expect=3):
        process = deployment.start(*arguments, command="replay")
        return process.wait(expect).log()

    def changed_policies(self, deployment):
        path = deployment.folder / "policies.yaml"
        text = (harness.SOURCE / "config" / "policies" / "jp-sg.yaml").read_text(encoding="utf-8")
        for before, after in (("recognise_during_consultation: yes", "recognise_during_consultation: no"),
                              ("notice_scope: DERIVED", "notice_scope: ALL_LABELS")):
            self.assertIn(f"\n{before}", text)
            text = text.replace(f"\n{before}", f"\n{after}")
        path.write_text(text, encoding="utf-8")
        return path

    def expected(self, deployment, policies):
        """How many statuses and obligations `decide` says otherwise by the other policies."""
        states = [checker.states_decided(deployment.decide("--output", "states", "--at", NOW, *more))[-1]
                  for more in ([], ["--set", f"policies=[{policies}]"])]
        counts = collections.Counter()
        for what, key in states[0].keys() | states[1].keys():
            if what != "public" and states[0].get((what, key)) != states[1].get((what, key)):
                counts[what] += 1
        return counts

    def test_changed_policies(self):
        deployment = harness.Deployment("replay-policies", lanes=4)
        deployment.publish(history(), unchecked=True)
        deployment.work(until=NOW)
        policies = self.changed_policies(deployment)
        expected = self.expected(deployment, policies)
        self.assertGreater(min(expected["status"], expected["obligation"]), 0)
        self.assertIn("is calendar, where --policies takes policies", self.failing(
            deployment, "start", "--policies", str(harness.SOURCE / "config/calendars/sg-public-holidays.yaml")))
        self.replay(deployment, "start", "--policies", policies)

        comparison, differences = self.compare(deployment, expect=1)
        counts = comparison["counts"]
        self.assertTrue(comparison["factsAlike"])
        self.assertEqual([("policies", "jp-sg", True)], [(r["kind"], r["id"], r["given"]) for r in comparison["rules"]])
        self.assertEqual((expected["status"], expected["obligation"]),
                         (sum(int(counts[kind]) for kind in ("outcome", "residual", "other")), int(counts["obligation"])))
        self.assertEqual(DISPUTED, int(counts["outcome"]))
        self.assertEqual({"policies jp-sg"}, {of["why"] for of in differences})
        told = self.replay(deployment, "compare", "--limit", "3", expect=1)
        self.assertIn("facts: alike", told)
        self.assertIn(f"and {sum(expected.values()) - 3} more", told)
        self.adopt_under_load(deployment, policies)

    def adopt_under_load(self, deployment, policies):
        workers = [deployment.start(), deployment.start()]
        harness.wait_until("both to have lanes", lambda: all("lanes-taken" in worker.log() for worker in workers))
        load = threading.Thread(target=deployment.publish, args=(harness.stream(40, 30, "2026-10-02T00:00:00+00:00"),))
        load.start()
        self.assertIn("1 loaded", self.replay(deployment, "adopt", "--yes", "--by", "a tester"))
        load.join()
        # From now on `decide` goes by them too.
        text = deployment.settings_path.read_text(encoding="utf-8")
        deployment.settings_path.write_text(text.replace(f"{harness.SOURCE}/config/policies/jp-sg.yaml", str(policies)),
                                            encoding="utf-8")
        self.until_quiet(deployment)
        for worker in workers:
            worker.stop()
        deployment.work(until=END)
        comparison, differences = self.compare(deployment, expect=0)
        self.assertEqual(("0", "0", []), (comparison["differences"], comparison["onTheirWay"], differences))
        self.assertEqual([], comparison["rules"])
        checker.assert_exactly_once(self, deployment, at=END)
        loaded = deployment.sql("SELECT loaded_by FROM policy ORDER BY number DESC LIMIT 1")
        self.assertEqual([{"loaded_by": "a tester"}], loaded)
        self.replay(deployment, "drop", "--yes")

    def until_quiet(self, deployment):
        """Comparing while the workers are at it: never a difference, at last nothing on its way."""
        def quiet():
            comparison, _ = self.compare(deployment, expect=0)
            return comparison["onTheirWay"] == "0" and comparison["lanesSweeping"] == "0"
        harness.wait_until("the sweep to be done", quiet)

    def test_rule_pack(self):
        """Is replayed, but adopted only by the arrangement's own amendment."""
        deployment = harness.Deployment("replay-pack", lanes=2)
        deployment.publish(harness.stream(6, 1, AT))
        deployment.work(until=NOW)
        pack = deployment.folder / "pack.yaml"
        text = (harness.SOURCE / "config" / "rules" / "jp-sg-1.yaml").read_text(encoding="utf-8")
        pack.write_text("# A draft.\n" + text, encoding="utf-8")
        self.replay(deployment, "start", "--rules", pack)
        comparison, differences = self.compare(deployment, expect=1)
        self.assertEqual(str(len({of["key"] for of in differences})), comparison["counts"]["other"])
        self.assertEqual({"rule pack"}, {of["what"] for of in differences})
        said = self.failing(deployment, "adopt", "--yes", expect=1)
        self.assertIn("by the arrangement's own amendment alone", said)
        self.replay(deployment, "drop", "--yes")


if __name__ == "__main__":
    harness.main()
