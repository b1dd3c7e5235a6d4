/* Reading the source topics as a member of the group: records, lanes that come and go, what the group has committed.
 *
 * A lane is one partition number of all source topics. One thread owns a consumer; only kh_consumer_release,
 * kh_consumer_wake and the kh_group_claim functions may be called by others.
 *
 *   ASSIGNED  the group has given these lanes. Nothing of them is read until kh_consumer_start, in as many portions
 *             as the caller likes; membership and further rebalances go on meanwhile.
 *   REVOKED   the group wants all lanes back. Their records stop. The group waits until kh_consumer_let_go, which
 *             is called once nothing of these lanes is on its way; with `lost` somebody else may own them already,
 *             so nothing may be published any more. */
#ifndef KH_KAFKA_CONSUMER_H
#define KH_KAFKA_CONSUMER_H

#include "kakehashi/arena.h"
#include "kakehashi/record.h"
#include "kafka/client.h"

typedef struct kh_consumer kh_consumer;

/*! The group's metadata as it was when an assignment arrived: proof of that assignment, never a fresher one.
 *  Counted references, for any thread. */
typedef struct kh_group_claim kh_group_claim;

/*! \return the same claim, held once more. NULL gives NULL. */
kh_group_claim *kh_group_claim_hold(kh_group_claim *claim);
/*! NULL is fine. */
void kh_group_claim_release(kh_group_claim *claim);

/*! A record's memory, which its kh_record points into. */
typedef struct kh_consumer_hold kh_consumer_hold;

typedef enum kh_consumer_event_kind {
    KH_CONSUMER_NOTHING,      /*!< the time is up, or it was woken */
    KH_CONSUMER_RECORD,       /*!< `record`, `hold`, `topic` */
    KH_CONSUMER_DRAINED,      /*!< `topic`, `lane`, `offset`: nothing more to read there; the next record will have this
                                 offset or a later one */
    KH_CONSUMER_ASSIGNED,     /*!< `lanes`, `claim` */
    KH_CONSUMER_REVOKED,      /*!< `lanes`, `lost` */
    KH_CONSUMER_OUT_OF_RANGE, /*!< `topic`, `lane`, `offset`: the broker has no such offset (topic truncated or
                                 recreated); that partition gives nothing more. `offset` is where reading was to start
                                 or go on */
    KH_CONSUMER_ERROR         /*!< `error`: KH_E_LOST (go on polling; librdkafka reconnects by itself), or one for which
                                 kh_rc_is_fatal */
} kh_consumer_event_kind;

typedef struct kh_consumer_event {
    kh_consumer_event_kind kind;
    size_t topic; /*!< index in the topics given to kh_consumer_new */
    int32_t lane;
    int64_t offset;
    kh_record record;       /*!< valid until `hold` is released; headers are left out: kh_consumer_headers */
    kh_consumer_hold *hold; /*!< the caller's: kh_consumer_release */
    const int32_t *lanes;   /*!< ascending; valid until the next poll */
    size_t lane_count;
    bool lost;
    kh_group_claim *claim;       /*!< borrowed until the next poll: hold it */
    const kh_kafka_error *error; /*!< valid until the next poll */
} kh_consumer_event;

/*! Connects in the background and joins the group.
 *  \param topics  the source topics; copied.
 *  \param out     untouched unless KH_OK; pairs with kh_consumer_free.
 *  \retval KH_E_CONFIGURATION  a setting that librdkafka or we refuse; \a error names it.
 *  \retval KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_consumer_new(const kh_kafka_settings *settings, const char *const *topics, size_t topic_count,
                                   kh_consumer **out, kh_kafka_error *error);

/*! Waits for one event, at most \a timeout_ms (0: only what is there). Must be called at least every
 *  max.poll.interval.ms (90 s), whether or not lanes are held. */
void kh_consumer_poll(kh_consumer *consumer, int timeout_ms, kh_consumer_event *out);

/*! The poll that waits, or else the next one that would, comes back at once. Any thread, until kh_consumer_close. */
void kh_consumer_wake(kh_consumer *consumer);

/*! Ends the records of these holds. Any thread; NULL entries are skipped. All must be back before kh_consumer_free. */
void kh_consumer_release(kh_consumer *consumer, kh_consumer_hold *const *holds, size_t count);

/*! Fills record->headers from the arena (names and values still borrowed from the hold).
 *  \retval KH_E_MEMORY  record->headers is untouched. */
KH_MUSTCHECK kh_rc kh_consumer_headers(const kh_consumer_hold *hold, kh_arena *arena, kh_record *record);

/*! Where reading begins. */
typedef struct kh_lane_start {
    size_t topic;
    int32_t lane;
    int64_t offset; /*!< first offset wanted; 0 or above, or KH_OFFSET_BEGINNING */
} kh_lane_start;

/*! The first offset that the topic still has. */
#define KH_OFFSET_BEGINNING (-2)

/*! Begins to read lanes of the last ASSIGNED event; those already started go on behind their last delivered record.
 *  A start for a lane that runs already moves it, and ends its pause.
 *  \retval KH_OK
 *  \retval KH_E_NOT_MINE  a lane of \a starts is not assigned (any more): nothing has changed
 *  \retval KH_E_LOST      librdkafka refused; \a error says why
 *  \retval KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_consumer_start(kh_consumer *consumer, const kh_lane_start *starts, size_t count,
                                     kh_kafka_error *error);

/*! Back-pressure. Lanes that are not started are skipped. Records that were fetched but not yet polled are fetched
 *  again after resuming, so a pause is for a full queue, not for every batch. */
void kh_consumer_pause(kh_consumer *consumer, const int32_t *lanes, size_t count);
void kh_consumer_resume(kh_consumer *consumer, const int32_t *lanes, size_t count);

/*! The answer to REVOKED; nothing to do if none is open. Records of the revoked lanes are not delivered any more. */
void kh_consumer_let_go(kh_consumer *consumer);

/*! What the group has committed for one topic and lane. */
typedef struct kh_lane_commit {
    size_t topic;     /*!< in */
    int32_t lane;     /*!< in */
    bool present;     /*!< false: the group has none (never committed, or expired) */
    int64_t offset;   /*!< when present */
    kh_text metadata; /*!< in the arena; empty when there is none */
} kh_lane_commit;

/*! Reads committed offsets and their metadata; stable ones only. May be called by another thread than the poller.
 *  \param commits  topic and lane given, the rest filled; of no meaning unless KH_OK.
 *  \retval KH_E_TIMEOUT  no answer, or a transaction is pending on one of them: ask again (or kh_fence its owner);
 *                        this is not "none"
 *  \retval KH_E_LOST     the coordinator answered with another error
 *  \retval KH_E_CONFIGURATION  not authorised
 *  \retval KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_consumer_committed(kh_consumer *consumer, kh_lane_commit *commits, size_t count, int timeout_ms,
                                         kh_arena *arena, kh_kafka_error *error);

/*! A figure for dashboards, never a condition: the last stable offset, as of the last fetch.
 *  \return below 0 when it is not known. */
int64_t kh_consumer_high_watermark(kh_consumer *consumer, size_t topic, int32_t lane);

/*! The group's member id as now known; "" before joining. Free with free(); NULL when memory is out. */
char *kh_consumer_member(kh_consumer *consumer);

/*! Leaves the group, waiting at most \a timeout_ms; the other members then need not wait for the session's end.
 *  Everything revoked counts as let go. Only kh_consumer_free may follow.
 *  \retval KH_OK
 *  \retval KH_E_TIMEOUT  the broker did not answer; the session's end will do */
kh_rc kh_consumer_close(kh_consumer *consumer, int timeout_ms);

/*! NULL is fine. Without kh_consumer_close the group learns it by the session's end (as after a crash).
 *  Every hold must have been released: an assertion says so. */
void kh_consumer_free(kh_consumer *consumer);

#endif
