#include "codec/store.h"

#include "codec/event_body.h"
#include "codec/proto.h"
#include "codec/store_ids.h"
#include "codec/wire_parts.h"
#include "kakehashi/store/v1/store.pb-c.h"

/* Writers begin with the last field: see codec/wire.h. */

static void write_instant(kh_wire *wire, uint32_t field, kh_instant instant)
{
    if (instant != KH_INSTANT_NONE) {
        kh_wire_present(wire, field, kh_wire_zigzag(instant));
    }
}

static void write_day(kh_wire *wire, uint32_t field, kh_day day)
{
    if (day != KH_DAY_NONE) {
        kh_wire_present(wire, field, kh_wire_zigzag(day));
    }
}

static bool write_status(kh_wire *wire, uint32_t field, const kh_status *status)
{
    char digest[KH_DIGEST_BYTES];
    if (status == NULL || !kh_digest_parse(status->pack->sha256, digest)) {
        return false;
    }
    size_t mark = kh_wire_mark(wire);
    write_instant(wire, 17, status->public_next_change_at);
    write_instant(wire, 16, status->public_since);
    if (status->validity != NULL) {
        size_t inner = kh_wire_mark(wire);
        kh_wire_sint(wire, 2, status->validity->until);
        kh_wire_sint(wire, 1, status->validity->from);
        kh_wire_message(wire, 15, inner);
    }
    kh_wire_details(wire, 14, status->details);
    kh_wire_uint(wire, 13, (uint64_t)status->basis_state);
    kh_wire_text(wire, 12, status->basis);
    for (uint32_t i = status->translation_count; i-- > 0;) {
        kh_wire_element(wire, 11, status->translations[i]);
    }
    kh_wire_uint(wire, 10, (uint64_t)status->no_counterpart);
    kh_wire_text(wire, 9, (kh_text){(const char *)status->grounds, status->ground_count});
    kh_wire_uint(wire, 8, status->under_consultation);
    kh_wire_uint(wire, 7, status->recognised_level);
    kh_wire_uint(wire, 6, status->level);
    write_instant(wire, 5, status->next_change_at);
    write_instant(wire, 4, status->since);
    kh_wire_uint(wire, 3, status->reasons);
    kh_wire_uint(wire, 2, (uint64_t)status->outcome);
    kh_wire_text(wire, 1, (kh_text){digest, sizeof digest});
    kh_wire_message(wire, field, mark);
    return true;
}

static bool write_obligation(kh_wire *wire, uint32_t field, const kh_obligation *obligation)
{
    if (obligation == NULL) {
        return false;
    }
    size_t mark = kh_wire_mark(wire);
    write_day(wire, 14, obligation->confirmed_on);
    kh_wire_uint(wire, 13, obligation->late);
    write_day(wire, 12, obligation->discharged_on);
    kh_wire_uint(wire, 11, (uint64_t)obligation->state);
    kh_wire_uint(wire, 10, obligation->provisional);
    write_day(wire, 9, obligation->earliest_due_on);
    write_day(wire, 8, obligation->due_on);
    kh_wire_sint(wire, 7, obligation->arose_on);
    kh_wire_text(wire, 6, obligation->towards);
    for (uint32_t i = obligation->obliged_count; i-- > 0;) {
        kh_wire_element(wire, 5, obligation->obliged[i]);
    }
    kh_wire_text(wire, 4, obligation->host);
    kh_wire_text(wire, 3, obligation->arrangement);
    kh_wire_text(wire, 2, obligation->subject);
    kh_wire_uint(wire, 1, (uint64_t)obligation->kind);
    kh_wire_message(wire, field, mark);
    return true;
}

static bool write_dead_letter(kh_wire *wire, const kh_record *record, kh_refusal_code code)
{
    if (record == NULL) {
        return false;
    }
    size_t mark = kh_wire_mark(wire);
    kh_wire_uint(wire, 4, (uint64_t)code);
    kh_wire_uint(wire, 3, (uint64_t)record->offset);
    kh_wire_uint(wire, 2, (uint64_t)(int64_t)record->partition);
    kh_wire_text(wire, 1, record->topic);
    kh_wire_message(wire, 4, mark);
    return true;
}

/* The fields of a Decision, without its head. */
static bool write_decision(kh_wire *wire, kh_result_kind kind, const kh_status *status, const kh_obligation *obligation)
{
    switch (kind) {
    case KH_RESULT_STATUS:
        return write_status(wire, 1, status);
    case KH_RESULT_OBLIGATION:
        return write_obligation(wire, 2, obligation);
    case KH_RESULT_OBLIGATION_GONE:
        kh_wire_message(wire, 3, kh_wire_mark(wire));
        return true;
    default:
        return false;
    }
}

kh_rc kh_store_result_encode(const kh_result *result, kh_arena *arena, kh_text *out)
{
    kh_wire wire;
    kh_wire_init(&wire, arena, 192 + (result->status == NULL ? 0 : kh_details_size(result->status->details)));
    bool written = result->kind == KH_RESULT_DEAD_LETTER
                       ? write_dead_letter(&wire, result->record, result->refusal.code)
                       : write_decision(&wire, result->kind, result->status, result->obligation);
    return written ? kh_wire_finish(&wire, out) : KH_E_INTERNAL;
}

kh_rc kh_store_keys_encode(const kh_key_state *keys, uint32_t count, kh_arena *arena, kh_text *out)
{
    size_t size = 32;
    for (uint32_t i = 0; i < count; i++) {
        size += 192 + (keys[i].status == NULL ? 0 : kh_details_size(keys[i].status->details));
    }
    kh_wire wire;
    kh_wire_init(&wire, arena, size);
    for (uint32_t i = count; i-- > 0;) {
        size_t mark = kh_wire_mark(&wire);
        kh_wire_sint(&wire, 5, keys[i].seq);
        kh_wire_uint(&wire, 4, keys[i].public_version);
        kh_wire_uint(&wire, 3, keys[i].version);
        size_t inner = kh_wire_mark(&wire);
        if (!write_decision(&wire, keys[i].kind, keys[i].status, keys[i].obligation)) {
            return KH_E_INTERNAL;
        }
        kh_wire_message(&wire, 2, inner);
        kh_wire_text(&wire, 1, keys[i].key);
        kh_wire_message(&wire, 1, mark);
    }
    return kh_wire_finish(&wire, out);
}

static const kh_rule_pack *find_pack(const kh_rule_book *book, const char *digest)
{
    for (uint32_t i = 0; i < book->pack_count; i++) {
        if (kh_digest_equal(digest, book->packs[i]->sha256)) {
            return book->packs[i];
        }
    }
    return NULL;
}

static kh_rc read_texts(char *const *strings, size_t count, kh_arena *arena, const kh_text **out)
{
    kh_text *texts = kh_arena_allocate_array(arena, count, sizeof *texts);
    if (texts == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        texts[i] = kh_proto_text(strings[i]);
    }
    *out = texts;
    return KH_OK;
}

/* What no encoder writes: numbers that are no member of their enum, a recognised status without details. */
static bool status_is_sound(const Kakehashi__Store__V1__Status *message)
{
    for (size_t i = 0; i < message->grounds.len; i++) {
        if (message->grounds.data[i] < KH_GROUND_HEALTH_OR_SAFETY ||
            message->grounds.data[i] > KH_GROUND_REQUIREMENTS) {
            return false;
        }
    }
    return message->outcome >= KH_OUTCOME_RECOGNISED && message->outcome <= KH_OUTCOME_BARRED_BY_MEASURE &&
           message->reasons < UINT32_C(1) << KH_REASON_COUNT && message->basis_state <= KH_BASIS_EXCLUDED &&
           message->no_counterpart <= KH_NO_COUNTERPART_NOT_REQUIRED &&
           (message->outcome == KH_OUTCOME_INCOMPLETE || (message->details != NULL && message->validity != NULL));
}

static kh_rc read_parts(const Kakehashi__Store__V1__Status *message, kh_arena *arena, kh_status *status)
{
    kh_rc rc = read_texts(message->translations, message->n_translations, arena, &status->translations);
    status->translation_count = (uint32_t)message->n_translations;
    if (rc == KH_OK && message->details != NULL) {
        rc = kh_details_read(message->details, arena, &status->details);
    }
    if (rc == KH_OK && message->validity != NULL) {
        kh_validity *validity = kh_arena_allocate(arena, sizeof *validity);
        if (validity == NULL) {
            return KH_E_MEMORY;
        }
        *validity = (kh_validity){message->validity->from, message->validity->until};
        status->validity = validity;
    }
    return rc;
}

static kh_rc read_status(const kh_rule_book *book, kh_text key, const Kakehashi__Store__V1__Status *message,
                         kh_arena *arena, const kh_status **out)
{
    const char *at = key.length == 0 ? NULL : memchr(key.data, '@', key.length);
    if (at == NULL || message->rule_pack_sha256.len != KH_DIGEST_BYTES || !status_is_sound(message)) {
        return KH_E_INTERNAL;
    }
    const kh_rule_pack *pack = find_pack(book, (const char *)message->rule_pack_sha256.data);
    kh_status *status = kh_arena_allocate(arena, sizeof *status);
    if (pack == NULL || status == NULL) {
        return pack == NULL ? KH_E_CONFIGURATION : KH_E_MEMORY;
    }
    size_t label_length = (size_t)(at - key.data);
    *status = (kh_status){
        .label = {key.data, label_length},
        .host = {at + 1, key.length - label_length - 1},
        .pack = pack,
        .outcome = (kh_outcome)message->outcome,
        .reasons = message->reasons,
        .since = message->since_presence_case == 0 ? KH_INSTANT_NONE : message->since,
        .next_change_at = message->next_change_at_presence_case == 0 ? KH_INSTANT_NONE : message->next_change_at,
        .level = message->level,
        .recognised_level = message->recognised_level,
        .under_consultation = message->under_consultation != 0,
        .grounds = message->grounds.data,
        .ground_count = (uint32_t)message->grounds.len,
        .no_counterpart = (kh_no_counterpart)message->no_counterpart,
        .basis = kh_proto_text(message->basis),
        .basis_state = (kh_basis_state)message->basis_state,
        .public_since = message->public_since_presence_case == 0 ? KH_INSTANT_NONE : message->public_since,
        .public_next_change_at =
            message->public_next_change_at_presence_case == 0 ? KH_INSTANT_NONE : message->public_next_change_at,
    };
    kh_rc rc = read_parts(message, arena, status);
    if (rc == KH_OK) {
        *out = status;
    }
    return rc;
}

static kh_rc read_obligation(const Kakehashi__Store__V1__Obligation *message, kh_arena *arena,
                             const kh_obligation **out)
{
    if (message->kind < KH_OBLIGATION_REVOCATION_NOTICE || message->kind > KH_OBLIGATION_YEARLY_CONSULTATION ||
        message->state < KH_OBLIGATION_OPEN || message->state > KH_OBLIGATION_DISCHARGED ||
        message->n_obliged > KH_PARTICIPANTS) {
        return KH_E_INTERNAL;
    }
    kh_obligation *obligation = kh_arena_allocate(arena, sizeof *obligation);
    if (obligation == NULL) {
        return KH_E_MEMORY;
    }
    *obligation = (kh_obligation){
        .kind = (kh_obligation_kind)message->kind,
        .subject = kh_proto_text(message->subject),
        .arrangement = kh_proto_text(message->arrangement),
        .host = kh_proto_text(message->host),
        .obliged_count = (uint32_t)message->n_obliged,
        .towards = kh_proto_text(message->towards),
        .arose_on = message->arose_on,
        .due_on = message->due_on_presence_case == 0 ? KH_DAY_NONE : message->due_on,
        .earliest_due_on = message->earliest_due_on_presence_case == 0 ? KH_DAY_NONE : message->earliest_due_on,
        .provisional = message->provisional != 0,
        .state = (kh_obligation_state)message->state,
        .discharged_on = message->discharged_on_presence_case == 0 ? KH_DAY_NONE : message->discharged_on,
        .late = message->late != 0,
        .confirmed_on = message->confirmed_on_presence_case == 0 ? KH_DAY_NONE : message->confirmed_on,
    };
    for (size_t i = 0; i < message->n_obliged; i++) {
        obligation->obliged[i] = kh_proto_text(message->obliged[i]);
    }
    *out = obligation;
    return KH_OK;
}

static kh_rc read_dead_letter(const Kakehashi__Store__V1__DeadLetter *message, kh_arena *arena, kh_result *out)
{
    if (message->reason == KH_REFUSAL_NONE || message->reason >= KH_REFUSAL_COUNT) {
        return KH_E_INTERNAL;
    }
    kh_record *record = kh_arena_allocate(arena, sizeof *record);
    if (record == NULL) {
        return KH_E_MEMORY;
    }
    *record = (kh_record){.topic = kh_proto_text(message->topic),
                          .partition = message->partition,
                          .offset = message->offset,
                          .timestamp = KH_INSTANT_NONE};
    out->record = record;
    out->refusal = (kh_refusal){(kh_refusal_code)message->reason, KH_TEXT("")};
    out->kind = KH_RESULT_DEAD_LETTER;
    return KH_OK;
}

/* Into `out`, of which only `key` is read. */
static kh_rc read_decision(const kh_rule_book *book, const Kakehashi__Store__V1__Decision *message, kh_arena *arena,
                           kh_result *out)
{
    switch (message->decision_case) {
    case KAKEHASHI__STORE__V1__DECISION__DECISION_STATUS:
        out->kind = KH_RESULT_STATUS;
        return read_status(book, out->key, message->status, arena, &out->status);
    case KAKEHASHI__STORE__V1__DECISION__DECISION_OBLIGATION:
        out->kind = KH_RESULT_OBLIGATION;
        return read_obligation(message->obligation, arena, &out->obligation);
    case KAKEHASHI__STORE__V1__DECISION__DECISION_OBLIGATION_GONE:
        out->kind = KH_RESULT_OBLIGATION_GONE;
        return KH_OK;
    case KAKEHASHI__STORE__V1__DECISION__DECISION_DEAD_LETTER:
        return read_dead_letter(message->dead_letter, arena, out);
    default:
        return KH_E_INTERNAL;
    }
}

static kh_rc unpack(const ProtobufCMessageDescriptor *descriptor, kh_text bytes, kh_arena *arena,
                    ProtobufCMessage **out)
{
    kh_rc rc = kh_proto_unpack(descriptor, bytes, arena, out);
    return rc == KH_E_REFUSED ? KH_E_INTERNAL : rc;
}

kh_rc kh_store_result_decode(const kh_rule_book *book, kh_text bytes, kh_arena *arena, kh_result *out)
{
    ProtobufCMessage *message = NULL;
    kh_result result = *out;
    kh_rc rc = kh_arena_copy_text(arena, out->key, &result.key);
    if (rc == KH_OK) {
        rc = unpack(&kakehashi__store__v1__decision__descriptor, bytes, arena, &message);
    }
    if (rc == KH_OK) {
        rc = read_decision(book, (const Kakehashi__Store__V1__Decision *)message, arena, &result);
    }
    if (rc == KH_OK) {
        *out = result;
    }
    return rc;
}

static kh_rc read_key(const kh_rule_book *book, const Kakehashi__Store__V1__KeyState *message, kh_arena *arena,
                      kh_key_state *out)
{
    kh_result result = {.key = kh_proto_text(message->key)};
    if (message->decision == NULL ||
        message->decision->decision_case == KAKEHASHI__STORE__V1__DECISION__DECISION_DEAD_LETTER) {
        return KH_E_INTERNAL;
    }
    kh_rc rc = read_decision(book, message->decision, arena, &result);
    *out = (kh_key_state){.key = result.key,
                          .kind = result.kind,
                          .version = message->version,
                          .public_version = message->public_version,
                          .seq = message->seq,
                          .status = result.status,
                          .obligation = result.obligation};
    return rc;
}

kh_rc kh_store_keys_decode(const kh_rule_book *book, kh_text bytes, kh_arena *arena, kh_key_state **out,
                           uint32_t *count)
{
    ProtobufCMessage *unpacked = NULL;
    kh_rc rc = unpack(&kakehashi__store__v1__key_states__descriptor, bytes, arena, &unpacked);
    if (rc != KH_OK) {
        return rc;
    }
    const Kakehashi__Store__V1__KeyStates *message = (const Kakehashi__Store__V1__KeyStates *)unpacked;
    kh_key_state *keys = kh_arena_allocate_array(arena, message->n_keys, sizeof *keys);
    rc = keys == NULL ? KH_E_MEMORY : KH_OK;
    for (size_t i = 0; i < message->n_keys && rc == KH_OK; i++) {
        rc = read_key(book, message->keys[i], arena, &keys[i]);
    }
    if (rc == KH_OK) {
        *out = keys;
        *count = (uint32_t)message->n_keys;
    }
    return rc;
}

kh_rc kh_store_cause_encode(const kh_cause *cause, kh_arena *arena, kh_text *out)
{
    char event_id[KH_UUID_BYTES];
    kh_wire wire;
    kh_wire_init(&wire, arena, 64 + cause->topic.length);
    if (cause->event_id.length > 0) {
        if (!kh_uuid_parse(cause->event_id, event_id)) {
            return KH_E_INTERNAL;
        }
        kh_wire_text(&wire, 5, (kh_text){event_id, sizeof event_id});
    }
    kh_wire_uint(&wire, 4, (uint64_t)cause->offset);
    kh_wire_uint(&wire, 3, (uint64_t)(int64_t)cause->partition);
    kh_wire_text(&wire, 2, cause->topic);
    kh_wire_uint(&wire, 1, (uint64_t)cause->trigger);
    return kh_wire_finish(&wire, out);
}

kh_rc kh_store_cause_decode(kh_text bytes, kh_arena *arena, kh_cause *out)
{
    ProtobufCMessage *unpacked = NULL;
    kh_rc rc = unpack(&kakehashi__store__v1__cause__descriptor, bytes, arena, &unpacked);
    if (rc != KH_OK) {
        return rc;
    }
    const Kakehashi__Store__V1__Cause *message = (const Kakehashi__Store__V1__Cause *)unpacked;
    if (message->trigger > KH_TRIGGER_ARRANGEMENT ||
        (message->event_id.len != 0 && message->event_id.len != KH_UUID_BYTES)) {
        return KH_E_INTERNAL;
    }
    kh_cause cause = {.trigger = (kh_trigger)message->trigger,
                      .topic = kh_proto_text(message->topic),
                      .partition = message->partition,
                      .offset = message->offset,
                      .event_id = KH_TEXT("")};
    if (message->event_id.len != 0) {
        rc = kh_uuid_print((const char *)message->event_id.data, arena, &cause.event_id);
    }
    if (rc == KH_OK) {
        *out = cause;
    }
    return rc;
}
