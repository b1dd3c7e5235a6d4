#include "app/comparison_side.h"

#include <stdlib.h>

#include "app/heap.h"
#include "app/reach.h"
#include "app/rules_store.h"
#include "kafka/client.h"
#include "postgres/transaction.h"

#define PAGE        1000
#define ARENA_BLOCK ((size_t)1 << 18)

static kh_rc told(kh_side *side, kh_rc rc)
{
    return rc == KH_OK || rc == KH_E_MEMORY || side->problems->count > 0
               ? rc
               : kh_reach_failed(side->settings, side->database, side->problems, rc);
}

kh_rc kh_side_find(kh_side *side, int32_t lane, kh_text key, kh_arena *arena, kh_subject_row *out)
{
    kh_subject_key wanted = {lane, key};
    kh_subject_row *rows = NULL;
    kh_rc rc = told(side, kh_transaction_read_subjects(side->database, &wanted, 1, arena, &rows));
    if (rc == KH_OK) {
        *out = rows[0];
    }
    return rc;
}

static kh_rc facts_of(kh_side *side, kh_text key, kh_arena *arena, kh_text *facts)
{
    kh_subject_row row = {0};
    kh_rc rc = kh_side_find(side, kh_partition_of_key(key, side->lane_count), key, arena, &row);
    *facts = rc == KH_OK && row.has_facts ? row.facts : (kh_text){"", 0};
    return rc;
}

static kh_rc arrangement_facts(void *self, kh_text subject, kh_text *facts)
{
    kh_side *side = self;
    return facts_of(side, subject, &side->arena, facts);
}

kh_rc kh_side_init(kh_side *side, int32_t lane_count)
{
    kh_arena_init(&side->arena, ARENA_BLOCK, kh_heap());
    kh_arena_init(&side->page, ARENA_BLOCK, kh_heap());
    side->lane_count = lane_count;
    kh_rc rc = kh_rules_store_rows(side->database, &side->arena, &side->files, &side->file_count);
    if (rc == KH_OK) {
        rc = kh_rules_store_read(side->database, &side->arena, side->problems, &side->book);
    }
    if (rc == KH_OK) {
        rc = kh_world_build(&side->book, arrangement_facts, side, &side->arena, &side->world);
    }
    return told(side, rc);
}

void kh_side_deinit(kh_side *side)
{
    kh_arena_deinit(&side->page);
    kh_arena_deinit(&side->arena);
}

void kh_side_begin(kh_side *side, int32_t lane)
{
    side->lane = lane;
    side->after_length = 0;
    side->row_count = 0;
    side->next = 0;
    side->ended = false;
}

static int compare_keys(const void *a, const void *b)
{
    return kh_text_compare(((const kh_subject_key *)a)->key, ((const kh_subject_key *)b)->key);
}

/* What the page's rows are derived from, in one statement. */
static kh_rc read_bases(kh_side *side)
{
    size_t count = 0;
    size_t kept = 0;
    kh_subject_key *keys = kh_arena_allocate_array(&side->page, side->row_count, sizeof *keys);
    if (keys == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < side->row_count; i++) {
        if (side->rows[i].basis.length > 0) {
            kh_text basis = side->rows[i].basis;
            keys[count++] = (kh_subject_key){kh_partition_of_key(basis, side->lane_count), basis};
        }
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !kh_text_equal(keys[kept - 1].key, keys[i].key)) {
            keys[kept++] = keys[i];
        }
    }
    side->basis_keys = keys;
    side->basis_count = kept;
    return kept == 0 ? KH_OK : kh_transaction_read_subjects(side->database, keys, kept, &side->page, &side->bases);
}

static kh_rc read_page(kh_side *side)
{
    kh_arena_reset(&side->page);
    side->next = 0;
    side->row_count = 0;
    side->basis_count = 0;
    kh_rc rc = kh_transaction_read_sweep(side->database, side->lane, (kh_text){side->after, side->after_length}, PAGE,
                                         &side->page, &side->rows, &side->row_count);
    if (rc != KH_OK) {
        return told(side, rc);
    }
    side->ended = side->row_count < PAGE;
    if (side->row_count > 0) {
        kh_text last = side->rows[side->row_count - 1].key;
        if (last.length > sizeof side->after) {
            return KH_E_INTERNAL;
        }
        memcpy(side->after, last.data, last.length);
        side->after_length = last.length;
    }
    return told(side, read_bases(side));
}

kh_rc kh_side_row(kh_side *side, const kh_subject_row **out)
{
    kh_rc rc = KH_OK;
    if (side->next == side->row_count && !side->ended) {
        rc = read_page(side);
    }
    *out = rc == KH_OK && side->next < side->row_count ? &side->rows[side->next] : NULL;
    return rc;
}

void kh_side_pass(kh_side *side)
{
    side->next++;
}

kh_rc kh_side_basis(kh_side *side, kh_text key, kh_arena *arena, kh_text *facts)
{
    kh_subject_key wanted = {0, key};
    const kh_subject_key *found = side->basis_count == 0 ? NULL
                                                         : bsearch(&wanted, side->basis_keys, side->basis_count,
                                                                   sizeof *side->basis_keys, compare_keys);
    if (found == NULL) {
        return facts_of(side, key, arena, facts);
    }
    const kh_subject_row *row = &side->bases[found - side->basis_keys];
    *facts = row->has_facts ? row->facts : (kh_text){"", 0};
    return KH_OK;
}
