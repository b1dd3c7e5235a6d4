#include "config/problems.h"

#include <stdarg.h>
#include <stdio.h>

#define SHOWN_BYTES 60

void kh_problems_init(kh_problems *problems, kh_arena *arena)
{
    *problems = (kh_problems){.arena = arena};
}

/*! The text of \a format, in the arena; empty when memory is out. */
static kh_text print_list(kh_problems *problems, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static kh_text print_list(kh_problems *problems, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    kh_text text = {NULL, 0};
    int length = vsnprintf(NULL, 0, format, arguments);
    char *out = length < 0 ? NULL : kh_arena_allocate_raw(problems->arena, (size_t)length + 1);
    if (out != NULL) {
        (void)vsnprintf(out, (size_t)length + 1, format, again);
        text = (kh_text){out, (size_t)length};
    }
    va_end(again);
    return text;
}

void kh_problems_add(kh_problems *problems, kh_place place, kh_text key, const char *format, ...)
{
    problems->count++;
    if (problems->count > KH_PROBLEMS_KEPT) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    kh_text said = print_list(problems, format, arguments);
    va_end(arguments);
    kh_problem *problem = kh_arena_allocate(problems->arena, sizeof(*problem));
    if (problem == NULL) {
        return;
    }
    const char *colon = key.length == 0 ? "" : ": ";
    if (place.line == 0) {
        problem->text =
            kh_arena_print(problems->arena, "%s: %.*s%s%.*s", place.file, KH_TEXT_ARGS(key), colon, KH_TEXT_ARGS(said));
    } else {
        problem->text = kh_arena_print(problems->arena, "%s:%u:%u: %.*s%s%.*s", place.file, (unsigned)place.line,
                                       (unsigned)place.column, KH_TEXT_ARGS(key), colon, KH_TEXT_ARGS(said));
    }
    if (problems->last == NULL) {
        problems->first = problem;
    } else {
        problems->last->next = problem;
    }
    problems->last = problem;
}

void kh_problems_add_memory(kh_problems *problems)
{
    problems->memory = true;
}

kh_rc kh_problems_rc(const kh_problems *problems)
{
    if (problems->memory || kh_arena_failed(problems->arena)) {
        return KH_E_MEMORY;
    }
    return problems->count == 0 ? KH_OK : KH_E_CONFIGURATION;
}

/*! Length of the UTF-8 sequence at \a data; 0 if it is none, or a control character. */
static size_t printable_length(const char *data, size_t left)
{
    unsigned char first = (unsigned char)data[0];
    if (first < 0x80) {
        return first >= 0x20 && first != 0x7f ? 1 : 0;
    }
    size_t length = first >= 0xf0 && first < 0xf5 ? 4 : (first >= 0xe0 ? 3 : (first >= 0xc2 ? 2 : 0));
    if (length == 0 || first >= 0xf5 || length > left) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char)data[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool c1_control = first == 0xc2 && (unsigned char)data[1] < 0xa0;
    return c1_control ? 0 : length;
}

kh_text kh_problems_quote(kh_problems *problems, kh_text value)
{
    char shown[SHOWN_BYTES];
    size_t used = 0;
    size_t i = 0;
    while (i < value.length) {
        size_t length = printable_length(value.data + i, value.length - i);
        size_t needed = length == 0 ? 1 : length;
        if (used + needed > sizeof(shown)) {
            break;
        }
        if (length == 0) {
            shown[used++] = '?';
        } else {
            memcpy(shown + used, value.data + i, length);
            used += length;
        }
        i += needed;
    }
    return kh_arena_print(problems->arena, "\"%.*s\"%s", (int)used, shown, i < value.length ? "..." : "");
}
