#include "postgres/database.h"

#include <stdio.h>

#include "support/kh_test.h"
#include "support/sqlstate_cases.h"

static void each_state_asks_for_one_thing(void **state)
{
    (void)state;
    for (size_t i = 0; i < SQLSTATE_CASE_COUNT; i++) {
        kh_rc rc = kh_sqlstate_classify(SQLSTATE_CASES[i].sqlstate);
        if (rc != SQLSTATE_CASES[i].expected) {
            fail_msg("%s gives %d, expected %d",
                     SQLSTATE_CASES[i].sqlstate != NULL ? SQLSTATE_CASES[i].sqlstate : "(none)", rc,
                     SQLSTATE_CASES[i].expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_state_asks_for_one_thing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
