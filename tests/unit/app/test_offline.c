#include "app/offline.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/event_rules.h"
#include "app/heap.h"
#include "codec/message.h"
#include "event_lines.h"

#define UNKNOWN_PACK "4444444444444444444444444444444444444444444444444444444444444444"

typedef struct off_state {
    kh_arena arena; /* of the configuration and the lines */
    kh_problems problems;
    kh_configuration configuration;
    kh_event_rules rules;
    kh_message_cache *cache;
    kh_sink sink;
    FILE *told; /* every result and state, a line each */
    char *text;
    size_t size;
    unsigned results;
    unsigned stop_at; /* the n-th is answered with KH_E_RETRY */
    kh_offline *offline;
    int64_t line_number;
} off_state;

/* All that a result says. */
static void tell(off_state *of, const kh_result *result, kh_message_kind kind)
{
    kh_text json = {"", 0};
    kh_arena arena;
    kh_arena_init(&arena, 65536, kh_heap());
    if (result->kind == KH_RESULT_DEAD_LETTER) {
        assert_rc(kh_message_json_dead_letter((uint64_t)result->record->offset, &result->refusal, &arena, &json),
                  KH_OK);
    } else {
        assert_rc(kh_message_json(of->cache, result, kind, &arena, &json), KH_OK);
    }
    (void)fprintf(of->told,
                  "%" PRId64 " %" PRId64 " %d %.*s %u/%u at %" PRId64 " for %.*s %d:%.*s/%" PRId64 " %.*s %.*s\n",
                  result->seq, result->previous_seq, (int)result->kind, KH_TEXT_ARGS(result->key), result->version,
                  result->public_version, result->decided_at, KH_TEXT_ARGS(result->subject), (int)result->cause.trigger,
                  KH_TEXT_ARGS(result->cause.topic), result->cause.offset, KH_TEXT_ARGS(result->cause.event_id),
                  KH_TEXT_ARGS(json));
    kh_arena_deinit(&arena);
}

static kh_message_kind message_of(const kh_result *result)
{
    switch (result->kind) {
    case KH_RESULT_OBLIGATION:
        return KH_MESSAGE_OBLIGATION;
    case KH_RESULT_OBLIGATION_GONE:
        return KH_MESSAGE_OBLIGATION_GONE;
    case KH_RESULT_STATUS:
    case KH_RESULT_DEAD_LETTER:
        break;
    }
    return KH_MESSAGE_STATUS;
}

static kh_rc take_result(void *self, const kh_result *result)
{
    off_state *of = self;
    tell(of, result, message_of(result));
    return ++of->results == of->stop_at ? KH_E_RETRY : KH_OK;
}

static int setup(void **state)
{
    off_state *of = calloc(1, sizeof *of);
    *state = of;
    if (of == NULL) {
        return -1;
    }
    kh_arena_init(&of->arena, 65536, kh_heap());
    kh_problems_init(&of->problems, &of->arena);
    of->sink = (kh_sink){of, take_result};
    of->told = open_memstream(&of->text, &of->size);
    bool good =
        of->told != NULL &&
        kh_configuration_load(KH_SOURCE_DIR "/config/kakehashi.yaml", NULL, 0, &of->problems, &of->configuration) ==
            KH_OK &&
        kh_event_rules_init(&of->configuration.settings, &of->configuration.book, &of->arena, &of->rules) == KH_OK &&
        kh_message_cache_new(kh_heap(), &of->cache) == KH_OK;
    return good ? 0 : -1;
}

static int teardown(void **state)
{
    off_state *of = *state;
    kh_offline_free(of->offline);
    kh_message_cache_free(of->cache);
    (void)fclose(of->told);
    free(of->text);
    kh_arena_deinit(&of->arena);
    free(of);
    return 0;
}

/* Forgets everything told and decided. */
static void begin(off_state *of, uint32_t batch)
{
    kh_offline_free(of->offline);
    (void)fclose(of->told);
    free(of->text);
    of->text = NULL;
    of->told = open_memstream(&of->text, &of->size);
    of->results = 0;
    of->line_number = 0;
    of->offline = kh_offline_new(&of->rules, batch, &of->sink);
    assert_true(of->offline != NULL && of->told != NULL);
}

/* A copy of what was told since begin. */
static char *told(off_state *of)
{
    assert_int_equal(fflush(of->told), 0);
    char *copy = strdup(of->text);
    assert_non_null(copy);
    return copy;
}

static kh_rc take_text(off_state *of, const char *line)
{
    return kh_offline_take_line(of->offline, kh_text_of(line), ++of->line_number);
}

static kh_rc take(off_state *of, const char *timestamp, const char *subject, unsigned revision, const char *participant,
                  const char *body)
{
    kh_text line = event_line(&of->arena, timestamp, subject, revision, participant, body);
    return kh_offline_take_line(of->offline, line, ++of->line_number);
}

typedef struct happening {
    const char *timestamp;
    const char *subject;
    unsigned revision;
    const char *participant;
    const char *body;
} happening;

static const happening HISTORY[] = {
    {"2026-06-02T00:00:00Z", "JP/1", 1, "JP", ISSUED("2026-06-01", "2028-05-31", "")},
    {"2026-06-03T00:00:00Z", "SG/2", 1, "SG", DERIVED("2026-06-01", "2027-05-31", "JP/1")},
    {"2026-06-04T00:00:00Z", "SG/3", 1, "SG", ISSUED("2026-06-01", "2026-07-31", DOCUMENT)},
    {"2026-06-05T00:00:00Z", "SG/3", 2, "JP", RAISED("2026-06-04")},
    {"2026-06-20T00:00:00Z", "SG/4", 1, "SG", ISSUED("2026-06-01", "2029-05-31", "")},
    {"2026-06-10T00:00:00Z", "JP/1", 2, "JP", SUSPENDED("2026-09-01")}, /* its time is before the clock */
    {"2026-06-21T00:00:00Z", "JP/1", 2, "JP", SUSPENDED("2026-09-02")}, /* a revision that is taken */
    {"2026-06-22T00:00:00Z", "SG/2", 2, "JP", SUSPENDED("2026-09-02")}, /* not theirs */
    {"2026-07-01T00:00:00Z", "SG/2", 2, "SG", REVOKED("2026-07-10")},
    {"2026-07-02T00:00:00Z", "SG/5", 1, "SG", SUSPENDED("2026-07-01")}, /* its issue is unknown: not public */
    {"2026-10-01T00:00:00Z", "SG/2", 3, "SG", REVOKED_NOT},
    {"2026-10-02T00:00:00Z", "arrangement/jp-sg", 1, "JP", TERMINATED("2026-10-02", "2028-03-31")},
    {"2026-10-03T00:00:00Z", "JP/1", 3, "JP", LIFTED("2026-10-03")},
    {"2026-10-03T00:00:00Z", "JP/1", 3, "JP", LIFTED("2026-10-03")}, /* once more */
};
#define HAPPENINGS (sizeof HISTORY / sizeof *HISTORY)

static void take_history(off_state *of)
{
    for (size_t i = 0; i < HAPPENINGS; i++) {
        const happening *one = &HISTORY[i];
        assert_rc(take(of, one->timestamp, one->subject, one->revision, one->participant, one->body), KH_OK);
        if (i == 3) {
            assert_rc(take_text(of, "{\"topic\":"), KH_OK);
        }
    }
}

static kh_rc visit_state(void *self, const kh_result *state, bool is_public)
{
    off_state *of = self;
    assert_int_equal(state->decided_at, kh_offline_clock(of->offline));
    tell(of, state, is_public ? KH_MESSAGE_PUBLIC : message_of(state));
    return KH_OK;
}

static char *whole_history(off_state *of, uint32_t batch)
{
    begin(of, batch);
    take_history(of);
    assert_rc(kh_offline_states(of->offline, visit_state, of), KH_OK);
    assert_rc(kh_offline_advance(of->offline, kh_test_instant("2030-01-01T00:00:00Z")), KH_OK);
    assert_rc(kh_offline_states(of->offline, visit_state, of), KH_OK);
    return told(of);
}

static unsigned count(const char *text, const char *part)
{
    unsigned found = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        found++;
    }
    return found;
}

static void where_a_batch_ends_never_shows(void **state)
{
    off_state *of = *state;
    char *all = whole_history(of, 1000);
    /* The history is worth it: dead letters, an arrangement that changes, dependents, time, and an end. */
    assert_int_equal(count(all, "\"deadLetter\""), 3);
    assert_int_equal(count(all, "UNDECODABLE"), 1);
    assert_int_equal(count(all, "CONFLICTING_REVISION"), 1);
    assert_int_equal(count(all, "NOT_AUTHORISED"), 1);
    assert_int_equal(count(all, "\"obligationGone\":{\"id\":\"REVOCATION_NOTICE/SG/2@JP\"}"), 1);
    assert_int_equal(count(all, "\"obligationGone\":{\"id\":\"YEARLY_CONSULTATION/jp-sg\"}"), 1);
    assert_true(count(all, "TRIGGER_ARRANGEMENT") > 2);
    assert_true(count(all, "TRIGGER_BASIS") > 0 && count(all, "TRIGGER_TIME") > 3);
    static const uint32_t batches[] = {1, 2, 3, 5};
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        char *cut = whole_history(of, batches[i]);
        assert_string_equal(cut, all);
        free(cut);
    }
    free(all);
}

static void each_falls_due_at_its_own_instant(void **state)
{
    off_state *of = *state;
    begin(of, 1000);
    assert_rc(take(of, "2026-06-04T00:00:00Z", "SG/3", 1, "SG", ISSUED("2026-06-01", "2026-07-31", "")), KH_OK);
    assert_rc(take(of, "2026-09-04T00:00:00Z", "SG/4", 1, "SG", ISSUED("2026-06-01", "2029-05-31", "")), KH_OK);
    char expired[64];
    (void)snprintf(expired, sizeof expired, "SG/3@JP 2/2 at %" PRId64 " ", kh_test_instant("2026-08-01@SG"));
    char *text = told(of);
    const char *first = strstr(text, expired);
    assert_non_null(first);
    assert_true(first < strstr(text, " SG/4@JP ")); /* before the record that moved the clock past it */
    free(text);
}

static void the_clock_never_goes_back(void **state)
{
    off_state *of = *state;
    begin(of, 2);
    assert_int_equal(kh_offline_clock(of->offline), KH_INSTANT_NONE);
    assert_rc(take_text(of, "no JSON at all"), KH_OK); /* says nothing of the time */
    assert_int_equal(kh_offline_clock(of->offline), KH_INSTANT_NONE);
    assert_rc(kh_offline_advance(of->offline, kh_test_instant("2026-07-01T00:00:00Z")), KH_OK);
    assert_rc(kh_offline_advance(of->offline, kh_test_instant("2026-06-01T00:00:00Z")), KH_OK);
    assert_int_equal(kh_offline_clock(of->offline), kh_test_instant("2026-07-01T00:00:00Z"));
    assert_rc(take(of, "2026-06-04T00:00:00Z", "SG/3", 1, "SG", ISSUED("2026-06-01", "2026-07-31", "")), KH_OK);
    assert_int_equal(kh_offline_clock(of->offline), kh_test_instant("2026-07-01T00:00:00Z"));
    char *text = told(of);
    char at[64];
    (void)snprintf(at, sizeof at, "SG/3@JP 1/1 at %" PRId64 " ", kh_test_instant("2026-07-01T00:00:00Z"));
    assert_non_null(strstr(text, at));
    free(text);
    /* A line that is refused has its time all the same. */
    assert_rc(take(of, "2026-07-05T00:00:00Z", "SG/3", 1, "JP", SUSPENDED("2026-07-01")), KH_OK);
    assert_int_equal(kh_offline_clock(of->offline), kh_test_instant("2026-07-05T00:00:00Z"));
}

static void consent(off_state *of, const char *timestamp, const char *participant)
{
    assert_rc(
        take(of, timestamp, "arrangement/jp-sg", 1, participant, CONSENTED(UNKNOWN_PACK, "2026-07-01", "2027-01-01")),
        KH_OK);
}

static void a_missing_rule_pack_ends_it_at_the_first_midnight(void **state)
{
    off_state *of = *state;
    const kh_instant midnight = kh_test_instant("2027-01-01@JP"); /* an hour before Singapore's */
    kh_instant from = 0;
    for (uint32_t batch = 1; batch <= 3; batch++) {
        begin(of, batch);
        consent(of, "2026-07-01T00:00:00Z", "JP");
        assert_text(kh_offline_missing(of->offline, &from), ""); /* one of them alone binds nobody */
        assert_int_equal(from, KH_INSTANT_NONE);
        consent(of, "2026-07-02T00:00:00Z", "SG");
        assert_text(kh_offline_missing(of->offline, &from), UNKNOWN_PACK);
        assert_int_equal(from, midnight);
        assert_rc(take(of, "2026-07-03T00:00:00Z", "SG/3", 1, "SG", ISSUED("2026-06-01", "2026-12-31", "")), KH_OK);
        assert_rc(kh_offline_advance(of->offline, midnight - 1), KH_OK);
        assert_rc(kh_offline_advance(of->offline, midnight), KH_E_CONFIGURATION);
        assert_int_equal(kh_offline_clock(of->offline), midnight - 1);
        assert_rc(take(of, "2027-03-01T00:00:00Z", "SG/4", 1, "SG", ISSUED("2026-06-01", "2029-05-31", "")),
                  KH_E_CONFIGURATION);
        assert_int_equal(kh_offline_clock(of->offline), midnight - 1);
        char *text = told(of);
        assert_null(strstr(text, "SG/4@JP"));
        assert_null(strstr(text, "SG/3@JP 2/")); /* its end is behind the block */
        free(text);
    }
}

static void what_is_due_before_the_block_is_still_decided(void **state)
{
    off_state *of = *state;
    begin(of, 1000);
    consent(of, "2026-07-01T00:00:00Z", "JP");
    consent(of, "2026-07-02T00:00:00Z", "SG");
    assert_rc(take(of, "2026-07-03T00:00:00Z", "SG/3", 1, "SG", ISSUED("2026-06-01", "2026-07-31", "")), KH_OK);
    assert_rc(kh_offline_advance(of->offline, kh_test_instant("2028-01-01T00:00:00Z")), KH_E_CONFIGURATION);
    char *text = told(of);
    assert_non_null(strstr(text, "SG/3@JP 2/2 at "));
    free(text);
}

static void a_pack_that_was_needed_already_ends_it_at_once(void **state)
{
    off_state *of = *state;
    begin(of, 1000);
    consent(of, "2027-02-01T00:00:00Z", "JP");
    char *before = told(of);
    assert_rc(take(of, "2027-02-02T00:00:00Z", "arrangement/jp-sg", 1, "SG",
                   CONSENTED(UNKNOWN_PACK, "2026-07-01", "2027-01-01")),
              KH_E_CONFIGURATION);
    char *after = told(of);
    assert_string_equal(after, before); /* nothing is decided by the wrong pack */
    free(before);
    free(after);
}

/* "S SG/1@JP P SG/1@JP O ...": what stands, in the order in which it is visited. */
typedef struct listing {
    char text[1024];
    size_t used;
    unsigned visited;
    unsigned stop_at;
} listing;

static kh_rc list_state(void *self, const kh_result *state, bool is_public)
{
    listing *of = self;
    const char *kind = is_public ? "P" : (state->kind == KH_RESULT_STATUS ? "S" : "O");
    of->used += (size_t)snprintf(of->text + of->used, sizeof of->text - of->used, "%s%s %.*s",
                                 of->used == 0 ? "" : ", ", kind, KH_TEXT_ARGS(state->key));
    return ++of->visited == of->stop_at ? KH_E_LOST : KH_OK;
}

static void what_stands_comes_by_kind_then_key(void **state)
{
    off_state *of = *state;
    begin(of, 3);
    take_history(of);
    listing all = {0};
    assert_rc(kh_offline_states(of->offline, list_state, &all), KH_OK);
    assert_string_equal(all.text, "S JP/1@SG, S SG/2@JP, S SG/3@JP, S SG/4@JP, S SG/5@JP, "
                                  "P JP/1@SG, P SG/2@JP, P SG/3@JP, P SG/4@JP, "
                                  "O CONSULTATION/SG/3@JP, O YEARLY_CONSULTATION/jp-sg");
    listing some = {.stop_at = 3};
    assert_rc(kh_offline_states(of->offline, list_state, &some), KH_E_LOST);
    assert_int_equal(some.visited, 3);
}

static void looking_changes_nothing(void **state)
{
    off_state *of = *state;
    begin(of, 1000);
    take_history(of);
    assert_rc(kh_offline_advance(of->offline, kh_test_instant("2030-01-01T00:00:00Z")), KH_OK);
    char *expected = told(of);
    begin(of, 1000);
    for (size_t i = 0; i < HAPPENINGS; i++) {
        const happening *one = &HISTORY[i];
        listing ignored = {0};
        assert_rc(take(of, one->timestamp, one->subject, one->revision, one->participant, one->body), KH_OK);
        if (i == 3) {
            assert_rc(take_text(of, "{\"topic\":"), KH_OK);
        }
        assert_rc(kh_offline_states(of->offline, list_state, &ignored), KH_OK);
    }
    assert_rc(kh_offline_advance(of->offline, kh_test_instant("2030-01-01T00:00:00Z")), KH_OK);
    char *found = told(of);
    assert_string_equal(found, expected);
    free(found);
    free(expected);
}

static void nothing_stands_before_anything_happens(void **state)
{
    off_state *of = *state;
    begin(of, 1);
    listing none = {0};
    assert_rc(kh_offline_states(of->offline, list_state, &none), KH_OK);
    assert_string_equal(none.text, "");
    kh_offline_free(NULL);
}

static void what_the_sink_says_ends_it(void **state)
{
    off_state *of = *state;
    begin(of, 1000);
    of->stop_at = 2;
    assert_rc(take(of, "2026-06-04T00:00:00Z", "SG/3", 1, "SG", ISSUED("2026-06-01", "2026-07-31", "")), KH_E_RETRY);
    assert_int_equal(of->results, 2); /* the arrangement's yearly consultation was the first */
}

#define OFF_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OFF_TEST(where_a_batch_ends_never_shows),
        OFF_TEST(each_falls_due_at_its_own_instant),
        OFF_TEST(the_clock_never_goes_back),
        OFF_TEST(a_missing_rule_pack_ends_it_at_the_first_midnight),
        OFF_TEST(what_is_due_before_the_block_is_still_decided),
        OFF_TEST(a_pack_that_was_needed_already_ends_it_at_once),
        OFF_TEST(what_stands_comes_by_kind_then_key),
        OFF_TEST(looking_changes_nothing),
        OFF_TEST(nothing_stands_before_anything_happens),
        OFF_TEST(what_the_sink_says_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
