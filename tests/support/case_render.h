/* What was decided, in the words of the case tables (see case_table.h). */
#ifndef KH_TEST_CASE_RENDER_H
#define KH_TEST_CASE_RENDER_H

#include "kakehashi/decision.h"

typedef enum kh_case_view { KH_CASE_STATUS, KH_CASE_NOTICE, KH_CASE_CONSULTATION, KH_CASE_YEARLY } kh_case_view;

typedef struct kh_case_decision {
    kh_arena *arena;
    kh_arrangement arrangement;
    kh_label_decision label; /*!< all zero when there is no label */
    bool has_yearly;
    kh_obligation yearly;
} kh_case_decision;

/*! "2026-06-01T00:00:00Z"; "-" for none. */
kh_text kh_case_print_instant(kh_arena *arena, kh_instant at);

/*! "RECOGNISED", ...: the outcome; "OPEN", ... or "none": an obligation's state. */
kh_text kh_case_state(const kh_case_decision *decision, kh_case_view view);

/*! \return false if the view has no such key. */
bool kh_case_value(const kh_case_decision *decision, kh_case_view view, kh_text key, kh_text *out);

/*! Every row and translation item, parted by spaces; "none". */
kh_text kh_case_residual(const kh_case_decision *decision);

/*! The names of contract.proto's enums. */
const char *kh_case_outcome(kh_outcome outcome);
const char *kh_case_public_outcome(kh_public_outcome outcome);

#endif
