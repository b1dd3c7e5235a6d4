"""Holds our canonical JSON to Python's google.protobuf.json_format, in both directions, over random messages.

Both sides must agree on the bytes: their JSON of a message, and the deterministic protobuf of a JSON text in every spelling
that proto3 takes. Then a few texts that must be refused, and some that must not.
"""

import argparse
import base64
import importlib
import json
import os
import random
import subprocess
import sys

MESSAGES = {
    "kakehashi.v1.Event": ("kakehashi.v1.event_pb2", "Event"),
    "kakehashi.v1.RecognitionStatus": ("kakehashi.v1.status_pb2", "RecognitionStatus"),
    "kakehashi.v1.PublicStatus": ("kakehashi.v1.status_pb2", "PublicStatus"),
    "kakehashi.v1.Obligation": ("kakehashi.v1.status_pb2", "Obligation"),
    "kakehashi.store.v1.Facts": ("kakehashi.store.v1.store_pb2", "Facts"),
    "kakehashi.store.v1.KeyStates": ("kakehashi.store.v1.store_pb2", "KeyStates"),
    "kakehashi.store.v1.Cause": ("kakehashi.store.v1.store_pb2", "Cause"),
}
TEXTS = ["", "a", "SG/000123@JP", "結果", "🏠", "\"quoted\\\"", "\0", "a\0b", "\x01\x1f\x7f\x80\x9f", "\n\t\r\b\f", "</script>",
         "\u2028", "é" * 300]
NUMBERS = {
    "int32": [0, 1, -1, 2**31 - 1, -2**31],
    "uint32": [0, 1, 2**32 - 1, 127, 128],
    "int64": [0, 1, -1, 2**63 - 1, -2**63, 2**53 + 1],
}
REFUSED = [
    '{"unknown":1}', '{"id":1}', '{"id":["a"]}', '{"revision":-1}', '{"revision":4294967296}', '{"revision":1.5}',
    '{"revision":"1.5"}', '{"revision":true}', '{"revision":"x"}', '{"revision":""}', '{"labelIssued":1}',
    '{"labelIssued":{},"labelRevoked":{}}', '{"measureTaken":{"grounds":["NO_SUCH"]}}', '{"measureTaken":{"grounds":[null]}}',
    '{"measureTaken":{"grounds":"GROUND_REQUIREMENTS"}}', '{"measureTaken":{"grounds":[2147483648]}}', '{"occurredAt":1}',
    '{"occurredAt":"2026-06-02"}', '{"occurredAt":"2026-06-02T01:00:00"}', '{"occurredAt":"2026-02-30T01:00:00Z"}',
    '{"occurredAt":"2026-06-02T01:00:00.1234567891Z"}', '{"occurredAt":"0000-01-01T00:00:00Z"}', '1', 'null', '', '{',
    '{"id":"\\ud800"}',
]
# Ours alone: json_format takes the last of two, and an empty list for a message.
STRICTER = ['{"labelIssued":[]}', '[]', '{"id":"a","id":"b"}', '{"occurredAt":null,"occurred_at":null}', '{"revision":NaN}', '{"id":"a"} x']


def random_value(rng, field):
    kind = field.cpp_type
    if kind == field.CPPTYPE_STRING and field.type == field.TYPE_BYTES:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(40)))
    if kind == field.CPPTYPE_STRING:
        return rng.choice(TEXTS) + (str(rng.random()) if rng.random() < 0.5 else "")
    if kind == field.CPPTYPE_BOOL:
        return rng.random() < 0.5
    if kind == field.CPPTYPE_ENUM:
        known = [value.number for value in field.enum_type.values]
        return rng.choice(known + [rng.choice([-1, 99, 2**31 - 1])])
    return rng.choice(NUMBERS[{field.CPPTYPE_INT32: "int32", field.CPPTYPE_UINT32: "uint32", field.CPPTYPE_INT64: "int64"}[kind]])


def fill(rng, message):
    descriptor = message.DESCRIPTOR
    if descriptor.full_name == "google.protobuf.Timestamp":
        message.seconds = rng.choice([0, -1, 1, 1780362000, -62135596800, 253402300799, rng.randrange(-2**35, 2**35)])
        message.nanos = rng.choice([0, 1, 999999999, 500000000, 1000000, 1000, rng.randrange(10**9)])
        return
    chosen = {oneof.name: rng.choice(oneof.fields).name for oneof in descriptor.oneofs if rng.random() < 0.9}
    for field in descriptor.fields:
        if field.containing_oneof is not None:
            wanted = chosen.get(field.containing_oneof.name) == field.name
        else:
            wanted = rng.random() < 0.7
        if not wanted:
            continue
        if field.label == field.LABEL_REPEATED:
            for _ in range(rng.randrange(4)):
                if field.cpp_type == field.CPPTYPE_MESSAGE:
                    fill(rng, getattr(message, field.name).add())
                else:
                    getattr(message, field.name).append(random_value(rng, field))
        elif field.cpp_type == field.CPPTYPE_MESSAGE:
            getattr(message, field.name).SetInParent()
            fill(rng, getattr(message, field.name))
        else:
            setattr(message, field.name, random_value(rng, field))


def respell(rng, value):
    """Another JSON text of the same message: members in any order, nulls for what is absent, numbers and bytes as they may
    also be written."""
    if isinstance(value, dict):
        members = [(key, respell(rng, inner)) for key, inner in value.items()]
        rng.shuffle(members)
        return dict(members)
    if isinstance(value, list):
        return [respell(rng, inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return rng.choice([value, float(value), str(value)])
    return value


class Converter:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, name, direction, data):
        self.process.stdin.write(f"{name} {direction} {data.hex()}\n".encode())
        self.process.stdin.flush()
        answer = self.process.stdout.readline().decode(errors="replace").rstrip("\n")
        if not answer:
            raise SystemExit(f"the converter ended at {name} {direction} {data!r}")
        if answer.startswith("ok"):
            return bytes.fromhex(answer[3:])
        return None

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise SystemExit("the converter failed")


def check(what, expected, actual):
    if expected != actual:
        raise SystemExit(f"{what}\n expected {expected!r}\n but got  {actual!r}")


def check_message(rng, converter, json_format, name, message):
    data = message.SerializeToString(deterministic=True)
    theirs = json.dumps(json_format.MessageToDict(message), ensure_ascii=False, separators=(",", ":"))
    ours = converter.ask(name, "bytes", data)
    check(f"{name} to JSON", theirs, None if ours is None else ours.decode())
    check(f"{name} from its JSON", data, converter.ask(name, "json", theirs.encode()))
    original = json_format.MessageToDict(message, preserving_proto_field_name=True, use_integers_for_enums=True)
    spelt = json.dumps(respell(rng, original), ensure_ascii=rng.random() < 0.5)
    again = json_format.Parse(spelt, type(message)()).SerializeToString(deterministic=True)
    check(f"json_format itself on {spelt}", data, again)
    check(f"{name} from {spelt}", data, converter.ask(name, "json", spelt.encode()))


def check_refusals(converter, json_format, event):
    name = "kakehashi.v1.Event"
    for text in REFUSED + STRICTER:
        check(f"{text} is refused", None, converter.ask(name, "json", text.encode()))
    for text in REFUSED:
        try:
            json_format.Parse(text, event()).SerializeToString()
        except (json_format.ParseError, TypeError, ValueError):
            continue
        raise SystemExit(f"json_format takes {text}: it belongs to STRICTER")
    check("not UTF-8 has no JSON", None, converter.ask(name, "bytes", b"\x0a\x01\xff"))
    check("year 10000 has no JSON", None, converter.ask(name, "bytes", b"\x2a\x07\x08\x80\xdc\xb6\xd6\xaf\x3a"))


def check_base64(converter):
    name = "kakehashi.store.v1.Cause"
    for length in range(0, 9):
        data = bytes((250 + 3 * i) % 256 for i in range(length))
        standard = base64.b64encode(data).decode()
        safe = base64.urlsafe_b64encode(data).decode()
        expected = b"" if not data else b"\x2a" + bytes([length]) + data
        for text in (standard, safe, standard.rstrip("="), safe.rstrip("=")):
            check(f"base64 {text}", expected, converter.ask(name, "json", json.dumps({"eventId": text}).encode()))
    for text in ("A", "AAAAA", "A=", "AAA==", "AA=A", "A A=", "é==="):
        check(f"base64 {text}", None, converter.ask(name, "json", json.dumps({"eventId": text}).encode()))


def generate(protoc, proto, build):
    out = os.path.join(build, "python")
    os.makedirs(out, exist_ok=True)
    files = ["kakehashi/v1/event.proto", "kakehashi/v1/status.proto", "kakehashi/store/v1/store.proto"]
    subprocess.run([protoc, f"--python_out={out}", "-I", proto] + [os.path.join(proto, file) for file in files], check=True)
    sys.path.insert(0, out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protoc", required=True)
    parser.add_argument("--proto", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--convert", required=True)
    parser.add_argument("--count", type=int, default=300, help="random messages of each type")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    generate(arguments.protoc, arguments.proto, arguments.build)
    json_format = importlib.import_module("google.protobuf.json_format")
    converter = Converter(arguments.convert)
    rng = random.Random(arguments.seed)
    for name, (module, type_name) in MESSAGES.items():
        message_type = getattr(importlib.import_module(module), type_name)
        for _ in range(arguments.count):
            message = message_type()
            fill(rng, message)
            check_message(rng, converter, json_format, name, message)
    check_refusals(converter, json_format, getattr(importlib.import_module("kakehashi.v1.event_pb2"), "Event"))
    check_base64(converter)
    converter.close()
    print(f"{arguments.count} random messages of each of {len(MESSAGES)} types agree")


if __name__ == "__main__":
    main()
