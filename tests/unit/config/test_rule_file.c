#include "config/rule_file.h"

#include "config_fixture.h"

#define PARTICIPANT(id, offset)                                                                                        \
    "  - {id: " id ", authority: A, scheme: S, levels: {first: 1, last: 4}, baseline_level: 1, utc_offset: \"" offset  \
    "\", calendar: c, categories: [one, two]}\n"
#define HEAD(dates)                                                                                                    \
    "kind: rule-pack\nid: p1\narrangement: ar\ntitle: T\n" dates                                                       \
    "term_years: 3\ntermination_notice_months: 6\nrevocation_notice_business_days: 30\nconsultation_months: 12\n"
#define SIDES               "participants:\n" PARTICIPANT("AA", "+09:00") PARTICIPANT("BB", "-03:30")
#define ROW(number)         "      - {requirement: " number ", equivalence: NONE, citation: T/" number "}\n"
#define TABLE(id, from, to) "  - id: " id "\n    from: " from "\n    to: " to "\n    requirements:\n"
#define DATES               "signed_on: 2026-03-18\neffective_from: 2026-06-01\n"
#define PACK                HEAD(DATES) SIDES "tables:\n" TABLE("T", "AA", "BB") ROW("1")

static kh_rc read_text(fixture *fx, const char *text, kh_rule_file *out)
{
    forget_problems(fx);
    return kh_rule_file_read("f", kh_text_of(text), &fx->problems, out);
}

static void a_first_pack(void **state)
{
    fixture *fx = *state;
    kh_rule_file file;
    kh_rc rc = read_text(fx, PACK, &file);
    assert_problems(fx, "");
    assert_rc(rc, KH_OK);
    assert_int_equal(file.kind, KH_RULE_FILE_PACK);
    const kh_rule_pack *pack = &file.is.pack;
    assert_text(file.id, "p1");
    assert_text(pack->arrangement, "ar");
    assert_false(pack->amends);
    assert_int_equal(pack->effective_from, kh_day_from_civil(2026, 6, 1));
    assert_int_equal(pack->participants[1].utc_offset_minutes, -210);
    assert_int_equal(pack->participants[1].level_last, 4);
    assert_int_equal(pack->tables[0].requirement_count, 1);
    assert_int_equal(pack->tables[0].category_count, 0);
    assert_text(pack->tables[0].requirements[0].citation, "T/1");
    assert_true(kh_text_equal(pack->sha256, file.sha256));
}

static void an_amendment_has_no_day_of_its_own(void **state)
{
    fixture *fx = *state;
    kh_rule_file file;
    assert_rc(read_text(fx,
                        HEAD("amends: p0\nsigned_on: 2027-01-01\n") SIDES "tables:\n" TABLE("T", "AA", "BB") ROW("1"),
                        &file),
              KH_OK);
    assert_true(file.is.pack.amends);
    assert_int_equal(file.is.pack.effective_from, KH_DAY_NONE);
    assert_rc(read_text(fx, HEAD("amends: p1\n" DATES) SIDES "tables:\n" TABLE("T", "AA", "BB") ROW("1"), &file),
              KH_E_CONFIGURATION);
    assert_problems(
        fx,
        "f:7:17: effective_from: an amendment has none of its own: both consents name the day (Art 9); leave it out\n"
        "f:5:9: amends: is this very pack; name the one that it amends\n");
    assert_rc(read_text(fx, HEAD("signed_on: 2026-03-18\n") SIDES "tables:\n" TABLE("T", "AA", "BB") ROW("1"), &file),
              KH_E_CONFIGURATION);
    assert_problems(fx, "f:1:1: effective_from: is missing: the day on which the arrangement takes effect (Art 11.2); "
                        "an amendment says amends "
                        "instead\n");
    assert_rc(read_text(fx,
                        HEAD("signed_on: 2026-06-02\neffective_from: 2026-06-01\n") SIDES
                        "tables:\n" TABLE("T", "AA", "BB") ROW("1"),
                        &file),
              KH_E_CONFIGURATION);
    assert_problems(fx, "f:6:17: effective_from: is before signed_on; check both\n");
}

static void tables_must_make_sense(void **state)
{
    fixture *fx = *state;
    kh_rule_file file;
    const char *text = HEAD(DATES) SIDES "tables:\n" TABLE("T", "AA", "CC") ROW("1") ROW("2") ROW("1")
        TABLE("T", "XX", "BB") ROW("1") "    categories: [two, three]\n" TABLE("U", "AA", "AA") ROW("1");
    assert_rc(read_text(fx, text, &file), KH_E_CONFIGURATION);
    assert_problems(fx, "f:17:9: tables[0].to: is none of the participants of this pack\n"
                        "f:21:23: tables[0].requirements[2].requirement: stands twice in this table; keep one row\n"
                        "f:23:11: tables[1].from: is none of the participants of this pack\n"
                        "f:27:17: tables[1].categories: three is not in scope of the scheme of BB, so that the table "
                        "would never apply\n"
                        "f:22:9: tables[1].id: names a second table; every table has its own\n"
                        "f:30:9: tables[2].to: is the same as from; a table leads from one participant to the other\n");
}

static void participants_must_make_sense(void **state)
{
    fixture *fx = *state;
    kh_rule_file file;
    const char *rest = "tables:\n" TABLE("T", "AA", "BB") ROW("1");
    char text[4096];
    (void)snprintf(text, sizeof(text), "%s%s", HEAD(DATES) "participants:\n" PARTICIPANT("AA", "+09:00"), rest);
    assert_rc(read_text(fx, text, &file), KH_E_CONFIGURATION);
    assert_problems(fx, "f:12:3: participants: has 1 items; 2 to 2 belong here: the two sides\n"
                        "f:16:9: tables[0].to: is none of the participants of this pack\n");
    (void)snprintf(text, sizeof(text), "%s%s",
                   HEAD(DATES) "participants:\n" PARTICIPANT("AA", "+09:00") PARTICIPANT("AA", "+09:00"), rest);
    assert_rc(read_text(fx, text, &file), KH_E_CONFIGURATION);
    assert_problems(fx,
                    "f:13:10: participants[1].id: is that of the first participant too; a memorandum has two sides\n"
                    "f:17:9: tables[0].to: is none of the participants of this pack\n");
    (void)snprintf(text, sizeof(text), "%s%s",
                   HEAD(DATES) "participants:\n" PARTICIPANT(
                       "AA", "+09:00") "  - {id: bb, authority: A, scheme: S, levels: {first: 3, last: 2}, "
                                       "baseline_level: 5, utc_offset: \"+08:00\", calendar: c, categories: [a b]}\n",
                   "tables:\n" TABLE("T", "AA", "bb") ROW("1"));
    assert_rc(read_text(fx, text, &file), KH_E_CONFIGURATION);
    assert_problems(fx, "f:13:10: participants[1].id: \"bb\" is no participant: an ISO 3166-1 alpha-2 code in capitals "
                        "belongs here, like JP\n"
                        "f:13:135: participants[1].categories[0]: \"a b\" is no id: only letters, digits, \".\", \"_\" "
                        "and \"-\" may stand in it\n"
                        "f:13:47: participants[1].levels: the last level is below the first; swap them\n");
}

static void the_kind_tells_how_it_is_read(void **state)
{
    fixture *fx = *state;
    kh_rule_file file;
    assert_rc(read_text(fx, "id: x\n", &file), KH_E_CONFIGURATION);
    assert_problems(fx, "f: kind: is missing: the file must say what it is, by \"kind: rule-pack\", \"kind: policies\" "
                        "or \"kind: calendar\"\n");
    assert_rc(read_text(fx, "kind: rules\n", &file), KH_E_CONFIGURATION);
    assert_problems(fx, "f:1:7: kind: \"rules\" stands where one of rule-pack, policies, calendar belongs\n");
    assert_int_equal(file.kind, KH_RULE_FILE_UNKNOWN);
}

#define POLICIES "kind: policies\nid: po\narrangement: ar\n"

static void policies_both_ways(void **state)
{
    fixture *fx = *state;
    kh_rule_file file;
    assert_rc(read_text(fx, POLICIES, &file), KH_OK);
    const kh_policies *policies = &file.is.policies;
    assert_int_equal(policies->no_counterpart, KH_NO_COUNTERPART_FULL_ASSESSMENT);
    assert_true(policies->recognise_during_consultation);
    assert_int_equal(policies->notice_scope, KH_NOTICE_SCOPE_DERIVED);
    assert_int_equal(policies->notice_calendar, KH_NOTICE_CALENDAR_REVOKING);
    assert_int_equal(policies->notice_counts_from, KH_NOTICE_COUNTS_FROM_DECISION);
    assert_rc(read_text(fx,
                        POLICIES
                        "no_counterpart: NOT_REQUIRED\nrecognise_during_consultation: no\nnotice_scope: ALL_LABELS\n"
                        "notice_calendar: RECEIVING\nnotice_counts_from: EFFECT\n",
                        &file),
              KH_OK);
    assert_int_equal(policies->no_counterpart, KH_NO_COUNTERPART_NOT_REQUIRED);
    assert_false(policies->recognise_during_consultation);
    assert_int_equal(policies->notice_scope, KH_NOTICE_SCOPE_ALL_LABELS);
    assert_int_equal(policies->notice_calendar, KH_NOTICE_CALENDAR_RECEIVING);
    assert_int_equal(policies->notice_counts_from, KH_NOTICE_COUNTS_FROM_EFFECT);
    assert_rc(read_text(fx, POLICIES "notice_calendar: BOTH\n", &file), KH_OK);
    assert_int_equal(policies->notice_calendar, KH_NOTICE_CALENDAR_BOTH);
    assert_rc(read_text(fx, POLICIES "notice_calendar: both\nnotice_scope: 1\n", &file), KH_E_CONFIGURATION);
    assert_problems(fx, "f:5:15: notice_scope: \"1\" stands where one of DERIVED, ALL_LABELS belongs: for which labels "
                        "a revocation is notified "
                        "(Art 3.6)\n"
                        "f:4:18: notice_calendar: \"both\" stands where one of REVOKING, RECEIVING, BOTH belongs: "
                        "whose business days count "
                        "(Art 3.6); did you mean BOTH?\n");
}

#define CALENDAR "kind: calendar\nid: c\ntitle: T\ncomplete_until: 2027-12-31\n"

static void calendars(void **state)
{
    fixture *fx = *state;
    kh_rule_file file;
    assert_rc(read_text(fx,
                        CALENDAR "weekend: [friday]\nclosures:\n- {from: 12-29, to: 01-03, name: n}\nholidays:\n- "
                                 "{date: 2026-01-05, name: a}\n",
                        &file),
              KH_OK);
    const kh_calendar *calendar = &file.is.calendar;
    assert_int_equal(calendar->weekend, 1u << 4);
    assert_int_equal(calendar->holiday_count, 1);
    assert_int_equal(calendar->holidays[0], kh_day_from_civil(2026, 1, 5));
    assert_int_equal(calendar->closures[0].from, 1229);
    assert_int_equal(calendar->closures[0].to, 103);
    assert_rc(read_text(fx,
                        CALENDAR
                        "weekend: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]\nholidays:\n"
                        "- {date: 2026-01-05, name: a}\n- {date: 2026-01-05, name: b}\n- {date: 2026-01-04, name: c}\n",
                        &file),
              KH_E_CONFIGURATION);
    assert_problems(fx, "f:8:10: holidays[1].date: stands twice; keep one\n"
                        "f:9:10: holidays[2].date: is before the holiday above it; put them in order\n"
                        "f:5:10: weekend: leaves no business day in the week\n");
}

static void the_digest_changes_with_any_byte(void **state)
{
    fixture *fx = *state;
    kh_rule_file first;
    kh_rule_file second;
    assert_rc(read_text(fx, POLICIES, &first), KH_OK);
    char before[65];
    (void)snprintf(before, sizeof(before), "%.*s", KH_TEXT_ARGS(first.sha256));
    assert_int_equal(strlen(before), 64);
    assert_rc(read_text(fx, POLICIES "# a comment\n", &second), KH_OK);
    assert_int_equal(second.sha256.length, 64);
    assert_memory_not_equal(before, second.sha256.data, 64);
    assert_rc(read_text(fx, POLICIES, &second), KH_OK);
    assert_text(second.sha256, before);
}

static void a_book_is_checked_as_a_whole(void **state)
{
    fixture *fx = *state;
    kh_rule_file files[2];
    kh_rule_book book;
    forget_problems(fx);
    assert_rc(kh_rule_file_read("p", kh_text_of(PACK), &fx->problems, &files[0]), KH_OK);
    assert_rc(kh_rule_file_read("c", kh_text_of(CALENDAR "weekend: []\nholidays: []\n"), &fx->problems, &files[1]),
              KH_OK);
    assert_rc(kh_rule_book_build(files, 2, &fx->problems, &book), KH_E_CONFIGURATION);
    assert_int_equal(fx->problems.count, 1); /* no policies */
    assert_int_equal(book.pack_count, 1);
    assert_int_equal(book.calendar_count, 1);
}

static void memory_out_at_any_allocation(void **state)
{
    (void)state;
    const char *const texts[] = {
        PACK, POLICIES, CALENDAR "weekend: [sunday]\nholidays: [{date: 2026-01-05, name: a}]\n", POLICIES "x: 1\n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        kh_rc rc = KH_E_MEMORY;
        for (long nth = 0; rc == KH_E_MEMORY; nth++) {
            kh_test_memory memory;
            kh_arena arena;
            kh_problems problems;
            kh_rule_file file;
            kh_test_memory_init(&memory, nth);
            kh_arena_init(&arena, 64, &memory.memory);
            kh_problems_init(&problems, &arena);
            rc = kh_rule_file_read("f", kh_text_of(texts[i]), &problems, &file);
            if (rc == KH_OK) {
                kh_rule_book book;
                rc = kh_rule_book_build(&file, 1, &problems, &book);
            }
            kh_arena_deinit(&arena);
            assert_int_equal(memory.live, 0);
            assert_true(nth < 10000);
        }
        assert_rc(rc, KH_E_CONFIGURATION); /* no book of one file is whole */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_first_pack, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(an_amendment_has_no_day_of_its_own, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(tables_must_make_sense, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(participants_must_make_sense, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(the_kind_tells_how_it_is_read, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(policies_both_ways, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(calendars, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(the_digest_changes_with_any_byte, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(a_book_is_checked_as_a_whole, fixture_begin, fixture_end),
        cmocka_unit_test(memory_out_at_any_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
