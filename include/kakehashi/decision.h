/* What follows from the facts at an instant (README: The rules, in short). Pure: the instant is an argument. */
#ifndef KAKEHASHI_DECISION_H
#define KAKEHASHI_DECISION_H

#include "kakehashi/arena.h"
#include "kakehashi/facts.h"
#include "kakehashi/rule_pack.h"

/* The numbers of proto/kakehashi/v1/status.proto: published and stored, never changed. */
typedef enum kh_outcome {
    KH_OUTCOME_RECOGNISED = 1,
    KH_OUTCOME_INCOMPLETE = 2,
    KH_OUTCOME_ARRANGEMENT_NOT_IN_FORCE = 3,
    KH_OUTCOME_EXCLUDED_THIRD_COUNTRY = 4,
    KH_OUTCOME_NOT_APPLICABLE_BASIS_IN_HOST = 5,
    KH_OUTCOME_LABEL_NOT_VALID = 6,
    KH_OUTCOME_OUT_OF_SCOPE = 7,
    KH_OUTCOME_EXCLUDED_DISPUTE = 8,
    KH_OUTCOME_BARRED_BY_MEASURE = 9
} kh_outcome;

typedef enum kh_reason {
    KH_REASON_ISSUE_UNKNOWN = 1,
    KH_REASON_ARRANGEMENT_NOT_YET = 2,
    KH_REASON_ARRANGEMENT_ENDED = 3,
    KH_REASON_THIRD_COUNTRY = 4,
    KH_REASON_BASIS_IN_HOST = 5,
    KH_REASON_NOT_YET_VALID = 6,
    KH_REASON_EXPIRED = 7,
    KH_REASON_SUSPENDED = 8,
    KH_REASON_REVOKED = 9,
    KH_REASON_CATEGORY = 10,
    KH_REASON_DISPUTE_FAILED = 11,
    KH_REASON_MEASURE = 12,
    KH_REASON_UNDER_CONSULTATION = 13,
    KH_REASON_COUNT = 14
} kh_reason;

typedef enum kh_public_outcome {
    KH_PUBLIC_NONE = 0, /*!< no public record: the issue is unknown */
    KH_PUBLIC_RECOGNISED = 1,
    KH_PUBLIC_NOT_VALID = 2,
    KH_PUBLIC_NOT_IN_FORCE = 3,
    KH_PUBLIC_OUT_OF_SCOPE = 4,
    KH_PUBLIC_NOT_RECOGNISED = 5
} kh_public_outcome;

typedef enum kh_need {
    KH_NEED_NONE = 1,
    KH_NEED_SUPPLEMENTARY_ASSESSMENT = 2,
    KH_NEED_FULL_ASSESSMENT = 3,
    KH_NEED_TRANSLATION = 4
} kh_need;

typedef enum kh_basis_state {
    KH_BASIS_NONE = 0, /*!< not derived under this arrangement */
    KH_BASIS_VALID = 1,
    KH_BASIS_UNKNOWN = 2,
    KH_BASIS_NOT_YET_VALID = 3,
    KH_BASIS_EXPIRED = 4,
    KH_BASIS_SUSPENDED = 5,
    KH_BASIS_REVOKED = 6,
    KH_BASIS_EXCLUDED = 7
} kh_basis_state;

typedef enum kh_trigger {
    KH_TRIGGER_EVENT = 1,
    KH_TRIGGER_TIME = 2,
    KH_TRIGGER_BASIS = 3,
    KH_TRIGGER_ARRANGEMENT = 4
} kh_trigger;

typedef enum kh_obligation_kind {
    KH_OBLIGATION_REVOCATION_NOTICE = 1,
    KH_OBLIGATION_CONSULTATION = 2,
    KH_OBLIGATION_YEARLY_CONSULTATION = 3
} kh_obligation_kind;

typedef enum kh_obligation_state {
    KH_OBLIGATION_OPEN = 1,
    KH_OBLIGATION_OVERDUE = 2,
    KH_OBLIGATION_DISCHARGED = 3
} kh_obligation_state;

/*! "3.4": the article behind a reason; "" for KH_REASON_ISSUE_UNKNOWN. Static storage. */
kh_text kh_reason_article(kh_reason reason);
/*! "3.6", "3.5", "4.2". Static storage. */
kh_text kh_obligation_article(kh_obligation_kind kind);
/*! "REVOCATION_NOTICE", ...: the head of an obligation's id. Static storage. */
kh_text kh_obligation_kind_name(kh_obligation_kind kind);

/*! An arrangement and what has been stated about it: which pack is in force when, and whether it is in force at all. */
typedef struct kh_amendment {
    kh_day effective_on; /*!< the later of `effective_from` and the later consent's `given_on` */
    kh_text sha256;
    const kh_rule_pack *pack; /*!< NULL: consented to, but not loaded here */
} kh_amendment;

typedef struct kh_arrangement {
    const kh_rule_book *book;
    const kh_policies *policies;
    const kh_rule_pack *first_pack;
    kh_text id;
    kh_text subject;                /*!< "arrangement/<id>" */
    const kh_facts *facts;          /*!< about "arrangement/<id>"; never NULL */
    const kh_amendment *amendments; /*!< ascending by day; of two on one day the later one holds */
    uint32_t amendment_count;
} kh_arrangement;

/*! Works out the arrangement's amendments from the consents in its facts (Art 9).
 *  \param book   checked (kh_rule_book_check); borrowed like \a facts, both must outlive \a out.
 *  \retval KH_OK, or KH_E_MEMORY; \a out untouched then. */
KH_MUSTCHECK kh_rc kh_arrangement_build(const kh_rule_book *book, kh_text id, const kh_facts *facts, kh_arena *arena,
                                        kh_arrangement *out);

/*! Whether the arrangement is in force on a date as written: on or after its effect, before any participant's last day
 * is over (Art 11.2, 11.3). \param not_yet  set when it is not in force: before its effect, or else ended. May be NULL.
 */
bool kh_arrangement_in_force(const kh_arrangement *arrangement, kh_day day, bool *not_yet);

/*! The rule pack by which a date is judged: the last amendment that has taken effect, else the first pack. */
const kh_rule_pack *kh_arrangement_pack(const kh_arrangement *arrangement, kh_day day);

/*! The first amendment that both consented to and whose pack is not loaded; NULL if there is none.
 *  \param blocks_from  the first midnight of its day among the participants: no clock may pass it. */
const kh_amendment *kh_arrangement_missing_pack(const kh_arrangement *arrangement, kh_instant *blocks_from);

/*! One row of the residual assessment. `requirement` is empty and `document` is set only for KH_NEED_TRANSLATION;
 *  `equivalence` is 0 then. */
typedef struct kh_residual_item {
    kh_text requirement;
    kh_equivalence equivalence;
    kh_need need;
    kh_text citation;
    kh_text document;
} kh_residual_item;

/*! A recognition status: what RecognitionStatus says, versions, `decided_at` and cause apart, and what PublicStatus
 * needs beside it. Pointers are borrowed from facts, rule book and arena. */
typedef struct kh_status {
    kh_text label;
    kh_text host;
    const kh_rule_pack *pack; /*!< in force; its arrangement is the status' */
    kh_outcome outcome;
    uint32_t reasons;          /*!< bit n set: kh_reason n */
    kh_instant since;          /*!< KH_INSTANT_NONE: always */
    kh_instant next_change_at; /*!< KH_INSTANT_NONE: facts alone can change it */
    uint32_t level;
    uint32_t recognised_level; /*!< 0 unless recognised */
    bool under_consultation;
    const uint8_t *grounds;
    uint32_t ground_count;
    kh_no_counterpart no_counterpart; /*!< the policy that the residual rows were made by; 0 unless recognised */
    const kh_text *translations;      /*!< ids of the documents to translate; only if recognised */
    uint32_t translation_count;
    kh_text basis;
    kh_basis_state basis_state;
    const kh_details *details;   /*!< NULL with KH_OUTCOME_INCOMPLETE */
    const kh_validity *validity; /*!< NULL with KH_OUTCOME_INCOMPLETE */
    kh_instant public_since;
    kh_instant public_next_change_at;
} kh_status;

/*! Lists the reasons in the order in which they are told: by gate, then by number (13 is a reason of gate 7).
 *  \return how many were written to \a out. */
uint32_t kh_status_reasons(const kh_status *status, kh_reason out[KH_REASON_COUNT]);

/*! The first of the public gates that fails; what is confidential (Art 6) shows as KH_PUBLIC_NOT_RECOGNISED only. */
kh_public_outcome kh_status_public_outcome(const kh_status *status);

/*! Whether the two say the same to the agencies: everything that RecognitionStatus says, version, `decided_at` and
 * cause apart. */
bool kh_status_same(const kh_status *a, const kh_status *b);
/*! Whether the two say the same to the public. */
bool kh_status_same_to_public(const kh_status *a, const kh_status *b);

/*! The residual rows that follow from the rule pack, in the order of the tables, without the translation items.
 *  A status that is not recognised has none.
 *  \param out    an array in the arena. \retval KH_OK or KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_status_residual(const kh_status *status, kh_arena *arena, kh_residual_item **out,
                                      uint32_t *count);

/*! How many rows need work (supplementary, full or translation): for lists. */
uint32_t kh_status_residual_open(const kh_status *status);

typedef struct kh_obligation {
    kh_obligation_kind kind;
    kh_text subject; /*!< the label; or "arrangement/<id>" for the yearly consultation */
    kh_text arrangement;
    kh_text host; /*!< empty for the yearly consultation */
    kh_text obliged[KH_PARTICIPANTS];
    uint32_t obliged_count;
    kh_text towards; /*!< only when one is obliged */
    kh_day arose_on;
    kh_day due_on;          /*!< KH_DAY_NONE: no date */
    kh_day earliest_due_on; /*!< KH_DAY_NONE but for notices */
    bool provisional;
    kh_obligation_state state;
    kh_day discharged_on; /*!< KH_DAY_NONE: not discharged */
    bool late;
    kh_day confirmed_on; /*!< KH_DAY_NONE: not confirmed */
} kh_obligation;

bool kh_obligation_same(const kh_obligation *a, const kh_obligation *b);

/*! Everything that is decided about one label towards one host. */
typedef struct kh_label_decision {
    kh_status status;
    bool has_consultation;
    bool has_notice;
    kh_obligation consultation;
    kh_obligation notice;
    kh_instant due_at; /*!< the next instant at which any of it can change with time alone; KH_INSTANT_NONE: never */
} kh_label_decision;

/*! Decides a label's status towards the other participant of an arrangement, and its obligations.
 *  \param label  "SG/000123", of a participant of the arrangement.
 *  \param basis  facts about the label's basis; NULL when unknown or when it has none under this arrangement.
 *  \param out    points into facts, book and arena. Untouched unless KH_OK.
 *  \retval KH_OK or KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_label_decide(const kh_arrangement *arrangement, kh_text label, const kh_facts *facts,
                                   const kh_facts *basis, kh_instant at, kh_arena *arena, kh_label_decision *out);

/*! Decides the yearly consultation (Art 4.2).
 *  \param out     set only if \a arises.
 *  \param due_at  as in kh_label_decision. */
void kh_arrangement_decide(const kh_arrangement *arrangement, kh_instant at, bool *arises, kh_obligation *out,
                           kh_instant *due_at);

/*! The label's basis under this arrangement; empty if it is not derived under it. */
kh_text kh_label_basis(const kh_arrangement *arrangement, kh_text label, const kh_facts *facts);

#endif
