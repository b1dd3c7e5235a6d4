#include "support/kh_test.h"

#include <stdio.h>

#include "cli/table.h"

typedef struct printed {
    char *text;
    size_t size;
    FILE *to;
    kh_table *table;
} printed;

static const kh_table_column columns[] = {{"LABEL", false}, {"OPEN", true}, {"SAYS", false}};

static int begin(void **state)
{
    printed *out = calloc(1, sizeof *out);
    out->to = open_memstream(&out->text, &out->size);
    assert_rc(kh_table_new(out->to, columns, 3, &out->table), KH_OK);
    *state = out;
    return 0;
}

static int end(void **state)
{
    printed *out = *state;
    kh_table_free(out->table);
    (void)fclose(out->to);
    free(out->text);
    free(out);
    return 0;
}

static void add(printed *out, const char *label, const char *open, const char *says)
{
    kh_text cells[] = {kh_text_of(label), kh_text_of(open), kh_text_of(says)};
    assert_rc(kh_table_add(out->table, cells), KH_OK);
}

static const char *finish(printed *out)
{
    assert_rc(kh_table_finish(out->table), KH_OK);
    (void)fflush(out->to);
    return out->text == NULL ? "" : out->text;
}

static void columns_line_up_and_numbers_stand_right(void **state)
{
    printed *out = *state;
    add(out, "SG/1", "0", "recognised");
    add(out, "SG/000123", "12", "");
    assert_string_equal(finish(out), "LABEL     OPEN SAYS\n"
                                     "SG/1         0 recognised\n"
                                     "SG/000123   12 \n");
}

static void no_line_prints_nothing(void **state)
{
    assert_string_equal(finish(*state), "");
}

static void width_is_counted_in_characters(void **state)
{
    printed *out = *state;
    add(out, "é", "1", "x");
    add(out, "ab", "1", "x");
    assert_string_equal(finish(out), "LABEL OPEN SAYS\n"
                                     "é        1 x\n"
                                     "ab       1 x\n");
}

static void what_would_move_the_cursor_is_escaped(void **state)
{
    printed *out = *state;
    add(out, "a\033[2Jb", "1", "x");
    assert_null(strchr(finish(out), '\033'));
}

/* Printed in parts, but one table to look at: one heading, and every line alike. */
static void a_long_table_is_printed_as_it_grows(void **state)
{
    printed *out = *state;
    const char *text = NULL;
    size_t lines = 0;
    for (int i = 0; i < 2 * KH_TABLE_PART + 1; i++) {
        add(out, i == 0 ? "SG/000000001" : "SG/2", "1", "x");
        if (i == KH_TABLE_PART) {
            (void)fflush(out->to);
            assert_true(out->size > KH_TABLE_PART * 10); /* the first part is out before the end is known */
        }
    }
    text = finish(out);
    assert_memory_equal(text, "LABEL        OPEN SAYS\n", 23);
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        size_t length = strcspn(line, "\n");
        lines++;
        assert_int_equal(length, lines == 1 ? 22 : 19);
    }
    assert_int_equal(lines, 2 * KH_TABLE_PART + 2);
    assert_null(strstr(text + 1, "LABEL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(columns_line_up_and_numbers_stand_right, begin, end),
        cmocka_unit_test_setup_teardown(no_line_prints_nothing, begin, end),
        cmocka_unit_test_setup_teardown(width_is_counted_in_characters, begin, end),
        cmocka_unit_test_setup_teardown(what_would_move_the_cursor_is_escaped, begin, end),
        cmocka_unit_test_setup_teardown(a_long_table_is_printed_as_it_grows, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
