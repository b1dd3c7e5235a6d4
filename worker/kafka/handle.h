/* For this room only: one librdkafka handle, how it is configured, and how its errors are told. */
#ifndef KH_KAFKA_HANDLE_H
#define KH_KAFKA_HANDLE_H

#include <librdkafka/rdkafka.h>

#include "kakehashi/arena.h"
#include "kafka/client.h"

/*! The opaque pointer of every handle's configuration: the first member of its owner, whatever that is. */
typedef struct kh_handle {
    rd_kafka_t *rk;
    const kh_kafka_settings *settings;
} kh_handle;

/*! A configuration being built; sticky: after the first failure each step does nothing, kh_handle_open reports it. */
typedef struct kh_handle_conf {
    rd_kafka_conf_t *conf;
    kh_rc rc;
    char text[512];
} kh_handle_conf;

/*! What all handles share. */
kh_handle_conf kh_handle_conf_begin(kh_handle *handle, const kh_kafka_settings *settings);
void kh_handle_conf_set(kh_handle_conf *building, const char *name, const char *value);
void kh_handle_conf_set_number(kh_handle_conf *building, const char *name, int64_t value);
/*! For options that only newer versions of librdkafka know. */
void kh_handle_conf_set_if_known(kh_handle_conf *building, const char *name, const char *value);
/*! What every group member and every reader of results needs. */
void kh_handle_conf_consumer(kh_handle_conf *building, const kh_kafka_settings *settings);
/*! What every producer needs. */
void kh_handle_conf_producer(kh_handle_conf *building, const kh_kafka_settings *settings);

/*! Has the owner told librdkafka's own figures, if the settings want them. */
void kh_handle_conf_statistics(kh_handle_conf *building, const kh_kafka_settings *settings);

/*! Applies the user's own properties and makes handle->rk. The configuration is gone either way.
 *  \retval KH_E_CONFIGURATION, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_handle_open(kh_handle *handle, rd_kafka_type_t type, kh_handle_conf *building,
                                  kh_kafka_error *error);

/*! Fills \a error (may be NULL) and gives \a rc back, for `rc = kh_handle_fail(...)`. */
kh_rc kh_handle_fail(kh_kafka_error *error, kh_rc rc, int code, const char *format, ...) KH_PRINTF(4, 5);

/*! Classifies a transactional call's error, destroys it, and describes it. NULL is KH_OK. \a what begins the text. */
kh_rc kh_handle_judge(const kh_handle *handle, rd_kafka_error_t *failure, const char *what, kh_kafka_error *error);

/*! One line to the owner's log. */
void kh_handle_log(const kh_handle *handle, kh_kafka_log_level level, const char *format, ...) KH_PRINTF(3, 4);

/*! What to add to a line of librdkafka's log that its own version explains. \param version  as rd_kafka_version().
 *  \return "" for most. */
const char *kh_handle_hint(const char *text, int version);

/*! No right, no such credentials, no such topic: trying again will not help. */
bool kh_handle_is_configuration(int code);

/*! Milliseconds of a clock that only goes forward. */
int64_t kh_handle_now(void);
/*! What is left until then, 0 at least, INT_MAX at most. */
int kh_handle_left(int64_t deadline);

/*! Copies of names, in one allocation: free() the result. NULL when memory is out. */
char **kh_handle_copy_names(const char *const *names, size_t count);

int32_t kh_handle_or(int32_t value, int32_t otherwise);
int32_t kh_handle_transaction_timeout(const kh_kafka_settings *settings);
int32_t kh_handle_max_record(const kh_kafka_settings *settings);

#endif
