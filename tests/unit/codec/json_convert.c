/* For tests/scripts/json_conformance.py: reads "<message> json <hex>" or "<message> bytes <hex>" lines, and answers
 * with the JSON of the protobuf, or the protobuf of the JSON, as hex; or with "refused <why>". */
#include <stdio.h>

#include "codec/json.h"
#include "codec/proto.h"
#include "kakehashi/store/v1/store.pb-c.h"
#include "kakehashi/v1/status.pb-c.h"
#include "support/kh_test.h"

static const ProtobufCMessageDescriptor *const MESSAGES[] = {
    &kakehashi__v1__event__descriptor,         &kakehashi__v1__recognition_status__descriptor,
    &kakehashi__v1__public_status__descriptor, &kakehashi__v1__obligation__descriptor,
    &kakehashi__store__v1__facts__descriptor,  &kakehashi__store__v1__key_states__descriptor,
    &kakehashi__store__v1__cause__descriptor,
};

static const ProtobufCMessageDescriptor *find(const char *name)
{
    for (size_t i = 0; i < sizeof MESSAGES / sizeof MESSAGES[0]; i++) {
        if (strcmp(MESSAGES[i]->name, name) == 0) {
            return MESSAGES[i];
        }
    }
    fprintf(stderr, "no message %s\n", name);
    exit(2);
}

static kh_text from_hex(kh_arena *arena, const char *hex)
{
    size_t length = strlen(hex) / 2;
    char *bytes = kh_arena_allocate_raw(arena, length);
    for (size_t i = 0; i < length; i++) {
        unsigned value = 0;
        if (sscanf(hex + 2 * i, "%2x", &value) != 1) {
            exit(2);
        }
        bytes[i] = (char)value;
    }
    return (kh_text){bytes, length};
}

static void answer(kh_rc rc, kh_text out, kh_text problem)
{
    if (rc != KH_OK) {
        printf("refused %d %.*s\n", (int)rc, KH_TEXT_ARGS(problem));
    } else {
        printf("ok ");
        for (size_t i = 0; i < out.length; i++) {
            printf("%02x", (unsigned)(unsigned char)out.data[i]);
        }
        printf("\n");
    }
    fflush(stdout);
}

int main(void)
{
    kh_test_memory memory;
    kh_arena arena;
    char *line = NULL;
    size_t size = 0;
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 65536, &memory.memory);
    while (getline(&line, &size, stdin) > 0) {
        kh_arena_reset(&arena);
        const ProtobufCMessageDescriptor *descriptor = find(strtok(line, " \n"));
        const char *direction = strtok(NULL, " \n");
        const char *hex = strtok(NULL, " \n");
        kh_text in = from_hex(&arena, hex == NULL ? "" : hex);
        kh_text out = KH_TEXT("");
        kh_text problem = KH_TEXT("");
        kh_rc rc = KH_OK;
        if (strcmp(direction, "json") == 0) {
            rc = kh_json_read(descriptor, in, &arena, &out, &problem);
        } else {
            ProtobufCMessage *message = NULL;
            kh_text_buffer buffer;
            kh_text_buffer_init(&buffer, &arena, 256);
            rc = kh_proto_unpack(descriptor, in, &arena, &message);
            rc = rc == KH_OK ? kh_json_write(message, &buffer) : rc;
            rc = rc == KH_OK ? kh_text_buffer_finish(&buffer, &out) : rc;
        }
        answer(rc, out, problem);
    }
    free(line);
    kh_arena_deinit(&arena);
    return 0;
}
