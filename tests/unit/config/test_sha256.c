#include "config/sha256.h"

#include "support/kh_test.h"

static void assert_digest(const char *text, const char *expected)
{
    uint8_t digest[KH_SHA256_SIZE];
    char hex[KH_SHA256_HEX_SIZE + 1];
    assert_rc(kh_sha256(kh_text_of(text), digest), KH_OK);
    kh_sha256_hex(digest, hex);
    assert_string_equal(hex, expected);
}

/* The examples of FIPS 180-2. */
static void the_standard_examples(void **state)
{
    (void)state;
    assert_digest(NULL, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_standard_examples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
