#!/usr/bin/env python3
"""The manual pages say what the program says of itself, all of it and nothing else.

    manual.py --kakehashi PROGRAM --settings FILE PAGES               PAGES: the folder with man1 and man5, as built
    manual.py --self-test --kakehashi PROGRAM --settings FILE PAGES   shows that the gate can fail

Each command has its page, and each page its command. Every word of `COMMAND --help` stands on the page in the same order, and
the page has no option and no exit code besides. kakehashi(1) has every command with its summary, and the exit codes;
kakehashi(5) every setting and every word of the settings file's comments. Pages are read as mandoc shows them, without the
script that made them.
"""
import functools
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from gate import arguments, goes_unnoticed, report

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
# Titles of the help's parts, which are sections of the page.
TITLES = re.compile(r"^(Usage|Examples?|Exit codes):", re.MULTILINE)


@functools.cache
def asked(program, *arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout


@functools.cache
def rendered(page):
    """The page as it is shown, in long lines; and what mandoc finds wrong with it."""
    shown = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=1000"], input=page, capture_output=True, text=True, check=False)
    judged = subprocess.run(["mandoc", "-T", "lint", "-W", "error"], input=page, capture_output=True, text=True, check=False)
    # Without overstrikes, and words that are broken at a hyphen whole again.
    return re.sub(r"(\w-)\n\s+(\w)", r"\1\2", re.sub(r".\x08", "", shown.stdout)), judged.stdout.strip()


def words(text):
    """Words without the marks around them: pages set other marks."""
    found = (word.strip("`'\"‘’“”.,;:()[]") for word in text.split())
    return [word for word in found if word]


def missing(wanted, there):
    """The first word of one list that the other does not have behind those before it; or None."""
    at = 0
    for number, word in enumerate(wanted):
        try:
            at = there.index(word, at) + 1
        except ValueError:
            return " ".join(wanted[max(0, number - 4):number + 1])
    return None


def codes_of_help(text):
    return set(re.findall(r"(?:^|;\s+)(\d) ", " ".join(text.partition("Exit codes:")[2].split())))


def codes_of_page(text):
    return set(re.findall(r"^\s+(\d)$", text.partition("EXIT STATUS")[2], re.MULTILINE))


def differences(name, these, those):
    """Sets of the page and of the program."""
    yield from (f"{name}: {each} is not in --help" for each in sorted(these - those))
    yield from (f"{name}: {each} of --help is missing" for each in sorted(those - these))


def check_page(name, page, text):
    """One command's page against its --help."""
    lost = missing(words(TITLES.sub("", text.replace("kakehashi ", "kakehashi-", 1))), words(page))
    if lost:
        yield f"{name}: the words of --help end at: {lost}"
    yield from differences(name, set(OPTION.findall(page)), set(OPTION.findall(text)))
    yield from differences(name, codes_of_page(page), codes_of_help(text))


def check_main(page, help_text):
    listed = help_text.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    lost = missing(words(" ".join(re.sub(r"^ *(\S+) ", r"kakehashi-\1(1 ", line) for line in listed)), words(page))
    if lost:
        yield f"kakehashi(1): the list of commands ends at: {lost}"
    yield from differences("kakehashi(1)", codes_of_page(page), codes_of_help(help_text))


def check_settings(page, printed, text):
    comments = " ".join(re.findall(r"^\s*#(?: (.*))?$", text, re.MULTILINE))
    lost = missing(words(comments), words(page))
    if lost:
        yield f"kakehashi(5): the words of the settings file end at: {lost}"
    path, names = [], set(words(page))
    for line in printed.splitlines():
        key = re.match(r"^( *)([A-Za-z_]+):", line)
        if key:
            path = [*path[:len(key.group(1)) // 2], key.group(2)]
            if ".".join(path) not in names:
                yield f"kakehashi(5): there is no {'.'.join(path)}"


def check(program, settings, pages):
    found = []
    help_text = asked(program, "--help")
    commands = {line.split()[0] for line in help_text.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()}
    shown = {}
    for path in sorted(pages.glob("man?/*")):
        shown[path.name], wrong = rendered(path.read_text(encoding="utf-8"))
        found += [f"{path.name}: {line}" for line in wrong.splitlines()]
    there = set(re.findall(r"^kakehashi-(\S+)\.1$", "\n".join(shown), re.MULTILINE))
    found += [f"{name}: there is no such command" for name in sorted(there - commands)]
    found += [f"{name}: has no page" for name in sorted(commands - there)]
    for name in sorted(there & commands):
        found += check_page(f"kakehashi-{name}(1)", shown[f"kakehashi-{name}.1"], asked(program, name, "--help"))
    found += check_main(shown.get("kakehashi.1", ""), help_text)
    printed = asked(program, "check-config", "--print", "--config", settings)
    found += check_settings(shown.get("kakehashi.5", ""), printed, settings.read_text(encoding="utf-8"))
    return found, len(shown)


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise SystemExit(f"self test: {path} has no {old!r} to spoil")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


FAULTS = [
    ("a command without a page", lambda f: (f / "man1/kakehashi-run.1").unlink(), "run: has no page"),
    ("a page without a command", lambda f: shutil.copy(f / "man1/kakehashi-run.1", f / "man1/kakehashi-walk.1"), "walk: there is no such command"),
    ("an option too many", lambda f: replace(f / "man1/kakehashi-run.1", "--migrate", "--migrate-more"), "--migrate-more is not in --help"),
    ("an option too few", lambda f: replace(f / "man1/kakehashi-run.1", "--migrate", "migrate"), "--migrate of --help is missing"),
    ("a word that is gone", lambda f: replace(f / "man1/kakehashi-run.1", "consumer group", "group"), "Joins the consumer"),
    ("an exit code that is gone", lambda f: replace(f / "man1/kakehashi-run.1", "\\fB4\\fR", ""), "4 of --help is missing"),
    ("a command that is not listed", lambda f: replace(f / "man1/kakehashi.1", "kakehashi-show", "kakehashi-tell"), "the list of commands ends at"),
    ("a setting that is gone", lambda f: replace(f / "man5/kakehashi.5", "in_flight", "flight"), "there is no batch.in_flight"),
    ("a comment that is gone", lambda f: replace(f / "man5/kakehashi.5", "share it", "have it"), "deployment share"),
    ("no manual page", lambda f: (f / "man1/kakehashi-run.1").write_text(".Nonsense\n.so gone\n"), "ERROR"),
]


def self_test(program, settings, pages):
    failed = 0
    for title, spoil, expected in FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "man"
            shutil.copytree(pages, copy)
            spoil(copy)
            found, _ = check(program, settings, copy)
            failed += goes_unnoticed(title, found, expected)
    print(f"manual: self test of {len(FAULTS)} faults, {failed} failed")
    return 1 if failed else 0


def main():
    parser = arguments(__doc__)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("pages", type=Path)
    options = parser.parse_args()
    if options.self_test:
        return self_test(options.kakehashi, options.settings, options.pages)
    found, count = check(options.kakehashi, options.settings, options.pages)
    return report(found, f"manual: {count} pages, ")


if __name__ == "__main__":
    sys.exit(main())
