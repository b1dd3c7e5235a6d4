/* A replay on its way: how far it goes, how far it is, and when the whole of it is done, whoever works on it. */
#ifndef KH_APP_REPLAY_COURSE_H
#define KH_APP_REPLAY_COURSE_H

#include "config/settings.h"
#include "postgres/replay.h"

/*! How fast something goes forward, by what it came to of late. All zero at first. */
typedef struct kh_pace {
    int64_t at;
    int64_t at_ms;
    double per_second; /*!< 0: not known yet */
} kh_pace;

/*! Notes where it is now; asked less often than once a second it is sure of itself sooner. Pure. */
void kh_pace_note(kh_pace *pace, int64_t at, int64_t now_ms);

/*! Seconds until it is at \a all; below 0: not known. Pure. */
int64_t kh_pace_seconds_left(const kh_pace *pace, int64_t all);

/*! Caller's storage, for one thread. */
typedef struct kh_replay_course {
    const kh_settings *settings; /*!< the replay's own; borrowed */
    kh_database *database;       /*!< holds the replay's lock; NULL while the server is away */
    bool alone;                  /*!< the lock is held alone */
    const kh_replay_row *row;    /*!< borrowed */
    kh_replay_progress progress; /*!< as of the last look */
    kh_pace pace;
    int64_t looked_ms;
    bool done; /*!< the whole of it is decided, as of the last look */
    /*! Called after each look; may be NULL. */
    void (*tell)(void *self, const struct kh_replay_course *course);
    void *self;
} kh_replay_course;

/*! Where a lane's source topic ends for the replay; 0: nothing of it is replayed. Pure. */
int64_t kh_replay_course_end(const kh_replay_course *course, kh_text topic, int32_t lane);

/*! A turn of the worker's loop: looks now and then how far all are together.
 *  \param forward  whether it is further than at the last look.
 *  \retval KH_OK               also while the database is away
 *  \retval KH_E_CONFIGURATION  the replay is gone, or is being compared or dropped; it has been logged */
KH_MUSTCHECK kh_rc kh_replay_course_turn(kh_replay_course *course, bool *forward);

#endif
