/* What people read before they decide something, in each language: one table for each (messages_en.c, messages_ja.c).
 * A text may have places to be filled, "{host}". */
#ifndef KH_CLI_MESSAGES_H
#define KH_CLI_MESSAGES_H

#include "kakehashi/explanation.h"
#include "kakehashi/pack_difference.h"
#include "kakehashi/result.h"

typedef enum kh_language { KH_ENGLISH, KH_JAPANESE, KH_LANGUAGES } kh_language;

/* Words for numbers of the core: each block in the order of its enum, from 1. */
#define KH_MESSAGE_WORDS(X)                                                                                            \
    X(OUTCOME_RECOGNISED)                                                                                              \
    X(OUTCOME_INCOMPLETE)                                                                                              \
    X(OUTCOME_ARRANGEMENT_NOT_IN_FORCE)                                                                                \
    X(OUTCOME_EXCLUDED_THIRD_COUNTRY)                                                                                  \
    X(OUTCOME_NOT_APPLICABLE_BASIS_IN_HOST)                                                                            \
    X(OUTCOME_LABEL_NOT_VALID)                                                                                         \
    X(OUTCOME_OUT_OF_SCOPE)                                                                                            \
    X(OUTCOME_EXCLUDED_DISPUTE)                                                                                        \
    X(OUTCOME_BARRED_BY_MEASURE)                                                                                       \
    X(REASON_ISSUE_UNKNOWN)                                                                                            \
    X(REASON_ARRANGEMENT_NOT_YET)                                                                                      \
    X(REASON_ARRANGEMENT_ENDED)                                                                                        \
    X(REASON_THIRD_COUNTRY)                                                                                            \
    X(REASON_BASIS_IN_HOST)                                                                                            \
    X(REASON_NOT_YET_VALID)                                                                                            \
    X(REASON_EXPIRED)                                                                                                  \
    X(REASON_SUSPENDED)                                                                                                \
    X(REASON_REVOKED)                                                                                                  \
    X(REASON_CATEGORY)                                                                                                 \
    X(REASON_DISPUTE_FAILED)                                                                                           \
    X(REASON_MEASURE)                                                                                                  \
    X(REASON_UNDER_CONSULTATION)                                                                                       \
    X(EQUIVALENCE_FULL)                                                                                                \
    X(EQUIVALENCE_PARTIAL)                                                                                             \
    X(EQUIVALENCE_NONE)                                                                                                \
    X(NEED_NONE)                                                                                                       \
    X(NEED_SUPPLEMENTARY_ASSESSMENT)                                                                                   \
    X(NEED_FULL_ASSESSMENT)                                                                                            \
    X(NEED_TRANSLATION)                                                                                                \
    X(BASIS_VALID)                                                                                                     \
    X(BASIS_UNKNOWN)                                                                                                   \
    X(BASIS_NOT_YET_VALID)                                                                                             \
    X(BASIS_EXPIRED)                                                                                                   \
    X(BASIS_SUSPENDED)                                                                                                 \
    X(BASIS_REVOKED)                                                                                                   \
    X(BASIS_EXCLUDED)                                                                                                  \
    X(GROUND_HEALTH_OR_SAFETY)                                                                                         \
    X(GROUND_DOMESTIC_LAW)                                                                                             \
    X(GROUND_NATIONAL_SECURITY)                                                                                        \
    X(GROUND_REQUIREMENTS)                                                                                             \
    X(OBLIGATION_REVOCATION_NOTICE)                                                                                    \
    X(OBLIGATION_CONSULTATION)                                                                                         \
    X(OBLIGATION_YEARLY_CONSULTATION)                                                                                  \
    X(STATE_OPEN)                                                                                                      \
    X(STATE_OVERDUE)                                                                                                   \
    X(STATE_DISCHARGED)                                                                                                \
    X(TRIGGER_EVENT)                                                                                                   \
    X(TRIGGER_TIME)                                                                                                    \
    X(TRIGGER_BASIS)                                                                                                   \
    X(TRIGGER_ARRANGEMENT)

/* Sentences and headings. The first block is what an outcome means for one label, in the order of kh_outcome. */
#define KH_MESSAGE_SENTENCES(X)                                                                                        \
    X(MEANS_RECOGNISED)                                                                                                \
    X(MEANS_INCOMPLETE)                                                                                                \
    X(MEANS_ARRANGEMENT_NOT_IN_FORCE)                                                                                  \
    X(MEANS_EXCLUDED_THIRD_COUNTRY)                                                                                    \
    X(MEANS_NOT_APPLICABLE_BASIS_IN_HOST)                                                                              \
    X(MEANS_LABEL_NOT_VALID)                                                                                           \
    X(MEANS_OUT_OF_SCOPE)                                                                                              \
    X(MEANS_EXCLUDED_DISPUTE)                                                                                          \
    X(MEANS_BARRED_BY_MEASURE)                                                                                         \
    X(TITLE)                                                                                                           \
    X(PARTICIPANT)                                                                                                     \
    X(AT_NOW)                                                                                                          \
    X(AT_FILES)                                                                                                        \
    X(AT_RECORDS)                                                                                                      \
    X(STOOD)                                                                                                           \
    X(STOOD_NO_FACTS)                                                                                                  \
    X(SINCE)                                                                                                           \
    X(SINCE_ALWAYS)                                                                                                    \
    X(GATES)                                                                                                           \
    X(GATES_STOOD)                                                                                                     \
    X(HOLDS)                                                                                                           \
    X(FAILS)                                                                                                           \
    X(AFTER_ISSUE)                                                                                                     \
    X(ARTICLE)                                                                                                         \
    X(ARTICLE_PARAGRAPH)                                                                                               \
    X(FACT)                                                                                                            \
    X(CHANGES)                                                                                                         \
    X(CHANGES_AWAY)                                                                                                    \
    X(REMEDY)                                                                                                          \
    X(REFUSED_RECORDS)                                                                                                 \
    X(OLDER_DECISION)                                                                                                  \
    X(CAUSE_EVENT)                                                                                                     \
    X(CAUSE_OTHER)                                                                                                     \
    X(RESIDUAL)                                                                                                        \
    X(RESIDUAL_ROW)                                                                                                    \
    X(TRANSLATE)                                                                                                       \
    X(DERIVED)                                                                                                         \
    X(OBLIGATIONS)                                                                                                     \
    X(OWED)                                                                                                            \
    X(OWED_UNDATED)                                                                                                    \
    X(AND)                                                                                                             \
    X(NEXT)                                                                                                            \
    X(NEXT_NOTHING)                                                                                                    \
    X(NEXT_STOOD)                                                                                                      \
    X(NEXT_STOOD_NOTHING)                                                                                              \
    X(NEXT_MORE)                                                                                                       \
    X(NEXT_BLOCKED)                                                                                                    \
    X(CHANGED_OUTCOME)                                                                                                 \
    X(CHANGED_SINCE)                                                                                                   \
    X(CHANGED_NEXT)                                                                                                    \
    X(CHANGED_LEVEL)                                                                                                   \
    X(CHANGED_COUNTS_AS)                                                                                               \
    X(CHANGED_CONSULTATION)                                                                                            \
    X(CHANGED_GROUNDS)                                                                                                 \
    X(CHANGED_RESIDUAL)                                                                                                \
    X(CHANGED_BASIS)                                                                                                   \
    X(CHANGED_DETAILS)                                                                                                 \
    X(CHANGED_VALIDITY)                                                                                                \
    X(CHANGED_PACK)                                                                                                    \
    X(CHANGED_OBLIGATION)                                                                                              \
    X(CHANGED_AROSE)                                                                                                   \
    X(CHANGED_DUE)                                                                                                     \
    X(CHANGED_EARLIEST_DUE)                                                                                            \
    X(CHANGED_DISCHARGED)                                                                                              \
    X(CHANGED_LATE)                                                                                                    \
    X(CHANGED_CONFIRMED)                                                                                               \
    X(CHANGED_PROVISIONAL)                                                                                             \
    X(CHANGED_OBLIGED)                                                                                                 \
    X(GONE)                                                                                                            \
    X(ALWAYS)                                                                                                          \
    X(NEVER)                                                                                                           \
    X(NONE)                                                                                                            \
    X(YES)                                                                                                             \
    X(NO)                                                                                                              \
    X(COLUMN_DUE)                                                                                                      \
    X(COLUMN_LEFT)                                                                                                     \
    X(COLUMN_STATE)                                                                                                    \
    X(COLUMN_OBLIGATION)                                                                                               \
    X(COLUMN_OBLIGED)                                                                                                  \
    X(COLUMN_TOWARDS)                                                                                                  \
    X(COLUMN_SUBJECT)                                                                                                  \
    X(COLUMN_PRODUCT)                                                                                                  \
    X(COLUMN_AROSE)                                                                                                    \
    X(CASES_TITLE)                                                                                                     \
    X(CASES_NONE)                                                                                                      \
    X(CASE_SUMMARY)                                                                                                    \
    X(CASE_ABOUT)                                                                                                      \
    X(CASE_PROVISIONAL)                                                                                                \
    X(CASE_LATE)                                                                                                       \
    X(CASE_MAY_MOVE)                                                                                                   \
    X(CASE_SAFE_UNTIL)                                                                                                 \
    X(NEED_BY_POLICY)                                                                                                  \
    X(FORCE_AS_SIGNED)                                                                                                 \
    X(FORCE_BY_CONSENT)                                                                                                \
    X(COLUMN_PROVISION)                                                                                                \
    X(COLUMN_WHAT)                                                                                                     \
    X(COLUMN_OF)                                                                                                       \
    X(PACKS_SAME_BYTES)                                                                                                \
    X(PACKS_SAME_WORDS)                                                                                                \
    X(TREND_FEWER)                                                                                                     \
    X(TREND_MORE)                                                                                                      \
    X(TREND_OTHER)                                                                                                     \
    X(TREND_OTHERS)                                                                                                    \
    X(TREND_SOONER)                                                                                                    \
    X(TREND_LATER)                                                                                                     \
    X(TREND_LOWER)                                                                                                     \
    X(TREND_HIGHER)                                                                                                    \
    X(CLASS_TREND)                                                                                                     \
    X(PUBLIC_VIEW)                                                                                                     \
    X(COLUMN_KEY)                                                                                                      \
    X(COLUMN_WAS_AND_WOULD_BE)                                                                                         \
    X(COLUMN_KIND)                                                                                                     \
    X(COLUMN_COUNT)                                                                                                    \
    X(PREVIEW_NOTHING)                                                                                                 \
    X(PREVIEW_CHANGED)                                                                                                 \
    X(PREVIEW_FORMAL)                                                                                                  \
    X(PREVIEW_UNLISTED)                                                                                                \
    X(FIRST_RESULT)                                                                                                    \
    X(ONLY_PUBLIC)

/* What would make a finding hold; for those that have a remedy (kh_finding_remedy). */
#define KH_MESSAGE_REMEDIES(X)                                                                                         \
    X(ISSUE_UNKNOWN)                                                                                                   \
    X(ENDED)                                                                                                           \
    X(FROM_THIRD_COUNTRY)                                                                                              \
    X(UNDER_ANOTHER)                                                                                                   \
    X(BASIS_IN_HOST)                                                                                                   \
    X(EXPIRED)                                                                                                         \
    X(SUSPENDED)                                                                                                       \
    X(REVOKED)                                                                                                         \
    X(OUT_OF_SCOPE)                                                                                                    \
    X(DISPUTE_FAILED)                                                                                                  \
    X(CONSULTATION_BARS)                                                                                               \
    X(MEASURE_IN_FORCE)

typedef enum kh_message_key {
#define KH_MESSAGE_MEMBER(name) KH_M_##name,
    KH_MESSAGE_WORDS(KH_MESSAGE_MEMBER) KH_MESSAGE_SENTENCES(KH_MESSAGE_MEMBER)
#undef KH_MESSAGE_MEMBER
#define KH_MESSAGE_MEMBER(name) KH_M_FOUND_##name,
        KH_FINDINGS(KH_MESSAGE_MEMBER)
#undef KH_MESSAGE_MEMBER
#define KH_MESSAGE_MEMBER(name) KH_M_REMEDY_##name,
            KH_MESSAGE_REMEDIES(KH_MESSAGE_MEMBER)
#undef KH_MESSAGE_MEMBER
#define KH_MESSAGE_MEMBER(name) KH_M_PACK_##name,
                KH_PACK_DIFFERENCES(KH_MESSAGE_MEMBER)
#undef KH_MESSAGE_MEMBER
                    KH_MESSAGE_KEYS
} kh_message_key;

extern const char *const kh_messages_en[KH_MESSAGE_KEYS];
extern const char *const kh_messages_ja[KH_MESSAGE_KEYS];

/*! \param name  "en", "ja". \return false if it is neither. */
KH_MUSTCHECK bool kh_language_parse(const char *name, kh_language *out);

/*! Japanese if the first of LC_ALL, LC_MESSAGES and LANG that is set begins with "ja", else English. */
kh_language kh_language_of_environment(void);

/*! Never NULL. Static storage. */
const char *kh_message(kh_language language, kh_message_key key);

/*! A word for a number of the core, from 1: \a first is the key of 1, \a last that of the highest number.
 *  \return "?" for a number that is none. Static storage. */
const char *kh_message_word(kh_language language, kh_message_key first, kh_message_key last, int number);

/*! What a place is filled with. */
typedef struct kh_filling {
    const char *name; /*!< "host" */
    kh_text text;
} kh_filling;

/*! A text with its places filled; a place that \a fillings does not have becomes empty.
 *  \return in the arena; empty when memory is out (then kh_arena_failed). */
kh_text kh_message_fill(kh_language language, kh_message_key key, const kh_filling *fillings, size_t count,
                        kh_arena *arena);

/*! "Art 3.5", "第3条第5項". Empty for an empty one. As kh_message_fill. */
kh_text kh_message_article(kh_language language, kh_text article, kh_arena *arena);

/*! The sentence of a finding, and of what would make it hold. \return KH_MESSAGE_KEYS if there is none. */
kh_message_key kh_message_of_finding(kh_finding_kind kind);
kh_message_key kh_message_of_remedy(kh_finding_kind kind);

#endif
