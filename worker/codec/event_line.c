#include "codec/event_line.h"

#include "codec/json.h"
#include "codec/json_scan.h"
#include "codec/proto.h"
#include "codec/quote.h"
#include "kakehashi/v1/event.pb-c.h"

/* What a line's members are; NULL: absent or null. */
typedef struct line_members {
    const json_t *topic;
    const json_t *timestamp;
    const json_t *event;
    kh_text unknown;
    bool has_unknown;
} line_members;

static kh_text string_text(const json_t *value)
{
    return (kh_text){json_string_value(value), json_string_length(value)};
}

static void collect(json_t *line, line_members *out)
{
    const char *key = NULL;
    size_t length = 0;
    json_t *value = NULL;
    *out = (line_members){0};
    json_object_keylen_foreach(line, key, length, value)
    {
        kh_text name = {key, length};
        const json_t *given = json_is_null(value) ? NULL : value;
        if (kh_text_equal(name, KH_TEXT("topic"))) {
            out->topic = given;
        } else if (kh_text_equal(name, KH_TEXT("timestamp"))) {
            out->timestamp = given;
        } else if (kh_text_equal(name, KH_TEXT("event"))) {
            out->event = given;
        } else {
            out->unknown = name;
            out->has_unknown = true;
        }
    }
}

/* The record's key is the event's subject, whatever else is wrong with the event. */
static kh_rc read_key(const json_t *event, kh_arena *arena, kh_record *record)
{
    const json_t *subject = json_object_get(event, "subject");
    if (!json_is_string(subject)) {
        return KH_OK;
    }
    record->has_key = true;
    return kh_arena_copy_text(arena, string_text(subject), &record->key);
}

static kh_rc refuse(kh_arena *arena, const char *text, kh_text *problem)
{
    *problem = kh_arena_print(arena, "%s", text);
    return problem->length == 0 ? KH_E_MEMORY : KH_E_REFUSED;
}

static kh_rc read_members(const line_members *members, kh_arena *arena, kh_record *record, bool *has_timestamp,
                          kh_text *problem)
{
    kh_rc rc = KH_OK;
    kh_instant timestamp = 0;
    if (json_is_string(members->timestamp) && kh_instant_parse(string_text(members->timestamp), &timestamp)) {
        *has_timestamp = true;
        record->timestamp = timestamp;
    }
    if (json_is_string(members->topic)) {
        rc = kh_arena_copy_text(arena, string_text(members->topic), &record->topic);
    }
    if (rc != KH_OK) {
        return rc;
    }
    if (members->has_unknown) {
        kh_text name = kh_text_quote(arena, members->unknown);
        *problem = kh_arena_print(arena, "a line has no %.*s: it has topic, timestamp and event; remove it",
                                  KH_TEXT_ARGS(name));
        return problem->length == 0 || name.length == 0 ? KH_E_MEMORY : KH_E_REFUSED;
    }
    if (!*has_timestamp) {
        return refuse(arena, "timestamp: missing or not an instant of RFC 3339; write it like 2026-06-02T01:00:00Z",
                      problem);
    }
    if (members->topic != NULL && !json_is_string(members->topic)) {
        return refuse(arena, "topic: not a string; write the source topic's name", problem);
    }
    if (members->event == NULL) {
        return KH_OK;
    }
    rc = read_key(members->event, arena, record);
    if (rc == KH_OK) {
        rc = kh_json_read_value(&kakehashi__v1__event__descriptor, members->event, "event", arena, &record->value,
                                problem);
    }
    record->has_value = rc == KH_OK;
    return rc;
}

static void scan_timestamp(kh_text line, kh_record *record, bool *has_timestamp)
{
    kh_text text = KH_TEXT("");
    kh_instant timestamp = 0;
    if (kh_json_scan_string(line, KH_TEXT("timestamp"), &text) && kh_instant_parse(text, &timestamp)) {
        *has_timestamp = true;
        record->timestamp = timestamp;
    }
}

kh_rc kh_event_line_read(kh_text line, size_t max_bytes, kh_arena *arena, kh_record *record, bool *has_timestamp,
                         kh_refusal *refusal)
{
    json_t *value = NULL;
    kh_text problem = KH_TEXT("");
    kh_rc rc = KH_E_REFUSED;
    kh_refusal_code code = KH_REFUSAL_UNDECODABLE;
    *record = (kh_record){.topic = KH_TEXT(""), .timestamp = KH_INSTANT_NONE, .key = KH_TEXT(""), .value = KH_TEXT("")};
    *has_timestamp = false;
    if (line.length > max_bytes) {
        scan_timestamp(line, record, has_timestamp);
        code = KH_REFUSAL_TOO_LARGE;
        problem = kh_arena_print(arena, "the line: %zu bytes; at most %zu are taken", line.length, max_bytes);
        rc = problem.length == 0 ? KH_E_MEMORY : KH_E_REFUSED;
        goto out;
    }
    rc = kh_json_load(line, arena, &value, &problem);
    if (rc != KH_OK) {
        scan_timestamp(line, record, has_timestamp);
        goto out;
    }
    if (!json_is_object(value)) {
        rc = refuse(arena, "the line: not a JSON object; write {\"topic\":..., \"timestamp\":..., \"event\":{...}}",
                    &problem);
        goto out;
    }
    line_members members;
    collect(value, &members);
    rc = read_members(&members, arena, record, has_timestamp, &problem);
out:
    json_decref(value);
    if (rc == KH_E_REFUSED) {
        *refusal = (kh_refusal){code, problem};
    }
    return rc;
}

static kh_rc write_event(kh_text bytes, kh_arena *arena, kh_text_buffer *out)
{
    ProtobufCMessage *message = NULL;
    kh_rc rc = kh_proto_unpack(&kakehashi__v1__event__descriptor, bytes, arena, &message);
    return rc == KH_OK ? kh_json_write(message, out) : rc;
}

kh_rc kh_event_json(kh_text bytes, kh_arena *arena, kh_text *out)
{
    kh_text_buffer buffer;
    kh_text_buffer_init(&buffer, arena, 1024);
    kh_rc rc = write_event(bytes, arena, &buffer);
    return rc == KH_OK ? kh_text_buffer_finish(&buffer, out) : rc;
}

kh_rc kh_event_line_print(const kh_record *record, kh_arena *arena, kh_text *out)
{
    kh_rc rc = KH_OK;
    kh_text_buffer buffer;
    kh_text_buffer_init(&buffer, arena, 1024);
    kh_text_buffer_add_string(&buffer, "{\"topic\":");
    if (!kh_json_write_text(record->topic, &buffer)) {
        return KH_E_REFUSED;
    }
    if (record->timestamp != KH_INSTANT_NONE) {
        char instant[KH_INSTANT_SIZE];
        kh_instant_print(record->timestamp, instant);
        kh_text_buffer_add_string(&buffer, ",\"timestamp\":\"");
        kh_text_buffer_add_string(&buffer, instant);
        kh_text_buffer_add_byte(&buffer, '"');
    }
    if (record->has_value) {
        kh_text_buffer_add_string(&buffer, ",\"event\":");
        rc = write_event(record->value, arena, &buffer);
    }
    kh_text_buffer_add_byte(&buffer, '}');
    return rc == KH_OK ? kh_text_buffer_finish(&buffer, out) : rc;
}
