/* A lane's results by subject, key and number: each key's are a chain, and its versions go up by one. */
#include <inttypes.h>

#include "app/heap.h"
#include "app/verify_work.h"
#include "postgres/verify.h"

kh_rc kh_verify_histories_init(kh_verifying *work, const kh_lane_row *lane, kh_verify_histories *out)
{
    *out = (kh_verify_histories){.lane = lane};
    kh_arena_init(&out->arena, 65536, kh_heap());
    return kh_verify_chain_open(work->database, lane->lane);
}

void kh_verify_histories_deinit(kh_verify_histories *histories)
{
    kh_arena_deinit(&histories->arena);
}

/* \param out  NULL: that was all. Lives until the next call. */
static kh_rc next_row(kh_verifying *work, kh_verify_histories *from, const kh_chain_row **out)
{
    *out = NULL;
    if (from->next == from->count && !from->ended) {
        kh_arena_reset(&from->arena);
        from->next = 0;
        kh_rc rc = kh_verify_chain_fetch(work->database, &from->arena, &from->rows, &from->count);
        if (rc != KH_OK) {
            return rc;
        }
        from->ended = from->count == 0;
    }
    if (from->next < from->count) {
        *out = &from->rows[from->next];
    }
    return KH_OK;
}

static kh_rc check_version(kh_verifying *work, const kh_lane_row *lane, const kh_chain_row *row, const char *what,
                           uint32_t version, uint32_t *newest)
{
    kh_rc rc = KH_OK;
    if (version != 0 && version != *newest + 1) {
        rc = kh_verify_say(work, KH_DEVIATION_HISTORY, kh_verify_result_place(work, lane->lane, row->seq),
                           "%.*s: %s version %" PRIu32 " where %" PRIu32 " comes next", KH_TEXT_ARGS(row->key), what,
                           version, *newest + 1);
    }
    *newest = version != 0 ? version : *newest;
    return rc;
}

static kh_rc add_row(kh_verifying *work, const kh_lane_row *lane, const kh_chain_row *row, kh_verify_key *to)
{
    kh_rc rc = KH_OK;
    if (row->previous_seq != to->seq) {
        kh_text place = kh_verify_result_place(work, lane->lane, row->seq);
        if (to->seq == KH_SEQ_NONE || row->previous_seq == KH_SEQ_NONE) {
            rc = kh_verify_say(work, KH_DEVIATION_HISTORY, place, "%.*s: %s", KH_TEXT_ARGS(row->key),
                               to->seq == KH_SEQ_NONE ? "it names an earlier result, and there is none"
                                                      : "it names no earlier result, and there is one");
        } else {
            rc = kh_verify_say(work, KH_DEVIATION_HISTORY, place,
                               "%.*s: it names %" PRId64 " as the result before it, which is %" PRId64,
                               KH_TEXT_ARGS(row->key), row->previous_seq, to->seq);
        }
    }
    to->seq = row->seq;
    if (rc == KH_OK) {
        rc = check_version(work, lane, row, "status or obligation", row->status_version, &to->version);
    }
    return rc == KH_OK ? check_version(work, lane, row, "public", row->public_version, &to->public_version) : rc;
}

kh_rc kh_verify_strays(kh_verifying *work, kh_verify_histories *of, kh_text key)
{
    const kh_lane_row *lane = of->lane;
    const kh_chain_row *row = NULL;
    char name[512] = "";
    kh_text told = {name, 0};
    kh_rc rc = next_row(work, of, &row);
    while (rc == KH_OK && row != NULL && (key.length == 0 || kh_text_compare(row->subject, key) < 0)) {
        if (!kh_text_equal(row->subject, told)) {
            told.length = row->subject.length < sizeof name ? row->subject.length : sizeof name;
            memcpy(name, row->subject.data, told.length);
            rc = kh_verify_say(work, KH_DEVIATION_STATE, kh_verify_result_place(work, lane->lane, row->seq),
                               "%.*s has results, and no row in the table `subject`", KH_TEXT_ARGS(row->subject));
        }
        of->next++;
        if (rc == KH_OK) {
            rc = next_row(work, of, &row);
        }
    }
    return rc;
}

kh_rc kh_verify_history(kh_verifying *work, kh_verify_histories *of, kh_text subject, kh_arena *arena,
                        kh_verify_key **out, size_t *count)
{
    const kh_chain_row *row = NULL;
    kh_verify_key *list = NULL;
    size_t size = 0;
    *count = 0;
    kh_rc rc = next_row(work, of, &row);
    while (rc == KH_OK && row != NULL && kh_text_equal(row->subject, subject)) {
        if (*count == 0 || !kh_text_equal(list[*count - 1].key, row->key)) {
            if (*count == size) {
                kh_verify_key *grown = kh_arena_allocate_array(arena, size * 2 + 4, sizeof *grown);
                if (grown == NULL) {
                    return KH_E_MEMORY;
                }
                if (size > 0) {
                    memcpy(grown, list, size * sizeof *grown);
                }
                list = grown;
                size = size * 2 + 4;
            }
            list[*count] = (kh_verify_key){.seq = KH_SEQ_NONE};
            rc = kh_arena_copy_text(arena, row->key, &list[*count].key);
            (*count)++;
        }
        if (rc == KH_OK) {
            rc = add_row(work, of->lane, row, &list[*count - 1]);
        }
        of->next++;
        if (rc == KH_OK) {
            rc = next_row(work, of, &row);
        }
    }
    *out = list;
    return rc;
}
