"""What a campaign has done so far: kept in a file after each check, so that it can be gone on with, and shown as a table."""
import json

import checker

KINDS = (checker.LOST, checker.DOUBLED, checker.DISORDERED, checker.WRONG)


class Record:
    """faults: those that were checked; kinds: name -> [how often, how often it was seen]; chapters: one deployment each."""

    def __init__(self, path, resumed):
        self.path = path
        self.kept = {"faults": 0, "checks": 0, "kinds": {}, "chapters": [], "complaints": dict.fromkeys(KINDS, 0)}
        if resumed and path.exists():
            self.kept = json.loads(path.read_text(encoding="utf-8"))

    @property
    def faults(self):
        return self.kept["faults"]

    def save(self):
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps(self.kept, indent=1), encoding="utf-8")
        partial.replace(self.path)

    # ---- chapters ----

    def chapter(self):
        """The one that is going on, or none."""
        return self.kept["chapters"][-1] if self.kept["chapters"] and not self.kept["chapters"][-1]["ended"] else None

    def begin_chapter(self, name, settings):
        self.kept["chapters"].append({"name": name, "settings": settings, "faults": 0, "records": 0, "results": 0,
                                      "messages": 0, "ended": False})
        self.save()

    def end_chapter(self):
        self.chapter()["ended"] = True
        self.save()

    # ---- faults and checks ----

    def add_check(self, done, snapshot, complaints):
        """done: [(name of a fault, whether it was seen)] since the last check."""
        for name, seen in done:
            of_kind = self.kept["kinds"].setdefault(name, [0, 0])
            of_kind[0] += 1
            of_kind[1] += seen
        for complaint in complaints:
            self.kept["complaints"][getattr(complaint, "kind", checker.WRONG)] += 1
        chapter = self.chapter()
        chapter["faults"] += len(done)
        if snapshot is not None:
            chapter["records"], chapter["results"] = len(snapshot.sources), len(snapshot.results)
            chapter["messages"] = sum(len(records) for records in snapshot.topics.values())
        self.kept["faults"] += len(done)
        self.kept["checks"] += 1
        self.save()

    def total(self, what):
        return sum(chapter[what] for chapter in self.kept["chapters"])

    def summary(self, faults):
        """The table by kind of fault, and the last line."""
        lines = [f"{'fault':24} {'done':>5} {'seen':>5}  what must be seen"]
        for fault in faults:
            done, seen = self.kept["kinds"].get(fault.name, (0, 0))
            if done:
                lines.append(f"{fault.name:24} {done:5} {seen:5}  {fault.seen}")
        complaints = self.kept["complaints"]
        lines.append(f"{len(self.kept['chapters'])} deployments, {self.kept['checks']} checks, {self.total('messages')} messages "
                     f"in the result topics, otherwise wrong {complaints[checker.WRONG]}; workers that an assertion of librdkafka's ended: "
                     f"{self.kept.get('library_aborts', 0)}")
        lines.append(f"faults {self.faults}, records {self.total('records')}, results {self.total('results')}, "
                     f"lost {complaints[checker.LOST]}, doubled {complaints[checker.DOUBLED]}, "
                     f"out of order {complaints[checker.DISORDERED]}")
        return "\n".join(lines)

    def is_well(self):
        return not any(self.kept["complaints"].values())
