#include "bench/floor_rows.h"

#include <stdlib.h>

#include "app/heap.h"
#include "app/summary.h"
#include "codec/event_reader.h"
#include "codec/store.h"

typedef struct maker {
    kh_bench_world *world;
    kh_floor_rows *rows;
    kh_arena arena; /* of one label */
} maker;

static kh_rc take(void *self, const kh_result *result)
{
    maker *of = self;
    kh_arena *kept = &of->rows->arena;
    kh_result copy = *result;
    kh_rc rc = kh_arena_copy_text(kept, result->key, &copy.key);
    if (rc == KH_OK) {
        rc = kh_arena_copy_text(kept, result->subject, &copy.subject);
    }
    return rc == KH_OK ? kh_outgoing_add(&of->rows->made, kept, of->world->cache, 0, &copy) : rc;
}

static void keep_subject(const kh_subject *subject, kh_arena *kept, kh_subject_row *out)
{
    *out = (kh_subject_row){.has_facts = subject->facts.part_count > 0, .due_at = subject->due_at};
    kh_bench_must(kh_arena_copy_text(kept, subject->key, &out->key), "key");
    kh_bench_must(kh_arena_copy_text(kept, subject->basis, &out->basis), "basis");
    kh_bench_must(kh_store_facts_encode(&subject->facts, kept, &out->facts), "facts");
    kh_bench_must(kh_store_keys_encode(subject->keys, subject->key_count, kept, &out->decisions), "decisions");
    kh_bench_must(kh_summary_subject(subject, kept, out), "summary");
}

static void make_event(maker *of, kh_lane *lane, uint64_t n)
{
    kh_floor_event *event = &of->rows->of[n];
    kh_outgoing *made = &of->rows->made;
    kh_input *input = kh_arena_allocate(&of->arena, sizeof *input);
    kh_record *record = kh_arena_allocate(&of->arena, sizeof *record);
    kh_subject *subject = NULL;
    kh_taken taken;
    uint32_t budget = UINT32_MAX;
    bool reached = false;
    kh_bench_must(input == NULL || record == NULL ? KH_E_MEMORY : KH_OK, "input");
    kh_bench_record(of->world, &of->arena, n, of->rows->labels, record);
    input->record = record;
    event->first_row = made->row_count;
    event->first_message = made->message_count;
    kh_bench_must(kh_event_read(&of->world->rules, record, -1, &of->arena, &input->event, &input->refusal), "event");
    kh_bench_must(kh_lane_advance(lane, record->timestamp, &budget, &reached), "advance");
    kh_bench_must(kh_lane_take(lane, input, &taken), "take");
    event->row_count = made->row_count - event->first_row;
    event->message_count = made->message_count - event->first_message;
    kh_bench_must(lane->store->subject(lane->store->self, record->key, &subject), "subject");
    keep_subject(subject, &of->rows->arena, &event->subject);
}

void kh_floor_rows_make(kh_bench_world *world, uint64_t events, uint64_t labels, kh_floor_rows *out)
{
    maker of = {.world = world, .rows = out};
    kh_sink sink = {&of, take};
    *out = (kh_floor_rows){.events = events, .labels = labels, .of = calloc(events, sizeof *out->of)};
    kh_bench_must(out->of == NULL ? KH_E_MEMORY : KH_OK, "events");
    kh_outgoing_init(&out->made);
    kh_arena_init(&out->arena, 1 << 20, kh_heap());
    kh_arena_init(&of.arena, 1 << 18, kh_heap());
    for (uint64_t label = 0; label < labels && label < events; label++) {
        kh_lane lane;
        kh_bench_lane_init(world, &of.arena, &sink, &lane);
        for (uint64_t n = label; n < events; n += labels) {
            lane.next_seq = (int64_t)n / 12; /* as wide a number as a lane of twelve gives it */
            make_event(&of, &lane, n);
        }
        kh_arena_reset(&of.arena);
        memset(world->subjects, 0, world->subject_count * sizeof *world->subjects);
    }
    kh_arena_deinit(&of.arena);
}
