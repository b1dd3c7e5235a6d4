#include "codec/event_check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "codec/quote.h"

#define TEXT_LIMIT   512
#define REMARK_LIMIT 4096
#define ID_LIMIT     64
#define MEND_SIZE    512 /* what is wrong and how to mend it, in words of ours */

static bool is_wanted(const kh_check *check, kh_refusal_code code)
{
    return check->refusal.code == KH_REFUSAL_NONE || code < check->refusal.code;
}

static void add_place(kh_text_buffer *out, const kh_place *place)
{
    if (place->within != NULL) {
        add_place(out, place->within);
        kh_text_buffer_add_byte(out, '.');
    }
    kh_text_buffer_add_string(out, place->name);
    if (place->index >= 0) {
        char index[24];
        snprintf(index, sizeof index, "[%" PRId64 "]", place->index);
        kh_text_buffer_add_string(out, index);
    }
}

/* The detail: where, the value if it may be shown, what is wrong and how to mend it. */
static void note(kh_check *check, kh_refusal_code code, const kh_place *place, const kh_text *value, const char *text)
{
    kh_text_buffer detail;
    kh_text_buffer_init(&detail, check->arena, 256);
    add_place(&detail, place);
    if (value != NULL) {
        kh_text quoted = kh_text_quote(check->arena, *value);
        check->failed = check->failed || quoted.length == 0;
        kh_text_buffer_add_string(&detail, " is ");
        kh_text_buffer_add(&detail, quoted);
    }
    kh_text_buffer_add_string(&detail, ": ");
    kh_text_buffer_add_string(&detail, text);
    check->refusal.code = code;
    check->failed = kh_text_buffer_finish(&detail, &check->refusal.detail) != KH_OK || check->failed;
}

void kh_check_fail(kh_check *check, kh_refusal_code code, const kh_place *place, const char *format, ...)
{
    if (is_wanted(check, code)) {
        char text[MEND_SIZE];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        note(check, code, place, NULL, text);
    }
}

void kh_check_fail_value(kh_check *check, kh_refusal_code code, const kh_place *place, kh_text value,
                         const char *format, ...)
{
    if (is_wanted(check, code)) {
        char text[MEND_SIZE];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        note(check, code, place, &value, text);
    }
}

bool kh_check_given(kh_check *check, const kh_place *place, kh_text text)
{
    if (text.length == 0) {
        kh_check_fail(check, KH_REFUSAL_MISSING_FIELD, place, "missing or empty; state it");
        return false;
    }
    return true;
}

/* What is wrong with a text; NULL if nothing is. */
static const char *text_defect(kh_text text, bool is_remark)
{
    if (text.length > (is_remark ? REMARK_LIMIT : TEXT_LIMIT)) {
        return is_remark ? "longer than 4,096 bytes; shorten it" : "longer than 512 bytes; shorten it";
    }
    size_t at = 0;
    while (at < text.length) {
        unsigned char byte = (unsigned char)text.data[at];
        if (byte >= 0x20 && byte < 0x7f) {
            at++;
            continue;
        }
        uint32_t character = 0;
        size_t length = kh_utf8_next((kh_text){text.data + at, text.length - at}, &character);
        if (length == 0) {
            return "not UTF-8; encode it as UTF-8";
        }
        bool allowed = is_remark && (character == '\n' || character == '\t');
        if (kh_is_control(character) && !allowed) {
            return is_remark ? "has a control character other than line feed and tab; remove it"
                             : "has a control character; remove it";
        }
        at += length;
    }
    return NULL;
}

void kh_check_text(kh_check *check, const kh_place *place, kh_text text)
{
    const char *defect = text_defect(text, false);
    if (defect != NULL) {
        kh_check_fail_value(check, KH_REFUSAL_INVALID_TEXT, place, text, "%s", defect);
    }
}

void kh_check_remark(kh_check *check, const kh_place *place, kh_text text)
{
    const char *defect = text_defect(text, true);
    if (defect != NULL) {
        kh_check_fail(check, KH_REFUSAL_INVALID_TEXT, place, "%s", defect);
    }
}

void kh_check_date(kh_check *check, const kh_place *place, kh_text text, kh_day *out)
{
    if (kh_check_given(check, place, text) && !kh_day_parse(text, out)) {
        kh_check_fail_value(check, KH_REFUSAL_INVALID_DATE, place, text,
                            "not a date of the years 1970 to 9998; write it like 2026-06-01");
    }
}

bool kh_label_id_is_valid(kh_text id)
{
    if (id.length == 0 || id.length > ID_LIMIT) {
        return false;
    }
    for (size_t i = 0; i < id.length; i++) {
        char c = id.data[i];
        if (c <= ' ' || c > '~' || c == '@' || c == '|') {
            return false;
        }
    }
    return true;
}
