/* The worker: consume, decide, store, publish, until told to stop. */
#ifndef KH_APP_WORKER_H
#define KH_APP_WORKER_H

#include "config/configuration.h"

typedef struct kh_worker kh_worker;
struct kh_replay_course;

/*! Why a worker has ended. */
typedef enum kh_exit_reason {
    KH_ENDED_WELL,
    KH_ENDED_GIVEN_UP,      /*!< no database, no broker or no progress for so long */
    KH_ENDED_CONFIGURATION, /*!< settings, topics, schema or rule packs are not as they must be */
    KH_ENDED_REWOUND,       /*!< the database or a topic went back in time */
    KH_ENDED_FAILED
} kh_exit_reason;

typedef struct kh_worker_settings {
    const kh_configuration *configuration; /*!< read, with secrets; borrowed */
    bool until_idle;                       /*!< end when everything is read, decided and published */
    kh_instant until;                /*!< move every lane there once its sources are drained; KH_INSTANT_NONE: no */
    bool accept_rewind;              /*!< the database was restored from an older copy: decide again from there */
    uint32_t give_up_ms;             /*!< with until_idle: how long to wait for servers */
    struct kh_replay_course *course; /*!< a replay: nothing is published, and it ends with the course. NULL: live */
} kh_worker_settings;

/*! Runs until a stop is asked for, or until idle. One to a process: what it counts (app/metrics.h) is the process's.
 *  \param stop  becomes true when it is to end in good order; polled.
 *  \return why it ended; what was wrong has been logged. */
kh_exit_reason kh_worker_run(const kh_worker_settings *settings, const volatile int *stop);

#endif
