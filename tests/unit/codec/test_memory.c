/* Each allocation fails once: KH_E_MEMORY is said, nothing leaks, and memory is never taken for a defect of the input.
 */
#include "codec/json.h"
#include "codec/message.h"
#include "codec/store.h"
#include "support/fail_each.h"
#include "unit/codec/codec_fixture.h"

/* jansson has an allocator of its own; it fails in the same turn. */
static kh_test_memory memory;

static void *json_allocate(size_t size)
{
    return kh_test_memory_allocate(&memory, size);
}

static void json_release(void *block)
{
    kh_test_memory_release(&memory, block);
}

static void fail_each_in_turn(kh_test_work work, const void *input, kh_rc expected, bool may_differ)
{
    assert_true(kh_test_fail_each(&memory, work, input, expected, may_differ) > 2);
}

static kh_rc read_record(kh_arena *arena, const void *input)
{
    kh_event event;
    kh_refusal refusal;
    return kh_event_read(&FIXTURE_RULES, input, 5, arena, &event, &refusal);
}

static void reading_events(void **state)
{
    (void)state;
    static const char *const texts[] = {
        FIXTURE_EVENT("JP", "JP/1",
                      "'labelIssued':{" FIXTURE_DETAILS "," FIXTURE_VALIDITY ",'origin':{'thirdCountry':'x'},"
                      "'evidence':{'documents':[{'id':'d','language':'ja'}]}}"),
        FIXTURE_EVENT("JP", "SG/1", "'measureTaken':{'grounds':[4,1],'from':'2026-06-01','remark':'r'}"),
        FIXTURE_EVENT("JP", "JP/1", "'labelIssued':{" FIXTURE_DETAILS "," FIXTURE_VALIDITY ",'origin':{'basis':'x'}}"),
        FIXTURE_EVENT("JP", "JP/1", "'suspensionLifted':{'from':'x'}"),
        FIXTURE_EVENT("JP", "SG/1", "'suspensionLifted':{'from':'2026-06-01'}"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        kh_test_memory own;
        kh_arena arena;
        kh_test_memory_init(&own, -1);
        kh_test_memory_init(&memory, -1);
        kh_arena_init(&arena, 4096, &own.memory);
        kh_record record = fixture_record(&arena, "jp.label-events", texts[i]);
        record.partition = 5;
        fail_each_in_turn(read_record, &record, i < 2 ? KH_OK : KH_E_REFUSED, false);
        kh_arena_deinit(&arena);
    }
}

static kh_rc read_line(kh_arena *arena, const void *input)
{
    kh_record record;
    bool has_timestamp = false;
    kh_refusal refusal;
    kh_text line = KH_TEXT("");
    kh_rc rc =
        kh_event_line_read(*(const kh_text *)input, KH_EVENT_MAX_BYTES, arena, &record, &has_timestamp, &refusal);
    return rc == KH_OK ? kh_event_line_print(&record, arena, &line) : rc;
}

#define LINE(event) ("{'topic':'jp.label-events','timestamp':'2026-06-02T01:00:00Z','event':" event "}")

static void reading_and_printing_lines(void **state)
{
    (void)state;
    static const char *const texts[] = {
        LINE("{'id':'x','subject':'JP/1','labelIssued':{'origin':{},'details':{'models':['a','b']}}}"),
        LINE("{'id':1}"),
        LINE("{'idd':'x'}"),
        LINE("{},'what':'x'"),
        "not JSON",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        kh_test_memory own;
        kh_arena arena;
        kh_test_memory_init(&own, -1);
        kh_arena_init(&arena, 4096, &own.memory);
        kh_text line = fixture_json(&arena, texts[i]);
        /* jansson does not always tell its own lack of memory from bad JSON. */
        fail_each_in_turn(read_line, &line, i == 0 ? KH_OK : KH_E_REFUSED, true);
        kh_arena_deinit(&arena);
    }
}

static const kh_text MODELS[] = {{"M1", 2}};
static const kh_details DETAILS = {.category = {"home-gateway", 12}, .models = MODELS, .model_count = 1};
static const kh_validity VALIDITY = {0, 20605};
static const kh_text TRANSLATIONS[] = {{"doc-1", 5}};
static const kh_status STATUS = {.label = {"JP/1", 4},
                                 .host = {"SG", 2},
                                 .pack = &FIXTURE_JP_SG,
                                 .outcome = KH_OUTCOME_RECOGNISED,
                                 .no_counterpart = KH_NO_COUNTERPART_FULL_ASSESSMENT,
                                 .translations = TRANSLATIONS,
                                 .translation_count = 1,
                                 .details = &DETAILS,
                                 .validity = &VALIDITY};
static const kh_result RESULT = {
    .kind = KH_RESULT_STATUS, .key = {"JP/1@SG", 7}, .version = 1, .public_version = 1, .status = &STATUS};

static kh_rc encode_messages(kh_arena *arena, const void *input)
{
    kh_message_cache *cache = NULL;
    kh_text text = KH_TEXT("");
    kh_rc rc = kh_message_cache_new(arena->memory, &cache);
    if (rc == KH_OK) {
        rc = kh_message_status(cache, input, arena, &text);
    }
    if (rc == KH_OK) {
        rc = kh_message_public(cache, input, arena, &text);
    }
    if (rc == KH_OK) {
        rc = kh_message_json(cache, input, KH_MESSAGE_STATUS, arena, &text);
    }
    kh_message_cache_free(cache);
    return rc;
}

static kh_rc store_and_load(kh_arena *arena, const void *input)
{
    kh_text bytes = KH_TEXT("");
    const kh_key_state key = {.key = RESULT.key, .kind = KH_RESULT_STATUS, .status = &STATUS};
    kh_key_state *keys = NULL;
    uint32_t count = 0;
    kh_result result = {.key = RESULT.key};
    kh_rc rc = kh_store_result_encode(input, arena, &bytes);
    if (rc == KH_OK) {
        rc = kh_store_result_decode(&FIXTURE_BOOK, bytes, arena, &result);
    }
    if (rc == KH_OK) {
        rc = kh_store_keys_encode(&key, 1, arena, &bytes);
    }
    if (rc == KH_OK) {
        rc = kh_store_keys_decode(&FIXTURE_BOOK, bytes, arena, &keys, &count);
    }
    return rc;
}

static kh_rc store_and_load_facts(kh_arena *arena, const void *input)
{
    kh_facts facts = {0};
    kh_merge merge;
    kh_event event;
    kh_refusal refusal;
    kh_text bytes = KH_TEXT("");
    kh_rc rc = kh_event_read(&FIXTURE_RULES, input, -1, arena, &event, &refusal);
    if (rc == KH_OK) {
        rc = kh_facts_merge(&facts, event.participant, &event.statement, arena, &merge);
    }
    if (rc == KH_OK) {
        rc = kh_store_facts_encode(&facts, arena, &bytes);
    }
    if (rc == KH_OK) {
        rc = kh_store_facts_decode(bytes, arena, &facts);
    }
    return rc;
}

static void encoding_and_storing(void **state)
{
    (void)state;
    fail_each_in_turn(encode_messages, &RESULT, KH_OK, false);
    fail_each_in_turn(store_and_load, &RESULT, KH_OK, false);
    kh_test_memory own;
    kh_arena arena;
    kh_test_memory_init(&own, -1);
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 4096, &own.memory);
    kh_record record =
        fixture_record(&arena, "jp.label-events",
                       FIXTURE_EVENT("JP", "JP/1", "'labelIssued':{" FIXTURE_DETAILS "," FIXTURE_VALIDITY "}"));
    fail_each_in_turn(store_and_load_facts, &record, KH_OK, false);
    kh_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_events),
        cmocka_unit_test(reading_and_printing_lines),
        cmocka_unit_test(encoding_and_storing),
    };
    json_set_alloc_funcs(json_allocate, json_release);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
