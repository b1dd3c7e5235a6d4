/* One obligation as an agency's case list has it: what stands, seen from a day. Pure. */
#ifndef KH_APP_OBLIGATION_CASE_H
#define KH_APP_OBLIGATION_CASE_H

#include "kakehashi/result.h"

typedef struct kh_obligation_case {
    kh_result result; /*!< KH_RESULT_OBLIGATION without cause; `decided_at` is the instant it was decided for */
    kh_day today;     /*!< where it is owed; of two who owe it, where the day comes last */
    bool dated;
    int32_t days_left;         /*!< if dated: to the last day in time; below 0: so many days over */
    kh_obligation_state state; /*!< on that day */
    const kh_details
        *details; /*!< of its label, as they stand; NULL: it is about no label, or its issue is not known */
} kh_obligation_case;

/*! Sets `today`, `dated`, `days_left` and `state` from `result.obligation`: one that is not discharged is overdue from
 *  the day after its due date on, whatever the lane's clock has come to.
 *  \param book  for the time zones; one who is not in it counts as in UTC. */
void kh_obligation_case_judge(const kh_rule_book *book, kh_instant at, kh_obligation_case *of);

/*! What a case list leaves out. */
typedef struct kh_obligation_filter {
    kh_text participant; /*!< only what this one owes; empty: anybody */
    bool outstanding;    /*!< without those that are discharged */
    bool overdue;        /*!< only those */
    bool due_within;     /*!< only those not discharged that are due within `days` from today, or overdue */
    int32_t days;
} kh_obligation_filter;

/*! \param of  judged. */
bool kh_obligation_filter_takes(const kh_obligation_filter *filter, const kh_obligation_case *of);

/*! "30d", "30". \return false if it is no number of days up to 36500; \a out untouched then. */
KH_MUSTCHECK bool kh_obligation_days_parse(const char *text, int32_t *out);

#endif
