/* Obligations in words. All texts in the arena; empty when memory is out (then kh_arena_failed). */
#ifndef KH_CLI_OBLIGATION_TEXT_H
#define KH_CLI_OBLIGATION_TEXT_H

#include "app/obligation_case.h"
#include "cli/messages.h"

/*! "SG"; "JP and SG". */
kh_text kh_obligation_obliged(kh_language language, const kh_obligation *obligation, kh_arena *arena);

/*! "notice of revocation (Art 3.6), owed by SG: open; arose on ..., due on ...". \param state  in words. */
kh_text kh_obligation_sentence(kh_language language, const kh_obligation *obligation, kh_text state, kh_arena *arena);

/*! "notice of revocation (Art 3.6), SG/000204, owed by SG: overdue". */
kh_text kh_obligation_summary(kh_language language, const kh_obligation_case *of, kh_arena *arena);

/*! "2026-08-01", with "(provisional)" where it is; "-" if there is no date. */
kh_text kh_obligation_due(kh_language language, const kh_obligation *obligation, kh_arena *arena);

/*! "open", "discharged late". Static storage. */
kh_text kh_obligation_state_word(kh_language language, const kh_obligation_case *of);
/*! "notice of revocation". Static storage. */
kh_text kh_obligation_kind_word(kh_language language, kh_obligation_kind kind);

/*! {"obligation":{...},"today":"...","daysLeft":3,"stateToday":"OPEN","label":{...}}: the message as in its topic, and
 *  what it is as of the day. \retval KH_OK, KH_E_MEMORY, KH_E_INTERNAL */
KH_MUSTCHECK kh_rc kh_obligation_case_json(const kh_obligation_case *of, kh_arena *arena, kh_text *out);

#endif
