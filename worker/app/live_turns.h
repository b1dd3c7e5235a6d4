/* The shares' turns: each decides on a thread of its own, batch after batch, while the loop's thread reads what comes
 * next. During a turn its share is the turn's, but for `intake`; between two of them it is the loop's, whose thread
 * calls all of this. Nothing outside worker/app includes it. */
#ifndef KH_APP_LIVE_TURNS_H
#define KH_APP_LIVE_TURNS_H

#include "app/live.h"

/*! Takes in what has arrived, and begins a turn of each share that has none in hand and has something to do: a batch,
 *  or a look, which is due now and then.
 *  \retval KH_OK, or as kh_live_take_in */
KH_MUSTCHECK kh_rc kh_turns_begin(kh_worker *worker);

/*! Notes what the turns that are over came to.
 *  \param did  whether one of them decided something.
 *  \retval KH_OK    all is well, or was tried in vain and will be tried again
 *  \retval others   the gravest of what kh_live_batch and kh_live_look returned; nothing but a new start helps */
KH_MUSTCHECK kh_rc kh_turns_end(kh_worker *worker, bool *did);

/*! Of two codes other than to try again, the one that asks for more. */
kh_rc kh_turns_graver(kh_rc one, kh_rc other);

/*! Waits until no turn is in hand; what they came to is still to be noted. */
void kh_turns_wait(kh_worker *worker);

/*! Waits until a turn is over, at most \a timeout_ms. */
void kh_turns_wait_for_any(kh_worker *worker, int timeout_ms);

/*! Whether a turn is in hand, or over and not noted. */
bool kh_turns_any(const kh_worker *worker);

/*! When the oldest turn in hand began; now, if there is none. As kh_monotonic_ms. */
int64_t kh_turns_oldest_ms(const kh_worker *worker);

/*! Tells the watchdog of progress: the loop goes round, and every turn in hand began after it was last told, so that
 * one that gets stuck is not hidden by others, and those that are tried again and again do not count as stuck. */
void kh_turns_pat(kh_worker *worker);

/*! Whether there was nothing to do for any share, as of looks behind the last batch, and nothing has arrived since. */
bool kh_turns_are_quiet(const kh_worker *worker);

#endif
