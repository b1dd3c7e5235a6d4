/* Statements written as a person would: one line each, read into events.
 *
 *     [SUBJECT:] PARTICIPANT KIND key=value ...
 *
 *     JP issued valid=2026-06-01..2028-05-31 category=home-gateway documents=a:ja,b:ja+en
 *     SG raised on=2026-07-01
 *     SG/9: SG suspended from=2026-08-01
 *
 * Without a SUBJECT it is about the history's label, or about arrangement/jp-sg if the kind is. The kinds and their
 * keys:
 *
 *     issued valid=FROM..UNTIL [origin: arrangement= basis= third=] [documents=] [details]
 *     amended [documents=] [details]          renewed valid=FROM..UNTIL [details]
 *     suspended from=      lifted from=       revoked decided= [from=, else as decided]   revocation-withdrawn
 *     notice-given on=     notice-received on=
 *     raised on=           settled on=        failed from=
 *     measure from= [grounds=health,law,security,requirements]      measure-lifted from=
 *     terminated last= [given=]               termination-withdrawn
 *     consented pack=jp-sg-2 from= given=     consulted on=
 *
 * Details: level= category= number= product= maker= holder= models=a,b; what is left out has a default. A basis alone
 * means the arrangement jp-sg. `documents=ID:LANGUAGE[+en]`: with "+en" there is an English translation.
 * Everywhere: rev= (else one above the highest so far of the same participant and subject) and event= (a number; else
 * the place in the history). */
#ifndef KH_TEST_HISTORY_H
#define KH_TEST_HISTORY_H

#include "kakehashi/arena.h"
#include "kakehashi/event.h"
#include "kakehashi/facts.h"

typedef struct kh_test_history {
    kh_arena *arena;  /*!< holds what the lines become */
    kh_text label;    /*!< what a line without a subject is about */
    kh_event *events; /*!< moves when it grows; what pointed into it stays good until the arena ends */
    uint32_t count;
    uint32_t capacity;
    char problem[256]; /*!< why the last line was not understood */
} kh_test_history;

void kh_test_history_init(kh_test_history *history, const char *label, kh_arena *arena);

/*! \return false with `problem` set when the line is not one. The line need not live on. */
bool kh_test_history_add(kh_test_history *history, kh_text line);

/*! Adds lines that must be right, parted by ";". Ends the program, saying why, if one is not. */
void kh_test_history_state(kh_test_history *history, const char *lines);

/*! The facts about a subject, merged in the order of the lines, or in the opposite one. Ends the program if that fails.
 */
kh_facts kh_test_history_facts(const kh_test_history *history, kh_text subject, bool backwards);

/*! Whether two facts are the same to the last statement of the last register. */
bool kh_test_facts_same(const kh_facts *a, const kh_facts *b);

#endif
