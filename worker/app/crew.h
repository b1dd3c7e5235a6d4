/* A thread that does one thing at a time for another, again and again. */
#ifndef KH_APP_CREW_H
#define KH_APP_CREW_H

#include "kakehashi/return_code.h"

typedef struct kh_crew kh_crew;

/*! \return NULL when there is no memory or no thread; pairs with kh_crew_free (NULL is fine). */
KH_MUSTCHECK kh_crew *kh_crew_new(void);

/*! Ends the thread; it must not be at work. */
void kh_crew_free(kh_crew *crew);

/*! Begins something; kh_crew_wait must follow before the next. */
void kh_crew_begin(kh_crew *crew, void *(*task)(void *self), void *self);

/*! Waits until it is done. */
void kh_crew_wait(kh_crew *crew);

#endif
