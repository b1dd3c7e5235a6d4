#!/usr/bin/env python3
"""The Debian package: made by CPack of this build, looked into, installed into a root of its own, tried there, removed again.

    test_package.py --build DIR --source DIR --folder SCRATCH

Nothing outside SCRATCH is changed: dpkg works in a root of its own, under fakeroot. Exits with 77 where this is no Debian.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SKIPPED = 77
DATABASE = "var/lib/dpkg"


def run(*command, status=0, **more):
    """What a command says on standard output; its exit status must be the one wanted."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **more)
    if done.returncode != status:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def wanted(what, found, expected):
    if found != expected:
        raise SystemExit(f"{what}:\n  found    {found}\n  expected {expected}")


def packed(build, folder):
    """The package, made anew."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    run("cpack", "-G", "DEB", "--config", build / "CPackConfig.cmake", "-B", folder, env=environment)
    return next(folder.glob("kakehashi_*.deb"))


def libraries(depends):
    """The shared libraries among dependencies, libc apart, which every system has."""
    names = {re.split(r"[ (|]", part.strip())[0] for part in depends.split(",")}
    return {name for name in names if re.match(r"lib|zlib", name) and name != "libc6"}


def check_control(package, source):
    field = {name: run("dpkg-deb", "--field", package, name).strip() for name in ("Package", "Depends", "Maintainer", "Description")}
    wanted("its name", field["Package"], "kakehashi")
    listed = set(run(source / "docker/packages.sh", "list", "run").split()) - {"ca-certificates"}
    wanted("libraries that it depends on, against `docker/packages.sh list run`", libraries(field["Depends"]), listed)
    wanted("a maintainer with an address", bool(re.fullmatch(r".+ <\S+@\S+>", field["Maintainer"])), True)


def check_contents(package, source):
    """Every file that must be there, owned by root and writable by nobody else; what stands in /etc is a conffile."""
    names, settings = set(), set()
    for line in run("dpkg-deb", "--contents", package).splitlines():
        mode, owner, _, _, _, name = line.split(None, 5)
        wanted(f"owner and mode of {name}", (owner, mode[5], mode[8]), ("root/root", "-", "-"))
        if mode[0] == "-":
            names.add(name.removeprefix("."))
    for path in ("rules", "policies", "calendars"):
        settings |= {f"/etc/kakehashi/{path}/{file.name}" for file in (source / "config" / path).iterdir()}
    settings.add("/etc/kakehashi/kakehashi.yaml")
    wanted("files in /etc", {name for name in names if name.startswith("/etc/")}, settings)
    wanted("conffiles", set(run("dpkg-deb", "--info", package, "conffiles").split()), settings)
    places = {"/usr/bin/kakehashi", "/usr/lib/systemd/system/kakehashi@.service", "/usr/lib/sysusers.d/kakehashi.conf",
              "/usr/share/man/man1/kakehashi.1.gz", "/usr/share/man/man5/kakehashi.5.gz", "/usr/share/doc/kakehashi/README.md",
              "/usr/share/doc/kakehashi/copyright", "/usr/share/kakehashi/proto/kakehashi/v1/event.proto"}
    wanted("files that are missing", places - names, set())


def lint(package):
    if not shutil.which("lintian"):
        return "lintian is not installed: not asked"
    found = run("lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0", package)
    return f"lintian: {found.strip() or 'nothing found'}"


class Root:
    """A file system of its own, with dpkg's database and nothing else."""

    def __init__(self, folder):
        self.folder = folder
        (folder / DATABASE / "updates").mkdir(parents=True)
        (folder / DATABASE / "info").mkdir()
        (folder / DATABASE / "status").write_text("")
        (folder / "etc").mkdir()

    def dpkg(self, *arguments):
        # Its dependencies are the real system's; scripts are run there too, with DPKG_ROOT.
        return run("fakeroot", "dpkg", "--root", self.folder, "--force-script-chrootless", "--force-depends", "--force-confold",
                   "--log", self.folder / "dpkg.log", *arguments)

    def state(self):
        return run("dpkg-query", "--admindir", self.folder / DATABASE, "-W", "-f", "${db:Status-Status}", "kakehashi")

    def files(self):
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")
                if path.is_file() and DATABASE not in str(path) and path.name not in ("dpkg.log", ".pwd.lock")}


def check_installed(root):
    """The program with the settings that came with it."""
    program, settings = root.folder / "usr/bin/kakehashi", root.folder / "etc/kakehashi/kakehashi.yaml"
    clean = {name: value for name, value in os.environ.items() if name != "KAKEHASHI_CONFIG"}
    wanted("the settings file that --help names", "otherwise /etc/kakehashi/kakehashi.yaml" in run(program, "run", "--help"), True)
    wanted("what check-config says", "is well" in run(program, "check-config", "--config", settings, env=clean), True)
    sample = root.folder / "usr/share/kakehashi/samples/first-year.jsonl"
    decided = run(program, "decide", "--config", settings, "--output", "states", sample, env=clean)
    wanted("recognised labels in the sample", '"outcome":"OUTCOME_RECOGNISED"' in decided, True)
    user = [line.split(":") for line in (root.folder / "etc/passwd").read_text().splitlines() if line.startswith("kakehashi:")]
    wanted("the worker's user: one, without a shell", [entry[6] for entry in user], ["/usr/sbin/nologin"])


def check_unit(root):
    """The systemd unit, by systemd's own tools, with the targets that it names."""
    if not shutil.which("systemd-analyze"):
        return "systemd-analyze is not here: the unit is not judged"
    units = root.folder / "usr/lib/systemd/system"
    for target in ("sysinit", "basic", "shutdown", "network-online", "network", "sockets", "timers", "paths", "slices", "local-fs", "swap"):
        shutil.copy(Path("/usr/lib/systemd/system") / f"{target}.target", units)
    run("systemd-analyze", "verify", "--man=no", "--recursive-errors=one", "--root", root.folder, "kakehashi@9464.service")
    told = run("systemd-analyze", "security", "--offline=true", "--no-pager", "--root", root.folder, "--threshold=20", "kakehashi@9464.service")
    for target in units.glob("*.target"):
        target.unlink()
    # The same tools must be able to say no.
    unit = units / "kakehashi@.service"
    whole = unit.read_text()
    unit.write_text(re.sub(r"^(Protect|Private|Restrict|System|Capa)\w+=.*\n", "", whole, flags=re.MULTILINE))
    run("systemd-analyze", "security", "--offline=true", "--no-pager", "--root", root.folder, "--threshold=20", "kakehashi@9464.service", status=1)
    unit.write_text(whole)
    return re.search(r"Overall exposure level.*?: ([\d.]+)", told).group(0)


def check_changed_settings(root, package):
    """What an operator changed stays: when it is installed again, and when it is removed; purge takes all."""
    settings = root.folder / "etc/kakehashi/kakehashi.yaml"
    settings.write_text(settings.read_text().replace("jp-sg-example", "changed-by-hand"))
    root.dpkg("-i", package)
    wanted("changed settings after installing again", "changed-by-hand" in settings.read_text(), True)
    root.dpkg("-r", "kakehashi")
    wanted("the state after removing", root.state(), "config-files")
    wanted("changed settings after removing", "changed-by-hand" in settings.read_text(), True)
    wanted("the program after removing", (root.folder / "usr/bin/kakehashi").exists(), False)
    root.dpkg("-P", "kakehashi")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--build", "--source", "--folder"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args()
    if not shutil.which("dpkg-deb") or not shutil.which("fakeroot") or not shutil.which("systemd-sysusers"):
        print("dpkg-deb, fakeroot or systemd-sysusers is not here: skipped")
        return SKIPPED
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)
    package = packed(given.build, given.folder)
    check_control(package, given.source)
    check_contents(package, given.source)
    print(lint(package))
    root = Root(given.folder / "root")
    before = root.files()
    root.dpkg("-i", package)
    wanted("the state after installing", root.state(), "installed")
    check_installed(root)
    print(check_unit(root))
    check_changed_settings(root, package)
    left = {name for name in root.files() - before if name not in ("etc/passwd", "etc/group", "etc/shadow", "etc/gshadow")}
    wanted("what is left after purging, users apart", left, set())
    print(f"package: {package.name} is well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
