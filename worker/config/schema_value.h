/* Single values of a schema: from text to the field, and what a message says should have stood there. */
#ifndef KH_CONFIG_SCHEMA_VALUE_H
#define KH_CONFIG_SCHEMA_VALUE_H

#include "config/schema_walk.h"

/*! Reads a scalar into its field: any type but the lists, maps, pairs and secrets.
 *  \return false if it is not of the type or out of bounds; \a field is untouched then. */
KH_MUSTCHECK bool kh_schema_value_parse(const kh_schema_key *key, kh_text value, void *field);

/*! "a number from 1 to 100": what belongs at this key. In the arena. */
kh_text kh_schema_value_describe(const kh_schema_key *key, kh_arena *arena);

/*! The name that is nearest to \a wrong, if it is near enough to be what was meant; else NULL.
 *  \param names  \a count of them, \a stride bytes apart, each a const char *. */
const char *kh_schema_value_nearest(kh_text wrong, const char *const *names, size_t count, size_t stride);

/*! Of a table of choices, and of one of keys. */
size_t kh_schema_choice_count(const kh_choice *choices);
size_t kh_schema_key_count(const kh_schema *schema);

/*! Of a text without bounds of its own. */
#define KH_SCHEMA_TEXT_MOST 512

#endif
