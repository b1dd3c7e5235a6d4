/* Each allocation of reading all configuration files fails once, libyaml's own among them: KH_E_MEMORY is said, nothing
 * leaks, and no file is blamed. */
#include "config/configuration.h"
#include "support/fail_each.h"

static kh_test_memory memory;

/* These take the place of libyaml's: the program's own symbols come first. */
void *yaml_malloc(size_t size);
void *yaml_realloc(void *block, size_t size);
void yaml_free(void *block);
char *yaml_strdup(const char *text);

void *yaml_malloc(size_t size)
{
    return kh_test_memory_allocate(&memory, size == 0 ? 1 : size);
}

void yaml_free(void *block)
{
    kh_test_memory_release(&memory, block);
}

void *yaml_realloc(void *block, size_t size)
{
    if (block == NULL) {
        return yaml_malloc(size);
    }
    void *grown = yaml_malloc(size);
    if (grown == NULL) {
        return NULL;
    }
    /* The block stays as it is if there is no memory, like realloc's. */
    void *moved = realloc(block, size == 0 ? 1 : size);
    yaml_free(grown);
    return moved;
}

char *yaml_strdup(const char *text)
{
    char *copy = text == NULL ? NULL : yaml_malloc(strlen(text) + 1);
    return copy == NULL ? NULL : strcpy(copy, text);
}

/* \param input  the path of the settings */
static kh_rc load(kh_arena *arena, const void *input)
{
    static const char *const overrides[] = {"kafka.group=blue"};
    kh_problems problems;
    kh_configuration configuration;
    kh_problems_init(&problems, arena);
    return kh_configuration_load(input, overrides, 1, &problems, &configuration);
}

static void the_shipped_files(void **state)
{
    (void)state;
    assert_true(kh_test_fail_each(&memory, load, KH_SOURCE_DIR "/config/kakehashi.yaml", KH_OK, false) > 1000);
}

/* A file that is none: what is wrong with it is not what memory is missing for. */
static void a_file_with_problems(void **state)
{
    (void)state;
    assert_true(
        kh_test_fail_each(&memory, load, KH_SOURCE_DIR "/config/rules/jp-sg-1.yaml", KH_E_CONFIGURATION, false) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_files),
        cmocka_unit_test(a_file_with_problems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
