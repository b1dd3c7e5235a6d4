/* A schema of its own on the test server, migrated, with the lanes 0 to 3 and the topics "jp" and "sg". */
#ifndef KH_TEST_POSTGRES_FIXTURE_H
#define KH_TEST_POSTGRES_FIXTURE_H

#include <libpq-fe.h>

#include "support/kh_test.h"

#include "postgres/lanes.h"
#include "postgres/rows.h"
#include "postgres/transaction.h"

#define FIXTURE_LANES 4

typedef struct fixture {
    char address[512];
    char schema[64];
    PGconn *admin; /*!< search_path is the schema */
    kh_database *one;
    kh_database *two; /*!< another worker's connection */
    kh_test_memory memory;
    kh_arena arena;
} fixture;

/*! For cmocka: setup of one test; `bare` leaves the schema uncreated. */
int fixture_setup(void **state);
int fixture_setup_bare(void **state);
/*! Lane 0 is taken by `one`, lane 1 by `two`; both have epoch 1 and no results. */
int fixture_setup_lanes(void **state);
int fixture_teardown(void **state);

/*! Settings for the fixture's schema. */
kh_database_settings fixture_settings(const fixture *fx);
kh_database *fixture_open(const fixture *fx);

/*! Runs SQL as the superuser; it must work. */
void fixture_sql(fixture *fx, const char *sql);
/*! The only value of a query, as a number. */
long long fixture_number(fixture *fx, const char *sql);

/*! Takes lanes for a connection; \a epochs gets one for each. */
void fixture_take(fixture *fx, kh_database *database, const int32_t *lanes, size_t count, int64_t *epochs);
/*! Begins a transaction on one lane, which must be as stated. */
kh_rc fixture_begin(fixture *fx, kh_database *database, int32_t lane, int64_t epoch, int64_t next_seq);
/*! Waits until some session of the schema's tests waits for a lock. */
void fixture_wait_for_lock(fixture *fx);

/*! Rows to be written. \param facts  NULL: none */
kh_subject_row fixture_subject(int32_t lane, const char *key, bool known, const char *facts);
kh_result_row fixture_result(int64_t seq, const char *key);

#endif
