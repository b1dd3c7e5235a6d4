#include "app/live_count.h"

#include "app/metrics.h"

static void count_records(const kh_live_work *work)
{
    const kh_live_lane *lane = work->lane;
    uint64_t taken[KH_SOURCES_MAX] = {0};
    for (size_t i = 0; i < work->taken; i++) {
        taken[lane->pending[lane->pending_first + i].topic]++;
    }
    for (size_t i = 0; i < work->share->worker->topic_count; i++) {
        kh_metric_add(KH_METRIC_RECORDS, i, taken[i]);
    }
    kh_metric_add(KH_METRIC_GAPS, 0, work->gaps);
    kh_metric_add(KH_METRIC_AHEAD_OF_TIME, 0, work->ahead_of_time);
}

void kh_live_count(const kh_live_batch_work *batch)
{
    uint64_t kinds[KH_RESULT_DEAD_LETTER + 1] = {0};
    const kh_outgoing *out = batch->out;
    for (size_t i = 0; i < batch->count; i++) {
        count_records(&batch->works[i]);
    }
    for (size_t i = 0; i < out->row_count; i++) {
        kinds[out->rows[i].kind]++;
    }
    for (size_t kind = KH_RESULT_STATUS; kind <= KH_RESULT_DEAD_LETTER; kind++) {
        kh_metric_add(KH_METRIC_RESULTS, kind - KH_RESULT_STATUS, kinds[kind]);
    }
    for (size_t i = 0; i < out->dead_letter_count; i++) {
        kh_metric_add(KH_METRIC_DEAD_LETTERS, kh_metric_reason(out->dead_letters[i].reason), 1);
    }
}
