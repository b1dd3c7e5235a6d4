/* Text: bytes with a length, borrowed, not NUL-terminated. */
#ifndef KAKEHASHI_TEXT_H
#define KAKEHASHI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*! A run of bytes that somebody else owns. `data` may be NULL only when `length` is 0. */
typedef struct kh_text {
    const char *data;
    size_t length;
} kh_text;

/*! A string literal as text. */
#define KH_TEXT(literal) ((kh_text){(literal), sizeof(literal) - 1})
/*! For printf: "%.*s", KH_TEXT_ARGS(text). */
#define KH_TEXT_ARGS(text) (int)(text).length, (text).data

static inline kh_text kh_text_of(const char *string)
{
    return (kh_text){string, string == NULL ? 0 : strlen(string)};
}

static inline bool kh_text_equal(kh_text a, kh_text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/*! As bytes; a prefix comes first. \return below 0, 0 or above 0. */
static inline int kh_text_compare(kh_text a, kh_text b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
    if (order != 0) {
        return order;
    }
    return a.length < b.length ? -1 : (a.length > b.length ? 1 : 0);
}

#endif
