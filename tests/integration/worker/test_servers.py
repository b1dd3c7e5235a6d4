"""Servers that are not there, break off, went back in time, or belong to another deployment."""
import os
import signal
import socket
import subprocess
import unittest

import checker
import harness

END = "2028-06-01T00:00:00Z"


def closed_port():
    """A port at which nobody listens: bound, but not listening, while the socket is kept."""
    kept = socket.socket()
    kept.bind(("127.0.0.1", 0))
    return kept


class NotThere(unittest.TestCase):
    def waits_for(self, what, settings):
        with closed_port() as kept:
            name, setting, value = settings
            deployment = harness.Deployment(f"no-{name}", lanes=1)
            deployment.more = {name: {setting: value.format(port=kept.getsockname()[1])}}
            deployment.write_settings()
            worker = deployment.start("--until-idle", "--give-up-after", "3").wait(expect=1)
        self.assertIn(f"waiting: for {what}", worker.log())
        self.assertIn(f"given-up: 3 s of waiting for {what} are enough", worker.log())

    def test_database(self):
        self.waits_for("the database", ("database", "connection", "host=127.0.0.1 port={port} user=kakehashi dbname=postgres"))

    def test_broker(self):
        self.waits_for("the broker", ("kafka", "brokers", "127.0.0.1:{port}"))

    def test_schema(self):
        """A schema that is not there is named with the command that makes it."""
        deployment = harness.Deployment("no-schema", lanes=1, prepare=False)
        self.assertIn("kakehashi migrate", deployment.start("--until-idle").wait(expect=3).log())


class OwnPostgres(unittest.TestCase):
    def setUp(self):
        self.folder = harness.FOLDER / "postgres"
        self.script = str(harness.SOURCE / "tests/support/postgres.sh")
        self.addCleanup(subprocess.run, [self.script, "stop", str(self.folder)], check=True)
        self.address = harness.run(self.script, "start", self.folder).strip()

    def deployment(self, name):
        os.environ["KH_POSTGRES_ADDRESS"], shared = str(self.folder / "address"), os.environ["KH_POSTGRES_ADDRESS"]
        try:
            return harness.Deployment(name, lanes=4, settings={"batch": {"max_records": 10}})
        finally:
            os.environ["KH_POSTGRES_ADDRESS"] = shared

    def test_read_only(self):
        """As after a failover: every session turns read-only, and some time later it is not any more."""
        deployment = self.deployment("read-only")
        lines = harness.stream(12, 6)
        deployment.publish(lines[:36])
        worker = deployment.start()
        harness.wait_until("results", lambda: deployment.result_count() > 0)
        self.set_read_only(deployment, "on")
        deployment.publish(lines[36:])
        worker.wait_for_log("SQLSTATE 25006")
        decided = deployment.result_count()
        self.set_read_only(deployment, "off")
        harness.wait_until("the worker to go on", lambda: deployment.result_count() > decided)
        worker.stop()
        deployment.work(until=END)
        checker.assert_exactly_once(self, deployment, at=END)

    def set_read_only(self, deployment, value):
        for statement in (f"ALTER SYSTEM SET default_transaction_read_only = {value}", "SELECT pg_reload_conf()"):
            deployment.sql(statement)

    def test_crash(self):
        """The server loses all its processes but the first, three times, and recovers: the worker goes on."""
        deployment = self.deployment("postgres-crash")
        lines = harness.stream(30, 16)
        worker = deployment.start()
        for crash in range(4):
            before = deployment.result_count()
            deployment.publish(lines[crash * 120:(crash + 1) * 120])
            harness.wait_until("results", lambda before=before: deployment.result_count() > before)
            if crash < 3:
                self.crash(deployment)
        worker.stop()
        self.assertGreaterEqual(worker.log().count("lanes-taken"), 4, "it takes its lanes anew after each crash")
        deployment.work(until=END)
        checker.assert_exactly_once(self, deployment, at=END)

    def crash(self, deployment):
        pid = deployment.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'background writer'")[0]["pid"]
        os.kill(pid, signal.SIGKILL)
        # Nothing answers until all is recovered.
        harness.wait_until("PostgreSQL to recover", lambda: self.has_recovered(deployment, pid))

    def has_recovered(self, deployment, pid):
        try:
            rows = deployment.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'background writer'")
        except AssertionError:
            return False
        return bool(rows) and rows[0]["pid"] != pid


class WentBack(unittest.TestCase):
    """Refused with exit 4, and told: what is missing, and what to do."""

    def prepared(self, name):
        deployment = harness.Deployment(name, lanes=1)
        self.lines = [line for line in harness.stream(20, 6) if line["topic"] == "jp.label-events"]
        deployment.publish(self.lines[:40])
        deployment.work(until="2026-08-01T00:00:00Z")
        return deployment

    def test_topic_made_anew(self):
        deployment = self.prepared("topic-anew")
        topic = deployment.events["JP"]
        deployment.make_topic_anew(topic)
        deployment.publish(self.lines[40:])
        deployment.stop_rewound(topic, "topic-changed")

    def test_other_records_at_the_same_offsets(self):
        """Made anew and filled again with as many records: only their content tells."""
        deployment = self.prepared("topic-refilled")
        deployment.make_topic_anew(deployment.events["JP"])
        deployment.publish([*reversed(self.lines[:40]), *self.lines[40:]])
        deployment.stop_rewound(deployment.events["JP"], "topic-changed")

    def test_topic_truncated(self):
        deployment = self.prepared("topic-truncated")
        deployment.publish(self.lines[40:])
        deployment.send(f"delete-records {deployment.events['JP']} 0 45")
        deployment.stop_rewound(deployment.events["JP"], "truncated")

    def test_database_restored(self):
        deployment = self.prepared("restored")
        copy = deployment.dump()
        deployment.publish(self.lines[40:])
        deployment.work(until=END)
        before = checker.assert_exactly_once(self, deployment, at=END)
        deployment.restore(copy)
        deployment.stop_rewound("database-rewind", "--accept-database-rewind")
        deployment.work(until=END, options=["--accept-database-rewind"])
        # All was decided and published again; ids and bytes are the same, so a reader can drop what it has.
        after = checker.take_snapshot(deployment)
        self.assertEqual(before.results, after.results)
        for kind, records in after.topics.items():
            seen = {}
            for record in records:
                first = seen.setdefault(checker.header(record, "kh-id"), record)
                self.assertEqual((first.key, first.value), (record.key, record.value))
            self.assertEqual([r.value for r in before.topics[kind]], [r.value for r in seen.values()])
        self.assertGreater(len(after.topics["status"]), len(before.topics["status"]))
        # From now on as ever.
        deployment.work(until=END)
        self.assertEqual(after.topics, checker.take_snapshot(deployment).topics)


class TwoDeployments(unittest.TestCase):
    def test_one_group(self):
        """The group of another deployment is refused, however empty the own database is."""
        first = harness.Deployment("group-of-one", lanes=1)
        first.publish(harness.stream(4, 2))
        first.work(until=END)
        second = harness.Deployment("group-of-another", lanes=1, like=first)
        second.group = first.group
        second.write_settings()
        self.assertIn("another-deployment", second.start("--until-idle").wait(expect=3).log())

    def test_one_database(self):
        first = harness.Deployment("schema-of-one", lanes=1)
        first.publish(harness.stream(4, 2))
        first.work(until=END)
        second = harness.Deployment("schema-of-another", lanes=1)
        second.schema = first.schema
        second.write_settings()
        log = second.start("--until-idle").wait(expect=3).log()
        self.assertIn(first.name, log)
        self.assertEqual([], second.read(*second.topics.values()))


if __name__ == "__main__":
    harness.main()
