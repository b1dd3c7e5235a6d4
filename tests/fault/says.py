"""Whether a published message says what its row of the table `result` says: each field of the one against the other."""
from datetime import date, timedelta

from kakehashi.v1 import status_pb2

EPOCH = date(1970, 1, 1)


def milliseconds(message, field):
    """An optional instant; None where there is none."""
    if not message.HasField(field):
        return None
    instant = getattr(message, field)
    return instant.seconds * 1000 + instant.nanos // 10 ** 6


def day(number):
    return (EPOCH + timedelta(days=number)).isoformat()


def optional(message, field, turn=lambda value: value):
    """A field that is the one member of a oneof."""
    return turn(getattr(message, field)) if message.HasField(field) else None


def optional_day(message, field):
    return optional(message, field, day) or ""


def validity_of(message):
    return (message.validity.valid_from, message.validity.valid_until) if message.HasField("validity") else None


def validity_stored(status):
    kept = status.validity
    return (day(getattr(kept, "from")), day(kept.until)) if status.HasField("validity") else None


def bits(codes):
    return sum(1 << code for code in codes)


def status_pairs(message, row, stored):
    """(what, in the message, in the row) of each thing that a status says."""
    label, _, host = row["key"].rpartition("@")
    yield "label and host", (message.label, message.host), (label, host)
    yield "version", message.version, row["status_version"]
    yield "decided_at", milliseconds(message, "decided_at"), row["decided_at"]
    yield "outcome", message.outcome, stored.outcome
    yield "reasons", bits(reason.code for reason in message.reasons), stored.reasons
    yield "since", milliseconds(message, "since"), optional(stored, "since")
    yield "next_change_at", milliseconds(message, "next_change_at"), optional(stored, "next_change_at")
    yield "levels", (message.level, message.recognised_level), (stored.level, stored.recognised_level)
    yield "under_consultation", message.under_consultation, stored.under_consultation
    yield "measure_grounds", bytes(message.measure_grounds), stored.grounds
    yield "basis", (message.basis.label, message.basis.state), (stored.basis if stored.basis_state else "", stored.basis_state)
    yield "details", message.details, stored.details
    yield "validity", validity_of(message), validity_stored(stored)
    yield "rule_pack_sha256", message.rule_pack_sha256, stored.rule_pack_sha256.hex()
    yield ("translations", [item.document for item in message.residual if item.need == status_pb2.NEED_TRANSLATION],
           list(stored.translations))


def public_pairs(message, row, stored):
    label, _, host = row["key"].rpartition("@")
    yield "label and host", (message.label, message.host), (label, host)
    yield "version", message.version, row["public_version"]
    yield "decided_at", milliseconds(message, "decided_at"), row["decided_at"]
    yield "since", milliseconds(message, "since"), optional(stored, "public_since")
    yield "next_change_at", milliseconds(message, "next_change_at"), optional(stored, "public_next_change_at")
    yield "recognised_level", message.recognised_level, stored.recognised_level
    yield ("details", [message.registration_number, message.category, message.product, message.maker],
           [stored.details.registration_number, stored.details.category, stored.details.product, stored.details.maker])
    yield "validity", validity_of(message), validity_stored(stored)


def obligation_pairs(message, row, stored):
    yield "id", message.id, row["key"]
    yield "version", message.version, row["status_version"]
    yield "decided_at", milliseconds(message, "decided_at"), row["decided_at"]
    for field in ("kind", "subject", "arrangement", "towards", "provisional", "state", "late"):
        yield field, getattr(message, field), getattr(stored, field)
    yield "obliged", list(message.obliged), list(stored.obliged)
    yield "arose_on", message.arose_on, day(stored.arose_on)
    for field in ("due_on", "earliest_due_on", "discharged_on", "confirmed_on"):
        yield field, getattr(message, field), optional_day(stored, field)


PAIRS = {"status": status_pairs, "public": public_pairs, "obligations": obligation_pairs}


def differences(kind, message, row, decision):
    """What the message says otherwise than its row; kind: of the topic, decision: the row's, as store.v1.Decision."""
    stored = decision.obligation if kind == "obligations" else decision.status
    return [f"{what} is {said!r}, its row has {kept!r}" for what, said, kept in PAIRS[kind](message, row, stored)
            if said != kept]


def cause_of(message):
    cause = message.cause
    return cause.trigger, cause.topic, cause.partition, cause.offset, cause.event_id.replace("-", "")


def cause_stored(cause):
    return cause.trigger, cause.topic, cause.partition, cause.offset, cause.event_id.hex()
