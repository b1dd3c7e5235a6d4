#include "app/live_turns.h"

#include "app/crew.h"
#include "app/live_arrivals.h"
#include "app/metrics.h"
#include "app/pause.h"
#include "app/watchdog.h"

#define LOOK_EVERY_MS 100

static bool must_look(const kh_share *share)
{
    return kh_monotonic_ms() - share->looked_ms >= LOOK_EVERY_MS;
}

static bool comes_again(kh_rc rc)
{
    return rc == KH_E_RETRY || rc == KH_E_TIMEOUT;
}

/* A batch if there is anything to do, and now and then a look. On the share's thread. */
static void take_turn(void *self)
{
    kh_share *share = self;
    share->did = false;
    share->looked = false;
    share->rc = kh_live_batch(share, &share->did);
    if (share->rc == KH_OK && must_look(share)) {
        share->rc = kh_live_look(share);
        share->looked = share->rc == KH_OK && !share->did;
    }
    if (comes_again(share->rc)) {
        kh_pause_ms(5 + (int64_t)(kh_chance() % 20));
    }
}

static void begin_turn(kh_share *share)
{
    kh_share_intake *intake = &share->intake;
    size_t taken = intake->waiting < share->halving.limit ? intake->waiting : share->halving.limit;
    intake->waiting_bytes -= taken == 0 ? 0 : intake->waiting_bytes / intake->waiting * taken;
    intake->waiting -= taken;
    intake->in_turn = true;
    intake->begun_ms = kh_monotonic_ms();
    intake->begun_as_of = share->worker->deeds;
    kh_crew_begin(share->worker->crew, (size_t)(share - share->worker->shares), take_turn, share);
}

kh_rc kh_turns_begin(kh_worker *worker)
{
    kh_rc rc = KH_OK;
    for (size_t i = 0; rc == KH_OK && i < worker->share_count; i++) {
        if (!worker->shares[i].intake.in_turn) {
            rc = kh_live_take_in(&worker->shares[i]);
        }
    }
    bool full = kh_live_is_full(worker);
    for (size_t i = 0; rc == KH_OK && i < worker->share_count; i++) {
        kh_share *share = &worker->shares[i];
        if (share->intake.in_turn || share->lane_count == 0) {
            continue;
        }
        share->full = full || share->intake.held;
        if (kh_live_has_work(share) || must_look(share)) {
            begin_turn(share);
        }
    }
    return rc;
}

kh_rc kh_turns_graver(kh_rc one, kh_rc other)
{
    if (kh_rc_is_fatal(one) || other == KH_OK) {
        return one;
    }
    bool stays =
        one == KH_E_LOST && !kh_rc_is_fatal(other); /* a new connection and new lanes are more than new lanes */
    return stays ? one : other;
}

static kh_rc end_turn(kh_share *share)
{
    kh_share_intake *intake = &share->intake;
    intake->in_turn = false;
    if (share->did) {
        share->worker->deeds++;
        intake->quiet = false;
    } else if (share->looked && intake->arrived_count == 0) {
        intake->quiet = true;
        intake->quiet_as_of = intake->begun_as_of;
    }
    kh_metric_retry(comes_again(share->rc) ? share->rc : KH_OK); /* others: when all is started over */
    return comes_again(share->rc) ? KH_OK : share->rc;
}

kh_rc kh_turns_end(kh_worker *worker, bool *did)
{
    kh_rc rc = KH_OK;
    *did = false;
    for (size_t i = 0; i < worker->share_count; i++) {
        kh_share *share = &worker->shares[i];
        if (share->intake.in_turn && !kh_crew_is_busy(worker->crew, i)) {
            rc = kh_turns_graver(rc, end_turn(share));
            *did = *did || share->did;
        }
    }
    return rc;
}

void kh_turns_wait(kh_worker *worker)
{
    kh_crew_wait_for_all(worker->crew);
}

void kh_turns_wait_for_any(kh_worker *worker, int timeout_ms)
{
    kh_crew_wait_for_any(worker->crew, timeout_ms);
}

bool kh_turns_any(const kh_worker *worker)
{
    for (size_t i = 0; i < worker->share_count; i++) {
        if (worker->shares[i].intake.in_turn) {
            return true;
        }
    }
    return false;
}

int64_t kh_turns_oldest_ms(const kh_worker *worker)
{
    int64_t oldest = kh_monotonic_ms();
    for (size_t i = 0; i < worker->share_count; i++) {
        const kh_share_intake *intake = &worker->shares[i].intake;
        oldest = intake->in_turn && intake->begun_ms < oldest ? intake->begun_ms : oldest;
    }
    return oldest;
}

void kh_turns_pat(kh_worker *worker)
{
    if (kh_turns_oldest_ms(worker) > worker->patted_ms) {
        worker->patted_ms = kh_monotonic_ms();
        kh_watchdog_pat();
    }
}

bool kh_turns_are_quiet(const kh_worker *worker)
{
    for (size_t i = 0; i < worker->share_count; i++) {
        const kh_share *share = &worker->shares[i];
        const kh_share_intake *intake = &share->intake;
        bool quiet =
            !intake->in_turn && intake->arrived_count == 0 && intake->quiet && intake->quiet_as_of == worker->deeds;
        if (!quiet && share->lane_count > 0) {
            return false;
        }
    }
    return true;
}
