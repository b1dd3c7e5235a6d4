#include "postgres_fixture.h"

#include <stdio.h>

#include "postgres/catalog.h"

typedef struct listing {
    char keys[256];
    size_t count;
    size_t stop_after;
    bool facts;
} listing;

static kh_rc visit(void *self, const kh_subject_row *row)
{
    listing *out = self;
    size_t length = strlen(out->keys);
    if (length < sizeof out->keys - 32) {
        snprintf(out->keys + length, sizeof out->keys - length, "%s%.*s", length > 0 ? " " : "",
                 KH_TEXT_ARGS(row->key));
    }
    out->facts = out->facts || row->facts.length > 0;
    out->count++;
    return out->stop_after != 0 && out->count == out->stop_after ? KH_E_TIMEOUT : KH_OK;
}

static void listed(fixture *fx, kh_catalog_filter filter, const char *expected)
{
    listing out = {0};
    assert_rc(kh_catalog_list(fx->one, &filter, visit, &out), KH_OK);
    assert_string_equal(out.keys, expected);
}

static void a_list_is_filtered_and_in_order(void **state)
{
    fixture *fx = *state;
    fixture_sql(fx,
                "INSERT INTO subject (lane, key, facts, outcomes) VALUES (3, 'JP/1', 'x', 'SG=RECOGNISED'), "
                "(0, 'SG/2', 'x', 'JP=LABEL_NOT_VALID'), (1, 'SG/1', 'x', 'JP=RECOGNISED KR=INCOMPLETE'), "
                "(1, 'SG/9', NULL, NULL), (1, 'arrangement/jp-sg', 'x', NULL), (2, 'SG/1_%', 'x', 'JP=INCOMPLETE')");
    listed(fx, (kh_catalog_filter){0}, "JP/1 SG/1 SG/1_% SG/2 arrangement/jp-sg");
    listed(fx, (kh_catalog_filter){.outcome = KH_TEXT("RECOGNISED")}, "JP/1 SG/1");
    listed(fx, (kh_catalog_filter){.outcome = KH_TEXT("RECOGNISE")}, "");
    listed(fx, (kh_catalog_filter){.outcome = KH_TEXT("INCOMPLETE")}, "SG/1 SG/1_%");
    listed(fx, (kh_catalog_filter){.host = KH_TEXT("KR")}, "SG/1");
    listed(fx, (kh_catalog_filter){.host = KH_TEXT("KR"), .outcome = KH_TEXT("RECOGNISED")}, "");
    listed(fx, (kh_catalog_filter){.pattern = KH_TEXT("SG/*")}, "SG/1 SG/1_% SG/2");
    listed(fx, (kh_catalog_filter){.pattern = KH_TEXT("*/1_%")}, "SG/1_%");
    listed(fx, (kh_catalog_filter){.pattern = KH_TEXT("SG/?")}, "SG/1 SG/2");
    listing out = {0};
    assert_rc(kh_catalog_list(fx->one, &(kh_catalog_filter){.decisions = true}, visit, &out), KH_OK);
    assert_true(out.facts);
}

static void a_long_list_comes_in_pieces_and_may_be_stopped(void **state)
{
    fixture *fx = *state;
    listing all = {0};
    listing some = {.stop_after = 501};
    kh_instant now = 0;
    fixture_sql(fx,
                "INSERT INTO subject (lane, key, facts) SELECT i % 4, 'k' || i, 'x' FROM generate_series(1, 1700) i");
    assert_rc(kh_catalog_list(fx->one, &(kh_catalog_filter){0}, visit, &all), KH_OK);
    assert_int_equal(all.count, 1700);
    assert_rc(kh_catalog_list(fx->one, &(kh_catalog_filter){0}, visit, &some), KH_E_TIMEOUT);
    assert_int_equal(some.count, 501);
    assert_rc(kh_database_now(fx->one, &now), KH_OK); /* the connection is fit for more */
}

static void one_subject_is_found_in_whatever_lane(void **state)
{
    fixture *fx = *state;
    kh_subject_row row;
    kh_obligation_row *obligations = NULL;
    size_t count = 0;
    fixture_sql(fx, "INSERT INTO subject (lane, key, facts, residual_open) VALUES (3, 'JP/1', 'x', 2)");
    fixture_sql(
        fx, "INSERT INTO obligation VALUES ('B', 3, 2, 1, 'JP/1', 'jp-sg', 'JP SG', NULL, '2026-06-01', NULL, NULL, "
            "NULL, NULL, false, true, 4, 77), ('A', 3, 1, 2, 'JP/1', 'jp-sg', 'SG', 'JP', NULL, '1970-01-02', "
            "NULL, NULL, NULL, true, false, 1, 78), ('C', 3, 1, 2, 'JP/2', 'jp-sg', 'SG', 'JP', NULL, NULL, NULL, "
            "NULL, NULL, true, false, 1, 78)");
    assert_rc(kh_catalog_read(fx->one, KH_TEXT("JP/1"), &fx->arena, &row), KH_OK);
    assert_true(row.known);
    assert_int_equal(row.lane, 3);
    assert_int_equal(row.residual_open, 2);
    assert_rc(kh_catalog_read(fx->one, KH_TEXT("JP/3"), &fx->arena, &row), KH_OK);
    assert_false(row.known);
    assert_rc(kh_catalog_obligations(fx->one, KH_TEXT("JP/1"), &fx->arena, &obligations, &count), KH_OK);
    assert_int_equal(count, 2);
    assert_text(obligations[0].id, "A");
    assert_int_equal(obligations[0].due_on, 1);
    assert_true(obligations[0].provisional);
    assert_text(obligations[0].towards, "JP");
    assert_int_equal(obligations[1].due_on, KH_DAY_NONE);
    assert_int_equal(obligations[1].version, 4);
    assert_int_equal(obligations[1].towards.length, 0);
    assert_true(obligations[1].late);
}

typedef struct cases {
    char ids[64];
} cases;

static kh_rc visit_case(void *self, const kh_obligation_row *row, kh_text decisions)
{
    cases *out = self;
    size_t length = strlen(out->ids);
    (void)snprintf(out->ids + length, sizeof out->ids - length, "%.*s%.*s ", KH_TEXT_ARGS(row->id),
                   KH_TEXT_ARGS(decisions));
    return KH_OK;
}

static void obligations_are_listed_by_due_date(void **state)
{
    fixture *fx = *state;
    static const struct {
        kh_text participant;
        int16_t left_out;
        const char *ids;
    } rows[] = {
        {KH_TEXT(""), 0, "Bdecided A D C "},
        {KH_TEXT("JP"), 0, "Bdecided A C "},
        {KH_TEXT("SG"), 3, "Bdecided D "},
        {KH_TEXT("J"), 0, ""},
    };
    fixture_sql(fx, "INSERT INTO subject (lane, key, facts, decisions) VALUES (3, 'JP/1', 'x', 'decided')");
    fixture_sql(fx, "INSERT INTO obligation SELECT i, 3, 1, s, l, 'jp-sg', o, NULL, NULL, d, NULL, NULL, NULL, false, "
                    "false, 1, 7 FROM (VALUES ('A', 3, 'JP/2', 'JP', DATE '2026-08-02'), ('B', 1, 'JP/1', 'JP SG', "
                    "'2026-08-01'), ('C', 3, 'JP/3', 'JP SG', NULL), ('D', 2, 'JP/3', 'SG', '2026-08-02')) "
                    "v (i, s, l, o, d)");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cases out = {.ids = ""};
        assert_rc(kh_catalog_list_obligations(fx->one, rows[i].participant, rows[i].left_out, visit_case, &out), KH_OK);
        assert_string_equal(out.ids, rows[i].ids);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_is_filtered_and_in_order, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_long_list_comes_in_pieces_and_may_be_stopped, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(obligations_are_listed_by_due_date, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(one_subject_is_found_in_whatever_lane, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
