/* A record's value: whatever is accepted must be stored, read back the same, and have a line of JSON that says the
 * same. */
#include <assert.h>

#include "codec/store.h"
#include "unit/codec/codec_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static kh_rc read_bytes(kh_arena *arena, kh_record *record, kh_event *event, kh_refusal *refusal)
{
    kh_rc rc = KH_OK;
    for (uint32_t i = 0; i < FIXTURE_RULES.owner_count; i++) {
        record->topic = FIXTURE_RULES.owners[i].topic;
        rc = kh_event_read(&FIXTURE_RULES, record, -1, arena, event, refusal);
        if (rc == KH_OK ||
            (refusal->code != KH_REFUSAL_PARTICIPANT_MISMATCH && refusal->code != KH_REFUSAL_KEY_MISMATCH)) {
            break;
        }
    }
    return rc;
}

static void check_accepted(kh_arena *arena, const kh_record *record, const kh_event *event)
{
    kh_facts facts = {0};
    kh_facts decoded;
    kh_merge merge;
    kh_text bytes = KH_TEXT("");
    kh_text again = KH_TEXT("");
    kh_record reread;
    bool has_timestamp = false;
    kh_refusal refusal;
    assert(kh_facts_merge(&facts, event->participant, &event->statement, arena, &merge) == KH_OK);
    assert(kh_store_facts_encode(&facts, arena, &bytes) == KH_OK);
    assert(kh_store_facts_decode(bytes, arena, &decoded) == KH_OK);
    assert(kh_store_facts_encode(&decoded, arena, &again) == KH_OK);
    assert(kh_text_equal(bytes, again));
    assert(kh_event_line_print(record, arena, &again) == KH_OK);
    assert(kh_event_line_read(again, SIZE_MAX, arena, &reread, &has_timestamp, &refusal) == KH_OK);
    assert(kh_text_equal(reread.key, event->subject));
    kh_event other;
    assert(kh_event_read(&FIXTURE_RULES, &reread, -1, arena, &other, &refusal) == KH_OK);
    assert(kh_statement_compare(&other.statement, &event->statement) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kh_test_memory memory;
    kh_arena arena;
    kh_event event;
    kh_refusal refusal = {KH_REFUSAL_NONE, KH_TEXT("")};
    kh_record record = {.timestamp = 0, .has_value = true, .value = {(const char *)data, size}, .has_key = true};
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 16384, &memory.memory);
    record.key = KH_TEXT("JP/1");
    kh_rc rc = read_bytes(&arena, &record, &event, &refusal);
    if (rc == KH_E_REFUSED && refusal.code == KH_REFUSAL_KEY_MISMATCH) {
        record.key = KH_TEXT("arrangement/jp-sg");
        rc = read_bytes(&arena, &record, &event, &refusal);
    }
    assert(rc == KH_OK ||
           (rc == KH_E_REFUSED && kh_refusal_name((int)refusal.code) != NULL && refusal.detail.length > 0));
    if (rc == KH_OK) {
        check_accepted(&arena, &record, &event);
    }
    /* Stored bytes are never trusted either. */
    kh_facts facts;
    rc = kh_store_facts_decode(record.value, &arena, &facts);
    assert(rc == KH_OK || rc == KH_E_INTERNAL);
    kh_arena_deinit(&arena);
    assert(memory.live == 0);
    return 0;
}
