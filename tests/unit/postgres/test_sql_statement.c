#include "postgres/sql_statement.h"

#include <string.h>

#include "support/kh_test.h"

/* Two statements of one name would be one on the server. */
static void every_statement_has_a_text_and_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < KH_SQL_STATEMENTS; i++) {
        const kh_sql_text *text = kh_sql_statement_text((kh_sql_statement)i);
        assert_true(strlen(text->name) > 0 && strlen(text->doing) > 0 && strlen(text->sql) > 0);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(text->name, kh_sql_statement_text((kh_sql_statement)j)->name);
        }
    }
}

/* The number of columns that COPY names is the number that each row is written with. */
static size_t columns_of(const char *copy)
{
    size_t columns = 1;
    for (const char *c = strchr(copy, '('); *c != ')'; c++) {
        columns += *c == ',' ? 1 : 0;
    }
    return columns;
}

static void copy_counts_its_columns(void **state)
{
    (void)state;
    assert_int_equal(columns_of(KH_SQL_COPY_RESULT), KH_SQL_COPY_RESULT_COLUMNS);
    assert_int_equal(columns_of(KH_SQL_COPY_DEAD_LETTER), KH_SQL_COPY_DEAD_LETTER_COLUMNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_has_a_text_and_a_name_of_its_own),
        cmocka_unit_test(copy_counts_its_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
