#include "codec/event_reader.h"

#include <inttypes.h>

#include "codec/event_authority.h"
#include "codec/event_body.h"
#include "codec/store_ids.h"

/* What a Timestamp may be: the years 0001 to 9999. */
#define SECONDS_FIRST INT64_C(-62135596800)
#define SECONDS_LAST  INT64_C(253402300799)
#define NANOS_LAST    999999999

static bool is_uuid(kh_text id)
{
    char bytes[KH_UUID_BYTES];
    return kh_uuid_parse(id, bytes);
}

static void check_occurred_at(kh_check *check, const Google__Protobuf__Timestamp *occurred_at)
{
    const kh_place place = KH_PLACE(NULL, "occurred_at");
    if (occurred_at == NULL) {
        kh_check_fail(check, KH_REFUSAL_MISSING_FIELD, &place, "missing; state it");
        return;
    }
    if (occurred_at->seconds < SECONDS_FIRST || occurred_at->seconds > SECONDS_LAST || occurred_at->nanos < 0 ||
        occurred_at->nanos > NANOS_LAST) {
        kh_check_fail(check, KH_REFUSAL_INVALID_DATE, &place,
                      "%" PRId64 " seconds and %" PRId32
                      " nanos; a Timestamp lies in the years 0001 to 9999, with nanos "
                      "from 0 to 999999999",
                      occurred_at->seconds, occurred_at->nanos);
    }
}

static void check_head(kh_check *check, const kh_event_rules *rules, const kh_event *event)
{
    const kh_place id = KH_PLACE(NULL, "id");
    const kh_place participant = KH_PLACE(NULL, "participant");
    const kh_place subject = KH_PLACE(NULL, "subject");
    const kh_place revision = KH_PLACE(NULL, "revision");
    const kh_statement *statement = &event->statement;
    if (kh_check_given(check, &id, statement->event_id) && !is_uuid(statement->event_id)) {
        kh_check_fail_value(check, KH_REFUSAL_INVALID_ID, &id, statement->event_id,
                            "not a UUID in lower case; write it like 1b4e28ba-2fa1-11d2-883f-0016d3cca427");
    }
    if (kh_check_given(check, &participant, event->participant)) {
        kh_check_text(check, &participant, event->participant);
    }
    if (kh_check_given(check, &subject, event->subject)) {
        kh_check_subject(check, rules, event->subject, statement->body.kind);
    }
    if (statement->revision == 0) {
        kh_check_fail(check, KH_REFUSAL_INVALID_REVISION, &revision,
                      "0; count from 1, one more with each statement about this subject");
    }
}

/* Everything in the order of the codes is found by kh_check, whatever the order here. */
static kh_rc read_event(const kh_event_rules *rules, const kh_record *record, int32_t expected_partition,
                        const Kakehashi__V1__Event *message, kh_check *check, kh_event *event)
{
    kh_body_kind kind = (kh_body_kind)message->body_case;
    /* All members of the union are pointers to messages. */
    ProtobufCMessage *body = (ProtobufCMessage *)message->label_issued;
    const kh_place place = KH_PLACE(NULL, kh_body_name((uint32_t)kind));
    event->participant = kh_proto_text(message->participant);
    event->subject = kh_proto_text(message->subject);
    kh_statement *statement = &event->statement;
    statement->event_id = kh_proto_text(message->id);
    statement->revision = message->revision;
    kh_rc rc = kh_body_read(kind, body, check, &place, check->arena, &statement->body);
    if (rc != KH_OK) {
        return rc;
    }
    check_head(check, rules, event);
    check_occurred_at(check, message->occurred_at);
    kh_check_level(check, rules, event, &place);
    kh_check_origin(check, rules, event, &place);
    kh_check_record(check, rules, record, expected_partition, event);
    if (check->refusal.code == KH_REFUSAL_NONE) {
        kh_check_authority(check, rules, event, &place);
    }
    if (check->refusal.code != KH_REFUSAL_NONE) {
        return KH_E_REFUSED;
    }
    statement->occurred_seconds = message->occurred_at->seconds;
    statement->occurred_nanos = message->occurred_at->nanos;
    kh_proto_drop_unknown(body);
    return kh_proto_pack(body, check->arena, &statement->bytes);
}

kh_rc kh_event_read(const kh_event_rules *rules, const kh_record *record, int32_t expected_partition, kh_arena *arena,
                    kh_event *out, kh_refusal *refusal)
{
    kh_check check = {.arena = arena};
    const kh_place value = KH_PLACE(NULL, "the record's value");
    ProtobufCMessage *message = NULL;
    kh_event event = {0};
    kh_rc rc = KH_E_REFUSED;
    if (record->has_value && record->value.length > rules->max_bytes) {
        kh_check_fail(&check, KH_REFUSAL_TOO_LARGE, &value, "%zu bytes; at most %zu are taken", record->value.length,
                      rules->max_bytes);
        goto out;
    }
    if (!record->has_value || record->value.length == 0) {
        kh_check_fail(&check, KH_REFUSAL_NO_BODY, &value, "empty; send an Event");
        goto out;
    }
    rc = kh_proto_unpack(&kakehashi__v1__event__descriptor, record->value, arena, &message);
    if (rc == KH_E_REFUSED) {
        kh_check_fail(&check, KH_REFUSAL_UNDECODABLE, &value,
                      "%zu bytes that are not protobuf of kakehashi.v1.Event; send it as the schema says",
                      record->value.length);
    }
    if (rc != KH_OK) {
        goto out;
    }
    const Kakehashi__V1__Event *decoded = (const Kakehashi__V1__Event *)message;
    if (kh_body_descriptor((uint32_t)decoded->body_case) == NULL) {
        const kh_place body = KH_PLACE(NULL, "body");
        kh_check_fail(&check, KH_REFUSAL_NO_BODY, &body, "none that this version knows; state one");
        rc = KH_E_REFUSED;
        goto out;
    }
    rc = read_event(rules, record, expected_partition, decoded, &check, &event);
out:
    if (rc == KH_E_REFUSED && check.failed) {
        rc = KH_E_MEMORY;
    }
    if (rc == KH_E_REFUSED) {
        *refusal = check.refusal;
    } else if (rc == KH_OK) {
        *out = event;
    }
    return rc;
}
