/* What each SQLSTATE asks for: every class of PostgreSQL's, and each state of a class that differs from it. Expected
 * first. */
#ifndef SQLSTATE_CASES_H
#define SQLSTATE_CASES_H

#include "kakehashi/return_code.h"

typedef struct sqlstate_case {
    kh_rc expected;
    const char *sqlstate; /*!< NULL or "": the server did not answer */
} sqlstate_case;

static const sqlstate_case SQLSTATE_CASES[] = {
    {KH_OK, "00000"},
    {KH_OK, "01000"},
    {KH_OK, "02000"},
    {KH_E_LOST, NULL},
    {KH_E_LOST, ""},
    /* Reconnect: the connection, the session, the server or its room are gone, for now. */
    {KH_E_LOST, "08000"},
    {KH_E_LOST, "08006"},
    {KH_E_LOST, "08P01"},
    {KH_E_LOST, "25006"}, /* read-only */
    {KH_E_LOST, "25P03"}, /* idle in a transaction */
    {KH_E_LOST, "25P04"}, /* a transaction that took too long */
    {KH_E_LOST, "26000"}, /* a prepared statement that is not there */
    {KH_E_LOST, "40003"}, /* completion unknown: not a plain retry */
    {KH_E_LOST, "53000"},
    {KH_E_LOST, "53100"}, /* disk full */
    {KH_E_LOST, "53200"}, /* out of memory */
    {KH_E_LOST, "53300"}, /* too many connections */
    {KH_E_LOST, "53400"},
    {KH_E_LOST, "55000"},
    {KH_E_LOST, "57P01"},
    {KH_E_LOST, "57P02"},
    {KH_E_LOST, "57P03"},
    {KH_E_LOST, "57P04"},
    {KH_E_LOST, "57P05"},
    {KH_E_LOST, "58000"},
    {KH_E_LOST, "58030"},
    {KH_E_LOST, "58P01"},
    /* Roll back and try again. */
    {KH_E_RETRY, "40000"},
    {KH_E_RETRY, "40001"},
    {KH_E_RETRY, "40002"},
    {KH_E_RETRY, "40P01"},
    {KH_E_RETRY, "55006"},
    {KH_E_RETRY, "55P03"},
    {KH_E_RETRY, "57014"},
    {KH_E_RETRY, "72000"},
    /* Find the record, and refuse it. */
    {KH_E_BAD_ROW, "22000"},
    {KH_E_BAD_ROW, "22021"},
    {KH_E_BAD_ROW, "22P03"},
    {KH_E_BAD_ROW, "23000"},
    {KH_E_BAD_ROW, "23505"},
    {KH_E_BAD_ROW, "23514"},
    {KH_E_BAD_ROW, "54000"},
    /* Give up: our rights, our schema, our settings. */
    {KH_E_CONFIGURATION, "0A000"},
    {KH_E_CONFIGURATION, "28000"},
    {KH_E_CONFIGURATION, "28P01"},
    {KH_E_CONFIGURATION, "3D000"},
    {KH_E_CONFIGURATION, "3F000"},
    {KH_E_CONFIGURATION, "42501"},
    {KH_E_CONFIGURATION, "42601"},
    {KH_E_CONFIGURATION, "42P01"},
    {KH_E_CONFIGURATION, "F0000"},
    /* Give up: what cannot come from outside, and what nobody knows. */
    {KH_E_INTERNAL, "03000"},
    {KH_E_INTERNAL, "09000"},
    {KH_E_INTERNAL, "0B000"},
    {KH_E_INTERNAL, "0F000"},
    {KH_E_INTERNAL, "0L000"},
    {KH_E_INTERNAL, "0P000"},
    {KH_E_INTERNAL, "0Z000"},
    {KH_E_INTERNAL, "20000"},
    {KH_E_INTERNAL, "21000"},
    {KH_E_INTERNAL, "24000"},
    {KH_E_INTERNAL, "25000"},
    {KH_E_INTERNAL, "25P02"},
    {KH_E_INTERNAL, "27000"},
    {KH_E_INTERNAL, "2B000"},
    {KH_E_INTERNAL, "2D000"},
    {KH_E_INTERNAL, "2F000"},
    {KH_E_INTERNAL, "34000"},
    {KH_E_INTERNAL, "38000"},
    {KH_E_INTERNAL, "39000"},
    {KH_E_INTERNAL, "3B000"},
    {KH_E_INTERNAL, "44000"},
    {KH_E_INTERNAL, "54001"},
    {KH_E_INTERNAL, "57000"},
    {KH_E_INTERNAL, "HV000"},
    {KH_E_INTERNAL, "P0000"},
    {KH_E_INTERNAL, "P0001"},
    {KH_E_INTERNAL, "XX000"},
    {KH_E_INTERNAL, "XX001"},
    {KH_E_INTERNAL, "ZZ999"},
    {KH_E_INTERNAL, "4"}, /* shorter than any class */
};

#define SQLSTATE_CASE_COUNT (sizeof SQLSTATE_CASES / sizeof SQLSTATE_CASES[0])

#endif
