#!/usr/bin/env python3
"""Dashboard, alerts and the page about metrics know only what a worker really shows.

    watching.py --page PROGRAM [DIR]   docker/prometheus/metrics.md is what PROGRAM (metrics_page) prints; every query of
                                       docker/grafana/*.json and docker/prometheus/alerts.yml uses only its names and labels,
                                       a rate only of what counts; exit 1 if not, each fault named
    watching.py --self-test            shows that the gate can fail

The test of a running worker (tests/integration/worker/test_watching.py) takes its queries and selectors from here.
"""
import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

from gate import goes_unnoticed, report

Metric = namedtuple("Metric", "kind labels")
Selector = namedtuple("Selector", "name matchers")

# Prometheus' own: every scrape has `up`, every series these labels.
OWN_METRICS = {"up": Metric("gauge", frozenset())}
OWN_LABELS = {"job", "instance"}
FUNCTIONS = {"rate", "increase", "irate", "histogram_quantile", "time", "abs", "clamp_min", "absent"}
AGGREGATIONS = {"sum", "min", "max", "avg", "count", "topk"}
OF_COUNTERS = {"rate", "increase", "irate"}
LABEL_LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = {"and", "or", "unless", "bool", "offset"}

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[a-zA-Z_:][a-zA-Z0-9_:]*|\[[^\]]*\]|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[=!<>]=|[=!]~|\s+|.', re.DOTALL)


def described(page):
    """name -> Metric, from the table of metrics.md; of a histogram, the series that it is made of."""
    metrics = dict(OWN_METRICS)
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", page, re.MULTILINE):
        has = frozenset(re.findall(r"`(\w+)`", labels))
        if kind == "histogram":
            metrics[f"{name}_bucket"] = Metric("counter", has | {"le"})
            metrics[f"{name}_sum"] = metrics[f"{name}_count"] = Metric("counter", has)
        else:
            metrics[name] = Metric(kind, has)
    return metrics


def queries(root):
    """(where, expression) of every panel and every alert."""
    for path in sorted((root / "docker/grafana").glob("*.json")):
        yield from panel_queries(path.name, json.loads(path.read_text(encoding="utf-8")))
    text = (root / "docker/prometheus/alerts.yml").read_text(encoding="utf-8")
    for name, expression in re.findall(r"- alert: (\w+)\n\s+expr: (.*)\n", text):
        yield f"alerts.yml: {name}", expression


def panel_queries(where, value, title=""):
    if isinstance(value, dict):
        title = value.get("title", title)
        if "expr" in value:
            yield f"{where}: {title}", value["expr"].replace("$__rate_interval", "5m")
        for inner in value.values():
            yield from panel_queries(where, inner, title)
    elif isinstance(value, list):
        for inner in value:
            yield from panel_queries(where, inner, title)


class Reader:
    """Reads one expression far enough to know its selectors, the labels that it groups by, and what it takes rates of."""

    def __init__(self, expression):
        self.tokens = [token for token in TOKEN.findall(expression) if not token.isspace()]
        self.at = 0
        self.selectors = []  # (Selector, the function right around it or None)
        self.grouping = []
        self.unknown = []
        around = [None]
        while self.at < len(self.tokens):
            token = self.take()
            if token == "(":
                around.append(None)
            elif token == ")":
                around.pop()
                around = around or [None]
            elif re.match(r"[a-zA-Z_:]", token):
                self.word(token, around)

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def word(self, token, around):
        if token in LABEL_LISTS:
            self.grouping += self.labels_in("(", ")")
        elif token in WORDS or token in AGGREGATIONS:
            return
        elif self.peek() == "(":
            if token not in FUNCTIONS:
                self.unknown.append(token)
            self.take()
            around.append(token)
        else:
            self.selectors.append((Selector(token, tuple(self.matchers())), around[-1]))

    def labels_in(self, opening, closing):
        found = []
        if self.peek() == opening:
            self.take()
            while self.peek() not in (closing, ""):
                token = self.take()
                if token != ",":
                    found.append(token)
            self.at += 1
        return found

    def matchers(self):
        parts = self.labels_in("{", "}")
        return [(parts[i], parts[i + 1], json.loads(parts[i + 2])) for i in range(0, len(parts) - 2, 3)]


def check_query(where, expression, metrics):
    """Every fault of one query."""
    read = Reader(expression)
    found = [f"{where}: the function {name} is none that this gate knows" for name in read.unknown]
    if not read.selectors and "time" not in expression:
        found.append(f"{where}: asks for no metric")
    labels = set(OWN_LABELS)
    for selector, function in read.selectors:
        metric = metrics.get(selector.name)
        if metric is None:
            found.append(f"{where}: no worker shows {selector.name}")
            continue
        labels |= metric.labels
        found += [f"{where}: {selector.name} has no label {label}"
                  for label, _, _ in selector.matchers if label not in metric.labels | OWN_LABELS]
        if (function in OF_COUNTERS) != (metric.kind == "counter"):
            found.append(f"{where}: {selector.name} is a {metric.kind}: {function or 'no rate'} does not fit it")
    found += [f"{where}: groups by {label}, which none of its metrics has" for label in read.grouping if label not in labels]
    return found


def check(root, page):
    """All faults: the page against the program, the queries against the page."""
    path = root / "docker/prometheus/metrics.md"
    found = [] if path.is_file() and path.read_text(encoding="utf-8") == page else [
        "docker/prometheus/metrics.md is not what metrics_page prints: build/dev/tests/support/metrics_page > docker/prometheus/metrics.md"]
    asked = list(queries(root))
    for where, expression in asked:
        found += check_query(where, expression, described(page))
    if len({where.partition(":")[0] for where, _ in asked}) < 2:
        found.append("no queries of a dashboard, or none of the alerts: are they where they were?")
    return found, len(asked)


PAGE = ("| `kakehashi_records_total` | counter | `topic` | Records. |\n| `kakehashi_lanes` | gauge | `state` | Lanes. |\n"
        "| `kakehashi_batch_duration_seconds` | histogram |  | A batch. |\n")
SOUND = ["sum by (topic) (rate(kakehashi_records_total[5m]))", 'sum(kakehashi_lanes{state="taken"}) > 0', "up{job=\"x\"} == 0",
         "histogram_quantile(0.9, sum by (le) (rate(kakehashi_batch_duration_seconds_bucket[5m])))", "time() - max(kakehashi_lanes)",
         "sum by (state) (kakehashi_lanes) unless on (topic) sum by (topic) (increase(kakehashi_records_total[1h])) > 0"]
FAULTS = [
    ("a name that no worker shows", "sum(kakehashi_record_total)", "no worker shows kakehashi_record_total"),
    ("a histogram without its series", "kakehashi_batch_duration_seconds", "no worker shows"),
    ("a label that the metric has not", 'kakehashi_lanes{lane="0"}', "has no label lane"),
    ("grouping by another metric's label", "sum by (topic) (kakehashi_lanes)", "groups by topic"),
    ("a rate of a gauge", "rate(kakehashi_lanes[5m])", "is a gauge"),
    ("a counter as it is", "sum(kakehashi_records_total)", "is a counter"),
    ("an unknown function", "delta(kakehashi_lanes[5m])", "the function delta"),
    ("nothing asked for", "1 + 1", "asks for no metric"),
]


def write_tree(folder, expression, page=PAGE):
    for name in ("docker/grafana", "docker/prometheus"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    board = {"panels": [{"title": "P", "targets": [{"expr": expression}]}]}
    (folder / "docker/grafana/a.json").write_text(json.dumps(board), encoding="utf-8")
    (folder / "docker/prometheus/alerts.yml").write_text(f"      - alert: A\n        expr: {SOUND[1]}\n", encoding="utf-8")
    (folder / "docker/prometheus/metrics.md").write_text(page, encoding="utf-8")


def self_test():
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for expression in SOUND:
            write_tree(folder, expression)
            found, count = check(folder, PAGE)
            if found or count != 2:
                print(f"self test: a sound query is refused: {expression}: {found}")
                failed += 1
        faults = [(title, (expression, PAGE), expected) for title, expression, expected in FAULTS]
        faults.append(("a page of yesterday", (SOUND[0], PAGE + "\n"), "is not what metrics_page prints"))
        for title, (expression, page), expected in faults:
            write_tree(folder, expression, page)
            found, _ = check(folder, PAGE)
            failed += goes_unnoticed(title, found, expected)
        (folder / "docker/grafana/a.json").unlink()
        if not any("are they where they were" in complaint for complaint in check(folder, PAGE)[0]):
            print("self test: a missing dashboard passed unnoticed")
            failed += 1
    print(f"watching: self test of {len(FAULTS) + 2} faults and {len(SOUND)} sound queries, {failed} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("dir", nargs="?", type=Path, default=Path(__file__).resolve().parents[2])
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    if options.page is None:
        parser.error("--page is missing")
    page = subprocess.run([options.page], check=True, capture_output=True, text=True).stdout
    found, count = check(options.dir, page)
    return report(found, f"watching: {count} queries, ")


if __name__ == "__main__":
    sys.exit(main())
