/* A case is seen from the day where it is owed. */
#include "app/obligation_case.h"

#include "support/kh_test.h"

static const kh_rule_pack pack = {
    .id = {"jp-sg-1", 7},
    .arrangement = {"jp-sg", 5},
    .participants = {{.id = {"JP", 2}, .utc_offset_minutes = 540}, {.id = {"SG", 2}, .utc_offset_minutes = 480}},
};
static const kh_rule_pack *const packs[] = {&pack};
static const kh_rule_book book = {.packs = packs, .pack_count = 1};

#define DUE         20000
#define MINUTE      INT64_C(60000)
#define BEGIN_IN_JP ((DUE * INT64_C(1440) - 540) * MINUTE)

static kh_obligation owed_by(const char *one, const char *other)
{
    return (kh_obligation){.kind = KH_OBLIGATION_REVOCATION_NOTICE,
                           .obliged = {kh_text_of(one), kh_text_of(other)},
                           .obliged_count = other == NULL ? 1 : 2,
                           .due_on = DUE,
                           .state = KH_OBLIGATION_OPEN};
}

static kh_obligation_case seen(const kh_obligation *obligation, kh_instant at)
{
    kh_obligation_case of = {.result = {.kind = KH_RESULT_OBLIGATION, .obligation = obligation}};
    kh_obligation_case_judge(&book, at, &of);
    return of;
}

static void the_day_is_that_of_who_owes_it(void **state)
{
    (void)state;
    kh_obligation jp = owed_by("JP", NULL);
    kh_obligation sg = owed_by("SG", NULL);
    kh_obligation both = owed_by("JP", "SG");
    kh_instant end_in_jp = BEGIN_IN_JP + 1440 * MINUTE;
    assert_int_equal(seen(&jp, BEGIN_IN_JP - 1).days_left, 1);
    assert_int_equal(seen(&jp, BEGIN_IN_JP).days_left, 0);
    assert_int_equal(seen(&jp, end_in_jp - 1).state, KH_OBLIGATION_OPEN);
    assert_int_equal(seen(&jp, end_in_jp).state, KH_OBLIGATION_OVERDUE);
    assert_int_equal(seen(&jp, end_in_jp).days_left, -1);
    assert_int_equal(seen(&sg, end_in_jp).state, KH_OBLIGATION_OPEN);
    assert_int_equal(seen(&both, end_in_jp).state, KH_OBLIGATION_OPEN);
    assert_int_equal(seen(&both, end_in_jp + 60 * MINUTE).state, KH_OBLIGATION_OVERDUE);
}

static void what_is_discharged_stays_so_and_what_has_no_date_is_never_overdue(void **state)
{
    (void)state;
    kh_obligation one = owed_by("JP", NULL);
    one.state = KH_OBLIGATION_DISCHARGED;
    assert_int_equal(seen(&one, INT64_C(4000000000000)).state, KH_OBLIGATION_DISCHARGED);
    one.state = KH_OBLIGATION_OVERDUE; /* as of the lane's clock; asked about an earlier day */
    assert_int_equal(seen(&one, BEGIN_IN_JP).state, KH_OBLIGATION_OPEN);
    one.due_on = KH_DAY_NONE;
    kh_obligation_case of = seen(&one, INT64_C(4000000000000));
    assert_true(!of.dated && of.state == KH_OBLIGATION_OPEN);
}

static void filters(void **state)
{
    (void)state;
    kh_obligation jp = owed_by("JP", NULL);
    kh_obligation_case open = seen(&jp, BEGIN_IN_JP - 5 * 1440 * MINUTE);
    kh_obligation_case overdue = seen(&jp, BEGIN_IN_JP + 2 * 1440 * MINUTE);
    kh_obligation done_obligation = jp;
    done_obligation.state = KH_OBLIGATION_DISCHARGED;
    kh_obligation_case done = seen(&done_obligation, BEGIN_IN_JP);
    const struct {
        kh_obligation_filter filter;
        bool open;
        bool overdue;
        bool done;
    } rows[] = {
        {{.days = 0}, true, true, true},
        {{.participant = KH_TEXT("JP")}, true, true, true},
        {{.participant = KH_TEXT("SG")}, false, false, false},
        {{.outstanding = true}, true, true, false},
        {{.overdue = true}, false, true, false},
        {{.due_within = true, .days = 5}, true, true, false},
        {{.due_within = true, .days = 4}, false, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(kh_obligation_filter_takes(&rows[i].filter, &open), rows[i].open);
        assert_int_equal(kh_obligation_filter_takes(&rows[i].filter, &overdue), rows[i].overdue);
        assert_int_equal(kh_obligation_filter_takes(&rows[i].filter, &done), rows[i].done);
    }
}

static void numbers_of_days(void **state)
{
    (void)state;
    int32_t days = 7;
    static const char *const wrong[] = {"", "d", "30x", "-1", "30dd", "30 d", "36501", "99999999999999", "1w"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(kh_obligation_days_parse(wrong[i], &days));
    }
    assert_int_equal(days, 7);
    assert_true(kh_obligation_days_parse("30d", &days) && days == 30);
    assert_true(kh_obligation_days_parse("0", &days) && days == 0);
    assert_true(kh_obligation_days_parse("36500d", &days) && days == 36500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_day_is_that_of_who_owes_it),
        cmocka_unit_test(what_is_discharged_stays_so_and_what_has_no_date_is_never_overdue),
        cmocka_unit_test(filters),
        cmocka_unit_test(numbers_of_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
