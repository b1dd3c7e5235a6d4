/* Rule packs, policies and calendars: YAML that a lawyer can check, read into the values that decisions are made by. */
#ifndef KH_CONFIG_RULE_FILE_H
#define KH_CONFIG_RULE_FILE_H

#include "config/problems.h"
#include "kakehashi/rule_pack.h"

/*! A file says by its key `kind` which it is: rule-pack, policies or calendar. */
typedef enum kh_rule_file_kind {
    KH_RULE_FILE_UNKNOWN = 0, /*!< could not be read that far */
    KH_RULE_FILE_PACK = 1,
    KH_RULE_FILE_POLICIES = 2,
    KH_RULE_FILE_CALENDAR = 3
} kh_rule_file_kind;

typedef struct kh_rule_file {
    kh_rule_file_kind kind;
    const char *name;    /*!< as given, for messages */
    kh_text bytes;       /*!< as given */
    kh_text id;          /*!< "jp-sg-1" */
    kh_text arrangement; /*!< empty for a calendar */
    kh_text sha256;      /*!< of the bytes, lower-case hex */
    union {
        kh_rule_pack pack;
        kh_policies policies;
        kh_calendar calendar;
    } is;
} kh_rule_file;

/*! "rule-pack", "policies", "calendar"; "?" for KH_RULE_FILE_UNKNOWN. Static storage. */
const char *kh_rule_file_kind_name(kh_rule_file_kind kind);

/*! Reads one file, whatever of the three it is.
 *  \param name      for messages: a path, or where else the bytes come from. Must outlive \a out and \a problems.
 *  \param bytes     borrowed by \a out.
 *  \param problems  gets everything that is wrong with it, all at once; \a out is in its arena.
 *  \param out       usable only with KH_OK (but `kind`, `name`, `bytes`, `id` and `sha256` are as far as they could be
 * read). \retval KH_OK; KH_E_CONFIGURATION this file has problems; KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_rule_file_read(const char *name, kh_text bytes, kh_problems *problems, kh_rule_file *out);

/*! Puts files together and checks what no single file can show (kh_rule_book_check).
 *  \param files  borrowed by \a out; each was read with KH_OK.
 *  \retval KH_OK; KH_E_CONFIGURATION with the problems added; KH_E_MEMORY. \a out is usable only with KH_OK. */
KH_MUSTCHECK kh_rc kh_rule_book_build(const kh_rule_file *files, uint32_t count, kh_problems *problems,
                                      kh_rule_book *out);

#endif
