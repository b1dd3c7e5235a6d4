/* What is different between two rule packs, provision by provision, for those who negotiate them: not a comparison of
 * texts. Pure. */
#ifndef KAKEHASHI_PACK_DIFFERENCE_H
#define KAKEHASHI_PACK_DIFFERENCE_H

#include "kakehashi/rule_pack.h"

#define KH_PACK_DIFFERENCES(X)                                                                                         \
    X(ARRANGEMENT)                                                                                                     \
    X(TITLE)                                                                                                           \
    X(FORCE) /* AS_SIGNED (Art 11.2) or BY_CONSENT: an amendment (Art 9) */                                            \
    X(SIGNED_ON)                                                                                                       \
    X(EFFECTIVE_FROM)                                                                                                  \
    X(TERM)               /* years */                                                                                  \
    X(TERMINATION_NOTICE) /* months */                                                                                 \
    X(REVOCATION_NOTICE)  /* business days */                                                                          \
    X(CONSULTATION)       /* months */                                                                                 \
    X(PARTICIPANT)        /* takes part */                                                                             \
    X(AUTHORITY)                                                                                                       \
    X(SCHEME)                                                                                                          \
    X(LEVELS)         /* "1 - 4" */                                                                                    \
    X(BASELINE)       /* what every level of the other scheme counts as */                                             \
    X(UTC_OFFSET)     /* "+09:00" */                                                                                   \
    X(CALENDAR)       /* id of the calendar of business days */                                                        \
    X(CATEGORY)       /* in the scope of the participant's scheme */                                                   \
    X(TABLE)          /* a table of the annexes: its direction, "JP > SG" */                                           \
    X(TABLE_CATEGORY) /* the table holds for this category alone (or others beside it) */                              \
    X(ROW_ORDER)      /* of the rows that both tables have */                                                          \
    X(REQUIREMENT)    /* a row of a table: FULL, PARTIAL or NONE */                                                    \
    X(ROW_CITATION)

typedef enum kh_pack_difference_kind {
#define KH_PACK_DIFFERENCE_MEMBER(name) KH_PACK_DIFFERENCE_##name,
    KH_PACK_DIFFERENCES(KH_PACK_DIFFERENCE_MEMBER)
#undef KH_PACK_DIFFERENCE_MEMBER
        KH_PACK_DIFFERENCE_KINDS
} kh_pack_difference_kind;

typedef struct kh_pack_difference {
    kh_pack_difference_kind kind;
    kh_text article;  /*!< "3.6"; empty where the memorandum has none, or the row of an annex is cited */
    kh_text citation; /*!< "A-1/6", "A-1": row or table of an annex; else empty */
    kh_text subject;  /*!< of what: a participant's id, a table's, a requirement, a category; empty: of the whole */
    kh_text before;   /*!< empty: it is not there; else as the file has it */
    kh_text after;
    kh_equivalence equivalence_before; /*!< of a REQUIREMENT; 0: not there */
    kh_equivalence equivalence_after;
} kh_pack_difference;

/*! \param out  an array in the arena: terms, participants, then table by table; texts are borrowed from packs and
 * arena. \retval KH_OK (\a count may be 0: they say the same, though their bytes may differ), KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_rule_packs_compare(const kh_rule_pack *before, const kh_rule_pack *after, kh_arena *arena,
                                         kh_pack_difference **out, uint32_t *count);

/*! "REVOCATION_NOTICE": for programs. Static storage. */
kh_text kh_pack_difference_name(kh_pack_difference_kind kind);

#endif
