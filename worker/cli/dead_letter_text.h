/* A dead letter in words and as JSON, for people. */
#ifndef KH_CLI_DEAD_LETTER_TEXT_H
#define KH_CLI_DEAD_LETTER_TEXT_H

#include <stdio.h>

#include "app/dead_letters.h"

/*! "jp.label-events/3/17". In the arena. */
kh_text kh_dead_letter_text_place(const kh_dead_letter_row *letter, kh_arena *arena);

/*! "open", "to be decided again", "redriven", "refused again", "discarded". Static storage. */
const char *kh_dead_letter_text_state(const kh_dead_letter_case *of);

/*! One line of JSON, without a line feed. \param out  in the arena. \retval KH_OK, KH_E_MEMORY, KH_E_INTERNAL */
KH_MUSTCHECK kh_rc kh_dead_letter_text_json(const kh_dead_letter_case *of, kh_arena *arena, kh_text *out);

/*! Everything about one that was looked into. */
typedef struct kh_dead_letter_view {
    const kh_dead_letter_case *of;
    kh_refusal now;                   /*!< what it would come to today; code KH_REFUSAL_NONE: nothing wrong is seen */
    kh_text event;                    /*!< as JSON; empty if its bytes are no event */
    const kh_dead_letter_case *story; /*!< what was done about it, oldest first */
    size_t story_count;
} kh_dead_letter_view;

/*! Prints one whole. \retval KH_OK, KH_E_MEMORY, KH_E_INTERNAL, KH_E_LOST (cannot be written) */
KH_MUSTCHECK kh_rc kh_dead_letter_text_show(const kh_dead_letter_view *view, bool json, kh_arena *arena, FILE *to);

#endif
