/* Decisions in words, for people; and the names that people give back. */
#ifndef KH_CLI_WORDS_H
#define KH_CLI_WORDS_H

#include "cli/messages.h"

/* "arrangement not in force". "?" for a number that is none. Static storage. */
const char *kh_words_outcome(kh_outcome outcome);
const char *kh_words_reason(kh_reason reason);
const char *kh_words_equivalence(kh_equivalence equivalence);
const char *kh_words_need(kh_need need);
const char *kh_words_basis(kh_basis_state state);
const char *kh_words_ground(kh_ground ground);
const char *kh_words_obligation(kh_obligation_kind kind);
const char *kh_words_obligation_state(kh_obligation_state state);
const char *kh_words_trigger(kh_trigger trigger);

/*! "expired (Art 3.4), suspended (Art 3.4)": all reasons of a status, in the order in which they are told. In the
 * arena.
 */
kh_text kh_words_reasons(const kh_status *status, kh_arena *arena);
kh_text kh_words_reasons_in(kh_language language, const kh_status *status, kh_arena *arena);

/*! "RECOGNISED" or "OUTCOME_RECOGNISED", in any case. \return false if it is none; \a out untouched then. */
KH_MUSTCHECK bool kh_words_parse_outcome(kh_text text, kh_outcome *out);

/*! Several with commas between. \param outcomes  bit n for outcome n is added.
 *  \param wrong  the first that is none. \return false if there is such. */
KH_MUSTCHECK bool kh_words_parse_outcomes(kh_text text, unsigned *outcomes, kh_text *wrong);

/*! The instant as "2026-06-01T00:00:00Z"; \a otherwise for KH_INSTANT_NONE. In the arena. */
kh_text kh_words_instant(kh_instant instant, const char *otherwise, kh_arena *arena);
/*! The same of a date. */
kh_text kh_words_day(kh_day day, const char *otherwise, kh_arena *arena);

#endif
