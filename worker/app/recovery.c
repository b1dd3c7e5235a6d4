/* Taking lanes: for every lane of every assignment, also one held before. Each sentence of what follows is there
 * because leaving it out loses, doubles or reorders something (README: Exactly once). tests/model/publish.pml describes
 * it, shows what each guard prevents, and changes with it. */
#include "app/live.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/failpoint.h"
#include "app/heap.h"
#include "app/metrics.h"
#include "app/replay_course.h"
#include "app/rules_store.h"
#include "app/watchdog.h"
#include "kafka/scan.h"
#include "postgres/outbox.h"

#define PAGE    2000
#define HOUR_MS INT64_C(3600000)

/* What taking the lanes has found out so far. */
typedef struct taking {
    kh_worker *worker;
    kh_share *share;
    kh_arena arena;
    kh_lanes stored;
    kh_lane_commit *commits; /* for each lane, each topic */
    int64_t *marks;
} taking;

static kh_rc stop(kh_worker *worker, kh_exit_reason reason)
{
    worker->reason = reason;
    return reason == KH_ENDED_REWOUND ? KH_E_REWOUND : KH_E_CONFIGURATION;
}

/* What ends the worker is an error; the rest is tried again. */
static kh_log_level level_of(kh_rc rc)
{
    return kh_rc_is_fatal(rc) ? KH_LOG_ERROR : KH_LOG_WARNING;
}

/* ---- 1. epochs: from now on the former owner's batches fail ---- */

static kh_rc list_numbers(const taking *of, int32_t **out)
{
    int32_t *numbers = kh_arena_allocate_array((kh_arena *)&of->arena, of->share->lane_count, sizeof *numbers);
    if (numbers == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < of->share->lane_count; i++) {
        numbers[i] = of->share->lanes[i].number;
    }
    *out = numbers;
    return KH_OK;
}

static void set_source(taking *of, const kh_lane_offset_row *row)
{
    kh_worker *worker = of->worker;
    const kh_replay_course *course = worker->settings->course;
    kh_live_lane *lane = kh_live_find_lane(of->share, row->lane);
    for (size_t t = 0; lane != NULL && t < worker->topic_count; t++) {
        if (kh_text_equal(row->topic, kh_text_of(worker->topics[t]))) {
            lane->sources[t] = (kh_live_source){
                .next_offset = row->next_offset,
                .end = course == NULL ? INT64_MAX : kh_replay_course_end(course, row->topic, row->lane),
                .last_offset = row->last_offset,
                .last_timestamp = row->last_timestamp,
                .last_crc = row->last_crc,
                .expects_last = row->last_offset != KH_SEQ_NONE,
            };
        }
    }
}

static kh_rc set_lane(kh_live_lane *lane, const kh_lane_row *row)
{
    char *cause = malloc(row->sweep_cause.length + 1);
    if (cause == NULL || row->sweep_after.length > sizeof lane->sweep_after) {
        free(cause);
        return cause == NULL ? KH_E_MEMORY : KH_E_INTERNAL;
    }
    memcpy(cause, row->sweep_cause.length == 0 ? "" : row->sweep_cause.data, row->sweep_cause.length);
    free(lane->sweep_cause);
    lane->sweep_cause = cause;
    lane->sweep_cause_length = row->sweep_cause.length;
    memcpy(lane->sweep_after, row->sweep_after.length == 0 ? "" : row->sweep_after.data, row->sweep_after.length);
    lane->sweep_after_length = row->sweep_after.length;
    lane->epoch = row->epoch;
    lane->next_seq = row->next_seq;
    lane->clock = row->clock;
    lane->swept_version = row->swept_version;
    lane->sweeping = row->sweeping;
    lane->quiet_until = KH_INSTANT_NONE;
    lane->has_due = false;
    lane->has_wakeups = false;
    lane->has_redrives = false;
    lane->locks_all = false;
    lane->blocked = false;
    lane->paused = false;
    lane->behind = row->arrangement_version > row->swept_version;
    return KH_OK;
}

static kh_rc take_epochs(taking *of)
{
    int32_t *numbers = NULL;
    kh_rc rc = list_numbers(of, &numbers);
    of->share->redrives_alone = false;
    of->share->redrive_refused = KH_SEQ_NONE;
    if (rc == KH_OK) {
        rc = kh_lanes_take(of->share->database, numbers, of->share->lane_count, &of->arena, &of->stored);
    }
    if (rc != KH_OK) {
        kh_live_log_database(of->share, "take-lanes");
        return rc;
    }
    for (size_t i = 0; rc == KH_OK && i < of->stored.count; i++) {
        kh_live_lane *lane = kh_live_find_lane(of->share, of->stored.rows[i].lane);
        rc = lane == NULL ? KH_E_INTERNAL : set_lane(lane, &of->stored.rows[i]);
    }
    for (size_t i = 0; rc == KH_OK && i < of->stored.offset_count; i++) {
        set_source(of, &of->stored.offsets[i]);
    }
    return rc;
}

/* ---- 2. former owners: their open transactions end now ---- */

static bool seen_before(const taking *of, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (kh_text_equal(of->stored.rows[i].owner, of->stored.rows[at].owner)) {
            return true;
        }
    }
    return false;
}

static kh_rc fence_owners(taking *of)
{
    kh_worker *worker = of->worker;
    kh_kafka_error error = {0};
    for (size_t i = 0; i < of->stored.count; i++) {
        kh_text owner = of->stored.rows[i].owner;
        if (owner.length == 0 || kh_text_equal(owner, kh_text_of(worker->transactional_id)) || seen_before(of, i)) {
            continue; /* never oneself */
        }
        kh_text name = {NULL, 0};
        kh_rc rc = kh_arena_copy_text(&of->arena, owner, &name);
        if (rc == KH_OK) {
            kh_failpoint(KH_AT_BEFORE_FENCE);
            rc = kh_fence(&worker->kafka, name.data, 10000, &error);
            kh_failpoint(KH_AT_AFTER_FENCE);
        }
        if (rc != KH_OK) {
            kh_log(level_of(rc), "fence", "%s: %s", name.data, error.text);
            return rc;
        }
        kh_log(KH_LOG_INFO, "fenced", "%s, which owned lanes that are ours now", name.data);
    }
    return KH_OK;
}

static kh_rc own(taking *of)
{
    kh_worker *worker = of->worker;
    int32_t *numbers = NULL;
    kh_rc rc = list_numbers(of, &numbers);
    int64_t *epochs = kh_arena_allocate_array(&of->arena, of->share->lane_count, sizeof *epochs);
    if (rc != KH_OK || epochs == NULL) {
        return rc != KH_OK ? rc : KH_E_MEMORY;
    }
    for (size_t i = 0; i < of->share->lane_count; i++) {
        epochs[i] = of->share->lanes[i].epoch;
    }
    return kh_lanes_own(of->share->database, numbers, epochs, of->share->lane_count,
                        kh_text_of(worker->transactional_id));
}

/* ---- 3. the marks: what is published, as the group's committed offsets carry it ---- */

static kh_rc read_commits(taking *of)
{
    kh_worker *worker = of->worker;
    kh_kafka_error error = {0};
    size_t count = of->share->lane_count * worker->topic_count;
    of->commits = kh_arena_allocate_array(&of->arena, count, sizeof *of->commits);
    of->marks = kh_arena_allocate_array(&of->arena, of->share->lane_count, sizeof *of->marks);
    if (of->commits == NULL || of->marks == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        of->commits[i].topic = i % worker->topic_count;
        of->commits[i].lane = of->share->lanes[i / worker->topic_count].number;
    }
    kh_rc rc = kh_consumer_committed(worker->consumer, of->commits, count, 10000, &of->arena, &error);
    if (rc != KH_OK) {
        kh_log(level_of(rc), "committed", "%s", error.text);
    }
    return rc;
}

/* The group's offsets are gone while the lane has results: the mark stands in the result topics themselves. What is not
 * known to be published was recorded after the result at `published_seq`, or after the newest there is, and published
 * later still, by the broker's clock: an hour is for what the two clocks differ. */
static kh_rc scan_mark(taking *of, const kh_live_lane *lane, int64_t published_seq, int64_t *mark)
{
    kh_worker *worker = of->worker;
    kh_kafka_error error = {0};
    kh_instant since = KH_INSTANT_NONE;
    bool found = false;
    int64_t seq = 0;
    kh_rc rc = kh_outbox_recorded_at(of->share->database, lane->number, published_seq, &since);
    if (rc != KH_OK) {
        return rc;
    }
    kh_failpoint(KH_AT_BEFORE_SCAN);
    kh_log(KH_LOG_WARNING, "offsets-gone",
           "lane %" PRId32 ": the group has no committed offsets; looking for the last published result in the topics",
           lane->number);
    rc = kh_scan_mark(&worker->kafka, worker->result_topics, KH_RESULT_TOPICS, lane->number,
                      since == KH_INSTANT_NONE ? KH_INSTANT_NONE : since - HOUR_MS, 60000, &found, &seq, &error);
    if (rc != KH_OK) {
        kh_log(level_of(rc), "offsets-gone", "lane %" PRId32 ": %s", lane->number, error.text);
        return rc;
    }
    /* The last of them may have been a notice that an obligation is gone, which a compacted topic forgets. */
    *mark = found && seq + 1 > published_seq ? seq + 1 : published_seq;
    kh_failpoint(KH_AT_AFTER_SCAN);
    kh_watchdog_pat();
    return KH_OK;
}

static kh_rc check_deployment(kh_worker *worker, const kh_lane_commit *commit, kh_text deployment)
{
    kh_text ours = worker->settings->configuration->settings.deployment;
    if (kh_text_equal(deployment, ours)) {
        return KH_OK;
    }
    kh_log(KH_LOG_ERROR, "another-deployment",
           "group %s is that of deployment \"%.*s\" (offsets of %s/%" PRId32 " say so), this is \"%.*s\"; give each "
           "deployment a group and a database of its own",
           worker->kafka.group, KH_TEXT_ARGS(deployment), worker->topics[commit->topic], commit->lane,
           KH_TEXT_ARGS(ours));
    return stop(worker, KH_ENDED_CONFIGURATION);
}

/* Committed or published ahead of the database: either the lane has moved on to somebody else since it was read, or the
 * database was restored from an older copy.
 * \param commit  NULL: the group has none. */
static kh_rc check_rewind(taking *of, kh_live_lane *lane, const kh_lane_commit *commit, int64_t *mark)
{
    kh_worker *worker = of->worker;
    int64_t next_offset = commit == NULL ? 0 : lane->sources[commit->topic].next_offset;
    kh_text committed = KH_TEXT("");
    kh_text stands = KH_TEXT("");
    kh_lanes now = {0};
    if (*mark <= lane->next_seq && (commit == NULL || commit->offset <= next_offset)) {
        return KH_OK;
    }
    kh_rc rc = kh_lanes_read_back(of->share->database, &lane->number, 1, &of->arena, &now);
    if (rc != KH_OK) {
        return rc;
    }
    if (now.count == 0 || now.rows[0].epoch != lane->epoch) {
        return KH_E_NOT_MINE;
    }
    if (commit != NULL) {
        committed = kh_arena_print(&of->arena, " and committed up to offset %" PRId64 " of %s", commit->offset,
                                   worker->topics[commit->topic]);
        stands =
            kh_arena_print(&of->arena, " and offset %" PRId64 " of %s", next_offset, worker->topics[commit->topic]);
    }
    if (worker->settings->accept_rewind) {
        kh_log(KH_LOG_WARNING, "database-rewind",
               "lane %" PRId32 ": deciding again from result %" PRId64 "%.*s, as asked for", lane->number,
               lane->next_seq, KH_TEXT_ARGS(stands));
        *mark = *mark < lane->next_seq ? *mark : lane->next_seq;
        return KH_OK;
    }
    kh_log(KH_LOG_ERROR, "database-rewind",
           "lane %" PRId32 ": published up to result %" PRId64 "%.*s, but the database stands at result %" PRId64
           "%.*s: it was restored from an older copy. Restore a newer one, or run once with --accept-database-rewind "
           "to decide again from there; the results carry the same kh-id, so readers can drop what they have",
           lane->number, *mark, KH_TEXT_ARGS(committed), lane->next_seq, KH_TEXT_ARGS(stands));
    return stop(worker, KH_ENDED_REWOUND);
}

static kh_rc find_mark(taking *of, size_t at)
{
    kh_worker *worker = of->worker;
    kh_live_lane *lane = &of->share->lanes[at];
    const kh_lane_commit *commits = &of->commits[at * worker->topic_count];
    kh_rc rc = KH_OK;
    bool found = false;
    for (size_t t = 0; rc == KH_OK && t < worker->topic_count; t++) {
        kh_text deployment = {NULL, 0};
        if (commits[t].present && kh_mark_parse(commits[t].metadata, &of->marks[at], &deployment)) {
            found = true;
            rc = check_deployment(worker, &commits[t], deployment);
        }
    }
    if (rc == KH_OK && !found && lane->next_seq > 0) {
        int64_t published_seq = 0;
        for (size_t i = 0; i < of->stored.count; i++) {
            published_seq = of->stored.rows[i].lane == lane->number ? of->stored.rows[i].published_seq : published_seq;
        }
        rc = scan_mark(of, lane, published_seq, &of->marks[at]);
        rc = rc == KH_OK ? check_rewind(of, lane, NULL, &of->marks[at]) : rc;
    }
    for (size_t t = 0; rc == KH_OK && found && t < worker->topic_count; t++) {
        if (commits[t].present) {
            rc = check_rewind(of, lane, &commits[t], &of->marks[at]);
        }
    }
    return rc;
}

static kh_rc find_marks(taking *of)
{
    kh_rc rc = read_commits(of);
    kh_failpoint(KH_AT_AFTER_COMMITTED);
    for (size_t i = 0; rc == KH_OK && i < of->share->lane_count; i++) {
        rc = find_mark(of, i);
    }
    return rc;
}

/* ---- 4. what was decided but not published ---- */

static kh_rc add_page(taking *of, kh_outgoing *out, const kh_live_lane *lane, kh_result_row *rows, size_t count)
{
    kh_dead_letter_row *letters = NULL;
    size_t letter_count = 0;
    kh_rc rc = kh_outbox_read_dead_letters(of->share->database, lane->number, rows[0].seq, rows[count - 1].seq + 1,
                                           count, &out->arena, &letters, &letter_count);
    size_t next = 0;
    for (size_t i = 0; rc == KH_OK && i < count; i++) {
        const kh_dead_letter_row *letter = NULL;
        if (next < letter_count && letters[next].seq == rows[i].seq) {
            letter = &letters[next++];
        }
        rc = kh_outgoing_add_row(out, of->share->cache, of->share->world.book, &rows[i], letter);
    }
    return rc;
}

static kh_rc publish_page(taking *of, kh_outgoing *out, const kh_live_lane *lane, int64_t mark)
{
    kh_worker *worker = of->worker;
    int64_t offsets[KH_SOURCES_MAX];
    kh_kafka_error error = {0};
    for (size_t t = 0; t < worker->topic_count; t++) {
        offsets[t] = lane->sources[t].next_offset;
    }
    kh_rc rc = kh_outgoing_add_lane(out, worker->settings->configuration->settings.deployment, lane->number, mark,
                                    worker->topics, offsets, worker->topic_count);
    if (rc == KH_OK) {
        kh_publication publication = {out->messages, out->message_count, out->offsets, out->offset_count,
                                      worker->claim};
        rc = kh_publish_once(worker->publisher, &publication, &error);
        if (rc != KH_OK) {
            kh_log(level_of(rc), "publish-left", "lane %" PRId32 ": %s", lane->number, error.text);
            worker->producer_lost = rc == KH_E_LOST || rc == KH_E_FENCED;
        }
    }
    return rc;
}

static kh_rc publish_left(taking *of, kh_outgoing *out, const kh_live_lane *lane, int64_t mark)
{
    kh_rc rc = KH_OK;
    if (mark < lane->next_seq) {
        kh_log(KH_LOG_INFO, "publish-left",
               "lane %" PRId32 ": results %" PRId64 " to %" PRId64 " were not published yet", lane->number, mark,
               lane->next_seq - 1);
    }
    while (rc == KH_OK && mark < lane->next_seq) {
        kh_result_row *rows = NULL;
        size_t count = 0;
        kh_failpoint(KH_AT_BEFORE_PAGE);
        kh_outgoing_reset(out);
        rc = kh_outbox_read(of->share->database, lane->number, mark, PAGE, &out->arena, &rows, &count);
        if (rc == KH_OK && count == 0) {
            kh_log(KH_LOG_ERROR, "result-missing", "lane %" PRId32 ": result %" PRId64 " is not in the table",
                   lane->number, mark);
            return KH_E_INTERNAL;
        }
        if (rc == KH_OK) {
            rc = add_page(of, out, lane, rows, count);
        }
        if (rc == KH_OK) {
            mark = rows[count - 1].seq + 1;
            rc = publish_page(of, out, lane, mark);
            kh_failpoint(KH_AT_AFTER_PAGE);
            kh_watchdog_pat();
        }
    }
    return rc;
}

static kh_rc publish_all_left(taking *of)
{
    kh_outgoing out;
    kh_outgoing_init(&out);
    kh_rc rc = KH_OK;
    for (size_t i = 0; rc == KH_OK && i < of->share->lane_count; i++) {
        rc = publish_left(of, &out, &of->share->lanes[i], of->marks[i]);
    }
    kh_outgoing_deinit(&out);
    return rc;
}

/* ---- 5. reading: from the last decided record, which proves that the topic is the same ---- */

static kh_rc start_reading(taking *of)
{
    kh_worker *worker = of->worker;
    kh_kafka_error error = {0};
    size_t count = of->share->lane_count * worker->topic_count;
    kh_lane_start *starts = kh_arena_allocate_array(&of->arena, count, sizeof *starts);
    if (starts == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        kh_live_lane *lane = &of->share->lanes[i / worker->topic_count];
        kh_live_source *source = &lane->sources[i % worker->topic_count];
        int64_t from = source->expects_last ? source->last_offset : source->next_offset;
        starts[i] = (kh_lane_start){i % worker->topic_count, lane->number, from};
        source->polled = from;
        source->polled_at = KH_INSTANT_NONE;
        source->drained = source->next_offset >= source->end;
    }
    kh_rc rc = kh_consumer_start(worker->consumer, starts, count, &error);
    if (rc != KH_OK) {
        kh_log(KH_LOG_WARNING, "start-reading", "%s", error.text);
    }
    return rc;
}

/* ---- before all: nothing of ours is on its way, and the producer is of use ---- */

static kh_rc renew_publisher(kh_worker *worker)
{
    kh_kafka_error error = {0};
    kh_rc failed = kh_publishing_failed(worker->publishing, &error);
    kh_publishing_drop(worker->publishing);
    if (!kh_publishing_wait(worker->publishing, 120000)) {
        kh_log(KH_LOG_ERROR, "publishing-stuck", "the transaction in hand does not end");
        return KH_E_INTERNAL;
    }
    failed = failed == KH_OK ? kh_publishing_failed(worker->publishing, &error) : failed;
    if (failed == KH_E_CONFIGURATION || failed == KH_E_MEMORY) {
        kh_log(KH_LOG_ERROR, "cannot-publish", "%s", error.text);
        worker->reason = KH_ENDED_CONFIGURATION;
        return failed;
    }
    if (worker->producer_lost || failed == KH_E_LOST || failed == KH_E_FENCED) {
        kh_log(KH_LOG_WARNING, "producer-renewed", "%s", error.text);
        kh_failpoint(KH_AT_BEFORE_RENEWAL);
        kh_rc rc = kh_publisher_renew(worker->publisher, 30000, &error);
        kh_failpoint(KH_AT_AFTER_RENEWAL);
        if (rc != KH_OK) {
            kh_log(KH_LOG_WARNING, "producer-renewed", "%s", error.text);
            worker->producer_lost = true;
            return rc == KH_E_FENCED ? KH_E_LOST : rc;
        }
        worker->producer_lost = false;
    }
    kh_publishing_restart(worker->publishing);
    return KH_OK;
}

static kh_rc take_share(taking *of)
{
    kh_failpoint(KH_AT_BEFORE_EPOCHS);
    kh_rc rc = take_epochs(of);
    kh_failpoint(KH_AT_AFTER_EPOCHS);
    bool publishes = of->worker->settings->course == NULL;
    if (rc == KH_OK && publishes) {
        rc = fence_owners(of);
    }
    if (rc == KH_OK) {
        rc = own(of);
        kh_failpoint(KH_AT_AFTER_OWNING);
    }
    if (rc ==
        KH_OK) { /* what stands in the database is read by the rule book; arrangements come with the first batch */
        rc = kh_live_read_world(of->share, -1);
        kh_failpoint(KH_AT_AFTER_RULES);
    }
    if (rc == KH_OK && publishes) {
        rc = find_marks(of);
    }
    kh_failpoint(KH_AT_AFTER_MARKS);
    if (rc == KH_OK && publishes) {
        rc = publish_all_left(of);
    }
    if (rc == KH_E_FENCED) {
        rc = KH_E_LOST; /* the next try makes a new producer */
    }
    if (rc == KH_OK) {
        kh_failpoint(KH_AT_BEFORE_START_READING);
        rc = start_reading(of);
        kh_failpoint(KH_AT_AFTER_START_READING);
    }
    return rc;
}

kh_rc kh_live_take_lanes(kh_worker *worker)
{
    size_t count = 0;
    kh_failpoint(KH_AT_BEFORE_TAKING);
    kh_live_forget_pending(worker);
    kh_rc rc = renew_publisher(worker);
    for (size_t i = 0; rc == KH_OK && i < worker->share_count; i++) {
        taking of = {.worker = worker, .share = &worker->shares[i]};
        if (of.share->lane_count == 0) {
            continue;
        }
        kh_arena_init(&of.arena, 65536, kh_heap());
        rc = take_share(&of);
        kh_arena_deinit(&of.arena);
        count += of.share->lane_count;
    }
    if (rc == KH_E_CONFIGURATION) {
        worker->reason = KH_ENDED_CONFIGURATION;
    } else if (rc == KH_OK) {
        worker->taken = true;
        kh_metric_add(KH_METRIC_LANES_TAKEN, 0, count);
        kh_failpoint(KH_AT_AFTER_TAKING);
        kh_log(KH_LOG_INFO, "lanes-taken", "%zu lanes", count);
    }
    return rc;
}
