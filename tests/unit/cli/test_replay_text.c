/* What comparing a replay came to, as people and programs read it. */
#include "cli/replay_text.h"

#include <string.h>

#include "app/heap.h"
#include "support/kh_test.h"

static const kh_rule_pack pack = {.id = {"jp-sg-1", 7}, .arrangement = {"jp-sg", 5}, .sha256 = {"0123456789", 10}};

typedef struct fixture {
    kh_arena arena;
    kh_comparison comparison;
    kh_rules_discrepancy rules[1];
    kh_replay_lines lines;
    char page[8192];
} fixture;

static int setup(void **state)
{
    fixture *of = calloc(1, sizeof *of);
    if (of == NULL) {
        return -1;
    }
    kh_arena_init(&of->arena, 4096, kh_heap());
    of->comparison = (kh_comparison){.subjects = 7, .at = 0, .rules = of->rules};
    of->lines = (kh_replay_lines){.arena = &of->arena, .limit = 2, .comparison = &of->comparison};
    *state = of;
    return 0;
}

static int teardown(void **state)
{
    fixture *of = *state;
    kh_arena_deinit(&of->arena);
    free(of);
    return 0;
}

static kh_status status(kh_outcome outcome)
{
    return (kh_status){
        .label = KH_TEXT("SG/1"), .host = KH_TEXT("JP"), .pack = &pack, .outcome = outcome, .since = KH_INSTANT_NONE};
}

/* As comparing does: counted, then told. */
static void find(fixture *of, const kh_discrepancy *found)
{
    of->comparison.counts[found->kind]++;
    assert_rc(kh_replay_lines_add(&of->lines, found), KH_OK);
}

static const char *print(fixture *of, bool json)
{
    FILE *out = fmemopen(of->page, sizeof of->page, "w");
    assert_non_null(out);
    assert_rc(kh_replay_text_print(&of->lines, json, out), KH_OK);
    assert_int_equal(fclose(out), 0);
    return of->page;
}

static void give_policies(fixture *of)
{
    of->rules[0] = (kh_rules_discrepancy){.kind = KH_STORED_POLICY,
                                          .id = KH_TEXT("jp-sg"),
                                          .live_digest = KH_TEXT("0123456789ab"),
                                          .replay_digest = KH_TEXT("ba9876543210"),
                                          .given = true};
    of->comparison.rule_count = 1;
}

static void nothing_is_said_as_such(void **state)
{
    fixture *of = *state;
    const char *page = print(of, false);
    assert_string_equal(page, "facts: alike, of all 7 subjects, as they stood live at 1970-01-01T00:00:00Z\n"
                              "rules: the same\ndifferences: none\n");
    of->comparison.on_their_way = 3;
    of->comparison.sweeping = 2;
    assert_non_null(strstr(print(of, false), "3 labels are about to be decided again live"));
}

static void a_change_is_told_with_its_reason(void **state)
{
    fixture *of = *state;
    kh_status before = status(KH_OUTCOME_RECOGNISED);
    kh_status after = status(KH_OUTCOME_EXCLUDED_DISPUTE);
    give_policies(of);
    find(of, &(kh_discrepancy){.kind = KH_DISCREPANCY_OUTCOME,
                               .subject = KH_TEXT("SG/1"),
                               .key = KH_TEXT("SG/1@JP"),
                               .of = KH_RESULT_STATUS,
                               .status_before = &before,
                               .status_after = &after});
    const char *page = print(of, false);
    assert_non_null(strstr(page, "rules: policies jp-sg: live 01234567...; replay ba987654..., given to the replay\n"));
    assert_non_null(strstr(page, "outcome or reasons"));
    assert_non_null(strstr(page, "policies jp-sg"));
    page = print(of, true);
    assert_non_null(strstr(page, "{\"comparison\":{\"factsAlike\":true,\"subjects\":\"7\",\"differences\":\"1\""));
    assert_non_null(strstr(page, "{\"difference\":{\"kind\":\"outcome\",\"key\":\"SG/1@JP\",\"what\":\"outcome\","
                                 "\"stands\":\"recognised\""));
    assert_non_null(strstr(page, "\"why\":\"policies jp-sg\"}}\n"));
}

static void facts_explain_what_follows_from_them(void **state)
{
    fixture *of = *state;
    kh_obligation owed = {.kind = KH_OBLIGATION_CONSULTATION, .obliged_count = 1, .state = KH_OBLIGATION_OPEN};
    give_policies(of);
    find(of, &(kh_discrepancy){.kind = KH_DISCREPANCY_FACTS,
                               .subject = KH_TEXT("SG/1"),
                               .key = KH_TEXT("SG/1"),
                               .only_live = KH_TEXT("JP's event e1"),
                               .only_replay = KH_TEXT("")});
    find(of, &(kh_discrepancy){.kind = KH_DISCREPANCY_OBLIGATION,
                               .subject = KH_TEXT("SG/1"),
                               .key = KH_TEXT("CONSULTATION/SG/1@JP"),
                               .of = KH_RESULT_OBLIGATION_GONE,
                               .obligation_before = &owed});
    find(of, &(kh_discrepancy){.kind = KH_DISCREPANCY_ONLY_REPLAY, .subject = KH_TEXT("SG/2"), .key = KH_TEXT("SG/2")});
    const char *page = print(of, false);
    assert_non_null(strstr(page, "facts: not alike, of 2 of 7 subjects"));
    assert_non_null(strstr(page, "JP's event e1"));
    assert_non_null(strstr(page, "its facts differ"));
    assert_non_null(strstr(page, "and 1 more; --limit shows more of them\n")); /* memory is bounded */
    assert_null(strstr(page, "SG/2"));
    assert_non_null(strstr(print(of, true), "\"onlyReplay\":\"1\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_said_as_such, setup, teardown),
        cmocka_unit_test_setup_teardown(a_change_is_told_with_its_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(facts_explain_what_follows_from_them, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
