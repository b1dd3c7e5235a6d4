#include "codec/json.h"

#include <inttypes.h>
#include <stdio.h>

#include "codec/proto.h"
#include "codec/quote.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "kakehashi/date.h"

#define SECONDS_FIRST INT64_C(-62135596800)
#define SECONDS_LAST  INT64_C(253402300799)

bool kh_json_is_timestamp(const ProtobufCMessageDescriptor *descriptor)
{
    return descriptor == &google__protobuf__timestamp__descriptor;
}

void kh_json_name(const char *name, char *out)
{
    size_t length = 0;
    bool upper = false;
    for (; *name != '\0' && length < 63; name++) {
        if (*name == '_') {
            upper = true;
            continue;
        }
        bool is_lower = *name >= 'a' && *name <= 'z';
        out[length++] = upper && is_lower ? (char)(*name - 'a' + 'A') : *name;
        upper = false;
    }
    out[length] = '\0';
}

static void add_escape(uint32_t character, kh_text_buffer *out)
{
    static const char named[] = "\b\t\n\f\r\"\\";
    static const char letters[] = "btnfr\"\\";
    const char *found = character == 0 ? NULL : memchr(named, (int)character, sizeof named - 1);
    char text[8];
    if (found != NULL) {
        snprintf(text, sizeof text, "\\%c", letters[found - named]);
    } else {
        snprintf(text, sizeof text, "\\u%04x", (unsigned)character & 0xffff);
    }
    kh_text_buffer_add_string(out, text);
}

bool kh_json_write_text(kh_text text, kh_text_buffer *out)
{
    kh_text_buffer_add_byte(out, '"');
    size_t begin = 0;
    size_t at = 0;
    while (at < text.length) {
        uint32_t character = 0;
        size_t length = kh_utf8_next((kh_text){text.data + at, text.length - at}, &character);
        if (length == 0) {
            return false;
        }
        if (character < 0x20 || character == '"' || character == '\\') {
            kh_text_buffer_add(out, (kh_text){text.data + begin, at - begin});
            add_escape(character, out);
            begin = at + length;
        }
        at += length;
    }
    if (at > begin) {
        kh_text_buffer_add(out, (kh_text){text.data + begin, at - begin});
    }
    kh_text_buffer_add_byte(out, '"');
    return true;
}

/* "2026-06-02T01:00:00.000000001Z", with 0, 3, 6 or 9 decimals. */
static kh_rc write_timestamp(const Google__Protobuf__Timestamp *timestamp, kh_text_buffer *out)
{
    int32_t nanos = timestamp->nanos;
    if (timestamp->seconds < SECONDS_FIRST || timestamp->seconds > SECONDS_LAST || nanos < 0 || nanos > 999999999) {
        return KH_E_REFUSED;
    }
    char text[KH_INSTANT_SIZE + 16];
    size_t length = kh_instant_print(timestamp->seconds * 1000, text) - 1;
    if (nanos % 1000000 == 0 && nanos != 0) {
        snprintf(text + length, sizeof text - length, ".%03" PRId32, nanos / 1000000);
    } else if (nanos % 1000 == 0 && nanos != 0) {
        snprintf(text + length, sizeof text - length, ".%06" PRId32, nanos / 1000);
    } else if (nanos != 0) {
        snprintf(text + length, sizeof text - length, ".%09" PRId32, nanos);
    } else {
        text[length] = '\0';
    }
    kh_text_buffer_add_byte(out, '"');
    kh_text_buffer_add_string(out, text);
    kh_text_buffer_add_string(out, "Z\"");
    return KH_OK;
}

static void write_base64(kh_text bytes, kh_text_buffer *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    kh_text_buffer_add_byte(out, '"');
    for (size_t i = 0; i < bytes.length; i += 3) {
        size_t left = bytes.length - i;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++) {
            group = group << 8 | (k < left ? (unsigned char)bytes.data[i + k] : 0);
        }
        const char text[] = {digits[group >> 18 & 63], digits[group >> 12 & 63],
                             left > 1 ? digits[group >> 6 & 63] : '=', left > 2 ? digits[group & 63] : '='};
        kh_text_buffer_add(out, (kh_text){text, sizeof text});
    }
    kh_text_buffer_add_byte(out, '"');
}

static void write_enum(const ProtobufCEnumDescriptor *descriptor, int value, kh_text_buffer *out)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);
    char number[16];
    if (known != NULL) {
        kh_text_buffer_add_byte(out, '"');
        kh_text_buffer_add_string(out, known->name);
        kh_text_buffer_add_byte(out, '"');
    } else {
        snprintf(number, sizeof number, "%d", value);
        kh_text_buffer_add_string(out, number);
    }
}

/* One value; `at` points to where a singular field of that type would stand. */
static kh_rc write_value(const ProtobufCFieldDescriptor *field, const void *at, kh_text_buffer *out)
{
    char number[32];
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
        snprintf(number, sizeof number, "%" PRId32, *(const int32_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
        snprintf(number, sizeof number, "%" PRIu32, *(const uint32_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
        snprintf(number, sizeof number, "\"%" PRId64 "\"", *(const int64_t *)at);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        snprintf(number, sizeof number, "%s", *(const protobuf_c_boolean *)at ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(field->descriptor, *(const int *)at, out);
        return KH_OK;
    case PROTOBUF_C_TYPE_STRING:
        return kh_json_write_text(kh_proto_text(*(char *const *)at), out) ? KH_OK : KH_E_REFUSED;
    case PROTOBUF_C_TYPE_BYTES:
        write_base64(kh_proto_bytes(*(const ProtobufCBinaryData *)at), out);
        return KH_OK;
    case PROTOBUF_C_TYPE_MESSAGE:
        return kh_json_write(*(ProtobufCMessage *const *)at, out);
    default:
        return KH_E_INTERNAL; /* no message of ours has such a field */
    }
    kh_text_buffer_add_string(out, number);
    return KH_OK;
}

static size_t value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
        return sizeof(int64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return sizeof(int32_t);
    }
}

static kh_rc write_repeated(const ProtobufCFieldDescriptor *field, const char *values, size_t count,
                            kh_text_buffer *out)
{
    kh_rc rc = KH_OK;
    kh_text_buffer_add_byte(out, '[');
    for (size_t i = 0; i < count && rc == KH_OK; i++) {
        if (i > 0) {
            kh_text_buffer_add_byte(out, ',');
        }
        rc = write_value(field, values + i * value_size(field->type), out);
    }
    kh_text_buffer_add_byte(out, ']');
    return rc;
}

/* Whether a singular field is to be printed: it has presence and is there, or is not its default. */
static bool is_set(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
    static const char zeros[sizeof(int64_t)] = {0};
    const void *at = kh_proto_member(message, field->offset);
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        return *(const uint32_t *)kh_proto_member(message, field->quantifier_offset) == field->id;
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return kh_proto_text(*(char *const *)at).length > 0;
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)at)->len > 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(ProtobufCMessage *const *)at != NULL;
    default:
        return memcmp(at, zeros, value_size(field->type)) != 0;
    }
}

kh_rc kh_json_write(const ProtobufCMessage *message, kh_text_buffer *out)
{
    if (kh_json_is_timestamp(message->descriptor)) {
        return write_timestamp((const Google__Protobuf__Timestamp *)message, out);
    }
    kh_rc rc = KH_OK;
    bool first = true;
    kh_text_buffer_add_byte(out, '{');
    for (unsigned i = 0; i < message->descriptor->n_fields && rc == KH_OK; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const void *at = kh_proto_member(message, field->offset);
        bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
        size_t count = repeated ? *(const size_t *)kh_proto_member(message, field->quantifier_offset) : 0;
        if (repeated ? count == 0 : !is_set(field, message)) {
            continue;
        }
        char name[64];
        kh_json_name(field->name, name);
        kh_text_buffer_add_string(out, first ? "\"" : ",\"");
        kh_text_buffer_add_string(out, name);
        kh_text_buffer_add_string(out, "\":");
        first = false;
        rc = repeated ? write_repeated(field, *(const char *const *)at, count, out) : write_value(field, at, out);
    }
    kh_text_buffer_add_byte(out, '}');
    return rc;
}
