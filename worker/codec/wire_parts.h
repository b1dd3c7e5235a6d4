/* Parts of messages that more than one of them has. Private to this room. */
#ifndef KH_CODEC_WIRE_PARTS_H
#define KH_CODEC_WIRE_PARTS_H

#include "codec/wire.h"
#include "kakehashi/event.h"

/*! kakehashi.v1.LabelDetails; nothing for NULL. */
void kh_wire_details(kh_wire *wire, uint32_t field, const kh_details *details);

/*! google.protobuf.Timestamp; nothing for KH_INSTANT_NONE. */
void kh_wire_instant(kh_wire *wire, uint32_t field, kh_instant instant);

/*! How many bytes the texts of the details take. */
size_t kh_details_size(const kh_details *details);

#endif
