/* From a result to what is published about it: kakehashi.v1 messages as protobuf, and as JSON for people.
 * Deterministic: the same result and rule pack give the same bytes. */
#ifndef KH_CODEC_MESSAGE_H
#define KH_CODEC_MESSAGE_H

#include "kakehashi/arena.h"
#include "kakehashi/result.h"

#define KH_CONTENT_TYPE_STATUS     "application/protobuf; message=kakehashi.v1.RecognitionStatus"
#define KH_CONTENT_TYPE_PUBLIC     "application/protobuf; message=kakehashi.v1.PublicStatus"
#define KH_CONTENT_TYPE_OBLIGATION "application/protobuf; message=kakehashi.v1.Obligation"

/*! Remembers the residual rows of each rule pack, direction and category, encoded: most of a message's bytes, and the
 * same for very many labels. Bounded. Not for two threads at once. */
typedef struct kh_message_cache kh_message_cache;

/*! \param memory  borrowed, must outlive the cache. \param out  pairs with kh_message_cache_free. \retval KH_OK,
 * KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_message_cache_new(const kh_memory *memory, kh_message_cache **out);

/*! NULL is fine. */
void kh_message_cache_free(kh_message_cache *cache);

/*! RecognitionStatus of a KH_RESULT_STATUS, with `version`.
 *  \param out  in the arena; untouched unless KH_OK. \retval KH_OK or KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_message_status(kh_message_cache *cache, const kh_result *result, kh_arena *arena, kh_text *out);

/*! PublicStatus of a KH_RESULT_STATUS that has a public outcome, with `public_version`. As kh_message_status. */
KH_MUSTCHECK kh_rc kh_message_public(kh_message_cache *cache, const kh_result *result, kh_arena *arena, kh_text *out);

/*! Obligation of a KH_RESULT_OBLIGATION, with `version`; its id is the key. As kh_message_status. */
KH_MUSTCHECK kh_rc kh_message_obligation(const kh_result *result, kh_arena *arena, kh_text *out);

/*! The header `kh-id`: "SG/000123@JP#7". \return empty when memory is out. */
kh_text kh_message_id(kh_arena *arena, kh_text key, uint32_t version);

/*! One of a result's messages. */
typedef enum kh_message_kind {
    KH_MESSAGE_STATUS,         /*!< {"status":{...}} */
    KH_MESSAGE_PUBLIC,         /*!< {"public":{...}} */
    KH_MESSAGE_OBLIGATION,     /*!< {"obligation":{...}} */
    KH_MESSAGE_OBLIGATION_GONE /*!< {"obligationGone":{"id":"..."}} */
} kh_message_kind;

/*! One of a result's messages as a line of JSON, without a line feed.
 *  \param kind  one that the result's kind has.
 *  \param out   in the arena; untouched unless KH_OK.
 *  \retval KH_OK, KH_E_MEMORY, or KH_E_INTERNAL: a text in it is not UTF-8. */
KH_MUSTCHECK kh_rc kh_message_json(kh_message_cache *cache, const kh_result *result, kh_message_kind kind,
                                   kh_arena *arena, kh_text *out);

/*! {"deadLetter":{"line":12,"reason":"...","detail":"..."}} \param line  from 1. As kh_message_json. */
KH_MUSTCHECK kh_rc kh_message_json_dead_letter(uint64_t line, const kh_refusal *refusal, kh_arena *arena, kh_text *out);

/*! A published message as JSON.
 *  \param bytes  as kh_message_status and the others made them.
 *  \param out    in the arena; untouched unless KH_OK.
 *  \retval KH_OK, KH_E_MEMORY, or KH_E_REFUSED: the bytes are no such message. */
KH_MUSTCHECK kh_rc kh_message_to_json(kh_message_kind kind, kh_text bytes, kh_arena *arena, kh_text *out);

#endif
