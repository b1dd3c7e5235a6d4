/* A transaction by a producer of its own, as the worker makes none: of plain records, left open, aborted. */
#ifndef KAFKA_TRANSACTION_H
#define KAFKA_TRANSACTION_H

#include "integration/kafka_fixture.h"

typedef struct kafka_transaction kafka_transaction;

/*! Begins one; \a id is its transactional id. Tries again where a busy broker lets it fail; fails the test in the end.
 */
kafka_transaction *kafka_transaction_begin(const kafka_fixture *fixture, const char *id);

/*! \a count times the message (its `topic` is not looked at), and waits until the broker has them.
 *  \return false if the broker lets it fail: end it, and begin anew. */
bool kafka_transaction_send(kafka_transaction *of, const char *topic, const kh_message *message, size_t count);

/*! Commits or aborts it, and frees it. \return false if it failed. */
bool kafka_transaction_end(kafka_transaction *of, bool commits);

#endif
