#include "app/shelf.h"

#include <stdio.h>

#include "codec/store.h"
#include "event_lines.h"

static kh_rc put(kh_shelf *shelf, core_state *core, const char *key, const char *basis, kh_instant due_at)
{
    kh_subject subject = {.key = kh_text_of(key), .basis = kh_text_of(basis), .due_at = due_at, .accepted = true};
    return kh_shelf_put(shelf, &subject, &core->arena);
}

/* "B A": the keys that were read, in their order. */
static void assert_keys(const kh_stored_subject *rows, size_t count, const char *expected)
{
    char found[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].known);
        used +=
            (size_t)snprintf(found + used, sizeof found - used, "%s%.*s", i == 0 ? "" : " ", KH_TEXT_ARGS(rows[i].key));
    }
    assert_string_equal(found, expected);
}

static void assert_due(const kh_shelf *shelf, kh_instant after, kh_instant until, size_t limit, const char *expected)
{
    const kh_subject_source *source = kh_shelf_source(shelf);
    kh_stored_subject *rows = NULL;
    size_t count = 99;
    assert_rc(source->read_due(source->self, after, until, limit, &rows, &count), KH_OK);
    assert_keys(rows, count, expected);
}

static void assert_dependents(const kh_shelf *shelf, const char *key, const char *expected)
{
    const kh_subject_source *source = kh_shelf_source(shelf);
    kh_stored_subject *rows = NULL;
    size_t count = 99;
    assert_rc(source->read_dependents(source->self, kh_text_of(key), &rows, &count), KH_OK);
    assert_keys(rows, count, expected);
}

static void assert_all(const kh_shelf *shelf, const char *expected)
{
    kh_stored_subject rows[16];
    size_t count = 0;
    const kh_stored_subject *next = kh_shelf_next(shelf, (kh_text){"", 0});
    for (; next != NULL; next = kh_shelf_next(shelf, next->key)) {
        assert_true(count < 16);
        rows[count++] = *next;
    }
    assert_keys(rows, count, expected);
}

static void an_empty_shelf_has_nothing(void **state)
{
    (void)state;
    kh_shelf *shelf = kh_shelf_new();
    assert_non_null(shelf);
    const kh_subject_source *source = kh_shelf_source(shelf);
    kh_stored_subject row = {.known = true, .accepted = true};
    assert_rc(source->read(source->self, KH_TEXT("SG/1"), &row), KH_OK);
    assert_text(row.key, "SG/1");
    assert_true(!row.known && !row.accepted && row.due_at == KH_INSTANT_NONE);
    kh_text facts = KH_TEXT("left over");
    assert_rc(source->read_basis(source->self, KH_TEXT("SG/1"), &facts), KH_OK);
    assert_text(facts, "");
    assert_all(shelf, "");
    assert_due(shelf, KH_INSTANT_NONE, INT64_MAX, 10, "");
    assert_dependents(shelf, "SG/1", "");
    kh_shelf_free(shelf);
    kh_shelf_free(NULL);
}

static void rows_come_by_key(void **state)
{
    kh_shelf *shelf = kh_shelf_new();
    static const char *const keys[] = {"SG/20", "JP/1", "SG/2", "arrangement/jp-sg", "SG/1", "JP/10"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_rc(put(shelf, *state, keys[i], "", KH_INSTANT_NONE), KH_OK);
    }
    assert_all(shelf, "JP/1 JP/10 SG/1 SG/2 SG/20 arrangement/jp-sg");
    assert_text(kh_shelf_next(shelf, KH_TEXT("SG/11"))->key, "SG/2"); /* need not be there itself */
    assert_null(kh_shelf_next(shelf, KH_TEXT("arrangement/jp-sg")));
    kh_shelf_free(shelf);
}

static void what_is_due_comes_by_instant_then_key(void **state)
{
    kh_shelf *shelf = kh_shelf_new();
    assert_rc(put(shelf, *state, "C", "", 100), KH_OK);
    assert_rc(put(shelf, *state, "A", "", 200), KH_OK);
    assert_rc(put(shelf, *state, "B", "", 100), KH_OK);
    assert_rc(put(shelf, *state, "D", "", KH_INSTANT_NONE), KH_OK);
    assert_rc(put(shelf, *state, "E", "", 300), KH_OK);
    assert_due(shelf, KH_INSTANT_NONE, INT64_MAX, 10, "B C A E");
    assert_due(shelf, KH_INSTANT_NONE, 99, 10, "");
    assert_due(shelf, KH_INSTANT_NONE, 100, 10, "B C");
    assert_due(shelf, KH_INSTANT_NONE, 299, 2, "B C");
    assert_due(shelf, 100, 300, 10, "A E");
    assert_due(shelf, 99, 200, 10, "B C A");
    assert_due(shelf, 300, 900, 10, "");
    kh_shelf_free(shelf);
}

static void what_is_put_again_takes_the_place_of_the_old(void **state)
{
    core_state *core = *state;
    kh_shelf *shelf = kh_shelf_new();
    assert_rc(put(shelf, core, "SG/1", "JP/1", 100), KH_OK);
    assert_rc(put(shelf, core, "SG/2", "JP/1", 100), KH_OK);
    assert_rc(put(shelf, core, "SG/1", "JP/2", 300), KH_OK);
    assert_all(shelf, "SG/1 SG/2");
    assert_due(shelf, KH_INSTANT_NONE, 200, 10, "SG/2");
    assert_due(shelf, 200, 300, 10, "SG/1");
    assert_dependents(shelf, "JP/1", "SG/2");
    assert_dependents(shelf, "JP/2", "SG/1");
    assert_rc(put(shelf, core, "SG/1", "", KH_INSTANT_NONE), KH_OK);
    assert_due(shelf, KH_INSTANT_NONE, INT64_MAX, 10, "SG/2");
    assert_dependents(shelf, "JP/2", "");
    assert_all(shelf, "SG/1 SG/2");
    kh_shelf_free(shelf);
}

static void dependents_are_those_of_just_that_key(void **state)
{
    kh_shelf *shelf = kh_shelf_new();
    static const char *const rows[][2] = {{"SG/9", "JP/1"}, {"SG/10", "JP/1"}, {"SG/3", "JP/10"},
                                          {"SG/4", "JP"},   {"SG/5", ""},      {"SG/1", "JP/1"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_rc(put(shelf, *state, rows[i][0], rows[i][1], KH_INSTANT_NONE), KH_OK);
    }
    assert_dependents(shelf, "JP/1", "SG/1 SG/10 SG/9");
    assert_dependents(shelf, "JP/10", "SG/3");
    assert_dependents(shelf, "JP/", "");
    kh_shelf_free(shelf);
}

/* The list of what was read grows past its first size. */
static void many_rows_are_one_list(void **state)
{
    core_state *core = *state;
    kh_shelf *shelf = kh_shelf_new();
    char key[16];
    for (int i = 0; i < 200; i++) {
        (void)snprintf(key, sizeof key, "SG/%03d", i);
        kh_subject subject = {.key = kh_text_of(key), .basis = KH_TEXT("JP/1"), .due_at = 1000 - i};
        assert_rc(kh_shelf_put(shelf, &subject, &core->arena), KH_OK);
    }
    const kh_subject_source *source = kh_shelf_source(shelf);
    kh_stored_subject *rows = NULL;
    size_t count = 0;
    assert_rc(source->read_dependents(source->self, KH_TEXT("JP/1"), &rows, &count), KH_OK);
    assert_int_equal(count, 200);
    assert_text(rows[0].key, "SG/000");
    assert_text(rows[199].key, "SG/199");
    assert_rc(source->read_due(source->self, KH_INSTANT_NONE, 2000, 150, &rows, &count), KH_OK);
    assert_int_equal(count, 150);
    assert_text(rows[0].key, "SG/199");
    assert_text(rows[149].key, "SG/050");
    kh_shelf_free(shelf);
}

static void facts_and_decisions_come_back_as_they_were(void **state)
{
    core_state *core = *state;
    kh_shelf *shelf = kh_shelf_new();
    static const char *const events[] = {"SG" DERIVED("2026-06-01", "2028-05-31", "JP/7"), "SG" SUSPENDED("2026-08-01"),
                                         "JP" RAISED("2026-07-01"), NULL};
    kh_subject subject = subject_from(core, "SG/1", events);
    publish_subject(core, &subject, "2026-07-15@JP");
    assert_rc(kh_shelf_put(shelf, &subject, &core->arena), KH_OK);
    const kh_subject_source *source = kh_shelf_source(shelf);
    kh_stored_subject row = {0};
    assert_rc(source->read(source->self, KH_TEXT("SG/1"), &row), KH_OK);
    assert_true(row.known && row.accepted);
    assert_int_equal(row.due_at, subject.due_at);
    assert_int_not_equal(row.due_at, KH_INSTANT_NONE);
    assert_dependents(shelf, "JP/7", "SG/1");
    kh_facts facts = {0};
    assert_rc(kh_store_facts_decode(row.facts, &core->arena, &facts), KH_OK);
    assert_true(kh_test_facts_same(&facts, &subject.facts));
    kh_key_state *keys = NULL;
    uint32_t count = 0;
    assert_rc(kh_store_keys_decode(&core->book.book, row.decisions, &core->arena, &keys, &count), KH_OK);
    assert_int_equal(count, 1);
    assert_text(keys[0].key, "SG/1@JP");
    assert_int_equal(keys[0].version, 5);
    assert_int_equal(keys[0].public_version, 2);
    assert_int_equal(keys[0].seq, 41);
    assert_true(kh_status_same(keys[0].status, subject.keys[0].status));
    kh_text basis_facts = {"", 0};
    assert_rc(source->read_basis(source->self, KH_TEXT("SG/1"), &basis_facts), KH_OK);
    assert_true(kh_text_equal(basis_facts, row.facts) && basis_facts.length > 0);
    kh_shelf_free(shelf);
}

/* Rows do not lean on what they were made from. */
static void it_keeps_copies(void **state)
{
    core_state *core = *state;
    kh_shelf *shelf = kh_shelf_new();
    char key[] = "SG/1";
    char basis[] = "JP/1";
    assert_rc(put(shelf, core, key, basis, 100), KH_OK);
    memset(key, '#', sizeof key - 1);
    memset(basis, '#', sizeof basis - 1);
    assert_all(shelf, "SG/1");
    assert_dependents(shelf, "JP/1", "SG/1");
    kh_shelf_free(shelf);
}

static void an_encoding_that_fails_changes_nothing(void **state)
{
    core_state *core = *state;
    kh_shelf *shelf = kh_shelf_new();
    static const char *const one[] = {"SG" ISSUED("2026-06-01", "2028-05-31", ""), NULL};
    static const char *const other[] = {"SG" ISSUED("2026-06-01", "2029-05-31", DOCUMENT), NULL};
    kh_subject before = subject_from(core, "SG/1", one);
    assert_rc(kh_shelf_put(shelf, &before, &core->arena), KH_OK);
    kh_subject after = subject_from(core, "SG/1", other);
    after.due_at = 5;
    kh_test_memory none;
    kh_arena arena;
    kh_test_memory_init(&none, 0);
    kh_arena_init(&arena, 256, &none.memory);
    assert_rc(kh_shelf_put(shelf, &after, &arena), KH_E_MEMORY);
    kh_arena_deinit(&arena);
    kh_stored_subject expected = stored_from(core, &before);
    const kh_stored_subject *row = kh_shelf_next(shelf, (kh_text){"", 0});
    assert_true(row != NULL && kh_text_equal(row->facts, expected.facts));
    assert_due(shelf, KH_INSTANT_NONE, INT64_MAX, 10, "");
    kh_shelf_free(shelf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(an_empty_shelf_has_nothing),
        CORE_TEST(rows_come_by_key),
        CORE_TEST(what_is_due_comes_by_instant_then_key),
        CORE_TEST(what_is_put_again_takes_the_place_of_the_old),
        CORE_TEST(dependents_are_those_of_just_that_key),
        CORE_TEST(many_rows_are_one_list),
        CORE_TEST(facts_and_decisions_come_back_as_they_were),
        CORE_TEST(it_keeps_copies),
        CORE_TEST(an_encoding_that_fails_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
