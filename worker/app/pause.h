/* Waiting for nothing, and for how long: tries of several workers must not meet. */
#ifndef KH_APP_PAUSE_H
#define KH_APP_PAUSE_H

#include <stdint.h>

/*! A random number. */
uint64_t kh_chance(void);

void kh_pause_ms(int64_t milliseconds);

#endif
