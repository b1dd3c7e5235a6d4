#!/usr/bin/env python3
"""Image, compose file, Kubernetes manifests, systemd unit and the operators' page fit the program, the settings and each other.

    deployment.py --kakehashi PROGRAM [DIR]               DIR: the tree; exit 1 if they differ, each difference named
    deployment.py --self-test --kakehashi PROGRAM [DIR]   shows that the gate can fail

commands   every command and option that they start the program with is in its --help
settings   theirs pass `check-config`; ports, paths, topics, brokers, group, lanes, times, users and versions are the same everywhere
images     what the Dockerfile copies exists; nobody runs as root; every place to mount is declared
pages      every alert of docker/prometheus/alerts.yml has its section in docker/README.md, and each of those its alert

What this does not judge: the schemas of compose and Kubernetes; docker/README.md says what they were held against, and when.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from gate import arguments, goes_unnoticed, report

OPTION = re.compile(r"^--[a-z][a-z-]*")


def load(path):
    return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]


def only(pattern, text, where):
    found = re.findall(pattern, text, re.MULTILINE)
    if len(set(found)) != 1:
        raise SystemExit(f"deployment: {where}: {pattern} is found {len(set(found))} times, not once")
    return found[0]


class Tree:
    """What stands in the tree, read once."""

    def __init__(self, root, program):
        self.root, self.program, self.docker, self.helps = root, program, root / "docker", {}
        self.dockerfile = (self.docker / "Dockerfile").read_text(encoding="utf-8")
        self.compose = load(self.docker / "compose/compose.yaml")[0]
        self.manifests = {path.name: load(path) for path in sorted((self.docker / "kubernetes").glob("*.yaml"))}
        self.unit = (self.docker / "systemd/kakehashi@.service.in").read_text(encoding="utf-8")
        self.version = only(r"^project\(kakehashi VERSION (\S+)", (root / "CMakeLists.txt").read_text(encoding="utf-8"), "CMakeLists.txt")
        self.user = only(r"^USER (\d+):\d+$", self.dockerfile, "Dockerfile")
        self.grace = int(only(r"^TimeoutStopSec=(\d+)$", self.unit, "the unit"))
        self.memory = int(only(r"^MemoryMax=(\d+)M$", self.unit, "the unit"))

    def help(self, *words):
        if words not in self.helps:
            done = subprocess.run([self.program, *words, "--help"], capture_output=True, text=True, check=False)
            self.helps[words] = done.stdout if done.returncode == 0 else ""
        return self.helps[words]

    def documents(self, kind):
        return [document for found in self.manifests.values() for document in found if document.get("kind") == kind]


def check_arguments(tree, where, arguments):
    """A command line that the program is started with."""
    text = tree.help(arguments[0]) if arguments[0] != "--help" else tree.help()
    if not text:
        yield f"{where}: there is no command {arguments[0]}"
    for word in arguments[1:]:
        option = OPTION.match(word)
        if option and option.group(0) not in text:
            yield f"{where}: {arguments[0]} has no {option.group(0)}"


def effective(tree, name):
    """Settings with their defaults, by the program; and what it says if it refuses them."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("rules", "policies", "calendars"):
            os.symlink(tree.root / "config" / part, Path(folder) / part)
        shutil.copy(tree.docker / name, Path(folder) / "kakehashi.yaml")
        done = subprocess.run([tree.program, "check-config", "--print", "--config", f"{folder}/kakehashi.yaml"],
                              capture_output=True, text=True, check=False)
    return yaml.safe_load(done.stdout) or {}, [f"{name}: {line}" for line in done.stderr.splitlines() if done.returncode != 0]


def check_dockerfile(tree):
    for sources in re.findall(r"^COPY (?!--)(.+) \S+$", tree.dockerfile, re.MULTILINE):
        for source in sources.split():
            if not (tree.root / source).exists():
                yield f"Dockerfile: {source} is not in the tree"
            if f"!{source.split('/')[0]}" not in (tree.docker / "Dockerfile.dockerignore").read_text(encoding="utf-8").split():
                yield f"Dockerfile.dockerignore: leaves {source} out"
    groups = only(r"packages\.sh install ([a-z ]+)$", tree.dockerfile, "Dockerfile").split()
    if subprocess.run([tree.docker / "packages.sh", "list", *groups], capture_output=True, check=False).returncode != 0:
        yield f"Dockerfile: packages.sh has no such group: {groups}"
    if tree.user == "0" or f"--uid {tree.user} " not in tree.dockerfile:
        yield f"Dockerfile: the user {tree.user} is root, or not the one that is made"


def check_compose(tree):
    settings, refused = effective(tree, "compose/kakehashi.yaml")
    yield from refused
    if refused:
        return
    services, port = tree.compose["services"], str(settings["http"].get("listen", "")).rpartition(":")[2]
    for name, service in services.items():
        if service["image"].startswith("kakehashi:"):
            yield from check_arguments(tree, f"compose.yaml: {name}", service["command"])
            if service["image"] != f"kakehashi:{tree.version}":
                yield f"compose.yaml: {name}: {service['image']} is not version {tree.version}"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith(".") and not (tree.docker / "compose" / source).exists():
                yield f"compose.yaml: {name}: {source} is not there"
            if not source.startswith(".") and source not in tree.compose["volumes"]:
                yield f"compose.yaml: {name}: no volume {source} is declared"
        yield from (f"compose.yaml: {name}: waits for {other}, which is not there" for other in service.get("depends_on", []) if other not in services)
    worker = services["worker"]
    if f"/{port} " not in worker["healthcheck"]["test"][-1] or "GET /readyz " not in worker["healthcheck"]["test"][-1]:
        yield f"compose.yaml: the worker's health is not asked at /readyz on {port}"
    scrape = load(tree.docker / "compose/prometheus.yml")[0]["scrape_configs"][0]["dns_sd_configs"][0]
    if str(scrape["port"]) != port or scrape["names"] != ["worker"]:
        yield f"compose/prometheus.yml: does not ask the service worker on {port}"
    if worker["stop_grace_period"] != f"{tree.grace}s" or worker["mem_limit"] != f"{tree.memory}m":
        yield f"compose.yaml: the worker's {worker['stop_grace_period']}, {worker['mem_limit']} are not the unit's {tree.grace} s, {tree.memory} M"
    if settings["kafka"]["brokers"] not in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]:
        yield "compose.yaml: the broker does not tell its clients the address that the settings have"
    wanted = set(re.findall(r"\$\{(\w+)", (tree.docker / "compose/compose.yaml").read_text(encoding="utf-8")))
    given = set(re.findall(r"^(\w+)=", (tree.docker / "compose/example.env").read_text(encoding="utf-8"), re.MULTILINE))
    if wanted != given:
        yield f"example.env: has {sorted(given)}, compose.yaml wants {sorted(wanted)}"


def check_pod(tree, where, pod, port):
    mounts = {volume["name"] for volume in pod["volumes"]}
    if str(pod["securityContext"]["runAsUser"]) != tree.user:
        yield f"{where}: runs as {pod['securityContext']['runAsUser']}, the image's user is {tree.user}"
    for container in pod.get("initContainers", []) + pod["containers"]:
        yield from check_arguments(tree, f"{where}: {container['name']}", container["args"])
        context = container["securityContext"]
        if not context["readOnlyRootFilesystem"] or context["allowPrivilegeEscalation"] or context["capabilities"] != {"drop": ["ALL"]}:
            yield f"{where}: {container['name']}: may more than it needs"
        yield from (f"{where}: {container['name']}: no volume {mount['name']}" for mount in container["volumeMounts"] if mount["name"] not in mounts)
        for probe, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
            if "ports" in container and container.get(probe, {}).get("httpGet") != {"path": path, "port": "http"}:
                yield f"{where}: {container['name']}: its {probe} does not ask {path}"
        yield from (f"{where}: {container['name']}: its port is not the settings' {port}"
                    for each in container.get("ports", []) if str(each["containerPort"]) != port)


def check_kubernetes(tree):
    settings, refused = effective(tree, "kubernetes/kakehashi.yaml")
    yield from refused
    if refused:
        return
    kafka, port = settings["kafka"], str(settings["http"].get("listen", "")).rpartition(":")[2]
    kustomization = tree.manifests["kustomization.yaml"][0]
    others = set(tree.manifests) - {"kustomization.yaml", "kakehashi.yaml"}
    if set(kustomization["resources"]) != others:
        yield f"kustomization.yaml: has {sorted(kustomization['resources'])}, the folder {sorted(others)}"
    if kustomization["images"] != [{"name": "kakehashi", "newTag": tree.version}]:
        yield f"kustomization.yaml: the image is not version {tree.version}"
    deployment = tree.documents("Deployment")[0]["spec"]
    yield from check_pod(tree, "workers.yaml", deployment["template"]["spec"], port)
    yield from check_pod(tree, "prepare.yaml", tree.documents("Job")[0]["spec"]["template"]["spec"], port)
    labels = deployment["template"]["metadata"]["labels"]
    for name, found in (("Deployment", deployment["selector"]), ("PodDisruptionBudget", tree.documents("PodDisruptionBudget")[0]["spec"]["selector"]),
                        ("NetworkPolicy", tree.documents("NetworkPolicy")[0]["spec"]["podSelector"])):
        if found["matchLabels"] != labels:
            yield f"{name}: does not choose the workers"
    if deployment["template"]["spec"]["terminationGracePeriodSeconds"] != tree.grace:
        yield f"workers.yaml: their time to end is not the unit's {tree.grace} s"
    if deployment["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] != f"{tree.memory}Mi":
        yield f"workers.yaml: their memory is not the unit's {tree.memory} M"
    yield from check_scaler(tree.documents("ScaledObject")[0]["spec"], kafka)


def check_scaler(scaler, kafka):
    topics = kafka["topics"]
    if scaler["maxReplicaCount"] != topics["partitions"]:
        yield f"scaler.yaml: at most {scaler['maxReplicaCount']} workers, but {topics['partitions']} lanes"
    asked = sorted(trigger["metadata"]["topic"] for trigger in scaler["triggers"])
    if asked != sorted(topics["events"].values()):
        yield f"scaler.yaml: asks for {asked}, the source topics are others"
    for trigger in scaler["triggers"]:
        if (trigger["metadata"]["bootstrapServers"], trigger["metadata"]["consumerGroup"]) != (kafka["brokers"], kafka["group"]):
            yield f"scaler.yaml: {trigger['metadata']['topic']}: brokers or group are not the settings'"


def check_pages(tree):
    alerts = set(re.findall(r"^\s+- alert: (\w+)$", (tree.docker / "prometheus/alerts.yml").read_text(encoding="utf-8"), re.MULTILINE))
    sections = set(re.findall(r"^\*\*(Kakehashi\w+)\*\*", (tree.docker / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    yield from (f"docker/README.md: says nothing of the alert {name}" for name in sorted(alerts - sections))
    yield from (f"docker/README.md: there is no alert {name}" for name in sorted(sections - alerts))


def check(root, program):
    tree = Tree(root, program)
    unit = only(r"^ExecStart=\S+kakehashi (.+)$", tree.unit, "the unit").split()
    return [*check_arguments(tree, "the unit", unit), *check_dockerfile(tree), *check_compose(tree), *check_kubernetes(tree), *check_pages(tree)]


FAULTS = [
    ("docker/compose/compose.yaml", "--worker-role", "--worker-roll", "migrate has no --worker-roll"),
    ("docker/compose/compose.yaml", "[topics, create]", "[topic, create]", "there is no command topic"),
    ("docker/compose/kakehashi.yaml", "rules/jp-sg-1.yaml", "rules/jp-sg-9.yaml", "jp-sg-9.yaml"),
    ("docker/compose/compose.yaml", "./worker-role.sh", "./gone.sh", "./gone.sh is not there"),
    ("docker/compose/compose.yaml", "127.0.0.1/9464", "127.0.0.1/9465", "is not asked at /readyz"),
    ("docker/compose/compose.yaml", "stop_grace_period: 90s", "stop_grace_period: 9s", "are not the unit's"),
    ("docker/compose/compose.yaml", "kakehashi:0.1.0", "kakehashi:0.0.9", "is not version"),
    ("docker/compose/example.env", "GRAFANA_PASSWORD", "GRAFANA_WORD", "example.env: has"),
    ("docker/compose/kakehashi.yaml", "deployment:", "deploiment:", "deploiment"),
    ("docker/compose/prometheus.yml", "9464", "9465", "does not ask the service worker"),
    ("docker/kubernetes/kakehashi.yaml", "0.0.0.0:9464", "0.0.0.0:9465", "its port is not the settings'"),
    ("docker/kubernetes/workers.yaml", "/livez", "/lives", "does not ask /livez"),
    ("docker/kubernetes/workers.yaml", "runAsUser: 10001", "runAsUser: 10002", "runs as 10002"),
    ("docker/kubernetes/workers.yaml", "drop: [ALL]", "drop: []", "may more than it needs"),
    ("docker/kubernetes/prepare.yaml", "name: settings, configMap", "name: setting, configMap", "no volume settings"),
    ("docker/kubernetes/scaler.yaml", "maxReplicaCount: 12", "maxReplicaCount: 13", "at most 13 workers"),
    ("docker/kubernetes/scaler.yaml", "topic: sg.", "topic: th.", "the source topics are others"),
    ("docker/kubernetes/kustomization.yaml", "  - scaler.yaml\n", "", "kustomization.yaml: has"),
    ("docker/Dockerfile", "COPY proto proto", "COPY protos protos", "protos is not in the tree"),
    ("docker/Dockerfile", "install build package", "install build packages", "no such group"),
    ("docker/prometheus/alerts.yml", "alert: KakehashiRetries", "alert: KakehashiTries", "says nothing of the alert KakehashiTries"),
    ("docker/systemd/kakehashi@.service.in", "run --set", "run --put", "run has no --put"),
]


def self_test(root, program):
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        for part in ("config", "docker", "include", "proto", "worker"):
            shutil.copytree(root / part, copy / part)
        for name in ("CMakeLists.txt", "CMakePresets.json", "README.md", "CHANGELOG.md", "LICENSE"):
            shutil.copy(root / name, copy)
        for name, old, new, expected in FAULTS:
            whole = (copy / name).read_text(encoding="utf-8")
            if old not in whole:
                raise SystemExit(f"self test: {name} has no {old!r} to spoil")
            (copy / name).write_text(whole.replace(old, new, 1), encoding="utf-8")
            found = check(copy, program)
            failed += goes_unnoticed(f"{name} with {new!r}", found, expected)
            (copy / name).write_text(whole, encoding="utf-8")
    print(f"deployment: self test of {len(FAULTS)} faults, {failed} failed")
    return 1 if failed else 0


def main():
    parser = arguments(__doc__)
    parser.add_argument("tree", nargs="?", type=Path, default=Path(__file__).resolve().parents[2])
    given = parser.parse_args()
    if given.self_test:
        return self_test(given.tree, given.kakehashi)
    found = check(given.tree, given.kakehashi)
    return report(found, "deployment: ")


if __name__ == "__main__":
    sys.exit(main())
