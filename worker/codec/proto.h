/* protobuf-c on an arena, without what it loses: the true length of a string, and why unpacking failed. Private to this
 * room. */
#ifndef KH_CODEC_PROTO_H
#define KH_CODEC_PROTO_H

#include <protobuf-c/protobuf-c.h>

#include "kakehashi/arena.h"

/*! Unpacks into the arena; nothing is to be freed.
 *  \param bytes  borrowed; the message keeps nothing of it.
 *  \retval KH_OK         \a out is the message; its strings are to be read with kh_proto_text.
 *  \retval KH_E_REFUSED  these bytes are no such message; \a out untouched.
 *  \retval KH_E_MEMORY   the arena is out of memory; \a out untouched. */
KH_MUSTCHECK kh_rc kh_proto_unpack(const ProtobufCMessageDescriptor *descriptor, kh_text bytes, kh_arena *arena,
                                   ProtobufCMessage **out);

/*! A string of a message that kh_proto_unpack made, NUL bytes included (protobuf-c ends it at the first one). */
kh_text kh_proto_text(const char *string);

static inline kh_text kh_proto_bytes(ProtobufCBinaryData bytes)
{
    return (kh_text){(const char *)bytes.data, bytes.len};
}

/*! Forgets, in the whole message, the fields that this version does not know: they would be packed again, in whatever
 *  order they came. */
void kh_proto_drop_unknown(ProtobufCMessage *message);

/*! Packs into the arena; the same message gives the same bytes. No string may hold a NUL.
 *  \retval KH_OK or KH_E_MEMORY; \a out untouched then. */
KH_MUSTCHECK kh_rc kh_proto_pack(const ProtobufCMessage *message, kh_arena *arena, kh_text *out);

/*! The address of a field within its message. */
static inline const void *kh_proto_member(const ProtobufCMessage *message, size_t offset)
{
    return (const char *)message + offset;
}

#endif
