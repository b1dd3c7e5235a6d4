/* What is different between two decisions about one key, in words. */
#ifndef KH_CLI_STATUS_CHANGE_H
#define KH_CLI_STATUS_CHANGE_H

#include "cli/messages.h"
#include "kakehashi/difference.h"

typedef struct kh_change {
    kh_difference_kind kind;
    kh_message_key what; /*!< KH_M_CHANGED_... */
    kh_text obligation;  /*!< KH_M_CHANGED_OBLIGATION: which */
    kh_text before;
    kh_text after;
} kh_change;

#define KH_CHANGES_MOST KH_DIFFERENCES_MOST

/*! Changes found so far; its texts are in the arena. */
typedef struct kh_changes {
    kh_language language;
    kh_arena *arena;
    kh_change items[KH_CHANGES_MOST];
    uint32_t count;
} kh_changes;

void kh_changes_init(kh_changes *changes, kh_language language, kh_arena *arena);

/*! What kh_differences_add_status finds, but for what the public alone is told.
 *  \param before, after  may be NULL as there. \param times  whether `since` and `next_change_at` are told too. */
void kh_changes_add_status(kh_changes *changes, const kh_status *before, const kh_status *after, bool times);

/*! What kh_differences_add_obligation finds. */
void kh_changes_add_obligation(kh_changes *changes, const kh_obligation *before, const kh_obligation *after);

/*! What changed, without how: "outcome". In the arena. */
kh_text kh_change_name(const kh_changes *changes, const kh_change *change);

/*! One of them as a line of text. In the arena. */
kh_text kh_change_told(const kh_changes *changes, const kh_change *change);

/*! "label not valid [expired (Art 3.2)]". In the arena. */
kh_text kh_status_standing(kh_language language, const kh_status *status, kh_arena *arena);

#endif
