/* The body of an event: from protobuf to kh_body, with every check that needs no rule pack. Used for events that arrive
 * and for stored statements alike. Private to this room. */
#ifndef KH_CODEC_EVENT_BODY_H
#define KH_CODEC_EVENT_BODY_H

#include "codec/event_check.h"
#include "codec/proto.h"
#include "kakehashi/event.h"
#include "kakehashi/v1/event.pb-c.h"

/*! The message of a kind of body. NULL for a number that is none. */
const ProtobufCMessageDescriptor *kh_body_descriptor(uint32_t kind);

/*! "label_issued"; NULL for a number that is no body. Static storage. */
const char *kh_body_name(uint32_t kind);

/*! Checks and reads a body.
 *  \param kind     one that kh_body_descriptor knows.
 *  \param message  made by kh_proto_unpack into an arena that outlives \a out.
 *  \param place    where it stands, for refusals.
 *  \param out      complete only if nothing was noted in \a check.
 *  \retval KH_OK, whatever was noted; or KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_body_read(kh_body_kind kind, const ProtobufCMessage *message, kh_check *check,
                                const kh_place *place, kh_arena *arena, kh_body *out);

/*! LabelDetails without any check: for what has been stored. \retval KH_OK or KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_details_read(const Kakehashi__V1__LabelDetails *message, kh_arena *arena, const kh_details **out);

#endif
