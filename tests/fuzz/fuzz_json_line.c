/* A line of JSON: whatever is accepted is printed as a line that says the same, and printing that changes nothing. */
#include <assert.h>

#include "unit/codec/codec_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kh_test_memory memory;
    kh_arena arena;
    kh_record record;
    bool has_timestamp = false;
    kh_refusal refusal = {KH_REFUSAL_NONE, KH_TEXT("")};
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 16384, &memory.memory);
    kh_text line = {(const char *)data, size};
    kh_rc rc = kh_event_line_read(line, KH_EVENT_MAX_BYTES, &arena, &record, &has_timestamp, &refusal);
    assert(rc == KH_OK || rc == KH_E_REFUSED);
    assert(rc == KH_OK || refusal.code == KH_REFUSAL_UNDECODABLE || refusal.code == KH_REFUSAL_TOO_LARGE);
    assert(has_timestamp == (record.timestamp != KH_INSTANT_NONE));
    kh_text first = KH_TEXT("");
    if (rc == KH_OK && kh_event_line_print(&record, &arena, &first) == KH_OK) {
        kh_record again;
        kh_text second = KH_TEXT("");
        assert(kh_event_line_read(first, SIZE_MAX, &arena, &again, &has_timestamp, &refusal) == KH_OK);
        assert(kh_text_equal(again.topic, record.topic));
        assert(kh_text_equal(again.value, record.value));
        assert(again.timestamp == record.timestamp);
        assert(kh_event_line_print(&again, &arena, &second) == KH_OK);
        assert(kh_text_equal(first, second));
    }
    kh_arena_deinit(&arena);
    assert(memory.live == 0);
    return 0;
}
