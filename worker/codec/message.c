#include "codec/message.h"

#include <inttypes.h>

#include "codec/json.h"
#include "codec/message_rows.h"
#include "codec/proto.h"
#include "codec/wire_parts.h"
#include "kakehashi/v1/status.pb-c.h"

/* A writer begins with the last field: see codec/wire.h. */

static void write_day(kh_wire *wire, uint32_t field, kh_day day)
{
    if (day != KH_DAY_NONE) {
        char text[KH_DATE_SIZE + 1];
        kh_day_print(day, text);
        kh_wire_text(wire, field, (kh_text){text, KH_DATE_SIZE});
    }
}

static void write_validity(kh_wire *wire, uint32_t field, const kh_validity *validity)
{
    if (validity != NULL) {
        size_t mark = kh_wire_mark(wire);
        write_day(wire, 2, validity->until);
        write_day(wire, 1, validity->from);
        kh_wire_message(wire, field, mark);
    }
}

static void write_cause(kh_wire *wire, uint32_t field, const kh_cause *cause)
{
    if (cause->trigger != 0) {
        size_t mark = kh_wire_mark(wire);
        kh_wire_uint(wire, 5, (uint64_t)cause->trigger);
        kh_wire_text(wire, 4, cause->event_id);
        kh_wire_uint(wire, 3, (uint64_t)cause->offset);
        kh_wire_uint(wire, 2, (uint64_t)(int64_t)cause->partition);
        kh_wire_text(wire, 1, cause->topic);
        kh_wire_message(wire, field, mark);
    }
}

static void write_reasons(kh_wire *wire, uint32_t field, const kh_status *status)
{
    kh_reason reasons[KH_REASON_COUNT];
    for (uint32_t i = kh_status_reasons(status, reasons); i-- > 0;) {
        size_t mark = kh_wire_mark(wire);
        kh_wire_text(wire, 2, kh_reason_article(reasons[i]));
        kh_wire_uint(wire, 1, (uint64_t)reasons[i]);
        kh_wire_message(wire, field, mark);
    }
}

static void write_translations(kh_wire *wire, const kh_status *status)
{
    for (uint32_t i = status->translation_count; i-- > 0;) {
        const kh_residual_item item = {
            .need = KH_NEED_TRANSLATION, .citation = KH_TEXT("Art 4.4"), .document = status->translations[i]};
        kh_wire_residual(wire, KH_STATUS_RESIDUAL_FIELD, &item);
    }
}

static void write_grounds(kh_wire *wire, uint32_t field, const kh_status *status)
{
    if (status->ground_count > 0) {
        size_t mark = kh_wire_mark(wire);
        for (uint32_t i = status->ground_count; i-- > 0;) {
            kh_wire_varint(wire, status->grounds[i]);
        }
        kh_wire_message(wire, field, mark);
    }
}

static void write_basis(kh_wire *wire, uint32_t field, const kh_status *status)
{
    if (status->basis_state != KH_BASIS_NONE) {
        size_t mark = kh_wire_mark(wire);
        kh_wire_uint(wire, 2, (uint64_t)status->basis_state);
        kh_wire_text(wire, 1, status->basis);
        kh_wire_message(wire, field, mark);
    }
}

kh_rc kh_message_status(kh_message_cache *cache, const kh_result *result, kh_arena *arena, kh_text *out)
{
    const kh_status *status = result->status;
    kh_message_rows rows;
    kh_rc rc = kh_message_cache_rows(cache, status, &rows);
    if (rc != KH_OK) {
        return rc;
    }
    kh_wire wire;
    kh_wire_init(&wire, arena, 384 + rows.status.length + kh_details_size(status->details));
    write_cause(&wire, 20, &result->cause);
    kh_wire_text(&wire, 19, status->pack->sha256);
    kh_wire_text(&wire, 18, status->pack->id);
    write_validity(&wire, 17, status->validity);
    kh_wire_details(&wire, 16, status->details);
    write_basis(&wire, 15, status);
    write_translations(&wire, status);
    kh_wire_raw(&wire, rows.status);
    write_grounds(&wire, 13, status);
    kh_wire_uint(&wire, 12, status->under_consultation);
    kh_wire_uint(&wire, 11, status->recognised_level);
    kh_wire_uint(&wire, 10, status->level);
    kh_wire_instant(&wire, 9, status->next_change_at);
    kh_wire_instant(&wire, 8, result->decided_at);
    kh_wire_instant(&wire, 7, status->since);
    write_reasons(&wire, 6, status);
    kh_wire_uint(&wire, 5, (uint64_t)status->outcome);
    kh_wire_uint(&wire, 4, result->version);
    kh_wire_text(&wire, 3, status->pack->arrangement);
    kh_wire_text(&wire, 2, status->host);
    kh_wire_text(&wire, 1, status->label);
    return kh_wire_finish(&wire, out);
}

kh_rc kh_message_public(kh_message_cache *cache, const kh_result *result, kh_arena *arena, kh_text *out)
{
    const kh_status *status = result->status;
    const kh_details *details = status->details;
    kh_message_rows rows;
    kh_rc rc = kh_message_cache_rows(cache, status, &rows);
    if (rc != KH_OK) {
        return rc;
    }
    kh_wire wire;
    kh_wire_init(&wire, arena, 224 + rows.public_status.length + kh_details_size(details));
    kh_wire_text(&wire, 16, status->pack->id);
    write_validity(&wire, 15, status->validity);
    if (details != NULL) {
        kh_wire_text(&wire, 14, details->maker);
        kh_wire_text(&wire, 13, details->product);
        kh_wire_text(&wire, 12, details->category);
        kh_wire_text(&wire, 11, details->registration_number);
    }
    kh_wire_raw(&wire, rows.public_status);
    kh_wire_uint(&wire, 9, status->recognised_level);
    kh_wire_instant(&wire, 8, status->public_next_change_at);
    kh_wire_instant(&wire, 7, result->decided_at);
    kh_wire_instant(&wire, 6, status->public_since);
    kh_wire_uint(&wire, 5, (uint64_t)kh_status_public_outcome(status));
    kh_wire_uint(&wire, 4, result->public_version);
    kh_wire_text(&wire, 3, status->pack->arrangement);
    kh_wire_text(&wire, 2, status->host);
    kh_wire_text(&wire, 1, status->label);
    return kh_wire_finish(&wire, out);
}

kh_rc kh_message_obligation(const kh_result *result, kh_arena *arena, kh_text *out)
{
    const kh_obligation *obligation = result->obligation;
    kh_wire wire;
    kh_wire_init(&wire, arena, 256 + result->key.length + obligation->subject.length);
    kh_wire_text(&wire, 17, kh_obligation_article(obligation->kind));
    kh_wire_instant(&wire, 16, result->decided_at);
    kh_wire_uint(&wire, 15, result->version);
    write_day(&wire, 14, obligation->confirmed_on);
    kh_wire_uint(&wire, 13, obligation->late);
    write_day(&wire, 12, obligation->discharged_on);
    kh_wire_uint(&wire, 11, (uint64_t)obligation->state);
    kh_wire_uint(&wire, 10, obligation->provisional);
    write_day(&wire, 9, obligation->earliest_due_on);
    write_day(&wire, 8, obligation->due_on);
    write_day(&wire, 7, obligation->arose_on);
    kh_wire_text(&wire, 6, obligation->towards);
    for (uint32_t i = obligation->obliged_count; i-- > 0;) {
        kh_wire_element(&wire, 5, obligation->obliged[i]);
    }
    kh_wire_text(&wire, 4, obligation->arrangement);
    kh_wire_text(&wire, 3, obligation->subject);
    kh_wire_uint(&wire, 2, (uint64_t)obligation->kind);
    kh_wire_text(&wire, 1, result->key);
    return kh_wire_finish(&wire, out);
}

kh_text kh_message_id(kh_arena *arena, kh_text key, uint32_t version)
{
    const kh_text parts[] = {key, KH_TEXT("#"), kh_arena_number(arena, version)};
    return parts[2].length == 0 ? parts[2] : kh_arena_join(arena, parts, 3);
}

static const struct {
    const ProtobufCMessageDescriptor *descriptor;
    const char *name;
} KINDS[] = {
    [KH_MESSAGE_STATUS] = {&kakehashi__v1__recognition_status__descriptor, "status"},
    [KH_MESSAGE_PUBLIC] = {&kakehashi__v1__public_status__descriptor, "public"},
    [KH_MESSAGE_OBLIGATION] = {&kakehashi__v1__obligation__descriptor, "obligation"},
};

static kh_rc write_json(kh_message_kind kind, kh_text bytes, kh_arena *arena, kh_text_buffer *out)
{
    ProtobufCMessage *message = NULL;
    kh_rc rc = kh_proto_unpack(KINDS[kind].descriptor, bytes, arena, &message);
    return rc == KH_OK ? kh_json_write(message, out) : rc;
}

kh_rc kh_message_to_json(kh_message_kind kind, kh_text bytes, kh_arena *arena, kh_text *out)
{
    kh_text_buffer buffer;
    if (kind == KH_MESSAGE_OBLIGATION_GONE) {
        return KH_E_REFUSED; /* has no bytes */
    }
    kh_text_buffer_init(&buffer, arena, 2048);
    kh_rc rc = write_json(kind, bytes, arena, &buffer);
    return rc == KH_OK ? kh_text_buffer_finish(&buffer, out) : rc;
}

static kh_rc json_gone(kh_text key, kh_arena *arena, kh_text *out)
{
    kh_text_buffer buffer;
    kh_text_buffer_init(&buffer, arena, 128);
    kh_text_buffer_add_string(&buffer, "{\"obligationGone\":{\"id\":");
    bool valid = kh_json_write_text(key, &buffer);
    kh_text_buffer_add_string(&buffer, "}}");
    return valid ? kh_text_buffer_finish(&buffer, out) : KH_E_INTERNAL;
}

kh_rc kh_message_json(kh_message_cache *cache, const kh_result *result, kh_message_kind kind, kh_arena *arena,
                      kh_text *out)
{
    kh_text bytes = KH_TEXT("");
    kh_rc rc = KH_OK;
    switch (kind) {
    case KH_MESSAGE_STATUS:
        rc = kh_message_status(cache, result, arena, &bytes);
        break;
    case KH_MESSAGE_PUBLIC:
        rc = kh_message_public(cache, result, arena, &bytes);
        break;
    case KH_MESSAGE_OBLIGATION:
        rc = kh_message_obligation(result, arena, &bytes);
        break;
    case KH_MESSAGE_OBLIGATION_GONE:
        return json_gone(result->key, arena, out);
    }
    if (rc != KH_OK) {
        return rc;
    }
    kh_text_buffer buffer;
    kh_text_buffer_init(&buffer, arena, 4096);
    kh_text_buffer_add_string(&buffer, "{\"");
    kh_text_buffer_add_string(&buffer, KINDS[kind].name);
    kh_text_buffer_add_string(&buffer, "\":");
    rc = write_json(kind, bytes, arena, &buffer);
    kh_text_buffer_add_byte(&buffer, '}');
    if (rc == KH_E_REFUSED) {
        rc = KH_E_INTERNAL; /* we made these bytes */
    }
    return rc == KH_OK ? kh_text_buffer_finish(&buffer, out) : rc;
}

kh_rc kh_message_json_dead_letter(uint64_t line, const kh_refusal *refusal, kh_arena *arena, kh_text *out)
{
    kh_text head = kh_arena_print(arena, "{\"deadLetter\":{\"line\":%" PRIu64 ",\"reason\":\"%s\",\"detail\":", line,
                                  kh_refusal_name((int)refusal->code));
    kh_text_buffer buffer;
    kh_text_buffer_init(&buffer, arena, 512);
    kh_text_buffer_add(&buffer, head);
    bool valid = kh_json_write_text(refusal->detail, &buffer);
    kh_text_buffer_add_string(&buffer, "}}");
    if (!valid) {
        return KH_E_INTERNAL;
    }
    return head.length == 0 ? KH_E_MEMORY : kh_text_buffer_finish(&buffer, out);
}
