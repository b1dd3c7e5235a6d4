/* The arrangement as data: rule packs, policies, calendars. Read by worker/config; plain values here. */
#ifndef KAKEHASHI_RULE_PACK_H
#define KAKEHASHI_RULE_PACK_H

#include <stdint.h>

#include "kakehashi/arena.h"
#include "kakehashi/calendar.h"
#include "kakehashi/text.h"

/*! The numbers of the enum Equivalence. */
typedef enum kh_equivalence {
    KH_EQUIVALENCE_FULL = 1,
    KH_EQUIVALENCE_PARTIAL = 2,
    KH_EQUIVALENCE_NONE = 3
} kh_equivalence;

/*! A participant and its scheme, as the rule pack has them. */
typedef struct kh_participant {
    kh_text id;           /*!< ISO 3166-1 alpha-2 */
    kh_text authority;    /*!< "METI": for people */
    kh_text scheme;       /*!< "JC-STAR": for people */
    uint32_t level_first; /*!< the scheme's levels are level_first to level_last */
    uint32_t level_last;
    uint32_t baseline_level; /*!< what every level of the other scheme counts as (Art 3.3) */
    int32_t utc_offset_minutes;
    kh_text calendar;          /*!< id of its business day calendar */
    const kh_text *categories; /*!< in scope of its scheme (Art 2); compared as bytes */
    uint32_t category_count;
} kh_participant;

typedef struct kh_requirement {
    kh_text requirement; /*!< "5.3-7" */
    kh_equivalence equivalence;
    kh_text citation; /*!< "A-2/5.3-7" */
} kh_requirement;

/*! A table of annex A or B: what a label of `from` covers of the requirements of `to`. */
typedef struct kh_table {
    kh_text id; /*!< "A-2" */
    kh_text from;
    kh_text to;
    const kh_text *categories; /*!< only for these; none: for any category in scope */
    uint32_t category_count;
    const kh_requirement *requirements;
    uint32_t requirement_count;
} kh_table;

#define KH_PARTICIPANTS 2 /*!< a memorandum has two sides */

typedef struct kh_rule_pack {
    kh_text id;          /*!< "jp-sg-1" */
    kh_text arrangement; /*!< "jp-sg" */
    kh_text sha256;      /*!< of the file's bytes, lower-case hex */
    kh_text title;
    bool amends; /*!< false: the first pack, in force from `effective_from` without consent (Art 11.2) */
    kh_day signed_on;
    kh_day effective_from; /*!< first pack: Art 11.2. An amendment's day comes from the consents: KH_DAY_NONE */
    uint32_t term_years;   /*!< Art 11.2; the terms renew by themselves: for people */
    uint32_t termination_notice_months;           /*!< Art 11.3 */
    uint32_t revocation_notice_business_days;     /*!< Art 3.6 */
    uint32_t consultation_months;                 /*!< Art 4.2: 12 */
    kh_participant participants[KH_PARTICIPANTS]; /*!< in the file's order */
    const kh_table *tables;                       /*!< in the file's order, which is that of the residual rows */
    uint32_t table_count;
} kh_rule_pack;

typedef enum kh_no_counterpart {
    KH_NO_COUNTERPART_FULL_ASSESSMENT = 1,
    KH_NO_COUNTERPART_NOT_REQUIRED = 2
} kh_no_counterpart;
typedef enum kh_notice_scope { KH_NOTICE_SCOPE_DERIVED = 1, KH_NOTICE_SCOPE_ALL_LABELS = 2 } kh_notice_scope;
typedef enum kh_notice_counts_from {
    KH_NOTICE_COUNTS_FROM_DECISION = 1,
    KH_NOTICE_COUNTS_FROM_EFFECT = 2
} kh_notice_counts_from;
typedef enum kh_notice_calendar {
    KH_NOTICE_CALENDAR_REVOKING = 1,
    KH_NOTICE_CALENDAR_RECEIVING = 2,
    KH_NOTICE_CALENDAR_BOTH = 3
} kh_notice_calendar;

/*! Our readings of the text where it leaves a choice (config/policies/), one set for each arrangement; not part of what
 *  both consent to. */
typedef struct kh_policies {
    kh_text id;
    kh_text arrangement;
    kh_text sha256;
    kh_no_counterpart no_counterpart;
    bool recognise_during_consultation;
    kh_notice_scope notice_scope;
    kh_notice_calendar notice_calendar;
    kh_notice_counts_from notice_counts_from;
} kh_policies;

/*! Everything that decisions are made by. Immutable once built; arrays borrowed. */
typedef struct kh_rule_book {
    const kh_rule_pack *const *packs; /*!< any number for an arrangement, one of them the first */
    uint32_t pack_count;
    const kh_policies *const *policies; /*!< one for each arrangement */
    uint32_t policy_count;
    const kh_calendar *const *calendars;
    uint32_t calendar_count;
} kh_rule_book;

/*! Checks what no single file can show: one first pack for each arrangement, one policy file for each, every calendar
 *  there, a participant's offset the same everywhere and the participants of an arrangement the same in all its packs,
 * at most one arrangement for each pair of participants, no id twice. \param problem  called with each defect found
 * (text valid during the call), any number of times. \return KH_OK when there was none, else KH_E_CONFIGURATION. */
KH_MUSTCHECK kh_rc kh_rule_book_check(const kh_rule_book *book, void (*problem)(void *self, kh_text text), void *self);

/* Look-ups; NULL when there is none. */
const kh_rule_pack *kh_rule_book_first_pack(const kh_rule_book *book, kh_text arrangement);
const kh_rule_pack *kh_rule_book_pack_by_sha256(const kh_rule_book *book, kh_text arrangement, kh_text sha256);
const kh_policies *kh_rule_book_policies(const kh_rule_book *book, kh_text arrangement);
const kh_calendar *kh_rule_book_calendar(const kh_rule_book *book, kh_text id);
/*! In any arrangement: by the first pack, in the book's order, that names it. */
const kh_participant *kh_rule_book_participant(const kh_rule_book *book, kh_text id);
/*! Whether any loaded pack knows the level for the participant's scheme. */
bool kh_rule_book_knows_level(const kh_rule_book *book, kh_text participant, uint32_t level);
/*! The participant of that id in the pack. */
const kh_participant *kh_rule_pack_participant(const kh_rule_pack *pack, kh_text id);
/*! The other one; NULL if \a id takes no part. */
const kh_participant *kh_rule_pack_other(const kh_rule_pack *pack, kh_text id);
bool kh_participant_covers(const kh_participant *participant, kh_text category);

/*! Whether the table has rows for a label of `from` towards `to` in that category. */
bool kh_table_applies(const kh_table *table, kh_text from, kh_text to, kh_text category);

#endif
