#include "postgres/database.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "postgres/connection.h"

#define CONNECT_TIMEOUT_SECONDS 10

static void number_text(char out[16], uint32_t number)
{
    snprintf(out, 16, "%lu", (unsigned long)number);
}

static void ignore_notice(void *self, const PGresult *result)
{
    (void)self;
    (void)result;
}

/* What libpq is asked for: keywords and values, ended by a NULL. */
typedef struct options {
    const char *keywords[16];
    const char *values[16];
} options;

/* A keyword of the connection string overrides those before it here; the password and what we rely on come after it. */
static void fill_options(const kh_database_settings *settings, options *out)
{
    const char *const all[][2] = {
        {"keepalives", "1"},
        {"keepalives_idle", "10"},
        {"keepalives_interval", "5"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "30000"},
        {"dbname", settings->connection},
        {"password", settings->password},
        {"application_name", settings->application_name},
        {"client_encoding", "UTF8"},
    };
    size_t count = 0;
    *out = (options){0};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i][1] != NULL && all[i][1][0] != '\0') {
            out->keywords[count] = all[i][0];
            out->values[count] = all[i][1];
            count++;
        }
    }
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Connects step by step, since only so can libpq be told, before it hears the server, to keep the SQLSTATE of a
 * refusal: as "FATAL:  28P01: ..." in its message. \return false when time is up. */
static bool wait_for_connection(PGconn *connection, uint32_t seconds)
{
    int64_t deadline = monotonic_ms() + (int64_t)(seconds != 0 ? seconds : CONNECT_TIMEOUT_SECONDS) * 1000;
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
        struct pollfd waited = {.fd = PQsocket(connection), .events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        int64_t left = deadline - monotonic_ms();
        int ready = left <= 0 ? 0 : poll(&waited, 1, (int)left);
        if (ready == 0) {
            return false;
        }
        if (ready > 0) {
            next = PQconnectPoll(connection);
        }
    }
    return true;
}

/* The five characters in ":  28P01: " of a verbose message, whatever the language around them. */
static void find_sqlstate(const char *text, char out[6])
{
    out[0] = '\0';
    for (const char *colon = strstr(text, ":  "); colon != NULL; colon = strstr(colon + 1, ":  ")) {
        const char *state = colon + 3;
        if (strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && state[5] == ':') {
            memcpy(out, state, 5);
            out[5] = '\0';
        }
    }
}

static kh_rc refuse_connection(kh_database *database, const options *asked, bool at_once)
{
    char sqlstate[6];
    const char *text = PQerrorMessage(database->connection);
    find_sqlstate(text, sqlstate);
    kh_rc rc = kh_sqlstate_classify(sqlstate);
    bool options_wrong = at_once && PQpingParams(asked->keywords, asked->values, 1) == PQPING_NO_ATTEMPT;
    if (sqlstate[0] == '\0' && (options_wrong || PQconnectionNeedsPassword(database->connection))) {
        rc = KH_E_CONFIGURATION;
    }
    kh_sql_refuse(database, rc, "connect", "%s", text);
    memcpy(database->error.sqlstate, sqlstate, sizeof sqlstate);
    return rc;
}

static kh_rc connect_to_server(kh_database *database, const kh_database_settings *settings)
{
    options asked;
    fill_options(settings, &asked);
    database->connection = PQconnectStartParams(asked.keywords, asked.values, 1);
    if (database->connection == NULL) {
        return kh_sql_refuse(database, KH_E_MEMORY, "connect", "out of memory");
    }
    PQsetNoticeReceiver(database->connection, ignore_notice, NULL);
    if (PQstatus(database->connection) == CONNECTION_BAD) {
        return refuse_connection(database, &asked, true);
    }
    PQsetErrorVerbosity(database->connection, PQERRORS_VERBOSE);
    if (!wait_for_connection(database->connection, settings->connect_timeout_seconds)) {
        return kh_sql_refuse(database, KH_E_LOST, "connect", "no answer from the server in time");
    }
    if (PQstatus(database->connection) != CONNECTION_OK) {
        return refuse_connection(database, &asked, false);
    }
    PQsetErrorVerbosity(database->connection, PQERRORS_DEFAULT);
    return KH_OK;
}

/* Commits must be durable on this server at least; a stronger setting is left as it is. Plans: every table is reached
 * by an index whatever the statistics say, since a plan made while a table was empty is kept for long. */
static const char SESSION[] =
    "SELECT set_config('search_path', $1, false), set_config('statement_timeout', $2, false), "
    "set_config('idle_in_transaction_session_timeout', $3, false), "
    "set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local', "
    "'remote_write') "
    "THEN 'on' ELSE current_setting('synchronous_commit') END, false), "
    "set_config('plan_cache_mode', 'force_generic_plan', false), set_config('jit', 'off', false), "
    "set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false), "
    "set_config('enable_mergejoin', 'off', false), set_config('datestyle', 'ISO', false), "
    "set_config('timezone', 'UTC', false)";

static kh_rc set_up_session(kh_database *database, const kh_database_settings *settings)
{
    char statement_timeout[16];
    char idle_timeout[16];
    number_text(statement_timeout, settings->statement_timeout_ms);
    number_text(idle_timeout, settings->idle_timeout_ms);
    char *quoted = PQescapeIdentifier(database->connection, settings->schema, strlen(settings->schema));
    if (quoted == NULL) {
        return kh_sql_refuse(database, KH_E_CONFIGURATION, "set up the session", "the schema's name is not valid text");
    }
    const char *values[] = {quoted, statement_timeout, idle_timeout};
    PGresult *result = PQexecParams(database->connection, SESSION, 3, NULL, values, NULL, NULL, 0);
    kh_rc rc = KH_OK;
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        rc = kh_sqlstate_classify(PQresultErrorField(result, PG_DIAG_SQLSTATE));
        rc = rc == KH_OK ? KH_E_INTERNAL : rc;
        kh_sql_refuse(database, rc, "set up the session", "%s", PQerrorMessage(database->connection));
    }
    PQclear(result);
    PQfreemem(quoted);
    return rc;
}

kh_rc kh_database_open(const kh_database_settings *settings, kh_database **out, kh_database_error *error)
{
    kh_rc rc = KH_OK;
    *out = NULL;
    kh_database *database = calloc(1, sizeof *database);
    if (database == NULL) {
        rc = KH_E_MEMORY;
        goto out;
    }
    database->schema = strdup(settings->schema);
    if (database->schema == NULL) {
        rc = kh_sql_refuse(database, KH_E_MEMORY, "connect", "out of memory");
        goto out;
    }
    rc = connect_to_server(database, settings);
    if (rc != KH_OK) {
        goto out;
    }
    rc = set_up_session(database, settings);
out:
    if (rc != KH_OK && error != NULL) {
        *error = database != NULL ? database->error
                                  : (kh_database_error){.rc = rc, .doing = "connect", .text = "out of memory"};
    }
    if (rc != KH_OK) {
        kh_database_close(database);
    } else {
        *out = database;
    }
    return rc;
}

void kh_database_close(kh_database *database)
{
    if (database == NULL) {
        return;
    }
    PQfinish(database->connection);
    for (size_t i = 0; i < KH_SQL_PARAMETERS; i++) {
        kh_sql_buffer_deinit(&database->parameters[i]);
    }
    kh_sql_buffer_deinit(&database->copy);
    free(database->schema);
    free(database);
}

const kh_database_error *kh_database_last_error(const kh_database *database)
{
    return &database->error;
}

kh_rc kh_database_now(kh_database *database, kh_instant *out)
{
    PGresult *result = NULL;
    kh_sql_parameters_begin(database);
    kh_rc rc = kh_sql_run(database, KH_SQL_NOW, &result);
    if (rc == KH_OK) {
        kh_sql_reader reader = {.result = result};
        kh_instant now = kh_sql_read_int64(&reader, 0, KH_INSTANT_NONE);
        rc = reader.rc;
        if (rc == KH_OK) {
            *out = now;
        }
    }
    PQclear(result);
    return rc;
}

int kh_database_backend(const kh_database *database)
{
    return PQbackendPID(database->connection);
}
