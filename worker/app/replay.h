/* A replay: the event history decided again by the worker's own code, into a schema of its own beside the live one.
 * Nothing of it is published, and nothing live is written to. */
#ifndef KH_APP_REPLAY_H
#define KH_APP_REPLAY_H

#include "app/reach.h"
#include "app/replay_course.h"
#include "app/worker.h"
#include "config/configuration.h"
#include "postgres/lanes.h"

typedef struct kh_replay kh_replay;

/*! The settings of a replay of this deployment: schema, group and deployment id have "_replay" or "-replay" at their
 * end, the records' timestamps move the clock, and nobody watches. Pure.
 *  \param problems  gets what is wrong; its arena holds the names.
 *  \retval KH_OK, KH_E_CONFIGURATION (the schema's name has no room left for that), KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_replay_settings(const kh_settings *live, kh_problems *problems, kh_settings *out);

/*! What a replay is begun with. */
typedef struct kh_replay_wish {
    const char *files[3]; /*!< a rule pack, policies and a calendar, in the order of kh_rule_file_kind; NULL: none */
    kh_instant until;     /*!< KH_INSTANT_NONE: where the live deployment's clock is */
    kh_text by;           /*!< whoever asks for it */
} kh_replay_wish;

/* Each returns KH_OK, KH_E_LOST, KH_E_RETRY, KH_E_CONFIGURATION or KH_E_MEMORY; what is wrong is in the problems. */

/*! Makes the replay's schema, with the live one's rules but for the files of the wish, and what is to be replayed: all
 * that the live deployment has decided by now. Refuses if there is a replay already. */
KH_MUSTCHECK kh_rc kh_replay_start(const kh_configuration *live, const kh_replay_wish *wish, kh_problems *problems);

/*! The replay that was begun.
 *  \param live, problems  must outlive it.
 *  \param alone  nobody else may work on it: refused while somebody does. Else others may too.
 *  \param out    untouched unless KH_OK; pairs with kh_replay_close. */
KH_MUSTCHECK kh_rc kh_replay_open(const kh_configuration *live, bool alone, kh_problems *problems, kh_replay **out);
/*! NULL is fine. */
void kh_replay_close(kh_replay *replay);

/*! Decides until the whole of it is done, by whoever works on it. Returns at once if it is.
 *  \param tell  is called a few times a second with how far it is; may be NULL.
 *  \param stop  as kh_worker_run's. \return as kh_worker_run's. */
kh_exit_reason kh_replay_run(kh_replay *replay, void (*tell)(void *self, const kh_replay_course *course), void *self,
                             const volatile int *stop);

/*! How far it was when it was last looked at. */
const kh_replay_course *kh_replay_course_of(const kh_replay *replay);

/*! Takes a look at the live deployment that stands still from then on, and moves the replay's ends to where the live
 * one is in it. Afterwards kh_replay_run brings the replay there, and both have decided the same records.
 *  Only of a replay that is open alone. */
KH_MUSTCHECK kh_rc kh_replay_follow(kh_replay *replay);

/*! Removes the schema of the replay, and its consumer group. Refused while somebody works on it.
 *  \param found  whether there was one. */
KH_MUSTCHECK kh_rc kh_replay_drop_all(const kh_configuration *live, kh_problems *problems, bool *found);

/* ---- for comparing ---- */

/*! One side's connection. \return the live one's look after kh_replay_follow, else NULL. */
kh_database *kh_replay_live_database(kh_replay *replay);
kh_database *kh_replay_database(kh_replay *replay);
const kh_settings *kh_replay_settings_of(const kh_replay *replay);
const kh_replay_row *kh_replay_row_of(const kh_replay *replay);

#endif
