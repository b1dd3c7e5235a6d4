/* For this room only: what each error code of librdkafka and of the broker says. The table in error_class.c is its one
 * home; what follows from a class is said here:
 *
 *              transactional call                    delivery report       reading, asking
 *   PASSES     by librdkafka's flags: the same call  abort, and the whole  again: librdkafka
 *              again, or abort and the whole again,  transaction again     reconnects by itself
 *              or a new producer (kh_kafka_classify)
 *   STALE      abort; the lanes are given anew       as PASSES             as PASSES
 *   FENCED     a new producer; every lane is lost    as PASSES             as PASSES
 *   REFUSED    give up with a message                give up               give up
 *   UNKNOWN    as PASSES: a code that this table does not know is never taken for success, and never ends a worker */
#ifndef KH_KAFKA_ERROR_CLASS_H
#define KH_KAFKA_ERROR_CLASS_H

typedef enum kh_error_class {
    KH_ERROR_UNKNOWN, /*!< no row */
    KH_ERROR_PASSES,  /*!< the cluster, the coordinator or the way to it, for now */
    KH_ERROR_STALE,   /*!< the group has moved on */
    KH_ERROR_FENCED,  /*!< another producer has used this transactional id, or its transaction was ended for its age */
    KH_ERROR_REFUSED  /*!< a right, a name, a size or a version: what is refused now is refused again */
} kh_error_class;

/*! \param code  rd_kafka_resp_err_t */
kh_error_class kh_error_class_of(int code);

#endif
