/* Threads that each do one thing at a time for another, which goes on meanwhile. */
#ifndef KH_APP_CREW_H
#define KH_APP_CREW_H

#include <stdbool.h>
#include <stddef.h>

#include "kakehashi/return_code.h"

typedef struct kh_crew kh_crew;

/*! \return NULL when there is no memory or no thread; pairs with kh_crew_free (NULL is fine). */
KH_MUSTCHECK kh_crew *kh_crew_new(size_t hands);

/*! Ends the threads, each behind what it is at. */
void kh_crew_free(kh_crew *crew);

/*! What a hand that has ended something does besides, on its own thread; before the first kh_crew_begin. */
void kh_crew_tell(kh_crew *crew, void (*tell)(void *self), void *self);

/*! Begins something with a hand that is not busy. What the task may touch is the hand's until it is not busy any more.
 */
void kh_crew_begin(kh_crew *crew, size_t number, void (*task)(void *self), void *self);

bool kh_crew_is_busy(kh_crew *crew, size_t number);

/*! Waits until a hand has ended something since the last call, at most \a timeout_ms. */
void kh_crew_wait_for_any(kh_crew *crew, int timeout_ms);

/*! Waits until no hand is busy. */
void kh_crew_wait_for_all(kh_crew *crew);

#endif
