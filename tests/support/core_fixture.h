/* The memorandum between Japan and Singapore as plain C values, put down by hand from its text: tests of the core need
 * neither YAML nor the files of config/. */
#ifndef KH_TEST_CORE_FIXTURE_H
#define KH_TEST_CORE_FIXTURE_H

#include "kakehashi/rule_pack.h"

#define KH_TEST_PACKS 3

/*! A rule book: the first pack "jp-sg-1" and two amendments of it.
 *
 *  "jp-sg-2" gives Singapore's side no home gateways any more, fully covers A-2/5.3-7, counts JC-STAR as CLS level 2,
 * and has 20 business days for a notice and 6 months between consultations. "jp-sg-3" is "jp-sg-1" under another name.
 *  The digest of "jp-sg-N" is the digit N, 64 times; 4 to 9 are loaded nowhere.
 *
 *  It points into itself: initialise it where it stays. `policies` may be changed at will. */
typedef struct kh_test_book {
    kh_policies policies;
    const kh_policies *policy_list[1];
    kh_rule_pack packs[KH_TEST_PACKS];
    const kh_rule_pack *pack_list[KH_TEST_PACKS];
    kh_calendar calendars[2]; /*!< "jp-administrative", "sg-public-holidays" */
    const kh_calendar *calendar_list[2];
    kh_day holidays[2][96];
    kh_rule_book book;
} kh_test_book;

/*! The policies at their defaults. */
void kh_test_book_init(kh_test_book *book);

/*! A test's date, "2026-06-01". It must be one. */
kh_day kh_test_day(const char *date);

/*! A test's instant: RFC 3339; or a local midnight, "2026-06-01@JP"; the last millisecond before it, "<2026-06-01@JP".
 *  \return false if it is none of them. */
bool kh_test_instant_parse(kh_text text, kh_instant *out);

/*! As above; it must be one. */
kh_instant kh_test_instant(const char *text);

/*! SHA-256 of "jp-sg-N" (see above); empty for any other text. */
kh_text kh_test_pack_sha256(kh_text pack);

#endif
