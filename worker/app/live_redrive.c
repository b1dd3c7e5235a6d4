#include "app/live_redrive.h"

#include <inttypes.h>

#include "app/dead_letters.h"
#include "codec/event_reader.h"

#define DECIDED_AT_ONCE 64

static const kh_text REDRIVEN = {"redriven", 8};
static const kh_text FAILED = {"failed", 6};

/* \return KH_OK also for a record that is refused: the input says so. */
static kh_rc read_again(kh_live_work *work, const kh_dead_letter_row *letter, kh_input *input)
{
    const kh_share *share = work->share;
    const kh_record *record = input->record;
    input->again = true;
    if (share->redrive_refused == letter->seq) {
        input->refused = true;
        input->refusal = (kh_refusal){KH_REFUSAL_REFUSED_BY_DATABASE,
                                      KH_TEXT("the database refuses what this record comes to; its log says why")};
        return KH_OK;
    }
    if (letter->value_size > (int64_t)letter->value.length) {
        input->refused = true;
        input->refusal = (kh_refusal){KH_REFUSAL_TOO_LARGE,
                                      KH_TEXT("only the beginning of its bytes was kept; send the event again")};
        return KH_OK;
    }
    int32_t expected = record->has_key ? kh_partition_of_key(record->key, share->worker->partition_count) : -1;
    kh_rc rc = kh_event_read(&share->rules, record, expected, work->arena, &input->event, &input->refusal);
    input->refused = rc == KH_E_REFUSED;
    return input->refused ? KH_OK : rc;
}

static kh_rc decide_one(kh_live_work *work, const kh_dead_letter_case *of, kh_dead_letter_deed *deed)
{
    kh_record *record = kh_arena_allocate(work->arena, sizeof *record);
    kh_input *input = kh_arena_allocate(work->arena, sizeof *input);
    kh_taken taken;
    if (record == NULL || input == NULL) {
        return KH_E_MEMORY;
    }
    *record = kh_dead_letter_record(&of->letter);
    *input = (kh_input){.record = record};
    kh_rc rc = read_again(work, &of->letter, input);
    if (rc == KH_OK && !input->refused && kh_body_is_about_arrangement(input->event.statement.body.kind) &&
        !work->about_arrangement) {
        work->lane->locks_all = true;
        return KH_E_RETRY;
    }
    if (rc == KH_OK) {
        rc = kh_lane_take(&work->core, input, &taken);
    }
    if (rc == KH_OK) {
        rc = kh_live_note_taken(work, input, &taken);
    }
    if (rc != KH_OK) {
        return rc;
    }
    bool failed = taken.refusal.code != KH_REFUSAL_NONE;
    *deed = (kh_dead_letter_deed){
        .lane = of->letter.lane, .seq = of->letter.seq, .action = failed ? FAILED : REDRIVEN, .by = of->asked_by};
    if (failed) {
        deed->detail = kh_arena_print(work->arena, "%s: %.*s", kh_refusal_name((int)taken.refusal.code),
                                      KH_TEXT_ARGS(taken.refusal.detail));
    }
    return kh_arena_failed(work->arena) ? KH_E_MEMORY : KH_OK;
}

static void say(const kh_live_work *work)
{
    size_t failed = 0;
    for (size_t i = 0; i < work->deed_count; i++) {
        failed += work->deeds[i].action.data == FAILED.data;
    }
    if (work->deed_count > 0) {
        kh_log(KH_LOG_INFO, "redriven",
               "lane %" PRId32 ": %zu dead letters decided again, %zu of them refused once more", work->lane->number,
               work->deed_count, failed);
    }
}

kh_rc kh_live_redrive(kh_live_work *work, uint32_t *budget)
{
    kh_dead_letter_case *cases = NULL;
    size_t count = 0;
    uint32_t limit = *budget < DECIDED_AT_ONCE ? *budget : DECIDED_AT_ONCE;
    limit = work->share->redrives_alone ? 1 : limit;
    kh_rc rc =
        kh_transaction_read_redrives(work->share->database, work->lane->number, limit, work->arena, &cases, &count);
    if (rc != KH_OK || count == 0) {
        work->redrives_left = false;
        return rc;
    }
    work->deeds = kh_arena_allocate_array(work->arena, count, sizeof *work->deeds);
    if (work->deeds == NULL) {
        return KH_E_MEMORY;
    }
    work->redrives_left = count == limit;
    for (size_t i = 0; rc == KH_OK && i < count; i++) {
        if (work->arrangement_changed) { /* everything else by the new facts */
            work->redrives_left = true;
            break;
        }
        rc = decide_one(work, &cases[i], &work->deeds[i]);
        work->deed_count = i + 1;
    }
    *budget -= (uint32_t)work->deed_count;
    return rc;
}

bool kh_live_redrive_narrow(kh_share *share, const kh_live_batch_work *batch)
{
    const kh_dead_letter_deed *only = NULL;
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        count += batch->works[i].deed_count;
        only = batch->works[i].deed_count > 0 ? batch->works[i].deeds : only;
    }
    if (count == 0) {
        return false;
    }
    if (share->redrives_alone) {
        share->redrive_refused = only->seq;
    }
    share->redrives_alone = true;
    return true;
}

void kh_live_redrive_passed(kh_live_work *work)
{
    kh_live_lane *lane = work->lane;
    kh_share *share = work->share;
    lane->has_redrives = work->redrives_left;
    if (work->deed_count > 0) {
        lane->locks_all = false;
        share->redrive_refused = KH_SEQ_NONE;
        say(work);
    }
    if (!work->redrives_left) {
        share->redrives_alone = false;
    }
}
