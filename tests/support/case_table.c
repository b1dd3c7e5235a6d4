#include "support/case_table.h"

#include <inttypes.h>
#include <stdio.h>

#include "kakehashi/decision.h"
#include "support/case_render.h"
#include "support/core_fixture.h"
#include "support/history.h"
#include "support/kh_test.h"

#define LINE_SIZE 4096

typedef struct table {
    const char *path;
    unsigned line; /* of the row or statement at hand */
    unsigned rows;
    unsigned failures;
    kh_test_memory memory;
    kh_arena arena;
    kh_test_book book;
    kh_test_history history;
} table;

static void complain(table *of, const char *what, kh_text word)
{
    of->failures++;
    print_error("%s:%u: %s: \"%.*s\"\n", of->path, of->line, what, KH_TEXT_ARGS(word));
}

static kh_text cut_word(kh_text *rest)
{
    while (rest->length > 0 && rest->data[0] == ' ') {
        *rest = (kh_text){rest->data + 1, rest->length - 1};
    }
    const char *end = rest->length == 0 ? NULL : memchr(rest->data, ' ', rest->length);
    size_t length = end == NULL ? rest->length : (size_t)(end - rest->data);
    kh_text word = {rest->data, length};
    *rest = (kh_text){rest->data + length, rest->length - length};
    return word;
}

static kh_text cut_key(kh_text *word)
{
    const char *sign = memchr(word->data, '=', word->length);
    if (sign == NULL) {
        return (kh_text){"", 0};
    }
    kh_text key = {word->data, (size_t)(sign - word->data)};
    *word = (kh_text){sign + 1, word->length - key.length - 1};
    return key;
}

/* ---- policies ---- */

static bool set_policy(kh_policies *policies, kh_text key, kh_text value)
{
    static const struct {
        const char *key;
        const char *value;
        int number;
    } known[] = {
        {"no_counterpart", "FULL_ASSESSMENT", KH_NO_COUNTERPART_FULL_ASSESSMENT},
        {"no_counterpart", "NOT_REQUIRED", KH_NO_COUNTERPART_NOT_REQUIRED},
        {"recognise_during_consultation", "yes", true},
        {"recognise_during_consultation", "no", false},
        {"notice_scope", "DERIVED", KH_NOTICE_SCOPE_DERIVED},
        {"notice_scope", "ALL_LABELS", KH_NOTICE_SCOPE_ALL_LABELS},
        {"notice_calendar", "REVOKING", KH_NOTICE_CALENDAR_REVOKING},
        {"notice_calendar", "RECEIVING", KH_NOTICE_CALENDAR_RECEIVING},
        {"notice_calendar", "BOTH", KH_NOTICE_CALENDAR_BOTH},
        {"notice_counts_from", "DECISION", KH_NOTICE_COUNTS_FROM_DECISION},
        {"notice_counts_from", "EFFECT", KH_NOTICE_COUNTS_FROM_EFFECT},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!kh_text_equal(key, kh_text_of(known[i].key)) || !kh_text_equal(value, kh_text_of(known[i].value))) {
            continue;
        }
        if (kh_text_equal(key, KH_TEXT("no_counterpart"))) {
            policies->no_counterpart = (kh_no_counterpart)known[i].number;
        } else if (kh_text_equal(key, KH_TEXT("recognise_during_consultation"))) {
            policies->recognise_during_consultation = known[i].number != 0;
        } else if (kh_text_equal(key, KH_TEXT("notice_scope"))) {
            policies->notice_scope = (kh_notice_scope)known[i].number;
        } else if (kh_text_equal(key, KH_TEXT("notice_calendar"))) {
            policies->notice_calendar = (kh_notice_calendar)known[i].number;
        } else {
            policies->notice_counts_from = (kh_notice_counts_from)known[i].number;
        }
        return true;
    }
    return false;
}

/* ---- rows ---- */

/* What follows from the statements so far at an instant; merged in the order given, or backwards. */
static void decide(table *of, kh_instant at, bool backwards, kh_case_decision *out)
{
    kh_arena *arena = &of->arena;
    kh_facts *about = kh_arena_allocate(arena, sizeof *about);
    kh_facts *facts = kh_arena_allocate(arena, sizeof *facts);
    kh_facts *basis = kh_arena_allocate(arena, sizeof *basis);
    assert_true(about != NULL && facts != NULL && basis != NULL);
    *out = (kh_case_decision){.arena = arena};
    *about = kh_test_history_facts(&of->history, KH_TEXT("arrangement/jp-sg"), backwards);
    assert_rc(kh_arrangement_build(&of->book.book, KH_TEXT("jp-sg"), about, arena, &out->arrangement), KH_OK);
    kh_instant due_at = KH_INSTANT_NONE;
    kh_arrangement_decide(&out->arrangement, at, &out->has_yearly, &out->yearly, &due_at);
    if (of->history.label.length == 0) {
        return;
    }
    *facts = kh_test_history_facts(&of->history, of->history.label, backwards);
    kh_text basis_key = kh_label_basis(&out->arrangement, of->history.label, facts);
    if (basis_key.length > 0) {
        *basis = kh_test_history_facts(&of->history, basis_key, backwards);
    }
    assert_rc(kh_label_decide(&out->arrangement, of->history.label, facts, basis_key.length > 0 ? basis : NULL, at,
                              arena, &out->label),
              KH_OK);
}

/* An instant is compared as an instant, however it is written. */
static kh_text as_instant(table *of, kh_text value)
{
    kh_instant at = 0;
    return kh_test_instant_parse(value, &at) ? kh_case_print_instant(&of->arena, at) : value;
}

static void expect(table *of, const char *key, kh_text expected, kh_text actual)
{
    if (!kh_text_equal(expected, actual)) {
        of->failures++;
        print_error("%s:%u: %s is \"%.*s\", expected \"%.*s\"\n", of->path, of->line, key, KH_TEXT_ARGS(actual),
                    KH_TEXT_ARGS(expected));
    }
}

/* The words behind the first: each a key and its value. */
static void expect_keys(table *of, kh_text words, const kh_case_decision *actual, kh_case_view view)
{
    for (kh_text word = cut_word(&words); word.length > 0; word = cut_word(&words)) {
        kh_text whole = word;
        kh_text key = cut_key(&word);
        kh_text value = {0};
        if (key.length == 0 || !kh_case_value(actual, view, key, &value)) {
            complain(of, "no such key", whole);
            continue;
        }
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", KH_TEXT_ARGS(key));
        expect(of, name, as_instant(of, word), value);
    }
}

static void expect_row(table *of, kh_text first, kh_text words, const kh_case_decision *actual)
{
    static const struct {
        const char *word;
        kh_case_view view;
    } obligations[] = {{"notice", KH_CASE_NOTICE}, {"consultation", KH_CASE_CONSULTATION}, {"yearly", KH_CASE_YEARLY}};
    if (kh_text_equal(first, KH_TEXT("residual"))) {
        kh_text joined = {"", 0};
        for (kh_text word = cut_word(&words); word.length > 0; word = cut_word(&words)) {
            joined = kh_arena_print(&of->arena, "%.*s%s%.*s", KH_TEXT_ARGS(joined), joined.length > 0 ? " " : "",
                                    KH_TEXT_ARGS(word));
        }
        expect(of, "the residual assessment", joined, kh_case_residual(actual));
        return;
    }
    for (size_t i = 0; i < sizeof obligations / sizeof *obligations; i++) {
        if (kh_text_equal(first, kh_text_of(obligations[i].word))) {
            kh_text state = cut_word(&words);
            expect(of, obligations[i].word, state, kh_case_state(actual, obligations[i].view));
            expect_keys(of, words, actual, obligations[i].view);
            return;
        }
    }
    expect(of, "the outcome", first, kh_case_state(actual, KH_CASE_STATUS));
    expect_keys(of, words, actual, KH_CASE_STATUS);
}

/* Parts "... at INSTANT". */
static bool cut_instant(table *of, kh_text *row, kh_instant *at)
{
    size_t start = row->length;
    while (start > 0 && row->data[start - 1] != ' ') {
        start--;
    }
    kh_text token = {row->data + start, row->length - start};
    if (start < 4 || memcmp(row->data + start - 4, " at ", 4) != 0 || !kh_test_instant_parse(token, at)) {
        complain(of, "a row must end with \"at\" and an instant", *row);
        return false;
    }
    row->length = start - 4;
    return true;
}

static void run_row(table *of, kh_text row)
{
    kh_instant at = 0;
    of->rows++;
    if (!cut_instant(of, &row, &at)) {
        return;
    }
    for (int backwards = 0; backwards < 2; backwards++) {
        kh_case_decision actual;
        kh_text words = row;
        kh_text first = cut_word(&words);
        unsigned before = of->failures;
        decide(of, at, backwards != 0, &actual);
        expect_row(of, first, words, &actual);
        if (of->failures > before) {
            return; /* said once is enough */
        }
    }
}

/* ---- lines ---- */

static void run_line(table *of, kh_text line)
{
    kh_text rest = line;
    kh_text first = cut_word(&rest);
    if (first.length == 0 || first.data[0] == '#') {
        return;
    }
    if (kh_text_equal(first, KH_TEXT("case"))) {
        kh_arena_reset(&of->arena);
        kh_test_book_init(&of->book);
        kh_test_history_init(&of->history, "", &of->arena);
    } else if (kh_text_equal(first, KH_TEXT("label"))) {
        kh_text label = cut_word(&rest);
        assert_rc(kh_arena_copy_text(&of->arena, label, &of->history.label), KH_OK);
    } else if (kh_text_equal(first, KH_TEXT("policy"))) {
        for (kh_text word = cut_word(&rest); word.length > 0; word = cut_word(&rest)) {
            kh_text whole = word;
            kh_text key = cut_key(&word);
            if (!set_policy(&of->book.policies, key, word)) {
                complain(of, "no such policy", whole);
            }
        }
    } else if (kh_text_equal(first, KH_TEXT("=>"))) {
        run_row(of, rest);
    } else if (!kh_test_history_add(&of->history, line)) {
        complain(of, of->history.problem, line);
    }
}

/* Lines with those that go on with them. */
static void run_file(table *of, FILE *file)
{
    char line[LINE_SIZE];
    char whole[LINE_SIZE] = "";
    unsigned number = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        number++;
        line[strcspn(line, "\n")] = '\0';
        size_t length = strlen(whole);
        if (strncmp(line, "        ", 8) == 0 && length + strlen(line) + 1 < sizeof whole) {
            memcpy(whole + length, line + 7, strlen(line + 7) + 1); /* one of the spaces parts the words */
            continue;
        }
        run_line(of, kh_text_of(whole));
        of->line = number;
        memcpy(whole, line, strlen(line) + 1);
    }
    run_line(of, kh_text_of(whole));
}

unsigned kh_test_case_table_failures(const char *path, unsigned *rows)
{
    char full[512];
    (void)snprintf(full, sizeof full, "%s/%s", KH_SOURCE_DIR, path);
    table *of = calloc(1, sizeof *of);
    FILE *file = fopen(full, "r");
    if (of == NULL || file == NULL) {
        fail_msg("%s cannot be read", full);
    }
    of->path = path;
    kh_test_memory_init(&of->memory, -1);
    kh_arena_init(&of->arena, (size_t)1 << 18, &of->memory.memory);
    kh_test_book_init(&of->book);
    kh_test_history_init(&of->history, "", &of->arena);
    run_file(of, file);
    (void)fclose(file);
    kh_arena_deinit(&of->arena);
    unsigned failures = of->failures;
    *rows = of->rows;
    free(of);
    return failures;
}

void kh_test_case_table(const char *path)
{
    unsigned rows = 0;
    assert_int_equal(kh_test_case_table_failures(path, &rows), 0);
    assert_true(rows > 0);
    print_message("%s: %u rows\n", path, rows);
}
