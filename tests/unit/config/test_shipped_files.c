/* The files in config/, against the memorandum and the official calendars: expected values written by hand from the
 * texts. */
#include "config/configuration.h"

#include "config_fixture.h"
#include "kakehashi/date.h"

#define CONFIG KH_SOURCE_DIR "/config/"

static void load(fixture *fx, kh_configuration *out)
{
    kh_rc rc = kh_configuration_load(CONFIG "kakehashi.yaml", NULL, 0, &fx->problems, out);
    assert_problems(fx, "");
    assert_rc(rc, KH_OK);
}

/* The annexes, row by row: F 完全適合, P 一部適合, N 該当なし. */
static const struct {
    const char *table;
    const char *requirement;
    char meets;
} annexes[] = {
    {"A-1", "1", 'N'},      {"A-1", "2", 'F'},     {"A-1", "3", 'F'},      {"A-1", "4", 'F'},
    {"A-1", "5", 'F'},      {"A-1", "6", 'P'},     {"A-1", "7", 'F'},      {"A-1", "8", 'F'},
    {"A-1", "9", 'P'},      {"A-1", "10", 'F'},    {"A-1", "11", 'N'},     {"A-1", "12", 'N'},
    {"A-1", "13", 'N'},     {"A-1", "14", 'N'},    {"A-1", "15", 'N'},     {"A-1", "16", 'P'},
    {"A-2", "5.1-1", 'F'},  {"A-2", "5.1-2", 'F'}, {"A-2", "5.1-3", 'F'},  {"A-2", "5.1-4", 'F'},
    {"A-2", "5.1-5", 'F'},  {"A-2", "5.2-1", 'F'}, {"A-2", "5.3-2", 'F'},  {"A-2", "5.3-3", 'F'},
    {"A-2", "5.3-7", 'P'},  {"A-2", "5.3-8", 'F'}, {"A-2", "5.3-10", 'F'}, {"A-2", "5.3-13", 'F'},
    {"A-2", "5.3-16", 'F'}, {"B", "5.3-1", 'F'},   {"B", "7.3-1", 'P'},    {"B", "7.3-4", 'N'},
    {"B", "5.3-6", 'N'},    {"B", "7.3-6", 'N'},   {"B", "7.3-7", 'P'},    {"B", "5.3-9", 'F'},
};

static void every_row_of_the_annexes(void **state)
{
    fixture *fx = *state;
    kh_configuration configuration;
    load(fx, &configuration);
    const kh_rule_pack *pack = configuration.book.packs[0];
    size_t expected = 0;
    for (uint32_t t = 0; t < pack->table_count; t++) {
        for (uint32_t r = 0; r < pack->tables[t].requirement_count; r++, expected++) {
            const kh_requirement *row = &pack->tables[t].requirements[r];
            char citation[32];
            assert_true(expected < sizeof(annexes) / sizeof(annexes[0]));
            assert_text(pack->tables[t].id, annexes[expected].table);
            assert_text(row->requirement, annexes[expected].requirement);
            (void)snprintf(citation, sizeof(citation), "%s/%s", annexes[expected].table, annexes[expected].requirement);
            assert_text(row->citation, citation);
            kh_equivalence equivalence = annexes[expected].meets == 'F'   ? KH_EQUIVALENCE_FULL
                                         : annexes[expected].meets == 'P' ? KH_EQUIVALENCE_PARTIAL
                                                                          : KH_EQUIVALENCE_NONE;
            assert_int_equal(row->equivalence, equivalence);
        }
    }
    assert_int_equal(expected, sizeof(annexes) / sizeof(annexes[0]));
}

/* Behind each row stands the wording of the Japanese text: it must be that of the row's own value. */
static void the_wording_behind_each_row(void **state)
{
    (void)state;
    char *text = slurp(CONFIG "rules/jp-sg-1.yaml");
    unsigned rows = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strstr(line, "- {requirement: ") == NULL) {
            continue;
        }
        rows++;
        const char *wording = strstr(line, "FULL,") != NULL      ? "# 完全適合"
                              : strstr(line, "PARTIAL,") != NULL ? "# 一部適合"
                                                                 : "# 該当なし";
        if (strstr(line, wording) == NULL) {
            fail_msg("%s: expected %s", line, wording);
        }
    }
    free(text);
    assert_int_equal(rows, sizeof(annexes) / sizeof(annexes[0]));
}

static void the_articles(void **state)
{
    fixture *fx = *state;
    kh_configuration configuration;
    load(fx, &configuration);
    const kh_rule_pack *pack = configuration.book.packs[0];
    assert_text(pack->id, "jp-sg-1");
    assert_text(pack->arrangement, "jp-sg");
    assert_false(pack->amends);
    assert_int_equal(pack->signed_on, kh_day_from_civil(2026, 3, 18));
    assert_int_equal(pack->effective_from, kh_day_from_civil(2026, 6, 1));
    assert_int_equal(pack->term_years, 3);
    assert_int_equal(pack->termination_notice_months, 6);
    assert_int_equal(pack->revocation_notice_business_days, 30);
    assert_int_equal(pack->consultation_months, 12);
    const kh_participant *jp = &pack->participants[0];
    const kh_participant *sg = &pack->participants[1];
    assert_text(jp->id, "JP");
    assert_text(jp->authority, "METI");
    assert_text(jp->scheme, "JC-STAR");
    assert_text(jp->calendar, "jp-administrative");
    assert_int_equal(jp->utc_offset_minutes, 540);
    assert_text(sg->id, "SG");
    assert_text(sg->authority, "CSA");
    assert_text(sg->scheme, "CLS");
    assert_text(sg->calendar, "sg-public-holidays");
    assert_int_equal(sg->utc_offset_minutes, 480);
    for (size_t i = 0; i < KH_PARTICIPANTS; i++) {
        const kh_participant *side = &pack->participants[i];
        assert_int_equal(side->level_first, 1);
        assert_int_equal(side->level_last, 4);
        assert_int_equal(side->baseline_level, 1);
        assert_int_equal(side->category_count, 2);
        assert_true(kh_participant_covers(side, KH_TEXT("general-iot")));
        assert_true(kh_participant_covers(side, KH_TEXT("home-gateway")));
        assert_false(kh_participant_covers(side, KH_TEXT("drone")));
    }
    assert_int_equal(pack->table_count, 3);
    const kh_table *tables = pack->tables;
    assert_true(kh_table_applies(&tables[0], KH_TEXT("SG"), KH_TEXT("JP"), KH_TEXT("home-gateway")));
    assert_false(kh_table_applies(&tables[0], KH_TEXT("JP"), KH_TEXT("SG"), KH_TEXT("home-gateway")));
    assert_true(kh_table_applies(&tables[1], KH_TEXT("JP"), KH_TEXT("SG"), KH_TEXT("general-iot")));
    assert_true(kh_table_applies(&tables[2], KH_TEXT("JP"), KH_TEXT("SG"), KH_TEXT("home-gateway")));
    assert_false(kh_table_applies(&tables[2], KH_TEXT("JP"), KH_TEXT("SG"), KH_TEXT("general-iot")));
    assert_false(kh_table_applies(&tables[2], KH_TEXT("SG"), KH_TEXT("JP"), KH_TEXT("home-gateway")));
}

/* The shipped policies are the defaults of the table of keys: what a file without them would say. */
static void the_policies_are_at_their_defaults(void **state)
{
    fixture *fx = *state;
    kh_configuration configuration;
    load(fx, &configuration);
    kh_rule_file bare;
    assert_rc(
        kh_rule_file_read("bare", KH_TEXT("kind: policies\nid: jp-sg\narrangement: jp-sg\n"), &fx->problems, &bare),
        KH_OK);
    kh_policies shipped = *configuration.book.policies[0];
    assert_int_equal(shipped.no_counterpart, bare.is.policies.no_counterpart);
    assert_int_equal(shipped.recognise_during_consultation, bare.is.policies.recognise_during_consultation);
    assert_int_equal(shipped.notice_scope, bare.is.policies.notice_scope);
    assert_int_equal(shipped.notice_calendar, bare.is.policies.notice_calendar);
    assert_int_equal(shipped.notice_counts_from, bare.is.policies.notice_counts_from);
}

/* Official lists: month and day. */
static const char *const japan[] = {
    "2026: 01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23",
    "2027: 01-01 01-11 02-11 02-23 03-21 03-22 04-29 05-03 05-04 05-05 07-19 08-11 09-20 09-23 10-11 11-03 11-23",
    "2028: 01-01 01-10 02-11 02-23 03-20 04-29 05-03 05-04 05-05 07-17 08-11 09-18 09-22 10-09 11-03 11-23",
    ("2029: 01-01 01-08 02-11 02-12 02-23 03-20 04-29 04-30 05-03 05-04 05-05 "
     "07-16 08-11 09-17 09-23 09-24 10-08 11-03 11-23"),
};
static const char *const singapore[] = {
    "2026: 01-01 02-17 02-18 03-21 04-03 05-01 05-27 05-31 06-01 08-09 08-10 11-08 11-09 12-25",
    "2027: 01-01 02-06 02-07 02-08 03-10 03-26 05-01 05-17 05-20 08-09 10-28 12-25",
};

static uint32_t check_holidays(const kh_calendar *calendar, const char *const *years, size_t year_count)
{
    uint32_t seen = 0;
    for (size_t i = 0; i < year_count; i++) {
        for (const char *at = years[i] + 6; at[-1] != '\0'; at += 6) {
            char date[KH_DATE_SIZE + 1];
            kh_day day = KH_DAY_NONE;
            (void)snprintf(date, sizeof(date), "%.4s-%.5s", years[i], at);
            assert_true(kh_day_parse(kh_text_of(date), &day));
            assert_true(seen < calendar->holiday_count);
            assert_int_equal(calendar->holidays[seen], day);
            assert_false(kh_calendar_is_open(calendar, day));
            seen++;
        }
    }
    return seen;
}

static void every_holiday_is_closed(void **state)
{
    fixture *fx = *state;
    kh_configuration configuration;
    load(fx, &configuration);
    const kh_calendar *jp = kh_rule_book_calendar(&configuration.book, KH_TEXT("jp-administrative"));
    const kh_calendar *sg = kh_rule_book_calendar(&configuration.book, KH_TEXT("sg-public-holidays"));
    assert_int_equal(check_holidays(jp, japan, 4), jp->holiday_count);
    assert_int_equal(check_holidays(sg, singapore, 2), sg->holiday_count);
    assert_int_equal(jp->complete_until, kh_day_from_civil(2027, 12, 31));
    assert_int_equal(sg->complete_until, kh_day_from_civil(2027, 12, 31));
    /* Tuesday 29 December 2026 and Thursday 3 January 2036: closed in Japan in every year, open in Singapore. */
    assert_false(kh_calendar_is_open(jp, kh_day_from_civil(2026, 12, 29)));
    assert_false(kh_calendar_is_open(jp, kh_day_from_civil(2036, 1, 3)));
    assert_true(kh_calendar_is_open(jp, kh_day_from_civil(2026, 12, 28)));
    assert_true(kh_calendar_is_open(sg, kh_day_from_civil(2026, 12, 29)));
    assert_false(kh_calendar_is_open(sg, kh_day_from_civil(2026, 12, 26))); /* a Saturday */
}

static const struct {
    const char *action;
    const char *due[3]; /* Japan, Singapore, both */
} worked[] = {
    {"2026-07-31", {"2026-09-14", "2026-09-14", "2026-09-15"}},
    {"2026-11-20", {"2027-01-08", "2027-01-05", "2027-01-12"}},
    {"2026-12-30", {"2027-02-16", "2027-02-12", "2027-02-17"}},
};

static void the_worked_due_dates(void **state)
{
    fixture *fx = *state;
    kh_configuration configuration;
    load(fx, &configuration);
    const kh_calendar *calendars[] = {kh_rule_book_calendar(&configuration.book, KH_TEXT("jp-administrative")),
                                      kh_rule_book_calendar(&configuration.book, KH_TEXT("sg-public-holidays"))};
    for (size_t i = 0; i < sizeof(worked) / sizeof(worked[0]); i++) {
        kh_day action = KH_DAY_NONE;
        assert_true(kh_day_parse(kh_text_of(worked[i].action), &action));
        for (uint32_t reading = 0; reading < 3; reading++) {
            char due[KH_DATE_SIZE + 1];
            kh_day day = kh_business_days_after(reading == 2 ? calendars : &calendars[reading], reading == 2 ? 2 : 1,
                                                action, 30);
            kh_day_print(day, due);
            assert_string_equal(due, worked[i].due[reading]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_row_of_the_annexes, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(the_wording_behind_each_row, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(the_articles, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(the_policies_are_at_their_defaults, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(every_holiday_is_closed, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(the_worked_due_dates, fixture_begin, fixture_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
