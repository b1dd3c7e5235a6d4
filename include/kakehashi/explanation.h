/* Why a status is what it is: what each gate found, the statements behind it, and what would change it. Pure. */
#ifndef KAKEHASHI_EXPLANATION_H
#define KAKEHASHI_EXPLANATION_H

#include "kakehashi/decision.h"

/*! The gates in the order in which they are tried. */
typedef enum kh_gate {
    KH_GATE_ISSUE = 1,
    KH_GATE_ARRANGEMENT = 2,
    KH_GATE_THIRD_COUNTRY = 3,
    KH_GATE_BASIS = 4,
    KH_GATE_VALIDITY = 5,
    KH_GATE_SCOPE = 6,
    KH_GATE_DISPUTE = 7,
    KH_GATE_MEASURE = 8
} kh_gate;

/*! Everything that a gate can find. The names are printed: they never change. In the order of the gates; what a
 *  comment names is what the finding carries beside its facts. */
#define KH_FINDINGS(X)                                                                                                 \
    X(ISSUE_KNOWN)                                                                                                     \
    X(ISSUE_UNKNOWN)                                                                                                   \
    X(IN_FORCE)         /* day: of its effect */                                                                       \
    X(NOT_YET_IN_FORCE) /* day: of its effect */                                                                       \
    X(ENDED)            /* day: the first that is not in force */                                                      \
    X(OWN_ASSESSMENT)                                                                                                  \
    X(DERIVED_HERE)       /* name: the basis */                                                                        \
    X(FROM_THIRD_COUNTRY) /* name: as stated */                                                                        \
    X(UNDER_ANOTHER)      /* name: the other arrangement's id */                                                       \
    X(BASIS_NOT_IN_HOST)                                                                                               \
    X(BASIS_IN_HOST) /* name: the basis */                                                                             \
    X(BEGUN)         /* day: the first valid one */                                                                    \
    X(NOT_YET_VALID) /* day: the first valid one */                                                                    \
    X(NOT_EXPIRED)   /* day: the last valid one */                                                                     \
    X(EXPIRED)       /* day: the last valid one */                                                                     \
    X(NOT_SUSPENDED)                                                                                                   \
    X(NO_LONGER_SUSPENDED) /* day: from which it is not */                                                             \
    X(SUSPENDED)           /* day: from which it is */                                                                 \
    X(NOT_REVOKED)                                                                                                     \
    X(REVOCATION_WITHDRAWN)                                                                                            \
    X(REVOKED)      /* day: from which it is */                                                                        \
    X(IN_SCOPE)     /* name: the category */                                                                           \
    X(OUT_OF_SCOPE) /* name: the category */                                                                           \
    X(NO_FAILED_DISPUTE)                                                                                               \
    X(DISPUTE_SETTLED)       /* day: on which it was */                                                                \
    X(DISPUTE_FAILED)        /* day: from which it has */                                                              \
    X(CONSULTATION_HARMLESS) /* day: on which the dispute was raised */                                                \
    X(CONSULTATION_BARS)     /* day: on which the dispute was raised */                                                \
    X(NO_MEASURE)                                                                                                      \
    X(MEASURE_LIFTED)   /* day: from which it is */                                                                    \
    X(MEASURE_IN_FORCE) /* day: from which it is */

typedef enum kh_finding_kind {
    KH_FINDING_NONE = 0, /*!< nothing worth telling: no dispute is under consultation */
#define KH_FINDING_MEMBER(name) KH_FINDING_##name,
    KH_FINDINGS(KH_FINDING_MEMBER)
#undef KH_FINDING_MEMBER
        KH_FINDING_COUNT
} kh_finding_kind;

/*! "IN_FORCE". Static storage. */
const char *kh_finding_name(kh_finding_kind kind);

/*! A statement and who made it. */
typedef struct kh_cited {
    kh_text participant;
    const kh_statement *statement;
} kh_cited;

/*! What was found at one instant. */
typedef struct kh_found {
    kh_finding_kind kind;
    kh_reason reason; /*!< 0: it holds */
    kh_day day;       /*!< see KH_FINDINGS; else KH_DAY_NONE */
    kh_text name;     /*!< see KH_FINDINGS; else empty */
    kh_cited facts[KH_PARTICIPANTS];
    uint32_t fact_count;
} kh_found;

/*! One question that a gate asks; a gate fails when one of its findings does. */
typedef struct kh_finding {
    kh_gate gate;
    kh_text article;       /*!< behind the question, whatever the answer; may be empty */
    kh_found now;          /*!< at the instant of the explanation */
    kh_instant changes_at; /*!< by the facts now known, the next instant at which its kind will be another */
    kh_found then;         /*!< from that instant on; kind KH_FINDING_NONE: nothing worth telling, or no change */
} kh_finding;

#define KH_FINDINGS_MOST 12

/*! In the order of the gates. When the issue is unknown, that is the only one. */
typedef struct kh_explanation {
    kh_finding findings[KH_FINDINGS_MOST];
    uint32_t count;
} kh_explanation;

/*! Explains the status that kh_label_decide gives for the same arguments: a finding's reason is one of its reasons, and
 *  each of its reasons is a finding's.
 *  \param out  points into facts, book and arena. Untouched unless KH_OK. \retval KH_OK or KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_label_explain(const kh_arrangement *arrangement, kh_text label, const kh_facts *facts,
                                    const kh_facts *basis, kh_instant at, kh_arena *arena, kh_explanation *out);

/*! A statement that would make a finding hold. */
typedef struct kh_remedy {
    kh_body_kind body; /*!< 0: only time does, or the finding holds */
    bool by_host;      /*!< else by the label's home; KH_TERMINATION_WITHDRAWN: by each who gave notice */
} kh_remedy;

kh_remedy kh_finding_remedy(kh_finding_kind kind);

#endif
