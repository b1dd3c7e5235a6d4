#include "status.h"

#include "label_moment.h"

bool kh_details_same_to_public(const kh_details *a, const kh_details *b)
{
    if (a == NULL || b == NULL || a == b) {
        return a == b;
    }
    return kh_text_equal(a->registration_number, b->registration_number) && kh_text_equal(a->category, b->category) &&
           kh_text_equal(a->product, b->product) && kh_text_equal(a->maker, b->maker);
}

bool kh_details_same(const kh_details *a, const kh_details *b)
{
    if (a == NULL || b == NULL || a == b) {
        return a == b;
    }
    bool same = a->level == b->level && a->model_count == b->model_count && kh_text_equal(a->holder, b->holder) &&
                kh_details_same_to_public(a, b);
    for (uint32_t i = 0; same && i < a->model_count; i++) {
        same = kh_text_equal(a->models[i], b->models[i]);
    }
    return same;
}

bool kh_validity_same(const kh_validity *a, const kh_validity *b)
{
    if (a == NULL || b == NULL || a == b) {
        return a == b;
    }
    return a->from == b->from && a->until == b->until;
}

kh_public_outcome kh_status_public_outcome(const kh_status *status)
{
    return kh_reasons_public_outcome(status->reasons);
}

static kh_need need_of(kh_equivalence equivalence, kh_no_counterpart no_counterpart)
{
    switch (equivalence) {
    case KH_EQUIVALENCE_FULL:
        return KH_NEED_NONE;
    case KH_EQUIVALENCE_PARTIAL:
        return KH_NEED_SUPPLEMENTARY_ASSESSMENT;
    case KH_EQUIVALENCE_NONE:
        return no_counterpart == KH_NO_COUNTERPART_NOT_REQUIRED ? KH_NEED_NONE : KH_NEED_FULL_ASSESSMENT;
    }
    return KH_NEED_NONE;
}

/* The next table that has rows for the status, from `from` on; NULL when there is none left. */
static const kh_table *next_table(const kh_status *status, uint32_t *from)
{
    kh_text home = kh_subject_participant(status->label);
    while (status->outcome == KH_OUTCOME_RECOGNISED && *from < status->pack->table_count) {
        const kh_table *table = &status->pack->tables[(*from)++];
        if (kh_table_applies(table, home, status->host, status->details->category)) {
            return table;
        }
    }
    return NULL;
}

/* Where one is in the rows of a status. */
typedef struct residual_cursor {
    const kh_status *status;
    const kh_table *table;
    uint32_t next_table;
    uint32_t row;
} residual_cursor;

/* \return NULL behind the last row. */
static const kh_requirement *next_row(residual_cursor *of)
{
    while (of->table == NULL || of->row == of->table->requirement_count) {
        of->row = 0;
        of->table = next_table(of->status, &of->next_table);
        if (of->table == NULL) {
            return NULL;
        }
    }
    return &of->table->requirements[of->row++];
}

static bool same_category_tables(const kh_status *a, const kh_status *b)
{
    kh_text home = kh_subject_participant(a->label);
    for (uint32_t i = 0; i < a->pack->table_count; i++) {
        const kh_table *table = &a->pack->tables[i];
        if (kh_table_applies(table, home, a->host, a->details->category) !=
            kh_table_applies(table, home, b->host, b->details->category)) {
            return false;
        }
    }
    return true;
}

/* Every row that is left to assess, compared one by one. */
static bool same_listed_rows(const kh_status *a, const kh_status *b)
{
    residual_cursor cursors[] = {{.status = a}, {.status = b}};
    for (;;) {
        const kh_requirement *one = next_row(&cursors[0]);
        const kh_requirement *other = next_row(&cursors[1]);
        if (one == NULL || other == NULL) {
            return one == other;
        }
        if (one->equivalence != other->equivalence ||
            need_of(one->equivalence, a->no_counterpart) != need_of(other->equivalence, b->no_counterpart) ||
            !kh_text_equal(one->requirement, other->requirement) || !kh_text_equal(one->citation, other->citation)) {
            return false;
        }
    }
}

/* Of one pack and outcome: are the residual rows the same? */
static bool same_rows(const kh_status *a, const kh_status *b)
{
    return a->outcome != KH_OUTCOME_RECOGNISED ||
           (a->no_counterpart == b->no_counterpart ? same_category_tables(a, b) : same_listed_rows(a, b));
}

bool kh_status_same_pack(const kh_status *a, const kh_status *b)
{
    return a->pack == b->pack ||
           (kh_text_equal(a->pack->id, b->pack->id) && kh_text_equal(a->pack->arrangement, b->pack->arrangement) &&
            kh_text_equal(a->pack->sha256, b->pack->sha256));
}

static bool same_translations(const kh_status *a, const kh_status *b)
{
    bool same = a->translation_count == b->translation_count;
    for (uint32_t i = 0; same && i < a->translation_count; i++) {
        same = kh_text_equal(a->translations[i], b->translations[i]);
    }
    return same;
}

bool kh_status_same_residual(const kh_status *a, const kh_status *b)
{
    return same_listed_rows(a, b) && same_translations(a, b);
}

bool kh_status_same(const kh_status *a, const kh_status *b)
{
    return a->reasons == b->reasons && kh_status_same_pack(a, b) && a->since == b->since &&
           a->next_change_at == b->next_change_at && a->level == b->level &&
           a->recognised_level == b->recognised_level && a->under_consultation == b->under_consultation &&
           a->ground_count == b->ground_count &&
           (a->ground_count == 0 || memcmp(a->grounds, b->grounds, a->ground_count) == 0) &&
           kh_text_equal(a->basis, b->basis) && a->basis_state == b->basis_state && same_rows(a, b) &&
           same_translations(a, b) && kh_details_same(a->details, b->details) &&
           kh_validity_same(a->validity, b->validity) && kh_text_equal(a->label, b->label) &&
           kh_text_equal(a->host, b->host);
}

bool kh_status_same_to_public(const kh_status *a, const kh_status *b)
{
    return kh_status_public_outcome(a) == kh_status_public_outcome(b) && kh_status_same_pack(a, b) &&
           a->public_since == b->public_since && a->public_next_change_at == b->public_next_change_at &&
           a->recognised_level == b->recognised_level && (a->outcome != KH_OUTCOME_RECOGNISED || same_rows(a, b)) &&
           kh_details_same_to_public(a->details, b->details) && kh_validity_same(a->validity, b->validity) &&
           kh_text_equal(a->label, b->label) && kh_text_equal(a->host, b->host);
}

kh_rc kh_status_residual(const kh_status *status, kh_arena *arena, kh_residual_item **out, uint32_t *count)
{
    uint32_t total = 0;
    uint32_t from = 0;
    for (const kh_table *table = next_table(status, &from); table != NULL; table = next_table(status, &from)) {
        total += table->requirement_count;
    }
    kh_residual_item *items = kh_arena_allocate_array(arena, total, sizeof *items);
    if (items == NULL) {
        return KH_E_MEMORY;
    }
    *out = items;
    *count = total;
    from = 0;
    for (const kh_table *table = next_table(status, &from); table != NULL; table = next_table(status, &from)) {
        for (uint32_t i = 0; i < table->requirement_count; i++) {
            const kh_requirement *row = &table->requirements[i];
            *items++ = (kh_residual_item){row->requirement,
                                          row->equivalence,
                                          need_of(row->equivalence, status->no_counterpart),
                                          row->citation,
                                          {NULL, 0}};
        }
    }
    return KH_OK;
}

uint32_t kh_status_residual_open(const kh_status *status)
{
    uint32_t open = status->translation_count;
    uint32_t from = 0;
    for (const kh_table *table = next_table(status, &from); table != NULL; table = next_table(status, &from)) {
        for (uint32_t i = 0; i < table->requirement_count; i++) {
            open += need_of(table->requirements[i].equivalence, status->no_counterpart) != KH_NEED_NONE;
        }
    }
    return open;
}
