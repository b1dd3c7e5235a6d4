#include "batch/one_subject.h"

#include "support/kh_test.h"

static kh_rc basis_is_known(void *self, kh_text key, const kh_facts **out)
{
    (void)key;
    *out = self;
    return KH_OK;
}

static void nothing_but_the_basis_is_found(void **state)
{
    (void)state;
    kh_facts facts = {0};
    kh_subject subject = {.key = KH_TEXT("JP/1")};
    kh_store store = kh_store_of_one_subject(&facts, basis_is_known);
    kh_subject *found = &subject;
    kh_subject *const *dependents = &found;
    uint32_t count = 1;
    const kh_facts *basis = NULL;
    assert_rc(store.basis(store.self, KH_TEXT("SG/1"), &basis), KH_OK);
    assert_ptr_equal(basis, &facts);
    assert_rc(store.dependents(store.self, subject.key, &dependents, &count), KH_OK);
    assert_int_equal(count, 0);
    assert_rc(store.due(store.self, INT64_MAX, &found), KH_OK);
    assert_null(found);
    assert_rc(store.decided(store.self, &subject), KH_OK);
    assert_rc(store.subject(store.self, subject.key, &found), KH_E_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_the_basis_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
