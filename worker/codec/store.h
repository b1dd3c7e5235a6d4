/* The stored form of facts and decisions: kakehashi.store.v1, deterministic, for ever. What is read is never trusted.
 */
#ifndef KH_CODEC_STORE_H
#define KH_CODEC_STORE_H

#include "kakehashi/facts.h"
#include "kakehashi/record.h"
#include "kakehashi/result.h"

/* Encoders: \a out in the arena, untouched unless KH_OK; KH_E_MEMORY; KH_E_INTERNAL for a value that has no stored form
 * (an id that is no UUID, a digest that is no SHA-256). Decoders: everything of \a out in the arena or the rule book,
 * nothing in the bytes; untouched unless KH_OK; KH_E_MEMORY; KH_E_INTERNAL for bytes that no encoder made. */

/*! The same facts give the same bytes. No facts are no bytes. */
KH_MUSTCHECK kh_rc kh_store_facts_encode(const kh_facts *facts, kh_arena *arena, kh_text *out);

/*! Each body is read again by the same function as an event's. */
KH_MUSTCHECK kh_rc kh_store_facts_decode(kh_text bytes, kh_arena *arena, kh_facts *out);

/*! What stands about the keys of a subject, in the order given. */
KH_MUSTCHECK kh_rc kh_store_keys_encode(const kh_key_state *keys, uint32_t count, kh_arena *arena, kh_text *out);

/*! \param book  borrowed; must outlive \a out.
 *  \retval KH_E_CONFIGURATION  a status was decided by a rule pack that the book does not have. */
KH_MUSTCHECK kh_rc kh_store_keys_decode(const kh_rule_book *book, kh_text bytes, kh_arena *arena, kh_key_state **out,
                                        uint32_t *count);

/*! The decision of a result row: its kind and status or obligation; of a dead letter, the place of its record and the
 *  reason. Key, versions, cause, instants and numbers stand beside it in the row. */
KH_MUSTCHECK kh_rc kh_store_result_encode(const kh_result *result, kh_arena *arena, kh_text *out);

/*! Sets `kind` and `status`, `obligation`, or `record` (topic, partition and offset only) and `refusal.code`; nothing
 * else. \param out  `key` must be set: a status' label and host are read from it. \retval KH_E_CONFIGURATION  as in
 * kh_store_keys_decode. */
KH_MUSTCHECK kh_rc kh_store_result_decode(const kh_rule_book *book, kh_text bytes, kh_arena *arena, kh_result *out);

KH_MUSTCHECK kh_rc kh_store_cause_encode(const kh_cause *cause, kh_arena *arena, kh_text *out);
KH_MUSTCHECK kh_rc kh_store_cause_decode(kh_text bytes, kh_arena *arena, kh_cause *out);

#endif
