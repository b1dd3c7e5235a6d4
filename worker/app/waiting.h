/* What a command waits for, said on standard error once it has taken two seconds. */
#ifndef KH_APP_WAITING_H
#define KH_APP_WAITING_H

#include <stddef.h>

#include "kakehashi/return_code.h"

typedef struct kh_waiting kh_waiting;

/*! Before a call that may wait for a server.
 *  \param why  called when it has taken two seconds, by another thread: what is known of the reason, into \a out;
 * leaves it empty otherwise. May be NULL. \param format  what is waited for, as it stands behind "waiting for". \return
 * NULL if there is no memory or no thread for it: then nothing is said. Pairs with kh_waiting_end. */
kh_waiting *kh_waiting_begin(void (*why)(void *self, char *out, size_t size), void *self, const char *format, ...)
    KH_PRINTF(3, 4);

/*! After it, however it ended: nothing is said any more. NULL is fine. */
void kh_waiting_end(kh_waiting *waiting);

#endif
