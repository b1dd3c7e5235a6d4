#include "config/schema_walk.h"

#include "config_fixture.h"
#include "kakehashi/date.h"

/* One key of every type. */
typedef struct inner {
    uint32_t number;
} inner;

typedef struct everything {
    kh_text text;
    uint32_t number;
    int32_t negative;
    bool boolean;
    kh_day date;
    uint16_t month_day;
    int32_t offset;
    int choice;
    uint8_t choices;
    const kh_text *texts;
    uint32_t text_count;
    inner map;
    const inner *list;
    uint32_t list_count;
    const kh_pair *pairs;
    uint32_t pair_count;
    kh_secret secret;
} everything;

static const kh_choice colours[] = {{"amber", 1}, {"blue", 2}, {NULL, 0}};

static const char *refuse_x(kh_text value)
{
    return kh_text_equal(value, KH_TEXT("x")) ? "is x; anything else would do" : NULL;
}

static bool is_secret(kh_text key)
{
    return kh_text_equal(key, KH_TEXT("pass"));
}

#define AT(field) .offset = offsetof(everything, field)
static const kh_schema_key inner_keys[] = {{"number", KH_SCHEMA_NUMBER, .offset = offsetof(inner, number),
                                            .required = true, .least = 1, .most = 9, .help = "help"},
                                           {.name = NULL}};
static const kh_schema inner_schema = {.keys = inner_keys, .record_size = sizeof(inner)};
static const kh_schema_key keys[] = {
    {"text", KH_SCHEMA_TEXT, AT(text), .least = 1, .most = 5, .fallback = "dflt", .refuse = refuse_x, .help = "help"},
    {"number", KH_SCHEMA_NUMBER, AT(number), .least = 0, .most = 10, .fallback = "7", .help = "help"},
    {"negative", KH_SCHEMA_NUMBER, AT(negative), .least = -1, .most = 10, .fallback = "-1", .help = "help"},
    {"boolean", KH_SCHEMA_BOOLEAN, AT(boolean), .fallback = "yes", .help = "help"},
    {"date", KH_SCHEMA_DATE, AT(date), .help = "help"},
    {"month_day", KH_SCHEMA_MONTH_DAY, AT(month_day), .fallback = "12-29", .help = "help"},
    {"offset", KH_SCHEMA_OFFSET, AT(offset), .fallback = "+00:00", .help = "help"},
    {"choice", KH_SCHEMA_CHOICE, AT(choice), .choices = colours, .fallback = "blue", .help = "help"},
    {"choices", KH_SCHEMA_CHOICES, AT(choices), .choices = colours, .help = "help"},
    {"texts", KH_SCHEMA_TEXTS, AT(texts), .count_offset = offsetof(everything, text_count), .least = 1, .most = 2,
     .help = "help"},
    {"map", KH_SCHEMA_MAP, AT(map), .required = true, .inside = &inner_schema, .help = "help"},
    {"list", KH_SCHEMA_LIST, AT(list), .count_offset = offsetof(everything, list_count), .least = 0, .most = 3,
     .inside = &inner_schema, .help = "help"},
    {"pairs", KH_SCHEMA_PAIRS, AT(pairs), .count_offset = offsetof(everything, pair_count), .least = 0, .most = 9,
     .is_secret = is_secret, .help = "help"},
    {"secret", KH_SCHEMA_SECRET, AT(secret), .help = "help"},
    {.name = NULL},
};
static const kh_schema schema = {.keys = keys};

/*! Walks the text, with an override if there is one. */
static everything walk(fixture *fx, const char *text, const char *override)
{
    everything out = {.number = 0};
    forget_problems(fx);
    kh_yaml_node *root = kh_yaml_read("f", kh_text_of(text), &fx->problems);
    assert_non_null(root);
    if (override != NULL) {
        kh_schema_override(&schema, root, override, &fx->problems);
    }
    kh_schema_walk(&schema, root, &fx->problems, &out);
    return out;
}

static void defaults_hold_where_nothing_is_said(void **state)
{
    fixture *fx = *state;
    everything is = walk(fx, "map: {number: 3}\n", NULL);
    assert_problems(fx, "");
    assert_text(is.text, "dflt");
    assert_int_equal(is.number, 7);
    assert_int_equal(is.negative, -1);
    assert_true(is.boolean);
    assert_int_equal(is.date, KH_DAY_NONE);
    assert_int_equal(is.month_day, 1229);
    assert_int_equal(is.choice, 2);
    assert_int_equal(is.map.number, 3);
    assert_int_equal(is.text_count + is.list_count + is.pair_count + is.choices + (unsigned)is.secret.source, 0);
}

static void every_type_is_read(void **state)
{
    fixture *fx = *state;
    everything is =
        walk(fx,
             "text: abc\nnumber: 0\nnegative: 4\nboolean: no\ndate: 2026-06-01\nmonth_day: 02-29\noffset: -03:30\n"
             "choice: amber\nchoices: [amber, blue]\ntexts: [a, b]\nmap: {number: 9}\nlist:\n- number: 1\n- number: 2\n"
             "pairs: {a.b: c, pass: {env: P}, other: {file: /p}}\nsecret: {file: s}\n",
             NULL);
    assert_problems(fx, "");
    assert_text(is.text, "abc");
    assert_int_equal(is.number, 0);
    assert_int_equal(is.negative, 4);
    assert_false(is.boolean);
    assert_int_equal(is.date, kh_day_from_civil(2026, 6, 1));
    assert_int_equal(is.month_day, 229);
    assert_int_equal(is.offset, -210);
    assert_int_equal(is.choice, 1);
    assert_int_equal(is.choices, 6);
    assert_int_equal(is.text_count, 2);
    assert_text(is.texts[1], "b");
    assert_int_equal(is.list_count, 2);
    assert_int_equal(is.list[1].number, 2);
    assert_int_equal(is.pair_count, 3);
    assert_text(is.pairs[0].key, "a.b");
    assert_text(is.pairs[0].value, "c");
    assert_int_equal(is.pairs[1].secret.source, KH_SECRET_ENVIRONMENT);
    assert_text(is.pairs[2].secret.name, "/p");
    assert_int_equal(is.secret.source, KH_SECRET_FILE);
}

/* One line of a file, and what is said of it. */
static const struct {
    const char *line;
    const char *problem;
} wrong[] = {
    {"text: abcdef", "f:2:7: text: \"abcdef\" stands where a text of 1 to 5 bytes in one line belongs: help\n"},
    {"text:", "f:2:6: text: nothing stands where a text of 1 to 5 bytes in one line belongs: help\n"},
    {"text: [a]", "f:2:7: text: a list stands where a text of 1 to 5 bytes in one line belongs: help\n"},
    {"text: \"a\\nb\"", "f:2:7: text: \"a?b\" stands where a text of 1 to 5 bytes in one line belongs: help\n"},
    {"text: x", "f:2:7: text: \"x\" is x; anything else would do\n"},
    {"number: 11", "f:2:9: number: \"11\" stands where a number from 0 to 10 belongs: help\n"},
    {"number: -1", "f:2:9: number: \"-1\" stands where a number from 0 to 10 belongs: help\n"},
    {"number: 1.5", "f:2:9: number: \"1.5\" stands where a number from 0 to 10 belongs: help\n"},
    {"number: 0x1", "f:2:9: number: \"0x1\" stands where a number from 0 to 10 belongs: help\n"},
    {"number: 99999999999999999999",
     "f:2:9: number: \"99999999999999999999\" stands where a number from 0 to 10 belongs: help\n"},
    {"negative: -2", "f:2:11: negative: \"-2\" stands where a number from -1 to 10 belongs: help\n"},
    {"negative: -", "f:2:11: not YAML: block sequence entries are not allowed in this context\n"},
    {"boolean: on", "f:2:10: boolean: \"on\" stands where yes or no belongs: help\n"},
    {"date: 2026-02-29",
     "f:2:7: date: \"2026-02-29\" stands where a date like 2026-06-01 that the calendar has belongs: help\n"},
    {"date: 1.6.2026",
     "f:2:7: date: \"1.6.2026\" stands where a date like 2026-06-01 that the calendar has belongs: help\n"},
    {"month_day: 02-30", "f:2:12: month_day: \"02-30\" stands where a month and a day like 12-29 belongs: help\n"},
    {"month_day: 13-01", "f:2:12: month_day: \"13-01\" stands where a month and a day like 12-29 belongs: help\n"},
    {"offset: 9", "f:2:9: offset: \"9\" stands where an offset from UTC like +09:00 belongs: help\n"},
    {"offset: +14:01", "f:2:9: offset: \"+14:01\" stands where an offset from UTC like +09:00 belongs: help\n"},
    {"offset: +08:60", "f:2:9: offset: \"+08:60\" stands where an offset from UTC like +09:00 belongs: help\n"},
    {"choice: Ambr", "f:2:9: choice: \"Ambr\" stands where one of amber, blue belongs: help; did you mean amber?\n"},
    {"choice: green", "f:2:9: choice: \"green\" stands where one of amber, blue belongs: help\n"},
    {"choices: [amber, red]",
     "f:2:18: choices[1]: \"red\" stands where a list, each one of amber, blue, belongs: help\n"},
    {"choices: amber", "f:2:10: choices: \"amber\" stands where a list, each one of amber, blue, belongs: help\n"},
    {"texts: []", "f:2:8: texts: has 0 items; 1 to 2 belong here: help\n"},
    {"texts: [a, b, c]", "f:2:8: texts: has 3 items; 1 to 2 belong here: help\n"},
    {"texts: [a, [b]]", "f:2:12: texts[1]: a list stands where a list of texts of 1 to 512 bytes belongs: help\n"},
    {"list: [{number: 1}, {number: 10}]",
     "f:2:30: list[1].number: \"10\" stands where a number from 1 to 9 belongs: help\n"},
    {"list: [{}]", "f:2:8: list[0].number: is missing: help\n"},
    {"list: [a]", "f:2:8: list[0]: a map of keys belongs here: \"key: value\", one a line\n"},
    {"list: {number: 1}", "f:2:7: list: a map stands where a list of maps, each begun with \"- \", belongs: help\n"},
    {"pairs: {k: [1]}", "f:2:12: pairs.k: a list stands where a text of 1 to 512 bytes in one line belongs: help\n"},
    {"pairs: {pass: hush}",
     "f:2:15: pairs.pass: a secret is named here, not written out: {env: NAME} for an environment variable, or "
     "{file: PATH}: help\n"},
    {"secret: hush", "f:2:9: secret: a secret is named here, not written out: {env: NAME} for an environment variable, "
                     "or {file: PATH}: "
                     "help\n"},
    {"secret: {env: A, file: B}",
     "f:2:9: secret: a secret is named here, not written out: {env: NAME} for an environment variable, or "
     "{file: PATH}: help\n"},
    {"nmber: 1", "f:2:1: unknown key \"nmber\"; did you mean number?\n"},
    {"zzz: 1", "f:2:1: unknown key \"zzz\"; the keys here are text, number, negative, boolean, date, month_day, "
               "offset, choice, choices, texts, "
               "map, list, pairs, secret\n"},
};

static void every_deviation_is_named_with_place_and_mend(void **state)
{
    fixture *fx = *state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[256];
        everything out = {.number = 0};
        (void)snprintf(text, sizeof(text), "map: {number: 3}\n%s\n", wrong[i].line);
        forget_problems(fx);
        kh_yaml_node *root = kh_yaml_read("f", kh_text_of(text), &fx->problems);
        if (root != NULL) {
            kh_schema_walk(&schema, root, &fx->problems, &out);
        }
        assert_problems(fx, wrong[i].problem);
        assert_rc(kh_problems_rc(&fx->problems), KH_E_CONFIGURATION);
    }
}

static void all_of_them_at_once(void **state)
{
    fixture *fx = *state;
    (void)walk(fx, "number: 11\nboolean: maybe\nnumbr: 1\nmap:\n", NULL);
    assert_problems(fx, "f:3:1: unknown key \"numbr\"; did you mean number?\n"
                        "f:1:9: number: \"11\" stands where a number from 0 to 10 belongs: help\n"
                        "f:2:10: boolean: \"maybe\" stands where yes or no belongs: help\n"
                        "f:4:5: map.number: is missing: help\n");
    (void)walk(fx, "number: 1\n", NULL);
    assert_problems(fx, "f:1:1: map: is missing: help\n");
    (void)walk(fx, "- 1\n", NULL);
    assert_problems(fx, "f:1:1: a map of keys belongs here: \"key: value\", one a line\n");
}

static void overrides_are_checked_alike(void **state)
{
    fixture *fx = *state;
    const char *text = "map: {number: 3}\npairs: {a: b}\n";
    assert_int_equal(walk(fx, text, "number=2").number, 2);
    assert_problems(fx, "");
    assert_int_equal(walk(fx, text, "map.number=9").map.number, 9);
    assert_problems(fx, "");
    assert_int_equal(walk(fx, "number: 1\n", "map.number=9").map.number, 9);
    assert_problems(fx, "");
    everything is = walk(fx, text, "pairs.x.y=z");
    assert_problems(fx, "");
    assert_int_equal(is.pair_count, 2);
    assert_text(is.pairs[1].key, "x.y");
    assert_text(is.pairs[1].value, "z");
    assert_int_equal(walk(fx, text, "texts=[p, q]").text_count, 2);
    assert_problems(fx, "");
    (void)walk(fx, text, "map.number=10");
    assert_problems(fx, "--set: map.number: \"10\" stands where a number from 1 to 9 belongs: help\n");
    (void)walk(fx, text, "number=");
    assert_problems(fx, "--set: number: nothing stands where a number from 0 to 10 belongs: help\n");
    (void)walk(fx, text, "number");
    assert_problems(fx, "--set: KEY=VALUE belongs here, for example kafka.group=blue\n");
    (void)walk(fx, text, "map.nummer=1");
    assert_problems(fx, "--set: there is no setting \"map.nummer\"; --print lists them all\n");
    (void)walk(fx, text, "number.x=1");
    assert_problems(fx, "--set: there is no setting \"number.x\"; --print lists them all\n");
    (void)walk(fx, text, "secret=hush");
    assert_problems(fx, "--set: secret: a secret is not given on the command line, where others can read it; name it "
                        "in the settings file as "
                        "{env: NAME} or {file: PATH}\n");
    (void)walk(fx, text, "pairs.pass=hush");
    assert_problems(fx, "--set: pairs.pass: a secret is not given on the command line, where others can read it; name "
                        "it in the settings "
                        "file as {env: NAME} or {file: PATH}\n");
}

static void what_is_printed_reads_back_the_same(void **state)
{
    fixture *fx = *state;
    everything is = walk(fx,
                         "text: \"a: b\"\nboolean: no\ndate: 2026-06-01\noffset: -03:30\nchoices: [blue]\ntexts: "
                         "[\"#\"]\nmap: {number: 9}\n"
                         "list: [{number: 1}]\npairs: {a: b, pass: {env: P}}\nsecret: {file: s}\n",
                         NULL);
    assert_problems(fx, "");
    const char *expected =
        "text: 'a: b'\nnumber: 7\nnegative: -1\nboolean: no\ndate: 2026-06-01\nmonth_day: 12-29\noffset: \"-03:30\"\n"
        "choice: blue\nchoices: [blue]\ntexts:\n- '#'\nmap:\n  number: 9\nlist:\n- number: 1\npairs:\n  a: b\n"
        "  pass: {env: P}\nsecret: {file: s}\n";
    for (int round = 0; round < 2; round++) {
        char *printed = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&printed, &size);
        assert_non_null(out);
        assert_rc(kh_schema_print(&schema, &is, out), KH_OK);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(printed, expected);
        is = walk(fx, printed, NULL);
        assert_problems(fx, "");
        /* The texts read are copies in the arena. */
        free(printed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_hold_where_nothing_is_said, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(every_type_is_read, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(every_deviation_is_named_with_place_and_mend, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(all_of_them_at_once, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(overrides_are_checked_alike, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(what_is_printed_reads_back_the_same, fixture_begin, fixture_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
