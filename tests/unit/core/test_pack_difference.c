/* What two rule packs provide differently, provision by provision. */
#include "kakehashi/pack_difference.h"

#include "support/core_state.h"

/* Two packs that say the same, with arrays of their own to change. */
typedef struct packs {
    kh_rule_pack a;
    kh_rule_pack b;
    kh_table tables[3];
    kh_requirement rows[2][32];
} packs;

static void init(core_state *core, packs *of)
{
    of->a = core->book.packs[0];
    of->b = of->a;
    assert_true(of->a.table_count >= 2 && of->a.table_count <= 3);
    memcpy(of->tables, of->a.tables, of->a.table_count * sizeof *of->tables);
    for (int i = 0; i < 2; i++) {
        assert_true(of->tables[i].requirement_count <= 32);
        memcpy(of->rows[i], of->tables[i].requirements, of->tables[i].requirement_count * sizeof **of->rows);
        of->tables[i].requirements = of->rows[i];
    }
    of->b.tables = of->tables;
}

static kh_pack_difference *compare(core_state *core, const packs *of, uint32_t expected)
{
    kh_pack_difference *items = NULL;
    uint32_t count = 0;
    assert_rc(kh_rule_packs_compare(&of->a, &of->b, &core->arena, &items, &count), KH_OK);
    assert_int_equal(count, expected);
    return items;
}

static void is(const kh_pack_difference *difference, kh_pack_difference_kind kind, const char *where,
               const char *subject, const char *before, const char *after)
{
    assert_int_equal(difference->kind, kind);
    assert_text(difference->article.length > 0 ? difference->article : difference->citation, where);
    assert_text(difference->subject, subject);
    assert_text(difference->before, before);
    assert_text(difference->after, after);
}

static void the_same_have_none(void **state)
{
    packs of;
    init(*state, &of);
    of.b.id = KH_TEXT("another");
    of.b.sha256 = KH_TEXT("another");
    (void)compare(*state, &of, 0);
}

static void terms(void **state)
{
    packs of;
    init(*state, &of);
    of.b.arrangement = KH_TEXT("jp-fi");
    of.b.title = KH_TEXT("T");
    of.b.amends = true;
    of.a.signed_on = 0;
    of.b.signed_on = 1;
    of.a.effective_from = 0;
    of.b.effective_from = KH_DAY_NONE;
    of.a.term_years = 3;
    of.b.term_years = 5;
    of.a.termination_notice_months = 6;
    of.b.termination_notice_months = 7;
    of.a.revocation_notice_business_days = 30;
    of.b.revocation_notice_business_days = 20;
    of.a.consultation_months = 12;
    of.b.consultation_months = 6;
    const kh_pack_difference *found = compare(*state, &of, 9);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(found[i].kind, KH_PACK_DIFFERENCE_ARRANGEMENT + i);
    }
    is(&found[2], KH_PACK_DIFFERENCE_FORCE, "9", "", "AS_SIGNED", "BY_CONSENT");
    is(&found[4], KH_PACK_DIFFERENCE_EFFECTIVE_FROM, "11.2", "", "1970-01-01", "");
    is(&found[7], KH_PACK_DIFFERENCE_REVOCATION_NOTICE, "3.6", "", "30", "20");
    is(&found[8], KH_PACK_DIFFERENCE_CONSULTATION, "4.2", "", "12", "6");
}

static void participants(void **state)
{
    static const kh_text categories[] = {{"general-iot", 11}, {"toy", 3}};
    packs of;
    init(*state, &of);
    kh_participant *jp = &of.b.participants[0];
    jp->authority = KH_TEXT("A");
    jp->scheme = KH_TEXT("S");
    jp->level_last = 9;
    jp->baseline_level = 2;
    jp->utc_offset_minutes = -570;
    jp->calendar = KH_TEXT("c");
    jp->categories = categories;
    jp->category_count = 2;
    const kh_pack_difference *found = compare(*state, &of, 8);
    is(&found[3], KH_PACK_DIFFERENCE_BASELINE, "3.3", "JP", "1", "2");
    is(&found[4], KH_PACK_DIFFERENCE_UTC_OFFSET, "", "JP", "+09:00", "-09:30");
    is(&found[6], KH_PACK_DIFFERENCE_CATEGORY, "2", "JP", "home-gateway", "");
    is(&found[7], KH_PACK_DIFFERENCE_CATEGORY, "2", "JP", "", "toy");
    init(*state, &of);
    of.b.participants[1].id = KH_TEXT("FI");
    found = compare(*state, &of, 2);
    is(&found[0], KH_PACK_DIFFERENCE_PARTICIPANT, "", "", "SG", "");
    is(&found[1], KH_PACK_DIFFERENCE_PARTICIPANT, "", "", "", "FI");
}

static void rows(void **state)
{
    packs of;
    init(*state, &of);
    kh_requirement *row = of.rows[0];
    kh_text citation = row[0].citation;
    row[0].equivalence = row[0].equivalence == KH_EQUIVALENCE_FULL ? KH_EQUIVALENCE_NONE : KH_EQUIVALENCE_FULL;
    const kh_pack_difference *found = compare(*state, &of, 1);
    assert_int_equal(found[0].kind, KH_PACK_DIFFERENCE_REQUIREMENT);
    assert_text(found[0].citation, citation.data);
    assert_int_equal(found[0].equivalence_after, row[0].equivalence);
    assert_int_not_equal(found[0].equivalence_before, row[0].equivalence);
    init(*state, &of);
    row[0].citation = KH_TEXT("A-9/1");
    found = compare(*state, &of, 1);
    assert_int_equal(found[0].kind, KH_PACK_DIFFERENCE_ROW_CITATION);
    init(*state, &of);
    row[0].requirement = KH_TEXT("new");
    found = compare(*state, &of, 2);
    assert_true(found[0].equivalence_after == 0 && found[0].equivalence_before != 0);
    assert_true(found[1].equivalence_before == 0 && found[1].equivalence_after != 0);
    assert_text(found[1].subject, "new");
    init(*state, &of);
    kh_requirement first = row[0];
    row[0] = row[1];
    row[1] = first;
    found = compare(*state, &of, 1);
    assert_int_equal(found[0].kind, KH_PACK_DIFFERENCE_ROW_ORDER);
}

static void tables(void **state)
{
    static const kh_text toys[] = {{"toy", 3}};
    packs of;
    init(*state, &of);
    of.tables[0].categories = toys;
    of.tables[0].category_count = 1;
    uint32_t had = of.a.tables[0].category_count;
    const kh_pack_difference *found = compare(*state, &of, had + 1);
    assert_int_equal(found[had].kind, KH_PACK_DIFFERENCE_TABLE_CATEGORY);
    assert_text(found[had].after, "toy");
    init(*state, &of);
    of.b.table_count--;
    const kh_table *gone = &of.a.tables[of.a.table_count - 1];
    found = compare(*state, &of, 1 + gone->category_count + gone->requirement_count);
    assert_int_equal(found[0].kind, KH_PACK_DIFFERENCE_TABLE);
    assert_text(found[0].citation, gone->id.data);
    assert_true(found[0].before.length > 0 && found[0].after.length == 0);
    kh_rule_pack kept = of.a;
    of.a = of.b;
    of.b = kept;
    found = compare(*state, &of, 1 + gone->category_count + gone->requirement_count);
    assert_true(found[0].before.length == 0 && found[0].after.length > 0);
}

static void out_of_memory(void **state)
{
    packs of;
    kh_test_memory memory;
    kh_arena arena;
    kh_pack_difference *items = NULL;
    uint32_t count = 7;
    init(*state, &of);
    kh_test_memory_init(&memory, 0);
    kh_arena_init(&arena, 16, &memory.memory);
    assert_rc(kh_rule_packs_compare(&of.a, &of.b, &arena, &items, &count), KH_E_MEMORY);
    assert_true(items == NULL && count == 7);
    kh_arena_deinit(&arena);
    assert_text(kh_pack_difference_name(KH_PACK_DIFFERENCE_TERM), "TERM");
    assert_text(kh_pack_difference_name(KH_PACK_DIFFERENCE_KINDS), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(the_same_have_none), CORE_TEST(terms), CORE_TEST(participants), CORE_TEST(rows), CORE_TEST(tables),
        CORE_TEST(out_of_memory),
    };
    return cmocka_run_group_tests_name("pack_difference", tests, NULL, NULL);
}
