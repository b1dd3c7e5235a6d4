#include "postgres/backoff.h"

int64_t kh_backoff_next(kh_backoff *backoff, kh_instant now, uint64_t chance)
{
    if (backoff->deadline != KH_INSTANT_NONE && now >= backoff->deadline) {
        return KH_BACKOFF_GIVE_UP;
    }
    if (backoff->max_attempts != 0 && backoff->attempts >= backoff->max_attempts) {
        return KH_BACKOFF_GIVE_UP;
    }
    if (backoff->attempts < UINT32_MAX) {
        backoff->attempts++;
    }
    int64_t previous = backoff->previous_ms > backoff->base_ms ? backoff->previous_ms : backoff->base_ms;
    int64_t longest = previous > backoff->cap_ms / 3 ? backoff->cap_ms : previous * 3;
    int64_t span = longest - backoff->base_ms;
    int64_t wait = backoff->base_ms + (span > 0 ? (int64_t)(chance % ((uint64_t)span + 1)) : 0);
    wait = wait < backoff->cap_ms ? wait : backoff->cap_ms;
    backoff->previous_ms = wait;
    return wait;
}

void kh_backoff_reset(kh_backoff *backoff)
{
    backoff->attempts = 0;
    backoff->previous_ms = 0;
}
