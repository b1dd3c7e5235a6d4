/* Dead letters as a person deals with them: listed, looked into, asked for again, set aside. */
#ifndef KH_APP_DEAD_LETTERS_H
#define KH_APP_DEAD_LETTERS_H

#include "app/reach.h"
#include "kakehashi/record.h"
#include "kakehashi/refusal.h"
#include "postgres/dead_letters.h"

typedef struct kh_dead_letters kh_dead_letters;

/*! Connects, checks the schema, reads the rule book.
 *  \param settings, problems  must outlive it. What is wrong, here and below, is added to the problems.
 *  \param out  untouched unless KH_OK; pairs with kh_dead_letters_close.
 *  \retval KH_OK, KH_E_LOST, KH_E_RETRY, KH_E_CONFIGURATION, KH_E_MEMORY; so do all functions below */
KH_MUSTCHECK kh_rc kh_dead_letters_open(const kh_settings *settings, kh_problems *problems, kh_dead_letters **out);
/*! NULL is fine. */
void kh_dead_letters_close(kh_dead_letters *letters);

/*! Visits each that the filter lets through, by (lane, topic, offset); memory is bounded, however many there are.
 *  \param visit  its row is borrowed; anything but KH_OK ends the listing and is returned. */
KH_MUSTCHECK kh_rc kh_dead_letters_visit(kh_dead_letters *letters, const kh_dead_letter_filter *filter,
                                         kh_rc (*visit)(void *self, const kh_dead_letter_case *letter), void *self);

/*! One by its place. \param found  whether there is one. \param out  in the arena. */
KH_MUSTCHECK kh_rc kh_dead_letters_one(kh_dead_letters *letters, const kh_dead_letter_place *place, kh_arena *arena,
                                       kh_dead_letter_case *out, bool *found);

/*! What was done about one, oldest first. */
KH_MUSTCHECK kh_rc kh_dead_letters_story(kh_dead_letters *letters, const kh_dead_letter_case *of, kh_arena *arena,
                                         kh_dead_letter_case **out, size_t *count);

/*! The record that became it, borrowed from the row; headers are left out. */
kh_record kh_dead_letter_record(const kh_dead_letter_row *letter);

/*! What would become of it now, as far as that can be told without the facts: conflicts cannot.
 *  \param refusal  code KH_REFUSAL_NONE: nothing in it is wrong. In the arena.
 *  \param json     the event as canonical JSON; empty if the bytes are no event, or not whole. */
KH_MUSTCHECK kh_rc kh_dead_letters_judge(kh_dead_letters *letters, const kh_dead_letter_case *of, kh_arena *arena,
                                         kh_refusal *refusal, kh_text *json);

/*! Asks for them to be decided again. \param asked  how many were not asked for before. */
KH_MUSTCHECK kh_rc kh_dead_letters_redrive(kh_dead_letters *letters, const kh_dead_letter_case *cases, size_t count,
                                           kh_text by, size_t *asked);

/*! Sets them aside. */
KH_MUSTCHECK kh_rc kh_dead_letters_set_aside(kh_dead_letters *letters, const kh_dead_letter_case *cases, size_t count,
                                             kh_text by, kh_text why);

/*! "jp.label-events/3/17". \return false if it is no place; \a out borrows the text. */
KH_MUSTCHECK bool kh_dead_letter_place_parse(kh_text text, kh_dead_letter_place *out);

#endif
