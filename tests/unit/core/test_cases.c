/* The text tables that a lawyer can read: tests/cases/. */
#include "support/case_table.h"
#include "support/kh_test.h"

static void gates(void **state)
{
    (void)state;
    kh_test_case_table("tests/cases/gates.txt");
}

static void residual(void **state)
{
    (void)state;
    kh_test_case_table("tests/cases/residual.txt");
}

static void basis(void **state)
{
    (void)state;
    kh_test_case_table("tests/cases/basis.txt");
}

static void notices(void **state)
{
    (void)state;
    kh_test_case_table("tests/cases/notices.txt");
}

static void consultations(void **state)
{
    (void)state;
    kh_test_case_table("tests/cases/consultations.txt");
}

static void yearly(void **state)
{
    (void)state;
    kh_test_case_table("tests/cases/yearly.txt");
}

static void since_next(void **state)
{
    (void)state;
    kh_test_case_table("tests/cases/since_next.txt");
}

static void a_table_can_fail(void **state)
{
    (void)state;
    unsigned rows = 0;
    assert_int_equal(kh_test_case_table_failures("tests/unit/core/wrong_cases.txt", &rows), 14);
    assert_int_equal(rows, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates),      cmocka_unit_test(residual),         cmocka_unit_test(basis),
        cmocka_unit_test(notices),    cmocka_unit_test(consultations),    cmocka_unit_test(yearly),
        cmocka_unit_test(since_next), cmocka_unit_test(a_table_can_fail),
    };
    return cmocka_run_group_tests_name("cases", tests, NULL, NULL);
}
