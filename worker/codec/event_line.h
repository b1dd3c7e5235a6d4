/* One record as one line of JSON: what samples, offline runs and `publish` read, and exports print.
 *
 *     {"topic":"jp.label-events","timestamp":"2026-06-02T01:00:00Z","event":{...}} */
#ifndef KH_CODEC_EVENT_LINE_H
#define KH_CODEC_EVENT_LINE_H

#include "kakehashi/arena.h"
#include "kakehashi/record.h"
#include "kakehashi/refusal.h"

/*! Reads a line into the record that it stands for; kh_event_read then judges it like any other.
 *  \param line           without its line feed.
 *  \param max_bytes      a longer line is TOO_LARGE.
 *  \param record         always set: topic and timestamp as far as they can be read; key: the event's subject; value:
 * its deterministic protobuf (none if the line has no event). Lives in the arena, but for nothing of it pointing into
 * the line. Partition and offset are 0. \param has_timestamp  whether the line's instant could be read, also of a line
 * that is refused. \param refusal        set only on KH_E_REFUSED. \retval KH_OK, KH_E_REFUSED (TOO_LARGE or
 * UNDECODABLE), KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_event_line_read(kh_text line, size_t max_bytes, kh_arena *arena, kh_record *record,
                                      bool *has_timestamp, kh_refusal *refusal);

/*! Prints a record as such a line, without a line feed; canonical. A record without a value has no "event".
 *  \param out  in the arena; untouched unless KH_OK.
 *  \retval KH_OK, KH_E_MEMORY, or KH_E_REFUSED: the value is no event, or cannot be told in JSON. */
KH_MUSTCHECK kh_rc kh_event_line_print(const kh_record *record, kh_arena *arena, kh_text *out);

/*! Prints an event's bytes as canonical JSON. As kh_event_line_print. */
KH_MUSTCHECK kh_rc kh_event_json(kh_text bytes, kh_arena *arena, kh_text *out);

#endif
