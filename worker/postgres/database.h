/* One connection to PostgreSQL, and what its errors mean. libpq stays behind this room's headers. */
#ifndef KH_POSTGRES_DATABASE_H
#define KH_POSTGRES_DATABASE_H

#include <stdint.h>

#include "kakehashi/arena.h"
#include "kakehashi/date.h"
#include "kakehashi/return_code.h"

/*! A connection. Not for two threads at once. */
typedef struct kh_database kh_database;

typedef struct kh_database_settings {
    const char *connection; /*!< libpq's connection string or URI; "" or NULL: libpq's environment and service file */
    const char *password;   /*!< NULL: wherever libpq finds one */
    const char *schema;     /*!< one name, quoted here; the only entry of search_path */
    const char *application_name;     /*!< as seen in pg_stat_activity */
    uint32_t connect_timeout_seconds; /*!< 0: 10 */
    uint32_t statement_timeout_ms;    /*!< 0: none */
    uint32_t idle_timeout_ms;         /*!< for a transaction that nobody goes on with; 0: none */
} kh_database_settings;

/*! Why: for the log, once, where it is decided how to go on. Holds no parameter of any statement. */
typedef struct kh_database_error {
    kh_rc rc;
    char sqlstate[6]; /*!< "" when the connection is gone, or when the refusal is ours */
    char doing[48];   /*!< what was being done: "write subjects" */
    char text[512];   /*!< one line */
} kh_database_error;

/*! What an SQLSTATE asks for. Pure.
 *  \param sqlstate  five characters; NULL or "": the server did not answer, that is, the connection is gone.
 *  \return KH_OK for 00*; KH_E_LOST (also for a full disk and a read-only server: wait), KH_E_RETRY, KH_E_BAD_ROW,
 *          KH_E_CONFIGURATION, or KH_E_INTERNAL for what cannot come from outside: stop rather than guess. */
kh_rc kh_sqlstate_classify(const char *sqlstate);

/*! Connects and sets up the session: UTF-8, time-outs, keepalives, search_path, durable commits, plans that do not
 *  depend on statistics. The schema need not exist yet.
 *  \param settings  copied as far as needed.
 *  \param out       owned by the caller (kh_database_close); NULL unless KH_OK.
 *  \param error     may be NULL; set unless KH_OK.
 *  \retval KH_OK
 *  \retval KH_E_LOST           no server there, or it does not take connections now: try again later.
 *  \retval KH_E_CONFIGURATION  it refuses user, password, database or a setting.
 *  \retval KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_database_open(const kh_database_settings *settings, kh_database **out, kh_database_error *error);

/*! Ends the connection; an open transaction is rolled back by the server. NULL is fine. After KH_E_LOST of any call
 * this is the only thing left to do with it. */
void kh_database_close(kh_database *database);

/*! The newest error of this connection; never NULL. Borrowed until the next call. */
const kh_database_error *kh_database_last_error(const kh_database *database);

/*! The server's now(). \retval KH_OK, KH_E_LOST or KH_E_RETRY; \a out untouched then. */
KH_MUSTCHECK kh_rc kh_database_now(kh_database *database, kh_instant *out);

/*! The server process of this connection, for messages and tests. */
int kh_database_backend(const kh_database *database);

#endif
