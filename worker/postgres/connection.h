/* The inside of a kh_database: parameters, the pipeline, COPY, and results as rows. Private to this room.
 *
 * Statements are queued, sent at once and answered later: the server works while the caller prepares what comes next.
 * Whatever needs an answer (a read, a COPY, the commit) first takes in all answers that are still out. */
#ifndef KH_POSTGRES_CONNECTION_H
#define KH_POSTGRES_CONNECTION_H

#include <libpq-fe.h>

#include "postgres/database.h"
#include "postgres/sql_buffer.h"
#include "postgres/sql_statement.h"

#define KH_SQL_PARAMETERS 17
#define KH_SQL_QUEUE      64
#define KH_SQL_ANY_ROWS   (-1)

/*! What was sent and not yet answered. */
typedef struct kh_sql_entry {
    kh_sql_statement statement;
    bool preparation;      /*!< its PREPARE, not itself */
    bool synchronises;     /*!< a synchronisation was sent behind it */
    int64_t expected_rows; /*!< how many rows it must touch; KH_SQL_ANY_ROWS */
    kh_rc mismatch;        /*!< the code if not */
} kh_sql_entry;

struct kh_database {
    PGconn *connection;
    char *schema;
    bool prepared[KH_SQL_STATEMENTS];
    bool in_transaction;
    kh_sql_entry queue[KH_SQL_QUEUE];
    size_t queued;
    kh_sql_buffer parameters[KH_SQL_PARAMETERS];
    size_t parameter_count;
    kh_sql_buffer copy; /*!< rows on their way */
    bool copying;
    bool copy_unanswered; /*!< sent whole, but its answer is still out */
    size_t copy_rows;     /*!< how many it must come to */
    const char *copy_doing;
    kh_database_error error;
};

/*! Forgets earlier parameters. Then one kh_sql_parameter for each, in order: its bytes are put into it without length.
 */
void kh_sql_parameters_begin(kh_database *database);
/*! The next parameter's buffer, empty. */
kh_sql_buffer *kh_sql_parameter(kh_database *database);
void kh_sql_parameter_int32(kh_database *database, int32_t value);
void kh_sql_parameter_int64(kh_database *database, int64_t value);
void kh_sql_parameter_text(kh_database *database, kh_text value);

/*! Sends a statement with the parameters begun last; KH_OK means only that it is on its way. */
KH_MUSTCHECK kh_rc kh_sql_queue(kh_database *database, kh_sql_statement statement, int64_t expected_rows,
                                kh_rc mismatch);

/*! As kh_sql_queue for any number of rows, then takes in all answers.
 *  \param result  of this statement; the caller clears it. NULL unless KH_OK. May be NULL. */
KH_MUSTCHECK kh_rc kh_sql_run(kh_database *database, kh_sql_statement statement, PGresult **result);

/*! Takes in all answers; the first error of them is returned. */
KH_MUSTCHECK kh_rc kh_sql_collect(kh_database *database);

/*! Runs a text that is not prepared and may hold several statements (migrations, grants). */
KH_MUSTCHECK kh_rc kh_sql_script(kh_database *database, const char *sql, const char *doing);

/* COPY ... FROM STDIN (FORMAT binary): begin; for each row kh_sql_copy_row and its fields into database->copy; end. Its
 * answer is taken in with the next statement's: an error of it comes from there. */
KH_MUSTCHECK kh_rc kh_sql_copy_begin(kh_database *database, const char *sql, const char *doing);
/*! Begins a row; sends what has gathered when that is much. */
KH_MUSTCHECK kh_rc kh_sql_copy_row(kh_database *database, int16_t columns);
KH_MUSTCHECK kh_rc kh_sql_copy_end(kh_database *database, size_t rows);

/*! Notes an error of our own finding. \return \a rc. */
kh_rc kh_sql_refuse(kh_database *database, kh_rc rc, const char *doing, const char *format, ...) KH_PRINTF(4, 5);

/*! Begins a transaction; KH_E_INTERNAL if there is one. */
KH_MUSTCHECK kh_rc kh_sql_begin(kh_database *database);
KH_MUSTCHECK kh_rc kh_sql_commit(kh_database *database);
/*! Harmless at any time; keeps the error that stands. */
void kh_sql_rollback(kh_database *database);

/*! A result read field by field, sticky: `rc` turns KH_E_MEMORY when the arena is out, KH_E_CONFIGURATION when a column
 *  is not of the width it must have. */
typedef struct kh_sql_reader {
    const PGresult *result;
    kh_arena *arena; /*!< NULL: texts point into the result */
    int row;
    kh_rc rc;
} kh_sql_reader;

/* A null reads as `absent`. */
bool kh_sql_read_bool(kh_sql_reader *reader, int column);
int16_t kh_sql_read_int16(kh_sql_reader *reader, int column);
int32_t kh_sql_read_int32(kh_sql_reader *reader, int column, int32_t absent);
int64_t kh_sql_read_int64(kh_sql_reader *reader, int column, int64_t absent);
kh_day kh_sql_read_day(kh_sql_reader *reader, int column);
kh_instant kh_sql_read_timestamp(kh_sql_reader *reader, int column);
/*! \param present  false for null; may be NULL. A null reads as empty. */
kh_text kh_sql_read_text(kh_sql_reader *reader, int column, bool *present);

#endif
