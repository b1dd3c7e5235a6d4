#include "postgres/database.h"

#include <stdio.h>

#include "support/kh_test.h"

/* Expected first. */
static const struct {
    kh_rc expected;
    const char *sqlstate;
} CASES[] = {
    {KH_OK, "00000"},
    {KH_E_LOST, NULL},
    {KH_E_LOST, ""},
    {KH_E_LOST, "08006"},
    {KH_E_LOST, "08P01"},
    {KH_E_LOST, "25006"}, /* read-only */
    {KH_E_LOST, "25P03"},
    {KH_E_LOST, "40003"}, /* completion unknown: not a plain retry */
    {KH_E_LOST, "53100"}, /* disk full */
    {KH_E_LOST, "53300"}, /* too many connections */
    {KH_E_LOST, "55000"},
    {KH_E_LOST, "57P01"},
    {KH_E_LOST, "57P03"},
    {KH_E_LOST, "58030"},
    {KH_E_RETRY, "40001"},
    {KH_E_RETRY, "40P01"},
    {KH_E_RETRY, "55P03"},
    {KH_E_RETRY, "55006"},
    {KH_E_RETRY, "57014"},
    {KH_E_BAD_ROW, "22021"},
    {KH_E_BAD_ROW, "22P03"},
    {KH_E_BAD_ROW, "23505"},
    {KH_E_BAD_ROW, "54000"},
    {KH_E_CONFIGURATION, "28P01"},
    {KH_E_CONFIGURATION, "3D000"},
    {KH_E_CONFIGURATION, "3F000"},
    {KH_E_CONFIGURATION, "42501"},
    {KH_E_CONFIGURATION, "42P01"},
    {KH_E_INTERNAL, "21000"},
    {KH_E_INTERNAL, "25P02"},
    {KH_E_INTERNAL, "XX000"},
    {KH_E_INTERNAL, "ZZ999"},
    {KH_E_INTERNAL, "4"}, /* shorter than any class */
};

static void each_state_asks_for_one_thing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        kh_rc rc = kh_sqlstate_classify(CASES[i].sqlstate);
        if (rc != CASES[i].expected) {
            fail_msg("%s gives %d, expected %d", CASES[i].sqlstate != NULL ? CASES[i].sqlstate : "(none)", rc,
                     CASES[i].expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_state_asks_for_one_thing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
