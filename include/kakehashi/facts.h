/* What is stated about one subject, merged as a union: neither order of arrival nor repetition matters.
 *
 * A plain register says at once what its highest statement says. A timeline says for each day what the highest among
 * the statements whose day has come says; so a date in the future has no effect before it, and what is stated ahead
 * never hides what holds today. A statement covered by a higher one with an earlier or the same day is dropped. */
#ifndef KAKEHASHI_FACTS_H
#define KAKEHASHI_FACTS_H

#include "kakehashi/arena.h"
#include "kakehashi/event.h"

/*! A register keeps at most so many statements. */
#define KH_REGISTER_LIMIT 1024

/*! The registers of one participant's part. All but the last three and the plain ones of a label are timelines. */
typedef enum kh_register {
    KH_REGISTER_ORIGIN,   /*!< plain */
    KH_REGISTER_EVIDENCE, /*!< plain */
    KH_REGISTER_DETAILS,
    KH_REGISTER_VALIDITY,
    KH_REGISTER_SUSPENSION,
    KH_REGISTER_REVOCATION, /*!< two days: `day` and `decided_on` */
    KH_REGISTER_NOTICE_GIVEN,
    KH_REGISTER_NOTICE_RECEIVED,
    KH_REGISTER_CONSULTATION,
    KH_REGISTER_EXCLUSION,
    KH_REGISTER_MEASURE,
    KH_REGISTER_TERMINATION,
    KH_REGISTER_CONSULTATION_HELD,
    KH_REGISTER_CONSENT, /*!< plain, one for each rule pack digest */
    KH_REGISTERS
} kh_register;

/*! What a register holds, ascending by kh_statement_compare. In a timeline (revocation apart) the days ascend strictly
 *  too, since a statement that a higher one with an earlier or the same day covers is dropped. */
typedef struct kh_timeline {
    const kh_statement *const *statements;
    uint32_t count;
} kh_timeline;

/*! What one participant has stated about the subject: each statement that some register still keeps, ascending. */
typedef struct kh_part {
    kh_text participant;
    const kh_statement *const *statements;
    uint32_t statement_count;
    kh_timeline registers[KH_REGISTERS];
} kh_part;

/*! All of a subject; parts ascend by participant, as bytes. All zero: nothing is known. */
typedef struct kh_facts {
    const kh_part *parts;
    uint32_t part_count;
} kh_facts;

/*! What merging did. */
typedef struct kh_merge {
    bool changed;                 /*!< the facts are not what they were */
    bool gap;                     /*!< the revision is more than one above the highest seen: only counted */
    const kh_statement *conflict; /*!< another statement with this revision that a register still holds; or NULL */
} kh_merge;

/*! Adds a statement; the result does not depend on the order or number of additions.
 *  \param facts      replaced by the new value on KH_OK (the old one's arrays stay as they were: they may be shared);
 *                    untouched otherwise.
 *  \param statement  borrowed: must live as long as the facts.
 *  \param arena      holds the new arrays.
 *  \retval KH_OK         see \a out.
 *  \retval KH_E_REFUSED  a register would keep more than KH_REGISTER_LIMIT: TOO_MANY_STATEMENTS.
 *  \retval KH_E_MEMORY   the arena is out of memory. */
KH_MUSTCHECK kh_rc kh_facts_merge(kh_facts *facts, kh_text participant, const kh_statement *statement, kh_arena *arena,
                                  kh_merge *out);

/*! Builds facts from stored parts: each part's statements (in any order) become its registers.
 *  \retval KH_OK or KH_E_MEMORY. Statements that others cover are dropped. */
KH_MUSTCHECK kh_rc kh_facts_build(kh_part *parts, uint32_t part_count, kh_arena *arena, kh_facts *out);

/*! The participant's part; NULL if it has stated nothing. */
const kh_part *kh_facts_part(const kh_facts *facts, kh_text participant);

/*! The statement that holds on a day: the highest among those whose day has come. NULL if none. Not for the
 * revocation's `decided_on`, nor for consents. */
const kh_statement *kh_timeline_on(const kh_timeline *timeline, kh_day day);

/*! A plain register's statement: the highest. NULL if none. */
const kh_statement *kh_timeline_highest(const kh_timeline *timeline);

/*! The origin as stated by the label's home; NULL while the issue is unknown. */
const kh_origin *kh_facts_origin(const kh_facts *facts, kh_text label);

#endif
