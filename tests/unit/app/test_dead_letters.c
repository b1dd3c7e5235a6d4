/* Where a dead letter lies, as an operator writes it. */
#include "app/dead_letters.h"

#include "support/kh_test.h"

static void a_place_is_a_topic_a_lane_and_an_offset(void **state)
{
    (void)state;
    kh_dead_letter_place place;
    assert_true(kh_dead_letter_place_parse(KH_TEXT("jp.label-events/3/17"), &place));
    assert_true(kh_text_equal(place.topic, KH_TEXT("jp.label-events")));
    assert_int_equal(place.lane, 3);
    assert_int_equal(place.offset, 17);
    assert_true(kh_dead_letter_place_parse(KH_TEXT("a/b/0/999999999999999999"), &place));
    assert_true(kh_text_equal(place.topic, KH_TEXT("a/b")));
    assert_int_equal(place.offset, INT64_C(999999999999999999));
}

static void what_is_no_place_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "jp.label-events", "jp.label-events/3", "jp.label-events/3/", "jp.label-events//17", "/3/17",
        "jp.label-events/3/-1", "jp.label-events/3/1x", "jp.label-events/2147483648/17",
        /* one digit more than is a number */
        "jp.label-events/3/1000000000000000000", "jp.label-events/3/99999999999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        kh_dead_letter_place place;
        if (kh_dead_letter_place_parse(kh_text_of(texts[i]), &place)) {
            fail_msg("\"%s\" is taken as a place", texts[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_is_a_topic_a_lane_and_an_offset),
        cmocka_unit_test(what_is_no_place_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
