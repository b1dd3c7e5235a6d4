/* How fast batches go into PostgreSQL: postgres_bench CONNECTION-STRING [BATCHES]. Prints events per second; no test.
 *
 * A batch is 5,000 records about 4,000 of 250,000 labels in 12 lanes: read (or not: a cache that always hits), one
 * write for each label, one result for each record, one commit. Works in the schema "kakehashi_bench" of a server that
 * is thrown away afterwards. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kakehashi/arena.h"
#include "postgres/lanes.h"
#include "postgres/schema.h"
#include "postgres/transaction.h"
#include "support/plain_heap.h"

#define LANES   12
#define LABELS  250000
#define TOUCHED 4000
#define RECORDS 5000

typedef struct bench {
    kh_database *database;
    kh_arena arena;
    kh_lane_guard guards[LANES];
    kh_subject_key *keys; /* of all labels, ascending by (lane, key) */
    kh_subject_row *rows;
    kh_result_row *results;
    char *texts;
    uint64_t chance;
    double spent[5];
} bench;

static const char *const STEPS[] = {"begin", "read", "append results", "write subjects", "finish and commit"};
static char facts[300];
static char decisions[350];
static char decision[350];

static void check(bench *b, kh_rc rc)
{
    if (rc != KH_OK) {
        const kh_database_error *error = kh_database_last_error(b->database);
        fprintf(stderr, "%s: %s (%s, %d)\n", error->doing, error->text, error->sqlstate, rc);
        exit(1);
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t next(bench *b)
{
    b->chance ^= b->chance << 13;
    b->chance ^= b->chance >> 7;
    b->chance ^= b->chance << 17;
    return b->chance;
}

static void fill(bench *b)
{
    b->keys = calloc(LABELS, sizeof *b->keys);
    b->rows = calloc(TOUCHED, sizeof *b->rows);
    b->results = calloc(RECORDS, sizeof *b->results);
    b->texts = malloc((size_t)LABELS * 16);
    if (b->keys == NULL || b->rows == NULL || b->results == NULL || b->texts == NULL) {
        exit(1);
    }
    for (size_t i = 0; i < LABELS; i++) {
        char *text = b->texts + i * 16;
        int length = snprintf(text, 16, "SG/%08zu", i * 37 % 99999989);
        b->keys[i] = (kh_subject_key){(int32_t)(i % LANES), {text, (size_t)length}};
    }
}

static int by_place(const void *a, const void *b)
{
    const kh_subject_key *x = a;
    const kh_subject_key *y = b;
    return x->lane != y->lane ? (x->lane < y->lane ? -1 : 1) : kh_text_compare(x->key, y->key);
}

static void begin(bench *b)
{
    kh_lane_row rows[LANES];
    kh_instant now = 0;
    check(b, kh_transaction_begin(b->database, b->guards, LANES, false, &b->arena, rows, &now));
}

static void end(bench *b)
{
    kh_lane_progress progress[LANES];
    for (size_t i = 0; i < LANES; i++) {
        progress[i] = (kh_lane_progress){.lane = (int32_t)i, .next_seq = b->guards[i].next_seq, .clock = 1};
    }
    check(b, kh_transaction_finish(b->database, progress, LANES, NULL, 0));
    check(b, kh_transaction_commit(b->database));
    kh_arena_reset(&b->arena);
}

static void make_row(bench *b, kh_subject_row *row, const kh_subject_key *key, bool known)
{
    facts[next(b) % sizeof facts] = (char)next(b);
    decisions[next(b) % sizeof decisions] = (char)next(b);
    *row = (kh_subject_row){.lane = key->lane,
                            .key = key->key,
                            .known = known,
                            .has_facts = true,
                            .facts = {facts, sizeof facts},
                            .decisions = {decisions, sizeof decisions},
                            .due_at = 1800000000000 + (int64_t)(key - b->keys),
                            .outcomes = KH_TEXT("JP=RECOGNISED"),
                            .next_change_at = 1800000000000};
}

/* All labels once, as new ones. */
static void prefill(bench *b)
{
    double started = seconds();
    for (size_t first = 0; first < LABELS; first += TOUCHED) {
        size_t count = LABELS - first < TOUCHED ? LABELS - first : TOUCHED;
        begin(b);
        for (size_t i = 0; i < count; i++) {
            make_row(b, &b->rows[i], &b->keys[first + i], false);
        }
        check(b, kh_transaction_write_subjects(b->database, b->rows, count));
        end(b);
    }
    printf("new labels, by lane and key: %.0f labels/s\n", LABELS / (seconds() - started));
}

/* Labels at random distances, so that they ascend without being sorted. */
static void one_batch(bench *b, bool read, bool known)
{
    kh_subject_key touched[TOUCHED];
    double marks[6];
    size_t place = 0;
    for (size_t i = 0; i < TOUCHED; i++) {
        place += 1 + next(b) % (2 * (LABELS / TOUCHED) - 6);
        touched[i] = b->keys[place];
        make_row(b, &b->rows[i], &b->keys[place], known);
    }
    for (size_t i = 0; i < RECORDS; i++) {
        const kh_subject_key *key = &touched[i * TOUCHED / RECORDS];
        b->results[i] = (kh_result_row){.lane = key->lane,
                                        .seq = b->guards[key->lane].next_seq++,
                                        .kind = 1,
                                        .key = key->key,
                                        .subject = key->key,
                                        .decision = {decision, sizeof decision},
                                        .status_version = 1,
                                        .public_version = 1,
                                        .message_hash = 1,
                                        .public_hash = 2,
                                        .decided_at = 3,
                                        .cause = {decision, 40},
                                        .previous_seq = 0};
    }
    kh_lane_guard after[LANES];
    kh_subject_row *rows = NULL;
    memcpy(after, b->guards, sizeof after);
    for (size_t i = 0; i < RECORDS; i++) {
        b->guards[b->results[i].lane].next_seq--;
    }
    marks[0] = seconds();
    begin(b);
    marks[1] = seconds();
    if (read) {
        check(b, kh_transaction_read_subjects(b->database, touched, TOUCHED, &b->arena, &rows));
    }
    marks[2] = seconds();
    check(b, kh_transaction_append_results(b->database, b->results, RECORDS));
    marks[3] = seconds();
    check(b, kh_transaction_write_subjects(b->database, b->rows, TOUCHED));
    marks[4] = seconds();
    memcpy(b->guards, after, sizeof after);
    end(b);
    marks[5] = seconds();
    for (size_t i = 0; i < 5; i++) {
        b->spent[i] += marks[i + 1] - marks[i];
    }
}

static void run(bench *b, const char *name, int batches, bool read, bool known)
{
    memset(b->spent, 0, sizeof b->spent);
    double started = seconds();
    for (int i = 0; i < batches; i++) {
        one_batch(b, read, known);
    }
    double whole = seconds() - started;
    printf("%s: %.0f events/s; ms per batch:", name, RECORDS * batches / whole);
    for (size_t i = 0; i < 5; i++) {
        printf(" %s %.1f%s", STEPS[i], 1000 * b->spent[i] / batches, i < 4 ? "," : "\n");
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    bench b = {.chance = 88172645463325252u};
    kh_database_error error;
    kh_database_settings settings = {
        .connection = argc > 1 ? argv[1] : "", .schema = "kakehashi_bench", .application_name = "bench"};
    int batches = argc > 2 ? atoi(argv[2]) : 100;
    kh_lanes taken;
    int32_t lanes[LANES];
    if (kh_database_open(&settings, &b.database, &error) != KH_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    kh_arena_init(&b.arena, 1 << 20, &PLAIN_HEAP);
    for (size_t i = 0; i < sizeof decision; i++) {
        facts[i % sizeof facts] = decisions[i] = decision[i] = (char)next(&b);
    }
    check(&b, kh_schema_migrate(b.database, NULL, NULL, NULL));
    check(&b, kh_lanes_prepare(b.database, KH_TEXT("bench"), LANES, NULL, 0));
    for (int32_t i = 0; i < LANES; i++) {
        lanes[i] = i;
    }
    check(&b, kh_lanes_take(b.database, lanes, LANES, &b.arena, &taken));
    for (size_t i = 0; i < LANES; i++) {
        b.guards[i] = (kh_lane_guard){taken.rows[i].lane, taken.rows[i].epoch, taken.rows[i].next_seq};
    }
    fill(&b);
    qsort(b.keys, LABELS, sizeof *b.keys, by_place);
    prefill(&b);
    for (int round = 0; round < 2; round++) {
        run(&b, "read, update known", batches, true, true);
        run(&b, "no read, update known", batches, false, true);
        run(&b, "no read, upsert", batches, false, false);
    }
    kh_arena_deinit(&b.arena);
    free(b.keys);
    free(b.rows);
    free(b.results);
    free(b.texts);
    kh_database_close(b.database);
    return 0;
}
