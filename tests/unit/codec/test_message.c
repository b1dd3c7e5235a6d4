#include "codec/message.h"

#include "codec/proto.h"
#include "kakehashi/v1/status.pb-c.h"
#include "unit/codec/codec_fixture.h"

typedef struct fixture {
    kh_test_memory memory;
    kh_arena arena;
    kh_message_cache *cache;
} fixture;

static int setup(void **state)
{
    fixture *fx = calloc(1, sizeof *fx);
    kh_test_memory_init(&fx->memory, -1);
    kh_arena_init(&fx->arena, 65536, &fx->memory.memory);
    assert_rc(kh_message_cache_new(&fx->memory.memory, &fx->cache), KH_OK);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    fixture *fx = *state;
    kh_message_cache_free(fx->cache);
    kh_arena_deinit(&fx->arena);
    long live = fx->memory.live;
    free(fx);
    return live == 0 ? 0 : -1;
}

static const kh_text MODELS[] = {{"M1", 2}, {"", 0}};
static const kh_details DETAILS = {.registration_number = {"CSA-1", 5},
                                   .level = 3,
                                   .category = {"home-gateway", 12},
                                   .product = {"Product", 7},
                                   .maker = {"Maker", 5},
                                   .holder = {"Confidential Holder", 19},
                                   .models = MODELS,
                                   .model_count = 2};
static const kh_validity VALIDITY = {0, 20605};
static const uint8_t GROUNDS[] = {2, 1};
static const kh_text TRANSLATIONS[] = {{"doc-1", 5}, {"doc-2", 5}};

/* Everything set, whatever a real one would have. */
static const kh_status FULL = {.label = {"JP/000123", 9},
                               .host = {"SG", 2},
                               .pack = &FIXTURE_JP_SG,
                               .outcome = KH_OUTCOME_RECOGNISED,
                               .reasons =
                                   1U << KH_REASON_REVOKED | 1U << KH_REASON_EXPIRED | 1U << KH_REASON_ISSUE_UNKNOWN,
                               .since = -1,
                               .next_change_at = 1780362000123,
                               .level = 3,
                               .recognised_level = 1,
                               .under_consultation = true,
                               .grounds = GROUNDS,
                               .ground_count = 2,
                               .no_counterpart = KH_NO_COUNTERPART_FULL_ASSESSMENT,
                               .translations = TRANSLATIONS,
                               .translation_count = 2,
                               .basis = {"SG/1", 4},
                               .basis_state = KH_BASIS_EXPIRED,
                               .details = &DETAILS,
                               .validity = &VALIDITY,
                               .public_since = 0,
                               .public_next_change_at = KH_INSTANT_NONE};
static const kh_result FULL_RESULT = {.kind = KH_RESULT_STATUS,
                                      .key = {"JP/000123@SG", 12},
                                      .decided_at = 1780362000000,
                                      .cause = {KH_TRIGGER_EVENT, {"jp.label-events", 15}, 3, 4711, {FIXTURE_UUID, 36}},
                                      .version = 7,
                                      .public_version = 2,
                                      .status = &FULL};

static const char *json_of(fixture *fx, const kh_result *result, kh_message_kind kind)
{
    kh_text line = KH_TEXT("");
    kh_text copy = KH_TEXT("");
    assert_rc(kh_message_json(fx->cache, result, kind, &fx->arena, &line), KH_OK);
    assert_rc(kh_arena_copy_text(&fx->arena, line, &copy), KH_OK);
    return copy.data;
}

static void a_full_status(void **state)
{
    fixture *fx = *state;
    kh_text expected = fixture_json(
        &fx->arena,
        "{'status':{'label':'JP/000123','host':'SG','arrangement':'jp-sg','version':7,'outcome':'OUTCOME_RECOGNISED',"
        "'reasons':[{'code':'REASON_ISSUE_UNKNOWN'},{'code':'REASON_EXPIRED','article':'3.2'},"
        "{'code':'REASON_REVOKED','article':'3.2'}],'since':'1969-12-31T23:59:59.999Z','decidedAt':'2026-06-02T01:00:"
        "00Z',"
        "'nextChangeAt':'2026-06-02T01:00:00.123Z','level':3,'recognisedLevel':1,'underConsultation':true,"
        "'measureGrounds':['GROUND_DOMESTIC_LAW','GROUND_HEALTH_OR_SAFETY'],"
        "'residual':[{'requirement':'5.1-1','equivalence':'EQUIVALENCE_FULL','need':'NEED_NONE','citation':'A-2/"
        "5.1-1'},"
        "{'requirement':'5.3-7','equivalence':'EQUIVALENCE_PARTIAL','need':'NEED_SUPPLEMENTARY_ASSESSMENT',"
        "'citation':'A-2/5.3-7'},{'requirement':'7.3-1','equivalence':'EQUIVALENCE_NONE','need':'NEED_FULL_ASSESSMENT',"
        "'citation':'B/7.3-1'},{'need':'NEED_TRANSLATION','citation':'Art 4.4','document':'doc-1'},"
        "{'need':'NEED_TRANSLATION','citation':'Art 4.4','document':'doc-2'}],"
        "'basis':{'label':'SG/1','state':'BASIS_STATE_EXPIRED'},'details':{'registrationNumber':'CSA-1','level':3,"
        "'category':'home-gateway','product':'Product','maker':'Maker','holder':'Confidential "
        "Holder','models':['M1','']},"
        "'validity':{'validFrom':'1970-01-01','validUntil':'2026-06-01'},'rulePack':'jp-sg-1','rulePackSha256':"
        "'" FIXTURE_DIGEST "','cause':{'topic':'jp.label-events','partition':3,'offset':'4711','eventId':'" FIXTURE_UUID
        "','trigger':'TRIGGER_EVENT'}}}");
    /* Twice: the second time from the cache. */
    assert_string_equal(json_of(fx, &FULL_RESULT, KH_MESSAGE_STATUS), expected.data);
    assert_string_equal(json_of(fx, &FULL_RESULT, KH_MESSAGE_STATUS), expected.data);
}

/* Consultation fails gate 7 though its number is above that of gate 8's reason. */
static void reasons_stand_in_the_order_of_the_gates(void **state)
{
    fixture *fx = *state;
    kh_status status = FULL;
    status.reasons = 1U << KH_REASON_MEASURE | 1U << KH_REASON_UNDER_CONSULTATION | 1U << KH_REASON_CATEGORY;
    kh_result result = FULL_RESULT;
    result.status = &status;
    kh_text expected = fixture_json(&fx->arena, "'reasons':[{'code':'REASON_CATEGORY','article':'2'},"
                                                "{'code':'REASON_UNDER_CONSULTATION','article':'3.5'},"
                                                "{'code':'REASON_MEASURE','article':'10.2'}],'since'");
    assert_non_null(strstr(json_of(fx, &result, KH_MESSAGE_STATUS), expected.data));
}

static void the_public_sees_no_confidence(void **state)
{
    fixture *fx = *state;
    kh_text expected = fixture_json(
        &fx->arena,
        "{'public':{'label':'JP/"
        "000123','host':'SG','arrangement':'jp-sg','version':2,'outcome':'PUBLIC_OUTCOME_RECOGNISED',"
        "'since':'1970-01-01T00:00:00Z','decidedAt':'2026-06-02T01:00:00Z','recognisedLevel':1,"
        "'residual':[{'requirement':'5.1-1','equivalence':'EQUIVALENCE_FULL','need':'NEED_NONE','citation':'A-2/"
        "5.1-1'},"
        "{'requirement':'5.3-7','equivalence':'EQUIVALENCE_PARTIAL','need':'NEED_SUPPLEMENTARY_ASSESSMENT',"
        "'citation':'A-2/5.3-7'},{'requirement':'7.3-1','equivalence':'EQUIVALENCE_NONE','need':'NEED_FULL_ASSESSMENT',"
        "'citation':'B/"
        "7.3-1'}],'registrationNumber':'CSA-1','category':'home-gateway','product':'Product','maker':'Maker',"
        "'validity':{'validFrom':'1970-01-01','validUntil':'2026-06-01'},'rulePack':'jp-sg-1'}}");
    kh_status recognised = FULL;
    recognised.reasons = 0;
    kh_result result = FULL_RESULT;
    result.status = &recognised;
    assert_string_equal(json_of(fx, &result, KH_MESSAGE_PUBLIC), expected.data);
}

static void rows_follow_category_host_and_policy(void **state)
{
    fixture *fx = *state;
    kh_details details = DETAILS;
    details.category = KH_TEXT("general-iot");
    kh_status status = FULL;
    kh_result result = FULL_RESULT;
    result.status = &status;
    assert_non_null(strstr(json_of(fx, &result, KH_MESSAGE_STATUS), "B/7.3-1"));
    status.details = &details;
    assert_null(strstr(json_of(fx, &result, KH_MESSAGE_STATUS), "B/7.3-1"));
    status.label = KH_TEXT("SG/1");
    status.host = KH_TEXT("JP");
    assert_non_null(strstr(json_of(fx, &result, KH_MESSAGE_STATUS), "NEED_FULL_ASSESSMENT\",\"citation\":\"A-1/6"));
    status.no_counterpart = KH_NO_COUNTERPART_NOT_REQUIRED;
    assert_non_null(strstr(json_of(fx, &result, KH_MESSAGE_STATUS), "NEED_NONE\",\"citation\":\"A-1/6"));
    status.outcome = KH_OUTCOME_LABEL_NOT_VALID;
    status.translation_count = 0;
    assert_null(strstr(json_of(fx, &result, KH_MESSAGE_STATUS), "residual"));
    /* More combinations than are remembered. */
    status.outcome = KH_OUTCOME_RECOGNISED;
    for (int i = 0; i < 200; i++) {
        kh_rule_pack pack = FIXTURE_JP_SG;
        char digest[65];
        snprintf(digest, sizeof digest, "%064d", i);
        pack.sha256 = kh_text_of(digest);
        status.pack = &pack;
        assert_non_null(strstr(json_of(fx, &result, KH_MESSAGE_STATUS), digest));
    }
}

static void an_incomplete_status(void **state)
{
    fixture *fx = *state;
    const kh_status status = {.label = KH_TEXT("JP/1"),
                              .host = KH_TEXT("SG"),
                              .pack = &FIXTURE_JP_SG,
                              .outcome = KH_OUTCOME_INCOMPLETE,
                              .reasons = 1U << KH_REASON_ISSUE_UNKNOWN,
                              .since = KH_INSTANT_NONE,
                              .next_change_at = KH_INSTANT_NONE,
                              .public_since = KH_INSTANT_NONE,
                              .public_next_change_at = KH_INSTANT_NONE};
    const kh_result result = {.kind = KH_RESULT_STATUS,
                              .key = KH_TEXT("JP/1@SG"),
                              .version = 1,
                              .status = &status,
                              .cause = {.trigger = KH_TRIGGER_TIME}};
    kh_text expected = fixture_json(
        &fx->arena, "{'status':{'label':'JP/1','host':'SG','arrangement':'jp-sg','version':1,"
                    "'outcome':'OUTCOME_INCOMPLETE','reasons':[{'code':'REASON_ISSUE_UNKNOWN'}],"
                    "'decidedAt':'1970-01-01T00:00:00Z','rulePack':'jp-sg-1','rulePackSha256':'" FIXTURE_DIGEST
                    "','cause':{'trigger':'TRIGGER_TIME'}}}");
    assert_string_equal(json_of(fx, &result, KH_MESSAGE_STATUS), expected.data);
}

static const kh_obligation NOTICE = {.kind = KH_OBLIGATION_REVOCATION_NOTICE,
                                     .subject = {"SG/1", 4},
                                     .arrangement = {"jp-sg", 5},
                                     .host = {"JP", 2},
                                     .obliged = {{"SG", 2}},
                                     .obliged_count = 1,
                                     .towards = {"JP", 2},
                                     .arose_on = 0,
                                     .due_on = 20605,
                                     .earliest_due_on = 20604,
                                     .provisional = true,
                                     .state = KH_OBLIGATION_DISCHARGED,
                                     .discharged_on = 20606,
                                     .late = true,
                                     .confirmed_on = 20607};

static void an_obligation(void **state)
{
    fixture *fx = *state;
    const kh_result result = {.kind = KH_RESULT_OBLIGATION,
                              .key = KH_TEXT("REVOCATION_NOTICE/SG/1@JP"),
                              .version = 4,
                              .decided_at = 1780362000000,
                              .obligation = &NOTICE};
    kh_text expected = fixture_json(
        &fx->arena,
        "{'obligation':{'id':'REVOCATION_NOTICE/SG/1@JP','kind':'OBLIGATION_KIND_REVOCATION_NOTICE','subject':'SG/1',"
        "'arrangement':'jp-sg','obliged':['SG'],'towards':'JP','aroseOn':'1970-01-01','dueOn':'2026-06-01',"
        "'earliestDueOn':'2026-05-31','provisional':true,'state':'OBLIGATION_STATE_DISCHARGED',"
        "'dischargedOn':'2026-06-02','late':true,'confirmedOn':'2026-06-03','version':4,"
        "'decidedAt':'2026-06-02T01:00:00Z','article':'3.6'}}");
    assert_string_equal(json_of(fx, &result, KH_MESSAGE_OBLIGATION), expected.data);
    assert_string_equal(json_of(fx, &result, KH_MESSAGE_OBLIGATION_GONE),
                        "{\"obligationGone\":{\"id\":\"REVOCATION_NOTICE/SG/1@JP\"}}");
}

static void lines_and_headers(void **state)
{
    fixture *fx = *state;
    kh_text line = KH_TEXT("");
    const kh_refusal refusal = {KH_REFUSAL_INVALID_ID, KH_TEXT("id is \"\\x\"")};
    assert_rc(kh_message_json_dead_letter(12, &refusal, &fx->arena, &line), KH_OK);
    assert_text(line, "{\"deadLetter\":{\"line\":12,\"reason\":\"INVALID_ID\",\"detail\":\"id is \\\"\\\\x\\\"\"}}");
    assert_text(kh_message_id(&fx->arena, KH_TEXT("SG/000123@JP"), 4294967295U), "SG/000123@JP#4294967295");
    kh_text json = KH_TEXT("");
    assert_rc(kh_message_to_json(KH_MESSAGE_PUBLIC, KH_TEXT("\xff"), &fx->arena, &json), KH_E_REFUSED);
    assert_rc(kh_message_to_json(KH_MESSAGE_PUBLIC, KH_TEXT("\x0a\x01x"), &fx->arena, &json), KH_OK);
    assert_text(json, "{\"label\":\"x\"}");
}

static void assert_packs_alike(fixture *fx, const ProtobufCMessageDescriptor *descriptor, kh_text bytes)
{
    ProtobufCMessage *message = NULL;
    kh_text packed = KH_TEXT("");
    assert_rc(kh_proto_unpack(descriptor, bytes, &fx->arena, &message), KH_OK);
    assert_int_equal(message->n_unknown_fields, 0);
    assert_rc(kh_proto_pack(message, &fx->arena, &packed), KH_OK);
    assert_true(kh_text_equal(packed, bytes));
}

/* Our own writer says what protobuf-c would. */
static void bytes_are_those_of_protobuf_c(void **state)
{
    fixture *fx = *state;
    kh_text bytes = KH_TEXT("");
    assert_rc(kh_message_status(fx->cache, &FULL_RESULT, &fx->arena, &bytes), KH_OK);
    assert_packs_alike(fx, &kakehashi__v1__recognition_status__descriptor, bytes);
    assert_rc(kh_message_public(fx->cache, &FULL_RESULT, &fx->arena, &bytes), KH_OK);
    assert_packs_alike(fx, &kakehashi__v1__public_status__descriptor, bytes);
    assert_null(memmem(bytes.data, bytes.length, "Confidential", 12));
    assert_null(memmem(bytes.data, bytes.length, "doc-1", 5));
    kh_result result = FULL_RESULT;
    result.kind = KH_RESULT_OBLIGATION;
    result.obligation = &NOTICE;
    assert_rc(kh_message_obligation(&result, &fx->arena, &bytes), KH_OK);
    assert_packs_alike(fx, &kakehashi__v1__obligation__descriptor, bytes);
}

/* Large numbers and negative ones, which take the most bytes. */
static void extremes(void **state)
{
    fixture *fx = *state;
    kh_result result = FULL_RESULT;
    result.version = UINT32_MAX;
    result.cause.partition = -1;
    result.cause.offset = INT64_MIN;
    kh_text bytes = KH_TEXT("");
    assert_rc(kh_message_status(fx->cache, &result, &fx->arena, &bytes), KH_OK);
    assert_packs_alike(fx, &kakehashi__v1__recognition_status__descriptor, bytes);
    assert_non_null(
        strstr(json_of(fx, &result, KH_MESSAGE_STATUS), "\"partition\":-1,\"offset\":\"-9223372036854775808\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_status, setup, teardown),
        cmocka_unit_test_setup_teardown(reasons_stand_in_the_order_of_the_gates, setup, teardown),
        cmocka_unit_test_setup_teardown(the_public_sees_no_confidence, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_follow_category_host_and_policy, setup, teardown),
        cmocka_unit_test_setup_teardown(an_incomplete_status, setup, teardown),
        cmocka_unit_test_setup_teardown(an_obligation, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_and_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_are_those_of_protobuf_c, setup, teardown),
        cmocka_unit_test_setup_teardown(extremes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
