/* Reading a lane's topics without the group: to find the published mark again when the group's offsets are gone, and to
 * read again what was stated. */
#ifndef KH_KAFKA_SCAN_H
#define KH_KAFKA_SCAN_H

#include "kakehashi/date.h"
#include "kakehashi/record.h"
#include "kafka/client.h"

/*! The highest kh-seq published by a lane: looks through partition \a lane of every result topic, committed messages
 * only, from the high watermark seen at the beginning back to the lane's last message there, but not before the first
 * message at or after \a since. So it takes as long whatever the topics hold. What may still be open must have been
 * ended before (kh_fence), or it is waited for. \param since  a little before the oldest result that may be missing;
 * KH_INSTANT_NONE: from the beginning. \param found  gets whether any message with `kh-lane` equal to \a lane was read
 *  \param seq    gets the highest `kh-seq` of those; untouched if none was
 *  \retval KH_OK
 *  \retval KH_E_TIMEOUT        not finished within \a timeout_ms
 *  \retval KH_E_LOST
 *  \retval KH_E_CONFIGURATION  a topic or its partition does not exist
 *  \retval KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_scan_mark(const kh_kafka_settings *settings, const char *const *result_topics, size_t topic_count,
                                int32_t lane, kh_instant since, int timeout_ms, bool *found, int64_t *seq,
                                kh_kafka_error *error);

/*! Reads a lane's partition of each topic from its beginning up to the last stable offset seen now: committed messages
 *  only, and nothing open is waited for.
 *  \param timeout_ms  how long the broker may give no answer
 *  \param visit       gets each record, borrowed for the call, without its headers; of one topic in the order of its
 *                     offsets, across topics in any. Anything but KH_OK ends the reading
 *  \retval as kh_scan_mark, or what \a visit returned */
KH_MUSTCHECK kh_rc kh_scan_lane(const kh_kafka_settings *settings, const char *const *topics, size_t topic_count,
                                int32_t lane, int timeout_ms, kh_rc (*visit)(void *self, const kh_record *record),
                                void *self, kh_kafka_error *error);

#endif
