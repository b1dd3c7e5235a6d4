/* The least that can be asked: the worker's traffic without its thinking.
 *
 *     bench_floor EVENTS LABELS [--config FILE] [--set KEY=VALUE]...
 *
 * Moves EVENTS events about LABELS labels, which bench_load has put or is putting into the source topics, through the
 * very calls that the worker makes: the same batches, reads, rows, messages, transactions, and publishing beside the
 * next batch. But it decodes nothing and decides nothing: all rows and messages were made before the first poll. What
 * it does in a second bounds what a worker can do on the same machine. The deployment must be its own; it never
 * recovers. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/connections.h"
#include "app/heap.h"
#include "app/log.h"
#include "app/publishing.h"
#include "bench/floor_rows.h"
#include "kafka/topics.h"
#include "postgres/lanes.h"
#include "postgres/transaction.h"

#define SOURCES       2
#define LANES_MAX     256
#define IDLE_WAIT_MS  100
#define LOOK_EVERY_MS 100

typedef struct taken {
    const kh_floor_event *event;
    kh_consumer_hold *hold;
    size_t topic;
    int64_t offset;
    kh_instant timestamp;
} taken;

typedef struct floor_lane {
    int64_t epoch;
    int64_t next_seq;
    int64_t next_offset[SOURCES];
    taken *queue;
    size_t count;
    size_t size;
} floor_lane;

typedef struct floor_program {
    kh_bench_world world;
    const kh_settings *settings;
    kh_floor_rows rows;
    uint32_t *seen; /* of each label, how many events */
    bool *known;    /* of each label, whether its row is there */
    kh_kafka_settings kafka;
    const char *sources[SOURCES];
    kh_database *database;
    kh_consumer *consumer;
    kh_publisher *publisher;
    kh_publishing *publishing;
    kh_group_claim *claim;
    int32_t lane_count;
    floor_lane lanes[LANES_MAX];
    kh_arena setup;
    kh_arena arena; /* of the batch */
    size_t waiting; /* records in the queues */
    uint64_t done;
    int64_t looked_ms;
} floor_program;

static void must_kafka(kh_rc rc, const kh_kafka_error *error)
{
    if (rc != KH_OK) {
        (void)fprintf(stderr, "bench_floor: %s\n", error->text);
        exit(1);
    }
}

static void must_database(const floor_program *of, kh_rc rc)
{
    if (rc != KH_OK) {
        const kh_database_error *error = kh_database_last_error(of->database);
        (void)fprintf(stderr, "bench_floor: %s: %s %s\n", error->doing, error->text, error->sqlstate);
        exit(1);
    }
}

static void *must_have(void *memory)
{
    kh_bench_must(memory == NULL ? KH_E_MEMORY : KH_OK, "memory");
    return memory;
}

/* ---- start ---- */

static void open_database(floor_program *of)
{
    kh_database_settings settings;
    kh_database_error error = {0};
    kh_text topics[SOURCES];
    kh_connect_database(of->settings, "bench_floor", &settings);
    if (kh_database_open(&settings, &of->database, &error) != KH_OK) {
        (void)fprintf(stderr, "bench_floor: %s\n", error.text);
        exit(1);
    }
    for (size_t i = 0; i < SOURCES; i++) {
        topics[i] = kh_text_of(of->sources[i]);
    }
    must_database(of, kh_lanes_prepare(of->database, of->settings->deployment, of->lane_count, topics, SOURCES));
}

static void open_kafka(floor_program *of)
{
    const kh_topic_section *topics = &of->settings->kafka.topics;
    kh_kafka_error error = {0};
    const char *results[KH_RESULT_TOPICS] = {
        [KH_TOPIC_STATUS] = topics->status.data,
        [KH_TOPIC_PUBLIC] = topics->public_status.data,
        [KH_TOPIC_OBLIGATIONS] = topics->obligations.data,
        [KH_TOPIC_DEAD_LETTERS] = topics->dead_letters.data,
    };
    char id[64];
    (void)snprintf(id, sizeof id, "bench-floor-%" PRId64, kh_monotonic_ms());
    must_kafka(kh_publisher_new(&of->kafka, id, results, KH_RESULT_TOPICS, &of->publisher, &error), &error);
    must_kafka(kh_publisher_init(of->publisher, 30000, NULL, &error), &error);
    of->publishing = must_have(kh_publishing_new(of->publisher, of->settings->batch.in_flight + 1));
    must_kafka(kh_consumer_new(&of->kafka, of->sources, SOURCES, &of->consumer, &error), &error);
}

static void start(floor_program *of)
{
    const kh_topic_section *topics = &of->settings->kafka.topics;
    kh_kafka_error error = {0};
    kh_bench_must(topics->event_count == SOURCES ? KH_OK : KH_E_CONFIGURATION, "two participants are expected");
    kh_bench_must(kh_connect_kafka(of->settings, &of->setup, &of->kafka), "broker");
    for (size_t i = 0; i < SOURCES; i++) {
        of->sources[i] = topics->events[i].value.data;
    }
    must_kafka(kh_topics_inspect(&of->kafka, of->sources, 1, 30000, &of->lane_count, &error), &error);
    kh_bench_must(of->lane_count <= LANES_MAX ? KH_OK : KH_E_CONFIGURATION, "too many lanes");
    open_database(of);
    open_kafka(of);
}

static void take_assignment(floor_program *of, const kh_consumer_event *event)
{
    kh_lanes lanes = {0};
    kh_lane_start starts[LANES_MAX * SOURCES];
    kh_kafka_error error = {0};
    size_t count = 0;
    kh_arena_reset(&of->arena);
    must_database(of, kh_lanes_take(of->database, event->lanes, event->lane_count, &of->arena, &lanes));
    for (size_t i = 0; i < lanes.count; i++) {
        of->lanes[lanes.rows[i].lane].epoch = lanes.rows[i].epoch;
        for (size_t topic = 0; topic < SOURCES; topic++) {
            starts[count++] = (kh_lane_start){topic, lanes.rows[i].lane, KH_OFFSET_BEGINNING};
        }
    }
    of->claim = kh_group_claim_hold(event->claim);
    must_kafka(kh_consumer_start(of->consumer, starts, count, &error), &error);
}

/* ---- one batch ---- */

static void queue_record(floor_program *of, const kh_consumer_event *event)
{
    floor_lane *lane = &of->lanes[event->lane];
    uint64_t label = kh_bench_label_number(event->record.key);
    uint64_t n = label + of->rows.labels * of->seen[label]++;
    if (lane->count == lane->size) {
        lane->size = lane->size == 0 ? 1024 : lane->size * 2;
        lane->queue = must_have(realloc(lane->queue, lane->size * sizeof *lane->queue));
    }
    kh_bench_must(n < of->rows.events ? KH_OK : KH_E_INTERNAL, "more events than were to come");
    lane->queue[lane->count++] =
        (taken){&of->rows.of[n], event->hold, event->topic, event->record.offset, event->record.timestamp};
    of->waiting++;
}

/* As the worker polls: until the batch is full, nothing more is there, or its time is up. */
static void poll_records(floor_program *of)
{
    int64_t deadline = kh_monotonic_ms() + of->settings->batch.max_wait_ms;
    int wait = IDLE_WAIT_MS;
    while (of->waiting < of->settings->batch.max_records) {
        kh_consumer_event event;
        kh_consumer_poll(of->consumer, wait, &event);
        if (event.kind == KH_CONSUMER_NOTHING) {
            return;
        }
        if (event.kind == KH_CONSUMER_RECORD) {
            queue_record(of, &event);
        } else if (event.kind == KH_CONSUMER_ASSIGNED) {
            take_assignment(of, &event);
        } else if (event.kind != KH_CONSUMER_DRAINED) {
            kh_bench_must(KH_E_INTERNAL, "the consumer has failed, or its lanes are wanted back");
        }
        if (of->waiting % 64 == 1 && kh_monotonic_ms() >= deadline) {
            return;
        }
        wait = 0;
    }
}

static void reserve(void **items, size_t *size, size_t wanted, size_t item_size)
{
    if (wanted > *size) {
        *items = must_have(realloc(*items, wanted * 2 * item_size));
        *size = wanted * 2;
    }
}

/* The event's rows and messages, with the lane's own numbers. */
static void add_event(floor_program *of, kh_outgoing *out, int32_t number, const kh_floor_event *event)
{
    floor_lane *lane = &of->lanes[number];
    const kh_outgoing *made = &of->rows.made;
    reserve((void **)&out->rows, &out->row_size, out->row_count + event->row_count, sizeof *out->rows);
    reserve((void **)&out->messages, &out->message_size, out->message_count + event->message_count,
            sizeof *out->messages);
    for (size_t i = 0; i < event->row_count; i++) {
        kh_result_row *row = &out->rows[out->row_count++];
        *row = made->rows[event->first_row + i];
        row->lane = number;
        row->seq = lane->next_seq++;
    }
    for (size_t i = 0; i < event->message_count; i++) {
        kh_message *message = &out->messages[out->message_count++];
        *message = made->messages[event->first_message + i];
        message->partition = number;
    }
}

static int compare_subjects(const void *a, const void *b)
{
    const kh_subject_row *left = a;
    const kh_subject_row *right = b;
    if (left->lane != right->lane) {
        return left->lane < right->lane ? -1 : 1;
    }
    return kh_text_compare(left->key, right->key);
}

/* One row for each label of the batch: qsort is not stable, but the later state of a label is that of a later event. */
static kh_subject_row *list_subjects(floor_program *of, size_t *count)
{
    kh_subject_row *rows = must_have(kh_arena_allocate_array(&of->arena, of->waiting, sizeof *rows));
    size_t found = 0;
    for (int32_t l = 0; l < of->lane_count; l++) {
        for (size_t i = 0; i < of->lanes[l].count; i++) {
            const kh_floor_event *event = of->lanes[l].queue[i].event;
            uint64_t n = (uint64_t)(event - of->rows.of);
            uint64_t label = n % of->rows.labels;
            if (n / of->rows.labels + 1 < of->seen[label]) {
                continue; /* another event about it lies in this batch */
            }
            rows[found] = event->subject;
            rows[found].lane = l;
            rows[found++].known = of->known[label];
            of->known[label] = true;
        }
    }
    qsort(rows, found, sizeof *rows, compare_subjects);
    *count = found;
    return rows;
}

static void read_subjects(floor_program *of)
{
    kh_subject_key *keys = must_have(kh_arena_allocate_array(&of->arena, of->waiting, sizeof *keys));
    kh_text *bases = must_have(kh_arena_allocate_array(&of->arena, of->waiting, sizeof *bases));
    kh_subject_row *rows = NULL;
    kh_dependent_row *dependents = NULL;
    size_t count = 0;
    for (int32_t l = 0; l < of->lane_count; l++) {
        for (size_t i = 0; i < of->lanes[l].count; i++) {
            keys[count] = (kh_subject_key){l, of->lanes[l].queue[i].event->subject.key};
            bases[count] = keys[count].key;
            count++;
        }
    }
    must_database(of, kh_transaction_read_subjects(of->database, keys, count, &of->arena, &rows));
    must_database(of,
                  kh_transaction_read_dependents(of->database, bases, count, &of->arena, &dependents, &(size_t){0}));
}

static void write_subjects(floor_program *of)
{
    size_t count = 0;
    kh_dependent_row *dependents = NULL;
    kh_subject_row *rows = list_subjects(of, &count);
    kh_text *bases = must_have(kh_arena_allocate_array(&of->arena, count, sizeof *bases));
    must_database(of, kh_transaction_write_subjects(of->database, rows, count));
    for (size_t i = 0; i < count; i++) {
        bases[i] = rows[i].key;
    }
    must_database(of,
                  kh_transaction_read_dependents(of->database, bases, count, &of->arena, &dependents, &(size_t){0}));
}

/* Where the lane is behind this batch, in the database and, once it is published, in the group's offsets. */
static void note_progress(floor_program *of, kh_outgoing *out, int32_t number, kh_lane_progress *progress,
                          kh_offset_progress *offsets, size_t *offset_count)
{
    floor_lane *lane = &of->lanes[number];
    for (size_t topic = 0; topic < SOURCES; topic++) {
        const taken *last = NULL;
        for (size_t i = 0; i < lane->count; i++) {
            last = lane->queue[i].topic == topic ? &lane->queue[i] : last;
        }
        if (last == NULL) {
            continue;
        }
        offsets[(*offset_count)++] = (kh_offset_progress){
            .expected = lane->next_offset[topic],
            .row = {number, kh_text_of(of->sources[topic]), last->offset + 1, last->offset, last->timestamp, 0}};
        lane->next_offset[topic] = last->offset + 1;
    }
    int64_t mark = kh_publishing_mark(of->publishing, number);
    *progress = (kh_lane_progress){.lane = number,
                                   .next_seq = lane->next_seq,
                                   .clock = lane->queue[lane->count - 1].timestamp,
                                   .published_seq = mark < 0 ? 0 : mark};
    kh_bench_must(kh_outgoing_add_lane(out, of->settings->deployment, number, lane->next_seq, of->sources,
                                       lane->next_offset, SOURCES),
                  "marks");
}

static void let_go(floor_program *of)
{
    for (int32_t l = 0; l < of->lane_count; l++) {
        for (size_t i = 0; i < of->lanes[l].count; i++) {
            kh_consumer_release(of->consumer, &of->lanes[l].queue[i].hold, 1);
        }
        of->lanes[l].count = 0;
    }
    of->done += of->waiting;
    of->waiting = 0;
}

static void run_batch(floor_program *of)
{
    kh_outgoing *out = kh_publishing_borrow(of->publishing, 60000);
    kh_lane_guard guards[LANES_MAX];
    kh_lane_row rows[LANES_MAX];
    kh_lane_progress progress[LANES_MAX];
    kh_offset_progress offsets[LANES_MAX * SOURCES];
    size_t count = 0;
    size_t offset_count = 0;
    kh_instant now = 0;
    kh_bench_must(out == NULL ? KH_E_TIMEOUT : KH_OK, "publishing");
    kh_arena_reset(&of->arena);
    for (int32_t l = 0; l < of->lane_count; l++) {
        if (of->lanes[l].count > 0) {
            guards[count++] = (kh_lane_guard){l, of->lanes[l].epoch, of->lanes[l].next_seq};
        }
    }
    must_database(of, kh_transaction_begin(of->database, guards, count, false, &of->arena, rows, &now));
    read_subjects(of);
    for (int32_t l = 0; l < of->lane_count; l++) {
        for (size_t i = 0; i < of->lanes[l].count; i++) {
            add_event(of, out, l, of->lanes[l].queue[i].event);
        }
    }
    must_database(of, kh_transaction_append_results(of->database, out->rows, out->row_count));
    write_subjects(of);
    for (size_t i = 0; i < count; i++) {
        note_progress(of, out, guards[i].lane, &progress[i], offsets, &offset_count);
    }
    must_database(of, kh_transaction_finish(of->database, progress, count, offsets, offset_count));
    must_database(of, kh_transaction_commit(of->database));
    let_go(of);
    out->claim = kh_group_claim_hold(of->claim);
    kh_publishing_submit(of->publishing, out);
}

static void look(floor_program *of)
{
    int32_t numbers[LANES_MAX];
    kh_lane_look looks[LANES_MAX];
    size_t found = 0;
    kh_instant now = 0;
    for (int32_t l = 0; l < of->lane_count; l++) {
        numbers[l] = l;
    }
    must_database(of, kh_lanes_look(of->database, numbers, (size_t)of->lane_count, looks, &found, &now));
    of->looked_ms = kh_monotonic_ms();
}

static void run(floor_program *of)
{
    kh_kafka_error error = {0};
    while (of->done < of->rows.events) {
        poll_records(of);
        if (of->waiting > 0) {
            run_batch(of);
        }
        if (kh_monotonic_ms() - of->looked_ms >= LOOK_EVERY_MS) {
            look(of);
        }
        must_kafka(kh_publishing_failed(of->publishing, &error), &error);
    }
    kh_bench_must(kh_publishing_wait(of->publishing, 60000) ? KH_OK : KH_E_TIMEOUT, "publishing the last batches");
    must_kafka(kh_publishing_failed(of->publishing, &error), &error);
}

static void stop(floor_program *of)
{
    kh_publishing_free(of->publishing);
    kh_publisher_free(of->publisher);
    (void)kh_consumer_close(of->consumer, 10000);
    kh_group_claim_release(of->claim);
    kh_consumer_free(of->consumer);
    kh_database_close(of->database);
}

int main(int argc, char **argv)
{
    static floor_program of;
    const char *config = KH_SOURCE_DIR "/config/kakehashi.yaml";
    const char *overrides[64];
    uint32_t override_count = 0;
    static const struct option OPTIONS[] = {
        {"config", required_argument, NULL, 'c'}, {"set", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
    int option = 0;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (option == 'c') {
            config = optarg;
        } else if (option == 's' && override_count < 64) {
            overrides[override_count++] = optarg;
        } else {
            return 2;
        }
    }
    uint64_t events = argc - optind == 2 ? strtoull(argv[optind], NULL, 10) : 0;
    uint64_t labels = argc - optind == 2 ? strtoull(argv[optind + 1], NULL, 10) : 0;
    if (events == 0 || labels == 0) {
        (void)fprintf(stderr, "usage: bench_floor EVENTS LABELS [--config FILE] [--set KEY=VALUE]...\n");
        return 2;
    }
    kh_arena_init(&of.setup, 1 << 16, kh_heap());
    kh_arena_init(&of.arena, 1 << 18, kh_heap());
    kh_bench_world_init(&of.world, config, overrides, override_count, KH_NEEDS_BROKER | KH_NEEDS_DATABASE, 1,
                        &of.setup);
    of.settings = &of.world.configuration.settings;
    of.seen = must_have(calloc(labels, sizeof *of.seen));
    of.known = must_have(calloc(labels, sizeof *of.known));
    kh_floor_rows_make(&of.world, events, labels, &of.rows);
    start(&of);
    run(&of);
    stop(&of);
    return 0;
}
