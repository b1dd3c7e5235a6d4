/* The obligations of one label towards one host; the yearly consultation is kh_arrangement_decide. */
#ifndef KAKEHASHI_CORE_OBLIGATION_H
#define KAKEHASHI_CORE_OBLIGATION_H

#include "kakehashi/decision.h"

/*! Art 3.5. \param host_part  what the host has stated about the label; NULL: nothing.
 *  \param next  the next instant at which it may change with time alone; KH_INSTANT_NONE: never.
 *  \return whether it has arisen; \a out is set only then. */
bool kh_consultation_decide(const kh_arrangement *arrangement, kh_text label, const kh_participant *host,
                            const kh_part *host_part, kh_instant at, kh_obligation *out, kh_instant *next);

/*! Art 3.6. As above. */
bool kh_notice_decide(const kh_arrangement *arrangement, kh_text label, const kh_facts *facts,
                      const kh_participant *host, kh_instant at, kh_obligation *out, kh_instant *next);

#endif
