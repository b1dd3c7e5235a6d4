/* Why a label's status is what it is, as `explain` tells it: for people, or as JSON. */
#ifndef KH_CLI_EXPLANATION_TEXT_H
#define KH_CLI_EXPLANATION_TEXT_H

#include <stdio.h>

#include "app/catalog_view.h"
#include "app/label_case.h"
#include "cli/status_change.h"
#include "codec/message.h"

/*! What there is to tell. Everything is borrowed. */
typedef struct kh_explanation_text {
    kh_language language;
    kh_arena *arena; /*!< for what is printed */
    const kh_label_case *about;
    kh_message_key known_by;       /*!< KH_M_AT_NOW, KH_M_AT_FILES or KH_M_AT_RECORDS */
    kh_instant known_at;           /*!< of KH_M_AT_RECORDS */
    uint32_t refused;              /*!< records about the subjects that count for nothing */
    const kh_key_state *published; /*!< what stands in the database if it says something else; or NULL */
} kh_explanation_text;

/*! \retval KH_OK, KH_E_MEMORY, KH_E_LOST (cannot be written) */
KH_MUSTCHECK kh_rc kh_explanation_text_print(const kh_explanation_text *of, FILE *out);

/*! {"explanation":{...}} \retval KH_OK, KH_E_MEMORY, KH_E_INTERNAL */
KH_MUSTCHECK kh_rc kh_explanation_text_json(const kh_explanation_text *of, kh_message_cache *cache, kh_text *out);

/*! The sentence of what was found; empty when there is none. In the arena. */
kh_text kh_explanation_sentence(const kh_explanation_text *of, const kh_found *found);
/*! The sentence of what would make it hold; empty when only time does. In the arena. */
kh_text kh_explanation_remedy(const kh_explanation_text *of, const kh_found *found);
/*! What the outcome means. In the arena. */
kh_text kh_explanation_means(kh_language language, const kh_status *status, kh_arena *arena);
/*! "SG (CSA)". In the arena. */
kh_text kh_explanation_participant(kh_language language, const kh_rule_pack *pack, kh_text id, kh_arena *arena);
/*! The changes of a step that time alone brings. */
void kh_explanation_step(const kh_explanation_text *of, uint32_t step, kh_changes *out);

/*! A decision that stood in the past. \retval as kh_explanation_text_print */
KH_MUSTCHECK kh_rc kh_stood_text_print(kh_language language, const kh_history_entry *entry, kh_instant known_at,
                                       kh_arena *arena, FILE *out);
/*! {"stood":{"knownAt":...,"recordedAt":...,"status":{...}}} \retval as kh_explanation_text_json */
KH_MUSTCHECK kh_rc kh_stood_text_json(const kh_history_entry *entry, kh_instant known_at, kh_message_cache *cache,
                                      kh_arena *arena, kh_text *out);

#endif
