#!/usr/bin/env python3
"""Holds the arrows between the rooms of worker/ (README.md, `Working on it`): who may include and call whom.

    layering.py --source DIR [--compiler CC] [ROOM=ARCHIVE | ROOM=OBJECT,OBJECT... ]...
    layering.py --self-test [--compiler CC]

Includes are read from worker/<room>/ and include/; symbols from each archive that is named (what `nm` calls undefined
must be defined by the room itself, by a room that it may know, by libc, or by the library that it alone may use).
Exit 0: all arrows point the right way; 1: some do not, each named; 2: wrong usage.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from gate import goes_unnoticed

# The arrows. A room may include headers of, and call, itself and the rooms listed here; of `core:bytes` only what a
# carrier of bytes needs (below).
ROOMS = {
    "core": [],
    "batch": ["core"],
    "codec": ["core"],
    "config": ["core"],
    "kafka": ["core:bytes"],
    "postgres": ["core:bytes"],
    "http": ["core:bytes"],
    "app": ["kafka", "postgres", "http", "codec", "config", "batch", "core"],
    "cli": ["app", "codec", "config", "batch", "core"],
}
# What the rooms that carry bytes know of the core.
BYTES_HEADERS = {"arena.h", "date.h", "record.h", "return_code.h", "text.h"}
BYTES_SYMBOLS = re.compile(r"kh_(arena|day|date|instant|text|rc)_")

# One library, one room: headers and symbols.
LIBRARIES = {
    "librdkafka": ("kafka", r"librdkafka/", r"rd_kafka_"),
    "libpq": ("postgres", r"(libpq-fe|libpq-events|pg_config\w*|postgres_ext)\.h|libpq/", r"PQ|lo_|pg_"),
    "libmicrohttpd": ("http", r"microhttpd\.h", r"MHD_"),
    "protobuf-c": ("codec", r"protobuf-c/|.*\.pb-c\.h", r"protobuf_c_|kakehashi__|google__"),
    "jansson": ("codec", r"jansson(_config)?\.h", r"json_|jansson_"),
    "libyaml": ("config", r"yaml\.h", r"yaml_"),
    "libcrypto": ("config", r"openssl/", r"EVP_|SHA\d|OPENSSL_|CRYPTO_|ERR_|BIO_|OSSL_"),
    "zlib": ("app", r"zlib\.h", r"z?(crc32|adler32|deflate|inflate|compress|uncompress)"),
    "libbsd": ("app", r"bsd/", r"bsd_"),
    "libsmartcols": ("cli", r"libsmartcols/|libsmartcols\.h", r"scols_"),
}

# The pure rooms: no clock, no files, no sockets, no environment, no heap, no locale, no output.
PURE = {"core", "batch"}
PURE_HEADERS = {
    "assert.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h",
    "stdnoreturn.h", "string.h",
}
PURE_SYMBOLS = re.compile(
    r"mem(chr|cmp|cpy|mem|move|rchr|set)|(__)?mempcpy"
    r"|str(chr|cmp|cspn|len|ncmp|nlen|pbrk|rchr|spn|str)|bcmp"
    r"|v?snprintf|__assert_fail|abort"
    r"|__v?snprintf_chk|__mem(cpy|move|set)_chk|__stack_chk_fail"  # what hardening makes of them
)
# Put there by the compiler.
COMPILER_SYMBOLS = re.compile(
    r"__(asan|ubsan|lsan|msan|tsan|sanitizer|sancov|hwasan)_.*|__start___\w+|__stop___\w+|_GLOBAL_OFFSET_TABLE_"
    r"|__(u?divti3|u?modti3|muloti4|multi3|popcountdi2|tls_get_addr)|__gcov_.*|__llvm_.*"
)
STANDARD_HEADERS = PURE_HEADERS | {
    "complex.h", "ctype.h", "errno.h", "fenv.h", "float.h", "iso646.h", "locale.h", "math.h", "setjmp.h", "signal.h",
    "stdatomic.h", "stdlib.h", "tgmath.h", "threads.h", "time.h", "uchar.h", "wchar.h", "wctype.h",
    "arpa/inet.h", "dirent.h", "endian.h", "err.h", "execinfo.h", "fcntl.h", "fnmatch.h", "getopt.h", "glob.h",
    "langinfo.h", "libgen.h", "malloc.h", "netdb.h", "netinet/in.h", "netinet/tcp.h", "poll.h", "pthread.h", "pwd.h", "sched.h",
    "semaphore.h", "spawn.h", "strings.h", "sys/eventfd.h", "sys/file.h", "sys/ioctl.h", "sys/mman.h",
    "sys/prctl.h", "sys/random.h", "sys/resource.h", "sys/signalfd.h", "sys/socket.h", "sys/stat.h", "sys/time.h",
    "sys/timerfd.h", "sys/types.h", "sys/uio.h", "sys/un.h", "sys/utsname.h", "sys/wait.h", "syslog.h", "termios.h",
    "unistd.h",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def library_of(name, place):
    """The library that a header (place 1) or a symbol (place 2) belongs to, with its room; or None."""
    for library, row in LIBRARIES.items():
        if re.match(row[place], name):
            return library, row[0]
    return None


def may_know(room, other, header):
    """May `room` include `header` (a file name inside room or face `other`)?"""
    if other == room or other in ROOMS.get(room, []):
        return True
    return other == "core" and "core:bytes" in ROOMS.get(room, []) and header in BYTES_HEADERS


def resolve(source, room, file, name):
    """The room that a header of ours belongs to ('core' for include/kakehashi), or None when it is not one of ours."""
    beside = file.parent / name
    for candidate, base in ((beside, None), (source / "worker" / name, None), (source / "include" / name, None)):
        if not candidate.is_file():
            continue
        parts = candidate.resolve().relative_to(source.resolve()).parts
        if parts[0] == "worker":
            return parts[1]
        if parts[0] == "include":
            return "core"
        return parts[0]
    return None


def check_include(source, room, file, name):
    """One complaint about one #include, or None."""
    owner = resolve(source, room, file, name)
    if owner is not None:
        if owner not in ROOMS:
            return f"includes \"{name}\", which is outside worker/ and include/"
        return None if may_know(room, owner, Path(name).name) else f"includes \"{name}\": {room} may not know {owner}"
    library = library_of(name, 1)
    if library is not None:
        return None if library[1] == room else f"includes <{name}>: only {library[1]} may use {library[0]}"
    if Path(name).parts[0] in (*ROOMS, "kakehashi"):
        return f"includes \"{name}\", which is not there"
    if name not in STANDARD_HEADERS:
        return f"includes <{name}>, which is in no table of this gate: name its room in LIBRARIES"
    if room in PURE and name not in PURE_HEADERS:
        return f"includes <{name}>: {room} is pure"
    return None


def check_includes(source):
    """All complaints about includes in the tree."""
    found = []
    rooms = sorted(p for p in (source / "worker").iterdir() if p.is_dir())
    places = [(p.name, p) for p in rooms] + [("core", source / "include")]
    for room, folder in places:
        if room not in ROOMS:
            found.append(f"worker/{room}: a room without arrows: add it to ROOMS of this gate and to README.md")
            continue
        for file in sorted(folder.rglob("*.[ch]")):
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                complaint = match and check_include(source, room, file, match.group(2))
                if complaint:
                    found.append(f"{file.relative_to(source)}:{number}: {complaint}")
    return found


def nm(paths, *options):
    """(object, kind, symbol) of each line of nm."""
    text = subprocess.run(["nm", "-A", *options, *map(str, paths)], check=True, capture_output=True, text=True).stdout
    for line in text.splitlines():
        place, _, rest = line.rpartition(":")
        fields = rest.split()
        if len(fields) >= 2:
            yield place.rpartition(":")[2], fields[-2], fields[-1].partition("@")[0]


def libc_symbols(compiler):
    """Everything that the C library, the maths library and the compiler's own runtime export."""
    symbols = set()
    for name in ("libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "libgcc_s.so.1"):
        path = subprocess.run([compiler, f"-print-file-name={name}"], check=True, capture_output=True, text=True).stdout.strip()
        if os.path.isabs(path) and os.path.exists(path):
            symbols.update(symbol for _, kind, symbol in nm([path], "-D", "--defined-only") if kind not in "Uw")
    if "memcpy" not in symbols:
        sys.exit(f"layering: found no C library by {compiler} -print-file-name: cannot judge symbols")
    return symbols


def check_symbol(room, symbol, defined, libc):
    """One complaint about one undefined symbol, or None. `defined`: room -> symbols of its archive."""
    if symbol in defined[room] or COMPILER_SYMBOLS.fullmatch(symbol):
        return None
    if room in PURE and PURE_SYMBOLS.fullmatch(symbol):
        return None
    for other, symbols in defined.items():
        if symbol not in symbols:
            continue
        if other in ROOMS[room] or (other == "core" and "core:bytes" in ROOMS[room] and BYTES_SYMBOLS.match(symbol)):
            return None
        return f"calls {symbol}: {room} may not know that of {other}"
    library = library_of(symbol, 2)
    if library is not None:
        return None if library[1] == room else f"calls {symbol}: only {library[1]} may use {library[0]}"
    if room in PURE:
        return f"calls {symbol}: {room} is pure"
    return None if symbol in libc else f"calls {symbol}, which is of no room and no library known to this gate"


def check_symbols(archives, compiler):
    """All complaints about symbols. `archives`: room -> paths of its archive or objects."""
    libc = libc_symbols(compiler)
    defined = {room: {s for _, _, s in nm(paths, "--defined-only", "--extern-only")} for room, paths in archives.items()}
    found = set()
    for room, paths in archives.items():
        for unit, _, symbol in nm(paths, "--undefined-only"):
            complaint = check_symbol(room, symbol, defined, libc)
            if complaint:
                found.add(f"worker/{room} ({Path(unit).name}): {complaint}")
    return sorted(found)


# Each: what it breaks, files of a small tree, the rooms to archive, a part of the complaint.
FAULTS = [
    ("core reads a clock", {"worker/core/a.c": "long time(long *); long kh_a(void) { return time(0); }"}, "time: core is pure"),
    ("core uses the heap", {"worker/core/a.c": "#include <stdlib.h>\nvoid *kh_a(void) { return malloc(1); }"}, "<stdlib.h>: core is pure"),
    ("core calls malloc undeclared", {"worker/core/a.c": "void *malloc(unsigned long); void *kh_a(void) { return malloc(1); }"},
     "malloc: core is pure"),
    ("core writes to stdout", {"worker/core/a.c": "#include <stdio.h>\nvoid kh_a(int n) { printf(\"%d\", n); }"}, "printf: core is pure"),
    ("batch reads the environment", {"worker/batch/a.c": "char *getenv(const char *); char *kh_a(void) { return getenv(\"A\"); }"},
     "getenv: batch is pure"),
    ("codec calls libpq", {"worker/codec/a.c": "int PQstatus(void *); int kh_a(void) { return PQstatus(0); }"}, "only postgres may use libpq"),
    ("app includes librdkafka", {"worker/app/a.c": "#include <librdkafka/rdkafka.h>\n"}, "only kafka may use librdkafka"),
    ("app includes libmicrohttpd", {"worker/app/a.c": "#include <microhttpd.h>\n"}, "only http may use libmicrohttpd"),
    ("app calls libmicrohttpd", {"worker/app/a.c": "void MHD_stop_daemon(void *); void kh_a(void) { MHD_stop_daemon(0); }"},
     "only http may use libmicrohttpd"),
    ("http includes more than bytes", {"include/kakehashi/facts.h": "", "worker/http/a.c": "#include \"kakehashi/facts.h\"\n"},
     "http may not know core"),
    ("http knows app", {"worker/app/a.h": "", "worker/http/a.c": "#include \"app/a.h\"\n"}, "http may not know app"),
    ("core includes codec", {"worker/codec/b.h": "", "worker/core/a.c": "#include \"codec/b.h\"\n"}, "core may not know codec"),
    ("kafka includes more than bytes", {"include/kakehashi/facts.h": "", "worker/kafka/a.c": "#include \"kakehashi/facts.h\"\n"},
     "kafka may not know core"),
    ("kafka calls more than bytes", {"worker/core/a.c": "int kh_label_decide(void) { return 1; }",
     "worker/kafka/b.c": "int kh_label_decide(void); int kh_b(void) { return kh_label_decide(); }"}, "kafka may not know that of core"),
    ("cli goes round app", {"worker/kafka/a.c": "int kh_a(void) { return 1; }",
     "worker/cli/b.c": "int kh_a(void); int kh_b(void) { return kh_a(); }"}, "cli may not know that of kafka"),
    ("a public header with a third party", {"include/kakehashi/a.h": "#include <jansson.h>\n"}, "only codec may use jansson"),
    ("a library of nobody", {"worker/app/a.c": "int curl_easy_init(void); int kh_a(void) { return curl_easy_init(); }"}, "of no room"),
    ("a room without arrows", {"worker/misc/a.c": ""}, "a room without arrows"),
]
SOUND = {
    "include/kakehashi/text.h": "#include <stddef.h>\n",
    "worker/core/a.c": "#include \"kakehashi/text.h\"\n#include <string.h>\nint kh_text_a(const char *a) { return (int)strlen(a); }",
    "worker/kafka/b.c": "#include <stdlib.h>\n#include \"kakehashi/text.h\"\nint kh_text_a(const char *); int rd_kafka_x(void);\n"
                        "int kh_b(void) { return kh_text_a(getenv(\"A\")) + rd_kafka_x(); }",
    "worker/app/c.c": "int kh_b(void); int kh_c(void) { return kh_b(); }",
}


def check_small_tree(files, compiler):
    """Write the files, archive what compiles, and return all complaints."""
    with tempfile.TemporaryDirectory() as folder:
        source, archives = Path(folder), {}
        (source / "include").mkdir()
        (source / "worker").mkdir()
        for name, text in files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(text, encoding="utf-8")
        for name in files:
            room, unit = Path(name).parts[1], source / f"{Path(name).stem}.o"
            if not name.endswith(".c") or room not in ROOMS:
                continue
            made = subprocess.run([compiler, "-c", "-fno-builtin", f"-I{source}/include", f"-I{source}/worker", "-o", unit, source / name],
                                  capture_output=True, check=False)
            if made.returncode == 0:
                archives[room] = [source / f"libkh_{room}.a"]
                subprocess.run(["ar", "rcs", *archives[room], unit], check=True)
        return check_includes(source) + check_symbols(archives, compiler)


def self_test(compiler):
    """The gate must complain of each fault, and of nothing in a sound tree."""
    failed = 0
    for title, files, expected in FAULTS:
        found = check_small_tree(files, compiler)
        failed += goes_unnoticed(title, found, expected)
    found = check_small_tree(SOUND, compiler)
    if found:
        print(f"self test: a sound tree is refused: {found}")
        failed += 1
    print(f"layering: self test of {len(FAULTS)} faults and one sound tree, {failed} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--compiler", default="cc")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("archives", nargs="*", metavar="ROOM=ARCHIVE")
    options = parser.parse_args()
    if options.self_test:
        return self_test(options.compiler)
    if options.source is None:
        parser.error("--source is missing")
    archives = {room: paths.split(",") for room, _, paths in (pair.partition("=") for pair in options.archives)}
    unknown = sorted(set(archives) - set(ROOMS))
    if unknown:
        parser.error(f"no such room: {', '.join(unknown)}")
    found = check_includes(options.source) + check_symbols(archives, options.compiler)
    for complaint in found:
        print(complaint)
    print(f"layering: {len(found)} arrows point the wrong way ({len(archives)} archives looked into)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
