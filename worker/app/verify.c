#include "app/verify_work.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/heap.h"
#include "app/rules_store.h"
#include "postgres/catalog.h"
#include "postgres/snapshot.h"
#include "postgres/verify.h"

const char *kh_deviation_name(kh_deviation_kind kind)
{
    static const char *const names[KH_DEVIATIONS] = {
        [KH_DEVIATION_RESULT_MISSING] = "RESULT_MISSING",
        [KH_DEVIATION_RESULT_ALTERED] = "RESULT_ALTERED",
        [KH_DEVIATION_HISTORY] = "HISTORY",
        [KH_DEVIATION_CAUSE] = "CAUSE",
        [KH_DEVIATION_MESSAGE_MISSING] = "MESSAGE_MISSING",
        [KH_DEVIATION_MESSAGE_REPEATED] = "MESSAGE_REPEATED",
        [KH_DEVIATION_MESSAGE_ALTERED] = "MESSAGE_ALTERED",
        [KH_DEVIATION_MESSAGE_UNKNOWN] = "MESSAGE_UNKNOWN",
        [KH_DEVIATION_STATE] = "STATE",
        [KH_DEVIATION_DECISION] = "DECISION",
        [KH_DEVIATION_OBLIGATION] = "OBLIGATION",
        [KH_DEVIATION_RECORD] = "RECORD",
        [KH_DEVIATION_DEAD_LETTER] = "DEAD_LETTER",
        [KH_DEVIATION_OFFSET] = "OFFSET",
    };
    return names[kind];
}

#define BY_HAND                                                                                                        \
    "the worker's role cannot do this: somebody with the owner's rights did, or the disk is failing; stop the "        \
    "workers, and restore the database from a copy from before"

const char *kh_deviation_mend(kh_deviation_kind kind)
{
    static const char *const mends[KH_DEVIATIONS] = {
        [KH_DEVIATION_RESULT_MISSING] = BY_HAND,
        [KH_DEVIATION_RESULT_ALTERED] = BY_HAND,
        [KH_DEVIATION_HISTORY] = BY_HAND,
        [KH_DEVIATION_CAUSE] = BY_HAND,
        [KH_DEVIATION_MESSAGE_MISSING] = "somebody deleted it from the topic, or the topic keeps less than it must "
                                         "(`kakehashi topics create` says): "
                                         "its row still has it, so readers can be told by `kakehashi history`",
        [KH_DEVIATION_MESSAGE_REPEATED] = "expected after `run --accept-database-rewind`: readers drop a kh-id that "
                                          "they have. Otherwise somebody else "
                                          "writes into the topic: check its access rules",
        [KH_DEVIATION_MESSAGE_ALTERED] = "somebody else writes into the topic (check its access rules), or the row was "
                                         "changed (RESULT_ALTERED says so); what the row says counts",
        [KH_DEVIATION_MESSAGE_UNKNOWN] = "its row was deleted (RESULT_MISSING says so), the database is an older copy, "
                                         "or somebody else writes into the topic: check its access rules",
        [KH_DEVIATION_STATE] = BY_HAND,
        [KH_DEVIATION_DECISION] = "load any calendar or policies anew (`kakehashi rules load`), which has every label "
                                  "decided again, then verify again; if it stays, report it as a defect, with the "
                                  "output of `kakehashi explain`",
        [KH_DEVIATION_OBLIGATION] = BY_HAND,
        [KH_DEVIATION_RECORD] = BY_HAND,
        [KH_DEVIATION_DEAD_LETTER] = BY_HAND,
        [KH_DEVIATION_OFFSET] = "restore the topic, or the database from a newer copy; README, \"Exactly once\", says "
                                "what a worker does then",
    };
    return mends[kind];
}

/* ---- telling ---- */

static kh_text format_said(kh_verifying *work, const char *format, va_list arguments) KH_PRINTF(2, 0);

static kh_text format_said(kh_verifying *work, const char *format, va_list arguments)
{
    char buffer[1024];
    (void)vsnprintf(buffer, sizeof buffer, format, arguments);
    return kh_arena_print(&work->said, "%s", buffer);
}

kh_rc kh_verify_say(kh_verifying *work, kh_deviation_kind kind, kh_text place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    kh_deviation deviation = {.kind = kind, .place = place, .said = format_said(work, format, arguments)};
    va_end(arguments);
    work->counts->deviations++;
    kh_rc rc = kh_arena_failed(&work->said) ? KH_E_MEMORY : work->wish->deviation(work->wish->self, &deviation);
    kh_arena_reset(&work->said);
    return rc;
}

kh_rc kh_verify_leave(kh_verifying *work, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    kh_text text = format_said(work, format, arguments);
    va_end(arguments);
    kh_rc rc = kh_arena_failed(&work->said) ? KH_E_MEMORY : work->wish->unchecked(work->wish->self, text);
    kh_arena_reset(&work->said);
    return rc;
}

kh_text kh_verify_result_place(kh_verifying *work, int32_t lane, int64_t seq)
{
    return kh_arena_print(&work->said, "lane %" PRId32 ", result %" PRId64, lane, seq);
}

kh_text kh_verify_record_place(kh_verifying *work, const kh_record *record)
{
    return kh_arena_print(&work->said, "%.*s/%" PRId32 "/%" PRId64, KH_TEXT_ARGS(record->topic), record->partition,
                          record->offset);
}

const kh_lane_offset_row *kh_verify_offset(const kh_verifying *work, int32_t lane, kh_text topic)
{
    for (size_t i = 0; i < work->lanes.offset_count; i++) {
        const kh_lane_offset_row *row = &work->lanes.offsets[i];
        if (row->lane == lane && kh_text_equal(row->topic, topic)) {
            return row;
        }
    }
    return NULL;
}

const kh_lane_commit *kh_verify_commit(const kh_verifying *work, size_t at, size_t source)
{
    size_t place = at * work->source_count + source;
    return place < work->commit_count && work->commits[place].present ? &work->commits[place] : NULL;
}

/* ---- the database ---- */

static kh_rc stored_facts(void *self, kh_text subject, kh_text *facts)
{
    kh_verifying *work = self;
    kh_subject_row row;
    kh_rc rc = kh_catalog_read(work->database, subject, &work->arena, &row);
    if (rc == KH_OK && row.has_facts) {
        *facts = row.facts;
    }
    return rc;
}

static kh_rc read_snapshot(kh_verifying *work)
{
    kh_rc rc = kh_snapshot_begin(work->database);
    if (rc == KH_OK) {
        rc = kh_verify_take_time(work->database);
    }
    if (rc == KH_OK) {
        rc = kh_lanes_read_all(work->database, &work->arena, &work->lanes);
    }
    if (rc == KH_OK) {
        rc = kh_database_now(work->database, &work->now);
    }
    if (rc == KH_OK) {
        rc = kh_rules_store_read(work->database, &work->arena, work->problems, &work->book);
    }
    if (rc == KH_OK) {
        rc = kh_world_build(&work->book, stored_facts, work, &work->arena, &work->world);
    }
    for (size_t i = 0; i < work->lanes.count; i++) {
        work->counts->results_total += (uint64_t)work->lanes.rows[i].next_seq;
    }
    work->counts->lanes_total = work->lanes.count;
    return rc;
}

/* ---- the broker ---- */

static kh_rc name_topics(kh_verifying *work)
{
    const kh_topic_section *topics = &work->settings->kafka.topics;
    work->sources = kh_arena_allocate_array(&work->arena, topics->event_count, sizeof *work->sources);
    if (work->sources == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < topics->event_count; i++) {
        work->sources[work->source_count++] = topics->events[i].value.data; /* a NUL is behind it */
    }
    work->results[KH_TOPIC_STATUS] = topics->status.data;
    work->results[KH_TOPIC_PUBLIC] = topics->public_status.data;
    work->results[KH_TOPIC_OBLIGATIONS] = topics->obligations.data;
    work->results[KH_TOPIC_DEAD_LETTERS] = topics->dead_letters.data;
    return KH_OK;
}

/* Before the snapshot: whatever these say was decided and published must then be in it, and in the topics. */
static kh_rc read_commits(kh_verifying *work)
{
    kh_lanes lanes;
    kh_rc rc = kh_lanes_read_all(work->database, &work->arena, &lanes);
    size_t count = rc == KH_OK ? lanes.count * work->source_count : 0;
    work->commits = kh_arena_allocate_array(&work->arena, count, sizeof *work->commits);
    if (rc != KH_OK || count == 0) {
        return rc;
    }
    if (work->commits == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        work->commits[i] =
            (kh_lane_commit){.topic = i % work->source_count, .lane = lanes.rows[i / work->source_count].lane};
    }
    work->commit_count = count;
    return kh_look_committed(&work->kafka, work->sources, work->commits, count, work->wait_ms, &work->arena,
                             &work->kafka_error);
}

/* High watermarks: what was published lies below them for certain, and what is still open there is waited for. */
static kh_rc read_ranges(kh_verifying *work, const char *const *names, size_t name_count, kh_topic_range **out)
{
    size_t count = work->lanes.count * name_count;
    kh_topic_range *ranges = kh_arena_allocate_array(&work->arena, count, sizeof *ranges);
    if (ranges == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        ranges[i] = (kh_topic_range){.topic = names[i % name_count], .lane = work->lanes.rows[i / name_count].lane};
    }
    *out = ranges;
    return count == 0 ? KH_OK : kh_look_ranges(&work->kafka, false, ranges, count, work->wait_ms, &work->kafka_error);
}

/* ---- where lanes stand against their topics ---- */

static kh_rc check_offset(kh_verifying *work, size_t at, size_t source)
{
    const kh_lane_row *lane = &work->lanes.rows[at];
    const kh_topic_range *range = &work->source_ranges[at * work->source_count + source];
    const kh_lane_commit *commit = kh_verify_commit(work, at, source);
    const kh_lane_offset_row *offset = kh_verify_offset(work, lane->lane, kh_text_of(range->topic));
    int64_t next = offset == NULL ? 0 : offset->next_offset;
    int64_t mark = 0;
    kh_text deployment = {"", 0};
    kh_text place = kh_arena_print(&work->said, "%s/%" PRId32, range->topic, lane->lane);
    if (next > range->end) {
        return kh_verify_say(work, KH_DEVIATION_OFFSET, place,
                             "decided up to offset %" PRId64 ", but the topic ends at %" PRId64
                             ": it was cut off or made anew",
                             next, range->end);
    }
    if (next < range->first) {
        return kh_verify_say(work, KH_DEVIATION_OFFSET, place,
                             "offsets %" PRId64 " to %" PRId64 " are not decided, and not in the topic any more", next,
                             range->first - 1);
    }
    if (commit != NULL && commit->offset > next) {
        return kh_verify_say(work, KH_DEVIATION_OFFSET, place,
                             "the group has committed offset %" PRId64 ", the database stands at %" PRId64
                             ": it is an older copy",
                             commit->offset, next);
    }
    if (commit != NULL && kh_mark_parse(commit->metadata, &mark, &deployment) && mark > lane->next_seq) {
        return kh_verify_say(work, KH_DEVIATION_OFFSET, place,
                             "results are published up to number %" PRId64 ", the database has %" PRId64
                             ": it is an older copy",
                             mark, lane->next_seq);
    }
    kh_arena_reset(&work->said);
    return KH_OK;
}

static kh_rc verify_lane(kh_verifying *work, size_t at)
{
    kh_rc rc = KH_OK;
    for (size_t t = 0; rc == KH_OK && !work->wish->quick && t < work->source_count; t++) {
        rc = check_offset(work, at, t);
    }
    if (rc == KH_OK) {
        rc = kh_verify_results_of(work, at);
    }
    if (rc == KH_OK) {
        rc = kh_verify_subjects_of(work, at);
    }
    if (rc == KH_OK && !work->wish->quick) {
        rc = kh_verify_sources_of(work, at);
    }
    work->counts->lanes++;
    return rc;
}

static kh_rc verify_all(kh_verifying *work)
{
    kh_rc rc = name_topics(work);
    if (rc == KH_OK && !work->wish->quick) {
        kh_waiting *waiting = kh_reach_wait(work->settings, (uint32_t)work->wait_ms, work->log);
        rc = read_commits(work);
        kh_waiting_end(waiting);
    }
    if (rc == KH_OK) {
        rc = read_snapshot(work);
    }
    if (rc == KH_OK && !work->wish->quick) {
        rc = read_ranges(work, work->sources, work->source_count, &work->source_ranges);
    }
    if (rc == KH_OK && !work->wish->quick) {
        rc = read_ranges(work, work->results, KH_RESULT_TOPICS, &work->result_ranges);
    }
    if (rc == KH_OK && !work->wish->quick) {
        rc = kh_reader_new(&work->kafka, &work->reader, &work->kafka_error);
    }
    for (size_t i = 0; rc == KH_OK && i < work->lanes.count; i++) {
        rc = verify_lane(work, i);
    }
    return rc;
}

/* Says whose error it was: each error object is set by its own room alone. */
static kh_rc explain_failure(kh_verifying *work, kh_rc rc)
{
    if (rc == KH_OK || rc == KH_E_MEMORY || work->problems->count > 0) {
        return rc;
    }
    if (work->kafka_error.rc == rc) {
        return kh_reach_kafka_failed(work->settings, work->log, &work->kafka_error, work->problems, rc);
    }
    return kh_database_last_error(work->database)->rc == rc
               ? kh_reach_failed(work->settings, work->database, work->problems, rc)
               : rc;
}

kh_rc kh_verify(const kh_settings *settings, const kh_verify_wish *wish, kh_problems *problems,
                kh_verify_counts *counts)
{
    static kh_reach_log log;
    kh_verifying work = {.settings = settings,
                         .wish = wish,
                         .problems = problems,
                         .counts = counts,
                         .log = &log,
                         .wait_ms = (int)settings->kafka.answer_timeout_ms};
    *counts = (kh_verify_counts){0};
    kh_arena_init(&work.arena, 65536, kh_heap());
    kh_arena_init(&work.page, 65536, kh_heap());
    kh_arena_init(&work.said, 4096, kh_heap());
    kh_rc rc = kh_message_cache_new(kh_heap(), &work.cache);
    if (rc == KH_OK && !wish->quick) {
        rc = kh_reach_kafka(settings, &work.arena, &log, &work.kafka);
    }
    if (rc == KH_OK) {
        rc = kh_reach_schema(settings, problems, &work.database, NULL);
    }
    if (rc == KH_OK) {
        rc = explain_failure(&work, verify_all(&work));
        kh_snapshot_end(work.database);
    }
    kh_reader_free(work.reader);
    kh_reach_close(work.database);
    kh_message_cache_free(work.cache);
    kh_arena_deinit(&work.said);
    kh_arena_deinit(&work.page);
    kh_arena_deinit(&work.arena);
    return rc;
}
