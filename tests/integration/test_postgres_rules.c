#include "postgres_fixture.h"

#include "postgres/rules.h"

static kh_rule_file_row file(kh_stored_file_kind kind, const char *id, const char *digest, const char *bytes)
{
    return (kh_rule_file_row){.kind = kind,
                              .id = kh_text_of(id),
                              .digest = kh_text_of(digest),
                              .arrangement = kind == KH_STORED_CALENDAR ? (kh_text){0} : KH_TEXT("jp-sg"),
                              .bytes = kh_text_of(bytes),
                              .loaded_by = KH_TEXT("tester")};
}

static long long version(fixture *fx)
{
    return fixture_number(fx, "SELECT CASE WHEN min(arrangement_version) = max(arrangement_version) "
                              "THEN max(arrangement_version) ELSE -1 END FROM lane");
}

static void loading_again_changes_nothing(void **state)
{
    fixture *fx = *state;
    kh_rule_file_row files[] = {file(KH_STORED_PACK, "jp-sg-1", "d1", "pack"),
                                file(KH_STORED_POLICY, "jp-sg", "d2", "policy"),
                                file(KH_STORED_CALENDAR, "JP", "d3", "calendar")};
    size_t added = 0;
    bool loaded = false;
    assert_rc(kh_rules_load_first(fx->one, files, 3, KH_TEXT("c"), &loaded), KH_OK);
    assert_true(loaded);
    assert_int_equal(version(fx), 1);
    assert_rc(kh_rules_load_first(fx->two, files, 3, KH_TEXT("c"), &loaded), KH_OK);
    assert_false(loaded);
    assert_rc(kh_rules_load(fx->two, files, 3, KH_TEXT("c"), &added), KH_OK);
    assert_int_equal(added, 0);
    assert_int_equal(version(fx), 1);
    kh_rule_file_row *read = NULL;
    size_t count = 0;
    assert_rc(kh_rules_read(fx->two, &fx->arena, &read, &count), KH_OK);
    assert_int_equal(count, 3);
    assert_int_equal(read[0].kind, KH_STORED_PACK);
    assert_text(read[0].bytes, "pack");
    assert_text(read[1].arrangement, "jp-sg");
    assert_text(read[2].digest, "d3");
    assert_text(read[2].loaded_by, "tester");
    assert_true(read[2].loaded_at > 1700000000000);
}

static void a_pack_is_never_replaced(void **state)
{
    fixture *fx = *state;
    kh_rule_file_row first = file(KH_STORED_PACK, "jp-sg-1", "d1", "pack");
    kh_rule_file_row others[] = {file(KH_STORED_CALENDAR, "JP", "d3", "calendar"),
                                 file(KH_STORED_PACK, "jp-sg-1", "d9", "other")};
    assert_rc(kh_rules_load(fx->one, &first, 1, KH_TEXT("c"), NULL), KH_OK);
    assert_rc(kh_rules_load(fx->one, others, 2, KH_TEXT("c"), NULL), KH_E_CONFIGURATION);
    assert_non_null(strstr(kh_database_last_error(fx->one)->text, "amendment is a new pack"));
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM calendar"), 0); /* all or none */
    assert_int_equal(version(fx), 1);
    kh_rule_file_row renamed = file(KH_STORED_PACK, "jp-sg-2", "d1", "pack");
    assert_rc(kh_rules_load(fx->one, &renamed, 1, KH_TEXT("c"), NULL), KH_E_CONFIGURATION);
    kh_rule_file_row amendment = file(KH_STORED_PACK, "jp-sg-2", "d2", "pack 2");
    assert_rc(kh_rules_load(fx->one, &amendment, 1, KH_TEXT("c"), NULL), KH_OK);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM rule_pack"), 2);
}

static void policies_and_calendars_may_be_replaced_and_come_back(void **state)
{
    fixture *fx = *state;
    kh_rule_file_row files[] = {
        file(KH_STORED_CALENDAR, "JP", "old", "old bytes"), file(KH_STORED_CALENDAR, "JP", "new", "new bytes"),
        file(KH_STORED_POLICY, "jp-sg", "p1", "one"), file(KH_STORED_POLICY, "jp-sg", "p2", "two")};
    kh_rule_file_row *read = NULL;
    size_t count = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_rc(kh_rules_load(fx->one, &files[i], 1, KH_TEXT("c"), NULL), KH_OK);
    }
    assert_rc(kh_rules_read(fx->one, &fx->arena, &read, &count), KH_OK);
    assert_int_equal(count, 2);
    assert_text(read[0].digest, "p2");
    assert_text(read[1].digest, "new");
    size_t added = 0;
    assert_rc(kh_rules_load(fx->one, &files[0], 1, KH_TEXT("c"), &added), KH_OK);
    assert_int_equal(added, 1);
    assert_rc(kh_rules_read(fx->one, &fx->arena, &read, &count), KH_OK);
    assert_text(read[1].digest, "old");
    assert_int_equal(version(fx), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(loading_again_changes_nothing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_pack_is_never_replaced, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(policies_and_calendars_may_be_replaced_and_come_back, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
