/* Reading partitions one record at a time, each at the reader's own pace: committed records only, outside of every
 * group. For one thread. */
#ifndef KH_KAFKA_READER_H
#define KH_KAFKA_READER_H

#include "kakehashi/arena.h"
#include "kakehashi/record.h"
#include "kafka/client.h"

/*! A connection. */
typedef struct kh_reader kh_reader;
/*! One partition that is being read. */
typedef struct kh_reader_part kh_reader_part;

/*! \param settings  borrowed; must outlive it. \param out  pairs with kh_reader_free; untouched unless KH_OK.
 *  \retval KH_OK, KH_E_CONFIGURATION (\a error names the setting), KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_reader_new(const kh_kafka_settings *settings, kh_reader **out, kh_kafka_error *error);
/*! NULL is fine. Every part must have ended. */
void kh_reader_free(kh_reader *reader);

/*! Begins to read a partition; no two of one partition at a time.
 *  \param first, end  offsets: from \a first on, up to but not including \a end, which must be at or below the high
 *                     watermark. What a transaction still keeps open below it is waited for.
 *  \param out         pairs with kh_reader_end; untouched unless KH_OK.
 *  \retval KH_OK, KH_E_LOST, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_reader_begin(kh_reader *reader, const char *topic, int32_t lane, int64_t first, int64_t end,
                                   kh_reader_part **out, kh_kafka_error *error);

/*! The next record.
 *  \param timeout_ms  how long the broker may give no answer.
 *  \param out   borrowed, headers too, until the next call for this part. \param more  false: the end is reached; \a
 * out is untouched then. \retval KH_OK, KH_E_TIMEOUT, KH_E_LOST, KH_E_MEMORY \retval KH_E_CONFIGURATION  no right, or
 * the topic is gone */
KH_MUSTCHECK kh_rc kh_reader_next(kh_reader_part *part, int timeout_ms, kh_record *out, bool *more,
                                  kh_kafka_error *error);

/*! NULL is fine. */
void kh_reader_end(kh_reader_part *part);

#endif
