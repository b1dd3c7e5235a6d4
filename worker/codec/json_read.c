#include "codec/json.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "codec/event_check.h"
#include "codec/proto.h"
#include "codec/quote.h"
#include "codec/wire.h"
#include "kakehashi/date.h"

#define FIELDS_LIMIT 64

/* `check` says where and what; its code is always UNDECODABLE. */
typedef struct json_reader {
    kh_check check;
    kh_wire wire;
} json_reader;

static bool read_message(json_reader *reader, const ProtobufCMessageDescriptor *descriptor, const json_t *value,
                         const kh_place *place);

static kh_text string_text(const json_t *value)
{
    return (kh_text){json_string_value(value), json_string_length(value)};
}

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_NULL:
        return "null";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    default:
        return "a number";
    }
}

static bool fail_type(json_reader *reader, const kh_place *place, const json_t *value, const char *wanted)
{
    kh_check_fail(&reader->check, KH_REFUSAL_UNDECODABLE, place, "%s; write %s", type_name(value), wanted);
    return false;
}

/* "-12" in full; no blanks, sign "+", fraction or exponent. */
static bool parse_integer(kh_text text, int64_t *out)
{
    char digits[24];
    if (text.length == 0 || text.length >= sizeof digits) {
        return false;
    }
    memcpy(digits, text.data, text.length);
    digits[text.length] = '\0';
    const char *first = digits + (digits[0] == '-' ? 1 : 0);
    if (*first == '\0' || strspn(first, "0123456789") != strlen(first)) {
        return false;
    }
    errno = 0;
    *out = strtoll(digits, NULL, 10);
    return errno == 0;
}

/* An integer in any of the forms that proto3 takes: 12, "12", 12.0, 1.2e1. */
static bool read_integer(json_reader *reader, const kh_place *place, const json_t *value, int64_t first, int64_t last,
                         int64_t *out)
{
    bool found = false;
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        found = true;
    } else if (json_is_real(value)) {
        double number = json_real_value(value);
        found = number >= -9223372036854775808.0 && number < 9223372036854775808.0 && number == floor(number);
        *out = found ? (int64_t)number : 0;
    } else if (json_is_string(value)) {
        found = parse_integer(string_text(value), out);
    } else {
        return fail_type(reader, place, value, "a whole number");
    }
    if (!found || *out < first || *out > last) {
        kh_check_fail(&reader->check, KH_REFUSAL_UNDECODABLE, place,
                      "not a whole number from %" PRId64 " to %" PRId64 "; write one", first, last);
        return false;
    }
    return true;
}

static bool read_enum(json_reader *reader, const ProtobufCEnumDescriptor *descriptor, const kh_place *place,
                      const json_t *value, int64_t *out)
{
    if (!json_is_string(value)) {
        return read_integer(reader, place, value, INT32_MIN, INT32_MAX, out);
    }
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        if (kh_text_equal(string_text(value), kh_text_of(descriptor->values[i].name))) {
            *out = descriptor->values[i].value;
            return true;
        }
    }
    /* A number in quotes: other implementations take it too. */
    if (parse_integer(string_text(value), out) && *out >= INT32_MIN && *out <= INT32_MAX) {
        return true;
    }
    kh_check_fail_value(&reader->check, KH_REFUSAL_UNDECODABLE, place, string_text(value),
                        "no name of the enum %s; write one of its names", descriptor->short_name);
    return false;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : (c == '/' || c == '_' ? 63 : -1);
}

/* Both alphabets, with or without padding. */
static bool read_base64(json_reader *reader, const kh_place *place, kh_text text, kh_text *out)
{
    size_t length = text.length;
    while (length > 0 && text.length - length < 2 && text.data[length - 1] == '=') {
        length--;
    }
    char *bytes = kh_arena_allocate_raw(reader->check.arena, length);
    bool valid = length % 4 != 1 && (text.length == length || text.length % 4 == 0);
    uint32_t group = 0;
    size_t size = 0;
    for (size_t i = 0; i < length && valid && bytes != NULL; i++) {
        int digit = base64_digit(text.data[i]);
        valid = digit >= 0;
        group = (group << 6 | (uint32_t)(digit & 63)) & 0xffffff;
        if (i % 4 != 0) {
            bytes[size++] = (char)(group >> (6 - 2 * (i % 4)) & 0xff);
        }
    }
    if (bytes == NULL) {
        reader->check.failed = true;
        return false;
    }
    if (!valid) {
        kh_check_fail(&reader->check, KH_REFUSAL_UNDECODABLE, place, "not base64; write the bytes as base64");
        return false;
    }
    *out = (kh_text){bytes, size};
    return true;
}

/* Takes the decimals out of "...T01:00:00.123456789Z", for kh_instant_parse. */
static bool split_nanos(kh_text text, char *without, int32_t *nanos)
{
    size_t at = 19;
    int digits = 0;
    *nanos = 0;
    if (text.length > at && text.data[at] == '.') {
        for (at++; at < text.length && text.data[at] >= '0' && text.data[at] <= '9'; at++) {
            if (++digits > 9) {
                return false;
            }
            *nanos = *nanos * 10 + (text.data[at] - '0');
        }
        if (digits == 0) {
            return false;
        }
    }
    for (; digits > 0 && digits < 9; digits++) {
        *nanos *= 10;
    }
    memcpy(without, text.data, 19);
    memcpy(without + 19, text.data + at, text.length - at);
    without[19 + text.length - at] = '\0';
    return true;
}

static bool read_timestamp(json_reader *reader, const json_t *value, const kh_place *place)
{
    if (!json_is_string(value)) {
        return fail_type(reader, place, value, "an instant as a string like \"2026-06-02T01:00:00Z\"");
    }
    kh_text text = string_text(value);
    char without[64];
    int32_t nanos = 0;
    kh_instant instant = 0;
    bool valid = text.length >= 20 && text.length < sizeof without && split_nanos(text, without, &nanos) &&
                 kh_instant_parse(kh_text_of(without), &instant);
    if (!valid) {
        kh_check_fail_value(&reader->check, KH_REFUSAL_UNDECODABLE, place, text,
                            "not an instant of RFC 3339; write it like 2026-06-02T01:00:00Z");
        return false;
    }
    kh_wire_uint(&reader->wire, 2, (uint64_t)nanos);
    kh_wire_uint(&reader->wire, 1, (uint64_t)(instant / 1000));
    return true;
}

/* A number's varint. */
static bool read_varint(json_reader *reader, const ProtobufCFieldDescriptor *field, const json_t *value,
                        const kh_place *place, uint64_t *out)
{
    int64_t number = 0;
    bool valid = true;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
        valid = read_integer(reader, place, value, INT32_MIN, INT32_MAX, &number);
        break;
    case PROTOBUF_C_TYPE_UINT32:
        valid = read_integer(reader, place, value, 0, UINT32_MAX, &number);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
        valid = read_integer(reader, place, value, INT64_MIN, INT64_MAX, &number);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        valid = read_enum(reader, field->descriptor, place, value, &number);
        break;
    default:
        assert(field->type == PROTOBUF_C_TYPE_BOOL); /* no message of ours has any other */
        number = json_is_true(value) ? 1 : 0;
        valid = json_is_boolean(value) || fail_type(reader, place, value, "true or false");
    }
    bool zigzag = field->type == PROTOBUF_C_TYPE_SINT32 || field->type == PROTOBUF_C_TYPE_SINT64;
    *out = zigzag ? kh_wire_zigzag(number) : (uint64_t)number;
    return valid;
}

/* One value as a field of its own. An element is written even if it is the default. */
static bool read_value(json_reader *reader, const ProtobufCFieldDescriptor *field, const json_t *value, bool is_element,
                       const kh_place *place)
{
    bool keeps_default = is_element || (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        size_t mark = kh_wire_mark(&reader->wire);
        bool valid = read_message(reader, field->descriptor, value, place);
        kh_wire_message(&reader->wire, field->id, mark);
        return valid;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES) {
        if (!json_is_string(value)) {
            return fail_type(reader, place, value, "a string");
        }
        kh_text text = string_text(value);
        if (field->type == PROTOBUF_C_TYPE_BYTES && !read_base64(reader, place, text, &text)) {
            return false;
        }
        if (keeps_default || text.length > 0) {
            kh_wire_element(&reader->wire, field->id, text);
        }
        return true;
    }
    uint64_t number = 0;
    if (!read_varint(reader, field, value, place, &number)) {
        return false;
    }
    if (keeps_default || number != 0) {
        kh_wire_present(&reader->wire, field->id, number);
    }
    return true;
}

static bool read_packed(json_reader *reader, const ProtobufCFieldDescriptor *field, const json_t *value,
                        const kh_place *place)
{
    size_t mark = kh_wire_mark(&reader->wire);
    for (size_t i = json_array_size(value); i-- > 0;) {
        const kh_place element = {place->within, place->name, (int64_t)i};
        uint64_t number = 0;
        if (!read_varint(reader, field, json_array_get(value, i), &element, &number)) {
            return false;
        }
        kh_wire_varint(&reader->wire, number);
    }
    if (json_array_size(value) > 0) {
        kh_wire_message(&reader->wire, field->id, mark);
    }
    return true;
}

static bool read_repeated(json_reader *reader, const ProtobufCFieldDescriptor *field, const json_t *value,
                          const kh_place *place)
{
    if (!json_is_array(value)) {
        return fail_type(reader, place, value, "an array");
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0) {
        return read_packed(reader, field, value, place);
    }
    for (size_t i = json_array_size(value); i-- > 0;) {
        const kh_place element = {place->within, place->name, (int64_t)i};
        if (!read_value(reader, field, json_array_get(value, i), true, &element)) {
            return false;
        }
    }
    return true;
}

/* The field that a member names, in either spelling; below 0 if there is none. */
static int find_field(const ProtobufCMessageDescriptor *descriptor, kh_text name)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        char json_name[64];
        kh_json_name(descriptor->fields[i].name, json_name);
        if (kh_text_equal(name, kh_text_of(json_name)) || kh_text_equal(name, kh_text_of(descriptor->fields[i].name))) {
            return (int)i;
        }
    }
    return -1;
}

static bool same_oneof(const ProtobufCFieldDescriptor *a, const ProtobufCFieldDescriptor *b)
{
    return (a->flags & b->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && a->quantifier_offset == b->quantifier_offset;
}

/* Sorts an object's members by field; null is absent. */
static bool collect(json_reader *reader, const ProtobufCMessageDescriptor *descriptor, const json_t *value,
                    const kh_place *place, const json_t **values)
{
    const char *key = NULL;
    size_t key_length = 0;
    json_t *member = NULL;
    bool given[FIELDS_LIMIT] = {false};
    json_object_keylen_foreach((json_t *)(uintptr_t)value, key, key_length, member)
    {
        kh_text name = {key, key_length};
        int index = find_field(descriptor, name);
        if (index < 0) {
            kh_check_fail(&reader->check, KH_REFUSAL_UNDECODABLE, place, "%s has no field %.*s; remove or rename it",
                          descriptor->short_name, KH_TEXT_ARGS(kh_text_quote(reader->check.arena, name)));
            return false;
        }
        if (given[index]) {
            kh_check_fail(&reader->check, KH_REFUSAL_UNDECODABLE, place, "%s is given in both spellings; write it once",
                          descriptor->fields[index].name);
            return false;
        }
        given[index] = true;
        values[index] = json_is_null(member) ? NULL : member;
    }
    const ProtobufCFieldDescriptor *chosen = NULL;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (values[i] != NULL && chosen != NULL && same_oneof(chosen, field)) {
            kh_check_fail(&reader->check, KH_REFUSAL_UNDECODABLE, place,
                          "both %s and %s; only one of them can be stated", chosen->name, field->name);
            return false;
        }
        chosen = values[i] != NULL && (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 ? field : chosen;
    }
    return true;
}

static bool read_message(json_reader *reader, const ProtobufCMessageDescriptor *descriptor, const json_t *value,
                         const kh_place *place)
{
    const json_t *values[FIELDS_LIMIT] = {NULL};
    assert(descriptor->n_fields <= FIELDS_LIMIT);
    if (kh_json_is_timestamp(descriptor)) {
        return read_timestamp(reader, value, place);
    }
    if (!json_is_object(value)) {
        return fail_type(reader, place, value, "an object");
    }
    if (!collect(reader, descriptor, value, place, values)) {
        return false;
    }
    for (unsigned i = descriptor->n_fields; i-- > 0;) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (values[i] == NULL) {
            continue;
        }
        char name[64];
        kh_json_name(field->name, name);
        const kh_place at = KH_PLACE(place, name);
        bool valid = field->label == PROTOBUF_C_LABEL_REPEATED ? read_repeated(reader, field, values[i], &at)
                                                               : read_value(reader, field, values[i], false, &at);
        if (!valid) {
            return false;
        }
    }
    return true;
}

kh_rc kh_json_read_value(const ProtobufCMessageDescriptor *descriptor, const json_t *value, const char *path,
                         kh_arena *arena, kh_text *out, kh_text *problem)
{
    json_reader reader = {.check = {.arena = arena}};
    const kh_place place = KH_PLACE(NULL, path);
    kh_wire_init(&reader.wire, arena, 512);
    bool valid = read_message(&reader, descriptor, value, &place);
    if (reader.check.failed) {
        return KH_E_MEMORY;
    }
    if (!valid) {
        *problem = reader.check.refusal.detail;
        return KH_E_REFUSED;
    }
    return kh_wire_finish(&reader.wire, out);
}

kh_rc kh_json_load(kh_text json, kh_arena *arena, json_t **out, kh_text *problem)
{
    json_error_t error = {0};
    *out = json_loadb(json.data == NULL ? "" : json.data, json.length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (*out != NULL) {
        return KH_OK;
    }
    /* Out of memory, jansson mostly says nothing at all. */
    if (error.text[0] == '\0' || json_error_code(&error) == json_error_out_of_memory) {
        return KH_E_MEMORY;
    }
    kh_text what = kh_text_quote(arena, kh_text_of(error.text));
    *problem = kh_arena_print(arena, "not JSON at byte %d: %.*s; mend it there", error.position, KH_TEXT_ARGS(what));
    return what.length == 0 || problem->length == 0 ? KH_E_MEMORY : KH_E_REFUSED;
}

kh_rc kh_json_read(const ProtobufCMessageDescriptor *descriptor, kh_text json, kh_arena *arena, kh_text *out,
                   kh_text *problem)
{
    json_t *value = NULL;
    kh_rc rc = kh_json_load(json, arena, &value, problem);
    if (rc == KH_OK) {
        rc = kh_json_read_value(descriptor, value, descriptor->short_name, arena, out, problem);
    }
    json_decref(value);
    return rc;
}
