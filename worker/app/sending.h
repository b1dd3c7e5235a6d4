/* Events from lines of JSON to the source topics: what `publish` does. First every line is checked, then they are sent.
 */
#ifndef KH_APP_SENDING_H
#define KH_APP_SENDING_H

#include "app/reach.h"
#include "kakehashi/refusal.h"
#include "kakehashi/rule_pack.h"

typedef struct kh_sending kh_sending;

typedef struct kh_sending_settings {
    const kh_settings *settings; /*!< with secrets; borrowed */
    const kh_rule_book *book;    /*!< borrowed */
    bool unchecked; /*!< only what cannot be sent at all is refused: no event to be read, no source topic */
    void (*refused)(void *self, uint64_t line, const kh_refusal *refusal);
    void (*not_delivered)(void *self, uint64_t line, const char *why);
    void *self; /*!< given to both */
} kh_sending_settings;

/*! Nothing is asked of the broker yet.
 *  \param problems  gets what is wrong with the broker, here and below; must outlive the sending.
 *  \param out       untouched unless KH_OK; pairs with kh_sending_free. \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_sending_new(const kh_sending_settings *settings, kh_problems *problems, kh_sending **out);
/*! What is still queued is dropped. NULL is fine. */
void kh_sending_free(kh_sending *sending);

/*! Checks a line as the worker would. \param number  from 1.
 *  \retval KH_OK, KH_E_REFUSED (told to `refused`), KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_sending_check(kh_sending *sending, kh_text line, uint64_t number);

/*! Connects, and learns the partitions of the source topics that the checked lines are for.
 *  \retval KH_OK, KH_E_LOST, KH_E_CONFIGURATION (a topic is missing, or they differ in partitions), KH_E_REFUSED (the
 *  broker keeps one from this user), KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_sending_connect(kh_sending *sending);

/*! Checks the line again and queues it, with its subject as key, for the partition that the key hashes to.
 *  \retval as kh_sending_check, and as kh_sending_connect. */
KH_MUSTCHECK kh_rc kh_sending_send(kh_sending *sending, kh_text line, uint64_t number);

/*! Waits at most so long until all is delivered.
 *  \retval KH_OK
 *  \retval KH_E_TIMEOUT  not yet: call again, or give up (nothing is added to the problems)
 *  \retval KH_E_LOST     something was not delivered; told to `not_delivered` */
KH_MUSTCHECK kh_rc kh_sending_wait(kh_sending *sending, int timeout_ms);

/*! How many events were queued for a source topic. \param topic  index in `kafka.topics.events`. */
uint64_t kh_sending_count(const kh_sending *sending, uint32_t topic);

#endif
