/* Every statement that is prepared, with its name and its text. Private to this room. */
#ifndef KH_POSTGRES_SQL_STATEMENT_H
#define KH_POSTGRES_SQL_STATEMENT_H

typedef enum kh_sql_statement {
    KH_SQL_NOW,
    KH_SQL_BEGIN,
    KH_SQL_BEGIN_SNAPSHOT,
    KH_SQL_COMMIT,
    KH_SQL_ROLLBACK,
    /* lanes */
    KH_SQL_DEPLOYMENT_INSERT,
    KH_SQL_DEPLOYMENT_READ,
    KH_SQL_LANE_INSERT,
    KH_SQL_LANE_OFFSET_INSERT,
    KH_SQL_LANE_LOCK,
    KH_SQL_LANE_LOCK_ALL,
    KH_SQL_LANE_PATIENCE,
    KH_SQL_LANE_END_HOLDERS,
    KH_SQL_LANE_RAISE_EPOCH,
    KH_SQL_LANE_READ,
    KH_SQL_LANE_READ_ALL,
    KH_SQL_LANE_OFFSET_READ,
    KH_SQL_LANE_OFFSET_READ_ALL,
    KH_SQL_LANE_OWN,
    KH_SQL_LANE_RELEASE,
    KH_SQL_LANE_LOOK,
    KH_SQL_LANE_CONNECTED,
    KH_SQL_LANE_RAISE_ARRANGEMENT,
    KH_SQL_LANE_FINISH,
    KH_SQL_LANE_OFFSET_FINISH,
    /* subjects */
    KH_SQL_SUBJECT_READ,
    KH_SQL_SUBJECT_DEPENDENTS,
    KH_SQL_SUBJECT_DUE,
    KH_SQL_SUBJECT_SWEEP,
    KH_SQL_SUBJECT_INSERT_EMPTY,
    KH_SQL_SUBJECT_LOCK_SHARE,
    KH_SQL_SUBJECT_UPDATE,
    KH_SQL_SUBJECT_UPSERT,
    /* wakeups, obligations */
    KH_SQL_WAKEUP_READ,
    KH_SQL_WAKEUP_UPSERT,
    KH_SQL_WAKEUP_DELETE,
    KH_SQL_OBLIGATION_UPSERT,
    KH_SQL_OBLIGATION_DELETE,
    /* outbox */
    KH_SQL_RESULT_READ,
    KH_SQL_RESULT_HISTORY,
    KH_SQL_RESULT_STOOD,
    KH_SQL_RESULT_RECORDED_AT,
    KH_SQL_DEAD_LETTER_READ,
    /* dead letters */
    KH_SQL_DEAD_LETTER_LIST,
    KH_SQL_DEAD_LETTER_FIND,
    KH_SQL_DEAD_LETTER_DEEDS,
    KH_SQL_DEAD_LETTER_COUNT,
    KH_SQL_DEAD_LETTER_DISCARD,
    KH_SQL_REDRIVE_INSERT,
    KH_SQL_REDRIVE_READ,
    KH_SQL_REDRIVE_SETTLE,
    /* rules */
    KH_SQL_RULES_LOCK,
    KH_SQL_RULES_ANY,
    KH_SQL_RULES_READ,
    KH_SQL_RULES_READ_AS_OF,
    KH_SQL_PACK_INSERT,
    KH_SQL_PACK_DIGEST,
    KH_SQL_POLICY_INSERT,
    KH_SQL_CALENDAR_INSERT,
    /* catalog */
    KH_SQL_LIST_SETTINGS,
    KH_SQL_LIST_DECLARE,
    KH_SQL_LIST_FETCH,
    KH_SQL_SUBJECT_FIND,
    KH_SQL_OBLIGATION_READ,
    /* backlog */
    KH_SQL_BACKLOG,
    /* schema */
    KH_SQL_SCHEMA_EXISTS,
    KH_SQL_SCHEMA_VERSION,
    KH_SQL_SCHEMA_LOCK,
    KH_SQL_SCHEMA_UNLOCK,
    KH_SQL_SCHEMA_RECORD,
    KH_SQL_STATEMENTS
} kh_sql_statement;

typedef struct kh_sql_text {
    const char *name;  /*!< on the server */
    const char *doing; /*!< for errors */
    const char *sql;
} kh_sql_text;

/*! Never NULL. */
const kh_sql_text *kh_sql_statement_text(kh_sql_statement statement);

/* COPY cannot be prepared. */
extern const char KH_SQL_COPY_RESULT[];
extern const char KH_SQL_COPY_DEAD_LETTER[];
#define KH_SQL_COPY_RESULT_COLUMNS      13
#define KH_SQL_COPY_DEAD_LETTER_COLUMNS 11

#endif
