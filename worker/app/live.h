/* The live worker's own state, shared by its parts: batch, recovery, loop. Nothing outside worker/app includes this. */
#ifndef KH_APP_LIVE_H
#define KH_APP_LIVE_H

#include <pthread.h>

#include "app/log.h"
#include "app/publishing.h"
#include "app/worker.h"
#include "app/world.h"
#include "batch/halving.h"
#include "batch/lane.h"
#include "codec/event_reader.h"
#include "codec/message.h"
#include "kafka/consumer.h"
#include "postgres/lanes.h"
#include "postgres/transaction.h"

#define KH_SHARES_MAX      8
#define KH_SOURCES_MAX     32  /* source topics: one for each participant */
#define KH_SUBJECT_KEY_MAX 512 /* longer than any valid subject */
#define KH_TURN_LATE_MS                                                                                                \
    1000 /* a turn that lasts longer is not waited for: not by other shares' records, nor by figures */

/*! A record that was polled but is not decided yet. */
typedef struct kh_pending {
    kh_record record;
    kh_consumer_hold *hold;
    size_t topic;
    bool refuse; /*!< the database refuses it: a dead letter */
} kh_pending;

/*! One source topic of a lane. */
typedef struct kh_live_source {
    int64_t next_offset;  /*!< first offset not decided */
    int64_t end;          /*!< nothing is read from here on: a replay's; INT64_MAX for a live worker */
    int64_t polled;       /*!< offset behind the last record that was polled */
    kh_instant polled_at; /*!< its timestamp; KH_INSTANT_NONE: none yet */
    bool drained;         /*!< nothing more to read */
    bool expects_last;    /*!< the last decided record comes first, to prove that the topic is the same */
    int64_t last_offset;  /*!< KH_SEQ_NONE: none */
    kh_instant last_timestamp;
    uint32_t last_crc;
} kh_live_source;

/*! A lane of the present assignment. */
typedef struct kh_live_lane {
    int32_t number;
    int64_t epoch;
    int64_t next_seq;
    kh_instant clock;
    int64_t swept_version;
    bool sweeping;
    char sweep_after[KH_SUBJECT_KEY_MAX];
    size_t sweep_after_length;
    char *sweep_cause; /*!< encoded; owned */
    size_t sweep_cause_length;
    kh_live_source sources[KH_SOURCES_MAX];
    kh_pending *pending; /*!< a queue: from `first` on */
    size_t pending_first;
    size_t pending_count;
    size_t pending_size;
    size_t pending_bytes;   /*!< of their values */
    kh_instant quiet_until; /*!< nothing stored is due before or at this instant, for sure */
    bool has_due;
    bool has_wakeups;
    bool has_redrives; /*!< dead letters wait to be decided again */
    bool locks_all;    /*!< one of them is about an arrangement: the next batch locks every lane */
    bool behind;       /*!< the arrangement's version rose: a sweep is to begin */
    bool paused;
    bool blocked; /*!< a rule pack that both consented to is missing */
} kh_live_lane;

/*! What the loop knows of a share while its turn goes on. */
typedef struct kh_share_intake {
    kh_consumer_event *arrived; /*!< polled, and not in the lanes' queues yet */
    size_t arrived_count;
    size_t arrived_size;
    size_t arrived_bytes;

    /* As of when the lanes were last the loop's: */
    size_t pending_bytes; /*!< of the records in their queues */
    size_t waiting;       /*!< of these, those that wait for no more than a turn, and are not in the one in hand */
    size_t waiting_bytes;
    size_t sweeping; /*!< lanes */
    size_t blocked;
    size_t paused;

    bool held; /*!< so much waits for its turn that its lanes are not read for now */
    bool in_turn;
    int64_t begun_ms;
    uint64_t begun_as_of; /*!< worker->deeds when the turn began */
    bool quiet;           /*!< there was nothing to do, as of a look at `quiet_as_of`, and nothing has arrived since */
    uint64_t quiet_as_of;
} kh_share_intake;

/*! Some of the lanes, with a database connection and a thread of their own: while one waits for the database the
 *  other decides. A turn (app/live_turns.h) has all of it for itself, but for what is the loop's own at any time. */
typedef struct kh_share {
    kh_worker *worker;
    kh_database *database; /*!< NULL while there is none */
    kh_arena arena;        /*!< of the batch in hand */

    kh_arena world_arena; /*!< rule book, arrangements and what they are made of */
    kh_world world;
    int64_t world_version; /*!< below 0: not read */
    kh_event_rules rules;
    kh_message_cache *cache;

    kh_live_lane *lanes; /*!< of the assignment, ascending; who they are changes between turns only */
    size_t lane_count;
    bool full; /*!< no more records are taken until some are decided */
    kh_halving halving;
    bool redrives_alone;     /*!< the database refused a row of a batch that had dead letters decided again */
    int64_t redrive_refused; /*!< the one that it refuses by itself; KH_SEQ_NONE: none */
    bool holds_bases;        /*!< worker->bases is locked for the batch in hand */
    size_t batches;          /*!< counts them: who of the lanes begins */
    int64_t looked_ms;
    kh_instant now; /*!< the server's, as of the last look or batch */

    kh_log_limit dead_letter_log[KH_REFUSAL_COUNT];
    kh_log_limit ahead_log;
    kh_log_limit blocked_log;

    bool did;    /*!< of the last turn: whether a batch was decided, */
    bool looked; /*!< whether there was nothing to do, as of a look, */
    kh_rc rc;    /*!< and what it came to */

    kh_share_intake intake; /*!< the loop's own */
} kh_share;

struct kh_worker {
    const kh_worker_settings *settings;
    const char *topics[KH_SOURCES_MAX];
    size_t topic_count;
    const char *result_topics[KH_RESULT_TOPICS];
    kh_kafka_settings kafka;
    int32_t partition_count;
    char transactional_id[200];

    kh_consumer *consumer;
    kh_publisher *publisher;
    kh_publishing *publishing;
    bool producer_lost;    /*!< the publisher must be renewed before it is used */
    kh_group_claim *claim; /*!< of the present assignment; held */

    kh_share shares[KH_SHARES_MAX];
    size_t share_count;
    /*! Of the share whose batch locks bases in other lanes, from before the first until its end: two at once would
     *  wait for each other, each at what the other is to write. Whoever waits for it has written nothing. */
    pthread_mutex_t bases;
    struct kh_crew *crew;  /*!< a thread for each share */
    uint64_t deeds;        /*!< turns that decided something */
    int64_t patted_ms;     /*!< when the watchdog was last told of progress */
    bool assigned;         /*!< there is an assignment, of no lanes perhaps */
    bool taken;            /*!< the lanes are ours: epochs, owners, marks, starts */
    kh_exit_reason reason; /*!< when the process must end */

    struct kh_http *http;  /*!< NULL: nobody watches */
    bool was_taken;        /*!< as of the last turn */
    int64_t watched_at_ms; /*!< when what waits is counted again */
};

/*! Decides and commits one batch of whatever the lanes have to do, and hands it to publishing.
 *  \param did  whether there was anything to do.
 *  \retval KH_OK
 *  \retval KH_E_RETRY     nothing happened; again
 *  \retval KH_E_TIMEOUT   publishing is full; again
 *  \retval KH_E_NOT_MINE  a lane is somebody else's: take the lanes again
 *  \retval KH_E_LOST      nothing is known of what was asked last: take the lanes again, on a new connection
 *  \retval fatal codes. */
KH_MUSTCHECK kh_rc kh_live_batch(kh_share *share, bool *did);

/*! Whether a batch would find anything to do, as far as is known without asking the database. */
bool kh_live_has_work(const kh_share *share);

/*! One cheap query about what time, other lanes and rule packs ask of these lanes. \retval as kh_live_batch. */
KH_MUSTCHECK kh_rc kh_live_look(kh_share *share);

/*! Takes every lane of the assignment: epochs, former owners, marks; publishes what was left, and begins to read.
 *  \retval KH_OK          the lanes are ours
 *  \retval KH_E_LOST, KH_E_RETRY, KH_E_TIMEOUT, KH_E_NOT_MINE  not yet: again after a pause
 *  \retval fatal codes; worker->reason says which kind. */
KH_MUSTCHECK kh_rc kh_live_take_lanes(kh_worker *worker);

/*! Rule book and arrangements as they stand in the database.
 *  \param version  the arrangements' version, within its transaction; below 0, outside of one: only the rule book.
 *  \retval KH_OK, KH_E_LOST, KH_E_RETRY, KH_E_MEMORY, KH_E_CONFIGURATION (logged). */
KH_MUSTCHECK kh_rc kh_live_read_world(kh_share *share, int64_t version);

/*! The share that has, or would have, the lane. */
kh_share *kh_live_share(kh_worker *worker, int32_t lane);

/*! The share's lane with that number; NULL if it is not in the assignment. */
kh_live_lane *kh_live_find_lane(kh_share *share, int32_t number);

/*! Whether there is nothing more to read in any source topic of the lane. */
bool kh_live_is_drained(const kh_share *share, const kh_live_lane *lane);

/*! How many of the lane's waiting records may be decided now. By the wall clock all of them; with `clock: records`
 * those that no topic of the lane can still bring an earlier one for, so that a history is decided in the order of its
 * time. */
size_t kh_live_ready(const kh_share *share, const kh_live_lane *lane);

/*! CRC-32 of key and value: how a record is known again. */
uint32_t kh_record_crc(const kh_record *record);

/*! Everything polled is given back: it will be read again. Between turns only. */
void kh_live_forget_pending(kh_worker *worker);

/*! For new connections. Between turns only. */
void kh_live_close_databases(kh_worker *worker);

/*! Logs what the database said. */
void kh_live_log_database(const kh_share *share, const char *event);

#endif
