"""What a running worker shows of itself: its pages, that dashboard and alerts find there what they ask for, and that its log
names nobody."""
import json
import os
import re
import signal
import subprocess
import sys
import unittest
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter

import harness

sys.path.insert(0, str(harness.SOURCE / "tests/scripts"))
import watching  # noqa: E402 (the path comes first)

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="([^"]*)"(?:,|$)')
PAGE = harness.SOURCE / "docker/prometheus/metrics.md"
AT = "2026-07-01T00:00:00Z"
HTTP = {"listen": "127.0.0.1:0"}


def get(url):
    """Status and text of a page."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def samples(text):
    """(name, labels, value) of every line that is no comment."""
    found = []
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            found.append((name, dict(LABEL.findall(labels or "")), float(value)))
    return found


def matches(selector, labels):
    for label, operator, value in selector.matchers:
        has = labels.get(label, "")
        equal = re.fullmatch(value, has) is not None if "~" in operator else has == value
        if equal != (operator[0] == "="):
            return False
    return True


class Watched(unittest.TestCase):
    def deployment(self, name, **settings):
        return harness.Deployment(name, lanes=4, settings={"http": HTTP, **settings})

    def start(self, deployment):
        worker = deployment.start().wait_for_log("metrics and health at http://")
        self.url = re.search(r"http://[\d.:]+", worker.log()).group(0)
        return worker

    def wait_for_page(self, what, path, condition):
        return harness.wait_until(what, lambda: (condition(get(self.url + path)) or None))

    def wait_ready(self):
        self.wait_for_page("the worker to be ready", "/readyz", lambda page: page == (200, "ready\n"))

    def metrics(self):
        status, text = get(self.url + "/metrics")
        self.assertEqual(200, status)
        return text

    def total(self, name, label=None):
        """The sum of a metric; by the values of one label, if it is given."""
        by = Counter()
        for found, labels, value in samples(self.metrics()):
            if found == name:
                by[labels[label] if label else ""] += int(value)
        return +by if label else by[""]


class Pages(Watched):
    def test_figures_are_those_of_the_database(self):
        deployment = self.deployment("watch-figures", batch={"max_records": 20})
        worker = self.start(deployment)
        lines = harness.stream(30, 8)
        deployment.publish(lines)
        deployment.publish(lines[:10])  # repeated: no result
        bad = [harness.issued(f"SG/{n:06}", AT, level=99) for n in range(3)]
        deployment.publish(bad, unchecked=True)
        # No records but these, each decided and published.
        harness.wait_until("all to be decided", lambda: self.total("kakehashi_records_total") == len(lines) + 13)
        harness.wait_until("all to be published", lambda: self.total("kakehashi_messages_published_total")
                           == sum(len(deployment.read(topic)) for topic in deployment.topics.values()))
        self.assertEqual(Counter(json.loads(line)["topic"] for line in deployment.published),
                         self.total("kakehashi_records_total", "topic"))
        kinds = {1: "status", 2: "obligation", 3: "obligation_gone", 4: "dead_letter"}
        rows = deployment.sql("SELECT kind, count(*) AS n FROM result GROUP BY kind")
        self.assertEqual({kinds[row["kind"]]: row["n"] for row in rows}, self.total("kakehashi_results_total", "kind"))
        self.assertEqual({"INVALID_LEVEL": 3}, self.total("kakehashi_dead_letters_total", "reason"))
        committed = self.total("kakehashi_database_transactions_total", "outcome")["committed"]
        self.assertEqual(committed, self.total("kakehashi_database_commit_duration_seconds_count"))
        self.assertGreaterEqual(committed, (len(lines) + 13) / 21)
        harness.wait_until("the lanes to be counted", lambda: self.total("kakehashi_lanes", "state") == {"assigned": 4, "taken": 4})
        self.assertEqual((200, "live\n"), get(self.url + "/livez"))
        self.look_at_queries()
        worker.stop()
        self.assertIn(f"end: {len(lines) + 13} records, ", worker.log())

    def look_at_queries(self):
        """Every metric of the page is there with just its labels; every selector of dashboard and alerts finds something."""
        known = watching.described(PAGE.read_text(encoding="utf-8"))
        self.wait_for_page("the clients' figures", "/metrics", lambda page: all(
            f'kakehashi_kafka_brokers_up{{client="{client}"}}' in page[1] for client in ("consumer", "producer"))
            and "\nkakehashi_rule_packs_missing" in page[1] and "\nkakehashi_next_due_seconds" in page[1])
        shown = samples(self.metrics())
        for name, labels, _ in shown:
            self.assertEqual(known[name].labels, set(labels), name)
        self.assertEqual(set(known) - set(watching.OWN_METRICS), {name for name, _, _ in shown})
        asked = 0
        for where, expression in watching.queries(harness.SOURCE):
            for selector, _ in watching.Reader(expression).selectors:
                asked += 1
                own = [m for m in selector.matchers if m[0] in watching.OWN_LABELS]
                wanted = watching.Selector(selector.name, tuple(m for m in selector.matchers if m not in own))
                self.assertTrue(selector.name in watching.OWN_METRICS or any(
                    name == wanted.name and matches(wanted, labels) for name, labels, _ in shown), f"{where}: {selector}")
        self.assertGreater(asked, 60)

    def test_a_port_that_is_taken(self):
        deployment = self.deployment("watch-port")
        worker = self.start(deployment)
        taken = self.url.partition("//")[2]
        second = deployment.start("--set", f"http.listen={taken}").wait(expect=3)
        self.assertIn(f"http.listen: cannot listen on {taken}: Address already in use", second.log())
        worker.stop()


class NotReady(Watched):
    def test_a_database_that_is_gone_or_hangs(self):
        folder = harness.FOLDER / "postgres"
        script = str(harness.SOURCE / "tests/support/postgres.sh")
        self.addCleanup(subprocess.run, [script, "stop", str(folder)], check=True)
        harness.run(script, "start", folder)
        shared, os.environ["KH_POSTGRES_ADDRESS"] = os.environ["KH_POSTGRES_ADDRESS"], str(folder / "address")
        try:
            deployment = self.deployment("watch-database")
        finally:
            os.environ["KH_POSTGRES_ADDRESS"] = shared
        worker = self.start(deployment)
        self.wait_ready()
        pid = deployment.sql(f"SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'kakehashi-{deployment.name}%'")[0]["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            self.wait_for_page("the worker to say that it is held up", "/readyz",
                               lambda page: page[0] == 503 and "worker: one step has taken" in page[1])
        finally:
            os.kill(pid, signal.SIGCONT)
        self.wait_ready()
        harness.run(script, "stop", folder)
        self.wait_for_page("the worker to miss the database", "/readyz",
                           lambda page: page[0] == 503 and "database: no connection\n" in page[1])
        self.assertIn('\nkakehashi_server_reachable{server="database"} 0\n', self.metrics())
        self.assertEqual((200, "live\n"), get(self.url + "/livez"))
        worker.signal(signal.SIGKILL)
        worker.wait(-signal.SIGKILL)

    def test_a_broker_that_is_gone(self):
        folder = harness.FOLDER / "kafka"
        script = str(harness.SOURCE / "tests/support/kafka.sh")
        self.addCleanup(subprocess.run, [script, "stop", str(folder), "--now"], check=True)
        harness.run(script, "start", os.environ["KH_KAFKA_LIBRARIES"], folder)
        shared, os.environ["KH_KAFKA_ADDRESS"] = os.environ["KH_KAFKA_ADDRESS"], str(folder / "address")
        try:
            deployment = self.deployment("watch-broker")
        finally:
            os.environ["KH_KAFKA_ADDRESS"] = shared
        worker = self.start(deployment)
        self.wait_ready()
        harness.run(script, "stop", folder, "--now")
        self.wait_for_page("the worker to miss the broker", "/readyz",
                           lambda page: page[0] == 503 and "broker: no connection\n" in page[1])
        worker.signal(signal.SIGKILL)
        worker.wait(-signal.SIGKILL)

    def test_a_rule_pack_that_is_missing(self):
        deployment = self.deployment("watch-pack")
        worker = self.start(deployment)
        consent = {"rulePackSha256": "5d" * 32, "givenOn": "2026-07-01", "effectiveFrom": "2026-08-01"}
        deployment.publish([harness.event("arrangement/jp-sg", AT, 1, "amendmentConsented", consent, participant=of)
                            for of in harness.PARTICIPANTS])
        harness.wait_until("the amendment to be known", lambda: self.total("kakehashi_rule_packs_missing") == 1)
        self.wait_ready()
        deployment.publish([harness.issued(f"SG/{n:06}", "2026-08-02T00:00:00Z") for n in range(20)])
        self.wait_for_page("the lanes to be blocked", "/readyz", lambda page: page[0] == 503 and "rules: " in page[1])
        harness.wait_until("the lanes to be counted", lambda: self.total("kakehashi_lanes", "state")["blocked"] > 0)
        worker.stop()


class RealPrometheus(Watched):
    def setUp(self):
        found = subprocess.run([str(harness.SOURCE / "tests/support/prometheus.sh"), os.environ["KH_PROMETHEUS"]],
                               capture_output=True, text=True, check=False, timeout=600)
        if found.returncode == 77:
            self.skipTest(found.stderr)
        self.assertEqual(0, found.returncode, found.stderr)
        self.programs = found.stdout.strip()

    def test_syntax(self):
        folder = harness.SOURCE / "docker/prometheus"
        harness.run(f"{self.programs}/promtool", "check", "config", folder / "prometheus.yml")
        self.assertIn("17 rules found", harness.run(f"{self.programs}/promtool", "check", "rules", folder / "alerts.yml"))

    def query(self, expression):
        url = f"{self.prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        status, text = get(url)
        self.assertEqual(200, status, f"{expression}: {text}")
        return json.loads(text)["data"]["result"]

    def test_it_scrapes_and_answers_the_dashboard(self):
        deployment = self.deployment("watch-prometheus")
        worker = self.start(deployment)
        deployment.publish(harness.stream(30, 8))
        folder = deployment.folder / "prometheus"
        folder.mkdir()
        config = (harness.SOURCE / "docker/prometheus/prometheus.yml").read_text(encoding="utf-8")
        config = config.replace("127.0.0.1:9464", self.url.partition("//")[2]).replace("15s", "1s")
        (folder / "prometheus.yml").write_text(config, encoding="utf-8")
        (folder / "alerts.yml").write_bytes((harness.SOURCE / "docker/prometheus/alerts.yml").read_bytes())
        log = folder / "log"
        with open(log, "wb") as out:
            server = subprocess.Popen(
                [f"{self.programs}/prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                 "--web.listen-address=127.0.0.1:0"], stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
        harness.running.append(server)
        said = harness.wait_until("Prometheus to listen", lambda: re.search(
            r'msg="Listening on" address=(127\.0\.0\.1:\d+)', log.read_text(encoding="utf-8")))
        self.prometheus = f"http://{said.group(1)}"
        harness.wait_until("Prometheus to be ready", lambda: get(f"{self.prometheus}/-/ready")[0] == 200)
        panels = [(where, query) for where, query in watching.queries(harness.SOURCE) if where.startswith("kakehashi.json")]
        self.assertGreater(len(panels), 40)
        for where, query in panels:
            harness.wait_until(f"an answer to {where}: {query}", lambda query=query: self.query(query))
        for where, query in watching.queries(harness.SOURCE):
            self.query(query)  # whatever it answers, it is understood
            for selector, _ in watching.Reader(query).selectors:
                text = ",".join(f"{label}{operator}{json.dumps(value)}" for label, operator, value in selector.matchers)
                self.assertTrue(self.query(f"{selector.name}{{{text}}}"), f"{where}: {selector}")
        server.terminate()
        server.wait(harness.PATIENCE)
        worker.stop()


class Log(Watched):
    SECRETS = ("Yamada Taro", "Mrs Tan", "the lamp burns", "Holder & Sons")

    def test_nobody_is_named(self):
        """Neither remarks nor names, of what is accepted and of what is refused, at the most talkative level."""
        deployment = self.deployment("log-names")
        lines = harness.stream(10, 4)
        for line in lines:
            for body in line["event"].values():
                if isinstance(body, dict) and "details" in body:
                    body["details"].update(holder="Yamada Taro", maker="Holder & Sons")
                elif isinstance(body, dict) and "from" in body and "labelSuspended" in line["event"]:
                    body["remark"] = "Mrs Tan says the lamp burns"
        deployment.publish(lines)
        refused = [harness.issued(f"SG/{900 + n:06}", AT) for n in range(3)]
        refused[0]["event"]["labelIssued"]["details"]["holder"] = "Yamada Taro\u0007"
        refused[1]["event"]["labelIssued"]["validity"]["validFrom"] = "Mrs Tan"
        refused[2]["event"]["id"] = "Yamada Taro"
        deployment.publish(refused, unchecked=True)
        # The database's own words about a row that it refuses would show the row.
        deployment.sql("ALTER TABLE subject ADD CONSTRAINT not_this CHECK (key <> 'SG/000950')")
        named = harness.issued("SG/000950", AT)
        named["event"]["labelIssued"]["details"]["holder"] = "Yamada Taro"
        deployment.publish([named])
        log = deployment.work(until="2027-06-01T00:00:00Z").log()
        reasons = {row["reason"] for row in deployment.sql("SELECT reason FROM dead_letter")}
        self.assertEqual({"INVALID_TEXT", "INVALID_DATE", "INVALID_ID", "REFUSED_BY_DATABASE"}, reasons)
        for reason in reasons:
            self.assertIn(reason, log)
        for secret in self.SECRETS:
            for form in (secret, secret.encode().hex()):
                self.assertNotIn(form.lower(), log.lower())

    def test_steady_load_is_quiet(self):
        """Hundreds of batches add no line at `info`."""
        deployment = self.deployment("log-quiet", batch={"max_records": 2}, log={"level": "info"},
                                     kafka={"session_timeout_ms": 30000})
        worker = self.start(deployment).wait_for_log("lanes-taken")
        lines = harness.stream(40, 10)
        deployment.publish(lines)
        harness.wait_until("all to be decided", lambda: self.total("kakehashi_records_total") == len(lines))
        self.assertGreater(self.total("kakehashi_batch_duration_seconds_count"), 100)
        self.assertEqual("", worker.log().partition("lanes-taken: 4 lanes\n")[2])
        worker.stop()


if __name__ == "__main__":
    harness.main()
