#include "app/live.h"

#include <zlib.h>

uint32_t kh_record_crc(const kh_record *record)
{
    uLong crc = crc32(0L, Z_NULL, 0);
    if (record->key.length > 0) {
        crc = crc32_z(crc, (const Bytef *)record->key.data, record->key.length);
    }
    if (record->value.length > 0) {
        crc = crc32_z(crc, (const Bytef *)record->value.data, record->value.length);
    }
    return (uint32_t)crc;
}

void kh_live_log_database(const kh_share *share, const char *event)
{
    if (share->database != NULL) {
        const kh_database_error *error = kh_database_last_error(share->database);
        kh_log(KH_LOG_WARNING, event, "%s: %s%s%s", error->doing, error->text,
               error->sqlstate[0] == '\0' ? "" : ", SQLSTATE ", error->sqlstate);
    }
}

kh_share *kh_live_share(kh_worker *worker, int32_t lane)
{
    return &worker->shares[(size_t)lane % worker->share_count];
}

kh_live_lane *kh_live_find_lane(kh_share *share, int32_t number)
{
    size_t low = 0;
    size_t high = share->lane_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (share->lanes[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < share->lane_count && share->lanes[low].number == number ? &share->lanes[low] : NULL;
}

bool kh_live_is_drained(const kh_share *share, const kh_live_lane *lane)
{
    for (size_t i = 0; i < share->worker->topic_count; i++) {
        if (!lane->sources[i].drained) {
            return false;
        }
    }
    return true;
}

size_t kh_live_ready(const kh_share *share, const kh_live_lane *lane)
{
    const kh_worker *worker = share->worker;
    if (worker->settings->configuration->settings.clock == KH_CLOCK_WALL || share->full) {
        return lane->pending_count;
    }
    kh_instant until = INT64_MAX;
    for (size_t i = 0; i < worker->topic_count; i++) {
        const kh_live_source *source = &lane->sources[i];
        until = !source->drained && source->polled_at < until ? source->polled_at : until;
    }
    size_t ready = 0;
    while (ready < lane->pending_count && lane->pending[lane->pending_first + ready].record.timestamp <= until) {
        ready++;
    }
    return ready;
}

static void forget_pending(kh_share *share)
{
    for (size_t i = 0; i < share->lane_count; i++) {
        kh_live_lane *lane = &share->lanes[i];
        for (size_t p = 0; p < lane->pending_count; p++) {
            kh_consumer_release(share->worker->consumer, &lane->pending[lane->pending_first + p].hold, 1);
        }
        lane->pending_count = 0;
        lane->pending_first = 0;
        lane->pending_bytes = 0;
    }
    for (size_t i = 0; i < share->intake.arrived_count; i++) {
        kh_consumer_release(share->worker->consumer, &share->intake.arrived[i].hold, 1);
    }
    share->intake = (kh_share_intake){.arrived = share->intake.arrived, .arrived_size = share->intake.arrived_size};
}

void kh_live_forget_pending(kh_worker *worker)
{
    for (size_t i = 0; i < worker->share_count; i++) {
        forget_pending(&worker->shares[i]);
    }
    worker->taken = false;
}

void kh_live_close_databases(kh_worker *worker)
{
    for (size_t i = 0; i < worker->share_count; i++) {
        kh_database_close(worker->shares[i].database);
        worker->shares[i].database = NULL;
    }
}
