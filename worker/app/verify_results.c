/* A lane's results by number, each against its bytes, its cause and its messages in the topics. Rows and messages
 * ascend by number on both sides, so neither is ever held whole. */
#include "app/verify_work.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/heap.h"
#include "codec/store.h"
#include "postgres/outbox.h"
#include "postgres/transaction.h"

#define LETTERS      8   /* with their bytes, up to 16 MiB each */
#define MISSING_MOST 200 /* looked up together */
/* A compacted topic keeps each message that long at least (topic rules). */
#define KEPT_MS INT64_C(604800000)

static const kh_text NONE = {"", 0};

/* One result topic's partition of the lane. */
typedef struct reading {
    kh_reader_part *part;
    bool more;        /* `record` is the next one */
    kh_record record; /* borrowed */
    int64_t seq;      /* of it */
    int64_t last;     /* highest number so far; -1: none */
    int64_t begun_at; /* first number in the topic; -1: none yet */
    bool cut;         /* its beginning has been deleted */
    uint64_t deleted; /* messages that were before its beginning */
    uint64_t compacted;
} reading;

/* A message that its topic does not have: whether it should is to be seen. */
typedef struct missing {
    kh_result_topic topic;
    int64_t seq;
    kh_text key;
    kh_text subject;
    uint32_t version;
    kh_instant recorded_at;
    bool gone; /* a tombstone: a compacted topic forgets it altogether */
} missing;

typedef struct walking {
    kh_verifying *work;
    const kh_lane_row *lane;
    int64_t mark; /* everything below has been published */
    int64_t next; /* number that comes next */
    uint64_t unpublished;
    kh_outgoing out;
    reading readings[KH_RESULT_TOPICS];
    missing missing[MISSING_MOST];
    size_t missing_count;
    kh_arena kept; /* of what is missing */
    kh_dead_letter_row *letters;
    size_t letter_count;
    kh_arena letter_arena;
    kh_verify_causes causes;
} walking;

/* ---- the topics' side ---- */

static const kh_header *header_of(const kh_record *record, const char *name)
{
    for (uint32_t i = 0; i < record->header_count; i++) {
        if (kh_text_equal(record->headers[i].name, kh_text_of(name))) {
            return &record->headers[i]; /* a dead letter's own come last */
        }
    }
    return NULL;
}

static bool number_of(const kh_record *record, const char *name, int64_t *out)
{
    const kh_header *header = header_of(record, name);
    char text[24];
    char *end = NULL;
    if (header == NULL || header->value.length == 0 || header->value.length >= sizeof text) {
        return false;
    }
    memcpy(text, header->value.data, header->value.length);
    text[header->value.length] = '\0';
    *out = strtoll(text, &end, 10);
    return *end == '\0';
}

/* Judges the record that was just read. \param takes  gets whether it is the next to be matched. */
static kh_rc judge_record(walking *of, reading *from, bool *takes)
{
    kh_verifying *work = of->work;
    int64_t lane = -1;
    *takes = false;
    work->counts->messages++;
    if (!number_of(&from->record, "kh-lane", &lane) || !number_of(&from->record, "kh-seq", &from->seq) ||
        lane != of->lane->lane) {
        return kh_verify_say(work, KH_DEVIATION_MESSAGE_UNKNOWN, kh_verify_record_place(work, &from->record),
                             "its headers kh-lane and kh-seq name no result of lane %" PRId32, of->lane->lane);
    }
    from->begun_at = from->begun_at < 0 ? from->seq : from->begun_at;
    if (from->seq <= from->last) {
        return kh_verify_say(work, KH_DEVIATION_MESSAGE_REPEATED, kh_verify_record_place(work, &from->record),
                             "result %" PRId64 " stands behind %" PRId64 ": a second time, or out of order", from->seq,
                             from->last);
    }
    from->last = from->seq;
    *takes = from->seq < of->lane->next_seq; /* what is newer than the snapshot is none of ours */
    return KH_OK;
}

static kh_rc advance(walking *of, reading *from)
{
    kh_rc rc = KH_OK;
    bool takes = false;
    from->more = false;
    do {
        bool more = false;
        rc = kh_reader_next(from->part, of->work->wait_ms, &from->record, &more, &of->work->kafka_error);
        if (rc != KH_OK || !more) {
            return rc;
        }
        rc = judge_record(of, from, &takes);
    } while (rc == KH_OK && !takes);
    from->more = rc == KH_OK;
    return rc;
}

/* Messages that no row has, up to a number. */
static kh_rc pass_unknown(walking *of, reading *from, int64_t seq)
{
    kh_rc rc = KH_OK;
    while (rc == KH_OK && from->more && from->seq < seq) {
        kh_verifying *work = of->work;
        const kh_header *id = header_of(&from->record, "kh-id");
        kh_text name = id == NULL ? NONE : id->value;
        rc = kh_verify_say(work, KH_DEVIATION_MESSAGE_UNKNOWN, kh_verify_record_place(work, &from->record),
                           "%.*s: the database has no result %" PRId64 " of lane %" PRId32 " that says so",
                           KH_TEXT_ARGS(name), from->seq, of->lane->lane);
        if (rc == KH_OK) {
            rc = advance(of, from);
        }
    }
    return rc;
}

static bool same_bytes(bool a_has, kh_text a, bool b_has, kh_text b)
{
    return a_has == b_has && (!a_has || kh_text_equal(a, b));
}

/* The first header that differs; NULL if none does. */
static const char *differing_header(const kh_message *message, const kh_record *record)
{
    if (message->header_count != record->header_count) {
        return "the number of its headers";
    }
    for (uint32_t i = 0; i < message->header_count; i++) {
        const kh_header *wanted = &message->headers[i];
        const kh_header *is = &record->headers[i];
        if (!kh_text_equal(wanted->name, is->name) ||
            !same_bytes(wanted->has_value, wanted->value, is->has_value, is->value)) {
            return kh_text_equal(wanted->name, KH_TEXT("kh-id")) ? "its kh-id" : "a header";
        }
    }
    return NULL;
}

static kh_rc compare(walking *of, const reading *from, const kh_message *message, const kh_result_row *row)
{
    const kh_record *record = &from->record;
    const char *what = differing_header(message, record);
    if (!same_bytes(message->has_key, message->key, record->has_key, record->key)) {
        what = "its key";
    } else if (!same_bytes(message->has_value, message->value, record->has_value, record->value)) {
        uint64_t hash = 0;
        kh_rc rc = kh_outgoing_hash(record->value, &hash);
        if (rc != KH_OK) {
            return rc;
        }
        bool is_public = message->topic == KH_TOPIC_PUBLIC;
        what = message->topic == KH_TOPIC_DEAD_LETTERS ? "its value"
               : hash == (is_public ? row->public_hash : row->message_hash)
                   ? "its value, which is the one that was hashed when the row was written,"
                   : "its value, whose SHA-256 is not the row's either,";
    }
    if (what == NULL) {
        return KH_OK;
    }
    kh_verifying *work = of->work;
    return kh_verify_say(work, KH_DEVIATION_MESSAGE_ALTERED, kh_verify_record_place(work, record),
                         "%s is not what result %" PRId64 " of lane %" PRId32 " (%.*s) comes to", what, row->seq,
                         row->lane, KH_TEXT_ARGS(row->key));
}

/* ---- what is missing ---- */

static bool is_newest(const kh_key_state *states, uint32_t count, const missing *of)
{
    for (uint32_t i = 0; i < count; i++) {
        if (kh_text_equal(states[i].key, of->key)) {
            return of->version == (of->topic == KH_TOPIC_PUBLIC ? states[i].public_version : states[i].version);
        }
    }
    return true; /* nothing stands that is newer */
}

static kh_rc judge_missing(walking *of, const missing *is, const kh_subject_row *row)
{
    kh_verifying *work = of->work;
    kh_key_state *states = NULL;
    uint32_t count = 0;
    bool compacted = is->topic != KH_TOPIC_DEAD_LETTERS && work->now - is->recorded_at > KEPT_MS;
    if (compacted && !is->gone && row->decisions.length > 0) {
        kh_rc rc = kh_store_keys_decode(&work->book, row->decisions, &work->page, &states, &count);
        if (rc == KH_E_MEMORY) {
            return rc;
        }
        compacted = rc == KH_OK && !is_newest(states, count, is);
    }
    if (compacted) {
        of->readings[is->topic].compacted++;
        return KH_OK;
    }
    kh_text id = is->topic == KH_TOPIC_DEAD_LETTERS ? is->key : kh_message_id(&work->said, is->key, is->version);
    return kh_verify_say(work, KH_DEVIATION_MESSAGE_MISSING, kh_verify_result_place(work, of->lane->lane, is->seq),
                         "%.*s is not in %s partition %" PRId32, KH_TEXT_ARGS(id), work->results[is->topic],
                         of->lane->lane);
}

/* Also resets the page: nothing of it may be in use. */
static kh_rc judge_all_missing(walking *of)
{
    kh_verifying *work = of->work;
    kh_subject_row *rows = NULL;
    kh_subject_key keys[MISSING_MOST];
    for (size_t i = 0; i < of->missing_count; i++) {
        keys[i] = (kh_subject_key){of->lane->lane, of->missing[i].subject};
    }
    kh_arena_reset(&work->page);
    kh_rc rc = kh_transaction_read_subjects(work->database, keys, of->missing_count, &work->page, &rows);
    for (size_t i = 0; rc == KH_OK && i < of->missing_count; i++) {
        rc = judge_missing(of, &of->missing[i], &rows[i]);
    }
    of->missing_count = 0;
    kh_arena_reset(&of->kept);
    return rc;
}

static kh_rc note_missing(walking *of, reading *from, const kh_message *message, const kh_result_row *row)
{
    if (row->seq >= of->mark) {
        of->unpublished++;
        return KH_OK;
    }
    if (from->cut && (from->begun_at < 0 || row->seq < from->begun_at)) {
        from->deleted++;
        return KH_OK;
    }
    missing *is = &of->missing[of->missing_count++];
    *is = (missing){.topic = (kh_result_topic)message->topic,
                    .seq = row->seq,
                    .version = message->topic == KH_TOPIC_PUBLIC ? row->public_version : row->status_version,
                    .recorded_at = row->recorded_at,
                    .gone = !message->has_value};
    kh_rc rc = kh_arena_copy_text(&of->kept, row->key, &is->key);
    return rc == KH_OK ? kh_arena_copy_text(&of->kept, row->subject, &is->subject) : rc;
}

static kh_rc match(walking *of, const kh_message *message, const kh_result_row *row)
{
    reading *from = &of->readings[message->topic];
    if (from->part == NULL) {
        return KH_OK;
    }
    kh_rc rc = pass_unknown(of, from, row->seq);
    if (rc != KH_OK) {
        return rc;
    }
    if (!from->more || from->seq != row->seq) {
        return note_missing(of, from, message, row);
    }
    rc = compare(of, from, message, row);
    return rc == KH_OK ? advance(of, from) : rc;
}

/* ---- the rows' side ---- */

static kh_rc check_number(walking *of, const kh_result_row *row)
{
    kh_verifying *work = of->work;
    kh_rc rc = KH_OK;
    if (row->seq != of->next) {
        rc = kh_verify_say(work, KH_DEVIATION_RESULT_MISSING, kh_verify_result_place(work, row->lane, of->next),
                           "numbers %" PRId64 " to %" PRId64 " are not in the table `result`", of->next, row->seq - 1);
    }
    if (rc == KH_OK && row->seq >= of->lane->next_seq) {
        rc = kh_verify_say(work, KH_DEVIATION_RESULT_MISSING, kh_verify_result_place(work, row->lane, row->seq),
                           "the lane's first unused number is %" PRId64, of->lane->next_seq);
    }
    of->next = row->seq + 1;
    return rc;
}

static kh_rc check_hash(walking *of, const kh_message *message, const kh_result_row *row)
{
    uint64_t hash = 0;
    bool is_public = message->topic == KH_TOPIC_PUBLIC;
    kh_verifying *work = of->work;
    if (message->topic == KH_TOPIC_DEAD_LETTERS) {
        return KH_OK;
    }
    kh_rc rc = kh_outgoing_hash(message->value, &hash);
    if (rc != KH_OK || hash == (is_public ? row->public_hash : row->message_hash)) {
        return rc;
    }
    return kh_verify_say(work, KH_DEVIATION_RESULT_ALTERED, kh_verify_result_place(work, row->lane, row->seq),
                         "%.*s: the %s message that it comes to has not the SHA-256 that stands beside it",
                         KH_TEXT_ARGS(row->key),
                         is_public                                ? "public"
                         : message->topic == KH_TOPIC_OBLIGATIONS ? "obligation"
                                                                  : "status");
}

/* \param out  NULL: there is none of that number. */
static kh_rc letter_of(walking *of, int64_t seq, const kh_dead_letter_row **out)
{
    *out = NULL;
    if (of->letter_count == 0 || of->letters[of->letter_count - 1].seq < seq) {
        kh_arena_reset(&of->letter_arena);
        kh_rc rc = kh_outbox_read_dead_letters(of->work->database, of->lane->lane, seq, INT64_MAX, LETTERS,
                                               &of->letter_arena, &of->letters, &of->letter_count);
        if (rc != KH_OK) {
            return rc;
        }
    }
    for (size_t i = 0; i < of->letter_count; i++) {
        if (of->letters[i].seq == seq) {
            *out = &of->letters[i];
        }
    }
    return KH_OK;
}

static kh_rc say_unreadable(walking *of, const kh_result_row *row, kh_rc why)
{
    kh_verifying *work = of->work;
    if (why != KH_E_INTERNAL && why != KH_E_CONFIGURATION) {
        return why;
    }
    return kh_verify_say(work, KH_DEVIATION_RESULT_ALTERED, kh_verify_result_place(work, row->lane, row->seq),
                         "%.*s: %s", KH_TEXT_ARGS(row->key),
                         why == KH_E_INTERNAL ? "its bytes are none that kakehashi wrote"
                                              : "it was decided by a rule pack that is not in the database");
}

static kh_rc check_letter(walking *of, const kh_result_row *row, const kh_dead_letter_row *letter)
{
    kh_verifying *work = of->work;
    kh_text wanted = NONE;
    if (letter != NULL) {
        wanted = kh_arena_print(&work->page, "%.*s/%" PRId32 "/%" PRId64, KH_TEXT_ARGS(letter->topic), letter->lane,
                                letter->offset);
    }
    if (letter != NULL && kh_text_equal(wanted, row->key)) {
        return KH_OK;
    }
    return kh_verify_say(work, KH_DEVIATION_DEAD_LETTER, kh_verify_result_place(work, row->lane, row->seq),
                         letter == NULL ? "%.*s: the table `dead_letter` has none of this number"
                                        : "%.*s: the dead letter of this number is of another record",
                         KH_TEXT_ARGS(row->key));
}

static kh_rc check_row(walking *of, const kh_result_row *row)
{
    kh_verifying *work = of->work;
    const kh_dead_letter_row *letter = NULL;
    kh_rc rc = check_number(of, row);
    if (rc == KH_OK) {
        rc = kh_verify_cause(of->work, &of->causes, row);
    }
    if (rc == KH_OK && row->kind == KH_RESULT_DEAD_LETTER) {
        rc = letter_of(of, row->seq, &letter);
        if (rc == KH_OK) {
            rc = check_letter(of, row, letter);
        }
        if (letter == NULL) {
            return rc;
        }
    }
    if (rc != KH_OK) {
        return rc;
    }
    kh_outgoing_reset(&of->out);
    rc = kh_outgoing_add_row(&of->out, work->cache, &work->book, row, letter);
    if (rc != KH_OK) {
        return say_unreadable(of, row, rc);
    }
    for (size_t i = 0; rc == KH_OK && i < of->out.message_count; i++) {
        rc = check_hash(of, &of->out.messages[i], row);
        if (rc == KH_OK) {
            rc = match(of, &of->out.messages[i], row);
        }
    }
    return rc;
}

static kh_rc check_rows(walking *of)
{
    kh_verifying *work = of->work;
    kh_rc rc = KH_OK;
    size_t count = KH_VERIFY_PAGE;
    int64_t from = 0;
    while (rc == KH_OK && count == KH_VERIFY_PAGE) {
        kh_result_row *rows = NULL;
        kh_arena_reset(&work->page);
        rc = kh_outbox_read(work->database, of->lane->lane, from, KH_VERIFY_PAGE, &work->page, &rows, &count);
        for (size_t i = 0; rc == KH_OK && i < count; i++) {
            rc = check_row(of, &rows[i]);
            from = rows[i].seq + 1;
            work->counts->results++;
            /* The next row may miss one message in each of two topics. */
            if (rc == KH_OK && of->missing_count + 2 > MISSING_MOST) {
                count = KH_VERIFY_PAGE; /* the page ends here: read on behind this row */
                rc = judge_all_missing(of);
                break;
            }
        }
        work->wish->progress(work->wish->self, work->counts);
    }
    if (rc == KH_OK && of->next < of->lane->next_seq) {
        rc = kh_verify_say(work, KH_DEVIATION_RESULT_MISSING, kh_verify_result_place(work, of->lane->lane, of->next),
                           "numbers %" PRId64 " to %" PRId64 " are not in the table `result`", of->next,
                           of->lane->next_seq - 1);
    }
    return rc == KH_OK ? judge_all_missing(of) : rc;
}

/* ---- a lane ---- */

static kh_rc begin_readings(walking *of, size_t at)
{
    kh_verifying *work = of->work;
    kh_rc rc = KH_OK;
    for (size_t t = 0; t < KH_RESULT_TOPICS; t++) {
        of->readings[t] = (reading){.last = -1, .begun_at = -1};
    }
    for (size_t t = 0; rc == KH_OK && !work->wish->quick && t < KH_RESULT_TOPICS; t++) {
        const kh_topic_range *range = &work->result_ranges[at * KH_RESULT_TOPICS + t];
        of->readings[t].cut = range->first > 0;
        rc = kh_reader_begin(work->reader, range->topic, range->lane, range->first, range->end, &of->readings[t].part,
                             &work->kafka_error);
        if (rc == KH_OK) {
            rc = advance(of, &of->readings[t]);
        }
    }
    return rc;
}

/* What the topics have left, and what could not be seen in them. */
static kh_rc end_readings(walking *of)
{
    kh_verifying *work = of->work;
    kh_rc rc = KH_OK;
    for (size_t t = 0; rc == KH_OK && t < KH_RESULT_TOPICS; t++) {
        reading *from = &of->readings[t];
        if (from->part != NULL) {
            rc = pass_unknown(of, from, INT64_MAX);
        }
        if (rc == KH_OK && from->deleted > 0) {
            rc = kh_verify_leave(work, "%s/%" PRId32 ": %" PRIu64 " messages have been deleted from its beginning",
                                 work->results[t], of->lane->lane, from->deleted);
        }
        if (rc == KH_OK && from->compacted > 0) {
            rc = kh_verify_leave(work,
                                 "%s/%" PRId32 ": %" PRIu64 " messages, older than a week and not the newest of their "
                                 "keys, are not there: a compacted topic forgets them",
                                 work->results[t], of->lane->lane, from->compacted);
        }
    }
    if (rc == KH_OK && of->unpublished > 0) {
        rc = kh_verify_leave(work, "lane %" PRId32 ": %" PRIu64 " messages were not published yet when this began",
                             of->lane->lane, of->unpublished);
    }
    return rc;
}

/* The group's mark, as it was before the snapshot; otherwise the database's late hint. */
static int64_t mark_of(const kh_verifying *work, size_t at)
{
    int64_t mark = work->lanes.rows[at].published_seq;
    for (size_t t = 0; t < work->source_count; t++) {
        const kh_lane_commit *commit = kh_verify_commit(work, at, t);
        int64_t told = 0;
        kh_text deployment = NONE;
        if (commit != NULL && kh_mark_parse(commit->metadata, &told, &deployment) && told > mark) {
            mark = told;
        }
    }
    return mark;
}

kh_rc kh_verify_results_of(kh_verifying *work, size_t at)
{
    walking *of = calloc(1, sizeof *of);
    if (of == NULL) {
        return KH_E_MEMORY;
    }
    of->work = work;
    of->lane = &work->lanes.rows[at];
    of->mark = mark_of(work, at);
    kh_outgoing_init(&of->out);
    kh_arena_init(&of->kept, 4096, kh_heap());
    kh_arena_init(&of->letter_arena, 65536, kh_heap());
    kh_rc rc = kh_verify_causes_init(work, &of->causes);
    if (rc == KH_OK) {
        rc = begin_readings(of, at);
    }
    if (rc == KH_OK) {
        rc = check_rows(of);
    }
    if (rc == KH_OK) {
        rc = end_readings(of);
    }
    for (size_t t = 0; t < KH_RESULT_TOPICS; t++) {
        kh_reader_end(of->readings[t].part);
    }
    kh_verify_causes_deinit(&of->causes);
    kh_arena_deinit(&of->letter_arena);
    kh_arena_deinit(&of->kept);
    kh_outgoing_deinit(&of->out);
    free(of);
    return rc;
}
