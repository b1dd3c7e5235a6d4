/* Removing a consumer group that is not needed any more. */
#ifndef KH_KAFKA_GROUP_DELETE_H
#define KH_KAFKA_GROUP_DELETE_H

#include "kafka/client.h"

/*! Removes settings->group with its offsets; one that is not there is no error.
 *  \retval KH_OK
 *  \retval KH_E_NOT_MINE       it has members
 *  \retval KH_E_CONFIGURATION  a right is missing
 *  \retval KH_E_LOST           no answer within \a timeout_ms; may be called again */
KH_MUSTCHECK kh_rc kh_group_delete(const kh_kafka_settings *settings, int timeout_ms, kh_kafka_error *error);

#endif
