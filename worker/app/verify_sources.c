/* A lane's source topics by offset, with its dead letters in the same order: each record below the next offset became
 * facts or a dead letter, or both if it contradicts. */
#include "app/verify_work.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/event_rules.h"
#include "app/heap.h"
#include "app/live.h"
#include "codec/store.h"
#include "postgres/dead_letters.h"
#include "postgres/transaction.h"

/* An accepted event: what the facts about its subject must hold. */
typedef struct stated {
    kh_text subject;
    kh_text participant;
    kh_text event_id;
    int64_t offset;
    uint32_t revision;
} stated;

typedef struct walking {
    kh_verifying *work;
    const kh_lane_row *lane;
    const char *topic;
    const kh_lane_offset_row *offset; /* NULL: the lane has none of this topic */
    kh_event_rules rules;
    kh_reader_part *part;
    kh_dead_letter_case *letters; /* the next ones of the topic */
    size_t letter_count;
    size_t next_letter;
    int64_t letters_from; /* behind the last one read */
    bool letters_ended;
    kh_arena letter_arena;
    stated stated[KH_VERIFY_PAGE];
    size_t stated_count;
    kh_arena event; /* of the record at hand */
} walking;

/* ---- dead letters ---- */

/* \param out  the next one; NULL: that was all. */
static kh_rc next_letter(walking *of, const kh_dead_letter_case **out)
{
    *out = NULL;
    if (of->next_letter == of->letter_count && !of->letters_ended) {
        static const kh_dead_letter_filter all = {
            .since = KH_INSTANT_NONE, .before = KH_INSTANT_NONE, .settled_too = true};
        kh_dead_letter_filter filter = all;
        kh_dead_letter_place after = {of->lane->lane, kh_text_of(of->topic), of->letters_from};
        filter.topic = kh_text_of(of->topic);
        of->next_letter = 0;
        kh_arena_reset(&of->letter_arena);
        kh_rc rc = kh_dead_letters_list(of->work->database, &filter, &after, KH_VERIFY_PAGE, &of->letter_arena,
                                        &of->letters, &of->letter_count);
        if (rc != KH_OK) {
            return rc;
        }
        of->letters_ended = of->letter_count < KH_VERIFY_PAGE;
        if (of->letter_count > 0) {
            of->letters_from = of->letters[of->letter_count - 1].letter.offset;
        }
    }
    const kh_dead_letter_case *next = of->next_letter < of->letter_count ? &of->letters[of->next_letter] : NULL;
    *out = next != NULL && next->letter.lane == of->lane->lane ? next : NULL;
    return KH_OK;
}

/* Dead letters of offsets before this one: there is no such record. */
static kh_rc pass_letters(walking *of, int64_t offset, int64_t first, const kh_dead_letter_case **out)
{
    kh_verifying *work = of->work;
    kh_rc rc = next_letter(of, out);
    while (rc == KH_OK && *out != NULL && (*out)->letter.offset < offset) {
        const kh_dead_letter_row *letter = &(*out)->letter;
        if (letter->offset >= first) {
            kh_text place =
                kh_arena_print(&work->said, "%s/%" PRId32 "/%" PRId64, of->topic, letter->lane, letter->offset);
            rc = kh_verify_say(work, KH_DEVIATION_DEAD_LETTER, place, "a dead letter (%.*s) of it, and no such record",
                               KH_TEXT_ARGS(letter->reason));
        }
        of->next_letter++;
        if (rc == KH_OK) {
            rc = next_letter(of, out);
        }
    }
    if (rc == KH_OK && *out != NULL && (*out)->letter.offset != offset) {
        *out = NULL;
    }
    return rc;
}

static kh_rc compare_letter(walking *of, const kh_record *record, const kh_dead_letter_row *letter)
{
    if (record->has_key == letter->has_key && (!record->has_key || kh_text_equal(record->key, letter->key)) &&
        (int64_t)record->value.length == letter->value_size) {
        return KH_OK;
    }
    return kh_verify_say(of->work, KH_DEVIATION_DEAD_LETTER, kh_verify_record_place(of->work, record),
                         "its dead letter has another key, or a value of another size");
}

/* ---- facts ---- */

static int compare_stated(const void *a, const void *b)
{
    return kh_text_compare(((const stated *)a)->subject, ((const stated *)b)->subject);
}

/* Only a statement of the same or a higher revision may stand in its place. */
static bool holds(const kh_facts *facts, const stated *is)
{
    const kh_part *part = kh_facts_part(facts, is->participant);
    for (uint32_t i = 0; part != NULL && i < part->statement_count; i++) {
        if (part->statements[i]->revision >= is->revision) {
            return true;
        }
    }
    return false;
}

static kh_rc check_stated(walking *of, const stated *is, size_t count, const kh_subject_row *row)
{
    kh_verifying *work = of->work;
    kh_facts facts = {0};
    kh_rc rc = row->facts.length == 0 ? KH_OK : kh_store_facts_decode(row->facts, &of->event, &facts);
    if (rc == KH_E_MEMORY) {
        return rc;
    }
    /* Bytes that cannot be read have been told of with the subject. */
    for (size_t i = 0; rc == KH_OK && i < count; i++) {
        if (!holds(&facts, &is[i])) {
            kh_text place =
                kh_arena_print(&work->said, "%s/%" PRId32 "/%" PRId64, of->topic, of->lane->lane, is[i].offset);
            rc = kh_verify_say(work, KH_DEVIATION_RECORD, place,
                               "event %.*s about %.*s is neither among the facts nor a dead letter",
                               KH_TEXT_ARGS(is[i].event_id), KH_TEXT_ARGS(is[i].subject));
        }
    }
    return rc == KH_E_INTERNAL ? KH_OK : rc;
}

/* Those gathered so far, subject by subject. */
static kh_rc check_gathered(walking *of)
{
    kh_verifying *work = of->work;
    kh_subject_key keys[KH_VERIFY_PAGE];
    size_t begins[KH_VERIFY_PAGE + 1];
    size_t count = 0;
    kh_subject_row *rows = NULL;
    qsort(of->stated, of->stated_count, sizeof *of->stated, compare_stated);
    for (size_t i = 0; i < of->stated_count; i++) {
        if (count == 0 || !kh_text_equal(keys[count - 1].key, of->stated[i].subject)) {
            begins[count] = i;
            keys[count++] = (kh_subject_key){of->lane->lane, of->stated[i].subject};
        }
    }
    begins[count] = of->stated_count;
    kh_rc rc = kh_transaction_read_subjects(work->database, keys, count, &work->page, &rows);
    for (size_t i = 0; rc == KH_OK && i < count; i++) {
        kh_arena_reset(&of->event);
        rc = check_stated(of, &of->stated[begins[i]], begins[i + 1] - begins[i], &rows[i]);
    }
    of->stated_count = 0;
    kh_arena_reset(&work->page);
    return rc;
}

static kh_rc gather(walking *of, const kh_record *record, const kh_event *event)
{
    stated *is = &of->stated[of->stated_count++];
    kh_arena *arena = &of->work->page;
    *is = (stated){.offset = record->offset, .revision = event->statement.revision};
    kh_rc rc = kh_arena_copy_text(arena, event->subject, &is->subject);
    if (rc == KH_OK) {
        rc = kh_arena_copy_text(arena, event->participant, &is->participant);
    }
    if (rc == KH_OK) {
        rc = kh_arena_copy_text(arena, event->statement.event_id, &is->event_id);
    }
    return rc == KH_OK && of->stated_count == KH_VERIFY_PAGE ? check_gathered(of) : rc;
}

/* ---- records ---- */

static kh_rc check_last(walking *of, const kh_record *record)
{
    const kh_lane_offset_row *offset = of->offset;
    if (record->offset != offset->last_offset ||
        (record->timestamp == offset->last_timestamp && kh_record_crc(record) == offset->last_crc)) {
        return KH_OK;
    }
    return kh_verify_say(of->work, KH_DEVIATION_OFFSET, kh_verify_record_place(of->work, record),
                         "the last record decided is not the one that was: the topic was made anew");
}

static kh_rc check_record(walking *of, const kh_record *record, int64_t first)
{
    const kh_dead_letter_case *letter = NULL;
    kh_event event;
    kh_refusal refusal;
    kh_rc rc = check_last(of, record);
    if (rc == KH_OK) {
        rc = pass_letters(of, record->offset, first, &letter);
    }
    if (rc == KH_OK && letter != NULL) {
        of->next_letter++; /* its page stays until the next is read */
        rc = compare_letter(of, record, &letter->letter);
        if (rc != KH_OK || (!kh_text_equal(letter->letter.reason, KH_TEXT("CONFLICTING_REVISION")) &&
                            !kh_text_equal(letter->action, KH_TEXT("redriven")))) {
            return rc;
        }
    }
    if (rc != KH_OK) {
        return rc;
    }
    kh_arena_reset(&of->event);
    int32_t own = record->has_key ? kh_partition_of_key(record->key, (int32_t)of->work->lanes.count) : -1;
    rc = kh_event_read(&of->rules, record, own, &of->event, &event, &refusal);
    if (rc == KH_E_REFUSED) {
        return kh_verify_say(of->work, KH_DEVIATION_RECORD, kh_verify_record_place(of->work, record),
                             "it cannot be used (%s), and is no dead letter", kh_refusal_name((int)refusal.code));
    }
    return rc == KH_OK ? gather(of, record, &event) : rc;
}

static kh_rc check_records(walking *of, const kh_topic_range *range)
{
    kh_verifying *work = of->work;
    const kh_dead_letter_case *letter = NULL;
    int64_t end = of->offset->next_offset < range->end ? of->offset->next_offset : range->end;
    kh_record record;
    bool more = false;
    kh_rc rc =
        kh_reader_begin(work->reader, of->topic, of->lane->lane, range->first, end, &of->part, &work->kafka_error);
    do {
        if (rc == KH_OK) {
            rc = kh_reader_next(of->part, work->wait_ms, &record, &more, &work->kafka_error);
        }
        if (rc == KH_OK && more) {
            rc = check_record(of, &record, range->first);
            work->counts->records++;
            if (work->counts->records % KH_VERIFY_PAGE == 0) {
                work->wish->progress(work->wish->self, work->counts);
            }
        }
    } while (rc == KH_OK && more);
    if (rc == KH_OK) {
        rc = pass_letters(of, INT64_MAX, range->first, &letter);
    }
    if (rc == KH_OK) {
        rc = check_gathered(of);
    }
    if (rc == KH_OK && range->first > 0) {
        rc = kh_verify_leave(work, "%s/%" PRId32 ": the records before offset %" PRId64 " have been deleted", of->topic,
                             of->lane->lane, range->first);
    }
    return rc;
}

/* ---- a lane ---- */

static kh_rc check_topic(walking *of, size_t at, size_t source)
{
    kh_verifying *work = of->work;
    of->topic = work->sources[source];
    of->offset = kh_verify_offset(work, of->lane->lane, kh_text_of(of->topic));
    of->letter_count = of->next_letter = 0;
    of->letters_from = -1;
    of->letters_ended = false;
    kh_arena_reset(&work->page);
    kh_rc rc = of->offset == NULL ? KH_OK : check_records(of, &work->source_ranges[at * work->source_count + source]);
    kh_reader_end(of->part);
    of->part = NULL;
    return rc;
}

kh_rc kh_verify_sources_of(kh_verifying *work, size_t at)
{
    walking *of = calloc(1, sizeof *of);
    if (of == NULL) {
        return KH_E_MEMORY;
    }
    of->work = work;
    of->lane = &work->lanes.rows[at];
    kh_arena_init(&of->letter_arena, 65536, kh_heap());
    kh_arena_init(&of->event, 65536, kh_heap());
    kh_rc rc = kh_event_rules_init(work->settings, &work->book, &work->arena, &of->rules);
    of->rules.max_bytes = SIZE_MAX; /* the limit may have been another one when it was decided */
    for (size_t t = 0; rc == KH_OK && t < work->source_count; t++) {
        rc = check_topic(of, at, t);
    }
    kh_arena_deinit(&of->event);
    kh_arena_deinit(&of->letter_arena);
    free(of);
    return rc;
}
