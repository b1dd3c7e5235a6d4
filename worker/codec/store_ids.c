#include "codec/store_ids.h"

static const char DIGITS[] = "0123456789abcdef";

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_byte(const char *text, char *out)
{
    int high = digit(text[0]);
    int low = digit(text[1]);
    *out = (char)(unsigned char)(((unsigned)high << 4 | (unsigned)low) & 0xff);
    return high >= 0 && low >= 0;
}

static bool has_dash_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool kh_uuid_parse(kh_text text, char *out)
{
    if (text.length != 36) {
        return false;
    }
    size_t at = 0;
    for (size_t i = 0; i < KH_UUID_BYTES; i++) {
        if (has_dash_before(i) && text.data[at++] != '-') {
            return false;
        }
        if (!parse_byte(text.data + at, &out[i])) {
            return false;
        }
        at += 2;
    }
    return true;
}

bool kh_digest_parse(kh_text text, char *out)
{
    if (text.length != (size_t)2 * KH_DIGEST_BYTES) {
        return false;
    }
    for (size_t i = 0; i < KH_DIGEST_BYTES; i++) {
        if (!parse_byte(text.data + 2 * i, &out[i])) {
            return false;
        }
    }
    return true;
}

kh_rc kh_uuid_print(const char *bytes, kh_arena *arena, kh_text *out)
{
    char text[36];
    size_t at = 0;
    for (size_t i = 0; i < KH_UUID_BYTES; i++) {
        if (has_dash_before(i)) {
            text[at++] = '-';
        }
        text[at++] = DIGITS[(unsigned char)bytes[i] >> 4];
        text[at++] = DIGITS[(unsigned char)bytes[i] & 15];
    }
    return kh_arena_copy_text(arena, (kh_text){text, sizeof text}, out);
}

bool kh_digest_equal(const char *bytes, kh_text text)
{
    char other[KH_DIGEST_BYTES];
    return kh_digest_parse(text, other) && memcmp(bytes, other, sizeof other) == 0;
}
