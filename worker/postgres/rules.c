#include "postgres/rules.h"

#include "postgres/row_reader.h"

static const char DOING[] = "load rules";

/* A pack was not inserted: it stands already, or its id or its digest stands with another one. */
static kh_rc check_standing_pack(kh_database *database, const kh_rule_file_row *file)
{
    PGresult *result = NULL;
    kh_sql_parameters_begin(database);
    kh_sql_parameter_text(database, file->id);
    kh_rc rc = kh_sql_run(database, KH_SQL_PACK_DIGEST, &result);
    if (rc != KH_OK) {
        return rc;
    }
    kh_sql_reader reader = {.result = result};
    if (PQntuples(result) == 0) {
        rc = kh_sql_refuse(database, KH_E_CONFIGURATION, DOING,
                           "rule pack \"%.*s\": the same bytes (SHA-256 %.*s) are loaded under another id",
                           KH_TEXT_ARGS(file->id), KH_TEXT_ARGS(file->digest));
    } else {
        kh_text digest = kh_sql_read_text(&reader, 0, NULL);
        if (!kh_text_equal(digest, file->digest)) {
            rc = kh_sql_refuse(
                database, KH_E_CONFIGURATION, DOING,
                "rule pack \"%.*s\" is loaded with SHA-256 %.*s, this file has %.*s: an amendment is a new "
                "pack, give it an id of its own",
                KH_TEXT_ARGS(file->id), KH_TEXT_ARGS(digest), KH_TEXT_ARGS(file->digest));
        }
    }
    PQclear(result);
    return rc;
}

static kh_rc load_file(kh_database *database, const kh_rule_file_row *file, size_t *added)
{
    static const kh_sql_statement INSERTS[] = {[KH_STORED_PACK] = KH_SQL_PACK_INSERT,
                                               [KH_STORED_POLICY] = KH_SQL_POLICY_INSERT,
                                               [KH_STORED_CALENDAR] = KH_SQL_CALENDAR_INSERT};
    PGresult *result = NULL;
    kh_sql_parameters_begin(database);
    kh_sql_parameter_text(database, file->digest);
    kh_sql_parameter_text(database, file->id);
    kh_sql_parameter_text(database, file->arrangement);
    kh_sql_parameter_text(database, file->bytes);
    kh_sql_parameter_text(database, file->loaded_by);
    kh_rc rc = kh_sql_run(database, INSERTS[file->kind], &result);
    bool inserted = rc == KH_OK && strcmp(PQcmdTuples(result), "1") == 0;
    PQclear(result);
    if (inserted) {
        (*added)++;
    } else if (rc == KH_OK && file->kind == KH_STORED_PACK) {
        rc = check_standing_pack(database, file);
    }
    return rc;
}

static kh_rc any_loaded(kh_database *database, bool *any)
{
    PGresult *result = NULL;
    kh_sql_parameters_begin(database);
    kh_rc rc = kh_sql_run(database, KH_SQL_RULES_ANY, &result);
    if (rc == KH_OK) {
        kh_sql_reader reader = {.result = result};
        *any = kh_sql_read_bool(&reader, 0);
        rc = reader.rc;
    }
    PQclear(result);
    return rc;
}

static kh_rc load(kh_database *database, const kh_rule_file_row *files, size_t count, kh_text cause, bool only_first,
                  bool *skipped, size_t *added)
{
    kh_rc rc = kh_sql_begin(database);
    *skipped = false;
    *added = 0;
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        rc = kh_sql_queue(database, KH_SQL_RULES_LOCK, KH_SQL_ANY_ROWS, KH_OK);
    }
    if (rc == KH_OK && only_first) {
        rc = any_loaded(database, skipped);
    }
    for (size_t i = 0; i < count && rc == KH_OK && !*skipped; i++) {
        rc = load_file(database, &files[i], added);
    }
    if (rc == KH_OK && *added > 0) {
        kh_sql_parameters_begin(database);
        rc = kh_sql_queue(database, KH_SQL_LANE_LOCK_ALL, KH_SQL_ANY_ROWS, KH_OK);
    }
    if (rc == KH_OK && *added > 0) {
        kh_sql_parameters_begin(database);
        kh_sql_parameter_text(database, cause);
        rc = kh_sql_queue(database, KH_SQL_LANE_RAISE_ARRANGEMENT, KH_SQL_ANY_ROWS, KH_OK);
    }
    if (rc == KH_OK) {
        return kh_sql_commit(database);
    }
    kh_sql_rollback(database);
    return rc;
}

kh_rc kh_rules_load(kh_database *database, const kh_rule_file_row *files, size_t count, kh_text cause, size_t *added)
{
    bool skipped = false;
    size_t loaded = 0;
    kh_rc rc = load(database, files, count, cause, false, &skipped, &loaded);
    if (rc == KH_OK && added != NULL) {
        *added = loaded;
    }
    return rc;
}

kh_rc kh_rules_load_first(kh_database *database, const kh_rule_file_row *files, size_t count, kh_text cause,
                          bool *loaded)
{
    bool skipped = false;
    size_t added = 0;
    kh_rc rc = load(database, files, count, cause, true, &skipped, &added);
    if (rc == KH_OK) {
        *loaded = !skipped;
    }
    return rc;
}

kh_rc kh_rules_read(kh_database *database, kh_arena *arena, kh_rule_file_row **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    return kh_rows_run(database, KH_SQL_RULES_READ, arena, kh_row_read_rule_file, sizeof **out, out, count);
}

kh_rc kh_rules_read_as_of(kh_database *database, kh_instant at, kh_arena *arena, kh_rule_file_row **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int64(database, at);
    return kh_rows_run(database, KH_SQL_RULES_READ_AS_OF, arena, kh_row_read_rule_file, sizeof **out, out, count);
}
