/* Rule packs, policies and calendars in the database: what all workers decide by. */
#ifndef KH_POSTGRES_RULES_H
#define KH_POSTGRES_RULES_H

#include "postgres/database.h"
#include "postgres/rows.h"

/*! Loads files, all or none. A file that stands (same kind, same digest, current) is left as it is; if anything is
 *  new, every lane's `arrangement_version` rises by one.
 *  \param files  their `loaded_by` is whoever asked for it.
 *  \param cause  what the sweeps that follow will name.
 *  \param added  how many were new or became current again; may be NULL.
 *  \retval KH_OK
 *  \retval KH_E_CONFIGURATION  a pack's id stands with another digest (the error names both).
 *  \retval KH_E_LOST, KH_E_RETRY, KH_E_MEMORY; nothing was loaded (after KH_E_LOST: unknown; load again). */
KH_MUSTCHECK kh_rc kh_rules_load(kh_database *database, const kh_rule_file_row *files, size_t count, kh_text cause,
                                 size_t *added);

/*! Loads files only into a database that holds none; two workers may try at once. Raises no version if it does nothing.
 *  \param loaded  false: there were some already, nothing was done.
 *  Otherwise as kh_rules_load. */
KH_MUSTCHECK kh_rc kh_rules_load_first(kh_database *database, const kh_rule_file_row *files, size_t count,
                                       kh_text cause, bool *loaded);

/*! Every rule pack, and the current policies and calendars, by (kind, id). In the arena.
 *  Within a kh_transaction it reads what that transaction sees. */
KH_MUSTCHECK kh_rc kh_rules_read(kh_database *database, kh_arena *arena, kh_rule_file_row **out, size_t *count);

/*! The same as it stood at an instant: the policies and calendars that were current then. One that was loaded only
 * later is there too, in its first form, and so is every rule pack: by a pack is judged what the consents say. */
KH_MUSTCHECK kh_rc kh_rules_read_as_of(kh_database *database, kh_instant at, kh_arena *arena, kh_rule_file_row **out,
                                       size_t *count);

#endif
