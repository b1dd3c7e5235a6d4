#include "codec/json_scan.h"

/* Where the string that begins at `at` ends: behind its closing quote; 0 if there is none. */
static size_t string_end(kh_text line, size_t at)
{
    for (size_t i = at + 1; i < line.length; i++) {
        if (line.data[i] == '\\') {
            i++;
        } else if (line.data[i] == '"') {
            return i + 1;
        }
    }
    return 0;
}

typedef struct scan {
    kh_text name;
    kh_text value;
    size_t found;
    size_t depth;
    bool closed;      /* the line's object has ended */
    bool expects_key; /* the next string of the object is a member's name */
    bool is_named;    /* the value to come is the member's */
} scan;

static void take_string(scan *on, kh_text string)
{
    if (on->depth != 1) {
        return;
    }
    if (on->expects_key) {
        on->expects_key = false;
        on->is_named = kh_text_equal(string, on->name);
    } else if (on->is_named) {
        on->is_named = false;
        on->value = string;
        on->found++;
    }
}

/* \return false if the line cannot be an object. */
static bool take_byte(scan *on, char c)
{
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        return true;
    }
    if (on->closed || (on->depth == 0 && c != '{')) {
        return false;
    }
    if (c == '{' || c == '[') {
        on->depth++;
        on->expects_key = on->depth == 1;
        on->is_named = on->is_named && on->depth == 1;
    } else if (c == '}' || c == ']') {
        on->depth--;
        on->closed = on->depth == 0;
    } else if (c == ',' && on->depth == 1) {
        on->expects_key = true;
        on->is_named = false;
    }
    return true;
}

bool kh_json_scan_string(kh_text line, kh_text name, kh_text *out)
{
    scan on = {.name = name};
    size_t at = 0;
    while (at < line.length) {
        if (line.data[at] != '"') {
            if (!take_byte(&on, line.data[at])) {
                return false;
            }
            at++;
            continue;
        }
        size_t end = string_end(line, at);
        if (end == 0 || on.depth == 0) {
            return false;
        }
        take_string(&on, (kh_text){line.data + at + 1, end - at - 2});
        at = end;
    }
    if (!on.closed || on.found != 1) {
        return false;
    }
    *out = on.value;
    return true;
}
