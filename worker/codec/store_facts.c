#include "codec/store.h"

#include "codec/event_body.h"
#include "codec/store_ids.h"
#include "codec/wire.h"
#include "kakehashi/store/v1/store.pb-c.h"

static bool write_statement(kh_wire *wire, const kh_statement *statement)
{
    char event_id[KH_UUID_BYTES];
    size_t mark = kh_wire_mark(wire);
    kh_wire_text(wire, 6, statement->bytes);
    kh_wire_uint(wire, 5, (uint64_t)statement->body.kind);
    kh_wire_uint(wire, 4, (uint64_t)statement->occurred_nanos);
    kh_wire_sint(wire, 3, statement->occurred_seconds);
    kh_wire_uint(wire, 2, statement->revision);
    if (!kh_uuid_parse(statement->event_id, event_id)) {
        return false;
    }
    kh_wire_text(wire, 1, (kh_text){event_id, sizeof event_id});
    kh_wire_message(wire, 2, mark);
    return true;
}

static size_t facts_size(const kh_facts *facts)
{
    size_t size = 32;
    for (uint32_t i = 0; i < facts->part_count; i++) {
        size += 16;
        for (uint32_t k = 0; k < facts->parts[i].statement_count; k++) {
            size += 48 + facts->parts[i].statements[k]->bytes.length;
        }
    }
    return size;
}

kh_rc kh_store_facts_encode(const kh_facts *facts, kh_arena *arena, kh_text *out)
{
    kh_wire wire;
    kh_wire_init(&wire, arena, facts_size(facts));
    for (uint32_t i = facts->part_count; i-- > 0;) {
        const kh_part *part = &facts->parts[i];
        size_t mark = kh_wire_mark(&wire);
        for (uint32_t k = part->statement_count; k-- > 0;) {
            if (!write_statement(&wire, part->statements[k])) {
                return KH_E_INTERNAL;
            }
        }
        kh_wire_text(&wire, 1, part->participant);
        kh_wire_message(&wire, 1, mark);
    }
    return kh_wire_finish(&wire, out);
}

static kh_rc read_statement(const Kakehashi__Store__V1__Statement *message, kh_arena *arena, kh_statement *out)
{
    const ProtobufCMessageDescriptor *descriptor = kh_body_descriptor(message->kind);
    if (descriptor == NULL || message->event_id.len != KH_UUID_BYTES || message->occurred_nanos > 999999999) {
        return KH_E_INTERNAL;
    }
    kh_body_kind kind = (kh_body_kind)message->kind;
    kh_check check = {.arena = arena};
    const kh_place place = KH_PLACE(NULL, kh_body_name(message->kind));
    ProtobufCMessage *body = NULL;
    *out = (kh_statement){.revision = message->revision,
                          .occurred_seconds = message->occurred_seconds,
                          .occurred_nanos = (int32_t)message->occurred_nanos,
                          .bytes = kh_proto_bytes(message->body)};
    kh_rc rc = kh_uuid_print((const char *)message->event_id.data, arena, &out->event_id);
    if (rc == KH_OK) {
        rc = kh_proto_unpack(descriptor, out->bytes, arena, &body);
    }
    if (rc == KH_OK) {
        rc = kh_body_read(kind, body, &check, &place, arena, &out->body);
    }
    if (rc == KH_E_REFUSED || (rc == KH_OK && check.refusal.code != KH_REFUSAL_NONE)) {
        rc = KH_E_INTERNAL; /* it was checked before it was stored */
    }
    return rc;
}

static kh_rc read_part(const Kakehashi__Store__V1__Part *message, kh_arena *arena, kh_part *out)
{
    size_t count = message->n_statements;
    kh_statement *statements = kh_arena_allocate_array(arena, count, sizeof *statements);
    const kh_statement **pointers = kh_arena_allocate_array(arena, count, sizeof *pointers);
    kh_rc rc = statements == NULL || pointers == NULL ? KH_E_MEMORY : KH_OK;
    for (size_t i = 0; i < count && rc == KH_OK; i++) {
        rc = read_statement(message->statements[i], arena, &statements[i]);
        pointers[i] = &statements[i];
    }
    if (rc == KH_OK) {
        *out = (kh_part){.participant = kh_proto_text(message->participant),
                         .statements = pointers,
                         .statement_count = (uint32_t)count};
    }
    return rc;
}

kh_rc kh_store_facts_decode(kh_text bytes, kh_arena *arena, kh_facts *out)
{
    ProtobufCMessage *unpacked = NULL;
    kh_rc rc = kh_proto_unpack(&kakehashi__store__v1__facts__descriptor, bytes, arena, &unpacked);
    if (rc != KH_OK) {
        return rc == KH_E_REFUSED ? KH_E_INTERNAL : rc;
    }
    const Kakehashi__Store__V1__Facts *message = (const Kakehashi__Store__V1__Facts *)unpacked;
    kh_part *parts = kh_arena_allocate_array(arena, message->n_parts, sizeof *parts);
    if (parts == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < message->n_parts && rc == KH_OK; i++) {
        rc = read_part(message->parts[i], arena, &parts[i]);
        if (rc == KH_OK && i > 0 && kh_text_compare(parts[i - 1].participant, parts[i].participant) >= 0) {
            rc = KH_E_INTERNAL;
        }
    }
    return rc == KH_OK ? kh_facts_build(parts, (uint32_t)message->n_parts, arena, out) : rc;
}
