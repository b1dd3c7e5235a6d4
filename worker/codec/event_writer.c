#include "codec/event_writer.h"

#include "codec/event_body.h"
#include "codec/json.h"
#include "codec/wire.h"

kh_rc kh_event_write(kh_text participant, kh_text subject, const kh_statement *statement, kh_arena *arena, kh_text *out)
{
    kh_wire wire;
    kh_wire_init(&wire, arena, statement->bytes.length + 256);
    kh_wire_element(&wire, (uint32_t)statement->body.kind, statement->bytes);
    size_t mark = kh_wire_mark(&wire);
    kh_wire_uint(&wire, 2, (uint64_t)(int64_t)statement->occurred_nanos);
    kh_wire_uint(&wire, 1, (uint64_t)statement->occurred_seconds);
    kh_wire_message(&wire, 5, mark);
    kh_wire_uint(&wire, 4, statement->revision);
    kh_wire_text(&wire, 3, subject);
    kh_wire_text(&wire, 2, participant);
    kh_wire_text(&wire, 1, statement->event_id);
    return kh_wire_finish(&wire, out);
}

void kh_event_body_name(kh_body_kind kind, char *out)
{
    const char *name = kh_body_name((uint32_t)kind);
    kh_json_name(name == NULL ? "?" : name, out);
}
