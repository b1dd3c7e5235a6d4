/* Problems in an arena, files under the build tree. */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include "support/kh_test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/problems.h"

typedef struct fixture {
    kh_test_memory memory;
    kh_arena arena;
    kh_problems problems;
    char folder[256]; /*!< of this test's own, made by write_file */
} fixture;

static inline int fixture_begin(void **state)
{
    fixture *fx = calloc(1, sizeof(*fx));
    assert_non_null(fx);
    kh_test_memory_init(&fx->memory, -1);
    kh_arena_init(&fx->arena, 4096, &fx->memory.memory);
    kh_problems_init(&fx->problems, &fx->arena);
    (void)snprintf(fx->folder, sizeof(fx->folder), "%s/config-test-%ld", KH_BINARY_DIR, (long)getpid());
    *state = fx;
    return 0;
}

static inline int fixture_end(void **state)
{
    fixture *fx = *state;
    kh_arena_deinit(&fx->arena);
    long live = fx->memory.live;
    free(fx);
    return live == 0 ? 0 : -1;
}

/*! All problem texts, one a line, exactly. */
static inline void assert_problems(const fixture *fx, const char *expected)
{
    char found[65536];
    size_t used = 0;
    for (const kh_problem *problem = fx->problems.first; problem != NULL; problem = problem->next) {
        used += (size_t)snprintf(found + used, sizeof(found) - used, "%.*s\n", KH_TEXT_ARGS(problem->text));
        assert_true(used < sizeof(found));
    }
    found[used] = '\0';
    assert_string_equal(found, expected);
}

static inline void forget_problems(fixture *fx)
{
    kh_arena_reset(&fx->arena);
    kh_problems_init(&fx->problems, &fx->arena);
}

/*! Writes a file into the fixture's folder. \param path  its path, PATH_SIZE bytes. */
#define PATH_SIZE 512
static inline void write_file(const fixture *fx, const char *name, const char *text, char *path)
{
    (void)mkdir(fx->folder, 0755);
    (void)snprintf(path, PATH_SIZE, "%s/%s", fx->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static inline void remove_file(const fixture *fx, const char *name)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s", fx->folder, name);
    (void)unlink(path);
    (void)rmdir(fx->folder); /* once it is empty */
}

/*! A whole file, NUL behind it; the caller frees it. */
static inline char *slurp(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, 262144);
    assert_non_null(text);
    size_t length = fread(text, 1, 262143, file);
    assert_true(length > 0 && length < 262143);
    assert_int_equal(fclose(file), 0);
    return text;
}

#endif
