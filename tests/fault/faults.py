"""The faults of a campaign: each is a row of FAULTS, with what is done and what must be seen of it.

What must hold of every fault stands in no row: no result is lost, doubled or out of order, every worker that was not told to
end goes on, and all that was sent is decided in the end. checker.py and campaign.py see to that.
"""
import glob
import os
import signal
import struct
from collections import namedtuple
from pathlib import Path

from proxy import Trap
from set_pieces import SET_PIECES

# weight: how often it comes, against the others'. act(campaign) does it. needs(campaign): whether it can be done now.
Fault = namedtuple("Fault", "name weight done seen act needs")

SESSION = 1.5
# Kinds of requests of Kafka's protocol. The second few come only when lanes change hands.
PRODUCE, FETCH, OFFSET_FETCH, JOIN_GROUP, HEARTBEAT, SYNC_GROUP = 0, 1, 9, 11, 12, 14
INIT_PRODUCER_ID, ADD_PARTITIONS, ADD_OFFSETS, END_TRANSACTION, COMMIT_OFFSETS = 22, 24, 25, 26, 28
OF_TRANSACTIONS = (PRODUCE, ADD_PARTITIONS, ADD_OFFSETS, COMMIT_OFFSETS, END_TRANSACTION, END_TRANSACTION)
OF_REBALANCES = (JOIN_GROUP, SYNC_GROUP, OFFSET_FETCH, INIT_PRODUCER_ID)


def always(_):
    return True


def has_workers(campaign):
    return len(campaign.running()) >= 2


def has_room(campaign):
    return len(campaign.workers) < campaign.lanes


def broker_works(campaign):
    return campaign.has_been_up("broker", 6)


def database_works(campaign):
    return campaign.has_been_up("database", 3)


def both_work(campaign):
    return broker_works(campaign) and database_works(campaign) and not campaign.servers.disk.ballast.exists()


def has_disk(campaign):
    return campaign.servers.disk.mounted and database_works(campaign)


# ---- workers ----

def has_spare_workers(campaign):
    """One more than there are lanes has none."""
    return len(campaign.running()) > campaign.lanes


def kill_worker(campaign):
    worker = campaign.pick()
    campaign.expect_lanes_taken("somebody takes lanes after a worker was killed")
    campaign.end(worker, signal.SIGKILL)
    campaign.later(campaign.chance.uniform(0, 2), campaign.start_worker)


def end_worker(campaign):
    worker = campaign.pick()
    campaign.end(worker, signal.SIGTERM)
    campaign.expect("a worker that was told to end ends with 0", lambda: worker.process.poll() is not None)
    campaign.later(campaign.chance.uniform(0, 2), campaign.start_worker)


def freeze_worker(campaign, least=1.4 * SESSION, most=4 * SESSION):
    worker = campaign.pick()
    taken = worker.log().count("lanes-taken")
    worker.signal(signal.SIGSTOP)
    worker.frozen = True

    def thaw():
        worker.frozen = False
        if worker.process.poll() is None:
            worker.signal(signal.SIGCONT)
    campaign.later(campaign.chance.uniform(least, most), thaw)
    if least > SESSION:
        # Not if the broker was away meanwhile, who counts sessions.
        campaign.hope("a worker that was stopped for longer than its session takes lanes anew",
                      lambda: worker.process.poll() is not None or worker.log().count("lanes-taken") > taken)


def blink_worker(campaign):
    freeze_worker(campaign, 0.05 * SESSION, 0.8 * SESSION)


def add_worker(campaign):
    worker = campaign.start_worker()
    campaign.expect("a new worker takes lanes",
                    lambda: worker.process.poll() is not None or "lanes-taken" in worker.log() or has_spare_workers(campaign))


def kill_all_workers(campaign):
    campaign.expect_lanes_taken("somebody takes lanes after all workers were killed")
    for worker in campaign.running():
        campaign.end(worker, signal.SIGKILL)
    for _ in range(2):
        campaign.later(campaign.chance.uniform(0, 3), campaign.start_worker)


def step_clock(campaign):
    clock = campaign.deployment.folder / f"clock-{campaign.deployment.next_log}"
    clock.write_bytes(struct.pack("=q", 0))
    worker = campaign.start_worker({"LD_PRELOAD": os.environ["KH_FALSE_CLOCK"], "KH_CLOCK_FILE": str(clock)})

    def step(milliseconds):
        with open(clock, "r+b") as file:
            file.write(struct.pack("=q", milliseconds))
    for at in (2, 3.5, 5):
        seconds = campaign.chance.choice((0, -7, 7, -7200, 10800, -400 * 86400, 20 * 86400))
        campaign.later(at, lambda seconds=seconds: step(seconds * 1000))
    campaign.expect("a worker whose clock steps takes lanes",
                    lambda: worker.process.poll() is not None or "lanes-taken" in worker.log())


# ---- servers ----

def restart(campaign, name, number):
    server = getattr(campaign.servers, name)
    campaign.expect_going_on(f"records are decided after {name} came back")
    away = campaign.chance.uniform(0, 3)

    def go():
        server.signal(number)
        server.wait_until_gone()
        campaign.sleep(away)
        server.start()
    campaign.in_background(name, go)


def kill_broker(campaign):
    restart(campaign, "broker", signal.SIGKILL)


def end_broker(campaign):
    restart(campaign, "broker", signal.SIGTERM)


def kill_database(campaign):
    count = campaign.servers.database.log().count("not properly shut down")
    campaign.expect("PostgreSQL recovers from its log",
                    lambda: campaign.servers.database.log().count("not properly shut down") > count)
    restart(campaign, "database", signal.SIGKILL)


def end_database(campaign):
    restart(campaign, "database", campaign.chance.choice((signal.SIGINT, signal.SIGQUIT)))


def children(pid):
    found = []
    for status in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = Path(status).read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(status.split("/")[2]))
    return found


def crash_database(campaign):
    database = campaign.servers.database
    count = database.log().count("terminating any other active server processes")
    # The checkpointer is always there, but for a moment after the crash before.
    running = campaign.wait("PostgreSQL to have processes", lambda: children(database.pid))
    os.kill(min(running), signal.SIGKILL)
    campaign.note_restart("database")
    campaign.expect("PostgreSQL ends all its sessions when one of its processes was killed",
                    lambda: database.log().count("terminating any other active server processes") > count)
    campaign.expect_going_on("records are decided after PostgreSQL's crash")


def freeze(campaign, pids, least, most):
    def signal_all(number):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass  # a session's process may have ended meanwhile
    signal_all(signal.SIGSTOP)
    campaign.later(campaign.chance.uniform(least, most), lambda: signal_all(signal.SIGCONT))
    campaign.expect_going_on("records are decided after a server was stopped for a while")


def freeze_broker(campaign):
    campaign.note_restart("broker")
    freeze(campaign, [campaign.servers.broker.pid], 0.3, 5)


def freeze_database(campaign):
    campaign.note_restart("database")
    freeze(campaign, children(campaign.servers.database.pid), 0.3, 3)


def end_sessions(campaign):
    everybody = campaign.chance.random() < 0.5
    campaign.sql_in_background(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' "
        f"AND pid <> pg_backend_pid() ORDER BY backend_start {'' if everybody else 'LIMIT 1'}")
    campaign.expect_going_on("records are decided after sessions of PostgreSQL were ended")


def force_deadlock(campaign):
    """A session holds the subjects of a lane until a worker, which holds the lane, waits for them; then it wants the lane. The
    worker looks for a deadlock after 100 ms of waiting, the session much later."""
    lane = campaign.chance.randrange(campaign.lanes)
    deadlocks = campaign.servers.database.log().count("deadlock detected")
    campaign.sql_in_background(f"""SET deadlock_timeout = '30s'; SET search_path = {campaign.deployment.schema};
        DO $$ BEGIN
            PERFORM 1 FROM subject WHERE lane = {lane} FOR UPDATE;
            FOR i IN 1..5000 LOOP
                EXIT WHEN EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)));
                PERFORM pg_sleep(0.002);
            END LOOP;
            UPDATE lane SET epoch = epoch WHERE lane = {lane};
        END $$""")
    campaign.hope("a deadlock is detected", lambda: campaign.servers.database.log().count("deadlock detected") > deadlocks)
    campaign.expect_going_on("records are decided after a deadlock")


def hold_lane(campaign):
    lane = campaign.chance.randrange(campaign.lanes)
    seconds = campaign.chance.uniform(0.5, 4)
    campaign.sql_in_background(f"""SET search_path = {campaign.deployment.schema}; BEGIN;
        SELECT 1 FROM lane WHERE lane = {lane} FOR UPDATE; SELECT pg_sleep({seconds}); COMMIT""")
    campaign.expect_going_on("records are decided after a lane was held by a stranger")


def fill_disk(campaign):
    count = campaign.servers.database.log().count("No space left on device")
    campaign.servers.disk.fill()
    campaign.later(campaign.chance.uniform(2, 6), campaign.servers.disk.free)
    campaign.hope("PostgreSQL finds no space on its disk",
                  lambda: campaign.servers.database.log().count("No space left on device") > count)
    campaign.expect_going_on("records are decided after the disk has space again")


# ---- the network ----

def cut(campaign, proxy):
    proxy.cut(campaign.chance, campaign.chance.choice((0.1, 0.5, 1)))
    campaign.expect_going_on("records are decided after connections were cut")


def slow(campaign, proxy, least, most):
    proxy.slow(campaign.chance.uniform(least, most))
    campaign.later(campaign.chance.uniform(1, 5), lambda: proxy.slow(0.0))


def half_open(campaign, proxy):
    held = proxy.hold(campaign.chance, campaign.chance.choice((0.1, 0.5, 1)))
    lost = campaign.chance.random() < 0.7
    campaign.later(campaign.chance.uniform(0.5, 5), lambda: proxy.release(held, lost))
    campaign.expect_going_on("records are decided after connections were silent")


def refuse(campaign, proxy):
    proxy.refuse(True)
    proxy.cut(campaign.chance, 1)
    campaign.later(campaign.chance.uniform(0.5, 5), lambda: proxy.refuse(False))
    campaign.expect_going_on("records are decided after nobody was let in")


def lose_answer(campaign, proxy, request):
    trap = Trap(request, campaign.chance.choice((0, 0, 1, 5, 20)), campaign.chance.uniform(0, 0.5))
    proxy.set_trap(trap)
    campaign.hope(f"the answer to a request is lost: {request}", trap.sprung.is_set)
    campaign.expect_going_on("records are decided after an answer was lost")


def lose_answer_of_transaction(campaign):
    lose_answer(campaign, campaign.servers.kafka_proxy, campaign.chance.choice(OF_TRANSACTIONS))


def lose_answer_of_rebalance(campaign):
    lose_answer(campaign, campaign.servers.kafka_proxy, campaign.chance.choice(OF_REBALANCES))
    campaign.start_worker()


def lose_answer_of_commit(campaign):
    lose_answer(campaign, campaign.servers.database_proxy, "commit")


def lose_answer_of_statement(campaign):
    lose_answer(campaign, campaign.servers.database_proxy,
                campaign.chance.choice(("begin", "subject_read", "lane_finish", "lane_look", "lane_offset_finish")))


# ---- the group ----

def forget_group(campaign):
    campaign.end_all_workers()
    campaign.delete_group()
    deployment = campaign.deployment
    before = len(deployment.workers)
    for _ in range(2):
        campaign.start_worker()
    # Whoever did may have been killed by the time one looks.
    campaign.expect("the marks are found again in the result topics",
                    lambda: any("offsets-gone" in worker.log() for worker in deployment.workers[before:]))


def over(proxy_name, function, *arguments):
    return lambda campaign: function(campaign, getattr(campaign.servers, proxy_name), *arguments)


FAULTS = [
    Fault("worker killed", 14, "kill -9 of a worker at any moment; another is started up to 2 s later",
          "others take its lanes", kill_worker, has_workers),
    Fault("all workers killed", 3, "kill -9 of all workers at once; two are started",
          "they take the lanes", kill_all_workers, has_workers),
    Fault("worker ended", 8, "SIGTERM; another is started", "it ends with 0", end_worker, has_workers),
    Fault("worker stopped", 8, "SIGSTOP for 1.4 to 4 sessions, SIGCONT", "it takes lanes anew, if there are some",
          freeze_worker, has_workers),
    Fault("worker stopped shortly", 4, "SIGSTOP for less than a session, SIGCONT", "it goes on", blink_worker, has_workers),
    Fault("worker added", 5, "one more is started", "it takes lanes", add_worker, has_room),
    Fault("worker's clock steps", 4, "one more is started, whose clock steps three times, by seconds to 400 days",
          "it takes lanes", step_clock, has_room),
    Fault("broker killed", 5, "kill -9 of Kafka, started again up to 3 s later", "workers wait, then go on",
          kill_broker, broker_works),
    Fault("broker ended", 2, "SIGTERM of Kafka, started again", "workers wait, then go on", end_broker, broker_works),
    Fault("broker stopped", 4, "SIGSTOP of Kafka for up to 5 s", "workers wait, then go on", freeze_broker, broker_works),
    Fault("database killed", 5, "kill -9 of PostgreSQL, started again up to 3 s later", "it recovers; workers go on",
          kill_database, database_works),
    Fault("database ended", 2, "fast or immediate shutdown of PostgreSQL, started again", "workers wait, then go on",
          end_database, database_works),
    Fault("database crashed", 4, "kill -9 of one of PostgreSQL's processes", "it ends all sessions; workers go on",
          crash_database, database_works),
    Fault("database stopped", 3, "SIGSTOP of all of PostgreSQL's processes for up to 3 s", "workers wait, then go on",
          freeze_database, database_works),
    Fault("sessions ended", 6, "pg_terminate_backend of one session, or of all", "workers go on", end_sessions, database_works),
    Fault("deadlock", 4, "a stranger holds a lane's subjects, then wants the lane", "PostgreSQL finds the deadlock",
          force_deadlock, database_works),
    Fault("lane held", 3, "a stranger holds a lane's row for up to 4 s", "workers wait, then go on", hold_lane,
          database_works),
    Fault("disk full", 4, "the disk of the tables is filled to the last byte for 2 to 6 s", "PostgreSQL finds no space",
          fill_disk, has_disk),
    Fault("broker cut off", 6, "some or all connections to Kafka are reset", "workers go on", over("kafka_proxy", cut), always),
    Fault("broker slow", 3, "up to 0.6 s more each way to Kafka, for up to 5 s", "workers go on",
          over("kafka_proxy", slow, 0.05, 0.6), always),
    Fault("broker silent", 5, "nothing passes on some connections to Kafka, for up to 5 s; most are reset then",
          "workers go on", over("kafka_proxy", half_open), always),
    Fault("broker refuses", 2, "no connection to Kafka for up to 5 s", "workers wait, then go on",
          over("kafka_proxy", refuse), always),
    Fault("broker's answer lost", 10, "a transaction's request is done, but its answer is cut off", "it happens; workers go on",
          lose_answer_of_transaction, broker_works),
    Fault("rebalance's answer lost", 4, "the same of a request that moves lanes, and a worker is added",
          "it happens; workers go on", lose_answer_of_rebalance, lambda c: broker_works(c) and has_room(c)),
    Fault("database cut off", 5, "some or all connections to PostgreSQL are reset", "workers go on",
          over("database_proxy", cut), always),
    Fault("database slow", 3, "up to 0.2 s more each way to PostgreSQL, for up to 5 s", "workers go on",
          over("database_proxy", slow, 0.01, 0.2), always),
    Fault("database silent", 4, "nothing passes on some connections to PostgreSQL, for up to 5 s; most are reset then",
          "workers go on", over("database_proxy", half_open), always),
    Fault("database refuses", 2, "no connection to PostgreSQL for up to 5 s", "workers wait, then go on",
          over("database_proxy", refuse), always),
    Fault("commit's answer lost", 9, "PostgreSQL commits, but its answer is cut off", "it happens; workers go on",
          lose_answer_of_commit, database_works),
    Fault("statement's answer lost", 4, "the same of another statement", "it happens; workers go on",
          lose_answer_of_statement, database_works),
    Fault("group forgotten", 2, "all workers end, and the group's offsets are deleted", "marks are found in the result topics",
          forget_group, both_work),
    *[Fault(piece.name, 1, piece.done, piece.seen,
            lambda campaign, piece=piece: campaign.in_background("set piece", piece.act), both_work) for piece in SET_PIECES],
]
