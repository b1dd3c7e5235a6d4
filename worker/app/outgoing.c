#include "app/outgoing.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/heap.h"
#include "codec/store.h"
#include "config/sha256.h"

#define ARENA_BLOCK ((size_t)1 << 18)

/* What is dead-lettered is kept in the database, but for what no row can hold. */
#define DEAD_LETTER_KEPT ((size_t)16 << 20)

void kh_outgoing_init(kh_outgoing *out)
{
    *out = (kh_outgoing){0};
    kh_arena_init(&out->arena, ARENA_BLOCK, kh_heap());
}

void kh_outgoing_reset(kh_outgoing *out)
{
    kh_group_claim_release(out->claim);
    out->claim = NULL;
    out->row_count = 0;
    out->dead_letter_count = 0;
    out->message_count = 0;
    out->offsets = NULL;
    out->offset_count = 0;
    out->marks = NULL;
    out->mark_count = 0;
    out->published = false;
    kh_arena_reset(&out->arena);
}

void kh_outgoing_deinit(kh_outgoing *out)
{
    kh_outgoing_reset(out);
    free(out->rows);
    free(out->dead_letters);
    free(out->messages);
    kh_arena_deinit(&out->arena);
}

kh_rc kh_outgoing_hash(kh_text message, uint64_t *out)
{
    uint8_t digest[KH_SHA256_SIZE];
    kh_rc rc = kh_sha256(message, digest);
    for (size_t i = 0; rc == KH_OK && i < sizeof *out; i++) {
        *out = *out << 8 | digest[i];
    }
    return rc;
}

static kh_header header(const char *name, kh_text value)
{
    return (kh_header){.name = kh_text_of(name), .value = value, .has_value = true};
}

static kh_message *add_message(kh_outgoing *out)
{
    if (!kh_heap_grow((void **)&out->messages, &out->message_size, out->message_count, sizeof *out->messages)) {
        return NULL;
    }
    return &out->messages[out->message_count++];
}

/* Every published record: kh-id, content-type, kh-lane, kh-seq. */
static kh_rc publish(kh_outgoing *out, kh_result_topic topic, int32_t lane, const kh_result *result, uint32_t version,
                     const char *content_type, const kh_text *value)
{
    kh_header *headers = kh_arena_allocate_array(&out->arena, 4, sizeof *headers);
    kh_message *message = headers == NULL ? NULL : add_message(out);
    if (message == NULL) {
        return KH_E_MEMORY;
    }
    kh_text id = kh_message_id(&out->arena, result->key, version);
    headers[0] = header("kh-id", id);
    headers[1] = header("content-type", kh_text_of(content_type));
    headers[2] = header("kh-lane", kh_arena_number(&out->arena, lane));
    headers[3] = header("kh-seq", kh_arena_number(&out->arena, result->seq));
    *message = (kh_message){
        .topic = topic,
        .partition = lane,
        .has_key = true,
        .has_value = value != NULL,
        .key = {id.data, result->key.length}, /* the id begins with it, and lives as long as the message */
        .value = value == NULL ? (kh_text){"", 0} : *value,
        .timestamp = KH_INSTANT_NONE,
        .headers = headers,
        .header_count = 4,
    };
    return kh_arena_failed(&out->arena) ? KH_E_MEMORY : KH_OK;
}

static kh_rc publish_status(kh_outgoing *out, kh_message_cache *cache, int32_t lane, const kh_result *result,
                            kh_result_row *row)
{
    kh_text value = {"", 0};
    kh_rc rc = KH_OK;
    if (result->version != 0) {
        rc = kh_message_status(cache, result, &out->arena, &value);
        if (rc == KH_OK) {
            rc = kh_outgoing_hash(value, &row->message_hash);
        }
        if (rc == KH_OK) {
            rc = publish(out, KH_TOPIC_STATUS, lane, result, result->version, KH_CONTENT_TYPE_STATUS, &value);
        }
    }
    if (rc == KH_OK && result->public_version != 0) {
        rc = kh_message_public(cache, result, &out->arena, &value);
        if (rc == KH_OK) {
            rc = kh_outgoing_hash(value, &row->public_hash);
        }
        if (rc == KH_OK) {
            rc = publish(out, KH_TOPIC_PUBLIC, lane, result, result->public_version, KH_CONTENT_TYPE_PUBLIC, &value);
        }
    }
    return rc;
}

static kh_rc publish_obligation(kh_outgoing *out, int32_t lane, const kh_result *result, kh_result_row *row)
{
    kh_text value = {"", 0};
    bool gone = result->kind == KH_RESULT_OBLIGATION_GONE;
    kh_rc rc = gone ? KH_OK : kh_message_obligation(result, &out->arena, &value);
    if (rc == KH_OK) {
        rc = kh_outgoing_hash(value, &row->message_hash);
    }
    if (rc != KH_OK) {
        return rc;
    }
    return publish(out, KH_TOPIC_OBLIGATIONS, lane, result, result->version, KH_CONTENT_TYPE_OBLIGATION,
                   gone ? NULL : &value);
}

/* Headers are kept in the database as lines "name=hex of value"; a header without a value has no "=". */
static kh_rc encode_headers(kh_arena *arena, const kh_record *record, kh_text *out)
{
    size_t size = 0;
    for (uint32_t i = 0; i < record->header_count; i++) {
        size += record->headers[i].name.length + 2 * record->headers[i].value.length + 2;
    }
    char *text = kh_arena_allocate_raw(arena, size + 1);
    if (text == NULL) {
        return KH_E_MEMORY;
    }
    char *next = text;
    for (uint32_t i = 0; i < record->header_count; i++) {
        const kh_header *of = &record->headers[i];
        memcpy(next, of->name.data, of->name.length);
        next += of->name.length;
        if (of->has_value) {
            *next++ = '=';
            for (size_t b = 0; b < of->value.length; b++) {
                static const char digits[] = "0123456789abcdef";
                unsigned char byte = (unsigned char)of->value.data[b];
                *next++ = digits[byte >> 4];
                *next++ = digits[byte & 15];
            }
        }
        *next++ = '\n';
    }
    *out = (kh_text){text, (size_t)(next - text)};
    return KH_OK;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c - 'a' + 10;
}

static kh_rc decode_headers(kh_arena *arena, kh_text text, kh_record *record)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.length; i++) {
        count += text.data[i] == '\n';
    }
    kh_header *headers = kh_arena_allocate_array(arena, count, sizeof *headers);
    if (headers == NULL) {
        return KH_E_MEMORY;
    }
    const char *next = text.data;
    for (uint32_t i = 0; i < count; i++) {
        const char *end = memchr(next, '\n', (size_t)(text.data + text.length - next));
        const char *equals = memrchr(next, '=', (size_t)(end - next));
        headers[i].name = (kh_text){next, (size_t)((equals == NULL ? end : equals) - next)};
        if (equals != NULL) {
            size_t length = (size_t)(end - equals - 1) / 2;
            char *value = kh_arena_allocate_raw(arena, length);
            if (value == NULL) {
                return KH_E_MEMORY;
            }
            for (size_t b = 0; b < length; b++) {
                value[b] = (char)(hex_digit(equals[1 + 2 * b]) << 4 | hex_digit(equals[2 + 2 * b]));
            }
            headers[i].has_value = true;
            headers[i].value = (kh_text){value, length};
        }
        next = end + 1;
    }
    record->headers = headers;
    record->header_count = count;
    return KH_OK;
}

/* What lives in the batch's arena must live until it is published. */
static kh_rc keep_record(kh_outgoing *out, const kh_record *record, kh_text *key, kh_text *value, kh_header *headers)
{
    kh_rc rc = kh_arena_copy_text(&out->arena, record->key, key);
    if (rc == KH_OK) {
        rc = kh_arena_copy_text(&out->arena, record->value, value);
    }
    for (uint32_t i = 0; rc == KH_OK && i < record->header_count; i++) {
        headers[i] = record->headers[i];
        rc = kh_arena_copy_text(&out->arena, headers[i].name, &headers[i].name);
        if (rc == KH_OK) {
            rc = kh_arena_copy_text(&out->arena, headers[i].value, &headers[i].value);
        }
    }
    return rc;
}

/* A dead letter: the refused record unchanged, with where it came from and why, then its own headers. */
static kh_rc publish_dead_letter(kh_outgoing *out, int32_t lane, int64_t seq, const kh_record *record, kh_text reason,
                                 kh_text detail, size_t value_size)
{
    kh_arena *arena = &out->arena;
    bool too_large = kh_text_equal(reason, KH_TEXT("TOO_LARGE"));
    uint32_t own = record->header_count;
    kh_header *headers = kh_arena_allocate_array(arena, own + 11, sizeof *headers);
    kh_message *message = headers == NULL ? NULL : add_message(out);
    if (message == NULL) {
        return KH_E_MEMORY;
    }
    uint32_t count = 0;
    headers[count++] = header("kh-id", kh_arena_print(arena, "%.*s/%" PRId32 "/%" PRId64, KH_TEXT_ARGS(record->topic),
                                                      record->partition, record->offset));
    headers[count++] = header("kh-lane", kh_arena_print(arena, "%" PRId32, lane));
    headers[count++] = header("kh-seq", kh_arena_print(arena, "%" PRId64, seq));
    headers[count++] = header("kh-topic", kh_arena_join(arena, &record->topic, 1));
    headers[count++] = header("kh-partition", kh_arena_print(arena, "%" PRId32, record->partition));
    headers[count++] = header("kh-offset", kh_arena_print(arena, "%" PRId64, record->offset));
    headers[count++] = header("kh-timestamp", kh_arena_print(arena, "%" PRId64, record->timestamp));
    headers[count++] = header("kh-reason", reason);
    headers[count++] = header("kh-detail", kh_arena_join(arena, &detail, 1));
    if (too_large) {
        headers[count++] = header("kh-size", kh_arena_print(arena, "%zu", value_size));
    }
    kh_text key = {"", 0};
    kh_text value = {"", 0};
    kh_rc rc = keep_record(out, record, &key, &value, headers + count);
    if (rc != KH_OK) {
        return rc;
    }
    *message = (kh_message){
        .topic = KH_TOPIC_DEAD_LETTERS,
        .partition = lane,
        .has_key = record->has_key,
        .has_value = record->has_value && !too_large,
        .key = key,
        .value = value,
        .timestamp = KH_INSTANT_NONE,
        .headers = headers,
        .header_count = count + own,
    };
    return kh_arena_failed(arena) ? KH_E_MEMORY : KH_OK;
}

static kh_rc add_dead_letter(kh_outgoing *out, kh_arena *work, int32_t lane, const kh_result *result)
{
    const kh_record *record = result->record;
    if (!kh_heap_grow((void **)&out->dead_letters, &out->dead_letter_size, out->dead_letter_count,
                      sizeof *out->dead_letters)) {
        return KH_E_MEMORY;
    }
    kh_dead_letter_row row = {
        .lane = lane,
        .seq = result->seq,
        .topic = record->topic,
        .offset = record->offset,
        .record_timestamp = record->timestamp,
        .reason = kh_text_of(kh_refusal_name((int)result->refusal.code)),
        .detail = result->refusal.detail,
        .has_key = record->has_key,
        .key = record->key,
        .has_value = record->has_value,
        .value = {record->value.data,
                  record->value.length < DEAD_LETTER_KEPT ? record->value.length : DEAD_LETTER_KEPT},
        .value_size = (int64_t)record->value.length,
    };
    kh_rc rc = encode_headers(work, record, &row.headers);
    if (rc != KH_OK) {
        return rc;
    }
    out->dead_letters[out->dead_letter_count++] = row;
    return publish_dead_letter(out, lane, result->seq, record, row.reason, row.detail, record->value.length);
}

kh_rc kh_outgoing_add(kh_outgoing *out, kh_arena *work, kh_message_cache *cache, int32_t lane, const kh_result *result)
{
    if (!kh_heap_grow((void **)&out->rows, &out->row_size, out->row_count, sizeof *out->rows)) {
        return KH_E_MEMORY;
    }
    kh_result_row row = {
        .lane = lane,
        .seq = result->seq,
        .kind = (int16_t)result->kind,
        .key = result->key,
        .subject = result->subject,
        .status_version = result->version,
        .public_version = result->public_version,
        .decided_at = result->decided_at,
        .previous_seq = result->previous_seq < 0 ? KH_SEQ_NONE : result->previous_seq,
    };
    kh_rc rc = kh_store_result_encode(result, work, &row.decision);
    if (rc == KH_OK) {
        rc = kh_store_cause_encode(&result->cause, work, &row.cause);
    }
    if (rc != KH_OK) {
        return rc;
    }
    switch (result->kind) {
    case KH_RESULT_STATUS:
        rc = publish_status(out, cache, lane, result, &row);
        break;
    case KH_RESULT_OBLIGATION:
    case KH_RESULT_OBLIGATION_GONE:
        rc = publish_obligation(out, lane, result, &row);
        break;
    case KH_RESULT_DEAD_LETTER:
        row.key = kh_arena_print(work, "%.*s/%" PRId32 "/%" PRId64, KH_TEXT_ARGS(result->record->topic),
                                 result->record->partition, result->record->offset);
        rc = add_dead_letter(out, work, lane, result);
        break;
    }
    if (rc == KH_OK) {
        out->rows[out->row_count++] = row;
    }
    return rc;
}

kh_rc kh_outgoing_add_row(kh_outgoing *out, kh_message_cache *cache, const kh_rule_book *book, const kh_result_row *row,
                          const kh_dead_letter_row *dead_letter)
{
    kh_result result = {.key = row->key};
    kh_result_row unused = {0};
    kh_rc rc = kh_store_result_decode(book, row->decision, &out->arena, &result);
    if (rc == KH_OK) {
        rc = kh_store_cause_decode(row->cause, &out->arena, &result.cause);
    }
    if (rc != KH_OK) {
        return rc;
    }
    result.decided_at = row->decided_at;
    result.version = row->status_version;
    result.public_version = row->public_version;
    result.seq = row->seq;
    switch (result.kind) {
    case KH_RESULT_STATUS:
        return publish_status(out, cache, row->lane, &result, &unused);
    case KH_RESULT_OBLIGATION:
    case KH_RESULT_OBLIGATION_GONE:
        return publish_obligation(out, row->lane, &result, &unused);
    case KH_RESULT_DEAD_LETTER:
        break;
    }
    if (dead_letter == NULL) {
        return KH_E_INTERNAL;
    }
    kh_record record = {.topic = dead_letter->topic,
                        .partition = row->lane,
                        .offset = dead_letter->offset,
                        .timestamp = dead_letter->record_timestamp,
                        .has_key = dead_letter->has_key,
                        .has_value = dead_letter->has_value,
                        .key = dead_letter->key,
                        .value = dead_letter->value};
    rc = decode_headers(&out->arena, dead_letter->headers, &record);
    if (rc != KH_OK) {
        return rc;
    }
    return publish_dead_letter(out, row->lane, row->seq, &record, dead_letter->reason, dead_letter->detail,
                               (size_t)dead_letter->value_size);
}

/* ---- the published mark, in the metadata of the group's offsets ---- */

kh_rc kh_outgoing_add_lane(kh_outgoing *out, kh_text deployment, int32_t lane, int64_t next_seq,
                           const char *const *topics, const int64_t *next_offsets, size_t topic_count)
{
    kh_arena *arena = &out->arena;
    kh_lane_mark *marks = kh_arena_allocate_array(arena, out->mark_count + 1, sizeof *marks);
    kh_lane_offset *offsets = kh_arena_allocate_array(arena, out->offset_count + topic_count, sizeof *offsets);
    kh_text metadata = kh_arena_print(arena, "kakehashi/1 %" PRId64 " %.*s", next_seq, KH_TEXT_ARGS(deployment));
    if (marks == NULL || offsets == NULL || metadata.length == 0) {
        return KH_E_MEMORY;
    }
    if (out->mark_count > 0) {
        memcpy(marks, out->marks, out->mark_count * sizeof *marks);
        memcpy(offsets, out->offsets, out->offset_count * sizeof *offsets);
    }
    marks[out->mark_count++] = (kh_lane_mark){lane, next_seq};
    for (size_t i = 0; i < topic_count; i++) {
        offsets[out->offset_count++] = (kh_lane_offset){topics[i], lane, next_offsets[i], metadata};
    }
    out->marks = marks;
    out->offsets = offsets;
    return KH_OK;
}

bool kh_mark_parse(kh_text metadata, int64_t *next_seq, kh_text *deployment)
{
    static const char head[] = "kakehashi/1 ";
    size_t at = sizeof head - 1;
    int64_t seq = 0;
    if (metadata.length <= at || memcmp(metadata.data, head, at) != 0) {
        return false;
    }
    size_t first = at;
    for (; at < metadata.length && metadata.data[at] >= '0' && metadata.data[at] <= '9'; at++) {
        if (at - first > 17) {
            return false;
        }
        seq = seq * 10 + (metadata.data[at] - '0');
    }
    if (at == first || at == metadata.length || metadata.data[at] != ' ') {
        return false;
    }
    *next_seq = seq;
    *deployment = (kh_text){metadata.data + at + 1, metadata.length - at - 1};
    return true;
}
