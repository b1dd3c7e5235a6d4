#include "app/live_observe.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/heap.h"
#include "app/live_turns.h"
#include "app/metrics.h"
#include "postgres/backlog.h"

#define EVERY_MS    5000
#define SHARE_OF    100 /* it takes at most one part in so many of the time */
#define ARENA_BLOCK 4096

static const kh_text NONE = {"", 0};

static void sample(kh_metric metric, double value, kh_text label)
{
    kh_samples_add(KH_SAMPLES_WORKER, metric, value, label, NONE);
}

/* ---- lanes ---- */

void kh_live_count_lanes(const kh_worker *worker, kh_lane_counts *out)
{
    *out = (kh_lane_counts){0};
    for (size_t s = 0; s < worker->share_count; s++) {
        const kh_share *share = &worker->shares[s];
        out->assigned += share->lane_count;
        out->sweeping += share->intake.sweeping;
        out->blocked += share->intake.blocked;
        out->paused += share->intake.paused;
    }
    out->taken = worker->taken ? out->assigned : 0;
}

static void sample_lanes(const kh_worker *worker)
{
    kh_lane_counts lanes;
    kh_live_count_lanes(worker, &lanes);
    sample(KH_METRIC_LANES, (double)lanes.assigned, KH_TEXT("assigned"));
    sample(KH_METRIC_LANES, (double)lanes.taken, KH_TEXT("taken"));
    sample(KH_METRIC_LANES, (double)lanes.sweeping, KH_TEXT("sweeping"));
    sample(KH_METRIC_LANES, (double)lanes.blocked, KH_TEXT("blocked"));
    sample(KH_METRIC_LANES, (double)lanes.paused, KH_TEXT("paused"));
}

/* Markers of transactions take offsets too: what is drained has no lag, whatever the offsets say. */
static void sample_lag(kh_worker *worker, const kh_live_lane *lane)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%" PRId32, lane->number);
    for (size_t t = 0; t < worker->topic_count; t++) {
        const kh_live_source *source = &lane->sources[t];
        int64_t end = kh_consumer_high_watermark(worker->consumer, t, lane->number);
        bool drained = source->drained && lane->pending_count == 0;
        int64_t lag = drained || end < source->next_offset ? 0 : end - source->next_offset;
        if (drained || end >= 0) {
            kh_samples_add(KH_SAMPLES_WORKER, KH_METRIC_LAG, (double)lag, kh_text_of(worker->topics[t]),
                           kh_text_of(number));
        }
    }
}

static void sample_memory(kh_worker *worker)
{
    size_t pending = 0;
    for (size_t s = 0; s < worker->share_count; s++) {
        const kh_share *share = &worker->shares[s];
        pending += share->intake.arrived_count;
        for (size_t i = 0; i < share->lane_count; i++) {
            pending += share->lanes[i].pending_count;
            if (worker->taken) {
                sample_lag(worker, &share->lanes[i]);
            }
        }
    }
    sample(KH_METRIC_PENDING, (double)pending, NONE);
    sample(KH_METRIC_PUBLISHING, (double)kh_publishing_count(worker->publishing), NONE);
}

/* ---- the rules ---- */

/* As a share with lanes knows them. */
static void sample_rules(const kh_worker *worker)
{
    size_t missing = 0;
    size_t of = 0;
    while (of + 1 < worker->share_count && worker->shares[of].lane_count == 0) {
        of++;
    }
    const kh_share *share = &worker->shares[of];
    if (share->world.book == NULL || share->now == 0) {
        return; /* neither rules nor the server's time have been read yet */
    }
    for (uint32_t i = 0; i < share->world.book->calendar_count; i++) {
        const kh_calendar *calendar = share->world.book->calendars[i];
        sample(KH_METRIC_CALENDAR_DAYS, (double)(calendar->complete_until - kh_instant_day(share->now, 0)),
               calendar->id);
    }
    for (uint32_t i = 0; i < share->world.count; i++) {
        kh_instant from = KH_INSTANT_NONE;
        missing += kh_arrangement_missing_pack(&share->world.arrangements[i], &from) != NULL;
    }
    sample(KH_METRIC_PACKS_MISSING, (double)missing, NONE);
}

/* ---- the database ---- */

/* What counts as now for a lane: the server's time, or what its records have brought. */
static kh_instant now_of(const kh_share *share, const kh_live_lane *lane)
{
    bool wall = share->worker->settings->configuration->settings.clock == KH_CLOCK_WALL;
    return wall ? share->now : lane->clock;
}

static kh_rc read_backlog(kh_worker *worker, kh_arena *arena, kh_backlog *out)
{
    static const int16_t states[KH_BACKLOG_STATES] = {KH_OBLIGATION_OPEN, KH_OBLIGATION_OVERDUE};
    kh_lane_counts lanes;
    size_t count = 0;
    kh_live_count_lanes(worker, &lanes);
    int32_t *numbers = kh_arena_allocate_array(arena, lanes.assigned, sizeof *numbers);
    kh_instant *nows = kh_arena_allocate_array(arena, lanes.assigned, sizeof *nows);
    if (numbers == NULL || nows == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t s = 0; s < worker->share_count; s++) {
        const kh_share *share = &worker->shares[s];
        for (size_t i = 0; i < share->lane_count; i++) {
            numbers[count] = share->lanes[i].number;
            nows[count++] = now_of(share, &share->lanes[i]);
        }
    }
    return kh_backlog_read(worker->shares[0].database, numbers, nows, count, states, out);
}

static void sample_backlog(const kh_backlog *of)
{
    sample(KH_METRIC_DUE, (double)of->due, NONE);
    sample(KH_METRIC_WAKEUPS, (double)of->wakeups, NONE);
    sample(KH_METRIC_OBLIGATIONS, (double)of->obligations[0], KH_TEXT("open"));
    sample(KH_METRIC_OBLIGATIONS, (double)of->obligations[1], KH_TEXT("overdue"));
    if (of->until_next != KH_INSTANT_NONE) {
        sample(KH_METRIC_NEXT_DUE, (double)of->until_next / 1000, NONE);
    }
}

void kh_live_observe(kh_worker *worker)
{
    kh_backlog backlog = {0};
    kh_arena arena;
    int64_t now = kh_monotonic_ms();
    bool late =
        now - kh_turns_oldest_ms(worker) > KH_TURN_LATE_MS; /* it is not waited for: a better moment will come */
    if (now < worker->watched_at_ms || worker->publishing == NULL || late) {
        return;
    }
    kh_turns_wait(worker);
    int64_t began = kh_monotonic_ms();
    kh_arena_init(&arena, ARENA_BLOCK, kh_heap());
    /* A failure is the next batch's or look's to find: figures only. */
    bool counted = worker->taken && read_backlog(worker, &arena, &backlog) == KH_OK;
    kh_arena_deinit(&arena);
    kh_samples_begin(KH_SAMPLES_WORKER);
    sample_lanes(worker);
    sample_memory(worker);
    sample_rules(worker);
    if (counted) {
        sample_backlog(&backlog);
    }
    kh_samples_end(KH_SAMPLES_WORKER);
    if (worker->publisher != NULL &&
        kh_publishing_wait(worker->publishing, 0)) { /* and without a turn in hand nobody submits more */
        kh_publisher_serve(worker->publisher);
    }
    now = kh_monotonic_ms();
    int64_t rest = (now - began) * SHARE_OF;
    worker->watched_at_ms = now + (rest > EVERY_MS ? rest : EVERY_MS);
}
