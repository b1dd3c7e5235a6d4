/* The residual rows of a status, encoded once for each rule pack, direction, category and policy. Private to this room.
 */
#ifndef KH_CODEC_MESSAGE_ROWS_H
#define KH_CODEC_MESSAGE_ROWS_H

#include "codec/message.h"
#include "codec/wire.h"

/* Where the rows stand in the two messages. */
#define KH_STATUS_RESIDUAL_FIELD 14
#define KH_PUBLIC_RESIDUAL_FIELD 10

/*! The rows as fields of the two messages. */
typedef struct kh_message_rows {
    kh_text status;
    kh_text public_status;
} kh_message_rows;

/*! \param out  lives in the cache until its next use; empty for a status that is not recognised.
 *  \retval KH_OK or KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_message_cache_rows(kh_message_cache *cache, const kh_status *status, kh_message_rows *out);

/*! One ResidualItem. */
void kh_wire_residual(kh_wire *wire, uint32_t field, const kh_residual_item *item);

#endif
