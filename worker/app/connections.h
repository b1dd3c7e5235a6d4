/* From the settings file to what the rooms at the edges are told. */
#ifndef KH_APP_CONNECTIONS_H
#define KH_APP_CONNECTIONS_H

#include "config/settings.h"
#include "kafka/client.h"
#include "kafka/topics.h"
#include "postgres/database.h"

/*! librdkafka's side; its log goes to kh_log.
 *  \param settings  with secrets (kh_settings_require); borrowed.
 *  \param arena     holds the list of properties.
 *  \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_connect_kafka(const kh_settings *settings, kh_arena *arena, kh_kafka_settings *out);

/*! libpq's side. \param settings  as above; borrowed by \a out. */
void kh_connect_database(const kh_settings *settings, const char *application_name, kh_database_settings *out);

/*! Every topic of the settings: source topics first, then status, public, obligations, dead letters.
 *  \param partitions  kh_topics_wish's.
 *  \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_connect_topics(const kh_settings *settings, int32_t partitions, kh_arena *arena,
                                     kh_topics_wish *out);

#endif
