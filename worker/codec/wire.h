/* Writes protobuf from its end to its beginning: so a length is known when its prefix is written, and nothing is
 * measured first. Fields are therefore put in descending order of their numbers. Fields that have their default are
 * left out, as proto3 does. Errors stick: only kh_wire_finish is to be looked at. Private to this room. */
#ifndef KH_CODEC_WIRE_H
#define KH_CODEC_WIRE_H

#include "kakehashi/arena.h"

typedef struct kh_wire {
    kh_arena *arena;
    char *begin; /* of the room */
    char *at;    /* the first byte written */
    char *end;
    bool failed;
} kh_wire;

/*! \param guess  how many bytes it will be, about; it grows when needed. */
void kh_wire_init(kh_wire *wire, kh_arena *arena, size_t guess);

/*! \retval KH_OK         \a out, in the arena, is what was written.
 *  \retval KH_E_MEMORY   the arena ran out on the way; \a out untouched. */
KH_MUSTCHECK kh_rc kh_wire_finish(const kh_wire *wire, kh_text *out);

/*! Slow path of the functions below: makes room for \a size bytes or fails. */
bool kh_wire_grow(kh_wire *wire, size_t size);

/*! How much has been written: kept before a submessage's last field, given to kh_wire_message after its first. */
static inline size_t kh_wire_mark(const kh_wire *wire)
{
    return (size_t)(wire->end - wire->at);
}

static inline void kh_wire_raw(kh_wire *wire, kh_text bytes)
{
    if (bytes.length == 0 || ((size_t)(wire->at - wire->begin) < bytes.length && !kh_wire_grow(wire, bytes.length))) {
        return;
    }
    wire->at -= bytes.length;
    memcpy(wire->at, bytes.data, bytes.length);
}

static inline void kh_wire_varint(kh_wire *wire, uint64_t value)
{
    size_t size = 1;
    for (uint64_t rest = value; rest >= 0x80; rest >>= 7) {
        size++;
    }
    if ((size_t)(wire->at - wire->begin) < size && !kh_wire_grow(wire, size)) {
        return;
    }
    wire->at -= size;
    for (size_t i = 0; i + 1 < size; i++) {
        wire->at[i] = (char)(unsigned char)(value | 0x80);
        value >>= 7;
    }
    wire->at[size - 1] = (char)value;
}

/*! A varint field, written even if 0: where a field has presence. */
static inline void kh_wire_present(kh_wire *wire, uint32_t field, uint64_t value)
{
    kh_wire_varint(wire, value);
    kh_wire_varint(wire, (uint64_t)field << 3);
}

/*! uint32, uint64, bool, enum; int32 and int64 cast to it through int64_t. */
static inline void kh_wire_uint(kh_wire *wire, uint32_t field, uint64_t value)
{
    if (value != 0) {
        kh_wire_present(wire, field, value);
    }
}

static inline uint64_t kh_wire_zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

/*! sint32 and sint64. */
static inline void kh_wire_sint(kh_wire *wire, uint32_t field, int64_t value)
{
    kh_wire_uint(wire, field, kh_wire_zigzag(value));
}

/*! What has been written since the mark becomes the field: a submessage, or packed values. */
static inline void kh_wire_message(kh_wire *wire, uint32_t field, size_t mark)
{
    kh_wire_varint(wire, kh_wire_mark(wire) - mark);
    kh_wire_varint(wire, (uint64_t)field << 3 | 2);
}

/*! A string or bytes, written even if empty: an element of a repeated field. */
static inline void kh_wire_element(kh_wire *wire, uint32_t field, kh_text bytes)
{
    size_t mark = kh_wire_mark(wire);
    kh_wire_raw(wire, bytes);
    kh_wire_message(wire, field, mark);
}

/*! A string or bytes. */
static inline void kh_wire_text(kh_wire *wire, uint32_t field, kh_text bytes)
{
    if (bytes.length > 0) {
        kh_wire_element(wire, field, bytes);
    }
}

#endif
