#include "app/offline.h"

#include <stdlib.h>

#include "app/heap.h"
#include "app/shelf.h"
#include "app/world.h"
#include "codec/event_line.h"
#include "codec/store.h"

#define ARENA_BLOCK ((size_t)1 << 20)

struct kh_offline {
    const kh_event_rules *rules;
    const kh_sink *sink;
    uint32_t batch;
    uint32_t taken; /* records since memory was last given back */
    kh_shelf *shelf;
    kh_arena arena; /* of the batch in hand */
    kh_working_set *set;
    kh_world world;
    bool *owned;
    kh_lane lane;
};

static kh_rc arrangement_facts(void *self, kh_text subject, kh_text *facts)
{
    const kh_subject_source *source = kh_shelf_source(self);
    return source->read_basis(source->self, subject, facts);
}

/* Begins a batch: nothing of the last one is left in memory but the shelf. */
static kh_rc begin(kh_offline *offline)
{
    kh_arena_reset(&offline->arena);
    offline->taken = 0;
    offline->set = kh_working_set_new(&offline->arena, offline->rules->book, kh_shelf_source(offline->shelf),
                                      KH_INSTANT_NONE, UINT32_MAX);
    if (offline->set == NULL) {
        return KH_E_MEMORY;
    }
    kh_rc rc =
        kh_world_build(offline->rules->book, arrangement_facts, offline->shelf, &offline->arena, &offline->world);
    if (rc != KH_OK) {
        return rc;
    }
    offline->owned = kh_arena_allocate_array(&offline->arena, offline->world.count, sizeof *offline->owned);
    if (offline->owned == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < offline->world.count; i++) {
        offline->owned[i] = true;
    }
    offline->lane.arrangements = offline->world.arrangements;
    offline->lane.arrangement_count = offline->world.count;
    offline->lane.owns_arrangement = offline->owned;
    offline->lane.store = kh_working_set_store(offline->set);
    return KH_OK;
}

static kh_rc put(void *self, kh_subject *subject, bool known)
{
    kh_offline *offline = self;
    (void)known;
    return kh_shelf_put(offline->shelf, subject, &offline->arena);
}

static kh_rc end_and_begin(kh_offline *offline)
{
    kh_rc rc = kh_working_set_write(offline->set, put, offline);
    return rc == KH_OK ? begin(offline) : rc;
}

kh_offline *kh_offline_new(const kh_event_rules *rules, uint32_t batch, const kh_sink *sink)
{
    kh_offline *offline = calloc(1, sizeof *offline);
    if (offline == NULL) {
        return NULL;
    }
    offline->rules = rules;
    offline->sink = sink;
    offline->batch = batch;
    offline->shelf = kh_shelf_new();
    kh_arena_init(&offline->arena, ARENA_BLOCK, kh_heap());
    offline->lane = (kh_lane){.clock = KH_INSTANT_NONE, .arena = &offline->arena, .sink = sink};
    if (offline->shelf == NULL || begin(offline) != KH_OK) {
        kh_offline_free(offline);
        return NULL;
    }
    return offline;
}

void kh_offline_free(kh_offline *offline)
{
    if (offline == NULL) {
        return;
    }
    kh_shelf_free(offline->shelf);
    kh_arena_deinit(&offline->arena);
    free(offline);
}

kh_text kh_offline_missing(const kh_offline *offline, kh_instant *from)
{
    const kh_amendment *missing = NULL;
    *from = kh_lane_blocked_from(&offline->lane, &missing);
    return missing == NULL ? (kh_text){"", 0} : missing->sha256;
}

static bool is_blocked_at(const kh_offline *offline, kh_instant at)
{
    kh_instant from = KH_INSTANT_NONE;
    (void)kh_offline_missing(offline, &from);
    return from != KH_INSTANT_NONE && at >= from;
}

kh_rc kh_offline_advance(kh_offline *offline, kh_instant to)
{
    kh_instant from = KH_INSTANT_NONE;
    (void)kh_offline_missing(offline, &from);
    bool blocked = is_blocked_at(offline, to);
    uint32_t budget = UINT32_MAX;
    bool reached = false;
    kh_rc rc = kh_lane_advance(&offline->lane, blocked ? from - 1 : to, &budget, &reached);
    return rc == KH_OK && blocked ? KH_E_CONFIGURATION : rc;
}

/* Everything that an arrangement touches is decided again, by subject. Pages keep memory bounded. */
static kh_rc sweep(kh_offline *offline, const kh_cause *cause)
{
    char after[512];
    kh_text key = {after, 0};
    kh_rc rc = end_and_begin(offline);
    if (rc == KH_OK) {
        rc = kh_lane_begin_sweep(&offline->lane, cause);
    }
    for (;;) {
        const kh_stored_subject *row = rc == KH_OK ? kh_shelf_next(offline->shelf, key) : NULL;
        if (row == NULL) {
            break;
        }
        memcpy(after, row->key.data, row->key.length < sizeof after ? row->key.length : sizeof after);
        key.length = row->key.length;
        kh_subject *subject = NULL;
        rc = offline->lane.store->subject(offline->lane.store->self, key, &subject);
        if (rc == KH_OK) {
            rc = kh_lane_decide_again(&offline->lane, subject, cause);
        }
        if (rc == KH_OK && ++offline->taken >= offline->batch) {
            rc = end_and_begin(offline);
        }
    }
    return rc;
}

static kh_rc take(kh_offline *offline, const kh_input *input)
{
    kh_taken taken;
    kh_rc rc = kh_lane_take(&offline->lane, input, &taken);
    if (rc != KH_OK || !taken.arrangement_changed) {
        return rc;
    }
    if (is_blocked_at(offline, offline->lane.clock)) {
        return KH_E_CONFIGURATION;
    }
    char topic[256];
    char event_id[64];
    kh_cause cause = {.trigger = KH_TRIGGER_ARRANGEMENT,
                      .topic = {topic, input->record->topic.length},
                      .partition = input->record->partition,
                      .offset = input->record->offset,
                      .event_id = {event_id, input->event.statement.event_id.length}};
    if (cause.topic.length > sizeof topic || cause.event_id.length > sizeof event_id) {
        return KH_E_INTERNAL;
    }
    /* The batch that they lie in ends before the sweep does. */
    memcpy(topic, input->record->topic.data, cause.topic.length);
    memcpy(event_id, input->event.statement.event_id.data, cause.event_id.length);
    return sweep(offline, &cause);
}

kh_rc kh_offline_take_line(kh_offline *offline, kh_text line, int64_t line_number)
{
    if (offline->taken >= offline->batch) {
        kh_rc rc = end_and_begin(offline);
        if (rc != KH_OK) {
            return rc;
        }
    }
    offline->taken++;
    kh_record *record = kh_arena_allocate(&offline->arena, sizeof *record);
    kh_input *input = kh_arena_allocate(&offline->arena, sizeof *input); /* its statement becomes a fact */
    bool has_timestamp = false;
    if (record == NULL || input == NULL) {
        return KH_E_MEMORY;
    }
    input->record = record;
    kh_rc rc =
        kh_event_line_read(line, offline->rules->max_bytes, &offline->arena, record, &has_timestamp, &input->refusal);
    record->offset = line_number;
    if (rc == KH_OK) {
        rc = kh_event_read(offline->rules, record, -1, &offline->arena, &input->event, &input->refusal);
    }
    input->refused = rc == KH_E_REFUSED;
    if (rc != KH_OK && !input->refused) {
        return rc;
    }
    if (has_timestamp) {
        rc = kh_offline_advance(offline, record->timestamp);
        if (rc != KH_OK) {
            return rc;
        }
    }
    return take(offline, input);
}

kh_instant kh_offline_clock(const kh_offline *offline)
{
    return offline->lane.clock;
}

/* ---- what stands ---- */

typedef struct standing {
    kh_result *items;
    size_t count;
    size_t size;
} standing;

static kh_rc collect(kh_offline *offline, const kh_key_state *state, standing *all)
{
    if (!kh_heap_grow((void **)&all->items, &all->size, all->count, sizeof *all->items)) {
        return KH_E_MEMORY;
    }
    all->items[all->count++] = (kh_result){
        .kind = state->kind,
        .key = state->key,
        .decided_at = offline->lane.clock,
        .version = state->version,
        .public_version = state->public_version,
        .seq = state->seq,
        .previous_seq = -1,
        .status = state->status,
        .obligation = state->obligation,
    };
    return KH_OK;
}

static int compare_results(const void *a, const void *b)
{
    const kh_result *left = a;
    const kh_result *right = b;
    return kh_text_compare(left->key, right->key);
}

static kh_rc collect_all(kh_offline *offline, standing *all)
{
    kh_rc rc = KH_OK;
    const kh_stored_subject *row = kh_shelf_next(offline->shelf, (kh_text){"", 0});
    for (; rc == KH_OK && row != NULL; row = kh_shelf_next(offline->shelf, row->key)) {
        kh_key_state *states = NULL;
        uint32_t count = 0;
        rc = kh_store_keys_decode(offline->rules->book, row->decisions, &offline->arena, &states, &count);
        for (uint32_t i = 0; rc == KH_OK && i < count; i++) {
            rc = collect(offline, &states[i], all);
        }
    }
    return rc;
}

kh_rc kh_offline_states(kh_offline *offline, kh_rc (*visit)(void *self, const kh_result *state, bool is_public),
                        void *self)
{
    standing all = {0};
    kh_rc rc = end_and_begin(offline);
    if (rc == KH_OK) {
        rc = collect_all(offline, &all);
    }
    if (all.count > 0) {
        qsort(all.items, all.count, sizeof *all.items, compare_results);
    }
    for (int pass = 0; pass < 3; pass++) {
        kh_result_kind kind = pass < 2 ? KH_RESULT_STATUS : KH_RESULT_OBLIGATION;
        for (size_t i = 0; rc == KH_OK && i < all.count; i++) {
            const kh_result *item = &all.items[i];
            if (item->kind == kind && (pass != 1 || item->public_version > 0)) {
                rc = visit(self, item, pass == 1);
            }
        }
    }
    free(all.items);
    return rc == KH_OK ? begin(offline) : rc;
}
