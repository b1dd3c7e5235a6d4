#include "codec/proto.h"

#include <assert.h>

/* What the allocator puts before each block: its size. Eight bytes keep everything that protobuf-c stores aligned. */
typedef struct block_head {
    uint64_t size;
} block_head;

typedef struct allocation {
    kh_arena *arena;
    bool failed; /* the arena's own flag may be older than this message */
} allocation;

static void *allocate(void *self, size_t size)
{
    allocation *on = self;
    block_head *head = size > SIZE_MAX - sizeof *head ? NULL : kh_arena_allocate_raw(on->arena, sizeof *head + size);
    if (head == NULL) {
        on->failed = true;
        return NULL;
    }
    head->size = size;
    return head + 1;
}

static void release(void *self, void *block)
{
    /* The arena frees everything at once. */
    (void)self;
    (void)block;
}

kh_rc kh_proto_unpack(const ProtobufCMessageDescriptor *descriptor, kh_text bytes, kh_arena *arena,
                      ProtobufCMessage **out)
{
    allocation on = {arena, false};
    ProtobufCAllocator allocator = {allocate, release, &on};
    /* protobuf-c computes with the pointer even if there is nothing behind it. */
    const uint8_t *data = bytes.data == NULL ? (const uint8_t *)"" : (const uint8_t *)bytes.data;
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, bytes.length, data);
    if (message == NULL) {
        return on.failed ? KH_E_MEMORY : KH_E_REFUSED;
    }
    *out = message;
    return KH_OK;
}

kh_text kh_proto_text(const char *string)
{
    if (string == NULL || string == protobuf_c_empty_string) {
        return KH_TEXT("");
    }
    /* protobuf-c asks for exactly one byte more than the string has. */
    const block_head *head = (const block_head *)(const void *)string - 1;
    return (kh_text){string, (size_t)head->size - 1};
}

static bool is_present(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        return *(const uint32_t *)kh_proto_member(message, field->quantifier_offset) == field->id;
    }
    return true;
}

void kh_proto_drop_unknown(ProtobufCMessage *message)
{
    message->n_unknown_fields = 0;
    message->unknown_fields = NULL;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || !is_present(field, message)) {
            continue;
        }
        const void *member = kh_proto_member(message, field->offset);
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t count = *(const size_t *)kh_proto_member(message, field->quantifier_offset);
            ProtobufCMessage *const *items = *(ProtobufCMessage *const *const *)member;
            for (size_t k = 0; k < count; k++) {
                kh_proto_drop_unknown(items[k]);
            }
        } else {
            ProtobufCMessage *inner = *(ProtobufCMessage *const *)member;
            if (inner != NULL) {
                kh_proto_drop_unknown(inner);
            }
        }
    }
}

kh_rc kh_proto_pack(const ProtobufCMessage *message, kh_arena *arena, kh_text *out)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = kh_arena_allocate_raw(arena, size);
    if (bytes == NULL) {
        return KH_E_MEMORY;
    }
    size_t written = protobuf_c_message_pack(message, bytes);
    assert(written == size);
    *out = (kh_text){(const char *)bytes, written};
    return KH_OK;
}
