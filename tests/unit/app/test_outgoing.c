#include "app/outgoing.h"

#include "app/heap.h"
#include "config/sha256.h"
#include "event_lines.h"

typedef struct out_state {
    core_state *core;
    kh_arena work; /* the batch's: gone before anything is published */
    kh_message_cache *cache;
    kh_outgoing out;
} out_state;

static int setup(void **state)
{
    out_state *of = calloc(1, sizeof *of);
    void *core = NULL;
    if (of == NULL || core_setup(&core) != 0 || kh_message_cache_new(kh_heap(), &of->cache) != KH_OK) {
        return -1;
    }
    of->core = core;
    kh_arena_init(&of->work, 4096, kh_heap());
    kh_outgoing_init(&of->out);
    *state = of;
    return 0;
}

static int teardown(void **state)
{
    out_state *of = *state;
    void *core = of->core;
    kh_outgoing_deinit(&of->out);
    kh_message_cache_free(of->cache);
    kh_arena_deinit(&of->work);
    free(of);
    return core_teardown(&core);
}

static const char EVENT_ID[] = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

/* A result of a label's recognition, which lives in the core's arena. */
static kh_result status_result(out_state *of, uint32_t version, uint32_t public_version)
{
    static const char *const events[] = {"SG" ISSUED("2026-06-01", "2028-05-31", DOCUMENT), NULL};
    kh_subject subject = subject_from(of->core, "SG/1", events);
    publish_subject(of->core, &subject, "2026-07-01@JP");
    return (kh_result){
        .kind = KH_RESULT_STATUS,
        .key = subject.keys[0].key,
        .subject = subject.key,
        .decided_at = kh_test_instant("2026-07-01@JP"),
        .cause = {KH_TRIGGER_EVENT, KH_TEXT("sg.label-events"), 3, 99, kh_text_of(EVENT_ID)},
        .version = version,
        .public_version = public_version,
        .seq = 1234,
        .previous_seq = 17,
        .status = subject.keys[0].status,
    };
}

static kh_result obligation_result(kh_result_kind kind)
{
    static const kh_obligation notice = {
        .kind = KH_OBLIGATION_REVOCATION_NOTICE,
        .subject = {"SG/1", 4},
        .arrangement = {"jp-sg", 5},
        .host = {"JP", 2},
        .obliged = {{"SG", 2}},
        .obliged_count = 1,
        .towards = {"JP", 2},
        .arose_on = 20600,
        .due_on = 20642,
        .earliest_due_on = 20640,
        .provisional = true,
        .state = KH_OBLIGATION_DISCHARGED,
        .discharged_on = 20630,
        .late = true,
        .confirmed_on = 20631,
    };
    return (kh_result){
        .kind = kind,
        .key = KH_TEXT("REVOCATION_NOTICE/SG/1@JP"),
        .subject = KH_TEXT("SG/1"),
        .decided_at = kh_test_instant("2026-07-01@JP"),
        .cause = {.trigger = KH_TRIGGER_TIME},
        .version = 7,
        .seq = 55,
        .previous_seq = -1,
        .obligation = kind == KH_RESULT_OBLIGATION ? &notice : NULL,
    };
}

static kh_record refused_record(void)
{
    static const kh_header headers[] = {
        {{"trace", 5}, {"\x00\xff=\n", 4}, true},
        {{"none", 4}, {"", 0}, false},
        {{"empty", 5}, {"", 0}, true},
        {{"a=b", 3}, {"v", 1}, true}, /* the last "=" parts name and value */
        {{"trace", 5}, {"again", 5}, true},
    };
    return (kh_record){
        .topic = KH_TEXT("sg.label-events"),
        .partition = 3,
        .offset = 42,
        .timestamp = 1780000000123,
        .has_key = true,
        .has_value = true,
        .key = KH_TEXT("SG/1"),
        .value = {"\x01\x00\x02", 3},
        .headers = headers,
        .header_count = 5,
    };
}

/* The record lives in the batch's arena, as it does in the worker. */
static kh_result dead_letter_result(out_state *of, const kh_record *record, kh_refusal_code code)
{
    kh_record *copy = kh_arena_allocate(&of->work, sizeof *copy);
    kh_header *headers = kh_arena_allocate_array(&of->work, record->header_count, sizeof *headers);
    kh_text detail = {NULL, 0};
    assert_true(copy != NULL && headers != NULL);
    *copy = *record;
    assert_rc(kh_arena_copy_text(&of->work, record->topic, &copy->topic), KH_OK);
    assert_rc(kh_arena_copy_text(&of->work, record->key, &copy->key), KH_OK);
    assert_rc(kh_arena_copy_text(&of->work, record->value, &copy->value), KH_OK);
    for (uint32_t i = 0; i < record->header_count; i++) {
        headers[i] = record->headers[i];
        assert_rc(kh_arena_copy_text(&of->work, headers[i].name, &headers[i].name), KH_OK);
        assert_rc(kh_arena_copy_text(&of->work, headers[i].value, &headers[i].value), KH_OK);
    }
    copy->headers = headers;
    assert_rc(kh_arena_copy_text(&of->work, KH_TEXT("id: mend it"), &detail), KH_OK);
    return (kh_result){
        .kind = KH_RESULT_DEAD_LETTER,
        .decided_at = kh_test_instant("2026-07-01@JP"),
        .cause = {KH_TRIGGER_EVENT, copy->topic, copy->partition, copy->offset, {"", 0}},
        .seq = 9,
        .previous_seq = -1,
        .record = copy,
        .refusal = {code, detail},
    };
}

/* After this nothing of the batch is left but what is to be published. */
static void add_and_forget(out_state *of, const kh_result *result)
{
    assert_rc(kh_outgoing_add(&of->out, &of->work, of->cache, 3, result), KH_OK);
    kh_arena_deinit(&of->work);
    kh_arena_init(&of->work, 4096, kh_heap());
}

static void assert_header(const kh_message *message, uint32_t at, const char *name, const char *value)
{
    assert_true(at < message->header_count);
    assert_text(message->headers[at].name, name);
    assert_text(message->headers[at].value, value);
    assert_true(message->headers[at].has_value);
}

static void assert_message(const kh_message *message, kh_result_topic topic, const char *key, const char *id,
                           const char *type, const char *seq)
{
    assert_int_equal(message->topic, topic);
    assert_int_equal(message->partition, 3);
    assert_true(message->has_key);
    assert_text(message->key, key);
    assert_int_equal(message->timestamp, KH_INSTANT_NONE);
    assert_int_equal(message->header_count, 4);
    assert_header(message, 0, "kh-id", id);
    assert_header(message, 1, "content-type", type);
    assert_header(message, 2, "kh-lane", "3");
    assert_header(message, 3, "kh-seq", seq);
}

static void assert_value(const kh_message *message, kh_text expected)
{
    assert_true(message->has_value && expected.length > 0 && kh_text_equal(message->value, expected));
}

static uint64_t digest_head(kh_text value)
{
    uint8_t digest[KH_SHA256_SIZE];
    uint64_t head = 0;
    assert_rc(kh_sha256(value, digest), KH_OK);
    for (int i = 0; i < 8; i++) {
        head = head << 8 | digest[i];
    }
    return head;
}

static void a_status_is_told_to_agencies_and_public(void **state)
{
    out_state *of = *state;
    kh_result result = status_result(of, 4, 2);
    kh_text value = {NULL, 0};
    kh_text public_value = {NULL, 0};
    add_and_forget(of, &result);
    assert_rc(kh_message_status(of->cache, &result, &of->core->arena, &value), KH_OK);
    assert_rc(kh_message_public(of->cache, &result, &of->core->arena, &public_value), KH_OK);
    assert_int_equal(of->out.message_count, 2);
    const kh_message *messages = of->out.messages;
    assert_message(&messages[0], KH_TOPIC_STATUS, "SG/1@JP", "SG/1@JP#4", KH_CONTENT_TYPE_STATUS, "1234");
    assert_value(&messages[0], value);
    assert_message(&messages[1], KH_TOPIC_PUBLIC, "SG/1@JP", "SG/1@JP#2", KH_CONTENT_TYPE_PUBLIC, "1234");
    assert_value(&messages[1], public_value);
    assert_int_equal(of->out.row_count, 1);
    const kh_result_row *row = &of->out.rows[0];
    assert_true(row->message_hash == digest_head(value) && row->public_hash == digest_head(public_value));
    assert_int_equal(row->lane, 3);
    assert_int_equal(row->seq, 1234);
    assert_int_equal(row->kind, KH_RESULT_STATUS);
    assert_int_equal(row->previous_seq, 17);
    assert_int_equal(row->status_version, 4);
    assert_int_equal(row->public_version, 2);
    assert_int_equal(row->decided_at, result.decided_at);
    assert_int_equal(of->out.dead_letter_count, 0);
}

static void only_what_changed_is_told(void **state)
{
    out_state *of = *state;
    kh_result result = status_result(of, 4, 0);
    add_and_forget(of, &result);
    assert_int_equal(of->out.message_count, 1);
    assert_message(&of->out.messages[0], KH_TOPIC_STATUS, "SG/1@JP", "SG/1@JP#4", KH_CONTENT_TYPE_STATUS, "1234");
    assert_true(of->out.rows[0].public_hash == 0 && of->out.rows[0].message_hash != 0);
    kh_outgoing_reset(&of->out);
    assert_int_equal(of->out.message_count + of->out.row_count, 0);
    result = status_result(of, 0, 6);
    add_and_forget(of, &result);
    assert_int_equal(of->out.message_count, 1);
    assert_message(&of->out.messages[0], KH_TOPIC_PUBLIC, "SG/1@JP", "SG/1@JP#6", KH_CONTENT_TYPE_PUBLIC, "1234");
    assert_true(of->out.rows[0].message_hash == 0 && of->out.rows[0].public_hash != 0);
}

static void an_obligation_is_told_and_its_end_is_a_tombstone(void **state)
{
    out_state *of = *state;
    kh_result stands = obligation_result(KH_RESULT_OBLIGATION);
    kh_result gone = obligation_result(KH_RESULT_OBLIGATION_GONE);
    kh_text value = {NULL, 0};
    add_and_forget(of, &stands);
    add_and_forget(of, &gone);
    assert_rc(kh_message_obligation(&stands, &of->core->arena, &value), KH_OK);
    assert_int_equal(of->out.message_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_message(&of->out.messages[i], KH_TOPIC_OBLIGATIONS, "REVOCATION_NOTICE/SG/1@JP",
                       "REVOCATION_NOTICE/SG/1@JP#7", KH_CONTENT_TYPE_OBLIGATION, "55");
        assert_int_equal(of->out.rows[i].previous_seq, KH_SEQ_NONE);
    }
    assert_value(&of->out.messages[0], value);
    assert_false(of->out.messages[1].has_value);
    assert_int_equal(of->out.messages[1].value.length, 0);
}

static void a_dead_letter_is_the_record_with_where_and_why(void **state)
{
    out_state *of = *state;
    kh_record record = refused_record();
    kh_result result = dead_letter_result(of, &record, KH_REFUSAL_INVALID_ID);
    add_and_forget(of, &result);
    assert_int_equal(of->out.message_count, 1);
    const kh_message *message = &of->out.messages[0];
    assert_int_equal(message->topic, KH_TOPIC_DEAD_LETTERS);
    assert_int_equal(message->partition, 3);
    assert_true(message->has_key && kh_text_equal(message->key, record.key));
    assert_value(message, record.value);
    static const char *const ours[][2] = {
        {"kh-id", "sg.label-events/3/42"},
        {"kh-lane", "3"},
        {"kh-seq", "9"},
        {"kh-topic", "sg.label-events"},
        {"kh-partition", "3"},
        {"kh-offset", "42"},
        {"kh-timestamp", "1780000000123"},
        {"kh-reason", "INVALID_ID"},
        {"kh-detail", "id: mend it"},
    };
    assert_int_equal(message->header_count, 9 + 5);
    for (uint32_t i = 0; i < 9; i++) {
        assert_header(message, i, ours[i][0], ours[i][1]);
    }
    for (uint32_t i = 0; i < 5; i++) { /* its own behind, as they were */
        const kh_header *kept = &message->headers[9 + i];
        assert_true(kh_text_equal(kept->name, record.headers[i].name));
        assert_true(kh_text_equal(kept->value, record.headers[i].value));
        assert_int_equal(kept->has_value, record.headers[i].has_value);
    }
}

static void a_record_without_key_or_value_has_none_as_a_dead_letter(void **state)
{
    out_state *of = *state;
    kh_record record = {.topic = KH_TEXT("jp.label-events"), .partition = 3, .offset = 1};
    kh_result result = dead_letter_result(of, &record, KH_REFUSAL_NO_BODY);
    add_and_forget(of, &result);
    assert_false(of->out.messages[0].has_key);
    assert_false(of->out.messages[0].has_value);
    assert_int_equal(of->out.messages[0].header_count, 9);
    assert_false(of->out.dead_letters[0].has_key);
    assert_false(of->out.dead_letters[0].has_value);
}

static void what_was_too_large_is_told_by_its_size(void **state)
{
    out_state *of = *state;
    kh_record record = refused_record();
    kh_result result = dead_letter_result(of, &record, KH_REFUSAL_TOO_LARGE);
    assert_rc(kh_outgoing_add(&of->out, &of->work, of->cache, 3, &result), KH_OK);
    const kh_message *message = &of->out.messages[0];
    assert_true(message->has_key && !message->has_value);
    assert_int_equal(message->header_count, 10 + 5);
    assert_header(message, 7, "kh-reason", "TOO_LARGE");
    assert_header(message, 9, "kh-size", "3");
    assert_true(of->out.dead_letters[0].has_value); /* the database keeps it */
    assert_true(kh_text_equal(of->out.dead_letters[0].value, record.value));
    assert_int_equal(of->out.dead_letters[0].value_size, 3);
}

static void assert_same_message(const kh_message *a, const kh_message *b)
{
    assert_int_equal(a->topic, b->topic);
    assert_int_equal(a->partition, b->partition);
    assert_int_equal(a->has_key, b->has_key);
    assert_int_equal(a->has_value, b->has_value);
    assert_true(kh_text_equal(a->key, b->key) && kh_text_equal(a->value, b->value));
    assert_int_equal(a->timestamp, b->timestamp);
    assert_int_equal(a->header_count, b->header_count);
    for (uint32_t i = 0; i < a->header_count; i++) {
        assert_true(kh_text_equal(a->headers[i].name, b->headers[i].name));
        assert_true(kh_text_equal(a->headers[i].value, b->headers[i].value));
        assert_int_equal(a->headers[i].has_value, b->headers[i].has_value);
    }
}

/* What recovery publishes from the row is what was to be published at first. */
static void assert_row_says_the_same(out_state *of, const kh_result *result, size_t messages)
{
    kh_outgoing again;
    kh_message_cache *fresh = NULL; /* a worker that takes over remembers nothing */
    kh_outgoing_reset(&of->out);
    kh_outgoing_init(&again);
    assert_rc(kh_message_cache_new(kh_heap(), &fresh), KH_OK);
    assert_rc(kh_outgoing_add(&of->out, &of->work, of->cache, 3, result), KH_OK);
    const kh_dead_letter_row *letter = of->out.dead_letter_count == 1 ? &of->out.dead_letters[0] : NULL;
    assert_rc(kh_outgoing_add_row(&again, fresh, &of->core->book.book, &of->out.rows[0], letter), KH_OK);
    assert_int_equal(of->out.message_count, messages);
    assert_int_equal(again.message_count, messages);
    assert_int_equal(again.row_count + again.dead_letter_count, 0);
    for (size_t i = 0; i < messages; i++) {
        assert_same_message(&again.messages[i], &of->out.messages[i]);
    }
    kh_message_cache_free(fresh);
    kh_outgoing_deinit(&again);
}

static void a_row_gives_the_same_messages_again(void **state)
{
    out_state *of = *state;
    kh_record record = refused_record();
    kh_record bare = {.topic = KH_TEXT("jp.label-events"), .partition = 3, .offset = 1};
    kh_result results[] = {
        status_result(of, 4, 2),
        status_result(of, 4, 0),
        status_result(of, 0, 6),
        obligation_result(KH_RESULT_OBLIGATION),
        obligation_result(KH_RESULT_OBLIGATION_GONE),
        dead_letter_result(of, &record, KH_REFUSAL_INVALID_ID),
        dead_letter_result(of, &record, KH_REFUSAL_TOO_LARGE),
        dead_letter_result(of, &bare, KH_REFUSAL_NO_BODY),
    };
    static const size_t messages[] = {2, 1, 1, 1, 1, 1, 1, 1};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        assert_row_says_the_same(of, &results[i], messages[i]);
    }
}

static void a_row_that_cannot_be_told_again_says_so(void **state)
{
    out_state *of = *state;
    kh_record record = refused_record();
    kh_result letter = dead_letter_result(of, &record, KH_REFUSAL_INVALID_ID);
    kh_result status = status_result(of, 1, 1);
    const kh_rule_book *book = &of->core->book.book;
    assert_rc(kh_outgoing_add(&of->out, &of->work, of->cache, 3, &letter), KH_OK);
    assert_rc(kh_outgoing_add(&of->out, &of->work, of->cache, 3, &status), KH_OK);
    kh_result_row letter_row = of->out.rows[0];
    kh_result_row status_row = of->out.rows[1];
    size_t before = of->out.message_count;
    assert_rc(kh_outgoing_add_row(&of->out, of->cache, book, &letter_row, NULL), KH_E_INTERNAL);
    of->core->book.packs[0].sha256 = of->core->book.packs[1].sha256; /* not loaded any more */
    assert_rc(kh_outgoing_add_row(&of->out, of->cache, book, &status_row, NULL), KH_E_CONFIGURATION);
    status_row.decision = KH_TEXT("\x01");
    assert_rc(kh_outgoing_add_row(&of->out, of->cache, book, &status_row, NULL), KH_E_INTERNAL);
    assert_int_equal(of->out.message_count, before);
}

static void a_lane_says_where_it_is_for_each_topic(void **state)
{
    out_state *of = *state;
    static const char *const topics[] = {"jp", "sg"};
    static const int64_t first[] = {10, 20};
    static const int64_t second[] = {30, 40};
    assert_rc(kh_outgoing_add_lane(&of->out, KH_TEXT("my deployment"), 3, 77, topics, first, 2), KH_OK);
    assert_rc(kh_outgoing_add_lane(&of->out, KH_TEXT("my deployment"), 5, 0, topics, second, 2), KH_OK);
    assert_int_equal(of->out.mark_count, 2);
    assert_true(of->out.marks[0].lane == 3 && of->out.marks[0].next_seq == 77);
    assert_true(of->out.marks[1].lane == 5 && of->out.marks[1].next_seq == 0);
    assert_int_equal(of->out.offset_count, 4);
    for (size_t i = 0; i < 4; i++) {
        const kh_lane_offset *offset = &of->out.offsets[i];
        int64_t next_seq = -1;
        kh_text deployment = {NULL, 0};
        assert_ptr_equal(offset->topic, topics[i % 2]);
        assert_int_equal(offset->lane, i < 2 ? 3 : 5);
        assert_int_equal(offset->next_offset, (int64_t)(i + 1) * 10);
        assert_true(kh_mark_parse(offset->metadata, &next_seq, &deployment));
        assert_int_equal(next_seq, i < 2 ? 77 : 0);
        assert_text(deployment, "my deployment");
    }
}

static void only_our_own_marks_are_read(void **state)
{
    (void)state;
    static const char *const not_ours[] = {
        "",
        "kakehashi/1",
        "kakehashi/1 ",
        "kakehashi/1 7",
        "kakehashi/1  here",
        "kakehashi/1 x here",
        "kakehashi/1 -1 here",
        "kakehashi/1 7x here",
        "kakehashi/2 7 here",
        "Kakehashi/1 7 here",
        " kakehashi/1 7 here",
        "kakehashi/1 1000000000000000000 here",
        "kakehashi/1 99999999999999999999999 here",
        "somebody else's",
    };
    int64_t next_seq = -5;
    kh_text deployment = KH_TEXT("untouched");
    for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++) {
        if (kh_mark_parse(kh_text_of(not_ours[i]), &next_seq, &deployment)) {
            fail_msg("\"%s\" was taken for a mark", not_ours[i]);
        }
        assert_int_equal(next_seq, -5);
        assert_text(deployment, "untouched");
    }
    assert_true(kh_mark_parse(KH_TEXT("kakehashi/1 999999999999999999 another"), &next_seq, &deployment));
    assert_int_equal(next_seq, INT64_C(999999999999999999));
    assert_text(deployment, "another"); /* whose it is, the reader compares */
    assert_true(kh_mark_parse(KH_TEXT("kakehashi/1 0 "), &next_seq, &deployment));
    assert_text(deployment, "");
}

#define OUT_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUT_TEST(a_status_is_told_to_agencies_and_public),
        OUT_TEST(only_what_changed_is_told),
        OUT_TEST(an_obligation_is_told_and_its_end_is_a_tombstone),
        OUT_TEST(a_dead_letter_is_the_record_with_where_and_why),
        OUT_TEST(a_record_without_key_or_value_has_none_as_a_dead_letter),
        OUT_TEST(what_was_too_large_is_told_by_its_size),
        OUT_TEST(a_row_gives_the_same_messages_again),
        OUT_TEST(a_row_that_cannot_be_told_again_says_so),
        OUT_TEST(a_lane_says_where_it_is_for_each_topic),
        cmocka_unit_test(only_our_own_marks_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
