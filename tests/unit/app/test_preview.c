/* What a preview makes of an arrangement, and which differences it counts as merely formal. */
#include "app/preview.h"

#include "app/heap.h"
#include "support/kh_test.h"

#define ARRANGEMENT KH_TEXT("jp-sg")

static kh_rule_file pack(const char *sha256, const char *arrangement, bool amends)
{
    kh_rule_file file = {
        .kind = KH_RULE_FILE_PACK, .arrangement = kh_text_of(arrangement), .sha256 = kh_text_of(sha256)};
    file.is.pack.amends = amends;
    return file;
}

/* "a b c": the digests in the order in which they come into force. */
static void expect_order(const kh_arrangement *of, const char *digests)
{
    char found[64] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < of->amendment_count; i++) {
        used += (size_t)snprintf(found + used, sizeof found - used, "%s%.*s", i == 0 ? "" : " ",
                                 KH_TEXT_ARGS(of->amendments[i].sha256));
    }
    assert_string_equal(found, digests);
}

static void an_amendment_is_put_between_those_that_stand(void **state)
{
    (void)state;
    const kh_amendment standing[] = {
        {.effective_on = 100, .sha256 = KH_TEXT("a")},
        {.effective_on = 200, .sha256 = KH_TEXT("b")},
        {.effective_on = 300, .sha256 = KH_TEXT("c")},
    };
    const kh_rule_file files[] = {pack("x", "jp-sg", true), pack("y", "jp-sg", true)};
    static const struct {
        kh_day from;
        const char *order;
    } cases[] = {{50, "x y a b c"}, {100, "a x y b c"}, {199, "a x y b c"}, {200, "a b x y c"}, {400, "a b c x y"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kh_arena arena;
        kh_amendment list[3];
        memcpy(list, standing, sizeof list);
        kh_arrangement of = {.id = ARRANGEMENT, .amendments = list, .amendment_count = 3};
        kh_arena_init(&arena, 4096, kh_heap());
        assert_rc(kh_preview_put_in_force(&of, files, 2, cases[i].from, &arena), KH_OK);
        expect_order(&of, cases[i].order);
        for (uint32_t n = 0; n < of.amendment_count; n++) {
            bool put = of.amendments[n].pack == &files[0].is.pack || of.amendments[n].pack == &files[1].is.pack;
            assert_true(!put || of.amendments[n].effective_on == cases[i].from);
        }
        kh_arena_deinit(&arena);
    }
}

static void only_amendments_of_the_arrangement_are_put_in_force(void **state)
{
    (void)state;
    kh_rule_file files[] = {pack("first", "jp-sg", false), pack("other", "kr-sg", true), pack("x", "jp-sg", true),
                            pack("policies", "jp-sg", true)};
    kh_arena arena;
    kh_arrangement of = {.id = ARRANGEMENT};
    files[3].kind = KH_RULE_FILE_POLICIES;
    kh_arena_init(&arena, 4096, kh_heap());
    assert_rc(kh_preview_put_in_force(&of, files, 4, 10, &arena), KH_OK);
    expect_order(&of, "x");
    assert_ptr_equal(of.amendments[0].pack, &files[2].is.pack);
    kh_arena_deinit(&arena);
}

static void formal_is_what_changes_nothing_for_a_label(void **state)
{
    (void)state;
    assert_true(kh_preview_is_formal_kind(KH_DIFFERENCE_PACK));
    assert_true(kh_preview_is_formal_kind(KH_DIFFERENCE_SINCE));
    assert_true(kh_preview_is_formal_kind(KH_DIFFERENCE_PUBLIC));
    assert_false(kh_preview_is_formal_kind(KH_DIFFERENCE_OUTCOME));
    assert_false(kh_preview_is_formal_kind(KH_DIFFERENCE_RESIDUAL));
    assert_false(kh_preview_is_formal_kind(KH_DIFFERENCE_OBLIGATION));
    assert_false(kh_preview_is_formal_kind(KH_DIFFERENCE_NEXT_CHANGE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_amendment_is_put_between_those_that_stand),
        cmocka_unit_test(only_amendments_of_the_arrangement_are_put_in_force),
        cmocka_unit_test(formal_is_what_changes_nothing_for_a_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
