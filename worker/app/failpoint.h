/* Places at which a test can kill or stop the worker. Compiled in only with KH_FAILPOINTS. */
#ifndef KH_APP_FAILPOINT_H
#define KH_APP_FAILPOINT_H

#ifdef KH_FAILPOINTS
/*! Does what the environment variable KAKEHASHI_FAILPOINT says if it names this place: NAME:kill or NAME:stop (SIGKILL,
 *  SIGSTOP to oneself), with an optional :N for the N-th time the place is passed (default: the first), or :@PATH for
 * the first time that it is passed while that file exists. */
void kh_failpoint(const char *name);
#else
static inline void kh_failpoint(const char *name)
{
    (void)name;
}
#endif

#endif
