/* The rule book as it stands in the database: what all workers decide by, and what `list` and `show` read with. */
#ifndef KH_APP_RULES_STORE_H
#define KH_APP_RULES_STORE_H

#include "config/rule_file.h"
#include "postgres/rules.h"

/*! Reads every file that stands: all rule packs, the current policies and calendars.
 *  \param arena     holds the rows, their bytes among them; \a problems' own arena holds what was read from them. Both
 *                   must outlive \a out.
 *  \param problems  gets what is wrong with the files. They were checked when they were loaded: a problem here means a
 *                   newer program's file, or bytes changed by hand.
 *  \param out       usable only with KH_OK; may have no files.
 *  \retval KH_OK, KH_E_CONFIGURATION (with the problems added), KH_E_MEMORY
 *  \retval KH_E_LOST, KH_E_RETRY  kh_database_last_error says why. */
KH_MUSTCHECK kh_rc kh_rules_store_read_files(kh_database *database, kh_arena *arena, kh_problems *problems,
                                             kh_rule_file **out, uint32_t *count);

/*! The same as a checked rule book. Within a kh_transaction or without.
 *  \retval as kh_rules_store_read_files; a database without a rule pack is KH_E_CONFIGURATION too. */
KH_MUSTCHECK kh_rc kh_rules_store_read(kh_database *database, kh_arena *arena, kh_problems *problems,
                                       kh_rule_book *out);

/*! As kh_rules_store_read, but as the rules stood at an instant (kh_rules_read_as_of). */
KH_MUSTCHECK kh_rc kh_rules_store_read_as_of(kh_database *database, kh_instant at, kh_arena *arena,
                                             kh_problems *problems, kh_rule_book *out);

/*! The same, with some files in it as if they had been loaded: each takes the place of the one of its id, and a first
 * rule pack that of its arrangement's. Nothing is loaded. \param files  read with KH_OK; borrowed by \a out. \retval as
 * kh_rules_store_read */
KH_MUSTCHECK kh_rc kh_rules_store_read_with(kh_database *database, const kh_rule_file *files, uint32_t count,
                                            kh_arena *arena, kh_problems *problems, kh_rule_book *out);

/*! The rows as they stand, by kind and id (kh_rules_read). */
KH_MUSTCHECK kh_rc kh_rules_store_rows(kh_database *database, kh_arena *arena, kh_rule_file_row **out, size_t *count);

/*! What would stand with files in place of those that have their ids, rule packs among them, and a first rule pack in
 *  place of its arrangement's. Pure.
 *  \param standing, files  borrowed by \a out, each id once for its kind.
 *  \param out  in the arena. \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_rules_store_replace(const kh_rule_file *standing, uint32_t standing_count,
                                          const kh_rule_file *files, uint32_t file_count, kh_arena *arena,
                                          kh_rule_file **out, uint32_t *count);

/*! "rule-pack", "policies", "calendar". Static storage. */
const char *kh_rules_store_kind_name(kh_stored_file_kind kind);

/*! A file that was read with KH_OK as the row that it is stored in; borrows everything. */
kh_rule_file_row kh_rules_store_row(const kh_rule_file *file, kh_text loaded_by);

/*! Loads files beside what stands (kh_rules_load), if all of it together is a rule book: a policy or calendar takes the
 *  place of the one with its id, a rule pack never does. Every lane will decide its labels again.
 *  \param files      read with KH_OK, each id once for its kind.
 *  \param loaded_by  who asks for it.
 *  \param added      how many were new; the others stood already.
 *  \retval KH_OK, KH_E_CONFIGURATION (with the problems added), KH_E_MEMORY
 *  \retval KH_E_LOST, KH_E_RETRY, or KH_E_CONFIGURATION with no problem added: kh_database_last_error says why. */
KH_MUSTCHECK kh_rc kh_rules_store_load(kh_database *database, const kh_rule_file *files, uint32_t count,
                                       kh_text loaded_by, kh_arena *arena, kh_problems *problems, size_t *added);

#endif
