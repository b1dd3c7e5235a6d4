"""Runs a campaign: the load, the workers, the faults of faults.py at random, and now and then a check of everything."""
import faulthandler
import fcntl
import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import namedtuple

import checker
import harness
from faults import FAULTS
from google.protobuf import json_format
from load import Load
from record import Record
from servers import Servers

# What must be seen of a fault; `must`: else something is wrong. Otherwise it only counts as not seen.
Expectation = namedtuple("Expectation", "text condition must")

WORKERS_LEAST = 2


def complaint(text):
    return checker.Complaint(checker.WRONG, text)


class Campaign:
    def __init__(self, arguments):
        self.arguments = arguments
        if not arguments.resume and arguments.folder.exists():
            if not arguments.anew:
                sys.exit(f"campaign: {arguments.folder} exists: --resume goes on with it, --anew removes it")
            shutil.rmtree(arguments.folder)
        arguments.folder.mkdir(parents=True, exist_ok=True)
        # Held to the end: one that is still ending must not be gone on with.
        self.lock = open(arguments.folder / "lock", "w", encoding="ascii")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.servers = Servers(arguments.folder / "servers", arguments.libraries)
        self.record = Record(arguments.folder / "record.json", arguments.resume)
        self.deployment = self.load = None
        self.lanes = 0
        self.workers = []
        self.timers = []
        self.threads = {}
        self.up_since = dict.fromkeys(("broker", "database"), time.monotonic())
        self.complaints = []
        self.expectations = {}
        self.done, self.unseen = [], set()
        self.decided = 0
        self.sent = None
        self.chance = None
        self.watching = threading.Event()

    # ---- what faults use ----

    def running(self):
        """Workers that neither ended nor were told to, and are not stopped."""
        return [worker for worker in self.workers
                if worker.process.poll() is None and worker.ends is None and not worker.frozen]

    def pick(self):
        return self.chance.choice(self.running())

    def start_worker(self, environment=None):
        worker = self.deployment.start(environment=environment)
        worker.ends, worker.frozen = None, False
        self.workers.append(worker)
        return worker

    def end(self, worker, number):
        """The worker ends by this signal, and may."""
        worker.ends = -number if number == signal.SIGKILL else 0
        worker.signal(number)

    def later(self, seconds, act):
        self.timers.append((time.monotonic() + seconds, act))

    def expect(self, text, condition):
        self.expectations.setdefault(len(self.done), []).append(Expectation(text, condition, True))

    def hope(self, text, condition):
        self.expectations.setdefault(len(self.done), []).append(Expectation(text, condition, False))

    def lanes_taken(self):
        return sum(worker.log().count("lanes-taken") for worker in self.deployment.workers)

    def expect_lanes_taken(self, text):
        before = self.lanes_taken()
        self.expect(text, lambda: self.lanes_taken() > before)

    def expect_going_on(self, text):
        before = self.decided
        self.expect(text, lambda: self.decided > before or self.sent is not None and self.decided >= self.sent)

    def has_been_up(self, name, seconds):
        """Whether the server has been left alone for so long."""
        return not ({name, "set piece"} & self.threads.keys()) and time.monotonic() - self.up_since[name] > seconds

    def note_restart(self, name):
        self.up_since[name] = time.monotonic()

    def in_background(self, name, act):
        """name: of the server that is away meanwhile, or "set piece", which needs both."""
        def go():
            try:
                act()
            except Exception:  # whatever it is, it is reported, and the campaign goes on
                self.complaints.append(complaint(f"{name}: {traceback.format_exc()}"))
        thread = threading.Thread(target=go, daemon=True)
        self.threads[name] = thread
        thread.start()

    def sql_in_background(self, text):
        """A session that may be ended like any other."""
        process = subprocess.Popen(["psql", "-X", "-q", "-d", self.servers.database.address, "-c", text],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                   start_new_session=True)
        harness.running.append(process)

    def end_all_workers(self):
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.signal(signal.SIGCONT)
                if worker.ends is None:
                    self.end(worker, signal.SIGTERM)
        self.wait("all workers to end", lambda: all(worker.process.poll() is not None for worker in self.workers))

    def delete_group(self):
        def deleted():
            try:
                self.deployment.send(f"delete-group {self.deployment.group}")
                return True
            except AssertionError:
                return False  # a killed worker's session has not ended yet
        self.wait("the group to be deleted", deleted)

    # ---- the loop ----

    def tick(self):
        """What is due, and workers that ended."""
        now = time.monotonic()
        due = [timer for timer in self.timers if timer[0] <= now]
        self.timers = [timer for timer in self.timers if timer[0] > now]
        for _, act in due:
            act()
        for name, thread in list(self.threads.items()):
            if not thread.is_alive():
                del self.threads[name]
                for server in ("broker", "database") if name == "set piece" else (name,):
                    self.note_restart(server)
        for worker in list(self.workers):
            code = worker.process.poll()
            if code is None:
                continue
            self.workers.remove(worker)
            if code == -signal.SIGTERM and worker.ends == 0 and "start:" not in worker.log():
                continue  # told to end before it could hear
            if code == -signal.SIGABRT and "kakehashi: rdkafka_" in worker.log()[-400:]:
                # An assertion of librdkafka's own: as good as kill -9, and told as what it is.
                self.record.kept["library_aborts"] = self.record.kept.get("library_aborts", 0) + 1
                self.say(f"  librdkafka ended a worker: {worker.log().splitlines()[-1]}")
            elif code != worker.ends:
                self.complaints.append(complaint(f"a worker ended with {code}, not {worker.ends}: {worker.log_path}:\n"
                                                 f"{worker.log()[-3000:]}"))

    def wait(self, what, condition, patience=harness.PATIENCE):
        """As harness.wait_until, with the campaign going on meanwhile."""
        def looked():
            self.tick()
            return condition()
        return harness.wait_until(what, looked, patience)

    def sleep(self, seconds):
        time.sleep(seconds)

    def watch(self):
        """Asks again and again how many records are decided; in a thread of its own, since the database may not answer."""
        while not self.watching.wait(0.3):
            try:
                done = subprocess.run(
                    ["psql", "-X", "-A", "-t", "-q", "-d", self.servers.database.address, "-c",
                     f"SELECT coalesce(sum(next_offset), 0) FROM {self.deployment.schema}.lane_offset"],
                    capture_output=True, text=True, check=False, timeout=10)
                self.decided = int(done.stdout.strip())
            except (ValueError, subprocess.TimeoutExpired):
                continue

    # ---- chapters ----

    def open_chapter(self):
        chapter = self.record.chapter()
        number = len(self.record.kept["chapters"]) - (1 if chapter else 0)
        chance = random.Random(f"{self.arguments.seed}/chapter/{number}")
        self.lanes = chance.choice((4, 6, 8))
        settings = self.servers.settings()
        settings["kafka"]["transaction_timeout_ms"] = 10000
        settings["batch"] = {"max_records": chance.choice((3, 10, 40, 200)), "max_wait_ms": chance.choice((5, 20, 50)),
                             "in_flight": chance.choice((1, 2, 3)), "threads": chance.choice((1, 2))}
        settings["log"] = {"level": "info"}
        self.deployment = harness.Deployment(f"chapter-{number}", lanes=self.lanes, settings=settings,
                                             resumed=chapter["name"] if chapter else None)
        if chapter is None:
            self.record.begin_chapter(self.deployment.name, settings["batch"])
        self.load = Load(self.deployment, f"{self.arguments.seed}/load/{number}", self.arguments.rate).resume()
        self.say(f"chapter {number}: {self.deployment.name}, {self.lanes} lanes, batch {json.dumps(settings['batch'])}, "
                 f"{len(self.load.tellings)} records so far")

    def close_chapter(self):
        """Its tables and topics are kept only if something was wrong with it."""
        self.record.end_chapter()
        if self.record.is_well():
            self.deployment.drop()

    # ---- rounds ----

    def choose(self, chance):
        """One that can be done now; the chance alone decides among them."""
        kinds = self.arguments.kinds.split(",") if self.arguments.kinds else None
        possible = [fault for fault in FAULTS if (kinds is None or fault.name in kinds)]
        if self.arguments.each_kind:
            done = {fault.name for fault in self.done} | self.record.kept["kinds"].keys()
            possible = [fault for fault in possible if fault.name not in done] or possible
        possible = [fault for fault in possible if fault.needs(self)]
        return chance.choices(possible, [fault.weight for fault in possible])[0] if possible else None

    def do_one(self, number):
        chance = random.Random(f"{self.arguments.seed}/fault/{number}")
        pause = self.arguments.pause * chance.uniform(0.4, 1.6)
        began = time.monotonic()
        self.wait("the next fault", lambda: time.monotonic() - began >= pause)
        while len(self.workers) < WORKERS_LEAST:
            self.start_worker()
        # Nothing can be done to workers that are just coming up, for example.
        fault = self.wait("a fault to be possible", lambda: self.choose(chance))
        self.chance = chance
        self.say(f"[{number + 1:4}/{self.arguments.faults}] {fault.name:24} {len(self.running())} workers, "
                 f"{self.decided} of {len(self.load.tellings)} records decided")
        fault.act(self)
        self.done.append(fault)

    def settle(self):
        """No more faults: all that was sent is decided by the workers that are there, and they end."""
        self.wait("timers and threads", lambda: not self.timers and not self.threads)
        self.servers.heal()
        self.sent = self.load.pause()
        while len(self.workers) < WORKERS_LEAST:
            self.start_worker()
        self.wait("all records to be decided", lambda: self.decided >= self.sent)
        for number, expectations in self.expectations.items():
            for expectation in expectations:
                if expectation.must:
                    self.wait(f"{self.done[number].name}: {expectation.text}", expectation.condition)
                elif not expectation.condition():
                    self.unseen.add(number)
        self.end_all_workers()
        self.tick()

    def check(self):
        until = self.load.now()
        self.deployment.workers = self.deployment.workers[-8:]
        self.deployment.work(until=until)
        snapshot = checker.take_snapshot(self.deployment)
        return snapshot, [*checker.check(snapshot), *self.check_told(snapshot), *self.check_states(snapshot, until)]

    def check_told(self, snapshot):
        """What was sent stands in the topics, and what was to be refused was, and nothing else."""
        refused = {(row["topic"], row["lane"], row["offset"]): row["reason"] for row in snapshot.dead_letters}
        found = {}
        for record in snapshot.sources:
            place = (record.topic, record.partition, record.offset)
            number = int(checker.header(record, "number"))
            # Sent again because nobody heard that it arrived: a source may hold a record twice, and nothing follows from it.
            if number in found and found[number].value != record.value:
                yield complaint(f"the load: {place} is record {number} once more, and another one")
            found[number] = record
            if checker.header(record, "expect") != refused.get(place):
                yield complaint(f"{place}: refused for {refused.get(place)}, not {checker.header(record, 'expect')}")
        if sorted(found) != list(range(len(self.load.tellings))):
            yield complaint(f"the load: {len(found)} records stand in the topics, {len(self.load.tellings)} were told")
        for number, record in found.items():
            if record.value != self.load.tellings[number].value:
                yield complaint(f"the load: record {number} is not as it was told")

    def check_states(self, snapshot, until):
        """What readers of the topics end with is what is decided offline."""
        refused = {(row["topic"], row["lane"], row["offset"]) for row in snapshot.dead_letters
                   if row["reason"] != "CONFLICTING_REVISION"}
        lines = []
        for record in sorted(snapshot.sources, key=lambda record: int(checker.header(record, "number"))):
            if (record.topic, record.partition, record.offset) not in refused:
                event = json_format.MessageToDict(checker.event_pb2.Event.FromString(record.value))
                stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.timestamp / 1000))
                lines.append(json.dumps({"topic": record.topic, "timestamp": stamp, "event": event}, ensure_ascii=False))
        self.deployment.published = lines
        decided = checker.states_decided(self.deployment.decide("--output", "states", "--at", until))[-1]
        return checker.compare_states(checker.states_of_topics(snapshot), decided)

    def round(self, first, count):
        self.done, self.expectations, self.unseen, self.sent = [], {}, set(), None
        self.watching.clear()
        watcher = threading.Thread(target=self.watch, daemon=True)
        watcher.start()
        self.load.start()
        snapshot = None
        try:
            for number in range(first, first + count):
                self.do_one(number)
            self.settle()
        except AssertionError as error:  # something was waited for in vain
            self.complaints.append(complaint(f"{error}\n{self.last_words()}"))
            self.abandon()
            self.unseen.update(self.expectations)
        self.watching.set()
        watcher.join()
        try:
            snapshot, found = self.check()
            self.complaints += found
        except AssertionError as error:
            self.complaints.append(complaint(f"the check: {error}"))
        self.tell_complaints(first)
        self.record.add_check([(fault.name, number not in self.unseen) for number, fault in enumerate(self.done)], snapshot,
                              self.complaints)
        self.say(f"checked: {self.record.summary(())}".replace("\n", "; "))
        self.complaints = []

    def last_words(self):
        return "\n".join(f"--- {worker.log_path}:\n{worker.log()[-2000:]}" for worker in self.workers)

    def abandon(self):
        """After something was waited for in vain: whatever can still be judged is."""
        for worker in self.workers:
            if worker.process.poll() is None:
                self.end(worker, signal.SIGKILL)
        for thread in self.threads.values():
            thread.join()
        self.timers = []
        self.servers.heal()
        self.sent = self.load.pause()
        self.workers = []

    def tell_complaints(self, first):
        if not self.complaints:
            return
        path = self.arguments.folder / f"complaints-after-{first + len(self.done)}.txt"
        path.write_text("\n".join(self.complaints) + "\n", encoding="utf-8")
        self.say(f"{len(self.complaints)} complaints: {path}")
        for one in self.complaints[:5]:
            self.say(f"  {one[:2000]}")

    def say(self, text):
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)

    def run(self):
        self.servers.start()
        if not self.servers.disk.mounted:
            self.say("without \"disk full\": only root can mount a small file system")
        while self.record.faults < self.arguments.faults:
            if self.deployment is None:
                self.open_chapter()
            self.round(self.record.faults, min(self.arguments.check_every, self.arguments.faults - self.record.faults))
            if self.record.chapter()["faults"] >= self.arguments.chapter or not self.record.is_well():
                self.close_chapter()
                self.deployment = None
        print(self.record.summary(FAULTS), flush=True)
        return 0 if self.record.is_well() else 1


def run(arguments):
    faulthandler.register(signal.SIGUSR1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    campaign = Campaign(arguments)
    try:
        return campaign.run()
    finally:
        harness.kill_all()
        campaign.servers.stop()
