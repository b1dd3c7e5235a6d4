"""What the tests of the live worker stand on: a deployment of its own for each (topics, group, schema, settings), its workers,
and what can be read back from the topics and the tables.

The environment says where things are (CMakeLists.txt beside this): KH_KAKEHASHI, KH_TOPIC_READER, KH_TOPIC_SENDER, KH_SOURCE,
KH_FOLDER, KH_KAFKA_ADDRESS, KH_POSTGRES_ADDRESS; the generated classes of the messages are in the path of Python.
"""
import atexit
import json
import os
import shutil
import signal
import subprocess
import time
import unittest
import uuid
from collections import namedtuple
from datetime import datetime, timedelta
from pathlib import Path

from google.protobuf import json_format
from kakehashi.v1 import event_pb2

SOURCE = Path(os.environ["KH_SOURCE"])
FOLDER = Path(os.environ["KH_FOLDER"])
KAKEHASHI = os.environ["KH_KAKEHASHI"]
PARTICIPANTS = ("JP", "SG")
RESULTS = ("status", "public", "obligations", "dead_letters")
# No test waits that long unless something is broken, however slow the machine.
PATIENCE = 240

Record = namedtuple("Record", "topic partition offset timestamp key value headers")

running = []


@atexit.register
def kill_all():
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until(what, condition, patience=PATIENCE):
    """Waits for a condition and returns what it returned."""
    end = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s in vain for {what}")
        time.sleep(0.05)


def address(variable):
    return Path(os.environ[variable]).read_text(encoding="utf-8").strip()


def unhex(text):
    return None if text == "-" else bytes.fromhex(text)


def hexed(value):
    """Bytes as a field of topic_sender."""
    return "-" if value is None else value.hex() or "."


def run(*command, text=None, expect=0, env=None):
    done = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True, check=False,
                          env={**os.environ, **(env or {})}, timeout=PATIENCE)
    if done.returncode != expect:
        raise AssertionError(f"{command}: exit {done.returncode}, not {expect}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


class Worker:
    """A `kakehashi run`, or another command that takes long, in a process group of its own; its log is a file."""

    def __init__(self, deployment, options, failpoint=None, environment=None, command="run"):
        self.log_path = deployment.folder / f"worker-{deployment.next_log}.log"
        deployment.next_log += 1
        environment = {**os.environ, **(environment or {})}
        if failpoint:
            environment["KAKEHASHI_FAILPOINT"] = failpoint
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [KAKEHASHI, command, "-c", str(deployment.settings_path), *options], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, env=environment, start_new_session=True)
        running.append(self.process)

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, expect=0, patience=PATIENCE):
        """Waits for its end; `expect` is the exit code, or the signal that ended it, below 0."""
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"the worker does not end; its log:\n{self.log()[-6000:]}") from error
        if code != expect:
            raise AssertionError(f"the worker ended with {code}, not {expect}; its log:\n{self.log()[-6000:]}")
        return self

    def stop(self, expect=0):
        self.signal(signal.SIGTERM)
        return self.wait(expect)

    def wait_for_log(self, words):
        def said():
            if words in self.log():
                return True
            if self.process.poll() is not None and words not in self.log():
                raise AssertionError(f"the worker ended before it said \"{words}\"; its log:\n{self.log()[-6000:]}")
            return False
        wait_until(f'a worker to log "{words}" (log: {self.log_path})', said)
        return self

    def memory_kib(self, name):
        """Of /proc: VmRSS, what it holds now; VmHWM, the most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(dict(line.split(":", 1) for line in status.splitlines())[name].split()[0])

    def is_stopped(self):
        """Whether SIGSTOP holds it."""
        state = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        return state.rpartition(")")[2].split()[0] == "T"


class Deployment:
    """One deployment: its names differ from all others', so that tests can share servers.

    settings: more lines of the settings file, by section, e.g. {"batch": {"max_records": 1}}. resumed: the whole name of one
    that is there already, to go on with."""

    def __init__(self, name, lanes=12, clock="records", settings=None, like=None, prepare=True, resumed=None):
        self.name = resumed or f"{name}-{uuid.uuid4().hex[:8]}"
        self.folder = FOLDER / name
        if not resumed:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.next_log = len(list(self.folder.glob("worker-*.log")))
        self.lanes = lanes
        self.clock = clock
        self.broker = address("KH_KAFKA_ADDRESS")
        self.database = address("KH_POSTGRES_ADDRESS")
        self.group = self.name
        self.schema = self.name.replace("-", "_")
        # The same source topics as another deployment's: what follows from the same records can be compared.
        self.events = like.events if like else {of: f"{self.name}.{of.lower()}" for of in PARTICIPANTS}
        self.topics = {of: f"{self.name}.{of}" for of in RESULTS}
        self.more = settings or {}
        self.settings_path = self.folder / "kakehashi.yaml"
        self.workers = []
        self.published = []
        self.write_settings()
        if prepare and not resumed:
            self.run("migrate")
            self.run("topics", "create")

    def write_settings(self):
        config = SOURCE / "config"
        sections = {
            "kafka": {"brokers": self.broker, "group": self.group, "session_timeout_ms": 1500, "heartbeat_interval_ms": 250,
                      "topics": {"events": self.events, **self.topics, "partitions": self.lanes}},
            "database": {"connection": self.database, "schema": self.schema},
            "batch": {},
            "log": {"level": "debug"},
            "http": {},
        }
        for section, values in self.more.items():
            sections[section].update(values)
        lines = [f"deployment: {self.name}", f"clock: {self.clock}", f"rules: [{config}/rules/jp-sg-1.yaml]",
                 f"policies: [{config}/policies/jp-sg.yaml]",
                 f"calendars: [{config}/calendars/jp-administrative.yaml, {config}/calendars/sg-public-holidays.yaml]"]
        # JSON is YAML.
        lines += [f"{name}: {json.dumps(values)}" for name, values in sections.items()]
        self.settings_path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def run(self, *arguments, text=None, expect=0):
        command, *rest = arguments
        return run(KAKEHASHI, command, *rest, "-c", self.settings_path, text=text, expect=expect)

    # ---- events ----

    def adapt(self, lines):
        """Lines of a history, with this deployment's topics in place of the usual ones."""
        adapted = []
        for line in lines:
            record = json.loads(line) if isinstance(line, str) else dict(line)
            participant = record["topic"].partition(".")[0].upper()
            record["topic"] = self.events.get(participant, record["topic"])
            adapted.append(json.dumps(record, ensure_ascii=False))
        return adapted

    def publish(self, lines, unchecked=False):
        """Sends events; they are also kept, for `decide`."""
        adapted = self.adapt(lines)
        self.published += adapted
        self.run("publish", *(["--unchecked"] if unchecked else []), text="\n".join(adapted) + "\n")

    def send(self, *commands, transactional_id=None):
        """Commands for topic_sender: records that `publish` would not send."""
        run(os.environ["KH_TOPIC_SENDER"], self.broker, *([transactional_id] if transactional_id else []),
            text="\n".join(commands) + "\n")

    def make_topic_anew(self, topic):
        """A topic is deleted, and made again once the broker has let it go."""
        self.send(f"delete-topic {topic}")

        def made():
            try:
                self.run("topics", "create")
                return True
            except AssertionError:
                return False
        wait_until("the topic to be made anew", made)

    def history(self):
        path = self.folder / "history.jsonl"
        path.write_text("\n".join(self.published) + "\n", encoding="utf-8")
        return path

    def decide(self, *arguments):
        return [json.loads(line) for line in self.run("decide", *arguments, str(self.history())).splitlines()]

    # ---- workers ----

    def start(self, *options, failpoint=None, environment=None, command="run"):
        worker = Worker(self, options, failpoint, environment, command)
        self.workers.append(worker)
        return worker

    def work(self, until=None, expect=0, options=()):
        """One worker, until everything is read, decided and published."""
        moved = ["--until", until] if until else []
        return self.start("--until-idle", "--give-up-after", "120", *moved, *options).wait(expect)

    def stop_rewound(self, *words):
        """One worker, which ends with 4 and says each of the words."""
        log = self.start("--until-idle", "--give-up-after", "120").wait(expect=4).log()
        for word in words:
            if word not in log:
                raise AssertionError(f'a worker that must stop does not say "{word}":\n{log[-2000:]}')

    # ---- the database, as an operator treats it ----

    def dump(self):
        """A copy of the schema, for restore()."""
        return run("pg_dump", "-d", self.database, "-n", self.schema)

    def restore(self, copy):
        self.sql(f"DROP SCHEMA {self.schema} CASCADE")
        run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.database, text=copy)

    def drop(self):
        """Takes away what the servers keep of it."""
        self.sql(f"DROP SCHEMA {self.schema} CASCADE")
        self.send(*[f"delete-topic {topic}" for topic in (*self.events.values(), *self.topics.values())])

    # ---- what can be read back ----

    def sql(self, query):
        """Rows of one SELECT as dictionaries; or of a statement, nothing."""
        selects = query.lstrip().upper().startswith("SELECT")
        text = f"SELECT row_to_json(row_of) FROM ({query}) AS row_of" if selects else query
        out = run("psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.database, "-c", text,
                  env={"PGOPTIONS": f"-c search_path={self.schema}"})
        return [json.loads(line) for line in out.split("\n") if line] if selects else None

    def read(self, *topics):
        return self.parse_records(run(os.environ["KH_TOPIC_READER"], self.broker, *topics))

    @staticmethod
    def parse_records(out):
        """What topic_reader prints."""
        records = []
        for line in out.splitlines():
            topic, partition, offset, timestamp, key, value, *headers = line.split("\t")
            pairs = [header.partition("=")[::2] for header in headers]
            records.append(Record(topic, int(partition), int(offset), int(timestamp), unhex(key), unhex(value),
                                  [(name, unhex(text)) for name, text in pairs]))
        return records

    def result_count(self):
        return self.sql("SELECT count(*) AS n FROM result")[0]["n"]


def case_lines(name):
    return (SOURCE / "tests" / "cases" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()


def sample_lines():
    return (SOURCE / "config" / "samples" / "first-year.jsonl").read_text(encoding="utf-8").splitlines()


def issued(subject, at, revision=1, valid=("2026-06-01", "2029-05-31"), level=2, origin=None, topic=None, participant=None):
    """A line: a label is issued."""
    home = participant or subject.partition("/")[0]
    body = {"details": {"registrationNumber": f"No {subject}", "level": level, "category": "general-iot", "product": "Lamp",
                        "maker": "Maker", "holder": "Holder", "models": ["M1"]},
            "validity": {"validFrom": valid[0], "validUntil": valid[1]}}
    if origin:
        body["origin"] = origin
    return event(subject, at, revision, "labelIssued", body, participant=home, topic=topic)


def event(subject, at, revision, kind, body, participant=None, topic=None, event_id=None):
    """A line: any event."""
    stating = participant or subject.partition("/")[0]
    return {"topic": topic or f"{stating.lower()}.label-events", "timestamp": at,
            "event": {"id": event_id or str(uuid.uuid4()), "participant": stating, "subject": subject, "revision": revision,
                      "occurredAt": at, kind: body}}


def wire(line):
    """The bytes of a line's event."""
    return json_format.Parse(json.dumps(line["event"]), event_pb2.Event()).SerializeToString()


def send_command(deployment, line, value=..., key=..., partition=-1, headers=()):
    """A command for topic_sender: a line's record, or with another value, key or partition than it should have."""
    topic = json.loads(deployment.adapt([line])[0])["topic"]
    milliseconds = int(datetime.fromisoformat(line["timestamp"]).timestamp() * 1000)
    key = line["event"]["subject"].encode() if key is ... else key
    fields = ["send", topic, str(partition), str(milliseconds), hexed(key), hexed(wire(line) if value is ... else value)]
    return " ".join(fields + [f"{name}={of.hex()}" for name, of in headers])


def stream(labels, rounds, start="2026-07-01T00:00:00+00:00"):
    """A history of so many events: labels are issued, then suspended and the suspensions lifted, in turn."""
    at = datetime.fromisoformat(start)
    lines = []
    for number in range(labels * rounds):
        turn, label = divmod(number, labels)
        subject = f"{PARTICIPANTS[label % 2]}/{label:06}"
        at += timedelta(seconds=90)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        if turn == 0:
            lines.append(issued(subject, stamp))
        else:
            kind = "labelSuspended" if turn % 2 == 1 else "suspensionLifted"
            lines.append(event(subject, stamp, turn + 1, kind, {"from": at.strftime("%Y-%m-%d")}))
    return lines


def main():
    unittest.main(verbosity=2)
