#include "app/fact_source.h"

kh_rc kh_fact_fold_take(kh_fact_fold *fold, const kh_record *record, int32_t expected_partition)
{
    if (!record->has_key || !kh_text_equal(record->key, fold->subject) ||
        (fold->known_at != KH_INSTANT_NONE && record->timestamp > fold->known_at)) {
        return KH_OK;
    }
    kh_event *event = kh_arena_allocate(fold->arena, sizeof *event); /* its statement becomes a fact */
    kh_refusal refusal;
    kh_merge merge;
    if (event == NULL) {
        return KH_E_MEMORY;
    }
    fold->taken++;
    kh_rc rc = kh_event_read(fold->rules, record, expected_partition, fold->arena, event, &refusal);
    if (rc == KH_OK) {
        rc = kh_facts_merge(&fold->facts, event->participant, &event->statement, fold->arena, &merge);
    }
    if (rc == KH_E_REFUSED) {
        fold->refused++;
        rc = KH_OK;
    }
    return rc;
}
