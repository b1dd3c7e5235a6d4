/* One subject whole, as `show` tells it: for people, or as JSON. */
#ifndef KH_CLI_SUBJECT_TEXT_H
#define KH_CLI_SUBJECT_TEXT_H

#include <stdio.h>

#include "app/catalog_view.h"
#include "codec/message.h"

/*! What there is to tell. */
typedef struct kh_subject_text {
    const kh_subject_view *subject;
    kh_text host; /*!< only towards this host; empty: all */
    const kh_history_entry *history;
    size_t history_count;
    kh_arena *arena; /*!< for what is printed */
} kh_subject_text;

/*! \retval KH_OK, KH_E_MEMORY, KH_E_LOST (cannot be written) */
KH_MUSTCHECK kh_rc kh_subject_text_print(const kh_subject_text *of, FILE *out);

/*! One line: {"subject":...,"at":...,"statuses":[...],"obligations":[...],"facts":[...]}, each as in its topic; `facts`
 *  are the events that still count. \retval as kh_subject_text_print, KH_E_INTERNAL */
KH_MUSTCHECK kh_rc kh_subject_text_print_json(const kh_subject_text *of, kh_message_cache *cache, FILE *out);

/*! Whether the key's state is told: it stands, and concerns the host. Pure. */
bool kh_subject_text_tells(const kh_subject_text *of, const kh_key_state *state);

#endif
