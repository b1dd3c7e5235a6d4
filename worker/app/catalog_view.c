#include "app/catalog_view.h"

#include <stdlib.h>

#include "app/heap.h"
#include "app/rules_store.h"
#include "app/summary.h"
#include "codec/store.h"
#include "postgres/catalog.h"
#include "postgres/lanes.h"
#include "postgres/outbox.h"

struct kh_catalog_view {
    const kh_settings *settings;
    kh_problems *problems;
    kh_database *database;
    kh_arena arena; /* rule book and clocks */
    kh_arena row;   /* of the row that is being visited */
    kh_rule_book book;
    kh_lanes lanes;
};

/* Says what the database said; what we found ourselves has been said where it was found. */
static kh_rc failed(kh_catalog_view *view, kh_rc rc)
{
    if (rc == KH_E_LOST || rc == KH_E_RETRY) {
        (void)kh_reach_failed(view->settings, view->database, view->problems, rc);
    }
    return rc;
}

static kh_rc cannot_decode(kh_catalog_view *view, kh_text key, kh_rc rc)
{
    static const kh_place place = {"database", 0, 0};
    if (rc == KH_E_CONFIGURATION) {
        kh_problems_add(view->problems, place, key,
                        "was decided by a rule pack that has been loaded just now; run this again");
    } else if (rc == KH_E_INTERNAL) {
        kh_problems_add(view->problems, place, key,
                        "its stored bytes are none that kakehashi wrote: they were changed by hand, or by a newer "
                        "release");
    }
    return rc;
}

kh_rc kh_catalog_view_new(const kh_settings *settings, kh_problems *problems, kh_catalog_view **out)
{
    kh_catalog_view *view = calloc(1, sizeof *view);
    if (view == NULL) {
        return KH_E_MEMORY;
    }
    view->settings = settings;
    view->problems = problems;
    kh_arena_init(&view->arena, 65536, kh_heap());
    kh_arena_init(&view->row, 65536, kh_heap());
    kh_rc rc = kh_reach_schema(settings, problems, &view->database, NULL);
    if (rc == KH_OK) {
        rc = failed(view, kh_rules_store_read(view->database, &view->arena, problems, &view->book));
    }
    if (rc == KH_OK) {
        rc = failed(view, kh_lanes_read_all(view->database, &view->arena, &view->lanes));
    }
    if (rc != KH_OK) {
        kh_catalog_view_free(view);
        return rc;
    }
    *out = view;
    return KH_OK;
}

void kh_catalog_view_free(kh_catalog_view *view)
{
    if (view != NULL) {
        kh_reach_close(view->database);
        kh_arena_deinit(&view->row);
        kh_arena_deinit(&view->arena);
        free(view);
    }
}

static kh_instant clock_of(const kh_catalog_view *view, int32_t lane)
{
    for (size_t i = 0; i < view->lanes.count; i++) {
        if (view->lanes.rows[i].lane == lane) {
            return view->lanes.rows[i].clock;
        }
    }
    return KH_INSTANT_NONE;
}

kh_result kh_subject_view_result(const kh_subject_view *subject, const kh_key_state *state)
{
    return (kh_result){
        .kind = state->kind,
        .key = state->key,
        .subject = subject->key,
        .decided_at = subject->at,
        .version = state->version,
        .public_version = state->public_version,
        .seq = state->seq,
        .previous_seq = KH_SEQ_NONE,
        .status = state->status,
        .obligation = state->obligation,
    };
}

bool kh_view_filter_takes(const kh_view_filter *filter, const kh_status *status)
{
    return (filter->host.length == 0 || kh_text_equal(filter->host, status->host)) &&
           (filter->outcomes == 0 || (filter->outcomes >> status->outcome & 1) != 0);
}

/* All but the facts. */
static kh_rc view_row(kh_catalog_view *view, const kh_subject_row *row, kh_arena *arena, kh_subject_view *out)
{
    kh_key_state *keys = NULL;
    uint32_t count = 0;
    kh_rc rc = KH_OK;
    if (row->decisions.length > 0) {
        rc = cannot_decode(view, row->key, kh_store_keys_decode(&view->book, row->decisions, arena, &keys, &count));
    }
    if (rc == KH_OK) {
        *out = (kh_subject_view){
            .key = row->key, .lane = row->lane, .at = clock_of(view, row->lane), .keys = keys, .key_count = count};
    }
    return rc;
}

typedef struct listing {
    kh_catalog_view *view;
    const kh_view_filter *filter;
    kh_rc (*visit)(void *self, const kh_result *status);
    void *self;
} listing;

static kh_rc visit_row(void *self, const kh_subject_row *row)
{
    listing *of = self;
    kh_subject_view subject;
    kh_arena_reset(&of->view->row);
    kh_rc rc = view_row(of->view, row, &of->view->row, &subject);
    for (uint32_t i = 0; rc == KH_OK && i < subject.key_count; i++) {
        const kh_key_state *state = &subject.keys[i];
        if (state->kind == KH_RESULT_STATUS && kh_view_filter_takes(of->filter, state->status)) {
            kh_result result = kh_subject_view_result(&subject, state);
            rc = of->visit(of->self, &result);
        }
    }
    return rc;
}

/* The database can look for one outcome; several are picked here. */
static kh_text only_outcome(unsigned outcomes)
{
    for (int i = KH_OUTCOME_RECOGNISED; i <= KH_OUTCOME_BARRED_BY_MEASURE; i++) {
        if (outcomes == 1U << i) {
            return kh_text_of(kh_outcome_name((kh_outcome)i));
        }
    }
    return KH_TEXT("");
}

/* What a listing came to; the visitor may have lost its own output. */
static kh_rc listed(kh_catalog_view *view, uint32_t problems_before, kh_rc rc)
{
    if (rc != KH_OK && view->problems->count == problems_before && kh_database_last_error(view->database)->rc == rc) {
        (void)failed(view, rc);
    }
    return rc;
}

kh_rc kh_catalog_view_list(kh_catalog_view *view, const kh_view_filter *filter,
                           kh_rc (*visit)(void *self, const kh_result *status), void *self)
{
    listing of = {.view = view, .filter = filter, .visit = visit, .self = self};
    kh_catalog_filter asked = {
        .outcome = only_outcome(filter->outcomes), .host = filter->host, .pattern = filter->pattern, .decisions = true};
    uint32_t before = view->problems->count;
    return listed(view, before, kh_catalog_list(view->database, &asked, visit_row, &of));
}

typedef struct obligation_listing {
    kh_catalog_view *view;
    const kh_obligation_filter *filter;
    kh_instant at;
    kh_rc (*visit)(void *self, const kh_obligation_case *of);
    void *self;
} obligation_listing;

/* Finds the obligation among what stands about its subject, and its label's details. */
static bool find_case(const kh_key_state *keys, uint32_t count, const kh_obligation_row *row, kh_obligation_case *out)
{
    const kh_key_state *found = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (kh_text_equal(keys[i].key, row->id) && keys[i].kind == KH_RESULT_OBLIGATION) {
            found = &keys[i];
        }
    }
    if (found == NULL) {
        return false;
    }
    *out = (kh_obligation_case){.result = {.kind = KH_RESULT_OBLIGATION,
                                           .key = found->key,
                                           .subject = row->subject,
                                           .decided_at = row->decided_at,
                                           .version = found->version,
                                           .seq = found->seq,
                                           .previous_seq = KH_SEQ_NONE,
                                           .obligation = found->obligation}};
    for (uint32_t i = 0; i < count; i++) {
        if (keys[i].kind == KH_RESULT_STATUS && kh_text_equal(keys[i].status->host, found->obligation->host)) {
            out->details = keys[i].status->details;
        }
    }
    return true;
}

static kh_rc visit_obligation(void *self, const kh_obligation_row *row, kh_text decisions)
{
    obligation_listing *of = self;
    kh_catalog_view *view = of->view;
    kh_key_state *keys = NULL;
    uint32_t count = 0;
    kh_obligation_case found;
    kh_arena_reset(&view->row);
    kh_rc rc = kh_store_keys_decode(&view->book, decisions, &view->row, &keys, &count);
    if (rc == KH_OK && !find_case(keys, count, row, &found)) {
        rc = KH_E_INTERNAL;
    }
    if (rc != KH_OK) {
        return cannot_decode(view, row->id, rc);
    }
    kh_obligation_case_judge(&view->book, of->at, &found);
    return kh_obligation_filter_takes(of->filter, &found) ? of->visit(of->self, &found) : KH_OK;
}

kh_rc kh_catalog_view_obligations(kh_catalog_view *view, const kh_obligation_filter *filter, kh_instant at,
                                  kh_rc (*visit)(void *self, const kh_obligation_case *of), void *self)
{
    obligation_listing of = {.view = view, .filter = filter, .at = at, .visit = visit, .self = self};
    bool settled_too = !filter->outstanding && !filter->overdue && !filter->due_within;
    uint32_t before = view->problems->count;
    return listed(view, before,
                  kh_catalog_list_obligations(view->database, filter->participant,
                                              settled_too ? 0 : KH_OBLIGATION_DISCHARGED, visit_obligation, &of));
}

kh_rc kh_catalog_view_show(kh_catalog_view *view, kh_text key, kh_arena *arena, kh_subject_view *out, bool *found)
{
    kh_subject_row row;
    kh_rc rc = failed(view, kh_catalog_read(view->database, key, arena, &row));
    *found = rc == KH_OK && row.known && row.has_facts;
    if (!*found) {
        return rc;
    }
    rc = view_row(view, &row, arena, out);
    if (rc == KH_OK) {
        rc = cannot_decode(view, key, kh_store_facts_decode(row.facts, arena, &out->facts));
    }
    return rc;
}

const kh_rule_book *kh_catalog_view_book(const kh_catalog_view *view)
{
    return &view->book;
}

kh_rc kh_catalog_view_book_as_of(kh_catalog_view *view, kh_instant at, kh_rule_book *out)
{
    return failed(view, kh_rules_store_read_as_of(view->database, at, &view->arena, view->problems, out));
}

kh_problems *kh_catalog_view_problems(const kh_catalog_view *view)
{
    return view->problems;
}

kh_rc kh_catalog_view_book_with(kh_catalog_view *view, const kh_rule_file *files, uint32_t count, kh_rule_book *out)
{
    return failed(view, kh_rules_store_read_with(view->database, files, count, &view->arena, view->problems, out));
}

typedef struct subject_listing {
    kh_catalog_view *view;
    kh_rc (*visit)(void *self, kh_text key, const kh_facts *facts, kh_arena *arena);
    void *self;
} subject_listing;

static kh_rc visit_facts(void *self, const kh_subject_row *row)
{
    subject_listing *of = self;
    kh_facts facts = {0};
    kh_arena_reset(&of->view->row);
    kh_rc rc = cannot_decode(of->view, row->key, kh_store_facts_decode(row->facts, &of->view->row, &facts));
    return rc == KH_OK ? of->visit(of->self, row->key, &facts, &of->view->row) : rc;
}

kh_rc kh_catalog_view_subjects(kh_catalog_view *view,
                               kh_rc (*visit)(void *self, kh_text key, const kh_facts *facts, kh_arena *arena),
                               void *self)
{
    subject_listing of = {.view = view, .visit = visit, .self = self};
    kh_catalog_filter everything = {.decisions = true};
    uint32_t before = view->problems->count;
    return listed(view, before, kh_catalog_list(view->database, &everything, visit_facts, &of));
}

int32_t kh_catalog_view_lane_count(const kh_catalog_view *view)
{
    return (int32_t)view->lanes.count;
}

static kh_rc read_facts(void *self, kh_text subject, kh_arena *arena, kh_facts *out)
{
    kh_catalog_view *view = self;
    kh_subject_row row;
    kh_rc rc = failed(view, kh_catalog_read(view->database, subject, arena, &row));
    if (rc == KH_OK) {
        *out = (kh_facts){0};
        rc = row.has_facts ? cannot_decode(view, subject, kh_store_facts_decode(row.facts, arena, out)) : KH_OK;
    }
    return rc;
}

kh_fact_source kh_catalog_view_facts(kh_catalog_view *view)
{
    return (kh_fact_source){read_facts, view};
}

static kh_rc decode_entry(kh_catalog_view *view, const kh_result_row *row, kh_arena *arena, kh_history_entry *out)
{
    *out = (kh_history_entry){.recorded_at = row->recorded_at,
                              .result = {.key = row->key,
                                         .subject = row->subject,
                                         .decided_at = row->decided_at,
                                         .version = row->status_version,
                                         .public_version = row->public_version,
                                         .seq = row->seq,
                                         .previous_seq = row->previous_seq}};
    kh_rc rc = kh_store_result_decode(&view->book, row->decision, arena, &out->result);
    if (rc == KH_OK) {
        rc = kh_store_cause_decode(row->cause, arena, &out->result.cause);
    }
    return cannot_decode(view, row->key, rc);
}

kh_rc kh_catalog_view_stood(kh_catalog_view *view, int32_t lane, const kh_key_state *state, kh_instant known_at,
                            kh_arena *arena, kh_history_entry *out, bool *found)
{
    kh_result_row *rows = NULL;
    size_t count = 0;
    kh_rc rc = failed(view, kh_outbox_read_stood(view->database, lane, state->seq, known_at, arena, &rows, &count));
    *found = rc == KH_OK && count > 0;
    return *found ? decode_entry(view, &rows[0], arena, out) : rc;
}

kh_rc kh_catalog_view_history(kh_catalog_view *view, int32_t lane, const kh_key_state *state, size_t limit,
                              kh_arena *arena, kh_history_entry **out, size_t *count)
{
    kh_result_row *rows = NULL;
    size_t row_count = 0;
    kh_rc rc = failed(view, kh_outbox_read_history(view->database, lane, state->seq, limit, arena, &rows, &row_count));
    if (rc != KH_OK) {
        return rc;
    }
    kh_history_entry *entries = kh_arena_allocate_array(arena, row_count, sizeof *entries);
    if (entries == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; rc == KH_OK && i < row_count; i++) {
        rc = decode_entry(view, &rows[i], arena, &entries[i]);
    }
    if (rc == KH_OK) {
        *out = entries;
        *count = row_count;
    }
    return rc;
}
