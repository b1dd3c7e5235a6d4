"""A private Kafka and a private PostgreSQL that can be killed and come back at the same ports, each behind a proxy."""
import json
import os
import random
import signal
import socket
import subprocess
from pathlib import Path

import harness
from proxy import KafkaRequests, PostgresRequests, Proxy

DISK_MIB = 512


def free_ports(count):
    """Ports below those that the kernel hands out by itself: nobody gets them while a killed server is away."""
    found = []
    chance = random.Random()
    while len(found) < count:
        port = chance.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def is_alive(pid, words):
    """Whether the process still runs, and is the one meant: its command line or its folder has these words."""
    try:
        said = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return words in said and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Server:
    """What Kafka's and PostgreSQL's processes have in common: a process id that is remembered, also for the next run."""

    def __init__(self, name, folder, words):
        self.name, self.folder, self.words = name, folder, words
        self.script = str(harness.SOURCE / "tests" / "support" / f"{name}.sh")
        self.pid_path = folder.parent / f"{name}.pid"
        self.pid = int(self.pid_path.read_text()) if self.pid_path.exists() else None

    def remember(self, pid):
        self.pid = pid
        self.pid_path.write_text(f"{pid}\n")

    def is_up(self):
        return self.pid is not None and is_alive(self.pid, self.words)

    def wait_until_gone(self):
        harness.wait_until(f"{self.name} to end", lambda: not self.is_up())

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.wait_until_gone()


class Broker(Server):
    def __init__(self, folder, libraries, ports):
        super().__init__("kafka", folder, "kafka.Kafka")
        self.libraries = libraries
        self.ports = ports

    def start(self):
        environment = {"KH_KAFKA_PORTS": " ".join(str(port) for port in self.ports), "KAFKA_HEAP": "400m"}
        self.address = harness.run(self.script, "start", self.libraries, self.folder, env=environment).strip()
        self.remember(int((self.folder / "pid").read_text()))


class Database(Server):
    def __init__(self, folder, port):
        super().__init__("postgres", folder, str(folder))
        self.port = port

    def start(self):
        environment = {"KH_POSTGRES_PORT": str(self.port), "KH_SHARED_BUFFERS": "128MB"}

        def started():
            # What is left of a killed server lets go of its memory only a moment later.
            done = subprocess.run([self.script, "start", str(self.folder), "--durable"], capture_output=True, text=True,
                                  env={**os.environ, **environment}, check=False)
            return done.stdout.strip()
        self.address = harness.wait_until("PostgreSQL to start", started)
        self.remember(int((self.folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0]))

    def log(self):
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def sql(self, text):
        """Rows of fields, as texts."""
        out = harness.run("psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.address, "-c", text)
        return [line.split("|") for line in out.splitlines() if line]


class SmallDisk:
    """A file system of its own for the tables, which can be filled to the last byte. Only root can mount one."""

    def __init__(self, folder):
        self.folder = folder / "disk"
        self.image = folder / "disk.img"
        self.ballast = self.folder / "ballast"
        self.mounted = False

    def mount(self):
        if os.geteuid() != 0:
            return False
        self.folder.mkdir(exist_ok=True)
        if not self.image.exists():
            with open(self.image, "wb") as image:
                image.truncate(DISK_MIB << 20)
            subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(self.image)], check=True, capture_output=True)
        done = subprocess.run(["mount", "-o", "loop", str(self.image), str(self.folder)], check=False, capture_output=True)
        self.mounted = done.returncode == 0
        return self.mounted

    def give_to(self, database):
        """New tables are made there from now on."""
        place = self.folder / "tables"
        place.mkdir(exist_ok=True)
        owner = (database.folder / "data").stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        if not database.sql("SELECT 1 FROM pg_tablespace WHERE spcname = 'small'"):
            database.sql(f"CREATE TABLESPACE small LOCATION '{place}'")
            database.sql("ALTER DATABASE postgres SET default_tablespace = 'small'")

    def fill(self):
        with open(self.ballast, "wb") as ballast:
            chunk = b"\0" * (1 << 20)
            size = len(chunk)
            while size > 0:
                try:
                    os.write(ballast.fileno(), chunk[:size])
                except OSError:
                    size //= 2

    def free(self):
        self.ballast.unlink(missing_ok=True)

    def unmount(self):
        if self.mounted:
            subprocess.run(["umount", str(self.folder)], check=False, capture_output=True)
            self.mounted = False


class Servers:
    def __init__(self, folder, libraries):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        ports_path = folder / "ports.json"
        if not ports_path.exists():
            ports_path.write_text(json.dumps(free_ports(6)))
        client, controller, second, to_kafka, database, to_database = json.loads(ports_path.read_text())
        self.broker = Broker(folder / "kafka", libraries, (client, controller, second, to_kafka))
        self.database = Database(folder / "postgres", database)
        self.kafka_proxy = Proxy(to_kafka, second, KafkaRequests)
        self.database_proxy = Proxy(to_database, database, PostgresRequests)
        self.disk = SmallDisk(folder)

    def start(self):
        # What a run that was killed has left behind.
        for server in (self.broker, self.database):
            if server.is_up():
                server.kill()
        has_disk = self.disk.mount()
        self.database.start()
        if has_disk:
            self.disk.free()
            self.disk.give_to(self.database)
        self.broker.start()
        self.kafka_proxy.start()
        self.database_proxy.start()
        os.environ["KH_KAFKA_ADDRESS"] = str(self.broker.folder / "address")
        os.environ["KH_POSTGRES_ADDRESS"] = str(self.database.folder / "address")

    def settings(self):
        """The sections of settings by which a worker comes through the proxies."""
        return {"kafka": {"brokers": f"127.0.0.1:{self.kafka_proxy.port}"},
                "database": {"connection": f"host=127.0.0.1 port={self.database_proxy.port} user=kakehashi dbname=postgres"}}

    def heal(self):
        """All is up and lets everything through."""
        self.disk.free()
        for server in (self.broker, self.database):
            if not server.is_up():
                server.start()
        self.kafka_proxy.heal()
        self.database_proxy.heal()

    def stop(self):
        for server in (self.broker, self.database):
            if server.is_up():
                server.signal(signal.SIGCONT)
                subprocess.run([server.script, "stop", str(server.folder)], check=False, capture_output=True)
                server.pid_path.unlink(missing_ok=True)
        self.disk.unmount()
