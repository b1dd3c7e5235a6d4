/* What one batch leaves behind: rows of results for the database, and the messages that are published from them. */
#ifndef KH_APP_OUTGOING_H
#define KH_APP_OUTGOING_H

#include "app/world.h"
#include "codec/message.h"
#include "config/settings.h"
#include "kafka/publisher.h"
#include "kakehashi/result.h"
#include "postgres/rows.h"

/*! Indices of the result topics, as the publisher was given them. */
typedef enum kh_result_topic {
    KH_TOPIC_STATUS,
    KH_TOPIC_PUBLIC,
    KH_TOPIC_OBLIGATIONS,
    KH_TOPIC_DEAD_LETTERS,
    KH_RESULT_TOPICS
} kh_result_topic;

/*! A lane's published mark once this is out: everything below has been published. */
typedef struct kh_lane_mark {
    int32_t lane;
    int64_t next_seq;
} kh_lane_mark;

/*! Caller's storage: kh_outgoing_init pairs with kh_outgoing_deinit. Handed to the publishing thread and back. */
typedef struct kh_outgoing {
    kh_arena arena;      /*!< of the messages, offsets and marks: what lives until they are published */
    kh_result_row *rows; /*!< until the batch is committed, with the texts of its arena */
    size_t row_count;
    size_t row_size;
    kh_dead_letter_row *dead_letters;
    size_t dead_letter_count;
    size_t dead_letter_size;
    kh_message *messages;
    size_t message_count;
    size_t message_size;
    kh_lane_offset *offsets;
    size_t offset_count;
    kh_lane_mark *marks;
    size_t mark_count;
    kh_group_claim *claim; /*!< held */
    bool published;
} kh_outgoing;

void kh_outgoing_init(kh_outgoing *out);
void kh_outgoing_deinit(kh_outgoing *out);
/*! Empty again; memory is kept for the next batch. */
void kh_outgoing_reset(kh_outgoing *out);

/*! Adds a result of a lane: its row, and its messages.
 *  \param work   the batch's arena: holds the row's texts.
 *  \param cache  of the world that the result was decided by.
 *  \retval KH_OK, KH_E_MEMORY, KH_E_INTERNAL. */
KH_MUSTCHECK kh_rc kh_outgoing_add(kh_outgoing *out, kh_arena *work, kh_message_cache *cache, int32_t lane,
                                   const kh_result *result);

/*! Adds only the messages of a result as it stands in the database: what a lane's last owner left unpublished.
 *  \param dead_letter  its row if it is one, else NULL.
 *  \retval KH_OK, KH_E_MEMORY, KH_E_INTERNAL, KH_E_CONFIGURATION (a rule pack is not loaded). */
KH_MUSTCHECK kh_rc kh_outgoing_add_row(kh_outgoing *out, kh_message_cache *cache, const kh_rule_book *book,
                                       const kh_result_row *row, const kh_dead_letter_row *dead_letter);

/*! What a result's row keeps of a message: the first 8 bytes of its SHA-256. \retval KH_OK, KH_E_INTERNAL */
KH_MUSTCHECK kh_rc kh_outgoing_hash(kh_text message, uint64_t *out);

/*! Adds where a lane is once this is published: the mark, and the next offset of each source topic.
 *  \param topics  NUL-terminated names, as long as the worker lives. */
KH_MUSTCHECK kh_rc kh_outgoing_add_lane(kh_outgoing *out, kh_text deployment, int32_t lane, int64_t next_seq,
                                        const char *const *topics, const int64_t *next_offsets, size_t topic_count);

/*! What the metadata of a committed offset says. \return false if it is not ours. */
bool kh_mark_parse(kh_text metadata, int64_t *next_seq, kh_text *deployment);

#endif
