/* The columns that queries need, from what was decided. */
#ifndef KH_APP_SUMMARY_H
#define KH_APP_SUMMARY_H

#include "batch/lane.h"
#include "postgres/rows.h"

/*! "RECOGNISED": the outcome as queries and people name it. Static storage. */
const char *kh_outcome_name(kh_outcome outcome);

/*! Fills outcomes, residual_open and next_change_at. \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_summary_subject(const kh_subject *subject, kh_arena *arena, kh_subject_row *row);

/*! The row of an obligation that stands. \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_summary_obligation(const kh_key_state *state, int32_t lane, kh_instant decided_at,
                                         kh_arena *arena, kh_obligation_row *out);

#endif
