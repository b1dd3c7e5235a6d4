/* proto3's canonical JSON mapping, over the descriptors: any message of ours, both ways. Private to this room. */
#ifndef KH_CODEC_JSON_H
#define KH_CODEC_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "codec/text_buffer.h"

/*! Reads JSON into a message's deterministic protobuf. Accepted: lowerCamelCase and original names, enums by name and
 *  number, 32 and 64 bit integers as numbers or strings, RFC 3339 instants, both alphabets of base64; null is absent.
 *  Refused: what the message does not have, a field or a oneof twice, numbers out of range.
 *  \param path     what to call the message in \a problem ("event"); may be empty.
 *  \param out      in the arena; untouched unless KH_OK. \param problem  set only on KH_E_REFUSED: place and mend.
 *  \retval KH_OK, KH_E_REFUSED, KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_json_read_value(const ProtobufCMessageDescriptor *descriptor, const json_t *value,
                                      const char *path, kh_arena *arena, kh_text *out, kh_text *problem);

/*! The same from text. */
KH_MUSTCHECK kh_rc kh_json_read(const ProtobufCMessageDescriptor *descriptor, kh_text json, kh_arena *arena,
                                kh_text *out, kh_text *problem);

/*! Parses text as strictly as kh_json_read does: no member twice.
 *  \param out  to be given to json_decref. \retval KH_OK, KH_E_REFUSED (then \a problem), KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_json_load(kh_text json, kh_arena *arena, json_t **out, kh_text *problem);

/*! Prints a message made by kh_proto_unpack: canonical, compact, fields by number, UTF-8 as it is.
 *  \retval KH_OK         added to \a out (whose own failure is seen when it is finished).
 *  \retval KH_E_REFUSED  the message has no JSON: a text that is not UTF-8, an instant out of range. */
KH_MUSTCHECK kh_rc kh_json_write(const ProtobufCMessage *message, kh_text_buffer *out);

/*! A JSON string with its quotes. \return false if the text is not UTF-8; \a out is then spoilt. */
KH_MUSTCHECK bool kh_json_write_text(kh_text text, kh_text_buffer *out);

/*! The lowerCamelCase of a field's name. \param out  at least 64 bytes; NUL-terminated. */
void kh_json_name(const char *name, char *out);

/*! Whether the message is google.protobuf.Timestamp, which has a form of its own. */
bool kh_json_is_timestamp(const ProtobufCMessageDescriptor *descriptor);

#endif
