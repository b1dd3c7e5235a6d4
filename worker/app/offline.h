/* Deciding without broker and database: the whole of what the worker decides, in one lane, in memory. */
#ifndef KH_APP_OFFLINE_H
#define KH_APP_OFFLINE_H

#include "batch/lane.h"
#include "codec/event_reader.h"

typedef struct kh_offline kh_offline;

/*! \param rules       how events are read; borrowed, and must outlive this.
 *  \param batch       after how many records memory is given back; it never shows in the results.
 *  \param sink        gets each result as it is made; borrowed.
 *  \return NULL when memory is out; pairs with kh_offline_free (NULL is fine). */
KH_MUSTCHECK kh_offline *kh_offline_new(const kh_event_rules *rules, uint32_t batch, const kh_sink *sink);
void kh_offline_free(kh_offline *offline);

/*! Takes a line (one record in JSON): moves the clock, decides what is due, then the record.
 *  \param line_number  what its dead letter, if it becomes one, is called by (`offset` of the record).
 *  \retval KH_OK
 *  \retval KH_E_CONFIGURATION  a rule pack that both participants consented to is needed and not loaded:
 *                              kh_offline_missing names it. Nothing more can be decided.
 *  \retval KH_E_MEMORY, KH_E_INTERNAL, or what the sink returned. */
KH_MUSTCHECK kh_rc kh_offline_take_line(kh_offline *offline, kh_text line, int64_t line_number);

/*! Moves the clock on. \retval as kh_offline_take_line. */
KH_MUSTCHECK kh_rc kh_offline_advance(kh_offline *offline, kh_instant to);

/*! KH_INSTANT_NONE until the first line or kh_offline_advance. */
kh_instant kh_offline_clock(const kh_offline *offline);

/*! SHA-256 of the rule pack that is missing, and the first instant that needs it. */
kh_text kh_offline_missing(const kh_offline *offline, kh_instant *from);

/*! Calls \a visit with everything that stands now: all statuses, then (`is_public`) all public views, then all
 *  obligations, each ascending by key; `decided_at` is the clock. Stops at the first code that is not KH_OK. */
KH_MUSTCHECK kh_rc kh_offline_states(kh_offline *offline,
                                     kh_rc (*visit)(void *self, const kh_result *state, bool is_public), void *self);

#endif
