/* The servers as a command for people reaches them: one attempt, what is waited for told after two seconds, and what
 * went wrong told in full with its mend. (The worker tries again for ever instead.) */
#ifndef KH_APP_REACH_H
#define KH_APP_REACH_H

#include "app/connections.h"
#include "app/waiting.h"
#include "config/problems.h"

/*! Connects.
 *  \param settings  with secrets (kh_settings_require).
 *  \param problems  gets what is wrong, here and below.
 *  \param out       NULL unless KH_OK; pairs with kh_reach_close.
 *  \retval KH_OK, KH_E_LOST (no answer), KH_E_CONFIGURATION (refused), KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_reach_database(const kh_settings *settings, kh_problems *problems, kh_database **out);

/*! Connects and checks that the schema is the one that this program knows.
 *  \param version  of the schema; may be NULL.
 *  \retval as kh_reach_database; KH_E_CONFIGURATION also for a schema that is older or newer. */
KH_MUSTCHECK kh_rc kh_reach_schema(const kh_settings *settings, kh_problems *problems, kh_database **out, int *version);

/*! Connects, and creates or upgrades the schema (kh_schema_migrate).
 *  \retval as kh_schema_migrate. */
KH_MUSTCHECK kh_rc kh_reach_migrate(const kh_settings *settings, const char *worker_role, kh_problems *problems,
                                    int *before, int *after);

/*! Adds the connection's newest error to the problems. \return \a rc. */
kh_rc kh_reach_failed(const kh_settings *settings, kh_database *database, kh_problems *problems, kh_rc rc);

/*! NULL is fine. */
void kh_reach_close(kh_database *database);

/*! What librdkafka said last while something was tried: its calls themselves only say that time was up. */
typedef struct kh_reach_log {
    char text[700];
} kh_reach_log;

/*! kh_connect_kafka, with its log kept in \a log instead of written out. Until the handles made with it are gone. */
KH_MUSTCHECK kh_rc kh_reach_kafka(const kh_settings *settings, kh_arena *arena, kh_reach_log *log,
                                  kh_kafka_settings *out);

/*! kh_waiting_begin for the broker, with what librdkafka has said as the reason.
 *  \param most_ms  after which it is given up. \param log  must outlive it. */
kh_waiting *kh_reach_wait(const kh_settings *settings, uint32_t most_ms, kh_reach_log *log);

/*! Adds an error of Kafka's to the problems. \return \a rc. */
kh_rc kh_reach_kafka_failed(const kh_settings *settings, kh_reach_log *log, const kh_kafka_error *error,
                            kh_problems *problems, kh_rc rc);

/*! Makes the topics that are missing and checks the others (kh_topics_create), or only checks (kh_topics_check).
 *  \param report  called for each finding; what is bad is also KH_E_CONFIGURATION, and is not added to the problems.
 *  \param error   why it could not be found out: added to the problems.
 *  \retval KH_OK, KH_E_CONFIGURATION, KH_E_LOST, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_reach_topics(const kh_settings *settings, bool create, kh_topics_report *report, void *self,
                                   kh_problems *problems);

#endif
