"""Everybody works with just the rights that the page states (README: Rights), on a broker that lets nobody do anything else:
TLS, passwords, ACLs; and on a database where the worker's role is not the one that migrates.

KH_SECURE_KAFKA: the folder of a broker of tests/support/kafka.sh start --secure; KH_KAFKA_LIBRARIES: its libraries.
"""
import ctypes
import os
import re
import secrets
import signal
import subprocess
import unittest
import unittest.mock
from collections import namedtuple
from pathlib import Path

import checker
import harness

END = "2028-06-01T00:00:00Z"
BROKER = Path(os.environ["KH_SECURE_KAFKA"])
os.environ["KH_KAFKA_ADDRESS"] = str(BROKER / "address")
SMALL = {"batch": {"max_records": 10, "max_wait_ms": 5}}

# A row of the page: users, the kind of what it is about (topic, group, transactional-id), names, operations.
Right = namedtuple("Right", "users kind names operations without")


# ---- what the page says ----

def page_table(first_column):
    """The rows of the table of README.md whose first column is called that."""
    lines = iter((harness.SOURCE / "README.md").read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith(f"| {first_column} |"):
            next(lines)
            break
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


def kafka_rights():
    for users, what, may, without in page_table("user"):
        kind = re.match(r"(topic|group|transactional id)s? ", what).group(1).replace(" ", "-")
        yield Right(quoted(users), kind, quoted(what), quoted(may), without)


def table_rights():
    return {table: set(quoted(may)) for tables, may in page_table("tables") for table in quoted(tables)}


# ---- the broker's side ----

def password(user):
    return (BROKER / "secrets" / user).read_text(encoding="utf-8")


def knows_scram():
    """Whether this librdkafka can prove itself by SCRAM to a Kafka of today: before 2.6.1 it cannot."""
    version = ctypes.CDLL("librdkafka.so.1").rd_kafka_version()
    return version >= 0x02060100


def login(user, mechanism=None):
    """librdkafka's settings of a user; the password apart."""
    return {"security.protocol": "SASL_SSL", "sasl.mechanisms": mechanism or ("SCRAM-SHA-512" if knows_scram() else "PLAIN"),
            "sasl.username": user, "ssl.ca.location": str(BROKER / "secrets" / "certificate.pem")}


def acls(*arguments):
    harness.run(harness.SOURCE / "tests/support/kafka.sh", "acls", os.environ["KH_KAFKA_LIBRARIES"], BROKER, *arguments)


def run_as(user, program, *arguments, text=None, group=None, more=()):
    """A program of the tests, as that user; more: lines of librdkafka's settings. Returns the finished process."""
    path = harness.FOLDER / f"{user}.properties"
    lines = [f"{name}={value}" for name, value in {**login(user), "sasl.password": password(user)}.items()]
    lines += [*([f"group.id={group}"] if group else []), *more]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return subprocess.run([os.environ[program], *arguments], input=text, capture_output=True, text=True, check=False,
                          env={**os.environ, "KH_KAFKA_PROPERTIES": str(path)}, timeout=harness.PATIENCE)


# ---- the database's side ----

class Database:
    """A database of its own, in which nobody may do anything but its owner and whom the owner lets."""

    def __init__(self, name):
        self.name = name
        self.server = harness.address("KH_POSTGRES_ADDRESS")
        self.passwords = {role: secrets.token_hex(16) for role in ("owner", "worker")}
        self.sql("DO $$ BEGIN CREATE ROLE with_password; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        for role, word in self.passwords.items():
            self.sql(f"CREATE ROLE {name}_{role} LOGIN PASSWORD '{word}' IN ROLE with_password")
        self.sql(f"CREATE DATABASE {name} OWNER {name}_owner")
        self.sql(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        self.sql(f"GRANT CONNECT ON DATABASE {name} TO {name}_worker")

    def drop(self):
        self.sql(f"DROP DATABASE {self.name} WITH (FORCE)")
        for role in self.passwords:
            self.sql(f"DROP ROLE {self.name}_{role}")

    def address(self, role=None):
        """A connection string; of the server's own superuser without a role."""
        words = dict(word.split("=") for word in self.server.split())
        words.update({"dbname": self.name}, **({"user": f"{self.name}_{role}"} if role else {}))
        return " ".join(f"{key}={value}" for key, value in words.items())

    def sql(self, text, connection=None, expect=0, **environment):
        return harness.run("psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", connection or self.server,
                           "-c", text, expect=expect, env=environment)


# ---- a deployment whose users are all different ----

class Guarded(harness.Deployment):
    """Commands run as one of the users, each with a settings file of its own; see become()."""

    def __init__(self, database):
        super().__init__("privileges", lanes=4, prepare=False, settings=SMALL)
        self.guarded = database
        self.database = database.address()
        self.become("worker", "worker")
        os.environ["KH_TEST_PASSWORD_WORKER"] = database.passwords["worker"]
        os.environ["KH_TEST_PASSWORD_OWNER"] = database.passwords["owner"]

    def become(self, user, role=None):
        """From now on commands are those of this user of the broker, and of this role of the database."""
        secret = {"sasl.password": {"file": str(BROKER / "secrets" / user)}}
        self.more = {**SMALL, "kafka": {"librdkafka": {**login(user), **secret}}}
        if role:
            self.more["database"] = {"connection": self.guarded.address(role),
                                     "password": {"env": f"KH_TEST_PASSWORD_{role.upper()}"}}
        self.settings_path = self.folder / f"{user}-{role or 'none'}.yaml"
        self.write_settings()
        return self

    def names(self):
        """The page's names -> this deployment's."""
        usual = {"jp.label-events": self.events["JP"], "sg.label-events": self.events["SG"], "kakehashi": self.group,
                 "kakehashi-<deployment>-*": f"kakehashi-{self.name}-*"}
        return usual | {f"recognition.{of.replace('_', '-')}": self.topics[of] for of in harness.RESULTS}

    def change(self, right, verb):
        """Gives or takes what a row of the page states."""
        names = [self.names().get(name, name) for name in right.names]
        prefixed = names[0].endswith("*")
        acls(verb, "--force", "--resource-pattern-type", "prefixed" if prefixed else "literal",
             *(word for user in right.users for word in ("--allow-principal", f"User:{user}")),
             *(word for name in names for word in (f"--{right.kind}", name.rstrip("*") if prefixed else name)),
             *(word for operation in right.operations for word in ("--operation", operation)))

    def refused(self, *arguments, text=None, expect=1):
        """A command that must fail. Returns what it says."""
        command, *rest = arguments
        done = subprocess.run([harness.KAKEHASHI, command, "-c", str(self.settings_path), *rest], input=text, text=True,
                              capture_output=True, check=False, timeout=harness.PATIENCE)
        if done.returncode != expect:
            raise AssertionError(f"{arguments}: exit {done.returncode}, not {expect}\n{done.stdout}{done.stderr}")
        return done.stderr

    def read(self, *topics):
        """For the checker, who is a stranger here."""
        done = run_as("onlooker", "KH_TOPIC_READER", self.broker, *topics)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return self.parse_records(done.stdout)


class Privileges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database(f"guarded_{secrets.token_hex(4)}")
        cls.addClassCleanup(cls.database.drop)
        cls.deployment = Guarded(cls.database)
        cls.rights = list(kafka_rights())
        acls("--add", "--force", "--allow-principal", "User:onlooker", "--operation", "Read", "--topic", "*")
        acls("--add", "--force", "--allow-principal", "User:onlooker", "--operation", "Delete", "--group", cls.deployment.group)
        for right in cls.rights:
            cls.deployment.change(right, "--add")
        cls.deployment.become("administrator", "owner")
        cls.deployment.run("migrate", "--worker-role", f"{cls.database.name}_worker")
        cls.deployment.run("topics", "create")

    # In the order of their names: the second works on what the first has made.

    def test_1_all_work_with_the_rights_that_are_stated(self):
        deployment = self.deployment
        for participant in harness.PARTICIPANTS:
            deployment.become(f"agency-{participant.lower()}")
            deployment.publish([line for line in harness.sample_lines() if f'"{participant.lower()}.label-events"' in line])
        self.an_agency_speaks_for_itself_only()
        deployment.become("worker", "worker")
        deployment.start("--until-idle", failpoint="before-publish:kill:3").wait(-signal.SIGKILL)
        second = deployment.work(until=END)
        self.assertIn("fenced", second.log(), "there was nobody to take over from")
        self.assertNotIn("does not tell", second.log(), "the topics' configuration was not checked")
        deployment.become("onlooker")
        snapshot = checker.assert_exactly_once(self, deployment, at=END)
        reasons = [row["reason"] for row in snapshot.dead_letters]
        self.assertIn("PARTICIPANT_MISMATCH", reasons)

    def an_agency_speaks_for_itself_only(self):
        deployment = self.deployment.become("agency-jp")
        theirs = harness.issued("SG/000999", "2026-07-01T00:00:00Z")
        told = deployment.refused("publish", text="\n".join(deployment.adapt([theirs])) + "\n")
        self.assertIn(f"topic {deployment.events['SG']}: the broker keeps it from this user", told)
        # By a program that asks less.
        done = run_as("agency-jp", "KH_TOPIC_SENDER", deployment.broker, text=harness.send_command(deployment, theirs) + "\n")
        self.assertEqual(1, done.returncode)
        self.assertIn("Topic authorization failed", done.stderr)
        # On its own topic, where the broker lets it say what it likes.
        claims = harness.issued("SG/000999", "2026-07-01T00:00:00Z", topic="jp.label-events", participant="SG")
        self.assertIn("PARTICIPANT_MISMATCH", deployment.refused("publish", text="\n".join(deployment.adapt([claims])) + "\n"))
        deployment.publish([claims], unchecked=True)

    def test_2_readers_see_what_is_theirs(self):
        topics = self.deployment.topics
        body = run_as("certification-body", "KH_TOPIC_READER", self.deployment.broker, topics["public"],
                      group="certification-body-1")
        self.assertEqual((0, ""), (body.returncode, body.stderr))
        self.assertGreater(len(body.stdout.splitlines()), 10)
        for of in ("status", "obligations", "dead_letters"):
            body = run_as("certification-body", "KH_TOPIC_READER", self.deployment.broker, topics[of],
                          group="certification-body-1")
            self.assertEqual((1, ""), (body.returncode, body.stdout))
            self.assertIn("Topic authorization failed", body.stderr)
        agency = run_as("agency-sg", "KH_TOPIC_READER", self.deployment.broker, topics["status"], topics["obligations"],
                        group="agency-sg-1")
        self.assertEqual((0, ""), (agency.returncode, agency.stderr))

    def test_3_the_database_holds_what_the_page_states(self):
        rights = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
        rows = self.deployment.sql(f"""SELECT tablename AS name, ARRAY(SELECT of FROM unnest(ARRAY{list(rights)}) AS of
            WHERE has_table_privilege('{self.database.name}_worker', schemaname || '.' || tablename, of)) AS rights
            FROM pg_tables WHERE schemaname = '{self.deployment.schema}'""")
        self.assertEqual(table_rights(), {row["name"]: set(row["rights"]) for row in rows})

    def test_4_the_workers_role_is_refused_more(self):
        for statement in ("UPDATE result SET key = 'x'", "DELETE FROM result", "TRUNCATE result",
                          "UPDATE dead_letter SET reason = 'x'", "DELETE FROM dead_letter",
                          "UPDATE dead_letter_action SET action = 'x'",
                          "DELETE FROM dead_letter_action", "ALTER TABLE result ADD COLUMN more text", "DROP TABLE result",
                          "CREATE TABLE more (x int)", "CREATE TEMPORARY TABLE more (x int)", "CREATE INDEX more ON result (key)",
                          f"DROP SCHEMA {self.deployment.schema} CASCADE", f"SET ROLE {self.database.name}_owner"):
            with self.subTest(statement):
                done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.database.address("worker"),
                                       "-c", statement], capture_output=True, text=True, check=False,
                                      env={**os.environ, "PGPASSWORD": self.database.passwords["worker"],
                                           "PGOPTIONS": f"-c search_path={self.deployment.schema}"})
                self.assertEqual(1, done.returncode, done.stderr)
                self.assertRegex(done.stderr, "permission denied|must be owner")

    def test_5_the_password_counts(self):
        with unittest.mock.patch.dict(os.environ, KH_TEST_PASSWORD_WORKER="wrong"):
            told = self.deployment.become("worker", "worker").refused("list", expect=3)
        self.assertIn("password authentication failed", told)

    def test_6_the_worker_needs_each(self):
        of_worker = [right for right in self.rights if right.users == ["worker"]]
        self.assertGreater(len(of_worker), 4)
        for number, right in enumerate(of_worker):
            with self.subTest(right=right):
                deployment = self.deployment.become("agency-sg")
                deployment.publish([harness.issued(f"SG/00100{number}", "2026-09-01T00:00:00Z")])
                if "once the group's offsets are gone" in right.without:
                    # An idempotent producer needs a topic that it may write to, also to delete a group.
                    done = run_as("onlooker", "KH_TOPIC_SENDER", deployment.broker, text=f"delete-group {deployment.group}\n",
                                  more=["enable.idempotence=false"])
                    self.assertEqual((0, ""), (done.returncode, done.stderr))
                deployment.become("worker", "worker").change(right, "--remove")
                self.without(right)
                deployment.change(right, "--add")
                deployment.work()
        self.deployment.work(until=END)
        checker.assert_exactly_once(self, self.deployment.become("onlooker"), at=END)

    def without(self, right):
        """The worker ends, or goes on, as the page says, and says why."""
        stated = re.search(r"exit (\d)", right.without)
        worker = self.deployment.start("--until-idle", "--give-up-after", "60").wait(int(stated.group(1)) if stated else 0)
        said = [line for line in worker.log().splitlines() if (" error " if stated else " warning ") in line]
        self.assertRegex("\n".join(said), "uthorization failed|the broker keeps it from this user")

    @unittest.skipIf(knows_scram(), "this librdkafka can")
    def test_7_a_library_that_cannot_scram_is_named(self):
        deployment = self.deployment.become("worker", "worker")
        deployment.more["kafka"]["librdkafka"]["sasl.mechanisms"] = "SCRAM-SHA-512"
        deployment.write_settings()
        self.assertIn("the librdkafka here is older than 2.6.1", deployment.refused("check-config", "--connect"))


if __name__ == "__main__":
    harness.main()
