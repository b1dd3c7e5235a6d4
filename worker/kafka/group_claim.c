#include "kafka/group_claim.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct kh_group_claim {
    atomic_int references;
    rd_kafka_consumer_group_metadata_t *metadata;
};

/* Older versions of librdkafka do not tell the generation; but their written forms can be compared. */
static kh_rc check_generation(const rd_kafka_consumer_group_metadata_t *metadata, const char *group, const char *member)
{
    kh_rc rc = KH_E_MEMORY;
    void *taken = NULL;
    void *outside = NULL;
    size_t taken_size = 0;
    size_t outside_size = 0;
    rd_kafka_consumer_group_metadata_t *none = rd_kafka_consumer_group_metadata_new_with_genid(group, -1, member, NULL);
    rd_kafka_error_t *failure =
        none == NULL ? NULL : rd_kafka_consumer_group_metadata_write(metadata, &taken, &taken_size);
    if (none == NULL || failure != NULL) {
        goto out;
    }
    failure = rd_kafka_consumer_group_metadata_write(none, &outside, &outside_size);
    if (failure != NULL) {
        goto out;
    }
    bool same = taken_size == outside_size && memcmp(taken, outside, taken_size) == 0;
    rc = same ? KH_E_NOT_MINE : KH_OK;
out:
    if (failure != NULL) {
        rd_kafka_error_destroy(failure);
    }
    if (none != NULL) {
        rd_kafka_consumer_group_metadata_destroy(none);
    }
    rd_kafka_mem_free(NULL, taken);
    rd_kafka_mem_free(NULL, outside);
    return rc;
}

kh_rc kh_group_claim_take(rd_kafka_t *consumer, const char *group, kh_group_claim **out)
{
    kh_rc rc = KH_E_MEMORY;
    kh_group_claim *claim = NULL;
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(consumer);
    char *member = rd_kafka_memberid(consumer);
    if (metadata == NULL || member == NULL || member[0] == '\0') {
        rc = KH_E_NOT_MINE;
        goto out;
    }
    rc = check_generation(metadata, group, member);
    if (rc != KH_OK) {
        goto out;
    }
    claim = malloc(sizeof *claim);
    if (claim == NULL) {
        rc = KH_E_MEMORY;
        goto out;
    }
    atomic_init(&claim->references, 1);
    claim->metadata = metadata;
    metadata = NULL;
    *out = claim;
out:
    if (metadata != NULL) {
        rd_kafka_consumer_group_metadata_destroy(metadata);
    }
    if (member != NULL) {
        rd_kafka_mem_free(consumer, member);
    }
    return rc;
}

const rd_kafka_consumer_group_metadata_t *kh_group_claim_metadata(const kh_group_claim *claim)
{
    return claim->metadata;
}

kh_group_claim *kh_group_claim_hold(kh_group_claim *claim)
{
    if (claim != NULL) {
        atomic_fetch_add(&claim->references, 1);
    }
    return claim;
}

void kh_group_claim_release(kh_group_claim *claim)
{
    if (claim != NULL && atomic_fetch_sub(&claim->references, 1) == 1) {
        rd_kafka_consumer_group_metadata_destroy(claim->metadata);
        free(claim);
    }
}
