/* An overview in tables, and as JSON. */
#ifndef KH_CLI_OVERVIEW_TEXT_H
#define KH_CLI_OVERVIEW_TEXT_H

#include <stdio.h>

#include "app/overview.h"

/*! \param arena  for what is printed. \retval KH_OK, KH_E_MEMORY, KH_E_LOST (cannot be written) */
KH_MUSTCHECK kh_rc kh_overview_print(const kh_overview *of, kh_arena *arena, FILE *to);

/*! One line {"overview":{...}}. \param out  in the arena. \retval KH_OK, KH_E_MEMORY, KH_E_INTERNAL (not UTF-8) */
KH_MUSTCHECK kh_rc kh_overview_json(const kh_overview *of, kh_arena *arena, kh_text *out);

/*! "2 d 4 h", "35 s": a length of time as people say it, two units at most. In the arena. */
kh_text kh_overview_duration(int64_t milliseconds, kh_arena *arena);

#endif
