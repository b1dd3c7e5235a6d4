#include "codec/json_line.h"

#include <assert.h>

#include "codec/json.h"

#define DEPTH 16

struct kh_json_line {
    kh_text_buffer buffer;
    char closers[DEPTH];
    bool filled[DEPTH]; /* something stands in it: the next one needs a comma */
    int depth;
    bool not_utf8;
};

static void begin_value(kh_json_line *line, const char *name)
{
    if (line->filled[line->depth]) {
        kh_text_buffer_add_byte(&line->buffer, ',');
    }
    line->filled[line->depth] = true;
    if (name != NULL) {
        kh_text_buffer_add_byte(&line->buffer, '"');
        kh_text_buffer_add_string(&line->buffer, name);
        kh_text_buffer_add_string(&line->buffer, "\":");
    }
}

static void open_bracket(kh_json_line *line, char bracket)
{
    assert(line->depth < DEPTH);
    kh_text_buffer_add_byte(&line->buffer, bracket);
    line->closers[line->depth] = bracket == '{' ? '}' : ']';
    line->filled[line->depth] = false;
}

kh_json_line *kh_json_line_new(kh_arena *arena)
{
    kh_json_line *line = kh_arena_allocate(arena, sizeof *line);
    if (line != NULL) {
        kh_text_buffer_init(&line->buffer, arena, 1024);
        open_bracket(line, '{');
    }
    return line;
}

void kh_json_line_open(kh_json_line *line, const char *name, char bracket)
{
    if (line != NULL) {
        begin_value(line, name);
        line->depth++;
        open_bracket(line, bracket);
    }
}

void kh_json_line_close(kh_json_line *line)
{
    if (line != NULL) {
        kh_text_buffer_add_byte(&line->buffer, line->closers[line->depth]);
        line->depth--;
        assert(line->depth >= 0);
    }
}

void kh_json_line_text(kh_json_line *line, const char *name, kh_text text)
{
    if (line != NULL) {
        begin_value(line, name);
        line->not_utf8 = !kh_json_write_text(text, &line->buffer) || line->not_utf8;
    }
}

void kh_json_line_raw(kh_json_line *line, const char *name, kh_text json)
{
    if (line != NULL) {
        begin_value(line, name);
        kh_text_buffer_add(&line->buffer, json);
    }
}

void kh_json_line_number(kh_json_line *line, const char *name, int64_t number)
{
    if (line != NULL) {
        kh_json_line_raw(line, name, kh_arena_number(line->buffer.arena, number));
    }
}

void kh_json_line_long(kh_json_line *line, const char *name, int64_t number)
{
    if (line != NULL) {
        kh_json_line_text(line, name, kh_arena_number(line->buffer.arena, number));
    }
}

void kh_json_line_bool(kh_json_line *line, const char *name, bool value)
{
    kh_json_line_raw(line, name, value ? KH_TEXT("true") : KH_TEXT("false"));
}

void kh_json_line_instant(kh_json_line *line, const char *name, kh_instant instant)
{
    if (instant != KH_INSTANT_NONE) {
        char text[KH_INSTANT_SIZE];
        size_t length = kh_instant_print(instant, text);
        kh_json_line_text(line, name, (kh_text){text, length});
    }
}

void kh_json_line_day(kh_json_line *line, const char *name, kh_day day)
{
    if (day != KH_DAY_NONE) {
        char text[KH_DATE_SIZE + 1];
        kh_day_print(day, text);
        kh_json_line_text(line, name, (kh_text){text, KH_DATE_SIZE});
    }
}

kh_rc kh_json_line_finish(kh_json_line *line, kh_text *out)
{
    if (line == NULL || kh_arena_failed(line->buffer.arena)) {
        return KH_E_MEMORY;
    }
    assert(line->depth == 0);
    kh_text_buffer_add_byte(&line->buffer, '}');
    return line->not_utf8 ? KH_E_INTERNAL : kh_text_buffer_finish(&line->buffer, out);
}

kh_text kh_json_unwrap(kh_text line)
{
    const char *colon = memchr(line.data, ':', line.length);
    size_t from = (size_t)(colon - line.data) + 1;
    return (kh_text){colon + 1, line.length - from - 1};
}
