#include "app/overview.h"

#include "app/outgoing.h"
#include "app/rules_store.h"
#include "kafka/look.h"
#include "postgres/catalog.h"
#include "postgres/rules.h"
#include "postgres/snapshot.h"

typedef struct reading {
    const kh_settings *settings;
    kh_database *database;
    kh_arena *arena;
    kh_problems *problems;
    kh_overview *out;
} reading;

/* ---- the database ---- */

static kh_rc take_lanes(reading *of, const kh_lanes *lanes, const int32_t *connected, size_t connected_count)
{
    kh_overview *out = of->out;
    out->lanes = kh_arena_allocate_array(of->arena, lanes->count, sizeof *out->lanes);
    kh_overview_source *sources = kh_arena_allocate_array(of->arena, lanes->offset_count, sizeof *sources);
    size_t next = 0;
    size_t offset = 0;
    if (out->lanes == NULL || sources == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < lanes->count; i++) {
        kh_overview_lane *lane = &out->lanes[i];
        *lane = (kh_overview_lane){.row = lanes->rows[i],
                                   .sources = &sources[offset],
                                   .lag = KH_OVERVIEW_UNKNOWN,
                                   .published = lanes->rows[i].published_seq,
                                   .published_is_late = true};
        for (; offset < lanes->offset_count && lanes->offsets[offset].lane == lane->row.lane; offset++) {
            lane->sources[lane->source_count++] =
                (kh_overview_source){lanes->offsets[offset].topic, lanes->offsets[offset].next_offset,
                                     KH_OVERVIEW_UNKNOWN, KH_OVERVIEW_UNKNOWN};
        }
        lane->connected = next < connected_count && connected[next] == lane->row.lane;
        next += lane->connected;
    }
    out->lane_count = lanes->count;
    return KH_OK;
}

static kh_rc read_lanes(reading *of)
{
    kh_lanes lanes = {0};
    int32_t *connected = NULL;
    size_t count = 0;
    kh_rc rc = kh_lanes_read_all(of->database, of->arena, &lanes);
    if (rc == KH_OK) {
        rc = kh_lanes_connected(of->database, of->arena, &connected, &count);
    }
    return rc == KH_OK ? take_lanes(of, &lanes, connected, count) : rc;
}

static kh_rc read_time(reading *of)
{
    kh_overview *out = of->out;
    kh_rc rc = kh_database_now(of->database, &out->now);
    out->day = out->now;
    if (rc == KH_OK && out->clock == KH_CLOCK_RECORDS) {
        kh_instant highest = KH_INSTANT_NONE;
        for (size_t i = 0; i < out->lane_count; i++) {
            highest = out->lanes[i].row.clock > highest ? out->lanes[i].row.clock : highest;
        }
        out->day = highest == KH_INSTANT_NONE ? out->now : highest;
    }
    return rc;
}

static kh_rc read_backlog(reading *of)
{
    static const int16_t states[KH_BACKLOG_STATES] = {KH_OBLIGATION_OPEN, KH_OBLIGATION_OVERDUE};
    kh_overview *out = of->out;
    int32_t *numbers = kh_arena_allocate_array(of->arena, out->lane_count, sizeof *numbers);
    kh_instant *nows = kh_arena_allocate_array(of->arena, out->lane_count, sizeof *nows);
    if (numbers == NULL || nows == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < out->lane_count; i++) {
        numbers[i] = out->lanes[i].row.lane;
        nows[i] = out->clock == KH_CLOCK_WALL ? out->now : out->lanes[i].row.clock;
    }
    return kh_backlog_read(of->database, numbers, nows, out->lane_count, states, &out->backlog);
}

static kh_rc stored_facts(void *self, kh_text subject, kh_text *facts)
{
    reading *of = self;
    kh_subject_row row;
    kh_rc rc = kh_catalog_read(of->database, subject, of->arena, &row);
    if (rc == KH_OK && row.has_facts) {
        *facts = row.facts;
    }
    return rc;
}

static kh_rc read_rules(reading *of)
{
    kh_overview *out = of->out;
    kh_rc rc = kh_rules_store_rows(of->database, of->arena, &out->files, &out->file_count);
    if (rc != KH_OK || out->file_count == 0) {
        return rc;
    }
    kh_rule_book *book = kh_arena_allocate(of->arena, sizeof *book);
    if (book == NULL) {
        return KH_E_MEMORY;
    }
    rc = kh_rules_store_read(of->database, of->arena, of->problems, book);
    return rc == KH_OK ? kh_world_build(book, stored_facts, of, of->arena, &out->world) : rc;
}

static kh_rc read_database(reading *of)
{
    kh_rc rc = kh_snapshot_begin(of->database);
    if (rc == KH_OK) {
        rc = read_lanes(of);
    }
    if (rc == KH_OK) {
        rc = read_time(of);
    }
    if (rc == KH_OK) {
        rc = read_backlog(of);
    }
    if (rc == KH_OK) {
        rc = read_rules(of);
    }
    if (rc == KH_OK) {
        rc = kh_dead_letters_count(of->database, of->arena, &of->out->letters, &of->out->letter_count);
    }
    kh_snapshot_end(of->database);
    return rc;
}

/* ---- the broker: after the database, so that what was decided is there ---- */

static kh_rc read_ranges(reading *of, const kh_kafka_settings *kafka, const char **names, size_t count,
                         kh_kafka_error *error)
{
    kh_overview *out = of->out;
    kh_topic_range *ranges = kh_arena_allocate_array(of->arena, count, sizeof *ranges);
    if (ranges == NULL) {
        return KH_E_MEMORY;
    }
    size_t at = 0;
    for (size_t i = 0; i < out->lane_count; i++) {
        for (size_t t = 0; t < out->lanes[i].source_count; t++, at++) {
            ranges[at] = (kh_topic_range){.topic = names[at], .lane = out->lanes[i].row.lane};
        }
    }
    kh_rc rc = kh_look_ranges(kafka, true, ranges, count, (int)of->settings->kafka.answer_timeout_ms, error);
    at = 0;
    for (size_t i = 0; rc == KH_OK && i < out->lane_count; i++) {
        kh_overview_lane *lane = &out->lanes[i];
        lane->lag = 0;
        for (size_t t = 0; t < lane->source_count; t++, at++) {
            kh_overview_source *source = &lane->sources[t];
            source->first = ranges[at].first;
            source->end = ranges[at].end;
            lane->lag += source->end > source->next_offset ? source->end - source->next_offset : 0;
        }
    }
    return rc;
}

static kh_rc read_marks(reading *of, const kh_kafka_settings *kafka, const char **names, size_t count,
                        kh_kafka_error *error)
{
    kh_overview *out = of->out;
    kh_lane_commit *commits = kh_arena_allocate_array(of->arena, count, sizeof *commits);
    if (commits == NULL) {
        return KH_E_MEMORY;
    }
    size_t at = 0;
    for (size_t i = 0; i < out->lane_count; i++) {
        for (size_t t = 0; t < out->lanes[i].source_count; t++, at++) {
            commits[at] = (kh_lane_commit){.topic = at, .lane = out->lanes[i].row.lane};
        }
    }
    kh_rc rc =
        kh_look_committed(kafka, names, commits, count, (int)of->settings->kafka.answer_timeout_ms, of->arena, error);
    at = 0;
    for (size_t i = 0; rc == KH_OK && i < out->lane_count; i++) {
        kh_overview_lane *lane = &out->lanes[i];
        for (size_t t = 0; t < lane->source_count; t++, at++) {
            int64_t mark = 0;
            kh_text deployment = {"", 0};
            if (commits[at].present && kh_mark_parse(commits[at].metadata, &mark, &deployment) &&
                mark >= lane->published) {
                lane->published = mark;
                lane->published_is_late = false;
            }
        }
    }
    return rc;
}

/* The names of all sources, lane by lane, NUL-terminated. */
static kh_rc list_names(reading *of, const char ***out, size_t *count)
{
    const kh_overview *overview = of->out;
    *count = 0;
    for (size_t i = 0; i < overview->lane_count; i++) {
        *count += overview->lanes[i].source_count;
    }
    const char **names = kh_arena_allocate_array(of->arena, *count, sizeof *names);
    size_t at = 0;
    if (names == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < overview->lane_count; i++) {
        for (size_t t = 0; t < overview->lanes[i].source_count; t++) {
            names[at] = kh_arena_print(of->arena, "%.*s", KH_TEXT_ARGS(overview->lanes[i].sources[t].topic)).data;
            if (names[at++] == NULL) {
                return KH_E_MEMORY;
            }
        }
    }
    *out = names;
    return KH_OK;
}

static kh_rc read_broker(reading *of)
{
    static kh_reach_log log;
    kh_kafka_settings kafka;
    kh_kafka_error error = {.rc = KH_OK};
    const char **names = NULL;
    size_t count = 0;
    kh_rc rc = kh_reach_kafka(of->settings, of->arena, &log, &kafka);
    if (rc == KH_OK) {
        rc = list_names(of, &names, &count);
    }
    if (rc != KH_OK || count == 0) {
        return rc;
    }
    kh_waiting *waiting = kh_reach_wait(of->settings, of->settings->kafka.answer_timeout_ms, &log);
    rc = read_ranges(of, &kafka, names, count, &error);
    if (rc == KH_OK) {
        rc = read_marks(of, &kafka, names, count, &error);
    }
    kh_waiting_end(waiting);
    if (rc == KH_E_MEMORY) {
        return rc;
    }
    if (rc != KH_OK) {
        kh_text said = kh_arena_print(of->arena, "%s%s%s", error.text, log.text[0] == '\0' ? "" : "; ", log.text);
        of->out->broker_error = said.data;
    }
    return kh_arena_failed(of->arena) ? KH_E_MEMORY : KH_OK;
}

kh_rc kh_overview_read(const kh_settings *settings, kh_arena *arena, kh_problems *problems, kh_overview *out)
{
    reading of = {.settings = settings, .arena = arena, .problems = problems, .out = out};
    *out = (kh_overview){.deployment = settings->deployment, .clock = settings->clock};
    kh_rc rc = kh_reach_schema(settings, problems, &of.database, NULL);
    if (rc == KH_OK) {
        rc = read_database(&of);
        if (rc != KH_OK && rc != KH_E_MEMORY && problems->count == 0) {
            (void)kh_reach_failed(settings, of.database, problems, rc);
        }
    }
    kh_reach_close(of.database);
    if (rc == KH_OK) {
        rc = read_broker(&of);
    }
    if (rc == KH_OK) {
        rc = kh_overview_judge_rules(out, arena);
    }
    return rc == KH_OK ? kh_overview_judge(out, arena) : rc;
}
