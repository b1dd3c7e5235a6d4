/* Both languages say everything, with the same places to be filled. */
#include "support/kh_test.h"

#include <stdio.h>
#include <string.h>

#include "app/heap.h"
#include "cli/messages.h"

/* The places of a text, sorted, each once: " host statement". Fails for a brace that has no other. */
static void places_of(const char *text, char *out, size_t size)
{
    char names[16][32];
    size_t count = 0;
    for (const char *at = text; (at = strpbrk(at, "{}")) != NULL;) {
        size_t length = strcspn(at + 1, "{}");
        if (*at != '{' || at[length + 1] != '}' || length == 0 || length >= sizeof names[0]) {
            fail_msg("a brace is not one of a pair, or too much is in it: %s", text);
        }
        size_t place = count++;
        assert_true(count <= 16);
        (void)snprintf(names[place], sizeof names[0], "%.*s", (int)length, at + 1);
        for (; place > 0 && strcmp(names[place - 1], names[place]) > 0; place--) {
            char moved[32];
            memcpy(moved, names[place], sizeof moved);
            memcpy(names[place], names[place - 1], sizeof moved);
            memcpy(names[place - 1], moved, sizeof moved);
        }
        at += length + 2;
    }
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(names[i], names[i - 1]) != 0) {
            size_t used = strlen(out);
            (void)snprintf(out + used, size - used, " %s", names[i]);
        }
    }
}

static void no_key_is_missing_in_either_language(void **state)
{
    (void)state;
    for (int key = 0; key < KH_MESSAGE_KEYS; key++) {
        for (int language = 0; language < KH_LANGUAGES; language++) {
            const char *text = kh_message((kh_language)language, (kh_message_key)key);
            if (text == NULL || text[0] == '\0') {
                fail_msg("key %d has no text in language %d (key %d is \"%s\")", key, language, key - 1,
                         key == 0 ? "" : kh_message((kh_language)language, (kh_message_key)(key - 1)));
            }
        }
    }
}

/* `host` and `home` apart: where one language needs the name, the other may do without. */
static void drop_names(char *places)
{
    static const char *const names[] = {" host", " home"};
    for (size_t i = 0; i < 2; i++) {
        char *found = strstr(places, names[i]);
        if (found != NULL) {
            memmove(found, found + strlen(names[i]), strlen(found + strlen(names[i])) + 1);
        }
    }
}

static void both_languages_have_the_same_places(void **state)
{
    (void)state;
    for (int key = 0; key < KH_MESSAGE_KEYS; key++) {
        char english[256];
        char japanese[256];
        places_of(kh_messages_en[key], english, sizeof english);
        places_of(kh_messages_ja[key], japanese, sizeof japanese);
        drop_names(english);
        drop_names(japanese);
        if (strcmp(english, japanese) != 0) {
            fail_msg("places differ:%s |%s in \"%s\" and \"%s\"", english, japanese, kh_messages_en[key],
                     kh_messages_ja[key]);
        }
    }
}

static void japanese_is_japanese(void **state)
{
    (void)state;
    for (int key = 0; key < KH_MESSAGE_KEYS; key++) {
        bool beyond_ascii = false;
        for (const char *at = kh_messages_ja[key]; *at != '\0'; at++) {
            beyond_ascii = beyond_ascii || (unsigned char)*at > 0x7f;
        }
        if (!beyond_ascii && key != KH_M_PARTICIPANT && key != KH_M_RESIDUAL_ROW && key != KH_M_CHANGED_OBLIGATION &&
            key != KH_M_CLASS_TREND) {
            fail_msg("nothing Japanese in \"%s\"", kh_messages_ja[key]);
        }
    }
}

static void every_finding_has_a_sentence_and_each_remedy_one(void **state)
{
    (void)state;
    assert_int_equal(kh_message_of_finding(KH_FINDING_NONE), KH_MESSAGE_KEYS);
    assert_int_equal(kh_message_of_finding(KH_FINDING_ISSUE_KNOWN), KH_M_FOUND_ISSUE_KNOWN);
    assert_int_equal(kh_message_of_finding(KH_FINDING_MEASURE_IN_FORCE), KH_M_FOUND_MEASURE_IN_FORCE);
    for (int kind = 0; kind < KH_FINDING_COUNT; kind++) {
        bool has_remedy = kh_finding_remedy((kh_finding_kind)kind).body != 0;
        assert_int_equal(kh_message_of_remedy((kh_finding_kind)kind) != KH_MESSAGE_KEYS, has_remedy);
    }
}

static void places_are_filled(void **state)
{
    kh_arena arena;
    kh_filling fillings[] = {{"home", KH_TEXT("SG (CSA)")}, {"day", KH_TEXT("2026-06-10")}};
    (void)state;
    kh_arena_init(&arena, 4096, kh_heap());
    assert_text(kh_message_fill(KH_ENGLISH, KH_M_FOUND_SUSPENDED, fillings, 2, &arena),
                "SG (CSA) has suspended it, from 2026-06-10 on.");
    assert_text(kh_message_fill(KH_JAPANESE, KH_M_FOUND_SUSPENDED, fillings, 2, &arena),
                "SG (CSA) が 2026-06-10 から効力を停止している。");
    assert_text(kh_message_fill(KH_ENGLISH, KH_M_FOUND_SUSPENDED, NULL, 0, &arena), " has suspended it, from  on.");
    assert_text(kh_message_article(KH_ENGLISH, KH_TEXT("3.5"), &arena), "Art 3.5");
    assert_text(kh_message_article(KH_JAPANESE, KH_TEXT("11.2"), &arena), "第11条第2項");
    assert_text(kh_message_article(KH_JAPANESE, KH_TEXT("2"), &arena), "第2条");
    assert_text(kh_message_article(KH_ENGLISH, KH_TEXT(""), &arena), "");
    kh_arena_deinit(&arena);
}

static void a_number_that_is_none_is_marked(void **state)
{
    (void)state;
    assert_string_equal(kh_message_word(KH_JAPANESE, KH_M_STATE_OPEN, KH_M_STATE_DISCHARGED, 1), "未履行");
    assert_string_equal(kh_message_word(KH_JAPANESE, KH_M_STATE_OPEN, KH_M_STATE_DISCHARGED, 3), "履行済み");
    assert_string_equal(kh_message_word(KH_JAPANESE, KH_M_STATE_OPEN, KH_M_STATE_DISCHARGED, 0), "?");
    assert_string_equal(kh_message_word(KH_JAPANESE, KH_M_STATE_OPEN, KH_M_STATE_DISCHARGED, 4), "?");
}

static void the_language_is_that_of_the_environment_unless_named(void **state)
{
    static const struct {
        const char *values[3]; /* LC_ALL, LC_MESSAGES, LANG */
        kh_language expected;
    } rows[] = {
        {{NULL, NULL, NULL}, KH_ENGLISH},
        {{NULL, NULL, "ja_JP.UTF-8"}, KH_JAPANESE},
        {{NULL, "en_SG.UTF-8", "ja_JP.UTF-8"}, KH_ENGLISH},
        {{"ja", "en_SG.UTF-8", NULL}, KH_JAPANESE},
        {{"", NULL, "ja_JP"}, KH_JAPANESE},
        {{"C", NULL, "ja_JP"}, KH_ENGLISH},
    };
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    kh_language language = KH_ENGLISH;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t j = 0; j < 3; j++) {
            (void)(rows[i].values[j] == NULL ? unsetenv(names[j]) : setenv(names[j], rows[i].values[j], 1));
        }
        assert_int_equal(kh_language_of_environment(), rows[i].expected);
    }
    assert_true(kh_language_parse("ja", &language));
    assert_int_equal(language, KH_JAPANESE);
    assert_false(kh_language_parse("jp", &language));
    assert_false(kh_language_parse("", &language));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_key_is_missing_in_either_language),
        cmocka_unit_test(both_languages_have_the_same_places),
        cmocka_unit_test(japanese_is_japanese),
        cmocka_unit_test(every_finding_has_a_sentence_and_each_remedy_one),
        cmocka_unit_test(places_are_filled),
        cmocka_unit_test(a_number_that_is_none_is_marked),
        cmocka_unit_test(the_language_is_that_of_the_environment_unless_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
