#include "app/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/heap.h"
#include "app/rules_store.h"
#include "config/file_bytes.h"
#include "kafka/group_delete.h"
#include "postgres/schema.h"
#include "postgres/transaction.h"

/* PostgreSQL cuts longer names, silently. */
#define NAME_MOST 63
/* A replay that cannot go on is taken up again by a person: it need not wait for ever. */
#define GIVE_UP_MS 60000

#define LOCK_TRIES    15
#define LOCK_PAUSE_US 200000

static const kh_place PLACE = {"replay", 0, 0};

struct kh_replay {
    const kh_configuration *live;
    kh_configuration configuration; /* the replay's */
    kh_problems *problems;
    kh_arena arena; /* of the row */
    kh_replay_row row;
    kh_replay_course course; /* with the connection that holds the lock */
    kh_database *live_database;
};

/* ---- its names ---- */

kh_rc kh_replay_settings(const kh_settings *live, kh_problems *problems, kh_settings *out)
{
    kh_settings settings = *live;
    kh_arena *arena = problems->arena;
    settings.deployment = kh_arena_print(arena, "%.*s-replay", KH_TEXT_ARGS(live->deployment));
    settings.kafka.group = kh_arena_print(arena, "%.*s-replay", KH_TEXT_ARGS(live->kafka.group));
    settings.database.schema = kh_arena_print(arena, "%.*s_replay", KH_TEXT_ARGS(live->database.schema));
    settings.clock = KH_CLOCK_RECORDS;
    settings.http.listen = KH_TEXT("");
    if (kh_arena_failed(arena)) {
        return KH_E_MEMORY;
    }
    if (settings.database.schema.length > NAME_MOST) {
        kh_problems_add(problems, (kh_place){live->path, 0, 0}, KH_TEXT("database.schema"),
                        "%.*s is too long for a replay beside it: with _replay behind it the name has more than %d "
                        "bytes",
                        KH_TEXT_ARGS(live->database.schema), NAME_MOST);
        return KH_E_CONFIGURATION;
    }
    *out = settings;
    return KH_OK;
}

static kh_rc told(const kh_settings *settings, kh_database *database, kh_problems *problems, kh_rc rc)
{
    return rc == KH_OK || rc == KH_E_MEMORY || problems->count > 0 ? rc
                                                                   : kh_reach_failed(settings, database, problems, rc);
}

/* Who was killed just now may hold it still: the server learns of that soon. */
static kh_rc take_lock(kh_database *database, bool alone, bool *locked)
{
    kh_rc rc = KH_OK;
    *locked = false;
    for (int tries = 0; rc == KH_OK && !*locked && tries < LOCK_TRIES; tries++) {
        if (tries > 0) {
            (void)usleep(LOCK_PAUSE_US);
        }
        rc = kh_replay_lock(database, alone, locked);
    }
    return rc;
}

/* ---- start ---- */

/* What starting has found out so far. */
typedef struct starting {
    const kh_configuration *live;
    const kh_replay_wish *wish;
    kh_problems *problems;
    kh_settings settings; /* the replay's */
    kh_lanes lanes;       /* the live deployment's */
    kh_rule_file *standing;
    uint32_t standing_count;
    kh_rule_file given[3];
    uint32_t given_count;
    kh_rule_file *files; /* what the replay decides by */
    uint32_t file_count;
    kh_replay_row row;
} starting;

/* Lanes and rules as they stood together. */
static kh_rc read_live(starting *of)
{
    kh_database *database = NULL;
    const kh_settings *settings = &of->live->settings;
    kh_rc rc = kh_reach_schema(settings, of->problems, &database, NULL);
    if (rc != KH_OK) {
        return rc;
    }
    rc = kh_replay_snapshot(database);
    if (rc == KH_OK) {
        rc = kh_lanes_read_all(database, of->problems->arena, &of->lanes);
    }
    if (rc == KH_OK) {
        rc = kh_rules_store_read_files(database, of->problems->arena, of->problems, &of->standing, &of->standing_count);
    }
    rc = told(settings, database, of->problems, rc);
    kh_reach_close(database);
    return rc;
}

static kh_rc read_given(starting *of)
{
    static const char *const OPTIONS[] = {"--rules", "--policies", "--calendar"};
    for (int i = 0; i < 3; i++) {
        kh_text bytes = {NULL, 0};
        const char *path = of->wish->files[i];
        kh_rule_file *file = &of->given[of->given_count];
        kh_rule_file_kind wanted = (kh_rule_file_kind)(i + KH_RULE_FILE_PACK);
        if (path == NULL ||
            kh_file_bytes_read(path, KH_YAML_BYTES_MOST, (kh_place){path, 0, 0}, KH_TEXT(""), of->problems, &bytes) !=
                KH_OK ||
            kh_rule_file_read(path, bytes, of->problems, file) != KH_OK) {
            continue;
        }
        if (file->kind != wanted) {
            kh_problems_add(of->problems, (kh_place){path, 0, 0}, KH_TEXT("kind"), "is %s, where %s takes %s",
                            kh_rule_file_kind_name(file->kind), OPTIONS[i], kh_rule_file_kind_name(wanted));
        }
        of->given_count++;
    }
    return kh_problems_rc(of->problems);
}

static kh_rc make_book(starting *of)
{
    kh_rule_book book;
    kh_rc rc = kh_rules_store_replace(of->standing, of->standing_count, of->given, of->given_count, of->problems->arena,
                                      &of->files, &of->file_count);
    if (rc == KH_OK) {
        rc = kh_rule_book_build(of->files, of->file_count, of->problems, &book);
    }
    return rc == KH_OK ? kh_configuration_check_topics(&of->settings, &book, of->problems) : rc;
}

static kh_rc fill_ends(const kh_lanes *lanes, kh_arena *arena, kh_replay_row *row)
{
    row->until = KH_INSTANT_NONE;
    for (size_t i = 0; i < lanes->count; i++) {
        row->until = lanes->rows[i].clock > row->until ? lanes->rows[i].clock : row->until;
    }
    row->ends = kh_arena_allocate_array(arena, lanes->offset_count, sizeof *row->ends);
    if (row->ends == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < lanes->offset_count; i++) {
        const kh_lane_offset_row *offset = &lanes->offsets[i];
        row->ends[i] = (kh_replay_end){offset->lane, offset->topic, offset->next_offset};
    }
    row->end_count = lanes->offset_count;
    return KH_OK;
}

static kh_rc fill_row(starting *of)
{
    kh_arena *arena = of->problems->arena;
    kh_rc rc = fill_ends(&of->lanes, arena, &of->row);
    if (rc == KH_OK && of->row.until == KH_INSTANT_NONE) {
        kh_problems_add(of->problems, PLACE, KH_TEXT(""),
                        "the live deployment has decided nothing yet (schema \"%.*s\"): there is nothing to replay",
                        KH_TEXT_ARGS(of->live->settings.database.schema));
        rc = KH_E_CONFIGURATION;
    }
    of->row.given = kh_arena_allocate_array(arena, of->given_count, sizeof *of->row.given);
    if (rc != KH_OK || of->row.given == NULL) {
        return rc != KH_OK ? rc : KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < of->given_count; i++) {
        kh_rule_file_row row = kh_rules_store_row(&of->given[i], of->wish->by);
        of->row.given[of->row.given_count++] = (kh_replay_given){row.kind, row.id, row.digest};
    }
    of->row.until_given = of->wish->until != KH_INSTANT_NONE;
    of->row.until = of->row.until_given ? of->wish->until : of->row.until;
    of->row.begun_by = of->wish->by;
    return rc;
}

static kh_rc refuse_standing(starting *of, kh_replay_state state)
{
    static const char *const MENDS[] = {
        [KH_REPLAY_FOREIGN] = "is there already, and no replay made it: rename it, or give `database.schema` another "
                              "name",
        [KH_REPLAY_UNBEGUN] = "holds a replay whose start was broken off: remove it with `kakehashi replay drop`, then "
                              "start again",
        [KH_REPLAY_BEGUN] = "holds a replay already: go on with `kakehashi replay resume` or `compare`, or remove it "
                            "with `kakehashi replay drop`",
    };
    kh_problems_add(of->problems, PLACE, KH_TEXT(""), "schema \"%.*s\" %s", KH_TEXT_ARGS(of->settings.database.schema),
                    MENDS[state]);
    return KH_E_CONFIGURATION;
}

static kh_rc refuse_locked(kh_problems *problems, bool alone)
{
    kh_problems_add(problems, PLACE, KH_TEXT(""), "%s",
                    alone ? "somebody is at work on it (`start`, `resume`, `compare`, `adopt` or `drop`): let that end "
                            "first, or stop it"
                          : "somebody compares, adopts or drops it just now: wait for that to end");
    return KH_E_CONFIGURATION;
}

static kh_rc load_rules(starting *of, kh_database *database)
{
    bool loaded = false;
    kh_rule_file_row *rows = kh_arena_allocate_array(of->problems->arena, of->file_count, sizeof *rows);
    if (rows == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < of->file_count; i++) {
        rows[i] = kh_rules_store_row(&of->files[i], of->wish->by);
    }
    return kh_rules_load_first(database, rows, of->file_count, KH_TEXT(""), &loaded);
}

static kh_rc make(starting *of, kh_database *database)
{
    kh_replay_state state = KH_REPLAY_NONE;
    bool locked = false;
    kh_rc rc = take_lock(database, true, &locked);
    if (rc == KH_OK && !locked) {
        return refuse_locked(of->problems, true);
    }
    if (rc == KH_OK) {
        rc = kh_replay_find(database, &state);
    }
    if (rc == KH_OK && state != KH_REPLAY_NONE) {
        return refuse_standing(of, state);
    }
    if (rc == KH_OK) {
        rc = kh_replay_make(database);
    }
    if (rc == KH_OK) {
        rc = kh_schema_migrate(database, NULL, NULL, NULL);
    }
    if (rc == KH_OK) {
        rc = load_rules(of, database);
    }
    return rc == KH_OK ? kh_replay_begin(database, &of->row) : rc;
}

kh_rc kh_replay_start(const kh_configuration *live, const kh_replay_wish *wish, kh_problems *problems)
{
    starting of = {.live = live, .wish = wish, .problems = problems};
    kh_database *database = NULL;
    kh_rc rc = kh_replay_settings(&live->settings, problems, &of.settings);
    if (rc == KH_OK) {
        rc = read_given(&of);
    }
    if (rc == KH_OK) {
        rc = read_live(&of);
    }
    if (rc == KH_OK) {
        rc = fill_row(&of);
    }
    if (rc == KH_OK) {
        rc = make_book(&of);
    }
    if (rc == KH_OK) {
        rc = kh_reach_database(&of.settings, problems, &database);
    }
    if (rc == KH_OK) {
        rc = told(&of.settings, database, problems, make(&of, database));
    }
    kh_reach_close(database);
    return rc;
}

/* ---- what was begun ---- */

static kh_rc refuse_missing(const kh_replay *replay, kh_replay_state state)
{
    kh_text schema = replay->configuration.settings.database.schema;
    kh_problems_add(replay->problems, PLACE, KH_TEXT(""), "schema \"%.*s\" %s", KH_TEXT_ARGS(schema),
                    state == KH_REPLAY_NONE      ? "is not there: begin with `kakehashi replay start`"
                    : state == KH_REPLAY_FOREIGN ? "is no replay's: no replay made it"
                                                 : "holds a replay whose start was broken off: remove it with "
                                                   "`kakehashi replay drop`, then start again");
    return KH_E_CONFIGURATION;
}

static kh_rc read_row(kh_replay *replay)
{
    return kh_replay_read(replay->course.database, &replay->arena, &replay->row);
}

static kh_rc open_begun(kh_replay *replay)
{
    kh_replay_state state = KH_REPLAY_NONE;
    bool locked = false;
    kh_database *database = replay->course.database;
    kh_rc rc = take_lock(database, replay->course.alone, &locked);
    if (rc == KH_OK && !locked) {
        return refuse_locked(replay->problems, replay->course.alone);
    }
    if (rc == KH_OK) {
        rc = kh_replay_find(database, &state);
    }
    if (rc == KH_OK && state != KH_REPLAY_BEGUN) {
        return refuse_missing(replay, state);
    }
    if (rc == KH_OK) {
        rc = kh_schema_check(database, NULL);
    }
    if (rc == KH_E_CONFIGURATION) {
        kh_problems_add(replay->problems, PLACE, KH_TEXT(""),
                        "schema \"%.*s\" was made by another release of kakehashi: remove it with `kakehashi replay "
                        "drop`, then start again",
                        KH_TEXT_ARGS(replay->configuration.settings.database.schema));
    }
    return rc == KH_OK ? read_row(replay) : rc;
}

kh_rc kh_replay_open(const kh_configuration *live, bool alone, kh_problems *problems, kh_replay **out)
{
    kh_replay *replay = calloc(1, sizeof *replay);
    if (replay == NULL) {
        return KH_E_MEMORY;
    }
    replay->live = live;
    replay->configuration = *live;
    replay->problems = problems;
    replay->course =
        (kh_replay_course){.settings = &replay->configuration.settings, .alone = alone, .row = &replay->row};
    kh_arena_init(&replay->arena, 65536, kh_heap());
    kh_rc rc = kh_replay_settings(&live->settings, problems, &replay->configuration.settings);
    if (rc == KH_OK) {
        rc = kh_reach_database(&replay->configuration.settings, problems, &replay->course.database);
    }
    if (rc == KH_OK) {
        rc = told(&replay->configuration.settings, replay->course.database, problems, open_begun(replay));
    }
    if (rc != KH_OK) {
        kh_replay_close(replay);
        return rc;
    }
    *out = replay;
    return KH_OK;
}

void kh_replay_close(kh_replay *replay)
{
    if (replay != NULL) {
        kh_reach_close(replay->live_database);
        kh_reach_close(replay->course.database);
        kh_arena_deinit(&replay->arena);
        free(replay);
    }
}

kh_exit_reason kh_replay_run(kh_replay *replay, void (*tell)(void *self, const kh_replay_course *course), void *self,
                             const volatile int *stop)
{
    bool forward = false;
    kh_replay_course *course = &replay->course;
    kh_worker_settings settings = {.configuration = &replay->configuration,
                                   .until_idle = true,
                                   .until = replay->row.until,
                                   .give_up_ms = GIVE_UP_MS,
                                   .course = course};
    course->tell = tell;
    course->self = self;
    course->looked_ms = 0;
    course->done = false;
    kh_rc rc = kh_replay_course_turn(course, &forward);
    if (rc != KH_OK) {
        return rc == KH_E_CONFIGURATION ? KH_ENDED_CONFIGURATION : KH_ENDED_FAILED;
    }
    return course->done ? KH_ENDED_WELL : kh_worker_run(&settings, stop);
}

/* ---- up to date with the live deployment ---- */

/* What is decided here and not there: its database went back in time. */
static kh_rc check_behind(const kh_replay *replay, const kh_replay_row *live)
{
    for (size_t i = 0; i < replay->row.end_count; i++) {
        const kh_replay_end *end = &replay->row.ends[i];
        int64_t there = 0;
        for (size_t l = 0; l < live->end_count; l++) {
            bool same = live->ends[l].lane == end->lane && kh_text_equal(live->ends[l].topic, end->topic);
            there = same ? live->ends[l].offset : there;
        }
        if (there < end->offset) {
            kh_problems_add(
                replay->problems, PLACE, KH_TEXT(""),
                "it has decided %.*s of lane %" PRId32 " up to offset %" PRId64
                ", the live deployment only up to %" PRId64
                ": that one's database was restored from an older copy. Let it catch up, or drop the replay",
                KH_TEXT_ARGS(end->topic), end->lane, end->offset, there);
            return KH_E_CONFIGURATION;
        }
    }
    return KH_OK;
}

static kh_rc extend(kh_replay *replay, const kh_lanes *lanes)
{
    kh_replay_row live = {.until = KH_INSTANT_NONE};
    kh_rc rc = fill_ends(lanes, &replay->arena, &live);
    if (rc == KH_OK) {
        rc = check_behind(replay, &live);
    }
    if (rc != KH_OK) {
        return rc;
    }
    live.until = replay->row.until_given ? replay->row.until : live.until;
    rc = kh_replay_extend(replay->course.database, &live);
    return told(&replay->configuration.settings, replay->course.database, replay->problems,
                rc == KH_OK ? read_row(replay) : rc);
}

kh_rc kh_replay_follow(kh_replay *replay)
{
    const kh_settings *settings = &replay->live->settings;
    kh_lanes lanes = {0};
    kh_rc rc = kh_reach_schema(settings, replay->problems, &replay->live_database, NULL);
    if (rc != KH_OK) {
        return rc;
    }
    rc = kh_replay_snapshot(replay->live_database);
    if (rc == KH_OK) {
        rc = kh_lanes_read_all(replay->live_database, &replay->arena, &lanes);
    }
    rc = told(settings, replay->live_database, replay->problems, rc);
    return rc == KH_OK ? extend(replay, &lanes) : rc;
}

/* ---- drop ---- */

static kh_rc delete_group(const kh_settings *settings, kh_problems *problems)
{
    static kh_reach_log log;
    kh_kafka_settings kafka;
    kh_kafka_error error = {.rc = KH_OK};
    kh_rc rc = kh_reach_kafka(settings, problems->arena, &log, &kafka);
    if (rc == KH_OK) {
        kh_waiting *waiting = kh_reach_wait(settings, settings->kafka.answer_timeout_ms, &log);
        rc = kh_group_delete(&kafka, (int)settings->kafka.answer_timeout_ms, &error);
        kh_waiting_end(waiting);
        if (rc == KH_E_NOT_MINE) {
            kh_problems_add(problems, PLACE, KH_TEXT(""),
                            "the group %.*s has members still: a process of the replay is at work, or its session has "
                            "not ended yet; drop again in a minute",
                            KH_TEXT_ARGS(settings->kafka.group));
        } else if (rc != KH_OK && rc != KH_E_MEMORY) {
            (void)kh_reach_kafka_failed(settings, &log, &error, problems, rc);
        }
    }
    return rc == KH_E_NOT_MINE ? KH_E_LOST : rc;
}

kh_rc kh_replay_drop_all(const kh_configuration *live, kh_problems *problems, bool *found)
{
    kh_settings settings;
    kh_database *database = NULL;
    kh_replay_state state = KH_REPLAY_NONE;
    bool locked = false;
    kh_rc rc = kh_replay_settings(&live->settings, problems, &settings);
    if (rc == KH_OK) {
        rc = kh_reach_database(&settings, problems, &database);
    }
    if (rc != KH_OK) {
        return rc;
    }
    rc = take_lock(database, true, &locked);
    if (rc == KH_OK && !locked) {
        rc = refuse_locked(problems, true);
    }
    if (rc == KH_OK) {
        rc = kh_replay_find(database, &state);
    }
    if (rc == KH_OK) {
        rc = kh_replay_drop(database);
    }
    rc = told(&settings, database, problems, rc);
    kh_reach_close(database);
    *found = state != KH_REPLAY_NONE;
    return rc == KH_OK ? delete_group(&settings, problems) : rc;
}

const kh_replay_course *kh_replay_course_of(const kh_replay *replay)
{
    return &replay->course;
}

kh_database *kh_replay_live_database(kh_replay *replay)
{
    return replay->live_database;
}

kh_database *kh_replay_database(kh_replay *replay)
{
    return replay->course.database;
}

const kh_settings *kh_replay_settings_of(const kh_replay *replay)
{
    return &replay->configuration.settings;
}

const kh_replay_row *kh_replay_row_of(const kh_replay *replay)
{
    return &replay->row;
}
