#include "codec/quote.h"

#include <stdio.h>

#define QUOTE_LIMIT 64

static size_t sequence_length(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return 2;
    }
    if (first >= 0xe0 && first <= 0xef) {
        return 3;
    }
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t kh_utf8_next(kh_text text, uint32_t *out)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (text.length == 0) {
        return 0;
    }
    const unsigned char *bytes = (const unsigned char *)text.data;
    size_t length = sequence_length(bytes[0]);
    if (length == 0 || length > text.length) {
        return 0;
    }
    uint32_t character = length == 1 ? bytes[0] : (uint32_t)(bytes[0] & (0x7f >> length));
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        character = character << 6 | (bytes[i] & 0x3f);
    }
    bool surrogate = character >= 0xd800 && character <= 0xdfff;
    if (surrogate || character > 0x10ffff || character < smallest[length]) {
        return 0;
    }
    *out = character;
    return length;
}

kh_text kh_text_quote(kh_arena *arena, kh_text text)
{
    kh_text_buffer out;
    kh_text_buffer_init(&out, arena, QUOTE_LIMIT * 2);
    kh_text_buffer_add_byte(&out, '"');
    size_t at = 0;
    while (at < text.length && at < QUOTE_LIMIT) {
        uint32_t character = 0;
        kh_text rest = {text.data + at, text.length - at};
        size_t length = kh_utf8_next(rest, &character);
        char escape[8];
        if (length == 0) {
            length = 1;
            snprintf(escape, sizeof escape, "\\x%02x", (unsigned)(unsigned char)rest.data[0]);
            kh_text_buffer_add_string(&out, escape);
        } else if (kh_is_control(character)) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)character & 0xffff);
            kh_text_buffer_add_string(&out, escape);
        } else {
            kh_text_buffer_add(&out, (kh_text){rest.data, length});
        }
        at += length;
    }
    kh_text_buffer_add_string(&out, at < text.length ? "\"..." : "\"");
    kh_text quoted = KH_TEXT("");
    return kh_text_buffer_finish(&out, &quoted) == KH_OK ? quoted : KH_TEXT("");
}
