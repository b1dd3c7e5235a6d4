#include "postgres/schema.h"

#include <stdio.h>
#include <stdlib.h>

#include "postgres/connection.h"
#include "postgres/migrations.h"

static const char DOING[] = "migrate";

/* The table that tells the version comes before every migration, so that a schema without it is version 0. */
static const char VERSION_TABLE[] = "CREATE TABLE IF NOT EXISTS schema_version ("
                                    "version integer PRIMARY KEY, name text NOT NULL, "
                                    "applied_at timestamptz NOT NULL DEFAULT now(), "
                                    "applied_by text NOT NULL DEFAULT session_user)";

/* What `run` needs and no more; %1$s is the schema, %2$s the role, both quoted. Append-only tables take no UPDATE and
 * no DELETE, whatever was granted before. */
static const char GRANTS[] = "GRANT USAGE ON SCHEMA %1$s TO %2$s;"
                             "REVOKE ALL ON ALL TABLES IN SCHEMA %1$s FROM %2$s;"
                             "GRANT SELECT ON ALL TABLES IN SCHEMA %1$s TO %2$s;"
                             "GRANT INSERT ON deployment, result, dead_letter, dead_letter_action, "
                             "rule_pack, policy, calendar TO %2$s;"
                             "GRANT INSERT, UPDATE ON lane, lane_offset, subject TO %2$s;"
                             "GRANT INSERT, UPDATE, DELETE ON wakeup, obligation TO %2$s;"
                             "GRANT UPDATE, DELETE ON redrive TO %2$s";

int kh_schema_version_known(void)
{
    int version = 0;
    for (const kh_migration *migration = KH_MIGRATIONS; migration->version != 0; migration++) {
        version = migration->version;
    }
    return version;
}

static kh_rc read_version(kh_database *database, int *version)
{
    PGresult *result = NULL;
    kh_sql_parameters_begin(database);
    kh_rc rc = kh_sql_run(database, KH_SQL_SCHEMA_EXISTS, &result);
    kh_sql_reader reader = {.result = result};
    bool exists = rc == KH_OK && kh_sql_read_bool(&reader, 0);
    PQclear(result);
    result = NULL;
    *version = 0;
    if (rc == KH_OK && exists) {
        rc = kh_sql_run(database, KH_SQL_SCHEMA_VERSION, &result);
        reader = (kh_sql_reader){.result = result};
        *version = rc == KH_OK ? kh_sql_read_int32(&reader, 0, 0) : 0;
        PQclear(result);
    }
    return rc;
}

/* One migration with its number, or nothing. */
static kh_rc apply(kh_database *database, const kh_migration *migration)
{
    kh_rc rc = kh_sql_begin(database);
    if (rc == KH_OK) {
        rc = kh_sql_script(database, migration->sql, migration->name);
    }
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        kh_sql_parameter_int32(database, migration->version);
        kh_sql_parameter_text(database, kh_text_of(migration->name));
        rc = kh_sql_queue(database, KH_SQL_SCHEMA_RECORD, 1, KH_E_INTERNAL);
    }
    if (rc == KH_OK) {
        return kh_sql_commit(database);
    }
    kh_sql_rollback(database);
    return rc;
}

static kh_rc apply_missing(kh_database *database, const char *quoted_schema, int *before, int *after)
{
    char sql[256];
    snprintf(sql, sizeof sql, "CREATE SCHEMA IF NOT EXISTS %s", quoted_schema);
    kh_rc rc = read_version(database, before);
    if (rc == KH_OK && *before == 0) {
        rc = kh_sql_script(database, sql, "create the schema");
        if (rc == KH_OK) {
            rc = kh_sql_script(database, VERSION_TABLE, "create the table of versions");
        }
    }
    if (rc == KH_OK && *before > kh_schema_version_known()) {
        rc = kh_sql_refuse(database, KH_E_CONFIGURATION, DOING,
                           "schema \"%s\" is at version %d, this program knows %d: use a newer kakehashi",
                           database->schema, *before, kh_schema_version_known());
    }
    *after = *before;
    for (const kh_migration *migration = KH_MIGRATIONS; migration->version != 0 && rc == KH_OK; migration++) {
        if (migration->version > *before) {
            rc = apply(database, migration);
            *after = rc == KH_OK ? migration->version : *after;
        }
    }
    return rc;
}

static kh_rc grant(kh_database *database, const char *quoted_schema, const char *role)
{
    kh_rc rc = KH_E_MEMORY;
    char *sql = NULL;
    if (strcmp(role, PQuser(database->connection)) == 0) {
        return kh_sql_refuse(database, KH_E_CONFIGURATION, DOING,
                             "the worker's role \"%s\" must be another than the one that migrates: it would lose the "
                             "rights that the next migration needs",
                             role);
    }
    char *quoted_role = PQescapeIdentifier(database->connection, role, strlen(role));
    if (quoted_role != NULL && asprintf(&sql, GRANTS, quoted_schema, quoted_role) >= 0) {
        /* Several statements in one text are one transaction: nobody sees the role without its rights. */
        rc = kh_sql_script(database, sql, "grant rights to the worker's role");
    } else {
        rc = kh_sql_refuse(database, KH_E_CONFIGURATION, DOING, "the role's name is not valid text");
    }
    free(sql);
    PQfreemem(quoted_role);
    return rc;
}

kh_rc kh_schema_migrate(kh_database *database, const char *worker_role, int *before, int *after)
{
    int versions[2] = {0, 0};
    bool locked = false;
    char *quoted = PQescapeIdentifier(database->connection, database->schema, strlen(database->schema));
    kh_rc rc = quoted == NULL ? kh_sql_refuse(database, KH_E_MEMORY, DOING, "out of memory") : KH_OK;
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        kh_sql_parameter_text(database, kh_text_of(database->schema));
        rc = kh_sql_run(database, KH_SQL_SCHEMA_LOCK, NULL);
        locked = rc == KH_OK;
    }
    if (rc == KH_OK) {
        rc = apply_missing(database, quoted, &versions[0], &versions[1]);
    }
    if (rc == KH_OK && worker_role != NULL) {
        rc = grant(database, quoted, worker_role);
    }
    if (locked && rc != KH_E_LOST) {
        kh_database_error kept = database->error;
        kh_sql_parameters_begin(database);
        kh_sql_parameter_text(database, kh_text_of(database->schema));
        kh_rc unlocked = kh_sql_run(database, KH_SQL_SCHEMA_UNLOCK, NULL);
        rc = rc == KH_OK ? unlocked : rc;
        database->error = kept;
    }
    if (rc == KH_OK && before != NULL) {
        *before = versions[0];
    }
    if (rc == KH_OK && after != NULL) {
        *after = versions[1];
    }
    PQfreemem(quoted);
    return rc;
}

kh_rc kh_schema_check(kh_database *database, int *found)
{
    int version = 0;
    int known = kh_schema_version_known();
    kh_rc rc = read_version(database, &version);
    if (rc == KH_OK && version < known) {
        rc = kh_sql_refuse(database, KH_E_CONFIGURATION, "check the schema",
                           "schema \"%s\" is at version %d, this program needs %d: run `kakehashi migrate`%s",
                           database->schema, version, known,
                           version == 0 ? ", with --worker-role if this role may not see it" : "");
    } else if (rc == KH_OK && version > known) {
        rc = kh_sql_refuse(database, KH_E_CONFIGURATION, "check the schema",
                           "schema \"%s\" is at version %d, this program knows %d: use a newer kakehashi",
                           database->schema, version, known);
    }
    if (found != NULL && (rc == KH_OK || rc == KH_E_CONFIGURATION)) {
        *found = version;
    }
    return rc;
}
