#include "codec/event_line.h"

#include "unit/codec/codec_fixture.h"

static kh_test_memory memory;
static kh_arena arena;

static int setup(void **state)
{
    (void)state;
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 65536, &memory.memory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kh_arena_deinit(&arena);
    return memory.live == 0 ? 0 : -1;
}

#define TIME "'timestamp':'2026-06-02T01:00:00.123456Z'"

/* Expected first: the refusal of reading the line and then its event, whether its timestamp counts. */
static const struct {
    kh_refusal_code code;
    bool has_timestamp;
    const char *says;
    const char *line;
} LINES[] = {
    {KH_REFUSAL_NONE, true, "",
     "{'topic':'jp.label-events'," TIME ",'event':" FIXTURE_EVENT("JP", "JP/1", "'revocationWithdrawn':{}") "}"},
    {KH_REFUSAL_NONE, true, "",
     " {'event':" FIXTURE_EVENT("JP", "JP/1", "'revocation_withdrawn':{}") ", " TIME
                                                                           ",\t'topic':'jp.label-events' }\r"},
    {KH_REFUSAL_UNDECODABLE, false, "not JSON", "not JSON"},
    {KH_REFUSAL_UNDECODABLE, false, "not JSON", ""},
    {KH_REFUSAL_UNDECODABLE, false, "not a JSON object", "[]"},
    {KH_REFUSAL_UNDECODABLE, false, "not JSON", "{" TIME},
    {KH_REFUSAL_UNDECODABLE, false, "not JSON", "{" TIME ",'event':{'id':"},
    {KH_REFUSAL_UNDECODABLE, false, "timestamp", "{'topic':'jp.label-events','event':{}}"},
    {KH_REFUSAL_UNDECODABLE, false, "timestamp", "{'topic':'jp.label-events','timestamp':'yesterday','event':{}}"},
    {KH_REFUSAL_UNDECODABLE, false, "timestamp", "{'topic':'jp.label-events','timestamp':5,'event':{}}"},
    {KH_REFUSAL_UNDECODABLE, false, "duplicate", "{" TIME "," TIME ",'event':{}}"},
    {KH_REFUSAL_UNDECODABLE, true, "topic", "{'topic':5," TIME ",'event':{}}"},
    {KH_REFUSAL_UNDECODABLE, true, "\"key\"", "{'topic':'jp.label-events'," TIME ",'key':'JP/1','event':{}}"},
    {KH_REFUSAL_UNDECODABLE, true, "\"partition\"", "{'topic':'jp.label-events'," TIME ",'partition':1,'event':{}}"},
    {KH_REFUSAL_UNDECODABLE, true, "event: Event has no field \"idd\"", "{" TIME ",'event':{'idd':'x'}}"},
    {KH_REFUSAL_UNDECODABLE, true, "event.labelIssued.details: LabelDetails has no field \"lvl\"",
     "{" TIME ",'event':{'labelIssued':{'details':{'lvl':1}}}}"},
    {KH_REFUSAL_UNDECODABLE, true, "event.labelIssued.details.models[1]: a number; write a string",
     "{" TIME ",'event':{'labelIssued':{'details':{'models':['a',1]}}}}"},
    {KH_REFUSAL_UNDECODABLE, true, "both label_issued and label_revoked",
     "{" TIME ",'event':{'labelIssued':{},'labelRevoked':{}}}"},
    {KH_REFUSAL_UNDECODABLE, true, "label_issued is given in both spellings",
     "{" TIME ",'event':{'labelIssued':{},'label_issued':{}}}"},
    {KH_REFUSAL_UNDECODABLE, true, "duplicate", "{" TIME ",'event':{'id':'a','id':'b'}}"},
    {KH_REFUSAL_UNDECODABLE, true, "revision", "{" TIME ",'event':{'revision':4294967296}}"},
    {KH_REFUSAL_UNDECODABLE, true, "integer", "{" TIME ",'event':{'revision':99999999999999999999}}"},
    {KH_REFUSAL_UNDECODABLE, true, "Unicode", "{" TIME ",'event':{'id':'\\ud800'}}"},
    {KH_REFUSAL_UNDECODABLE, true, "grounds[0] is \"GROUND_OF_BEING\"",
     "{" TIME ",'event':{'measureTaken':{'grounds':['GROUND_OF_BEING']}}}"},
    {KH_REFUSAL_UNDECODABLE, true, "grounds[0]", "{" TIME ",'event':{'measureTaken':{'grounds':[4294967297]}}}"},
    {KH_REFUSAL_UNDECODABLE, true, "not an instant of RFC 3339",
     "{" TIME ",'event':{'occurredAt':'2026-06-02T00:59:59.8000000001Z'}}"},
    {KH_REFUSAL_UNDECODABLE, true, "event: a string; write an object", "{" TIME ",'event':'x'}"},
    {KH_REFUSAL_NO_BODY, true, "empty", "{'topic':'jp.label-events'," TIME "}"},
    {KH_REFUSAL_NO_BODY, true, "empty", "{'topic':'jp.label-events'," TIME ",'event':null}"},
    {KH_REFUSAL_NO_BODY, true, "empty", "{'topic':'jp.label-events'," TIME ",'event':{}}"},
    {KH_REFUSAL_UNKNOWN_TOPIC, true, "topic",
     "{" TIME ",'event':" FIXTURE_EVENT("JP", "JP/1", "'revocationWithdrawn':{}") "}"},
    {KH_REFUSAL_MISSING_FIELD, true, "participant",
     "{'topic':'jp.label-events'," TIME ",'event':{'id':'" FIXTURE_UUID "','revocationWithdrawn':{}}}"},
};

static void each_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        kh_arena_reset(&arena);
        kh_record record;
        bool has_timestamp = !LINES[i].has_timestamp;
        kh_refusal refusal = {KH_REFUSAL_NONE, KH_TEXT("")};
        kh_text line = fixture_json(&arena, LINES[i].line);
        kh_rc rc = kh_event_line_read(line, KH_EVENT_MAX_BYTES, &arena, &record, &has_timestamp, &refusal);
        kh_event event;
        if (rc == KH_OK) {
            rc = kh_event_read(&FIXTURE_RULES, &record, -1, &arena, &event, &refusal);
        }
        if (refusal.code != LINES[i].code || (rc == KH_OK) != (LINES[i].code == KH_REFUSAL_NONE) ||
            has_timestamp != LINES[i].has_timestamp) {
            fail_msg("%s gives %d, %s timestamp: %.*s", LINES[i].line, (int)refusal.code, has_timestamp ? "a" : "no",
                     KH_TEXT_ARGS(refusal.detail));
        }
        fixture_contains(refusal.detail, LINES[i].says);
        if (has_timestamp) {
            assert_int_equal(record.timestamp, INT64_C(1780362000123));
        } else {
            assert_int_equal(record.timestamp, KH_INSTANT_NONE);
        }
    }
}

static void a_long_line(void **state)
{
    (void)state;
    kh_record record;
    bool has_timestamp = false;
    kh_refusal refusal = {KH_REFUSAL_NONE, KH_TEXT("")};
    kh_text line = fixture_json(&arena, "{'event':{'x':'}'}," TIME "}");
    assert_rc(kh_event_line_read(line, line.length - 1, &arena, &record, &has_timestamp, &refusal), KH_E_REFUSED);
    assert_int_equal(refusal.code, KH_REFUSAL_TOO_LARGE);
    assert_true(has_timestamp);
    assert_int_equal(record.timestamp, INT64_C(1780362000123));
    assert_rc(kh_event_line_read(line, line.length, &arena, &record, &has_timestamp, &refusal), KH_E_REFUSED);
    assert_int_equal(refusal.code, KH_REFUSAL_UNDECODABLE);
}

static void the_record_of_a_line(void **state)
{
    (void)state;
    kh_record record =
        fixture_record(&arena, "jp.label-events", FIXTURE_EVENT("JP", "JP/1", "'revocationWithdrawn':{}"));
    assert_text(record.topic, "jp.label-events");
    assert_true(record.has_key);
    assert_text(record.key, "JP/1");
    assert_true(record.has_value);
    assert_int_equal(record.header_count, 0);
    /* Canonical again. */
    kh_text line = KH_TEXT("");
    assert_rc(kh_event_line_print(&record, &arena, &line), KH_OK);
    kh_text expected = fixture_json(
        &arena, "{'topic':'jp.label-events','timestamp':'2026-06-02T01:00:00Z','event':{'id':'" FIXTURE_UUID
                "','participant':'JP','subject':'JP/1','revision':3,"
                "'occurredAt':'2026-06-02T00:59:59.500Z','revocationWithdrawn':{}}}");
    assert_text(line, expected.data);
    /* A record that is no event has no line. */
    record.value = KH_TEXT("\xff");
    assert_rc(kh_event_line_print(&record, &arena, &line), KH_E_REFUSED);
    record.value = KH_TEXT("\x0a\x01\xff");
    assert_rc(kh_event_line_print(&record, &arena, &line), KH_E_REFUSED);
    record.has_value = false;
    assert_rc(kh_event_line_print(&record, &arena, &line), KH_OK);
    assert_text(line, fixture_json(&arena, "{'topic':'jp.label-events','timestamp':'2026-06-02T01:00:00Z'}").data);
}

/* The histories that lawyers read: each line is read, and printing it gives the same again. */
static void histories_print_as_they_were(void **state)
{
    (void)state;
    FILE *file = fopen(KH_SOURCE_DIR "/tests/cases/07-mixed.jsonl", "r");
    assert_non_null(file);
    char *line = NULL;
    size_t size = 0;
    long length = 0;
    long lines = 0;
    while ((length = getline(&line, &size, file)) > 0) {
        kh_arena_reset(&arena);
        kh_record record;
        bool has_timestamp = false;
        kh_refusal refusal;
        kh_text printed = KH_TEXT("");
        kh_text text = {line, (size_t)length - (line[length - 1] == '\n' ? 1 : 0)};
        kh_rc rc = kh_event_line_read(text, KH_EVENT_MAX_BYTES, &arena, &record, &has_timestamp, &refusal);
        if (rc == KH_OK && memmem(text.data, text.length, ":\"\"", 3) == NULL) {
            kh_record again;
            assert_rc(kh_event_line_print(&record, &arena, &printed), KH_OK);
            assert_rc(kh_event_line_read(printed, KH_EVENT_MAX_BYTES, &arena, &again, &has_timestamp, &refusal), KH_OK);
            assert_true(kh_text_equal(again.value, record.value));
            lines++;
        }
    }
    free(line);
    fclose(file);
    assert_true(lines > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_line, setup, teardown),
        cmocka_unit_test_setup_teardown(the_record_of_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(histories_print_as_they_were, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
