#include "codec/json.h"

#include "codec/json_scan.h"
#include "codec/proto.h"
#include "codec/quote.h"
#include "unit/codec/codec_fixture.h"
#include "kakehashi/v1/status.pb-c.h"

static kh_test_memory memory;
static kh_arena arena;

static int setup(void **state)
{
    (void)state;
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 4096, &memory.memory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kh_arena_deinit(&arena);
    return memory.live == 0 ? 0 : -1;
}

static const char *refused(const char *json)
{
    kh_text out;
    kh_text problem = KH_TEXT("");
    kh_text text = fixture_json(&arena, json);
    assert_rc(kh_json_read(&kakehashi__v1__recognition_status__descriptor, text, &arena, &out, &problem), KH_E_REFUSED);
    kh_text copy = KH_TEXT("");
    assert_rc(kh_arena_copy_text(&arena, problem, &copy), KH_OK);
    return copy.data;
}

static void errors_name_place_and_mend(void **state)
{
    (void)state;
    assert_string_equal(
        refused("{'outcome':'OUTCOME_GOOD'}"),
        "RecognitionStatus.outcome is \"OUTCOME_GOOD\": no name of the enum Outcome; write one of its names");
    assert_string_equal(refused("{'residual':[{},{'need':1,'x':2}]}"),
                        "RecognitionStatus.residual[1]: ResidualItem has no field \"x\"; remove or rename it");
    assert_string_equal(refused("{'since':'noon'}"),
                        "RecognitionStatus.since is \"noon\": not an instant of RFC 3339; write "
                        "it like 2026-06-02T01:00:00Z");
    assert_string_equal(
        refused("{'cause':{'partition':'2147483648'}}"),
        "RecognitionStatus.cause.partition: not a whole number from -2147483648 to 2147483647; write one");
    assert_string_equal(refused("{'underConsultation':'true'}"),
                        "RecognitionStatus.underConsultation: a string; write true or false");
    assert_string_equal(refused("{'reasons':null,'version':}"),
                        "not JSON at byte 27: \"unexpected token near '}'\"; mend it there");
}

/* As deep as a text may be: refused, not a crash. */
static void depth_is_bounded(void **state)
{
    (void)state;
    size_t depth = 100000;
    char *text = malloc(depth + 1);
    memset(text, '[', depth);
    text[depth] = '\0';
    refused(text);
    free(text);
}

static const char *print(kh_text bytes)
{
    ProtobufCMessage *message = NULL;
    kh_text_buffer buffer;
    kh_text out = KH_TEXT("");
    assert_rc(kh_proto_unpack(&kakehashi__v1__recognition_status__descriptor, bytes, &arena, &message), KH_OK);
    kh_text_buffer_init(&buffer, &arena, 8);
    assert_rc(kh_json_write(message, &buffer), KH_OK);
    kh_text_buffer_add_byte(&buffer, '\0');
    assert_rc(kh_text_buffer_finish(&buffer, &out), KH_OK);
    return out.data;
}

static void printing_leaves_defaults_out(void **state)
{
    (void)state;
    assert_string_equal(print(KH_TEXT("")), "{}");
    assert_string_equal(print(KH_TEXT("\x28\x00\x20\x00")), "{}");
    /* A message that is there is printed, though it is empty; an enum number without a name stays a number. */
    assert_string_equal(print(KH_TEXT("\x3a\x00\x28\x63\x8a\x01\x00")),
                        "{\"outcome\":99,\"since\":\"1970-01-01T00:00:00Z\","
                        "\"validity\":{}}");
    assert_string_equal(print(KH_TEXT("\x3a\x02\x10\x01")), "{\"since\":\"1970-01-01T00:00:00.000000001Z\"}");
}

static const struct {
    const char *expected; /* NULL: not found */
    const char *line;
} SCANS[] = {
    {"x", "{'timestamp':'x'}"},
    {"x", "{'a':{'timestamp':'y'},'b':['timestamp','z'],'timestamp':'x'}"},
    {"x", "{'a':'\\'timestamp\\':','timestamp' : 'x' , 'c':1}"},
    {"", "{'timestamp':''}"},
    {"x", "{'a':'timestamp','timestamp':'x'}"},
    {NULL, "{'timestamp':'x','timestamp':'x'}"},
    {NULL, "{'timestamp':1,'a':'x'}"},
    {NULL, "{'timestamp':['x']}"},
    {NULL, "{'timestamp':{'a':'x'}}"},
    {NULL, "{'timestamp':'x'"},
    {NULL, "{'timestamp':'x'}}"},
    {NULL, "{'timestamp':'x'} y"},
    {NULL, "['timestamp','x']"},
    {NULL, "{'a':'x"},
    {NULL, "{'timestamp':'x\\"},
    {NULL, "'timestamp':'x'"},
    {NULL, ""},
};

static void scanning(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SCANS / sizeof SCANS[0]; i++) {
        kh_text found = KH_TEXT("");
        bool is_found = kh_json_scan_string(fixture_json(&arena, SCANS[i].line), KH_TEXT("timestamp"), &found);
        if (is_found != (SCANS[i].expected != NULL)) {
            fail_msg("%s", SCANS[i].line);
        }
        if (is_found) {
            assert_text(found, SCANS[i].expected);
        }
    }
}

static void quoting(void **state)
{
    (void)state;
    assert_text(kh_text_quote(&arena, KH_TEXT("a\0\x1b\xff\xc2\x80\xe7\xb5\x90")),
                "\"a\\u0000\\u001b\\xff\\u0080\xe7\xb5\x90\"");
    char long_text[70];
    memset(long_text, 'x', sizeof long_text);
    memcpy(long_text + 63, "\xe7\xb5\x90", 3);
    kh_text quoted = kh_text_quote(&arena, (kh_text){long_text, sizeof long_text});
    assert_int_equal(quoted.length, 1 + 66 + 4);
    assert_memory_equal(quoted.data + 1 + 63, "\xe7\xb5\x90\"...", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(errors_name_place_and_mend, setup, teardown),
        cmocka_unit_test_setup_teardown(depth_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(printing_leaves_defaults_out, setup, teardown),
        cmocka_unit_test_setup_teardown(scanning, setup, teardown),
        cmocka_unit_test_setup_teardown(quoting, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
