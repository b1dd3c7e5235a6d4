#include "postgres/connection.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define COPY_CHUNK       ((size_t)128 * 1024)
#define COPY_OUT_OF_ROWS (-1)

static void set_doing(kh_database *database, kh_rc rc, const char *doing)
{
    database->error.rc = rc;
    snprintf(database->error.doing, sizeof database->error.doing, "%s", doing);
}

/* One line, without the blanks and newlines that libpq ends its messages with. */
static void set_text(kh_database *database, const char *text)
{
    char *out = database->error.text;
    size_t length = 0;
    for (; *text != '\0' && length + 1 < sizeof database->error.text; text++) {
        bool blank = *text == '\n' || *text == '\t' || *text == ' ';
        if (blank && (length == 0 || out[length - 1] == ' ')) {
            continue;
        }
        out[length++] = blank ? ' ' : *text;
    }
    while (length > 0 && out[length - 1] == ' ') {
        length--;
    }
    out[length] = '\0';
}

kh_rc kh_sql_refuse(kh_database *database, kh_rc rc, const char *doing, const char *format, ...)
{
    char text[sizeof database->error.text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    set_doing(database, rc, doing);
    database->error.sqlstate[0] = '\0';
    set_text(database, text);
    return rc;
}

/* The connection is gone, or libpq itself failed: there is no server message. */
static kh_rc failed_connection(kh_database *database, const char *doing)
{
    return kh_sql_refuse(database, KH_E_LOST, doing, "%s", PQerrorMessage(database->connection));
}

static kh_rc failed_result(kh_database *database, const PGresult *result, const char *doing)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    kh_rc rc = PQstatus(database->connection) == CONNECTION_OK ? kh_sqlstate_classify(state) : KH_E_LOST;
    /* A result that is an error without an error's state, or with a state that says all is well. */
    rc = rc == KH_OK ? KH_E_INTERNAL : rc;
    kh_sql_refuse(database, rc, doing, "%s%s%s%s%s%s", primary != NULL ? primary : PQresultErrorMessage(result),
                  table != NULL ? " (table " : "", table != NULL ? table : "",
                  table != NULL && constraint != NULL ? ", constraint " : "",
                  table != NULL && constraint != NULL ? constraint : "", table != NULL ? ")" : "");
    snprintf(database->error.sqlstate, sizeof database->error.sqlstate, "%s", state != NULL ? state : "");
    return rc;
}

void kh_sql_parameters_begin(kh_database *database)
{
    database->parameter_count = 0;
}

kh_sql_buffer *kh_sql_parameter(kh_database *database)
{
    kh_sql_buffer *buffer = &database->parameters[database->parameter_count++];
    kh_sql_buffer_reset(buffer);
    return buffer;
}

void kh_sql_parameter_int32(kh_database *database, int32_t value)
{
    kh_sql_put_int32(kh_sql_parameter(database), value);
}

void kh_sql_parameter_int64(kh_database *database, int64_t value)
{
    kh_sql_put_int64(kh_sql_parameter(database), value);
}

void kh_sql_parameter_text(kh_database *database, kh_text value)
{
    kh_sql_put_bytes(kh_sql_parameter(database), value.data, value.length);
}

/* How many rows a statement touched or returned. */
static int64_t touched_rows(PGresult *result)
{
    const char *number = PQcmdTuples(result);
    return number[0] == '\0' ? (int64_t)PQntuples(result) : strtoll(number, NULL, 10);
}

/* The answer to a COPY is waited for only when the next statement is sent: until then the server works, and so do we.
 */
static kh_rc take_copy_answer(kh_database *database)
{
    kh_rc rc = KH_OK;
    PGresult *result = NULL;
    if (!database->copy_unanswered) {
        return KH_OK;
    }
    database->copy_unanswered = false;
    while ((result = PQgetResult(database->connection)) != NULL) {
        if (rc == KH_OK && PQresultStatus(result) != PGRES_COMMAND_OK) {
            rc = failed_result(database, result, database->copy_doing);
        } else if (rc == KH_OK && touched_rows(result) != (int64_t)database->copy_rows) {
            rc = kh_sql_refuse(database, KH_E_INTERNAL, database->copy_doing, "%s rows were copied, not %zu",
                               PQcmdTuples(result), database->copy_rows);
        }
        PQclear(result);
    }
    if (PQstatus(database->connection) != CONNECTION_OK) {
        database->error.rc = rc = KH_E_LOST;
    }
    return rc;
}

static kh_rc enter_pipeline(kh_database *database, const char *doing)
{
    if (PQpipelineStatus(database->connection) != PQ_PIPELINE_OFF) {
        return KH_OK;
    }
    kh_rc rc = take_copy_answer(database);
    if (rc == KH_OK && !PQenterPipelineMode(database->connection)) {
        rc = failed_connection(database, doing);
    }
    return rc;
}

static kh_rc send_statement(kh_database *database, kh_sql_statement statement)
{
    const kh_sql_text *text = kh_sql_statement_text(statement);
    const char *values[KH_SQL_PARAMETERS];
    int lengths[KH_SQL_PARAMETERS];
    int formats[KH_SQL_PARAMETERS];
    for (size_t i = 0; i < database->parameter_count; i++) {
        const kh_sql_buffer *buffer = &database->parameters[i];
        if (buffer->rc != KH_OK) {
            return kh_sql_refuse(database, buffer->rc, text->doing, "%s",
                                 buffer->rc == KH_E_MEMORY ? "out of memory"
                                                           : "a value is larger than PostgreSQL takes");
        }
        values[i] = buffer->length == 0 ? "" : buffer->data;
        lengths[i] = (int)buffer->length;
        formats[i] = 1;
    }
    if (!PQsendQueryPrepared(database->connection, text->name, (int)database->parameter_count, values, lengths, formats,
                             1)) {
        return failed_connection(database, text->doing);
    }
    return KH_OK;
}

kh_rc kh_sql_queue(kh_database *database, kh_sql_statement statement, int64_t expected_rows, kh_rc mismatch)
{
    const kh_sql_text *text = kh_sql_statement_text(statement);
    kh_rc rc = KH_OK;
    if (database->queued + 2 > KH_SQL_QUEUE) {
        rc = kh_sql_collect(database);
    }
    if (rc == KH_OK) {
        rc = enter_pipeline(database, text->doing);
    }
    if (rc == KH_OK && !database->prepared[statement]) {
        if (!PQsendPrepare(database->connection, text->name, text->sql, 0, NULL)) {
            return failed_connection(database, text->doing);
        }
        database->prepared[statement] = true;
        database->queue[database->queued++] = (kh_sql_entry){statement, true, false, KH_SQL_ANY_ROWS, KH_OK};
    }
    if (rc == KH_OK) {
        rc = send_statement(database, statement);
    }
    if (rc != KH_OK) {
        return rc;
    }
    /* Only between two synchronisations does the server count the time of a transaction that nobody goes on with: a
     * worker that is stopped must not keep its locks. Before a BEGIN's first statement there are none, and that one
     * must not run without it. */
    bool synchronises = statement != KH_SQL_BEGIN;
    database->queue[database->queued++] = (kh_sql_entry){statement, false, synchronises, expected_rows, mismatch};
    bool sent = synchronises ? PQpipelineSync(database->connection) == 1 : PQflush(database->connection) >= 0;
    return sent ? KH_OK : failed_connection(database, text->doing);
}

/* \param before  what an earlier entry came to: if that failed, it has said why. */
static kh_rc judge_entry(kh_database *database, const kh_sql_entry *entry, PGresult *result, kh_rc before)
{
    const char *doing = kh_sql_statement_text(entry->statement)->doing;
    ExecStatusType status = result == NULL ? PGRES_FATAL_ERROR : PQresultStatus(result);
    bool failed = status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
    if (failed && entry->preparation) {
        database->prepared[entry->statement] = false;
    }
    if (before != KH_OK) {
        return before;
    }
    if (failed) {
        return result == NULL ? failed_connection(database, doing) : failed_result(database, result, doing);
    }
    int64_t rows = entry->expected_rows == KH_SQL_ANY_ROWS ? KH_SQL_ANY_ROWS : touched_rows(result);
    if (rows != entry->expected_rows) {
        return kh_sql_refuse(database, entry->mismatch, doing, "%lld rows where %lld were expected", (long long)rows,
                             (long long)entry->expected_rows);
    }
    return KH_OK;
}

static kh_rc take_synchronisation(kh_database *database, kh_rc rc)
{
    PGresult *result = PQgetResult(database->connection);
    if (rc == KH_OK && PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
        rc = failed_connection(database, "wait for the server");
    }
    PQclear(result);
    return rc;
}

/* Takes in everything up to the end of the pipeline. */
static kh_rc collect_with(kh_database *database, PGresult **last)
{
    kh_rc rc = KH_OK;
    if (PQpipelineStatus(database->connection) == PQ_PIPELINE_OFF) {
        return take_copy_answer(database);
    }
    bool synchronises = database->queued == 0 || !database->queue[database->queued - 1].synchronises;
    if (synchronises && !PQpipelineSync(database->connection)) {
        rc = failed_connection(database, "send");
    }
    for (size_t i = 0; i < database->queued; i++) {
        PGresult *result = PQgetResult(database->connection);
        rc = judge_entry(database, &database->queue[i], result, rc);
        if (result != NULL) {
            PQclear(PQgetResult(database->connection)); /* each statement's results end with a NULL */
        }
        if (i + 1 == database->queued && rc == KH_OK && last != NULL) {
            *last = result;
        } else {
            PQclear(result);
        }
        rc = database->queue[i].synchronises ? take_synchronisation(database, rc) : rc;
    }
    rc = synchronises ? take_synchronisation(database, rc) : rc;
    database->queued = 0;
    if (!PQexitPipelineMode(database->connection) && rc == KH_OK) {
        rc = failed_connection(database, "wait for the server");
    }
    if (rc != KH_OK && last != NULL) {
        PQclear(*last);
        *last = NULL;
    }
    if (PQstatus(database->connection) != CONNECTION_OK) {
        database->error.rc = rc = KH_E_LOST;
    }
    return rc;
}

kh_rc kh_sql_collect(kh_database *database)
{
    return collect_with(database, NULL);
}

kh_rc kh_sql_run(kh_database *database, kh_sql_statement statement, PGresult **result)
{
    PGresult *own = NULL;
    kh_rc rc = kh_sql_queue(database, statement, KH_SQL_ANY_ROWS, KH_OK);
    if (rc == KH_OK) {
        rc = collect_with(database, &own);
    } else if (rc != KH_E_LOST && kh_sql_collect(database) == KH_E_LOST) {
        rc = KH_E_LOST;
    }
    if (result != NULL) {
        *result = own;
    } else {
        PQclear(own);
    }
    return rc;
}

kh_rc kh_sql_script(kh_database *database, const char *sql, const char *doing)
{
    kh_rc rc = kh_sql_collect(database);
    if (rc != KH_OK) {
        return rc;
    }
    PGresult *result = PQexec(database->connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        rc = result == NULL ? failed_connection(database, doing) : failed_result(database, result, doing);
    }
    PQclear(result);
    return rc;
}

kh_rc kh_sql_copy_begin(kh_database *database, const char *sql, const char *doing)
{
    static const char SIGNATURE[] = "PGCOPY\n\377\r\n";
    kh_rc rc = kh_sql_collect(database);
    if (rc != KH_OK) {
        return rc;
    }
    PGresult *result = PQexec(database->connection, sql);
    if (PQresultStatus(result) != PGRES_COPY_IN) {
        rc = result == NULL ? failed_connection(database, doing) : failed_result(database, result, doing);
    } else {
        database->copying = true;
        database->copy_doing = doing;
        kh_sql_buffer_reset(&database->copy);
        kh_sql_put_bytes(&database->copy, SIGNATURE, sizeof SIGNATURE); /* its NUL belongs to it */
        kh_sql_put_int32(&database->copy, 0);                           /* flags */
        kh_sql_put_int32(&database->copy, 0);                           /* no extension of the header */
    }
    PQclear(result);
    return rc;
}

static kh_rc send_copy(kh_database *database)
{
    kh_sql_buffer *copy = &database->copy;
    if (copy->rc != KH_OK) {
        return kh_sql_refuse(database, copy->rc, database->copy_doing, "%s",
                             copy->rc == KH_E_MEMORY ? "out of memory" : "a value is larger than PostgreSQL takes");
    }
    if (copy->length > 0 && PQputCopyData(database->connection, copy->data, (int)copy->length) != 1) {
        return failed_connection(database, database->copy_doing);
    }
    kh_sql_buffer_reset(copy);
    return KH_OK;
}

kh_rc kh_sql_copy_row(kh_database *database, int16_t columns)
{
    kh_rc rc = database->copy.length >= COPY_CHUNK || database->copy.rc != KH_OK ? send_copy(database) : KH_OK;
    kh_sql_put_int16(&database->copy, columns);
    return rc;
}

kh_rc kh_sql_copy_end(kh_database *database, size_t rows)
{
    kh_sql_put_int16(&database->copy, COPY_OUT_OF_ROWS);
    kh_rc rc = send_copy(database);
    database->copying = false;
    database->copy_unanswered = true;
    database->copy_rows = rows;
    if (PQputCopyEnd(database->connection, rc == KH_OK ? NULL : "given up by the client") != 1 && rc == KH_OK) {
        rc = failed_connection(database, database->copy_doing);
    }
    return rc;
}

kh_rc kh_sql_begin(kh_database *database)
{
    if (database->in_transaction) {
        return kh_sql_refuse(database, KH_E_INTERNAL, "begin", "a transaction is open already");
    }
    kh_sql_parameters_begin(database);
    database->in_transaction = true;
    return kh_sql_queue(database, KH_SQL_BEGIN, KH_SQL_ANY_ROWS, KH_OK);
}

kh_rc kh_sql_commit(kh_database *database)
{
    PGresult *result = NULL;
    kh_rc rc = kh_sql_collect(database);
    if (rc != KH_OK) {
        kh_sql_rollback(database);
        return rc;
    }
    kh_sql_parameters_begin(database);
    rc = kh_sql_run(database, KH_SQL_COMMIT, &result);
    database->in_transaction = false;
    /* The COMMIT of a transaction that failed is answered with ROLLBACK, as a success. */
    if (rc == KH_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        rc = kh_sql_refuse(database, KH_E_INTERNAL, "commit", "the server answered %s", PQcmdStatus(result));
    }
    PQclear(result);
    return rc;
}

void kh_sql_rollback(kh_database *database)
{
    kh_database_error kept = database->error;
    if (database->copying) {
        kh_sql_buffer_reset(&database->copy);
        database->copy.rc = KH_E_RETRY; /* any failure: makes the server forget the rows */
        kh_rc ignored = kh_sql_copy_end(database, 0);
        (void)ignored;
    }
    kh_rc collected = kh_sql_collect(database);
    (void)collected; /* whatever failed is rolled back */
    if (database->in_transaction && PQstatus(database->connection) == CONNECTION_OK) {
        kh_sql_parameters_begin(database);
        kh_rc rolled_back = kh_sql_run(database, KH_SQL_ROLLBACK, NULL);
        (void)rolled_back; /* if even this fails, the connection is gone, and with it the transaction */
    }
    database->in_transaction = false;
    database->error = kept;
}
