/* The schema: numbered migrations (config/migrations, compiled in), and what the worker's role may do with it. */
#ifndef KH_POSTGRES_SCHEMA_H
#define KH_POSTGRES_SCHEMA_H

#include "postgres/database.h"

/*! The version that this program knows: the number of its last migration. */
int kh_schema_version_known(void);

/*! Creates the schema if need be and applies each migration that is missing, each in a transaction of its own, under an
 *  advisory lock (two callers: the second waits, and finds nothing to do). Then grants a role what `run` needs and no
 *  more: it can neither change nor delete a result or a dead letter.
 *  \param worker_role  NULL: nobody. Must exist, and be another than the one that migrates. Granting again is harmless.
 *  \param before,after versions; 0 is an empty schema. May be NULL.
 *  \retval KH_OK
 *  \retval KH_E_CONFIGURATION  a newer schema than known, no such role, or no right to do this.
 *  \retval KH_E_LOST, KH_E_RETRY; what was applied until then stays. */
KH_MUSTCHECK kh_rc kh_schema_migrate(kh_database *database, const char *worker_role, int *before, int *after);

/*! Whether the schema is the one that this program knows.
 *  \param found  its version, 0 if there is none; set for KH_OK and KH_E_CONFIGURATION. May be NULL.
 *  \retval KH_OK
 *  \retval KH_E_CONFIGURATION  older or newer; the error's text names both and the command that mends it.
 *  \retval KH_E_LOST, KH_E_RETRY */
KH_MUSTCHECK kh_rc kh_schema_check(kh_database *database, int *found);

#endif
