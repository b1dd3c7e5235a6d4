#include "postgres/sql_statement.h"

#include <assert.h>
#include <stddef.h>

/* Instants are milliseconds. */
#define NOW_MS "(extract(epoch FROM now()) * 1000)::bigint"
#define LANE_COLUMNS                                                                                                   \
    "l.lane, l.epoch, l.owner, l.next_seq, l.clock, l.arrangement_version, l.arrangement_cause, l.swept_version, "     \
    "l.sweeping, l.sweep_after, l.sweep_cause, l.published_seq"
#define OFFSET_COLUMNS "lane, topic, next_offset, last_offset, last_timestamp, last_crc"
#define SUBJECT_COLUMNS                                                                                                \
    "s.lane, s.key, s.facts, s.decisions, s.due_at, s.basis, s.outcomes, s.residual_open, s.next_change_at"
#define RESULT_COLUMNS                                                                                                 \
    "r.lane, r.seq, r.kind, r.key, r.subject, r.decision, r.status_version, r.public_version, r.message_hash, "        \
    "r.public_hash, r.decided_at, r.recorded_at, r.cause, r.previous_seq"
#define LOADED_MS           "floor(extract(epoch FROM q.loaded_at) * 1000)::bigint"
#define RECORDED_MS         "floor(extract(epoch FROM r.recorded_at) * 1000)::bigint"
#define DEAD_LETTER_PLACE   "d.lane, d.seq, d.topic, d.\"offset\", d.record_timestamp, d.reason, d.detail, d.key"
#define DEAD_LETTER_COLUMNS DEAD_LETTER_PLACE ", d.value, d.value_size, d.headers"
/* A dead letter with the newest that was done about it, and who wants it decided again. */
#define DEAD_LETTER_CASE "d.recorded_at, a.action, a.detail, a.done_by, a.done_at, r.asked_by"
#define DEAD_LETTER_NEWEST                                                                                             \
    "LEFT JOIN LATERAL (SELECT * FROM dead_letter_action n WHERE n.lane = d.lane AND n.seq = d.seq "                   \
    "ORDER BY n.number DESC LIMIT 1) a ON true "
#define OBLIGATION_COLUMNS                                                                                             \
    "id, lane, kind, state, subject, arrangement, obliged, towards, arose_on, due_on, earliest_due_on, "               \
    "discharged_on, confirmed_on, provisional, late, version, decided_at"
#define SUBJECT_ARRAYS                                                                                                 \
    "unnest($1::int[], $2::text[], $3::bytea[], $4::bytea[], $5::bigint[], $6::text[], $7::text[], $8::int[], "        \
    "$9::bigint[]) AS v (lane, key, facts, decisions, due_at, basis, outcomes, residual_open, next_change_at)"

static const kh_sql_text TEXTS[KH_SQL_STATEMENTS] = {
    [KH_SQL_NOW] = {"now", "ask for the time", "SELECT " NOW_MS},
    /* Not READ WRITE: a standby would call that unsupported, instead of read-only at the first lock. */
    [KH_SQL_BEGIN] = {"begin", "begin", "BEGIN ISOLATION LEVEL READ COMMITTED"},
    [KH_SQL_BEGIN_SNAPSHOT] = {"begin_snapshot", "begin", "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"},
    [KH_SQL_COMMIT] = {"commit", "commit", "COMMIT"},
    [KH_SQL_ROLLBACK] = {"rollback", "roll back", "ROLLBACK"},

    [KH_SQL_DEPLOYMENT_INSERT] = {"deployment_insert", "write the deployment",
                                  "INSERT INTO deployment (id, lane_count) VALUES ($1::text, $2::int) "
                                  "ON CONFLICT DO NOTHING"},
    [KH_SQL_DEPLOYMENT_READ] = {"deployment_read", "read the deployment", "SELECT id, lane_count FROM deployment"},
    [KH_SQL_LANE_INSERT] = {"lane_insert", "make lanes",
                            "INSERT INTO lane (lane) SELECT generate_series(0, $1::int - 1) ON CONFLICT DO NOTHING"},
    [KH_SQL_LANE_OFFSET_INSERT] = {"lane_offset_insert", "make lane offsets",
                                   "INSERT INTO lane_offset (lane, topic) "
                                   "SELECT lane, topic FROM generate_series(0, $1::int - 1) AS lane, "
                                   "unnest($2::text[]) AS topic ORDER BY 1, 2 ON CONFLICT DO NOTHING"},
    /* A row that had to be waited for is judged again by what it is afterwards. */
    [KH_SQL_LANE_LOCK] = {"lane_lock", "lock lanes",
                          "SELECT " LANE_COLUMNS ", " NOW_MS " FROM lane l JOIN "
                          "unnest($1::int[], $2::bigint[], $3::bigint[]) AS v (lane, epoch, next_seq) "
                          "ON l.lane = v.lane AND l.epoch = v.epoch AND l.next_seq = v.next_seq "
                          "ORDER BY l.lane FOR UPDATE OF l"},
    [KH_SQL_LANE_LOCK_ALL] = {"lane_lock_all", "lock all lanes", "SELECT lane FROM lane ORDER BY lane FOR UPDATE"},
    [KH_SQL_LANE_PATIENCE] = {"lane_patience", "take lanes", "SELECT set_config('lock_timeout', $1, true)"},
    /* Who has a lane's row locked has its transaction's number in xmax, unless several have. */
    [KH_SQL_LANE_END_HOLDERS] = {"lane_end_holders", "end those who keep lanes locked",
                                 "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a "
                                 "WHERE a.usename = current_user AND a.pid <> pg_backend_pid() AND a.backend_xid IN "
                                 "(SELECT l.xmax FROM lane l WHERE l.lane = ANY ($1::int[]))"},
    [KH_SQL_LANE_RAISE_EPOCH] = {"lane_raise_epoch", "take lanes",
                                 "UPDATE lane SET epoch = epoch + 1 WHERE lane = ANY ($1::int[])"},
    [KH_SQL_LANE_READ] = {"lane_read", "read lanes",
                          "SELECT " LANE_COLUMNS " FROM lane l WHERE lane = ANY ($1::int[]) ORDER BY lane FOR UPDATE"},
    [KH_SQL_LANE_READ_ALL] = {"lane_read_all", "read lanes", "SELECT " LANE_COLUMNS " FROM lane l ORDER BY lane"},
    [KH_SQL_LANE_OFFSET_READ] = {"lane_offset_read", "read lane offsets",
                                 "SELECT " OFFSET_COLUMNS " FROM lane_offset WHERE lane = ANY ($1::int[]) "
                                 "ORDER BY lane, topic"},
    [KH_SQL_LANE_OFFSET_READ_ALL] = {"lane_offset_read_all", "read lane offsets",
                                     "SELECT " OFFSET_COLUMNS " FROM lane_offset ORDER BY lane, topic"},
    [KH_SQL_LANE_OWN] = {"lane_own", "own lanes",
                         "UPDATE lane l SET owner = $3::text FROM unnest($1::int[], $2::bigint[]) AS v (lane, epoch) "
                         "WHERE l.lane = v.lane AND l.epoch = v.epoch"},
    [KH_SQL_LANE_RELEASE] = {"lane_release", "release lanes",
                             "UPDATE lane l SET owner = NULL FROM unnest($1::int[], $2::bigint[]) AS v (lane, epoch) "
                             "WHERE l.lane = v.lane AND l.epoch = v.epoch"},
    [KH_SQL_LANE_LOOK] = {"lane_look", "look at lanes",
                          "SELECT l.lane, l.epoch, l.arrangement_version, "
                          "(SELECT s.due_at FROM subject s WHERE s.lane = l.lane AND s.due_at IS NOT NULL "
                          "ORDER BY s.due_at LIMIT 1), "
                          "EXISTS (SELECT FROM wakeup w WHERE w.lane = l.lane), " NOW_MS ", "
                          "EXISTS (SELECT FROM redrive r WHERE r.lane = l.lane) "
                          "FROM lane l WHERE l.lane = ANY ($1::int[]) ORDER BY l.lane"},
    /* A session is named after its worker, as far as PostgreSQL keeps names. */
    [KH_SQL_LANE_CONNECTED] = {"lane_connected", "look for the lanes' owners",
                               "SELECT l.lane FROM lane l WHERE EXISTS (SELECT FROM pg_stat_activity a "
                               "WHERE a.application_name = left(l.owner, 63) AND a.datname = current_database()) "
                               "ORDER BY l.lane"},
    [KH_SQL_LANE_RAISE_ARRANGEMENT] = {"lane_raise_arrangement", "raise the arrangement's version",
                                       "UPDATE lane SET arrangement_version = arrangement_version + 1, "
                                       "arrangement_cause = $1::bytea"},
    [KH_SQL_LANE_FINISH] = {"lane_finish", "write lanes",
                            "UPDATE lane l SET next_seq = v.next_seq, clock = coalesce(v.clock, l.clock), "
                            "swept_version = v.swept_version, sweeping = v.sweeping, sweep_after = v.sweep_after, "
                            "sweep_cause = v.sweep_cause, published_seq = greatest(l.published_seq, v.published_seq) "
                            "FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bool[], $6::text[], "
                            "$7::bytea[], $8::bigint[]) AS v (lane, next_seq, clock, swept_version, sweeping, "
                            "sweep_after, sweep_cause, published_seq) WHERE l.lane = v.lane"},
    [KH_SQL_LANE_OFFSET_FINISH] = {"lane_offset_finish", "write lane offsets",
                                   "UPDATE lane_offset o SET next_offset = v.next_offset, last_offset = v.last_offset, "
                                   "last_timestamp = v.last_timestamp, last_crc = v.last_crc "
                                   "FROM unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], "
                                   "$6::bigint[], $7::bigint[]) AS v (lane, topic, expected, next_offset, last_offset, "
                                   "last_timestamp, last_crc) "
                                   "WHERE o.lane = v.lane AND o.topic = v.topic COLLATE \"C\" "
                                   "AND o.next_offset = v.expected"},

    [KH_SQL_SUBJECT_READ] = {"subject_read", "read subjects",
                             "SELECT " SUBJECT_COLUMNS ", v.place FROM unnest($1::int[], $2::text[]) WITH ORDINALITY "
                             "AS v (lane, key, place) JOIN subject s ON s.lane = v.lane "
                             "AND s.key = v.key COLLATE \"C\""},
    [KH_SQL_SUBJECT_DEPENDENTS] = {"subject_dependents", "read dependents",
                                   "SELECT lane, key, basis FROM subject WHERE basis = ANY ($1::text[]) "
                                   "AND basis IS NOT NULL ORDER BY lane, key"},
    [KH_SQL_SUBJECT_DUE] = {"subject_due", "read what is due",
                            "SELECT " SUBJECT_COLUMNS " FROM subject s WHERE s.lane = $1::int "
                            "AND s.due_at IS NOT NULL AND s.due_at <= $2::bigint ORDER BY s.due_at, s.key "
                            "LIMIT $3::bigint"},
    [KH_SQL_SUBJECT_SWEEP] = {"subject_sweep", "read a page of the sweep",
                              "SELECT " SUBJECT_COLUMNS " FROM subject s WHERE s.lane = $1::int "
                              "AND s.key > $2::text COLLATE \"C\" AND s.facts IS NOT NULL ORDER BY s.key "
                              "LIMIT $3::bigint"},
    [KH_SQL_SUBJECT_INSERT_EMPTY] = {"subject_insert_empty", "make rows for bases",
                                     "INSERT INTO subject (lane, key) SELECT DISTINCT lane, key COLLATE \"C\" "
                                     "FROM unnest($1::int[], $2::text[]) AS v (lane, key) ORDER BY 1, 2 "
                                     "ON CONFLICT DO NOTHING"},
    [KH_SQL_SUBJECT_LOCK_SHARE] = {"subject_lock_share", "lock bases",
                                   "SELECT 1 FROM subject s JOIN unnest($1::int[], $2::text[]) AS v (lane, key) "
                                   "ON s.lane = v.lane AND s.key = v.key COLLATE \"C\" "
                                   "ORDER BY s.lane, s.key FOR SHARE OF s"},
    /* A row known to be there is updated without the lock and its log record that ON CONFLICT needs; and if it is not
     * there, that shows. */
    [KH_SQL_SUBJECT_UPDATE] = {"subject_update", "write subjects",
                               "UPDATE subject s SET facts = v.facts, decisions = v.decisions, due_at = v.due_at, "
                               "basis = v.basis, outcomes = v.outcomes, residual_open = v.residual_open, "
                               "next_change_at = v.next_change_at FROM " SUBJECT_ARRAYS
                               " WHERE s.lane = v.lane AND s.key = v.key COLLATE \"C\""},
    [KH_SQL_SUBJECT_UPSERT] = {"subject_upsert", "write new subjects",
                               "INSERT INTO subject AS s (lane, key, facts, decisions, due_at, basis, outcomes, "
                               "residual_open, next_change_at) SELECT lane, key, facts, decisions, due_at, basis, "
                               "outcomes, residual_open, next_change_at FROM " SUBJECT_ARRAYS
                               " ON CONFLICT (lane, key) DO UPDATE SET facts = excluded.facts, "
                               "decisions = excluded.decisions, due_at = excluded.due_at, basis = excluded.basis, "
                               "outcomes = excluded.outcomes, residual_open = excluded.residual_open, "
                               "next_change_at = excluded.next_change_at"},

    [KH_SQL_WAKEUP_READ] = {"wakeup_read", "read wakeups",
                            "SELECT lane, subject, version, cause FROM wakeup WHERE lane = $1::int ORDER BY subject "
                            "LIMIT $2::bigint"},
    [KH_SQL_WAKEUP_UPSERT] = {"wakeup_upsert", "wake subjects",
                              "INSERT INTO wakeup AS w (lane, subject, cause) SELECT lane, subject, cause "
                              "FROM unnest($1::int[], $2::text[], $3::bytea[]) AS v (lane, subject, cause) "
                              "ON CONFLICT (lane, subject) DO UPDATE SET version = w.version + 1, "
                              "cause = excluded.cause"},
    [KH_SQL_WAKEUP_DELETE] = {"wakeup_delete", "delete wakeups",
                              "DELETE FROM wakeup w USING unnest($1::int[], $2::text[], $3::bigint[]) "
                              "AS v (lane, subject, version) WHERE w.lane = v.lane "
                              "AND w.subject = v.subject COLLATE \"C\" AND w.version = v.version"},
    [KH_SQL_OBLIGATION_UPSERT] =
        {"obligation_upsert", "write obligations",
         "INSERT INTO obligation (" OBLIGATION_COLUMNS ") SELECT * FROM unnest($1::text[], $2::int[], $3::smallint[], "
         "$4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::date[], $10::date[], $11::date[], "
         "$12::date[], $13::date[], $14::bool[], $15::bool[], $16::int[], $17::bigint[]) "
         "ON CONFLICT (id) DO UPDATE SET lane = excluded.lane, kind = excluded.kind, state = excluded.state, "
         "subject = excluded.subject, arrangement = excluded.arrangement, obliged = excluded.obliged, "
         "towards = excluded.towards, arose_on = excluded.arose_on, due_on = excluded.due_on, "
         "earliest_due_on = excluded.earliest_due_on, discharged_on = excluded.discharged_on, "
         "confirmed_on = excluded.confirmed_on, provisional = excluded.provisional, late = excluded.late, "
         "version = excluded.version, decided_at = excluded.decided_at"},
    [KH_SQL_OBLIGATION_DELETE] = {"obligation_delete", "delete obligations",
                                  "DELETE FROM obligation WHERE id = ANY ($1::text[])"},

    [KH_SQL_RESULT_READ] = {"result_read", "read results",
                            "SELECT " RESULT_COLUMNS " FROM result r WHERE r.lane = $1::int AND r.seq >= $2::bigint "
                            "ORDER BY r.seq LIMIT $3::bigint"},
    [KH_SQL_RESULT_HISTORY] = {"result_history", "read a history",
                               "WITH RECURSIVE h AS (SELECT r.*, 1 AS depth FROM result r WHERE r.lane = $1::int "
                               "AND r.seq = $2::bigint UNION ALL SELECT r.*, h.depth + 1 FROM h JOIN result r "
                               "ON r.lane = h.lane AND r.seq = h.previous_seq WHERE h.depth < $3::bigint) "
                               "SELECT " RESULT_COLUMNS " FROM h r ORDER BY r.depth"},
    /* The walk ends at the first row that had been recorded by then. */
    [KH_SQL_RESULT_STOOD] = {"result_stood", "read a past decision",
                             "WITH RECURSIVE h AS (SELECT r.*, " RECORDED_MS " AS recorded FROM result r "
                             "WHERE r.lane = $1::int AND r.seq = $2::bigint UNION ALL "
                             "SELECT r.*, " RECORDED_MS " FROM h JOIN result r ON r.lane = h.lane "
                             "AND r.seq = h.previous_seq WHERE h.recorded > $3::bigint) "
                             "SELECT " RESULT_COLUMNS " FROM h r WHERE r.recorded <= $3::bigint"},
    [KH_SQL_RESULT_RECORDED_AT] = {"result_recorded_at", "read a result's time",
                                   "SELECT recorded_at FROM result WHERE lane = $1::int AND seq <= $2::bigint "
                                   "ORDER BY seq DESC LIMIT 1"},
    [KH_SQL_DEAD_LETTER_READ] = {"dead_letter_read", "read dead letters",
                                 "SELECT " DEAD_LETTER_COLUMNS " FROM dead_letter d WHERE lane = $1::int "
                                 "AND seq >= $2::bigint AND seq < $3::bigint ORDER BY seq LIMIT $4::bigint"},

    [KH_SQL_DEAD_LETTER_LIST] = {"dead_letter_list", "list dead letters",
                                 "SELECT " DEAD_LETTER_PLACE ", CASE WHEN $9::bool THEN d.value END, d.value_size, "
                                 "CASE WHEN $9::bool THEN d.headers END, " DEAD_LETTER_CASE
                                 " FROM dead_letter d " DEAD_LETTER_NEWEST
                                 "LEFT JOIN redrive r ON r.lane = d.lane AND r.seq = d.seq "
                                 "WHERE (d.lane, d.topic, d.\"offset\") > ($1::int, $2::text, $3::bigint) "
                                 "AND ($4::text = '' OR d.reason = $4::text) AND ($5::text = '' OR d.topic = $5::text) "
                                 "AND d.recorded_at >= to_timestamp($6::bigint / 1000.0) "
                                 "AND ($7::bigint = 0 OR d.recorded_at < to_timestamp($7::bigint / 1000.0)) "
                                 "AND ($8::bool OR a.action IS NULL OR a.action = 'failed') "
                                 "ORDER BY d.lane, d.topic, d.\"offset\" LIMIT $10::bigint"},
    [KH_SQL_DEAD_LETTER_FIND] = {"dead_letter_find", "find a dead letter",
                                 "SELECT " DEAD_LETTER_COLUMNS ", " DEAD_LETTER_CASE
                                 " FROM dead_letter d " DEAD_LETTER_NEWEST
                                 "LEFT JOIN redrive r ON r.lane = d.lane AND r.seq = d.seq "
                                 "WHERE d.lane = $1::int AND d.topic = $2::text AND d.\"offset\" = $3::bigint"},
    [KH_SQL_DEAD_LETTER_DEEDS] = {"dead_letter_deeds", "read what was done about a dead letter",
                                  "SELECT action, detail, done_by, done_at FROM dead_letter_action "
                                  "WHERE lane = $1::int AND seq = $2::bigint ORDER BY number"},
    [KH_SQL_DEAD_LETTER_COUNT] =
        {"dead_letter_count", "count dead letters",
         "SELECT d.reason, count(*) FILTER (WHERE a.action IS NULL OR a.action = 'failed'), "
         "count(*) FILTER (WHERE a.action = 'redriven'), count(*) FILTER (WHERE a.action = 'discarded'), "
         "count(r.seq), max(d.recorded_at) FROM dead_letter d " DEAD_LETTER_NEWEST
         "LEFT JOIN redrive r ON r.lane = d.lane AND r.seq = d.seq GROUP BY d.reason ORDER BY d.reason"},
    [KH_SQL_DEAD_LETTER_DISCARD] = {"dead_letter_discard", "discard dead letters",
                                    "WITH v AS (SELECT * FROM unnest($1::int[], $2::bigint[]) AS v (lane, seq)), "
                                    "gone AS (DELETE FROM redrive r USING v WHERE r.lane = v.lane AND r.seq = v.seq) "
                                    "INSERT INTO dead_letter_action (lane, seq, action, detail, done_by) "
                                    "SELECT lane, seq, 'discarded', $4::text, $3::text FROM v ORDER BY lane, seq"},
    [KH_SQL_REDRIVE_INSERT] = {"redrive_insert", "ask for dead letters to be decided again",
                               "INSERT INTO redrive (lane, seq, asked_by) SELECT lane, seq, $3::text "
                               "FROM unnest($1::int[], $2::bigint[]) AS v (lane, seq) ORDER BY lane, seq "
                               "ON CONFLICT DO NOTHING RETURNING lane"},
    /* Locked, so that whoever takes one back waits for the batch or is there before it. */
    [KH_SQL_REDRIVE_READ] = {"redrive_read", "read what is to be decided again",
                             "SELECT " DEAD_LETTER_COLUMNS ", " DEAD_LETTER_CASE " FROM redrive r "
                             "JOIN dead_letter d ON d.lane = r.lane AND d.seq = r.seq " DEAD_LETTER_NEWEST
                             "WHERE r.lane = $1::int ORDER BY r.seq LIMIT $2::bigint FOR UPDATE OF r"},
    [KH_SQL_REDRIVE_SETTLE] = {"redrive_settle", "write what became of dead letters",
                               "WITH v AS (SELECT * FROM unnest($1::int[], $2::bigint[], $3::text[], $4::text[], "
                               "$5::text[]) AS v (lane, seq, action, detail, done_by)), "
                               "done AS (INSERT INTO dead_letter_action (lane, seq, action, detail, done_by) "
                               "SELECT lane, seq, action, detail, done_by FROM v ORDER BY lane, seq) "
                               "DELETE FROM redrive r USING v WHERE r.lane = v.lane AND r.seq = v.seq"},

    /* One loader at a time: the digest of a pack's id is then what it was looked up to be. */
    [KH_SQL_RULES_LOCK] = {"rules_lock", "lock the rules",
                           "SELECT pg_advisory_xact_lock(hashtextextended('kakehashi rules ' || current_schema(), 0))"},
    [KH_SQL_RULES_ANY] = {"rules_any", "look for rules",
                          "SELECT EXISTS (SELECT FROM rule_pack) OR EXISTS (SELECT FROM policy) "
                          "OR EXISTS (SELECT FROM calendar)"},
    [KH_SQL_RULES_READ] = {"rules_read", "read the rules",
                           "SELECT 1::smallint AS kind, digest, id, arrangement, bytes, loaded_by, loaded_at "
                           "FROM rule_pack UNION ALL "
                           "SELECT 2::smallint, digest, id, arrangement, bytes, loaded_by, loaded_at FROM policy p "
                           "WHERE number = (SELECT max(number) FROM policy q WHERE q.id = p.id) UNION ALL "
                           "SELECT 3::smallint, digest, id, '', bytes, loaded_by, loaded_at FROM calendar c "
                           "WHERE number = (SELECT max(number) FROM calendar q WHERE q.id = c.id) ORDER BY 1, 3"},
    /* The newest number that was loaded by then, else the oldest of all. */
    [KH_SQL_RULES_READ_AS_OF] =
        {"rules_read_as_of", "read the rules of a past instant",
         "SELECT 1::smallint AS kind, digest, id, arrangement, bytes, loaded_by, loaded_at FROM rule_pack UNION ALL "
         "SELECT 2::smallint, digest, id, arrangement, bytes, loaded_by, loaded_at FROM policy p WHERE number = "
         "(SELECT coalesce(max(number) FILTER (WHERE " LOADED_MS " <= $1::bigint), min(number)) FROM policy q "
         "WHERE q.id = p.id) UNION ALL "
         "SELECT 3::smallint, digest, id, '', bytes, loaded_by, loaded_at FROM calendar c WHERE number = "
         "(SELECT coalesce(max(number) FILTER (WHERE " LOADED_MS " <= $1::bigint), min(number)) FROM calendar q "
         "WHERE q.id = c.id) ORDER BY 1, 3"},
    [KH_SQL_PACK_INSERT] = {"pack_insert", "load a rule pack",
                            "INSERT INTO rule_pack (digest, id, arrangement, bytes, loaded_by) "
                            "VALUES ($1::text, $2::text, $3::text, $4::bytea, $5::text) ON CONFLICT DO NOTHING"},
    [KH_SQL_PACK_DIGEST] = {"pack_digest", "look up a rule pack", "SELECT digest FROM rule_pack WHERE id = $1::text"},
    [KH_SQL_POLICY_INSERT] =
        {"policy_insert", "load a policy",
         "INSERT INTO policy (digest, id, arrangement, bytes, loaded_by) "
         "SELECT $1::text, $2::text, $3::text, $4::bytea, $5::text WHERE $1::text IS DISTINCT FROM "
         "(SELECT digest FROM policy WHERE id = $2::text ORDER BY number DESC LIMIT 1)"},
    [KH_SQL_CALENDAR_INSERT] = {"calendar_insert", "load a calendar",
                                "INSERT INTO calendar (digest, id, bytes, loaded_by) "
                                "SELECT $1::text, $2::text, $4::bytea, $5::text WHERE $3::text = '' AND "
                                "$1::text IS DISTINCT FROM "
                                "(SELECT digest FROM calendar WHERE id = $2::text ORDER BY number DESC LIMIT 1)"},

    /* A listing may be read by a person with a pager: no time limit, and a whole table is read as it lies. */
    [KH_SQL_LIST_SETTINGS] = {"list_settings", "prepare a list",
                              "SELECT set_config('statement_timeout', '0', true), "
                              "set_config('idle_in_transaction_session_timeout', '0', true), "
                              "set_config('enable_seqscan', 'on', true)"},
    [KH_SQL_LIST_DECLARE] = {"list_declare", "list subjects",
                             "DECLARE kakehashi_list NO SCROLL CURSOR FOR SELECT s.lane, s.key, "
                             "CASE WHEN $1::bool THEN s.facts ELSE ''::bytea END, "
                             "CASE WHEN $1::bool THEN s.decisions END, "
                             "s.due_at, s.basis, s.outcomes, s.residual_open, s.next_change_at FROM subject s "
                             "WHERE s.facts IS NOT NULL AND s.key LIKE $2::text AND "
                             "(' ' || coalesce(s.outcomes, '') || ' ') LIKE $3::text ORDER BY s.key"},
    [KH_SQL_LIST_FETCH] = {"list_fetch", "list subjects", "FETCH FORWARD 500 FROM kakehashi_list"},
    [KH_SQL_SUBJECT_FIND] = {"subject_find", "find a subject",
                             "SELECT " SUBJECT_COLUMNS " FROM lane l JOIN subject s ON s.lane = l.lane "
                             "WHERE s.key = $1::text COLLATE \"C\" ORDER BY s.facts IS NULL, s.lane LIMIT 1"},
    [KH_SQL_OBLIGATION_READ] = {"obligation_read", "read obligations",
                                "SELECT " OBLIGATION_COLUMNS " FROM obligation WHERE subject = $1::text ORDER BY id"},
    [KH_SQL_OBLIGATION_DECLARE] = {"obligation_declare", "list obligations",
                                   "DECLARE kakehashi_obligations NO SCROLL CURSOR FOR SELECT o.*, s.decisions FROM "
                                   "(SELECT " OBLIGATION_COLUMNS " FROM obligation) o "
                                   "LEFT JOIN subject s ON s.lane = o.lane AND s.key = o.subject "
                                   "WHERE ($1::text = '' OR $1::text = ANY (string_to_array(o.obliged, ' '))) "
                                   "AND o.state <> $2::int ORDER BY o.due_on NULLS LAST, o.id"},
    [KH_SQL_OBLIGATION_FETCH] = {"obligation_fetch", "list obligations",
                                 "FETCH FORWARD 500 FROM kakehashi_obligations"},

    /* Each lane's part ends by itself, so that no more is read than is counted. */
    [KH_SQL_BACKLOG] =
        {"backlog", "count what waits",
         "SELECT (SELECT count(*) FROM (SELECT FROM unnest($1::int[], $2::bigint[]) AS v (lane, now), LATERAL "
         "(SELECT FROM subject s WHERE s.lane = v.lane AND s.due_at IS NOT NULL AND s.due_at <= v.now "
         "LIMIT $3::bigint) d LIMIT $3::bigint) x), "
         "(SELECT count(*) FROM (SELECT FROM unnest($1::int[]) AS v (lane), LATERAL "
         "(SELECT FROM wakeup w WHERE w.lane = v.lane LIMIT $3::bigint) w LIMIT $3::bigint) x), "
         "(SELECT min(n.due_at - v.now) FROM unnest($1::int[], $2::bigint[]) AS v (lane, now), LATERAL "
         "(SELECT s.due_at FROM subject s WHERE s.lane = v.lane AND s.due_at IS NOT NULL ORDER BY s.due_at LIMIT 1) "
         "n), "
         "count(*) FILTER (WHERE o.state = $4::int), count(*) FILTER (WHERE o.state = $5::int) "
         "FROM obligation o WHERE o.lane = ANY ($1::int[])"},

    [KH_SQL_REPLAY_FIND] = {"replay_find", "look for a replay",
                            "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1::text), "
                            "to_regclass('replay') IS NOT NULL AND to_regclass('replay_end') IS NOT NULL"},
    [KH_SQL_REPLAY_INSERT] = {"replay_insert", "write down the replay",
                              "INSERT INTO replay (until, until_given, begun_by) "
                              "VALUES ($1::bigint, $2::bool, $3::text)"},
    [KH_SQL_REPLAY_READ] = {"replay_read", "read the replay",
                            "SELECT until, until_given, begun_by, begun_at FROM replay"},
    [KH_SQL_REPLAY_UNTIL] = {"replay_until", "bring the replay up to date",
                             "UPDATE replay SET until = greatest(until, $1::bigint)"},
    [KH_SQL_REPLAY_END_WRITE] = {"replay_end_write", "write how far it is replayed",
                                 "INSERT INTO replay_end AS e (lane, topic, \"offset\") "
                                 "SELECT * FROM unnest($1::int[], $2::text[], $3::bigint[]) "
                                 "ON CONFLICT (lane, topic) DO UPDATE "
                                 "SET \"offset\" = greatest(e.\"offset\", excluded.\"offset\")"},
    [KH_SQL_REPLAY_END_READ] = {"replay_end_read", "read how far it is replayed",
                                "SELECT lane, topic, \"offset\" FROM replay_end ORDER BY lane, topic"},
    [KH_SQL_REPLAY_GIVEN_INSERT] = {"replay_given_insert", "write down the replay's rule files",
                                    "INSERT INTO replay_given (kind, id, digest) "
                                    "VALUES ($1::int, $2::text, $3::text)"},
    [KH_SQL_REPLAY_GIVEN_READ] = {"replay_given_read", "read the replay's rule files",
                                  "SELECT kind, id, digest FROM replay_given ORDER BY kind, id"},
    [KH_SQL_REPLAY_PROGRESS] =
        {"replay_progress", "see how far the replay is",
         "SELECT coalesce(sum(least(coalesce(o.next_offset, 0), e.\"offset\")), 0)::bigint, "
         "coalesce(sum(e.\"offset\"), 0)::bigint, "
         "coalesce(bool_and(coalesce(o.next_offset, 0) >= e.\"offset\"), true) "
         "AND NOT EXISTS (SELECT FROM lane l, replay r WHERE l.clock IS NULL OR l.clock < r.until OR l.sweeping "
         "OR l.swept_version < l.arrangement_version OR EXISTS (SELECT FROM wakeup w WHERE w.lane = l.lane) "
         "OR EXISTS (SELECT FROM subject s WHERE s.lane = l.lane AND s.due_at IS NOT NULL AND s.due_at <= r.until)) "
         "AND EXISTS (SELECT FROM lane), (SELECT coalesce(sum(next_seq), 0)::bigint FROM lane) "
         "FROM replay_end e LEFT JOIN lane_offset o ON o.lane = e.lane AND o.topic = e.topic"},
    [KH_SQL_REPLAY_LOCK] = {"replay_lock", "lock the replay",
                            "SELECT pg_try_advisory_lock_shared(hashtextextended('kakehashi replay ' || $1::text, "
                            "0))"},
    [KH_SQL_REPLAY_LOCK_ALONE] = {"replay_lock_alone", "lock the replay",
                                  "SELECT pg_try_advisory_lock(hashtextextended('kakehashi replay ' || $1::text, "
                                  "0))"},
    [KH_SQL_REPLAY_SNAPSHOT] = {"replay_snapshot", "begin a look",
                                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"},
    [KH_SQL_REPLAY_PATIENCE] = {"replay_patience", "begin a look",
                                "SELECT set_config('statement_timeout', '0', true), "
                                "set_config('idle_in_transaction_session_timeout', '0', true)"},
    [KH_SQL_REPLAY_WOKEN] = {"replay_woken", "look for a wakeup",
                             "SELECT EXISTS (SELECT FROM wakeup WHERE lane = $1::int AND subject = $2::text)"},
    /* An arrangement that nothing was stated about has no facts. */
    [KH_SQL_VERIFY_SUBJECTS] = {"verify_subjects", "check subjects",
                                "SELECT " SUBJECT_COLUMNS " FROM subject s WHERE s.lane = $1::int "
                                "AND s.key > $2::text COLLATE \"C\" "
                                "AND (s.facts IS NOT NULL OR s.decisions IS NOT NULL) ORDER BY s.key LIMIT $3::bigint"},
    [KH_SQL_VERIFY_CHAIN] = {"verify_chain", "check results",
                             "DECLARE kakehashi_chain NO SCROLL CURSOR FOR SELECT subject, key, seq, status_version, "
                             "public_version, previous_seq FROM result WHERE lane = $1::int AND kind <> 4 "
                             "ORDER BY subject, key, seq"},
    [KH_SQL_VERIFY_CHAIN_FETCH] = {"verify_chain_fetch", "check results", "FETCH FORWARD 1000 FROM kakehashi_chain"},
    [KH_SQL_VERIFY_RESULTS] = {"verify_results", "read results",
                               "SELECT " RESULT_COLUMNS " FROM result r WHERE r.lane = $1::int "
                               "AND r.seq = ANY ($2::bigint[]) ORDER BY r.seq"},
    [KH_SQL_VERIFY_OBLIGATIONS] = {"verify_obligations", "read obligations",
                                   "SELECT " OBLIGATION_COLUMNS " FROM obligation WHERE lane = $1::int "
                                   "AND subject = ANY ($2::text[]) ORDER BY subject, id"},
    [KH_SQL_VERIFY_STRAY_OBLIGATIONS] =
        {"verify_stray_obligations", "read obligations",
         "SELECT " OBLIGATION_COLUMNS " FROM obligation o WHERE lane = $1::int AND NOT EXISTS (SELECT FROM subject s "
         "WHERE s.lane = o.lane AND s.key = o.subject) ORDER BY id LIMIT $2::bigint"},
    [KH_SQL_VERIFY_WOKEN] = {"verify_woken", "read wakeups",
                             "SELECT subject FROM wakeup WHERE lane = $1::int AND subject = ANY ($2::text[]) "
                             "ORDER BY subject"},

    [KH_SQL_SCHEMA_EXISTS] = {"schema_exists", "look for the schema",
                              "SELECT to_regclass('schema_version') IS NOT NULL"},
    [KH_SQL_SCHEMA_VERSION] = {"schema_version", "read the schema's version",
                               "SELECT coalesce(max(version), 0) FROM schema_version"},
    [KH_SQL_SCHEMA_LOCK] = {"schema_lock", "wait for another migration",
                            "SELECT pg_advisory_lock(hashtextextended('kakehashi migrate ' || $1::text, 0))"},
    [KH_SQL_SCHEMA_UNLOCK] = {"schema_unlock", "end the migration",
                              "SELECT pg_advisory_unlock(hashtextextended('kakehashi migrate ' || $1::text, 0))"},
    [KH_SQL_SCHEMA_RECORD] = {"schema_record", "write the schema's version",
                              "INSERT INTO schema_version (version, name) VALUES ($1::int, $2::text)"},
};

const char KH_SQL_COPY_RESULT[] =
    "COPY result (lane, seq, kind, key, subject, decision, status_version, public_version, message_hash, public_hash, "
    "decided_at, cause, previous_seq) FROM STDIN (FORMAT binary)";
const char KH_SQL_COPY_DEAD_LETTER[] = "COPY dead_letter (lane, seq, topic, \"offset\", record_timestamp, reason, "
                                       "detail, key, value, value_size, headers) "
                                       "FROM STDIN (FORMAT binary)";

const kh_sql_text *kh_sql_statement_text(kh_sql_statement statement)
{
    assert(statement < KH_SQL_STATEMENTS && TEXTS[statement].sql != NULL);
    return &TEXTS[statement];
}
