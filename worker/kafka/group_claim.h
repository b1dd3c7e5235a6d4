/* For this room only: how a claim is made and used. */
#ifndef KH_KAFKA_GROUP_CLAIM_H
#define KH_KAFKA_GROUP_CLAIM_H

#include <librdkafka/rdkafka.h>

#include "kafka/consumer.h"

/*! What the group says of this member just now.
 *  \retval KH_E_NOT_MINE  it is no member just now: generation below 0, or no member id
 *  \retval KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_group_claim_take(rd_kafka_t *consumer, const char *group, kh_group_claim **out);

/*! Borrowed from the claim. */
const rd_kafka_consumer_group_metadata_t *kh_group_claim_metadata(const kh_group_claim *claim);

#endif
