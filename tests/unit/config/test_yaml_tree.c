#include "config/yaml_tree.h"

#include "config_fixture.h"

static kh_yaml_node *read_text(fixture *fx, const char *text)
{
    forget_problems(fx);
    return kh_yaml_read("f", kh_text_of(text), &fx->problems);
}

static void a_tree_with_places(void **state)
{
    fixture *fx = *state;
    kh_yaml_node *root = read_text(fx, "a: 1\nb:\n  - x\n  - \"y\"\n");
    assert_problems(fx, "");
    assert_non_null(root);
    assert_int_equal(root->kind, KH_YAML_MAP);
    assert_int_equal(root->count, 2);
    const kh_yaml_entry *b = kh_yaml_find(root, KH_TEXT("b"));
    assert_non_null(b);
    assert_int_equal(b->value->kind, KH_YAML_LIST);
    assert_int_equal(b->value->count, 2);
    const kh_yaml_node *y = b->value->last->value;
    assert_text(y->value, "y");
    assert_true(y->quoted);
    assert_false(b->value->first->value->quoted);
    assert_int_equal(y->place.line, 4);
    assert_int_equal(y->place.column, 5);
    assert_null(kh_yaml_find(root, KH_TEXT("c")));
}

static void what_is_refused_is_named_and_the_rest_read(void **state)
{
    fixture *fx = *state;
    kh_yaml_node *root = read_text(fx, "a: &x 1\nb: *x\nc: !!int 3\na: 2\n[d]: 4\ne: \"\\0\"\nf: 5\n\"g\\nh\": 6\n");
    assert_problems(fx, "f:1:4: anchors (&) are not used here; write the value out\n"
                        "f:2:4: aliases (*) are not used here; write the value out\n"
                        "f:3:4: tags (!) are not used here; leave it out\n"
                        "f:4:1: the key \"a\" stands twice, first in line 1; keep one\n"
                        "f:5:1: a key must be a plain word, not a list or a map\n"
                        "f:6:4: control characters may not stand in a value; remove them\n"
                        "f:8:1: a key must be a word of 1 to 128 bytes\n");
    assert_non_null(root);
    assert_text(kh_yaml_find(root, KH_TEXT("f"))->value->value, "5");
}

static void what_ends_the_reading(void **state)
{
    fixture *fx = *state;
    assert_null(read_text(fx, "a: [1\nb: 2\n"));
    assert_problems(fx, "f:2:2: not YAML: did not find expected ',' or ']', while parsing a flow sequence\n");
    assert_null(read_text(fx, "a: 1\n---\nb: 2\n"));
    assert_problems(fx, "f:2:1: a second document; a file holds one, split it\n");
    assert_null(read_text(fx, "# nothing\n"));
    assert_problems(fx, "f: is empty; see the annotated example for what must be in it\n");
    assert_null(read_text(fx, "a: \xff\n"));
    assert_problems(fx, "f: not a YAML text: invalid leading UTF-8 octet at byte 3; save the file as UTF-8\n");
    assert_null(read_text(fx, "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]\n"));
    assert_problems(fx, "f:1:17: lists and maps nested deeper than is ever needed (16)\n");
    assert_non_null(read_text(fx, "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n"));
}

static void sizes_are_bounded(void **state)
{
    fixture *fx = *state;
    char *large = malloc(KH_YAML_BYTES_MOST + 2);
    assert_non_null(large);
    memset(large, '#', KH_YAML_BYTES_MOST + 1);
    large[KH_YAML_BYTES_MOST + 1] = '\0';
    assert_null(read_text(fx, large));
    assert_problems(fx, "f: is larger than is ever needed (1 MiB); is it the right file?\n");
    free(large);
    char many[8192];
    size_t used = 0;
    for (int i = 0; i <= KH_YAML_KEYS_MOST; i++) {
        used += (size_t)snprintf(many + used, sizeof(many) - used, "k%d: 1\n", i);
    }
    assert_null(read_text(fx, many));
    assert_problems(fx, "f:257:1: more keys in one map than are ever needed (256)\n");
}

static void many_problems_are_counted_and_the_first_kept(void **state)
{
    fixture *fx = *state;
    char many[8192] = "";
    for (int i = 0; i < KH_PROBLEMS_KEPT + 50; i++) {
        (void)strcat(many, "- *a\n");
    }
    assert_non_null(read_text(fx, many));
    assert_int_equal(fx->problems.count, KH_PROBLEMS_KEPT + 50);
    unsigned kept = 0;
    for (const kh_problem *problem = fx->problems.first; problem != NULL; problem = problem->next) {
        kept++;
    }
    assert_int_equal(kept, KH_PROBLEMS_KEPT);
    assert_rc(kh_problems_rc(&fx->problems), KH_E_CONFIGURATION);
}

static void quoted_values_are_cut_and_printable(void **state)
{
    fixture *fx = *state;
    assert_text(kh_problems_quote(&fx->problems, KH_TEXT("a\nb\x7f\xc2\x85\xff"
                                                         "\xe5\xae\x8c")),
                "\"a?b????\xe5\xae\x8c\"");
    kh_text cut = kh_problems_quote(&fx->problems,
                                    KH_TEXT("0123456789012345678901234567890123456789012345678901234567\xe5\xae\x8c-"));
    assert_text(cut, "\"0123456789012345678901234567890123456789012345678901234567\"...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tree_with_places, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(what_is_refused_is_named_and_the_rest_read, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(what_ends_the_reading, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(sizes_are_bounded, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(many_problems_are_counted_and_the_first_kept, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(quoted_values_are_cut_and_printable, fixture_begin, fixture_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
