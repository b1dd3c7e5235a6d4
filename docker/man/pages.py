#!/usr/bin/env python3
"""Makes the manual pages: nothing that the program or its settings file says is written a second time.

    pages.py --kakehashi PROGRAM --settings FILE [--scdoc PROGRAM] [--place NAME=PATH]... FOLDER

One page a command from its `--help`; kakehashi.1.scd and kakehashi.5.scd, beside this script, filled in from `kakehashi --help`
and from the comments of the settings file. scdoc makes roff of them, in FOLDER/man1 and FOLDER/man5, and as they are installed in FOLDER/compressed; all are emptied first.
The gate `manual` holds what comes out against the program.
"""
import argparse
import gzip
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
OPTION = re.compile(r"^ {2,}((?:-\w, )?--[a-z][a-z-]*(?: (?:[A-Z][A-Z0-9_]*\S*|\S+\|\S+))?)(?:\s+(.*))?$")
CODE = re.compile(r"(?:^|;\s+)(\d) ")


def escaped(text):
    """Text as it is, whatever scdoc makes of its signs."""
    text = re.sub(r"([\\*_])", r"\\\1", text)
    return "\\" + text if text and text[0] in "#-.|[];:`" else text


def prose(text):
    """One paragraph on one line; what stands between backquotes is bold."""
    parts = re.split(r"`([^`]*)`", " ".join(text.split()))
    bold = [f"*{escaped(part)}*" if i % 2 else part for i, part in enumerate(parts)]
    return "".join(part if i % 2 else escaped(part) if i == 0 else re.sub(r"([\\*_])", r"\\\1", part) for i, part in enumerate(bold))


def tag(text):
    """Usage, or an option: what is typed is bold, what stands for something underlined."""
    def word(match):
        found = match.group(0)
        return f"_{escaped(found)}_" if re.fullmatch(r"[A-Z][A-Z0-9_.=]*[A-Z0-9]", found) else f"*{escaped(found)}*"
    return re.sub(r"[\w-]+(?:[.=][\w-]+)*", word, text)


def literal(lines, indent=""):
    """Lines as they stand, without what they are all indented by."""
    width = min(len(line) - len(line.lstrip()) for line in lines)
    return "\n".join([f"{indent}```", *(indent + line[width:] for line in lines), f"{indent}```"])


def options(lines):
    """A block of lines that begins with an option."""
    entries = []
    for line in lines:
        match = OPTION.match(line)
        if match:
            entries.append([match.group(1), [match.group(2) or ""]])
        else:
            entries[-1][1].append(line)
    return "\n\n".join(f"{tag(name)}\n\t{prose(' '.join(text))}" for name, text in entries)


def exit_status(text):
    parts = CODE.split(" ".join(text.split()))
    codes = zip(parts[1::2], parts[2::2])
    return "\n\n".join(f"*{code}*\n\t{prose(meaning.rstrip('.'))}." for code, meaning in codes)


def blocks(text):
    """Paragraphs of a help text; one that goes from prose to an indented part is two."""
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        lines = paragraph.split("\n")
        cut = next((i for i, line in enumerate(lines) if i and line.startswith("  ") and not lines[0].startswith(" ")), len(lines))
        if not lines[0].startswith("Usage:"):
            yield lines[:cut]
            lines = lines[cut:]
        if lines:
            yield lines


def command_page(program, name, version):
    """The page of one command, in scdoc's form, from its --help."""
    text = asked(program, name, "--help")
    first, _, rest = text.partition("\n")
    page = [f'kakehashi-{name}(1) "{version}" "kakehashi"', "# NAME", f"kakehashi-{name} - {prose(first.partition(': ')[2])}"]
    section = ""

    def into(title, *parts):
        nonlocal section
        if title != section:
            page.append(f"# {title}")
        section = title
        page.extend(parts)

    for lines in blocks(rest):
        if lines[0].startswith("Usage:"):
            into("SYNOPSIS", "++\n".join(tag(re.sub(r"^(Usage:)?\s+", "", line)) for line in lines))
        elif lines[0].startswith("Exit codes:"):
            into("EXIT STATUS", exit_status(" ".join(lines).partition(":")[2].strip()))
        elif re.fullmatch(r"Examples?:", lines[0]):
            into("EXAMPLES")
        elif OPTION.match(lines[0]):
            into("OPTIONS", options(lines))
        elif lines[0].startswith("  "):
            page.append(literal(lines))
        else:
            into(section if section == "OPTIONS" else "DESCRIPTION", prose(" ".join(lines)))
    into("SEE ALSO", "*kakehashi*(1), *kakehashi*(5)")
    return "\n\n".join(page) + "\n"


def asked(program, *arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def commands(program):
    """(name, summary) of each, in the order of `kakehashi --help`."""
    listed = asked(program, "--help").partition("Commands:\n")[2].partition("\n\n")[0]
    return [tuple(line.split(None, 1)) for line in listed.splitlines()]


def comment(lines, indent):
    """Lines of a comment as paragraphs; what is indented further is left as it stands."""
    out, text, code = [], [], []
    for line in [*lines, ""]:
        if line.startswith("  "):
            code.append(line)
            continue
        if code:
            out.append(literal(code, indent))
            code = []
        if line:
            text.append(line)
            continue
        if text:
            out.append(indent + prose(" ".join(text)))
            text = []
    return out


def split_code(lines):
    """The same lines with an empty one before each part that changes between text and further indented."""
    for before, line in zip(["", *lines], lines):
        if before and line and before.startswith("  ") != line.startswith("  "):
            yield ""
        yield line


def in_effect(program, settings_file):
    """The whole names of all settings that have a value, defaults among them."""
    path, found = [], set()
    for line in asked(program, "check-config", "--print", "--config", settings_file).splitlines():
        key = re.match(r"^( *)([A-Za-z_]+):", line)
        if key:
            path = [*path[:len(key.group(1)) // 2], key.group(2)]
            found.add(".".join(path))
    return found


def settings(text, valued):
    """The settings file told as a page: each setting by its whole name, with its default and its comment.
    valued: the settings that have a value; one that is commented out in the file and has none has no default."""
    page, waiting, path = [], [], []
    for line in [*text.split("\n"), ""]:
        note = re.match(r"^\s*#(?: (.*))?$", line)
        key = re.match(r"^(\s*)(#?)([A-Za-z_]+):\s*(.*)$", line)
        if note:
            waiting.append(note.group(1) or "")
        elif key:
            indent, free, name, value = key.groups()
            path = [*path[:len(indent) // 2], name]
            whole = ".".join(path)
            known = "by default" if free and whole in valued else "for example"
            said = f" ({known} {escaped(value)})" if value else ""
            page.append("\n".join([f"*{escaped(whole)}*{said}", "\n\n".join(comment(list(split_code(waiting)), "\t"))]).rstrip())
            waiting = []
        elif waiting:
            page += comment(list(split_code(waiting)), "")
            waiting = []
    return "\n\n".join(page)


def main_page(program, template, places):
    listed = commands(program)
    codes = " ".join(asked(program, "--help").partition("Exit codes:")[2].split())
    filled = {
        "COMMANDS": "\n\n".join(f"*kakehashi-{name}*(1)\n\t{prose(summary)}" for name, summary in listed),
        "EXIT": exit_status(codes),
        "PAGES": ", ".join(f"*kakehashi-{name}*(1)" for name, _ in listed),
        **{name: escaped(path) for name, path in places.items()},
    }
    return re.sub(r"@([A-Z]+)@", lambda match: filled[match.group(1)], template)


def write(scdoc, folder, name, section, page):
    path = folder / f"man{section}" / f"{name}.{section}"
    made = subprocess.run([scdoc], input=page, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise SystemExit(f"scdoc refuses the page {name}({section}): {made.stderr.strip()}\n{page}")
    path.write_text(made.stdout, encoding="utf-8")
    with gzip.GzipFile(folder / "compressed" / f"man{section}" / f"{path.name}.gz", "wb", mtime=0) as out:
        out.write(made.stdout.encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kakehashi", required=True)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--scdoc", default="scdoc")
    parser.add_argument("--place", action="append", default=[])
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    for folder in (given.folder / sub for sub in ("man1", "man5", "compressed/man1", "compressed/man5")):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    version = asked(given.kakehashi, "--version").strip()
    places = {"VERSION": version, **dict(place.split("=", 1) for place in given.place)}
    for name, _ in commands(given.kakehashi):
        write(given.scdoc, given.folder, f"kakehashi-{name}", 1, command_page(given.kakehashi, name, version))
    write(given.scdoc, given.folder, "kakehashi", 1, main_page(given.kakehashi, (HERE / "kakehashi.1.scd").read_text(encoding="utf-8"), places))
    places["SETTINGS"] = "@@"
    page = main_page(given.kakehashi, (HERE / "kakehashi.5.scd").read_text(encoding="utf-8"), places)
    told = settings(given.settings.read_text(encoding="utf-8"), in_effect(given.kakehashi, given.settings))
    write(given.scdoc, given.folder, "kakehashi", 5, page.replace("@@", told))


if __name__ == "__main__":
    main()
