#include "codec/event_reader.h"

#include "unit/codec/codec_fixture.h"

typedef struct fixture {
    kh_test_memory memory;
    kh_arena arena;
} fixture;

static int setup(void **state)
{
    fixture *fx = calloc(1, sizeof *fx);
    kh_test_memory_init(&fx->memory, -1);
    kh_arena_init(&fx->arena, 65536, &fx->memory.memory);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    fixture *fx = *state;
    kh_arena_deinit(&fx->arena);
    long live = fx->memory.live;
    free(fx);
    return live == 0 ? 0 : -1;
}

/* Expected first; `topic` is whose topic it came on. */
typedef struct refusal_case {
    kh_refusal_code code;
    const char *says; /* in the detail */
    const char *topic;
    const char *event;
} refusal_case;

#define JP(subject, body) "jp.label-events", FIXTURE_EVENT("JP", subject, body)
#define SG(subject, body) "sg.label-events", FIXTURE_EVENT("SG", subject, body)
#define HEAD(id, rest)    "jp.label-events", "{'id':'" id "','participant':'JP'," rest "}"
#define ISSUED            "'labelIssued':{" FIXTURE_DETAILS "," FIXTURE_VALIDITY "}"
#define ORIGIN(origin)    "'labelIssued':{" FIXTURE_DETAILS "," FIXTURE_VALIDITY ",'origin':{" origin "}}"
#define LEVEL(level)                                                                                                   \
    "'labelAmended':{'details':{'registrationNumber':'a','level':" level                                               \
    ",'category':'a','product':'a','maker':'a','holder':'a'}}"
#define MAKER(maker)                                                                                                   \
    "'labelAmended':{'details':{'registrationNumber':'a','level':1,'category':'a','product':'a','maker':'" maker       \
    "','holder':'a'}}"
#define AT "'revision':1,'occurredAt':'2026-06-02T01:00:00Z'"

static const refusal_case REFUSALS[] = {
    {KH_REFUSAL_NO_BODY, "body", JP("JP/1", "'labelIssued':null")},
    {KH_REFUSAL_NO_BODY, "empty", "jp.label-events", "{}"},
    {KH_REFUSAL_NO_BODY, "body", "jp.label-events", "{'revision':7}"},

    {KH_REFUSAL_MISSING_FIELD, "id: missing", "jp.label-events",
     "{'participant':'JP','subject':'JP/1'," AT ",'revocationWithdrawn':{}}"},
    {KH_REFUSAL_MISSING_FIELD, "participant: missing", "jp.label-events",
     "{'id':'" FIXTURE_UUID "','subject':'JP/1'," AT ",'revocationWithdrawn':{}}"},
    {KH_REFUSAL_MISSING_FIELD, "subject: missing", HEAD(FIXTURE_UUID, AT ",'revocationWithdrawn':{}")},
    {KH_REFUSAL_MISSING_FIELD, "occurred_at: missing",
     HEAD(FIXTURE_UUID, "'subject':'JP/1','revision':1,'revocationWithdrawn':{}")},
    {KH_REFUSAL_MISSING_FIELD, "label_issued.details: missing", JP("JP/1", "'labelIssued':{" FIXTURE_VALIDITY "}")},
    {KH_REFUSAL_MISSING_FIELD, "label_issued.validity: missing", JP("JP/1", "'labelIssued':{" FIXTURE_DETAILS "}")},
    {KH_REFUSAL_MISSING_FIELD, "label_renewed.validity", JP("JP/1", "'labelRenewed':{}")},
    {KH_REFUSAL_MISSING_FIELD, "label_amended: neither details nor evidence", JP("JP/1", "'labelAmended':{}")},
    {KH_REFUSAL_MISSING_FIELD, "label_amended.details.maker", JP("JP/1", MAKER(""))},
    {KH_REFUSAL_MISSING_FIELD, "label_amended.details.registration_number",
     JP("JP/1", "'labelAmended':{'details':{}}")},
    {KH_REFUSAL_MISSING_FIELD, "validity.valid_until",
     JP("JP/1", "'labelRenewed':{'validity':{'validFrom':'2026-06-01'}}")},
    {KH_REFUSAL_MISSING_FIELD, "validity.valid_from",
     JP("JP/1", "'labelRenewed':{'validity':{'validUntil':'2026-06-01'}}")},
    {KH_REFUSAL_MISSING_FIELD, "label_suspended.from", JP("JP/1", "'labelSuspended':{'remark':'r'}")},
    {KH_REFUSAL_MISSING_FIELD, "suspension_lifted.from", JP("JP/1", "'suspensionLifted':{}")},
    {KH_REFUSAL_MISSING_FIELD, "label_revoked.decided_on", JP("JP/1", "'labelRevoked':{'effectiveFrom':'2026-06-01'}")},
    {KH_REFUSAL_MISSING_FIELD, "label_revoked.effective_from", JP("JP/1", "'labelRevoked':{'decidedOn':'2026-06-01'}")},
    {KH_REFUSAL_MISSING_FIELD, "revocation_notice_given.given_on", JP("JP/1", "'revocationNoticeGiven':{}")},
    {KH_REFUSAL_MISSING_FIELD, "revocation_notice_received.received_on", JP("SG/1", "'revocationNoticeReceived':{}")},
    {KH_REFUSAL_MISSING_FIELD, "dispute_raised.raised_on", JP("SG/1", "'disputeRaised':{}")},
    {KH_REFUSAL_MISSING_FIELD, "dispute_settled.settled_on", JP("SG/1", "'disputeSettled':{}")},
    {KH_REFUSAL_MISSING_FIELD, "dispute_failed.from", JP("SG/1", "'disputeFailed':{}")},
    {KH_REFUSAL_MISSING_FIELD, "measure_taken.grounds", JP("SG/1", "'measureTaken':{'from':'2026-06-01'}")},
    {KH_REFUSAL_MISSING_FIELD, "measure_taken.from", JP("SG/1", "'measureTaken':{'grounds':[1]}")},
    {KH_REFUSAL_MISSING_FIELD, "measure_lifted.from", JP("SG/1", "'measureLifted':{}")},
    {KH_REFUSAL_MISSING_FIELD, "termination_noticed.given_on",
     JP("arrangement/jp-sg", "'terminationNoticed':{'lastDay':'2028-01-01'}")},
    {KH_REFUSAL_MISSING_FIELD, "termination_noticed.last_day",
     JP("arrangement/jp-sg", "'terminationNoticed':{'givenOn':'2028-01-01'}")},
    {KH_REFUSAL_MISSING_FIELD, "amendment_consented.rule_pack_sha256",
     JP("arrangement/jp-sg", "'amendmentConsented':{'givenOn':'2028-01-01','effectiveFrom':'2028-01-01'}")},
    {KH_REFUSAL_MISSING_FIELD, "amendment_consented.given_on",
     JP("arrangement/jp-sg", "'amendmentConsented':{'rulePackSha256':'x','effectiveFrom':'2028-01-01'}")},
    {KH_REFUSAL_MISSING_FIELD, "amendment_consented.effective_from",
     JP("arrangement/jp-sg", "'amendmentConsented':{'rulePackSha256':'x','givenOn':'2028-01-01'}")},
    {KH_REFUSAL_MISSING_FIELD, "consultation_held.held_on", JP("arrangement/jp-sg", "'consultationHeld':{}")},
    {KH_REFUSAL_MISSING_FIELD, "evidence.documents[1].language",
     JP("JP/1", "'labelAmended':{'evidence':{'documents':[{'id':'a','language':'ja'},{'id':'b'}]}}")},
    {KH_REFUSAL_MISSING_FIELD, "evidence.documents[0].id",
     JP("JP/1", "'labelAmended':{'evidence':{'documents':[{'language':'ja'}]}}")},

    {KH_REFUSAL_INVALID_ID, "id is \"42\"", HEAD("42", "'subject':'JP/1'," AT ",'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_ID, "lower case",
     HEAD("1B4E28BA-2fa1-41d2-883f-0016d3cca427", "'subject':'JP/1'," AT ",'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_ID, "\\u0000",
     HEAD("1b4e28ba-2fa1-41d2-883f-0016d3cca42\\u0000", "'subject':'JP/1'," AT ",'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_ID, "\\u0000",
     HEAD(FIXTURE_UUID "\\u0000", "'subject':'JP/1'," AT ",'revocationWithdrawn':{}")},

    {KH_REFUSAL_INVALID_SUBJECT, "subject is \"JP\"", JP("JP", "'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_SUBJECT, "subject is \"JP/\"", JP("JP/", "'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_SUBJECT, "subject is \"XX/1\"", JP("XX/1", "'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_SUBJECT, "\"@\"", JP("JP/1@SG", "'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_SUBJECT, "\"|\"", JP("JP/1|2", "'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_SUBJECT, "space", JP("JP/1 2", "'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_SUBJECT, "é", JP("JP/é", "'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_SUBJECT, "\\u0000", JP("JP/1\\u0000", "'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_SUBJECT, "1 to 64",
     JP("JP/12345678901234567890123456789012345678901234567890123456789012345", "'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_SUBJECT, "about a label", JP("arrangement/jp-sg", "'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_SUBJECT, "about an arrangement", JP("JP/1", "'terminationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_SUBJECT, "arrangement/", JP("arrangement/", "'terminationWithdrawn':{}")},

    {KH_REFUSAL_INVALID_REVISION, "revision: 0",
     HEAD(FIXTURE_UUID, "'subject':'JP/1','occurredAt':'2026-06-02T01:00:00Z','revocationWithdrawn':{}")},

    {KH_REFUSAL_INVALID_TEXT, "label_amended.details.maker is \"a\\u0000b\"", JP("JP/1", MAKER("a\\u0000b"))},
    {KH_REFUSAL_INVALID_TEXT, "\"\\u001f\"", JP("JP/1", MAKER("\\u001f"))},
    {KH_REFUSAL_INVALID_TEXT, "\"\\u007f\"", JP("JP/1", MAKER("\\u007f"))},
    {KH_REFUSAL_INVALID_TEXT, "\"\\u0080\"", JP("JP/1", MAKER("\\u0080"))},
    {KH_REFUSAL_INVALID_TEXT, "\"\\u009f\"", JP("JP/1", MAKER("\\u009f"))},
    {KH_REFUSAL_INVALID_TEXT, "\"\\u000a\"", JP("JP/1", MAKER("\\n"))},
    {KH_REFUSAL_INVALID_TEXT, "label_suspended.reason_code",
     JP("JP/1", "'labelSuspended':{'from':'2026-06-01','reasonCode':'\\u0001'}")},
    {KH_REFUSAL_INVALID_TEXT,
     "label_suspended.remark: ", JP("JP/1", "'labelSuspended':{'from':'2026-06-01','remark':'secret\\u0001'}")},
    {KH_REFUSAL_INVALID_TEXT,
     "label_suspended.remark: ", JP("JP/1", "'labelSuspended':{'from':'2026-06-01','remark':'secret\\r'}")},
    {KH_REFUSAL_INVALID_TEXT, "origin.third_country", JP("JP/1", ORIGIN("'thirdCountry':'\\u0007'"))},
    {KH_REFUSAL_INVALID_TEXT, "participant", "jp.label-events",
     FIXTURE_EVENT("JP\\u0000", "JP/1", "'revocationWithdrawn':{}")},
    {KH_REFUSAL_INVALID_TEXT, "64 lower-case hex digits",
     JP("arrangement/jp-sg",
        "'amendmentConsented':{'rulePackSha256':'0123','givenOn':'2028-01-01','effectiveFrom':'2028-01-01'}")},
    {KH_REFUSAL_INVALID_TEXT, "64 lower-case hex digits",
     JP("arrangement/jp-sg", "'amendmentConsented':{'rulePackSha256':'"
                             "F123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                             "','givenOn':'2028-01-01','effectiveFrom':'2028-01-01'}")},

    {KH_REFUSAL_INVALID_DATE, "\"2026-02-29\"", JP("JP/1", "'suspensionLifted':{'from':'2026-02-29'}")},
    {KH_REFUSAL_INVALID_DATE, "\"1969-12-31\"", JP("JP/1", "'suspensionLifted':{'from':'1969-12-31'}")},
    {KH_REFUSAL_INVALID_DATE, "\"9999-01-01\"", JP("JP/1", "'suspensionLifted':{'from':'9999-01-01'}")},
    {KH_REFUSAL_INVALID_DATE, "\"2026-06-01\\u0000\"", JP("JP/1", "'suspensionLifted':{'from':'2026-06-01\\u0000'}")},
    {KH_REFUSAL_INVALID_DATE, "label_revoked.decided_on",
     JP("JP/1", "'labelRevoked':{'decidedOn':'2026-6-1','effectiveFrom':'x'}")},
    {KH_REFUSAL_INVALID_DATE, "termination_noticed.last_day",
     JP("arrangement/jp-sg", "'terminationNoticed':{'givenOn':'2028-01-01','lastDay':'soon'}")},
    {KH_REFUSAL_INVALID_DATE, "amendment_consented.given_on",
     JP("arrangement/jp-sg", "'amendmentConsented':{'rulePackSha256':'" FIXTURE_DIGEST
                             "','givenOn':'2028-01-32','effectiveFrom':'2028-01-01'}")},

    {KH_REFUSAL_INVALID_LEVEL, "details.level: 0", JP("JP/1", LEVEL("0"))},
    {KH_REFUSAL_INVALID_LEVEL, "5 is not a level of JC-STAR; state one from 1 to 4", JP("JP/1", LEVEL("5"))},

    {KH_REFUSAL_INVALID_VALIDITY, "valid_until is \"2026-05-31\": before valid_from",
     JP("JP/1", "'labelRenewed':{'validity':{'validFrom':'2026-06-01','validUntil':'2026-05-31'}}")},

    {KH_REFUSAL_INVALID_GROUND, "grounds[1]: 0", JP("SG/1", "'measureTaken':{'grounds':[1,0],'from':'2026-06-01'}")},
    {KH_REFUSAL_INVALID_GROUND, "grounds[0]: 5", JP("SG/1", "'measureTaken':{'grounds':[5],'from':'2026-06-01'}")},
    {KH_REFUSAL_INVALID_GROUND, "grounds[0]: -1", JP("SG/1", "'measureTaken':{'grounds':[-1],'from':'2026-06-01'}")},

    {KH_REFUSAL_INVALID_ORIGIN, "arrangement without basis", JP("JP/1", ORIGIN("'arrangement':'jp-sg'"))},
    {KH_REFUSAL_INVALID_ORIGIN, "basis without arrangement", JP("JP/1", ORIGIN("'basis':'SG/1'"))},
    {KH_REFUSAL_INVALID_ORIGIN, "both arrangement and third_country",
     JP("JP/1", ORIGIN("'arrangement':'jp-sg','basis':'SG/1','thirdCountry':'x'"))},
    {KH_REFUSAL_INVALID_ORIGIN, "the label itself", JP("JP/1", ORIGIN("'arrangement':'elsewhere','basis':'JP/1'"))},
    {KH_REFUSAL_INVALID_ORIGIN, "other participant", JP("JP/1", ORIGIN("'arrangement':'jp-sg','basis':'JP/2'"))},
    {KH_REFUSAL_INVALID_ORIGIN, "other participant", JP("JP/1", ORIGIN("'arrangement':'jp-sg','basis':'SG/a b'"))},
    {KH_REFUSAL_INVALID_ORIGIN, "other participant", JP("JP/1", ORIGIN("'arrangement':'kr-sg','basis':'KR/1'"))},

    {KH_REFUSAL_UNKNOWN_TOPIC, "\"other\"", "other", FIXTURE_EVENT("JP", "JP/1", ISSUED)},
    {KH_REFUSAL_PARTICIPANT_MISMATCH, "topic sg.label-events belongs to SG", "sg.label-events",
     FIXTURE_EVENT("JP", "JP/1", ISSUED)},
    {KH_REFUSAL_UNKNOWN_ARRANGEMENT, "arrangement/other", JP("arrangement/other", "'terminationWithdrawn':{}")},

    {KH_REFUSAL_NOT_AUTHORISED, "label_issued", SG("JP/1", ISSUED)},
    {KH_REFUSAL_NOT_AUTHORISED, "label_amended", SG("JP/1", LEVEL("1"))},
    {KH_REFUSAL_NOT_AUTHORISED, "label_renewed", SG("JP/1", "'labelRenewed':{" FIXTURE_VALIDITY "}")},
    {KH_REFUSAL_NOT_AUTHORISED, "label_suspended", SG("JP/1", "'labelSuspended':{'from':'2026-06-01'}")},
    {KH_REFUSAL_NOT_AUTHORISED, "suspension_lifted", SG("JP/1", "'suspensionLifted':{'from':'2026-06-01'}")},
    {KH_REFUSAL_NOT_AUTHORISED, "label_revoked",
     SG("JP/1", "'labelRevoked':{'decidedOn':'2026-06-01','effectiveFrom':'2026-06-01'}")},
    {KH_REFUSAL_NOT_AUTHORISED, "revocation_withdrawn", SG("JP/1", "'revocationWithdrawn':{}")},
    {KH_REFUSAL_NOT_AUTHORISED, "revocation_notice_given",
     SG("JP/1", "'revocationNoticeGiven':{'givenOn':'2026-06-01'}")},
    {KH_REFUSAL_NOT_AUTHORISED, "revocation_notice_received",
     JP("JP/1", "'revocationNoticeReceived':{'receivedOn':'2026-06-01'}")},
    {KH_REFUSAL_NOT_AUTHORISED, "dispute_raised", JP("JP/1", "'disputeRaised':{'raisedOn':'2026-06-01'}")},
    {KH_REFUSAL_NOT_AUTHORISED, "dispute_settled", JP("JP/1", "'disputeSettled':{'settledOn':'2026-06-01'}")},
    {KH_REFUSAL_NOT_AUTHORISED, "dispute_failed", JP("JP/1", "'disputeFailed':{'from':'2026-06-01'}")},
    {KH_REFUSAL_NOT_AUTHORISED, "measure_taken", JP("JP/1", "'measureTaken':{'grounds':[1],'from':'2026-06-01'}")},
    {KH_REFUSAL_NOT_AUTHORISED, "measure_lifted", JP("JP/1", "'measureLifted':{'from':'2026-06-01'}")},
    /* KR takes part in an arrangement with SG, but in none with JP. */
    {KH_REFUSAL_NOT_AUTHORISED, "measure_lifted", "kr.label-events",
     FIXTURE_EVENT("KR", "JP/1", "'measureLifted':{'from':'2026-06-01'}")},
    {KH_REFUSAL_NOT_AUTHORISED, "takes no part", "kr.label-events",
     FIXTURE_EVENT("KR", "arrangement/jp-sg", "'terminationWithdrawn':{}")},

    {KH_REFUSAL_NOTICE_TOO_SHORT, "2027-02-28",
     JP("arrangement/jp-sg", "'terminationNoticed':{'givenOn':'2027-03-01','lastDay':'2027-08-31'}")},

    /* Of several the first of the order. */
    {KH_REFUSAL_INVALID_ID, "id", HEAD("42", "'subject':'XX/1'," AT ",'suspensionLifted':{'from':'x'}")},
    {KH_REFUSAL_MISSING_FIELD, "suspension_lifted.from",
     HEAD("42", "'subject':'XX/1','occurredAt':'2026-06-02T01:00:00Z','suspensionLifted':{}")},
    {KH_REFUSAL_INVALID_SUBJECT, "subject",
     HEAD(FIXTURE_UUID, "'subject':'XX/1','occurredAt':'2026-06-02T01:00:00Z','suspensionLifted':{'from':'x'}")},
    {KH_REFUSAL_INVALID_DATE, "label_issued.validity.valid_from",
     JP("JP/1", "'labelIssued':{'details':{'registrationNumber':'a','level':9,'category':'a','product':'a','maker':'a',"
                "'holder':'a'},'validity':{'validFrom':'x','validUntil':'y'},'origin':{'basis':'b'}}")},
};

static void each_refusal(void **state)
{
    fixture *fx = *state;
    for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++) {
        const refusal_case *c = &REFUSALS[i];
        kh_arena_reset(&fx->arena);
        kh_record record = fixture_record(&fx->arena, c->topic, c->event);
        kh_event event;
        kh_refusal refusal = {KH_REFUSAL_NONE, KH_TEXT("")};
        kh_rc rc = kh_event_read(&FIXTURE_RULES, &record, -1, &fx->arena, &event, &refusal);
        if (rc != KH_E_REFUSED || refusal.code != c->code) {
            const char *name = kh_refusal_name((int)refusal.code);
            fail_msg("%s: %s gives %s: %.*s", kh_refusal_name((int)c->code), c->event, name == NULL ? "none" : name,
                     KH_TEXT_ARGS(refusal.detail));
        }
        fixture_contains(refusal.detail, c->says);
        assert_null(memmem(refusal.detail.data, refusal.detail.length, "secret", 6));
    }
}

/* Accepted, though it may look odd. */
static const struct {
    const char *topic;
    const char *event;
} ACCEPTED[] = {
    {JP("JP/1", ISSUED)},
    {SG("SG/a/b:c~d", ISSUED)},
    {JP("JP/1", ORIGIN(""))},
    {JP("JP/1", ORIGIN("'arrangement':'jp-sg','basis':'SG/1'"))},
    {JP("JP/1", ORIGIN("'arrangement':'not-served','basis':'whatever'"))},
    {JP("JP/1", ORIGIN("'thirdCountry':'jp-uk'"))},
    {JP("JP/1", "'labelAmended':{'evidence':{}}")},
    {JP("JP/1", "'labelSuspended':{'from':'2026-06-01','remark':'line\\n\\ttabbed'}")},
    {JP("JP/1", "'labelRevoked':{'decidedOn':'2030-06-01','effectiveFrom':'1970-01-01'}")},
    {JP("SG/1", "'revocationNoticeReceived':{'receivedOn':'9998-12-31'}")},
    {SG("KR/1", "'disputeRaised':{'raisedOn':'2026-06-01'}")},
    {JP("SG/1", "'measureTaken':{'grounds':['GROUND_REQUIREMENTS',1],'from':'2026-06-01'}")},
    {JP("arrangement/jp-sg", "'terminationNoticed':{'givenOn':'2027-02-28','lastDay':'2027-08-31'}")},
    {SG("arrangement/kr-sg", "'consultationHeld':{'heldOn':'2026-06-01'}")},
    {SG("arrangement/jp-sg", "'amendmentConsented':{'rulePackSha256':'" FIXTURE_DIGEST
                             "','givenOn':'2028-01-01','effectiveFrom':'2028-01-01'}")},
};

static void what_is_accepted(void **state)
{
    fixture *fx = *state;
    for (size_t i = 0; i < sizeof ACCEPTED / sizeof ACCEPTED[0]; i++) {
        kh_arena_reset(&fx->arena);
        kh_record record = fixture_record(&fx->arena, ACCEPTED[i].topic, ACCEPTED[i].event);
        kh_event event;
        kh_refusal refusal = {KH_REFUSAL_NONE, KH_TEXT("")};
        kh_rc rc = kh_event_read(&FIXTURE_RULES, &record, -1, &fx->arena, &event, &refusal);
        if (rc != KH_OK) {
            fail_msg("%s: %.*s", ACCEPTED[i].event, KH_TEXT_ARGS(refusal.detail));
        }
        assert_text(event.subject, record.key.data);
    }
}

static kh_event read_event(fixture *fx, const char *topic, const char *text)
{
    kh_record record = fixture_record(&fx->arena, topic, text);
    kh_event event;
    kh_refusal refusal = {KH_REFUSAL_NONE, KH_TEXT("")};
    assert_rc(kh_event_read(&FIXTURE_RULES, &record, -1, &fx->arena, &event, &refusal), KH_OK);
    return event;
}

static kh_day day(const char *text)
{
    kh_day value = 0;
    assert_true(kh_day_parse(kh_text_of(text), &value));
    return value;
}

static void issued_is_read_whole(void **state)
{
    kh_event event = read_event(*state, SG("SG/1", "'labelIssued':{" FIXTURE_DETAILS "," FIXTURE_VALIDITY
                                                   ",'evidence':{'documents':[{'id':'d','language':'ja',"
                                                   "'englishTranslation':true}]}}"));
    const kh_statement *statement = &event.statement;
    assert_text(event.participant, "SG");
    assert_text(event.subject, "SG/1");
    assert_text(statement->event_id, FIXTURE_UUID);
    assert_int_equal(statement->revision, 3);
    assert_int_equal(statement->occurred_seconds, 1780361999);
    assert_int_equal(statement->occurred_nanos, 500000000);
    assert_int_equal(statement->body.kind, KH_LABEL_ISSUED);
    assert_int_equal(statement->body.day, KH_DAY_NONE);
    assert_int_equal(statement->body.details->level, 2);
    assert_text(statement->body.details->holder, "H");
    assert_int_equal(statement->body.details->model_count, 2);
    assert_text(statement->body.details->models[1], "M2");
    assert_int_equal(statement->body.validity->until, day("2028-05-31"));
    assert_int_equal(statement->body.origin->basis.length, 0);
    assert_int_equal(statement->body.evidence->document_count, 1);
    assert_true(statement->body.evidence->documents[0].english_translation);
}

static void days_of_bodies(void **state)
{
    kh_event event =
        read_event(*state, JP("JP/1", "'labelRevoked':{'decidedOn':'2026-06-01','effectiveFrom':'2026-07-01'}"));
    assert_int_equal(event.statement.body.decided_on, day("2026-06-01"));
    assert_int_equal(event.statement.body.day, day("2026-07-01"));
    event = read_event(*state, JP("JP/1", "'labelRenewed':{" FIXTURE_VALIDITY "}"));
    assert_int_equal(event.statement.body.day, day("2026-06-01"));
    assert_null(event.statement.body.details);
    event = read_event(*state,
                       JP("arrangement/jp-sg", "'terminationNoticed':{'givenOn':'2026-06-01','lastDay':'9998-12-31'}"));
    assert_int_equal(event.statement.body.day, KH_DAY_LAST + 1);
    assert_int_equal(event.statement.body.given_on, day("2026-06-01"));
    event = read_event(*state, SG("arrangement/jp-sg", "'amendmentConsented':{'rulePackSha256':'" FIXTURE_DIGEST
                                                       "','givenOn':'2028-01-02','effectiveFrom':'2028-01-03'}"));
    assert_int_equal(event.statement.body.day, KH_DAY_NONE);
    assert_int_equal(event.statement.body.given_on, day("2028-01-02"));
    assert_int_equal(event.statement.body.effective_from, day("2028-01-03"));
    assert_text(event.statement.body.rule_pack_sha256, FIXTURE_DIGEST);
    event = read_event(*state, JP("SG/1", "'measureTaken':{'grounds':[4,1],'from':'2026-06-01','remark':'kept'}"));
    assert_int_equal(event.statement.body.ground_count, 2);
    assert_int_equal(event.statement.body.grounds[0], KH_GROUND_REQUIREMENTS);
    fixture_contains(event.statement.bytes, "kept");
}

/* A statement's bytes are its body alone, whatever order or unknown fields the record had. */
static void bytes_are_deterministic(void **state)
{
    fixture *fx = *state;
    kh_event event = read_event(fx, JP("JP/1", "'labelSuspended':{'from':'2026-06-01','reasonCode':'X'}"));
    static const char expected[] = "\x0a\x0a"
                                   "2026-06-01\x12\x01X";
    assert_int_equal(event.statement.bytes.length, sizeof expected - 1);
    assert_memory_equal(event.statement.bytes.data, expected, sizeof expected - 1);

    /* The same body with its fields the other way round, and one that nobody knows. */
    static const char shuffled[] = "\x6a\x12\x12\x01X\xf8\x7f\x01\x0a\x0a"
                                   "2026-06-01";
    kh_record record = fixture_record(&fx->arena, "jp.label-events",
                                      "{'id':'" FIXTURE_UUID "','participant':'JP',"
                                      "'subject':'JP/1'," AT "}");
    kh_text value = kh_arena_print(&fx->arena, "%.*s%s", KH_TEXT_ARGS(record.value), shuffled);
    kh_record other = record;
    other.value = value;
    kh_event again;
    kh_refusal refusal = {KH_REFUSAL_NONE, KH_TEXT("")};
    assert_rc(kh_event_read(&FIXTURE_RULES, &other, -1, &fx->arena, &again, &refusal), KH_OK);
    assert_true(kh_text_equal(again.statement.bytes, event.statement.bytes));
}

static kh_refusal_code read_bytes(fixture *fx, kh_record record, int32_t expected_partition, kh_text *detail)
{
    kh_event event;
    kh_refusal refusal = {KH_REFUSAL_NONE, KH_TEXT("")};
    kh_rc rc = kh_event_read(&FIXTURE_RULES, &record, expected_partition, &fx->arena, &event, &refusal);
    assert_int_equal(rc, refusal.code == KH_REFUSAL_NONE ? KH_OK : KH_E_REFUSED);
    *detail = refusal.detail;
    return refusal.code;
}

static void what_the_record_is(void **state)
{
    fixture *fx = *state;
    const kh_record good = fixture_record(&fx->arena, JP("JP/1", ISSUED));
    kh_text detail;
    kh_record record = good;
    record.partition = 3;
    assert_int_equal(read_bytes(fx, record, 3, &detail), KH_REFUSAL_NONE);
    assert_int_equal(read_bytes(fx, record, 4, &detail), KH_REFUSAL_PARTITION_MISMATCH);
    fixture_contains(detail, "3, but its key hashes to 4 of 12");
    assert_int_equal(read_bytes(fx, record, -1, &detail), KH_REFUSAL_NONE);

    record.has_key = false;
    assert_int_equal(read_bytes(fx, record, 4, &detail), KH_REFUSAL_KEY_MISMATCH);
    fixture_contains(detail, "there is none");
    record = good;
    record.key = KH_TEXT("JP/2");
    assert_int_equal(read_bytes(fx, record, 0, &detail), KH_REFUSAL_KEY_MISMATCH);
    fixture_contains(detail, "\"JP/2\"");

    record = good;
    record.has_value = false;
    assert_int_equal(read_bytes(fx, record, 0, &detail), KH_REFUSAL_NO_BODY);
    record = good;
    record.value = KH_TEXT("");
    assert_int_equal(read_bytes(fx, record, 0, &detail), KH_REFUSAL_NO_BODY);
    record.value = (kh_text){NULL, 0};
    assert_int_equal(read_bytes(fx, record, 0, &detail), KH_REFUSAL_NO_BODY);
    record.value = KH_TEXT("not protobuf");
    assert_int_equal(read_bytes(fx, record, 0, &detail), KH_REFUSAL_UNDECODABLE);
    record.value = (kh_text){good.value.data, good.value.length - 1};
    assert_int_equal(read_bytes(fx, record, 0, &detail), KH_REFUSAL_UNDECODABLE);
    /* A body of a later version: field 40. */
    record.value = KH_TEXT("\x20\x01\xc2\x02\x00");
    assert_int_equal(read_bytes(fx, record, 0, &detail), KH_REFUSAL_NO_BODY);
}

static void size_comes_first(void **state)
{
    fixture *fx = *state;
    static char large[KH_EVENT_MAX_BYTES + 1];
    memset(large, 0x7f, sizeof large);
    kh_text detail;
    kh_record record = fixture_record(&fx->arena, JP("JP/1", ISSUED));
    record.value = (kh_text){large, sizeof large};
    assert_int_equal(read_bytes(fx, record, 0, &detail), KH_REFUSAL_TOO_LARGE);
    fixture_contains(detail, "262145 bytes; at most 262144");
    record.value.length--;
    assert_int_equal(read_bytes(fx, record, 0, &detail), KH_REFUSAL_UNDECODABLE);
}

/* JSON cannot carry these; protobuf-c lets them through. \param mark  four bytes to be replaced. */
static kh_refusal_code read_patched(fixture *fx, const char *event, const char *mark, const char *with, kh_text *detail)
{
    kh_record record = fixture_record(&fx->arena, "jp.label-events", event);
    char *at = memmem(record.value.data, record.value.length, mark, 4);
    assert_non_null(at);
    memcpy(at, with, 4);
    return read_bytes(fx, record, -1, detail);
}

static void not_utf8(void **state)
{
    fixture *fx = *state;
    const char *maker = FIXTURE_EVENT("JP", "JP/1", MAKER("abcd"));
    kh_text detail;
    static const char *const bad[] = {"a\xff"
                                      "bc",
                                      "ab\xc3(",
                                      "\xed\xa0\x80x",
                                      "\xc0\xaf"
                                      "ab",
                                      "\xf4\x90\x80\x80",
                                      "\xe0\x80\xafx",
                                      "abc\xe3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_patched(fx, maker, "abcd", bad[i], &detail), KH_REFUSAL_INVALID_TEXT);
        fixture_contains(detail, "not UTF-8");
        fixture_contains(detail, "\\x");
    }
    assert_int_equal(read_patched(fx, maker, "abcd", "\xf0\x9f\x8f\xa0", &detail), KH_REFUSAL_NONE);
    const char *remark = FIXTURE_EVENT("JP", "JP/1", "'labelSuspended':{'from':'2026-06-01','remark':'abcd'}");
    assert_int_equal(read_patched(fx, remark, "abcd", "\xff\xff\xff\xff", &detail), KH_REFUSAL_INVALID_TEXT);
    assert_null(memmem(detail.data, detail.length, "\\xff", 4));
}

static void lengths(void **state)
{
    fixture *fx = *state;
    static char text[8192];
    for (int over = 0; over <= 1; over++) {
        char filler[4098];
        memset(filler, 'x', sizeof filler);
        kh_text detail;
        filler[512 + over] = '\0';
        snprintf(text, sizeof text, FIXTURE_EVENT("JP", "JP/1", MAKER("%s")), filler);
        kh_record record = fixture_record(&fx->arena, "jp.label-events", text);
        assert_int_equal(read_bytes(fx, record, -1, &detail), over ? KH_REFUSAL_INVALID_TEXT : KH_REFUSAL_NONE);
        assert_true(detail.length < 256);
        filler[512 + over] = 'x';
        filler[4096 + over] = '\0';
        snprintf(text, sizeof text, FIXTURE_EVENT("JP", "JP/1", "'labelSuspended':{'from':'2026-06-01','remark':'%s'}"),
                 filler);
        record = fixture_record(&fx->arena, "jp.label-events", text);
        assert_int_equal(read_bytes(fx, record, -1, &detail), over ? KH_REFUSAL_INVALID_TEXT : KH_REFUSAL_NONE);
    }
}

static void counts(void **state)
{
    fixture *fx = *state;
    for (int count = 64; count <= 65; count++) {
        char models[1024] = "";
        char documents[4096] = "";
        for (int i = 0; i < count; i++) {
            strcat(models, i == 0 ? "'m'" : ",'m'");
            strcat(documents, i == 0 ? "{'id':'d','language':'en'}" : ",{'id':'d','language':'en'}");
        }
        static char text[8192];
        kh_text detail;
        snprintf(text, sizeof text,
                 FIXTURE_EVENT("JP", "JP/1",
                               "'labelAmended':{'details':{'registrationNumber':'a','level':1,'category':'a',"
                               "'product':'a','maker':'a','holder':'a','models':[%s]}}"),
                 models);
        kh_record record = fixture_record(&fx->arena, "jp.label-events", text);
        assert_int_equal(read_bytes(fx, record, -1, &detail), count > 64 ? KH_REFUSAL_INVALID_TEXT : KH_REFUSAL_NONE);
        snprintf(text, sizeof text, FIXTURE_EVENT("JP", "JP/1", "'labelAmended':{'evidence':{'documents':[%s]}}"),
                 documents);
        record = fixture_record(&fx->arena, "jp.label-events", text);
        assert_int_equal(read_bytes(fx, record, -1, &detail), count > 64 ? KH_REFUSAL_INVALID_TEXT : KH_REFUSAL_NONE);
    }
}

/* An occurred_at that no Timestamp may be: only protobuf can carry it. */
static void occurred_at_out_of_range(void **state)
{
    fixture *fx = *state;
    kh_record record = fixture_record(&fx->arena, "jp.label-events",
                                      "{'id':'" FIXTURE_UUID "','participant':'JP','subject':'JP/1',"
                                      "'revision':1,'revocationWithdrawn':{}}");
    /* seconds = 253402300800, the first of the year 10000; nanos = 1000000000; nanos = -1 */
    static const kh_text moments[] = {{"\x2a\x07\x08\x80\x83\xd1\xff\xaf\x07", 9},
                                      {"\x2a\x06\x10\x80\x94\xeb\xdc\x03", 8},
                                      {"\x2a\x0b\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13}};
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        char *bytes = kh_arena_allocate(&fx->arena, record.value.length + moments[i].length);
        memcpy(bytes, record.value.data, record.value.length);
        memcpy(bytes + record.value.length, moments[i].data, moments[i].length);
        kh_record with = record;
        with.value = (kh_text){bytes, record.value.length + moments[i].length};
        kh_text detail;
        assert_int_equal(read_bytes(fx, with, -1, &detail), KH_REFUSAL_INVALID_DATE);
        fixture_contains(detail, "occurred_at");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_refusal, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_accepted, setup, teardown),
        cmocka_unit_test_setup_teardown(issued_is_read_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(days_of_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_are_deterministic, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_record_is, setup, teardown),
        cmocka_unit_test_setup_teardown(size_comes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(not_utf8, setup, teardown),
        cmocka_unit_test_setup_teardown(lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(counts, setup, teardown),
        cmocka_unit_test_setup_teardown(occurred_at_out_of_range, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
