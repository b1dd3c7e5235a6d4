/* What a replay differs in, in words and in JSON. */
#ifndef KH_CLI_REPLAY_TEXT_H
#define KH_CLI_REPLAY_TEXT_H

#include <stdio.h>

#include "app/comparison.h"

/*! One line of the table: a change of one key. */
typedef struct kh_replay_line {
    struct kh_replay_line *next;
    kh_discrepancy_kind kind;
    kh_text key;
    kh_text what;
    kh_text before;
    kh_text after;
    kh_text why;
} kh_replay_line;

/*! The differences that are to be shown, as they are found: no more than the limit, so that memory is bounded. Caller's
 *  storage: set arena, limit and comparison, the rest zero. */
typedef struct kh_replay_lines {
    kh_arena *arena;
    uint64_t limit;
    const kh_comparison *comparison; /*!< which rules differ stands in it before the first difference */
    kh_replay_line *first;
    kh_replay_line *newest;
    uint64_t kept;    /*!< differences */
    kh_text facts_of; /*!< the newest subject whose facts differ */
} kh_replay_lines;

/*! Keeps a difference if there is room. \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_replay_lines_add(kh_replay_lines *lines, const kh_discrepancy *of);

/*! "outcome or reasons": a kind in words. Static storage. */
const char *kh_replay_kind(kh_discrepancy_kind kind);

/*! Prints what the comparison came to: facts first, then rules, counts and the lines.
 *  \param json  one object a line. \retval KH_OK, KH_E_MEMORY, KH_E_LOST (cannot be written) */
KH_MUSTCHECK kh_rc kh_replay_text_print(const kh_replay_lines *lines, bool json, FILE *to);

#endif
