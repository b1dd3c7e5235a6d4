#include "support/core_state.h"

/* "JP terminated ...;..." from nothing. */
static const kh_arrangement *arrangement_of(core_state *core, const char *lines)
{
    core_again(core);
    kh_test_history_state(&core->history, lines);
    return core_arrangement(core);
}

static bool in_force(const kh_arrangement *arrangement, const char *date)
{
    return kh_arrangement_in_force(arrangement, kh_test_day(date), NULL);
}

static bool not_yet(const kh_arrangement *arrangement, const char *date)
{
    bool early = false;
    return !kh_arrangement_in_force(arrangement, kh_test_day(date), &early) && early;
}

static void in_force_from_its_effect_on(void **state)
{
    core_state *core = *state;
    const kh_arrangement *arrangement = arrangement_of(core, "");
    bool early = true;
    assert_text(arrangement->id, "jp-sg");
    assert_text(arrangement->subject, "arrangement/jp-sg");
    assert_true(not_yet(arrangement, "2026-05-31"));
    assert_true(kh_arrangement_in_force(arrangement, kh_test_day("2026-06-01"), &early));
    assert_false(early);
    assert_true(in_force(arrangement, "2099-01-01"));
    assert_text(kh_arrangement_pack(arrangement, kh_test_day("2000-01-01"))->id, "jp-sg-1");
    assert_int_equal(arrangement->amendment_count, 0);
}

static void termination(void **state)
{
    core_state *core = *state;
    static const struct {
        const char *lines;
        const char *last; /* the last day in force; NULL: no end */
    } rows[] = {
        {"JP terminated last=2029-05-31", "2029-05-31"},
        {"SG terminated last=2028-05-31", "2028-05-31"},
        {"JP terminated last=2029-05-31;SG terminated last=2028-05-31", "2028-05-31"},
        {"SG terminated last=2028-05-31;JP terminated last=2029-05-31", "2028-05-31"},
        {"JP terminated last=2029-05-31;SG terminated last=2028-05-31;SG termination-withdrawn", "2029-05-31"},
        {"JP terminated last=2029-05-31;JP termination-withdrawn", NULL},
        {"JP terminated last=2029-05-31;JP termination-withdrawn;JP terminated last=2030-05-31", "2030-05-31"},
        {"JP terminated last=2029-05-31;JP terminated last=2028-05-31", "2028-05-31"},
        /* a later last day alone does not move it: it has to be withdrawn first */
        {"JP terminated last=2029-05-31;JP terminated last=2030-05-31", "2029-05-31"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const kh_arrangement *arrangement = arrangement_of(core, rows[i].lines);
        assert_false(not_yet(arrangement, "2090-01-01"));
        if (rows[i].last == NULL) {
            assert_true(in_force(arrangement, "2090-01-01"));
            continue;
        }
        kh_day last = kh_test_day(rows[i].last);
        if (!kh_arrangement_in_force(arrangement, last, NULL) || kh_arrangement_in_force(arrangement, last + 1, NULL) ||
            in_force(arrangement, "2090-01-01")) {
            fail_msg("\"%s\" does not end with %s", rows[i].lines, rows[i].last);
        }
    }
}

static void notice_before_the_effect_means_never_in_force(void **state)
{
    core_state *core = *state;
    const kh_arrangement *arrangement = arrangement_of(core, "JP terminated last=2026-05-15 given=2025-11-01");
    assert_true(not_yet(arrangement, "2026-05-10"));
    assert_true(not_yet(arrangement, "2026-05-31"));
    assert_false(in_force(arrangement, "2026-06-01"));
    assert_false(not_yet(arrangement, "2026-06-01"));
}

static void an_amendment_needs_both_consents_to_one_digest_and_day(void **state)
{
    core_state *core = *state;
    static const struct {
        const char *lines;
        const char *effective; /* NULL: none */
    } rows[] = {
        {"JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01", NULL},
        {"JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
         "SG consented pack=jp-sg-2 from=2026-10-01 given=2026-09-01",
         "2026-10-01"},
        {"SG consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
         "JP consented pack=jp-sg-2 from=2026-10-01 given=2026-11-15",
         "2026-11-15"}, /* the later consent's day */
        {"JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
         "SG consented pack=jp-sg-2 from=2026-10-02 given=2026-08-01",
         NULL}, /* other days */
        {"JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
         "SG consented pack=jp-sg-3 from=2026-10-01 given=2026-08-01",
         NULL}, /* other packs */
        {"JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
         "SG consented pack=jp-sg-2 from=2026-10-02 given=2026-08-01;"
         "JP consented pack=jp-sg-2 from=2026-10-02 given=2026-08-03",
         "2026-10-02"}, /* consented anew */
        {"JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
         "SG consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
         "JP consented pack=jp-sg-2 from=2026-12-01 given=2026-08-03",
         NULL}, /* no longer the same day */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const kh_arrangement *arrangement = arrangement_of(core, rows[i].lines);
        assert_int_equal(arrangement->amendment_count, rows[i].effective != NULL);
        if (rows[i].effective != NULL) {
            kh_day day = kh_test_day(rows[i].effective);
            assert_int_equal(arrangement->amendments[0].effective_on, day);
            assert_text(kh_arrangement_pack(arrangement, day - 1)->id, "jp-sg-1");
            assert_text(kh_arrangement_pack(arrangement, day)->id, "jp-sg-2");
        }
        assert_text(kh_arrangement_pack(arrangement, kh_test_day("2026-09-30"))->id, "jp-sg-1");
    }
}

static void two_amendments_hold_one_after_the_other(void **state)
{
    core_state *core = *state;
    const kh_arrangement *arrangement =
        arrangement_of(core, "JP consented pack=jp-sg-3 from=2027-04-01 given=2026-08-01;"
                             "SG consented pack=jp-sg-3 from=2027-04-01 given=2026-08-01;"
                             "JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
                             "SG consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01");
    assert_int_equal(arrangement->amendment_count, 2);
    assert_text(kh_arrangement_pack(arrangement, kh_test_day("2026-09-30"))->id, "jp-sg-1");
    assert_text(kh_arrangement_pack(arrangement, kh_test_day("2026-10-01"))->id, "jp-sg-2");
    assert_text(kh_arrangement_pack(arrangement, kh_test_day("2027-03-31"))->id, "jp-sg-2");
    assert_text(kh_arrangement_pack(arrangement, kh_test_day("2027-04-01"))->id, "jp-sg-3");
}

static void of_two_on_one_day_that_consented_to_later_holds(void **state)
{
    core_state *core = *state;
    static const char *const orders[] = {
        "JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-02;"
        "SG consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
        "JP consented pack=jp-sg-3 from=2026-10-01 given=2026-08-01;"
        "SG consented pack=jp-sg-3 from=2026-10-01 given=2026-08-01",
        "JP consented pack=jp-sg-3 from=2026-10-01 given=2026-08-01;"
        "SG consented pack=jp-sg-3 from=2026-10-01 given=2026-08-01;"
        "JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-02;"
        "SG consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01",
    };
    for (size_t i = 0; i < 2; i++) {
        const kh_arrangement *arrangement = arrangement_of(core, orders[i]);
        assert_text(kh_arrangement_pack(arrangement, kh_test_day("2026-10-01"))->id, "jp-sg-2");
    }
}

static void a_pack_that_is_missing_blocks_from_the_first_midnight(void **state)
{
    core_state *core = *state;
    kh_instant from = KH_INSTANT_NONE;
    const kh_arrangement *arrangement =
        arrangement_of(core, "JP consented pack=jp-sg-5 from=2027-04-01 given=2026-08-01;"
                             "SG consented pack=jp-sg-5 from=2027-04-01 given=2026-08-01;"
                             "JP consented pack=jp-sg-4 from=2026-12-01 given=2026-08-01;"
                             "SG consented pack=jp-sg-4 from=2026-12-01 given=2026-08-01;"
                             "JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
                             "SG consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01");
    const kh_amendment *missing = kh_arrangement_missing_pack(arrangement, &from);
    assert_non_null(missing);
    assert_true(kh_text_equal(missing->sha256, kh_test_pack_sha256(KH_TEXT("jp-sg-4"))));
    assert_int_equal(from, kh_test_instant("2026-12-01@JP"));
    from = 42;
    assert_null(kh_arrangement_missing_pack(
        arrangement_of(core, "JP consented pack=jp-sg-4 from=2026-12-01 given=2026-08-01"), &from));
    assert_int_equal(from, 42);
}

/* Every allocation fails once, in turn. */
static void out_of_memory(void **state)
{
    core_state *core = *state;
    (void)arrangement_of(core, "JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
                               "SG consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01");
    long failures = 0;
    for (kh_rc rc = KH_E_MEMORY; rc != KH_OK; failures++) {
        kh_test_memory memory;
        kh_arena arena;
        kh_arrangement built = {.id = KH_TEXT("untouched")};
        kh_test_memory_init(&memory, failures);
        kh_arena_init(&arena, 16, &memory.memory);
        rc = kh_arrangement_build(&core->book.book, KH_TEXT("jp-sg"), &core->about, &arena, &built);
        if (rc != KH_OK) {
            assert_rc(rc, KH_E_MEMORY);
            assert_text(built.id, "untouched");
            assert_rc(kh_arrangement_build(&core->book.book, KH_TEXT("jp-sg"), &core->about, &arena, &built), KH_OK);
        }
        assert_int_equal(built.amendment_count, 1);
        kh_arena_deinit(&arena);
        assert_int_equal(memory.live, 0);
    }
    assert_true(failures > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(in_force_from_its_effect_on),
        CORE_TEST(termination),
        CORE_TEST(notice_before_the_effect_means_never_in_force),
        CORE_TEST(an_amendment_needs_both_consents_to_one_digest_and_day),
        CORE_TEST(two_amendments_hold_one_after_the_other),
        CORE_TEST(of_two_on_one_day_that_consented_to_later_holds),
        CORE_TEST(a_pack_that_is_missing_blocks_from_the_first_midnight),
        CORE_TEST(out_of_memory),
    };
    return cmocka_run_group_tests_name("arrangement", tests, NULL, NULL);
}
