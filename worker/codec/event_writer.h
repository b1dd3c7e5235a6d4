/* A statement that is kept as the event that it came in: for people who want to see it again. */
#ifndef KH_CODEC_EVENT_WRITER_H
#define KH_CODEC_EVENT_WRITER_H

#include "kakehashi/arena.h"
#include "kakehashi/event.h"

/*! The event in deterministic protobuf; kh_event_json tells it as JSON.
 *  \param out  in the arena; untouched unless KH_OK. \retval KH_OK or KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_event_write(kh_text participant, kh_text subject, const kh_statement *statement, kh_arena *arena,
                                  kh_text *out);

/*! "labelIssued": a body's name in JSON; "?" for a number that is none.
 *  \param out  at least 64 bytes; NUL-terminated. */
void kh_event_body_name(kh_body_kind kind, char *out);

#endif
