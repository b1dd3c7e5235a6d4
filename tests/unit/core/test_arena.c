#include "kakehashi/arena.h"

#include "support/kh_test.h"

typedef struct fixture {
    kh_test_memory memory;
    kh_arena arena;
} fixture;

static int setup(void **state)
{
    static fixture f;
    kh_test_memory_init(&f.memory, -1);
    kh_arena_init(&f.arena, 256, &f.memory.memory);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    kh_arena_deinit(&f->arena);
    return f->memory.live == 0 ? 0 : -1; /* all that was allocated is released */
}

static void slices_are_zeroed_aligned_and_apart(void **state)
{
    fixture *f = *state;
    unsigned char *before = NULL;
    for (size_t size = 0; size < 100; size++) {
        unsigned char *slice = kh_arena_allocate(&f->arena, size);
        assert_non_null(slice);
        assert_int_equal((uintptr_t)slice % _Alignof(max_align_t), 0);
        assert_ptr_not_equal(slice, before);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(slice[i], 0);
            slice[i] = 0xff; /* the next slice must not see it */
        }
        before = slice;
    }
}

static void nothing_is_asked_of_memory_before_the_first_slice(void **state)
{
    fixture *f = *state;
    assert_int_equal(f->memory.live, 0);
    assert_non_null(kh_arena_allocate(&f->arena, 1));
    assert_int_equal(f->memory.live, 1);
}

static void a_large_request_gets_a_block_of_its_own(void **state)
{
    fixture *f = *state;
    char *slice = kh_arena_allocate(&f->arena, 10000);
    assert_non_null(slice);
    slice[9999] = 'x';
    assert_int_equal(f->memory.live, 1);
}

static void reset_keeps_ordinary_blocks_and_forgets_the_failure(void **state)
{
    fixture *f = *state;
    kh_arena_reset(&f->arena); /* of an empty arena: nothing */
    for (int i = 0; i < 10; i++) {
        assert_non_null(kh_arena_allocate(&f->arena, 200));
    }
    assert_non_null(kh_arena_allocate(&f->arena, 5000));
    f->memory.countdown = 0;
    assert_null(kh_arena_allocate(&f->arena, 5000));
    assert_true(kh_arena_failed(&f->arena));
    assert_int_equal(f->memory.live, 11);
    kh_arena_reset(&f->arena);
    assert_false(kh_arena_failed(&f->arena));
    assert_int_equal(f->memory.live, 10); /* all but the large one */
    for (int i = 0; i < 10; i++) {
        unsigned char *again = kh_arena_allocate(&f->arena, 200);
        assert_non_null(again);
        assert_int_equal(again[0], 0);
    }
    assert_int_equal(f->memory.live, 10); /* the blocks that were kept */
}

static void sizes_that_overflow_fail(void **state)
{
    fixture *f = *state;
    assert_null(kh_arena_allocate(&f->arena, SIZE_MAX));
    assert_true(kh_arena_failed(&f->arena));
    kh_arena_reset(&f->arena);
    assert_false(kh_arena_failed(&f->arena));
    assert_null(kh_arena_allocate(&f->arena, SIZE_MAX - 16));
    assert_null(kh_arena_allocate_array(&f->arena, SIZE_MAX / 2, 3));
    assert_true(kh_arena_failed(&f->arena));
    assert_int_equal(f->memory.live, 0);
    assert_non_null(kh_arena_allocate_array(&f->arena, 0, 3));
}

static void text_is_copied_with_a_nul_behind_it(void **state)
{
    fixture *f = *state;
    char bytes[] = "a\0b";
    kh_text copy = {0};
    assert_rc(kh_arena_copy_text(&f->arena, (kh_text){bytes, 3}, &copy), KH_OK);
    bytes[0] = 'z';
    assert_int_equal(copy.length, 3);
    assert_memory_equal(copy.data, "a\0b", 4);
    assert_rc(kh_arena_copy_text(&f->arena, (kh_text){NULL, 0}, &copy), KH_OK);
    assert_text(copy, "");
    assert_int_equal(copy.data[0], '\0');
    copy = KH_TEXT("kept");
    assert_rc(kh_arena_copy_text(&f->arena, (kh_text){"", SIZE_MAX}, &copy), KH_E_MEMORY);
    assert_text(copy, "kept");
}

static void print_makes_text_of_any_length(void **state)
{
    fixture *f = *state;
    assert_text(kh_arena_print(&f->arena, "%s@%d", "SG/1", 7), "SG/1@7");
    assert_text(kh_arena_print(&f->arena, "%s", ""), "");
    kh_text wide = kh_arena_print(&f->arena, "%1000d", 7);
    assert_int_equal(wide.length, 1000);
    assert_int_equal(wide.data[999], '7');
}

static void out_of_memory_is_told_and_sticks_until_reset(void **state)
{
    fixture *f = *state;
    kh_text text = KH_TEXT("kept");
    f->memory.countdown = 0;
    assert_null(kh_arena_allocate_raw(&f->arena, 8));
    assert_true(kh_arena_failed(&f->arena));
    assert_non_null(kh_arena_allocate_raw(&f->arena, 8)); /* trying again works */
    assert_true(kh_arena_failed(&f->arena));
    f->memory.countdown = 0;
    assert_rc(kh_arena_copy_text(&f->arena, (kh_text){"", 300}, &text), KH_E_MEMORY);
    assert_text(text, "kept");
    f->memory.countdown = 0;
    assert_text(kh_arena_print(&f->arena, "%1000d", 7), "");
    assert_true(kh_arena_failed(&f->arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(slices_are_zeroed_aligned_and_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_asked_of_memory_before_the_first_slice, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_request_gets_a_block_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(reset_keeps_ordinary_blocks_and_forgets_the_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(sizes_that_overflow_fail, setup, teardown),
        cmocka_unit_test_setup_teardown(text_is_copied_with_a_nul_behind_it, setup, teardown),
        cmocka_unit_test_setup_teardown(print_makes_text_of_any_length, setup, teardown),
        cmocka_unit_test_setup_teardown(out_of_memory_is_told_and_sticks_until_reset, setup, teardown),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
