#include "codec_fixture.h"

#include "codec/event_writer.h"

/* A statement is the event that it came in: the same JSON, remarks and all. */
static void a_statement_is_written_as_its_event(void **state)
{
    static const char *const events[] = {
        "{'id':'" FIXTURE_UUID "','participant':'SG','subject':'SG/1','revision':7,"
        "'occurredAt':'2026-06-02T01:00:00.500Z','labelRevoked':{'decidedOn':'2026-07-01','effectiveFrom':'2026-08-01',"
        "'reasonCode':'X','remark':'a remark'}}",
        "{'id':'" FIXTURE_UUID "','participant':'SG','subject':'SG/1','revision':1,"
        "'occurredAt':'1969-12-31T23:59:59Z','revocationWithdrawn':{}}",
    };
    kh_test_memory memory;
    kh_arena arena;
    (void)state;
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 4096, &memory.memory);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        kh_record record;
        kh_event event;
        kh_refusal refusal;
        kh_text bytes = KH_TEXT("");
        kh_text json = KH_TEXT("");
        bool has_timestamp = false;
        kh_text wanted = fixture_json(&arena, events[i]);
        kh_text line = kh_arena_print(
            &arena, "{\"topic\":\"sg.label-events\",\"timestamp\":\"2026-06-02T01:00:00Z\",\"event\":%.*s}",
            KH_TEXT_ARGS(wanted));
        assert_rc(kh_event_line_read(line, KH_EVENT_MAX_BYTES, &arena, &record, &has_timestamp, &refusal), KH_OK);
        assert_rc(kh_event_read(&FIXTURE_RULES, &record, -1, &arena, &event, &refusal), KH_OK);
        assert_rc(kh_event_write(event.participant, event.subject, &event.statement, &arena, &bytes), KH_OK);
        assert_true(kh_text_equal(bytes, record.value));
        assert_rc(kh_event_json(bytes, &arena, &json), KH_OK);
        assert_true(kh_text_equal(json, wanted));
    }
    kh_arena_deinit(&arena);
    assert_int_equal(memory.live, 0);
}

static void bodies_have_their_names_in_json(void **state)
{
    char name[64];
    (void)state;
    kh_event_body_name(KH_LABEL_ISSUED, name);
    assert_string_equal(name, "labelIssued");
    kh_event_body_name(KH_REVOCATION_NOTICE_RECEIVED, name);
    assert_string_equal(name, "revocationNoticeReceived");
    kh_event_body_name((kh_body_kind)99, name);
    assert_string_equal(name, "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_is_written_as_its_event),
        cmocka_unit_test(bodies_have_their_names_in_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
