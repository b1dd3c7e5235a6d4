#!/usr/bin/env python3
"""What every file of the tree must be like.

    tree.py [DIR]          exit 1 if a file breaks a rule, each named with its line
    tree.py --self-test    shows that the gate can fail

sizes   a file of code has at most 600 lines, unless its first 15 lines say `Longer than 600 lines because ...`
        (a function has at most 60: clang-tidy holds that)
words   nothing names the machine it was made on, a package registry, or a page that is not in the tree
ends    text is UTF-8 with LF, ends in one newline, has no blanks at line ends
"""
import re
import sys
import tempfile
from pathlib import Path

from gate import goes_unnoticed, report

CODE = {".c", ".h", ".py", ".sh", ".sql", ".cmake", ".proto"}
LIMIT = 600
EXCUSE = "Longer than 600 lines because"
# Histories from elsewhere, licences, and inputs of fuzzers are as they came.
AS_THEY_CAME = re.compile(r"tests/cases/|LICENSE$|tests/fuzz/corpus/|tests/fuzz/[a-z_]+\.corpus/|.*/corpus/")
PASSED_BY = {".git", "build", "__pycache__"}
# The brackets keep each pattern from finding itself here.
FORBIDDEN = [
    (re.compile(r"(?<![\w.$}\"'/-])/wor[k]/|/tmp/k[h]/|/roo[t]/"), "a path of one machine"),
    (re.compile(r"share[d]/(design|cases|seed|model)"), "a page outside the tree"),
    (re.compile(r"(repo1?\.mave[n]|pypi\.or[g]|registry\.npmj[s]|proxy\.golan[g]|deb\.debia[n]\.org|crates\.i[o])"), "a package registry"),
]
PAGE = re.compile(r"(?<![\w*])([\w./-]*\w\.md)\b")
# Pages of other projects that may be named.
ELSEWHERE = {"CONFIGURATION.md"}  # librdkafka's


def files(root):
    """Every file of the tree, sorted, as paths relative to it."""
    found = []
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if path.is_file() and not path.is_symlink() and not PASSED_BY.intersection(relative.parts):
            found.append(relative)
    return sorted(found)


def check_words(name, lines, pages):
    for number, line in enumerate(lines, 1):
        for pattern, what in FORBIDDEN:
            match = pattern.search(line)
            if match:
                yield f"{name}:{number}: names {what}: {match.group(0)}"
        for page in PAGE.findall(line):
            if Path(page).name not in pages | ELSEWHERE:
                yield f"{name}:{number}: names {page}, which is not in the tree"


def check_file(root, name, pages):
    try:
        text = (root / name).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        yield f"{name}: is not UTF-8"
        return
    lines = text.split("\n")
    if lines[-1] != "" or (len(lines) > 1 and lines[-2] == ""):
        yield f"{name}:{len(lines)}: does not end in one newline"
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield f"{name}:{number}: blanks at the end of the line (or CR)"
    code = name.suffix in CODE or name.name == "CMakeLists.txt"
    if code and len(lines) - 1 > LIMIT and EXCUSE not in "\n".join(lines[:15]):
        yield f"{name}: {len(lines) - 1} lines; at most {LIMIT}, or say `{EXCUSE} ...` in its first comment"
    yield from check_words(name, lines, pages)


def check(root):
    names = files(root)
    pages = {name.name for name in names if name.suffix == ".md"}
    return [c for name in names if not AS_THEY_CAME.match(str(name)) for c in check_file(root, name, pages)], len(names)


FAULTS = [
    ("a long file", "a.c", "int a;\n" * 601, "601 lines"),
    ("a path of one machine", "a.sh", "cd /wor" "k/main\n", "a path of one machine"),
    ("a page outside", "a.h", "/* share" "d/design */\n", "a page outside the tree"),
    ("a page that is gone", "a.h", "/* see nowhere" ".md */\n", "nowhere" ".md, which is not in the tree"),
    ("a registry", "pom.xml", "https://repo.mave" "n.apache.org/\n", "a package registry"),
    ("no newline at the end", "a.c", "int a;", "one newline"),
    ("CR LF", "a.c", "int a;\r\n", "or CR"),
    ("not UTF-8", "a.c", b"\xff\n", "UTF-8"),
]


def self_test():
    failed = 0
    for title, name, text, expected in FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / name).write_bytes(text if isinstance(text, bytes) else text.encode())
            found, _ = check(Path(folder))
            failed += goes_unnoticed(title, found, expected)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "README.md").write_text("See README.md.\n")
        (Path(folder) / "a.c").write_text(f"/* {EXCUSE} it is a table. */\n" + "int a;\n" * 601)
        found, _ = check(Path(folder))
        if found:
            print(f"self test: a sound tree is refused: {found}")
            failed += 1
    print(f"tree: self test of {len(FAULTS)} faults and one sound tree, {failed} failed")
    return 1 if failed else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found, count = check(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
    return report(found, f"tree: {count} files, ")


if __name__ == "__main__":
    sys.exit(main())
