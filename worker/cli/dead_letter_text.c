#include "cli/dead_letter_text.h"

#include <inttypes.h>

#include "cli/words.h"
#include "codec/json_line.h"

#define BYTES_SHOWN 512
#define BYTES_A_ROW 16

kh_text kh_dead_letter_text_place(const kh_dead_letter_row *letter, kh_arena *arena)
{
    return kh_arena_print(arena, "%.*s/%" PRId32 "/%" PRId64, KH_TEXT_ARGS(letter->topic), letter->lane,
                          letter->offset);
}

const char *kh_dead_letter_text_state(const kh_dead_letter_case *of)
{
    if (of->waiting) {
        return "to be decided again";
    }
    if (of->action.length == 0) {
        return "open";
    }
    return kh_text_equal(of->action, KH_TEXT("failed"))     ? "refused again"
           : kh_text_equal(of->action, KH_TEXT("redriven")) ? "redriven"
                                                            : "discarded";
}

static kh_text hex(kh_text bytes, kh_arena *arena)
{
    char *out = kh_arena_allocate_raw(arena, bytes.length * 2 + 1);
    if (out == NULL) {
        return (kh_text){"", 0};
    }
    for (size_t i = 0; i < bytes.length; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", (unsigned)(unsigned char)bytes.data[i]);
    }
    return (kh_text){out, bytes.length * 2};
}

static void put_case(kh_json_line *line, const kh_dead_letter_case *of, kh_arena *arena)
{
    const kh_dead_letter_row *letter = &of->letter;
    kh_json_line_text(line, "place", kh_dead_letter_text_place(letter, arena));
    kh_json_line_text(line, "topic", letter->topic);
    kh_json_line_number(line, "partition", letter->lane);
    kh_json_line_long(line, "offset", letter->offset);
    kh_json_line_instant(line, "timestamp", letter->record_timestamp);
    kh_json_line_instant(line, "recordedAt", of->recorded_at);
    kh_json_line_text(line, "reason", letter->reason);
    kh_json_line_text(line, "detail", letter->detail);
    if (letter->has_key) {
        kh_json_line_text(line, "keyHex", hex(letter->key, arena));
    }
    kh_json_line_long(line, "size", letter->value_size);
    kh_json_line_text(line, "state", kh_text_of(kh_dead_letter_text_state(of)));
    if (of->waiting) {
        kh_json_line_text(line, "askedBy", of->asked_by);
    }
    if (of->action.length > 0) {
        kh_json_line_text(line, "action", of->action);
        kh_json_line_text(line, "actionDetail", of->action_detail);
        kh_json_line_text(line, "doneBy", of->done_by);
        kh_json_line_instant(line, "doneAt", of->done_at);
    }
}

kh_rc kh_dead_letter_text_json(const kh_dead_letter_case *of, kh_arena *arena, kh_text *out)
{
    kh_json_line *line = kh_json_line_new(arena);
    kh_json_line_open(line, "deadLetter", '{');
    put_case(line, of, arena);
    kh_json_line_close(line);
    return kh_json_line_finish(line, out);
}

static kh_rc show_json(const kh_dead_letter_view *view, kh_arena *arena, FILE *to)
{
    kh_json_line *line = kh_json_line_new(arena);
    kh_text out = {NULL, 0};
    kh_json_line_open(line, "deadLetter", '{');
    put_case(line, view->of, arena);
    if (view->now.code != KH_REFUSAL_NONE) {
        kh_json_line_text(line, "reasonNow", kh_text_of(kh_refusal_name((int)view->now.code)));
        kh_json_line_text(line, "detailNow", view->now.detail);
    }
    if (view->event.length > 0) {
        kh_json_line_raw(line, "event", view->event);
    } else {
        kh_json_line_text(line, "valueHex", hex(view->of->letter.value, arena));
    }
    kh_json_line_open(line, "actions", '[');
    for (size_t i = 0; i < view->story_count; i++) {
        kh_json_line_open(line, NULL, '{');
        kh_json_line_text(line, "action", view->story[i].action);
        kh_json_line_text(line, "detail", view->story[i].action_detail);
        kh_json_line_text(line, "doneBy", view->story[i].done_by);
        kh_json_line_instant(line, "doneAt", view->story[i].done_at);
        kh_json_line_close(line);
    }
    kh_json_line_close(line);
    kh_json_line_close(line);
    kh_rc rc = kh_json_line_finish(line, &out);
    if (rc == KH_OK && fprintf(to, "%.*s\n", KH_TEXT_ARGS(out)) < 0) {
        rc = KH_E_LOST;
    }
    return rc;
}

/* As `od` shows them: place, bytes, and what of them is a printable character. */
static void show_bytes(kh_text value, FILE *to)
{
    size_t shown = value.length < BYTES_SHOWN ? value.length : BYTES_SHOWN;
    for (size_t at = 0; at < shown; at += BYTES_A_ROW) {
        (void)fprintf(to, "  %06zx ", at);
        for (size_t i = at; i < at + BYTES_A_ROW; i++) {
            (void)(i < shown ? fprintf(to, " %02x", (unsigned)(unsigned char)value.data[i]) : fprintf(to, "   "));
        }
        (void)fprintf(to, "  ");
        for (size_t i = at; i < at + BYTES_A_ROW && i < shown; i++) {
            (void)fputc(value.data[i] >= 0x20 && value.data[i] < 0x7f ? value.data[i] : '.', to);
        }
        (void)fputc('\n', to);
    }
    if (shown < value.length) {
        (void)fprintf(to, "  and %zu bytes more\n", value.length - shown);
    }
}

static void show_text(const kh_dead_letter_view *view, kh_arena *arena, FILE *to)
{
    const kh_dead_letter_row *letter = &view->of->letter;
    (void)fprintf(to, "%.*s: %s\n", KH_TEXT_ARGS(kh_dead_letter_text_place(letter, arena)),
                  kh_dead_letter_text_state(view->of));
    (void)fprintf(to, "sent       %.*s\n", KH_TEXT_ARGS(kh_words_instant(letter->record_timestamp, "-", arena)));
    (void)fprintf(to, "refused    %.*s\n", KH_TEXT_ARGS(kh_words_instant(view->of->recorded_at, "-", arena)));
    (void)fprintf(to, "reason     %.*s\n", KH_TEXT_ARGS(letter->reason));
    (void)fprintf(to, "where      %.*s\n", KH_TEXT_ARGS(letter->detail));
    if (view->now.code == KH_REFUSAL_NONE) {
        (void)fprintf(to, "now        nothing in it is wrong; `kakehashi dead-letters redrive` has it decided\n");
    } else if (!kh_text_equal(kh_text_of(kh_refusal_name((int)view->now.code)), letter->reason) ||
               !kh_text_equal(view->now.detail, letter->detail)) {
        (void)fprintf(to, "now        %s: %.*s\n", kh_refusal_name((int)view->now.code),
                      KH_TEXT_ARGS(view->now.detail));
    } else {
        (void)fprintf(to, "now        refused for the same reason\n");
    }
    for (size_t i = 0; i < view->story_count; i++) {
        const kh_dead_letter_case *deed = &view->story[i];
        (void)fprintf(to, "%-10.*s %.*s by %.*s%s%.*s\n", KH_TEXT_ARGS(deed->action),
                      KH_TEXT_ARGS(kh_words_instant(deed->done_at, "-", arena)), KH_TEXT_ARGS(deed->done_by),
                      deed->action_detail.length > 0 ? ": " : "", KH_TEXT_ARGS(deed->action_detail));
    }
    (void)fprintf(to, "key        %s\n", letter->has_key ? "" : "none");
    if (letter->has_key) {
        show_bytes(letter->key, to);
    }
    if (view->event.length > 0) {
        (void)fprintf(to, "event      %.*s\n", KH_TEXT_ARGS(view->event));
    } else {
        (void)fprintf(to, "value      %" PRId64 " bytes that are no event\n", letter->value_size);
        show_bytes(letter->value, to);
    }
}

kh_rc kh_dead_letter_text_show(const kh_dead_letter_view *view, bool json, kh_arena *arena, FILE *to)
{
    if (json) {
        return show_json(view, arena, to);
    }
    show_text(view, arena, to);
    return kh_arena_failed(arena) ? KH_E_MEMORY : ferror(to) ? KH_E_LOST : KH_OK;
}
