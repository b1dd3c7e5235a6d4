/* The arrangements as they stand: rule book and what has been stated about each. */
#ifndef KH_APP_WORLD_H
#define KH_APP_WORLD_H

#include "kakehashi/decision.h"

typedef struct kh_world {
    const kh_rule_book *book;
    kh_arrangement *arrangements; /*!< ascending by id, in whatever order settings or database name the packs */
    uint32_t count;
} kh_world;

/*! Gives the stored facts about an arrangement's subject; empty if there are none. */
typedef kh_rc kh_world_facts(void *self, kh_text subject, kh_text *facts);

/*! Builds every arrangement that the book has a first pack for.
 *  \param arena  holds everything in \a out.
 *  \retval KH_OK, or what \a read returned, KH_E_MEMORY, KH_E_INTERNAL. */
KH_MUSTCHECK kh_rc kh_world_build(const kh_rule_book *book, kh_world_facts *read, void *self, kh_arena *arena,
                                  kh_world *out);

#endif
