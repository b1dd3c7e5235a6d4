#include "codec/store.h"

#include "codec/proto.h"
#include "kakehashi/store/v1/store.pb-c.h"
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

static void assert_packs_alike(const ProtobufCMessageDescriptor *descriptor, kh_text bytes)
{
    ProtobufCMessage *message = NULL;
    kh_text packed = KH_TEXT("");
    assert_rc(kh_proto_unpack(descriptor, bytes, &arena, &message), KH_OK);
    assert_int_equal(message->n_unknown_fields, 0);
    assert_rc(kh_proto_pack(message, &arena, &packed), KH_OK);
    assert_true(kh_text_equal(packed, bytes));
}

#define BODIES 8
static const char *const BODY_EVENTS[BODIES] = {
    FIXTURE_EVENT("JP", "JP/1",
                  "'labelIssued':{" FIXTURE_DETAILS "," FIXTURE_VALIDITY
                  ",'evidence':{'documents':[{'id':'d','language':'ja'}]}}"),
    FIXTURE_EVENT("JP", "JP/1", "'labelSuspended':{'from':'2026-06-01','remark':'kept'}"),
    FIXTURE_EVENT("JP", "JP/1", "'suspensionLifted':{'from':'1970-01-01'}"),
    FIXTURE_EVENT("JP", "JP/1", "'labelRevoked':{'decidedOn':'2026-06-01','effectiveFrom':'2026-07-01'}"),
    FIXTURE_EVENT("JP", "JP/1", "'labelRenewed':{'validity':{'validFrom':'2028-06-01','validUntil':'2030-05-31'}}"),
    FIXTURE_EVENT("JP", "JP/1", "'labelAmended':{'evidence':{}}"),
    FIXTURE_EVENT("SG", "JP/1", "'measureTaken':{'grounds':[4,1],'from':'2026-06-01'}"),
    FIXTURE_EVENT("SG", "JP/1", "'disputeRaised':{'raisedOn':'2026-06-01'}"),
};

static void read_bodies(kh_event *events)
{
    for (size_t i = 0; i < BODIES; i++) {
        kh_record record = fixture_record(&arena, i < 6 ? "jp.label-events" : "sg.label-events", BODY_EVENTS[i]);
        kh_refusal refusal;
        assert_rc(kh_event_read(&FIXTURE_RULES, &record, -1, &arena, &events[i], &refusal), KH_OK);
        events[i].statement.revision = (uint32_t)i + 1;
        events[i].statement.occurred_seconds = (int64_t)i - 3;
    }
}

static kh_facts merge(const kh_event *events, size_t first, size_t step)
{
    kh_facts facts = {0};
    for (size_t n = 0; n < BODIES; n++) {
        const kh_event *event = &events[(first + n * step) % BODIES];
        kh_merge done;
        assert_rc(kh_facts_merge(&facts, event->participant, &event->statement, &arena, &done), KH_OK);
    }
    return facts;
}

static void assert_same_body(const kh_body *a, const kh_body *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->day, b->day);
    assert_int_equal(a->decided_on, b->decided_on);
    assert_int_equal(a->details == NULL, b->details == NULL);
    assert_int_equal(a->validity == NULL, b->validity == NULL);
    assert_int_equal(a->evidence == NULL, b->evidence == NULL);
    assert_int_equal(a->ground_count, b->ground_count);
    if (a->validity != NULL) {
        assert_int_equal(a->validity->until, b->validity->until);
    }
}

static void facts_come_back(void **state)
{
    (void)state;
    kh_event events[BODIES];
    read_bodies(events);
    kh_facts facts = merge(events, 0, 1);
    kh_text bytes = KH_TEXT("");
    assert_rc(kh_store_facts_encode(&facts, &arena, &bytes), KH_OK);
    assert_packs_alike(&kakehashi__store__v1__facts__descriptor, bytes);
    /* In any order, the same bytes. */
    for (size_t first = 0; first < BODIES; first++) {
        for (size_t step = 1; step < BODIES; step += 2) {
            kh_facts other = merge(events, first, step);
            kh_text again = KH_TEXT("");
            assert_rc(kh_store_facts_encode(&other, &arena, &again), KH_OK);
            assert_true(kh_text_equal(bytes, again));
        }
    }
    kh_facts decoded;
    kh_text again = KH_TEXT("");
    assert_rc(kh_store_facts_decode(bytes, &arena, &decoded), KH_OK);
    assert_int_equal(decoded.part_count, 2);
    for (uint32_t i = 0; i < decoded.part_count; i++) {
        assert_int_equal(decoded.parts[i].statement_count, facts.parts[i].statement_count);
        for (uint32_t k = 0; k < decoded.parts[i].statement_count; k++) {
            const kh_statement *was = facts.parts[i].statements[k];
            const kh_statement *is = decoded.parts[i].statements[k];
            assert_int_equal(kh_statement_compare(was, is), 0);
            assert_same_body(&was->body, &is->body);
        }
    }
    assert_rc(kh_store_facts_encode(&decoded, &arena, &again), KH_OK);
    assert_true(kh_text_equal(bytes, again));
    const kh_facts none = {0};
    assert_rc(kh_store_facts_encode(&none, &arena, &again), KH_OK);
    assert_int_equal(again.length, 0);
    assert_rc(kh_store_facts_decode(again, &arena, &decoded), KH_OK);
    assert_int_equal(decoded.part_count, 0);
}

/* What is stored is not trusted: every cut and every changed byte is read or refused, never believed to be memory. */
static void damaged_facts(void **state)
{
    (void)state;
    kh_event events[BODIES];
    read_bodies(events);
    kh_facts facts = merge(events, 0, 1);
    kh_text bytes = KH_TEXT("");
    assert_rc(kh_store_facts_encode(&facts, &arena, &bytes), KH_OK);
    char *copy = malloc(bytes.length);
    kh_arena scratch;
    kh_arena_init(&scratch, 65536, &memory.memory);
    for (size_t i = 0; i < bytes.length; i++) {
        kh_facts decoded;
        kh_arena_reset(&scratch);
        memcpy(copy, bytes.data, bytes.length);
        copy[i] = (char)(copy[i] ^ 0x55);
        kh_rc rc = kh_store_facts_decode((kh_text){copy, bytes.length}, &scratch, &decoded);
        assert_true(rc == KH_OK || rc == KH_E_INTERNAL);
        rc = kh_store_facts_decode((kh_text){bytes.data, i}, &scratch, &decoded);
        assert_true(rc == KH_OK || rc == KH_E_INTERNAL);
    }
    kh_arena_deinit(&scratch);
    free(copy);
    kh_facts decoded;
    assert_rc(kh_store_facts_decode(KH_TEXT("\xff"), &arena, &decoded), KH_E_INTERNAL);
    /* A statement without an event id; a kind that is none. */
    assert_rc(kh_store_facts_decode(KH_TEXT("\x0a\x06\x12\x04\x10\x01\x28\x10"), &arena, &decoded), KH_E_INTERNAL);
    events[0].statement.event_id = KH_TEXT("no uuid");
    facts = merge(events, 0, 1);
    assert_rc(kh_store_facts_encode(&facts, &arena, &bytes), KH_E_INTERNAL);
}

static const kh_text MODELS[] = {{"M1", 2}};
static const kh_details DETAILS = {.registration_number = {"CSA-1", 5},
                                   .level = 3,
                                   .category = {"home-gateway", 12},
                                   .product = {"Product", 7},
                                   .maker = {"Maker", 5},
                                   .holder = {"Holder", 6},
                                   .models = MODELS,
                                   .model_count = 1};
static const kh_validity VALIDITY = {0, 20605};
static const uint8_t GROUNDS[] = {2, 1};
static const kh_text TRANSLATIONS[] = {{"doc-1", 5}, {"doc-2", 5}};
static const kh_status FULL = {.label = {"SG/1", 4},
                               .host = {"JP", 2},
                               .pack = &FIXTURE_JP_SG,
                               .outcome = KH_OUTCOME_RECOGNISED,
                               .reasons = 1U << KH_REASON_UNDER_CONSULTATION,
                               .since = 0,
                               .next_change_at = -5,
                               .level = 3,
                               .recognised_level = 1,
                               .under_consultation = true,
                               .grounds = GROUNDS,
                               .ground_count = 2,
                               .no_counterpart = KH_NO_COUNTERPART_NOT_REQUIRED,
                               .translations = TRANSLATIONS,
                               .translation_count = 2,
                               .basis = {"JP/7", 4},
                               .basis_state = KH_BASIS_EXCLUDED,
                               .details = &DETAILS,
                               .validity = &VALIDITY,
                               .public_since = KH_INSTANT_NONE,
                               .public_next_change_at = 9};
static const kh_status INCOMPLETE = {.label = {"SG/1", 4},
                                     .host = {"JP", 2},
                                     .pack = &FIXTURE_KR_SG,
                                     .outcome = KH_OUTCOME_INCOMPLETE,
                                     .reasons = 1U << KH_REASON_ISSUE_UNKNOWN,
                                     .since = KH_INSTANT_NONE,
                                     .next_change_at = KH_INSTANT_NONE,
                                     .public_since = KH_INSTANT_NONE,
                                     .public_next_change_at = KH_INSTANT_NONE};
static const kh_obligation CONSULTATION = {.kind = KH_OBLIGATION_CONSULTATION,
                                           .subject = {"SG/1", 4},
                                           .arrangement = {"jp-sg", 5},
                                           .host = {"JP", 2},
                                           .obliged = {{"JP", 2}, {"SG", 2}},
                                           .obliged_count = 2,
                                           .arose_on = 0,
                                           .due_on = KH_DAY_NONE,
                                           .earliest_due_on = KH_DAY_NONE,
                                           .state = KH_OBLIGATION_OPEN,
                                           .discharged_on = 0,
                                           .confirmed_on = KH_DAY_NONE};

static void assert_same_status(const kh_status *a, const kh_status *b)
{
    assert_true(kh_status_same(a, b));
    assert_true(kh_status_same_to_public(a, b));
    assert_ptr_equal(a->pack, b->pack);
    assert_true(kh_text_equal(a->label, b->label));
    assert_true(kh_text_equal(a->host, b->host));
    assert_true(a->since == b->since && a->next_change_at == b->next_change_at);
    assert_true(a->public_since == b->public_since && a->public_next_change_at == b->public_next_change_at);
    assert_int_equal(a->no_counterpart, b->no_counterpart);
}

static void results_come_back(void **state)
{
    (void)state;
    const kh_record record = {.topic = KH_TEXT("jp.label-events"), .partition = 3, .offset = 4711};
    const kh_result results[] = {
        {.kind = KH_RESULT_STATUS, .key = KH_TEXT("SG/1@JP"), .status = &FULL},
        {.kind = KH_RESULT_STATUS, .key = KH_TEXT("SG/1@JP"), .status = &INCOMPLETE},
        {.kind = KH_RESULT_OBLIGATION, .key = KH_TEXT("CONSULTATION/SG/1@JP"), .obligation = &CONSULTATION},
        {.kind = KH_RESULT_OBLIGATION_GONE, .key = KH_TEXT("CONSULTATION/SG/1@JP")},
        {.kind = KH_RESULT_DEAD_LETTER,
         .key = KH_TEXT("jp.label-events/3/4711"),
         .record = &record,
         .refusal = {KH_REFUSAL_INVALID_ID, KH_TEXT("")}},
    };
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        kh_text bytes = KH_TEXT("");
        kh_result decoded = {.key = results[i].key, .version = 5};
        assert_rc(kh_store_result_encode(&results[i], &arena, &bytes), KH_OK);
        assert_packs_alike(&kakehashi__store__v1__decision__descriptor, bytes);
        assert_rc(kh_store_result_decode(&FIXTURE_BOOK, bytes, &arena, &decoded), KH_OK);
        assert_int_equal(decoded.kind, results[i].kind);
        assert_int_equal(decoded.version, 5);
        if (results[i].status != NULL) {
            assert_same_status(decoded.status, results[i].status);
        }
        if (results[i].obligation != NULL) {
            assert_true(kh_obligation_same(decoded.obligation, results[i].obligation));
            assert_int_equal(decoded.obligation->arose_on, 0);
            assert_int_equal(decoded.obligation->due_on, KH_DAY_NONE);
            assert_int_equal(decoded.obligation->discharged_on, 0);
        }
        if (results[i].record != NULL) {
            assert_text(decoded.record->topic, "jp.label-events");
            assert_int_equal(decoded.record->offset, 4711);
            assert_int_equal(decoded.refusal.code, KH_REFUSAL_INVALID_ID);
        }
    }
}

static void keys_come_back(void **state)
{
    (void)state;
    const kh_key_state keys[] = {
        {.key = KH_TEXT("SG/1@JP"),
         .kind = KH_RESULT_STATUS,
         .version = 3,
         .public_version = 2,
         .seq = 0,
         .status = &FULL},
        {.key = KH_TEXT("CONSULTATION/SG/1@JP"),
         .kind = KH_RESULT_OBLIGATION,
         .version = 1,
         .seq = INT64_MAX,
         .obligation = &CONSULTATION},
        {.key = KH_TEXT("REVOCATION_NOTICE/SG/1@JP"), .kind = KH_RESULT_OBLIGATION_GONE, .version = 9, .seq = 7},
    };
    kh_text bytes = KH_TEXT("");
    kh_key_state *decoded = NULL;
    uint32_t count = 0;
    assert_rc(kh_store_keys_encode(keys, 3, &arena, &bytes), KH_OK);
    assert_packs_alike(&kakehashi__store__v1__key_states__descriptor, bytes);
    assert_rc(kh_store_keys_decode(&FIXTURE_BOOK, bytes, &arena, &decoded, &count), KH_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(kh_text_equal(decoded[i].key, keys[i].key));
        assert_int_equal(decoded[i].kind, keys[i].kind);
        assert_int_equal(decoded[i].version, keys[i].version);
        assert_int_equal(decoded[i].public_version, keys[i].public_version);
        assert_true(decoded[i].seq == keys[i].seq);
    }
    assert_same_status(decoded[0].status, &FULL);
    assert_true(kh_obligation_same(decoded[1].obligation, &CONSULTATION));
    assert_null(decoded[2].obligation);
    for (size_t i = 0; i < bytes.length; i++) {
        kh_rc rc = kh_store_keys_decode(&FIXTURE_BOOK, (kh_text){bytes.data, i}, &arena, &decoded, &count);
        assert_true(rc == KH_OK || rc == KH_E_INTERNAL);
    }
}

static void unknown_packs_and_damage(void **state)
{
    (void)state;
    const kh_result result = {.kind = KH_RESULT_STATUS, .key = KH_TEXT("SG/1@JP"), .status = &FULL};
    kh_text bytes = KH_TEXT("");
    assert_rc(kh_store_result_encode(&result, &arena, &bytes), KH_OK);
    const kh_rule_book empty = {0};
    kh_result decoded = {.key = KH_TEXT("SG/1@JP")};
    assert_rc(kh_store_result_decode(&empty, bytes, &arena, &decoded), KH_E_CONFIGURATION);
    decoded.key = KH_TEXT("no host");
    assert_rc(kh_store_result_decode(&FIXTURE_BOOK, bytes, &arena, &decoded), KH_E_INTERNAL);
    assert_rc(kh_store_result_decode(&FIXTURE_BOOK, KH_TEXT(""), &arena, &decoded), KH_E_INTERNAL);
    assert_rc(kh_store_result_decode(&FIXTURE_BOOK, KH_TEXT("\xff"), &arena, &decoded), KH_E_INTERNAL);
    decoded.key = KH_TEXT("SG/1@JP");
    char *copy = malloc(bytes.length);
    for (size_t i = 0; i < bytes.length; i++) {
        memcpy(copy, bytes.data, bytes.length);
        copy[i] = (char)(copy[i] ^ 0x15);
        kh_rc rc = kh_store_result_decode(&FIXTURE_BOOK, (kh_text){copy, bytes.length}, &arena, &decoded);
        assert_true(rc == KH_OK || rc == KH_E_INTERNAL || rc == KH_E_CONFIGURATION);
    }
    free(copy);
}

static void causes_come_back(void **state)
{
    (void)state;
    const kh_cause causes[] = {{KH_TRIGGER_EVENT, KH_TEXT("jp.label-events"), 3, 4711, KH_TEXT(FIXTURE_UUID)},
                               {KH_TRIGGER_TIME, KH_TEXT(""), 0, 0, KH_TEXT("")}};
    for (size_t i = 0; i < 2; i++) {
        kh_text bytes = KH_TEXT("");
        kh_cause decoded;
        assert_rc(kh_store_cause_encode(&causes[i], &arena, &bytes), KH_OK);
        assert_packs_alike(&kakehashi__store__v1__cause__descriptor, bytes);
        assert_rc(kh_store_cause_decode(bytes, &arena, &decoded), KH_OK);
        assert_int_equal(decoded.trigger, causes[i].trigger);
        assert_true(kh_text_equal(decoded.topic, causes[i].topic));
        assert_int_equal(decoded.partition, causes[i].partition);
        assert_true(decoded.offset == causes[i].offset);
        assert_true(kh_text_equal(decoded.event_id, causes[i].event_id));
    }
    kh_cause decoded;
    assert_rc(kh_store_cause_decode(KH_TEXT("\x08\x05"), &arena, &decoded), KH_E_INTERNAL);
    assert_rc(kh_store_cause_decode(KH_TEXT("\x2a\x01x"), &arena, &decoded), KH_E_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(facts_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_facts, setup, teardown),
        cmocka_unit_test_setup_teardown(results_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_packs_and_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(causes_come_back, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
