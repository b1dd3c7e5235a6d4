/* Publishing on a thread of its own, while the next batches are decided. At most so many are on their way; those that
 * wait together leave in one Kafka transaction. */
#ifndef KH_APP_PUBLISHING_H
#define KH_APP_PUBLISHING_H

#include "app/outgoing.h"
#include "kafka/publisher.h"

/*! Lanes are numbered below this. */
#define KH_LANES_MAX 4096

typedef struct kh_publishing kh_publishing;

/*! Starts the thread.
 *  \param publisher  initialised; used by the thread alone while it holds a batch. NULL: a replay's, whose batches are
 *                    done with as they are.
 *  \param depth      batches that are decided or on their way at once; at most 64.
 *  \return NULL when there is no memory or no thread; pairs with kh_publishing_free (NULL is fine). */
KH_MUSTCHECK kh_publishing *kh_publishing_new(kh_publisher *publisher, uint32_t depth);

/*! Ends the thread after the transaction in hand; what is queued is dropped. */
void kh_publishing_free(kh_publishing *publishing);

/*! An empty one for the next batch; waits until there is one, at most \a timeout_ms. NULL: not yet. */
kh_outgoing *kh_publishing_borrow(kh_publishing *publishing, int timeout_ms);

/*! Gives one back unused. */
void kh_publishing_return(kh_publishing *publishing, kh_outgoing *out);

/*! Publishes it, in order, behind those before it. If publishing has failed it is dropped. */
void kh_publishing_submit(kh_publishing *publishing, kh_outgoing *out);

/*! Whether publishing has failed, and why: everything behind the failure was dropped, and nothing more is published
 * until kh_publishing_restart. What was decided stands in the database: it is published again from the lanes' marks. */
kh_rc kh_publishing_failed(kh_publishing *publishing, kh_kafka_error *error);

/*! Waits until nothing is on its way (published or dropped), at most \a timeout_ms. \return whether that is so. */
bool kh_publishing_wait(kh_publishing *publishing, int timeout_ms);

/*! From now on what is submitted is published again. Only while nothing is on its way. */
void kh_publishing_restart(kh_publishing *publishing);

/*! Drops what has not begun: the lanes belong to somebody else. */
void kh_publishing_drop(kh_publishing *publishing);

/*! How many batches are decided and not published yet. */
size_t kh_publishing_count(kh_publishing *publishing);

/*! One Kafka transaction, counted and timed. \retval as kh_publisher_publish. */
KH_MUSTCHECK kh_rc kh_publish_once(kh_publisher *publisher, const kh_publication *publication, kh_kafka_error *error);

/*! The mark that was published last for the lane; -1 if none was since the start. */
int64_t kh_publishing_mark(kh_publishing *publishing, int32_t lane);

#endif
