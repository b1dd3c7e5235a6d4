#!/usr/bin/env python3
"""The tables of commands and exit codes of README.md and README.ja.md say what the program says of itself.

    commands.py --kakehashi PROGRAM [DIR]               DIR: the tree; exit 1 if they differ, each difference named
    commands.py --self-test --kakehashi PROGRAM [DIR]   shows that the gate can fail
"""
import re
import subprocess
import sys
from pathlib import Path

from gate import arguments, goes_unnoticed, report

TITLES = {"README.md": "Commands", "README.ja.md": "コマンド"}
OPTION = re.compile(r"--[a-z][a-z-]+")


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def section(readme, title):
    """The text between `## title` and the next heading of that level."""
    return readme.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def told(readme, title):
    """Command -> options in the table of a README; and its exit codes."""
    text = section(readme, title)
    commands = {}
    for row in re.findall(r"^\| `([a-z-]+)([^|]*(?:\\\|[^|]*)*)\|(.*)\|$", text, re.MULTILINE):
        commands[row[0]] = set(OPTION.findall(row[1] + row[2]))
    return commands, set(re.findall(r"^\| (\d+) \|", text, re.MULTILINE))


def check_command(program, page, name, options):
    asked = run(program, name, "--help")
    if asked.returncode != 0 or asked.stderr or not asked.stdout:
        yield f"kakehashi {name} --help: exit {asked.returncode}; exit 0 and text on standard output only are wanted"
    for option in sorted(options - set(OPTION.findall(asked.stdout))):
        yield f"{page}: {name} {option} is not in `kakehashi {name} --help`"
    wrong = run(program, name, "--no-such-option")
    if wrong.returncode != 2 or not wrong.stderr or wrong.stdout:
        yield f"kakehashi {name} --no-such-option: exit {wrong.returncode}; exit 2 and text on standard error only are wanted"


def check(program, readme, page="README.md"):
    found = []
    asked = run(program, "--help")
    lines = asked.stdout.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    real = {line.split()[0] for line in lines}
    commands, codes = told(readme, TITLES[page])
    found += [f"{page}: no row for the command {name}" for name in sorted(real - commands.keys())]
    found += [f"{page}: there is no command {name}" for name in sorted(commands.keys() - real)]
    for name in sorted(real & commands.keys()):
        found += check_command(program, page, name, commands[name])
    told_by_help = set(re.findall(r"\b(\d) [a-z]", asked.stdout.partition("Exit codes:")[2]))
    if codes != told_by_help:
        found.append(f"{page}: exit codes {sorted(codes)}, `kakehashi --help` has {sorted(told_by_help)}")
    if run(program, "no-such-command").returncode != 2 or run(program).returncode != 2:
        found.append("kakehashi: wrong usage must exit 2")
    return found


def self_test(program, texts):
    readme = texts["README.md"]
    faults = [
        ("a command that is not there", readme.replace("| `decide ", "| `decode "), "there is no command decode"),
        ("a command without a row", readme.replace("| `decide ", "| decide "), "no row for the command decide"),
        ("an option that is not there", readme.replace("decide [--at", "decide [--when X] [--at"), "decide --when"),
        ("an exit code that is not there", readme.replace("| 0 | well |", "| 0 | well |\n| 9 | never |"), "exit codes"),
    ]
    failed = 0
    for title, text, expected in faults:
        found = check(program, text)
        failed += goes_unnoticed(title, found, expected)
    faults.append(("the same in Japanese", texts["README.ja.md"].replace("| `show` ", "| `shew` "), "README.ja.md: there is no command shew"))
    failed += goes_unnoticed(faults[-1][0], check(program, faults[-1][1], "README.ja.md"), faults[-1][2])
    print(f"commands: self test of {len(faults)} faults, {failed} failed")
    return 1 if failed else 0


def main():
    parser = arguments(__doc__)
    parser.add_argument("tree", nargs="?", type=Path, default=Path(__file__).resolve().parents[2])
    options = parser.parse_args()
    texts = {page: (options.tree / page).read_text(encoding="utf-8") for page in TITLES}
    if options.self_test:
        return self_test(options.kakehashi, texts)
    found = [complaint for page, text in texts.items() for complaint in check(options.kakehashi, text, page)]
    return report(found, "commands: ")


if __name__ == "__main__":
    sys.exit(main())
