#include "postgres/catalog.h"

#include "postgres/row_reader.h"
#include "postgres/snapshot.h"

/* Literal text within a LIKE pattern. */
static void put_literal(kh_sql_buffer *buffer, kh_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '%' || text.data[i] == '_' || text.data[i] == '\\') {
            kh_sql_put_bytes(buffer, "\\", 1);
        }
        kh_sql_put_bytes(buffer, &text.data[i], 1);
    }
}

static void put_glob(kh_sql_buffer *buffer, kh_text pattern)
{
    if (pattern.length == 0) {
        kh_sql_put_bytes(buffer, "%", 1);
    }
    for (size_t i = 0; i < pattern.length; i++) {
        if (pattern.data[i] == '*') {
            kh_sql_put_bytes(buffer, "%", 1);
        } else if (pattern.data[i] == '?') {
            kh_sql_put_bytes(buffer, "_", 1);
        } else {
            put_literal(buffer, (kh_text){&pattern.data[i], 1});
        }
    }
}

/* "% SG=RECOGNISED %" finds a whole entry in " JP=... SG=RECOGNISED ". */
static void put_outcome(kh_sql_buffer *buffer, const kh_catalog_filter *filter)
{
    bool any = filter->host.length == 0 && filter->outcome.length == 0;
    kh_sql_put_bytes(buffer, "%", 1);
    if (any) {
        return;
    }
    if (filter->host.length > 0) {
        kh_sql_put_bytes(buffer, " ", 1);
        put_literal(buffer, filter->host);
    }
    kh_sql_put_bytes(buffer, "=", 1);
    if (filter->outcome.length > 0) {
        put_literal(buffer, filter->outcome);
        kh_sql_put_bytes(buffer, " ", 1);
    }
    kh_sql_put_bytes(buffer, "%", 1);
}

/* A cursor, read piece by piece. */
typedef struct cursor {
    kh_sql_statement fetch;
    kh_rc (*take)(const struct cursor *cursor, kh_sql_reader *reader); /* one row */
    kh_catalog_visit visit;
    kh_catalog_visit_obligation visit_obligation;
    void *self;
} cursor;

static kh_rc take_subject(const cursor *of, kh_sql_reader *reader)
{
    kh_subject_row row;
    kh_row_read_subject(reader, &row);
    return reader->rc == KH_OK ? of->visit(of->self, &row) : reader->rc;
}

static kh_rc take_obligation(const cursor *of, kh_sql_reader *reader)
{
    kh_obligation_row row;
    kh_row_read_obligation(reader, &row);
    kh_text decisions = kh_sql_read_text(reader, KH_ROW_OBLIGATION_COLUMNS, NULL);
    return reader->rc == KH_OK ? of->visit_obligation(of->self, &row, decisions) : reader->rc;
}

static kh_rc fetch_all(kh_database *database, const cursor *of)
{
    bool more = true;
    kh_rc rc = KH_OK;
    while (more && rc == KH_OK) {
        PGresult *result = NULL;
        kh_sql_parameters_begin(database);
        rc = kh_sql_run(database, of->fetch, &result);
        kh_sql_reader reader = {.result = result};
        more = rc == KH_OK && PQntuples(result) > 0;
        for (int i = 0; rc == KH_OK && i < PQntuples(result); i++) {
            reader.row = i;
            rc = of->take(of, &reader);
        }
        PQclear(result);
    }
    return rc;
}

/* Begins what a listing is read in. */
static kh_rc begin(kh_database *database)
{
    kh_rc rc = kh_snapshot_begin(database);
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        rc = kh_sql_run(database, KH_SQL_LIST_SETTINGS, NULL);
    }
    return rc;
}

kh_rc kh_catalog_list(kh_database *database, const kh_catalog_filter *filter, kh_catalog_visit visit, void *self)
{
    cursor of = {.fetch = KH_SQL_LIST_FETCH, .take = take_subject, .visit = visit, .self = self};
    kh_rc rc = begin(database);
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        kh_sql_put_bytes(kh_sql_parameter(database), filter->decisions ? "\1" : "\0", 1);
        put_glob(kh_sql_parameter(database), filter->pattern);
        put_outcome(kh_sql_parameter(database), filter);
        rc = kh_sql_run(database, KH_SQL_LIST_DECLARE, NULL);
    }
    if (rc == KH_OK) {
        rc = fetch_all(database, &of);
    }
    kh_snapshot_end(database); /* closes the cursor too */
    return rc;
}

kh_rc kh_catalog_list_obligations(kh_database *database, kh_text participant, int16_t left_out,
                                  kh_catalog_visit_obligation visit, void *self)
{
    cursor of = {.fetch = KH_SQL_OBLIGATION_FETCH, .take = take_obligation, .visit_obligation = visit, .self = self};
    kh_rc rc = begin(database);
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        kh_sql_parameter_text(database, participant);
        kh_sql_parameter_int32(database, left_out);
        rc = kh_sql_run(database, KH_SQL_OBLIGATION_DECLARE, NULL);
    }
    if (rc == KH_OK) {
        rc = fetch_all(database, &of);
    }
    kh_snapshot_end(database);
    return rc;
}

kh_rc kh_catalog_read(kh_database *database, kh_text key, kh_arena *arena, kh_subject_row *out)
{
    kh_subject_row *rows = NULL;
    size_t count = 0;
    kh_sql_parameters_begin(database);
    kh_sql_parameter_text(database, key);
    kh_rc rc = kh_rows_run(database, KH_SQL_SUBJECT_FIND, arena, kh_row_read_subject, sizeof *rows, &rows, &count);
    if (rc == KH_OK) {
        *out = count > 0 ? rows[0] : (kh_subject_row){.due_at = KH_INSTANT_NONE, .next_change_at = KH_INSTANT_NONE};
    }
    return rc;
}

kh_rc kh_catalog_obligations(kh_database *database, kh_text subject, kh_arena *arena, kh_obligation_row **out,
                             size_t *count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_text(database, subject);
    return kh_rows_run(database, KH_SQL_OBLIGATION_READ, arena, kh_row_read_obligation, sizeof **out, out, count);
}
