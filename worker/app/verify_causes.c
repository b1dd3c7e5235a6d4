/* What brought a lane's results about: each names a record that was decided, in the order of the topics. */
#include <inttypes.h>
#include <stdlib.h>

#include "app/heap.h"
#include "app/verify_work.h"
#include "codec/store.h"
#include "postgres/dead_letters.h"

kh_rc kh_verify_causes_init(const kh_verifying *work, kh_verify_causes *out)
{
    *out = (kh_verify_causes){0};
    kh_arena_init(&out->arena, 4096, kh_heap());
    out->last_offsets = malloc((work->source_count + 1) * sizeof *out->last_offsets);
    for (size_t t = 0; out->last_offsets != NULL && t < work->source_count; t++) {
        out->last_offsets[t] = -1;
    }
    return out->last_offsets == NULL ? KH_E_MEMORY : KH_OK;
}

void kh_verify_causes_deinit(kh_verify_causes *causes)
{
    free(causes->last_offsets);
    kh_arena_deinit(&causes->arena);
}

static bool is_redriven(kh_verifying *work, const kh_cause *cause, kh_rc *rc)
{
    kh_dead_letter_place place = {cause->partition, cause->topic, cause->offset};
    kh_dead_letter_case letter;
    bool found = false;
    *rc = kh_dead_letters_find(work->database, &place, &work->said, &letter, &found);
    bool redriven = *rc == KH_OK && found && kh_text_equal(letter.action, KH_TEXT("redriven"));
    kh_arena_reset(&work->said);
    return redriven;
}

/* Within a lane the records of one topic are decided in their order, and each changes a key once at most. */
static kh_rc check_order(kh_verifying *work, kh_verify_causes *of, const kh_result_row *row, const kh_cause *cause,
                         int64_t *last)
{
    kh_rc rc = KH_OK;
    if (cause->offset > *last) {
        *last = cause->offset;
        of->run_count = 0;
        kh_arena_reset(&of->arena);
    } else if (cause->offset < *last) {
        if (is_redriven(work, cause, &rc) || rc != KH_OK) {
            return rc; /* its place comes late */
        }
        return kh_verify_say(work, KH_DEVIATION_CAUSE, kh_verify_result_place(work, row->lane, row->seq),
                             "%.*s: offset %" PRId64 " of %.*s brought it about, after %" PRId64 " was decided",
                             KH_TEXT_ARGS(row->key), cause->offset, KH_TEXT_ARGS(cause->topic), *last);
    }
    for (size_t i = 0; i < of->run_count; i++) {
        if (kh_text_equal(of->run[i], row->key)) {
            return kh_verify_say(work, KH_DEVIATION_CAUSE, kh_verify_result_place(work, row->lane, row->seq),
                                 "%.*s: offset %" PRId64 " of %.*s has decided it once already", KH_TEXT_ARGS(row->key),
                                 cause->offset, KH_TEXT_ARGS(cause->topic));
        }
    }
    return of->run_count == KH_VERIFY_RUN ? KH_OK : kh_arena_copy_text(&of->arena, row->key, &of->run[of->run_count++]);
}

kh_rc kh_verify_cause(kh_verifying *work, kh_verify_causes *of, const kh_result_row *row)
{
    kh_cause cause = {.trigger = KH_TRIGGER_TIME};
    kh_rc rc = kh_store_cause_decode(row->cause, &work->page, &cause);
    if (rc == KH_E_MEMORY) {
        return rc;
    }
    if (rc != KH_OK) {
        return kh_verify_say(work, KH_DEVIATION_RESULT_ALTERED, kh_verify_result_place(work, row->lane, row->seq),
                             "%.*s: the bytes of its cause are none that kakehashi wrote", KH_TEXT_ARGS(row->key));
    }
    if (cause.topic.length == 0) {
        return KH_OK;
    }
    const kh_lane_offset_row *offset = kh_verify_offset(work, cause.partition, cause.topic);
    int64_t next = offset == NULL ? 0 : offset->next_offset;
    bool own = cause.trigger == KH_TRIGGER_EVENT;
    if (cause.offset >= next || (own && cause.partition != row->lane)) {
        return kh_verify_say(work, KH_DEVIATION_CAUSE, kh_verify_result_place(work, row->lane, row->seq),
                             "%.*s: %.*s/%" PRId32 "/%" PRId64 " cannot have brought it about: %s",
                             KH_TEXT_ARGS(row->key), KH_TEXT_ARGS(cause.topic), cause.partition, cause.offset,
                             cause.offset >= next ? "it is not decided yet" : "it is of another lane");
    }
    for (size_t t = 0; own && t < work->source_count; t++) {
        if (kh_text_equal(cause.topic, kh_text_of(work->sources[t]))) {
            return check_order(work, of, row, &cause, &of->last_offsets[t]);
        }
    }
    return KH_OK;
}
