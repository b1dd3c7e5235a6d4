/* What is wrong with the configuration: all of it at once, each with its place. */
#ifndef KH_CONFIG_PROBLEMS_H
#define KH_CONFIG_PROBLEMS_H

#include <stdint.h>

#include "kakehashi/arena.h"

/*! Problems kept as text; what comes after them is only counted. */
#define KH_PROBLEMS_KEPT 200

/*! Where something stands. A line of 0: the file as a whole, or no file at all (then `file` says what else). */
typedef struct kh_place {
    const char *file; /*!< as messages name it; NUL-terminated, borrowed */
    uint32_t line;    /*!< 1.. */
    uint32_t column;  /*!< 1.. */
} kh_place;

typedef struct kh_problem {
    kh_text text; /*!< "config/kakehashi.yaml:12:3: kafka.group: ..."; one line, no control characters, NUL behind it */
    const struct kh_problem *next;
} kh_problem;

/*! Caller's storage; the texts live in the arena. */
typedef struct kh_problems {
    kh_arena *arena;
    const kh_problem *first; /*!< in the order in which they were found; the first KH_PROBLEMS_KEPT of them */
    kh_problem *last;
    uint32_t count; /*!< of all, kept or not */
    bool memory;    /*!< memory was out somewhere: the list may be short, what was read must not be used */
} kh_problems;

/*! \param arena  borrowed, must outlive \a problems: also everything that is read goes there. */
void kh_problems_init(kh_problems *problems, kh_arena *arena);

/*! \param key  key path, "kafka.group"; may be empty. */
void kh_problems_add(kh_problems *problems, kh_place place, kh_text key, const char *format, ...) KH_PRINTF(4, 5);

/*! Memory outside the arena was out. */
void kh_problems_add_memory(kh_problems *problems);

/*! \retval KH_OK nothing is wrong; KH_E_CONFIGURATION something is; KH_E_MEMORY memory was out, arena or other. */
KH_MUSTCHECK kh_rc kh_problems_rc(const kh_problems *problems);

/*! A value as messages show it: in quotes, cut at 60 bytes, control characters and broken UTF-8 as "?". In the arena.
 */
kh_text kh_problems_quote(kh_problems *problems, kh_text value);

#endif
