/* What a replay remembers in its own schema, and a look at the live one that stands still. The connection's schema is
 * the replay's, unless it says otherwise. None may be called within a kh_transaction. Every one may return KH_E_LOST,
 * KH_E_RETRY, KH_E_MEMORY or KH_E_CONFIGURATION beside what it names. */
#ifndef KH_POSTGRES_REPLAY_H
#define KH_POSTGRES_REPLAY_H

#include "postgres/database.h"
#include "postgres/rows.h"

/*! How far one source topic of a lane is replayed. */
typedef struct kh_replay_end {
    int32_t lane;
    kh_text topic;
    int64_t offset; /*!< the first that is not */
} kh_replay_end;

/*! A rule file that the replay was given in place of the live schema's. */
typedef struct kh_replay_given {
    kh_stored_file_kind kind;
    kh_text id;
    kh_text digest;
} kh_replay_given;

/*! A replay as it was begun, or as it was last brought up to date. */
typedef struct kh_replay_row {
    kh_instant until; /*!< where every lane's clock is moved to in the end */
    bool until_given; /*!< somebody asked for that instant; else it follows the live deployment */
    kh_text begun_by;
    kh_instant begun_at; /*!< read only */
    kh_replay_end *ends; /*!< by (lane, topic) */
    size_t end_count;
    kh_replay_given *given; /*!< by (kind, id) */
    size_t given_count;
} kh_replay_row;

typedef enum kh_replay_state {
    KH_REPLAY_NONE,    /*!< there is no such schema */
    KH_REPLAY_FOREIGN, /*!< there is one, but no replay made it */
    KH_REPLAY_UNBEGUN, /*!< its making was broken off */
    KH_REPLAY_BEGUN
} kh_replay_state;

KH_MUSTCHECK kh_rc kh_replay_find(kh_database *database, kh_replay_state *out);

/*! Makes the schema with the replay's own tables; the others come by kh_schema_migrate. */
KH_MUSTCHECK kh_rc kh_replay_make(kh_database *database);

/*! Writes down what is replayed: from then on it is KH_REPLAY_BEGUN. */
KH_MUSTCHECK kh_rc kh_replay_begin(kh_database *database, const kh_replay_row *row);

/*! Of one that is begun. In the arena. */
KH_MUSTCHECK kh_rc kh_replay_read(kh_database *database, kh_arena *arena, kh_replay_row *out);

/*! Moves the ends and the instant: `ends` and `until` of the row count. Ends that are new are added. */
KH_MUSTCHECK kh_rc kh_replay_extend(kh_database *database, const kh_replay_row *row);

typedef struct kh_replay_progress {
    int64_t decided; /*!< offsets of all lanes and topics */
    int64_t all;
    int64_t results; /*!< of all lanes */
    bool done;       /*!< all of it decided, nothing woken or due is left, every clock is where it must be */
} kh_replay_progress;

KH_MUSTCHECK kh_rc kh_replay_progress_read(kh_database *database, kh_replay_progress *out);

/*! Who works on a replay holds this as long as the connection lasts: any number together, or one alone.
 *  \param locked  whether it was to be had; does not wait. */
KH_MUSTCHECK kh_rc kh_replay_lock(kh_database *database, bool alone, bool *locked);

/*! Removes the schema with all that is in it. Only of a replay: KH_E_CONFIGURATION if it is KH_REPLAY_FOREIGN. */
KH_MUSTCHECK kh_rc kh_replay_drop(kh_database *database);

/*! Begins a look at any schema: everything that is read from then on stands as it did at the first read, without
 * locks, for as long as it takes. Ended by kh_transaction_rollback. */
KH_MUSTCHECK kh_rc kh_replay_snapshot(kh_database *database);

/*! Whether a subject is to be decided again because its basis has changed. */
KH_MUSTCHECK kh_rc kh_replay_is_woken(kh_database *database, int32_t lane, kh_text subject, bool *out);

#endif
