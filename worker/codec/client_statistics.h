/* What librdkafka tells of itself now and then, as JSON: the few figures that show how a client is. */
#ifndef KH_CODEC_CLIENT_STATISTICS_H
#define KH_CODEC_CLIENT_STATISTICS_H

#include <stdint.h>

#include "kakehashi/return_code.h"
#include "kakehashi/text.h"

/*! Of one client (a consumer or a producer), over all its brokers. Counts are since the client was made. */
typedef struct kh_client_statistics {
    uint32_t connections_up;   /*!< of any kind */
    uint32_t brokers_up;       /*!< to which there is a connection, that to the group's coordinator apart */
    double round_trip_seconds; /*!< of the slowest broker: 99 of 100 requests since the last time; 0: there were none */
    uint64_t queued_messages;  /*!< fetched but not polled, or not yet sent */
    uint64_t queued_bytes;
    uint64_t timeouts; /*!< requests that got no answer in time */
    uint64_t errors;   /*!< of sending and receiving */
    uint64_t disconnects;
    uint64_t sent_bytes;
    uint64_t received_bytes;
    uint64_t rebalances; /*!< of its group; 0 for a producer */
} kh_client_statistics;

/*! Reads the JSON text of librdkafka's `stats_cb`. What is not in it counts as 0.
 *  \param out  untouched unless KH_OK.
 *  \retval KH_E_REFUSED  no JSON object, or no memory to read it: the next one may do. */
KH_MUSTCHECK kh_rc kh_client_statistics_read(kh_text json, kh_client_statistics *out);

#endif
