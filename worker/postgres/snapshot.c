#include "postgres/snapshot.h"

#include "postgres/connection.h"

kh_rc kh_snapshot_begin(kh_database *database)
{
    if (database->in_transaction) {
        return kh_sql_refuse(database, KH_E_INTERNAL, "begin", "a transaction is open already");
    }
    kh_sql_parameters_begin(database);
    kh_rc rc = kh_sql_run(database, KH_SQL_BEGIN_SNAPSHOT, NULL);
    database->in_transaction = rc == KH_OK;
    return rc;
}

void kh_snapshot_end(kh_database *database)
{
    kh_sql_rollback(database); /* nothing was written: the quickest way out */
}
