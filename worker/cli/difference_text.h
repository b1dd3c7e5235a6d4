/* Differences between decisions, as they are counted, in words and for programs. */
#ifndef KH_CLI_DIFFERENCE_TEXT_H
#define KH_CLI_DIFFERENCE_TEXT_H

#include "cli/status_change.h"
#include "codec/json_line.h"

/*! "outcome: recognised -> out of scope", "rows to assess: fewer", "notice of revocation, due on: later". In the arena;
 *  empty when memory is out. */
kh_text kh_difference_class_told(kh_language language, const kh_difference_class *of, kh_arena *arena);

/*! Adds one as members: kind, obligation, before and after or trend, count. */
void kh_difference_class_json(kh_json_line *line, const kh_difference_class *of);

/*! Adds an array `changes`: of each its kind, what was, what would be, and both in a sentence. */
void kh_changes_json(kh_json_line *line, const kh_changes *changes);

#endif
