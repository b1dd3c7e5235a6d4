#include "postgres/database.h"

#include <string.h>

/* The first row that fits decides: whole codes before their class. */
static const struct {
    const char *prefix;
    kh_rc rc;
} CLASSES[] = {
    {"00", KH_OK},
    {"01", KH_OK},
    {"02", KH_OK},
    /* The connection, the server, or its room: gone for now. */
    {"08", KH_E_LOST},
    {"25006", KH_E_LOST}, /* read-only: a standby, or a failover under way */
    {"25P03", KH_E_LOST}, /* idle in a transaction for too long: the server has hung up */
    {"25P04", KH_E_LOST}, /* a transaction that took too long: the same */
    {"26", KH_E_LOST},    /* a prepared statement that is not there: not the session that it was */
    {"40003", KH_E_LOST}, /* statement completion unknown */
    {"53", KH_E_LOST},    /* disk, memory or connections are out */
    {"57P", KH_E_LOST},   /* shut down, crashed, starting */
    {"58", KH_E_LOST},    /* its files */
    /* The same again may well work. */
    {"40", KH_E_RETRY},
    {"55006", KH_E_RETRY},
    {"55P03", KH_E_RETRY},
    {"55", KH_E_LOST},     /* not ready for it */
    {"57014", KH_E_RETRY}, /* statement_timeout, or somebody cancelled it */
    {"72000", KH_E_RETRY},
    /* A value that cannot be stored. */
    {"22", KH_E_BAD_ROW},
    {"23", KH_E_BAD_ROW},
    {"54000", KH_E_BAD_ROW}, /* too large for an index */
    /* Our rights, our schema, our settings. */
    {"0A", KH_E_CONFIGURATION},
    {"28", KH_E_CONFIGURATION},
    {"3D", KH_E_CONFIGURATION},
    {"3F", KH_E_CONFIGURATION},
    {"42", KH_E_CONFIGURATION},
    {"F0", KH_E_CONFIGURATION},
};

kh_rc kh_sqlstate_classify(const char *sqlstate)
{
    if (sqlstate == NULL || sqlstate[0] == '\0') {
        return KH_E_LOST;
    }
    for (size_t i = 0; i < sizeof CLASSES / sizeof CLASSES[0]; i++) {
        if (strncmp(sqlstate, CLASSES[i].prefix, strlen(CLASSES[i].prefix)) == 0) {
            return CLASSES[i].rc;
        }
    }
    return KH_E_INTERNAL;
}
