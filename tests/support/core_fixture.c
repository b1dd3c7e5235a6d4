#include "support/core_fixture.h"

#include <assert.h>
#include <stdlib.h>

#include "kakehashi/date.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- calendars: a year, then its days; letters behind a day say why it is one ---- */

static const char jp_holidays[] =
    "2026: 01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06s 07-20 08-11 09-21 "
    "09-22b 09-23 10-12 11-03 11-23 "
    "2027: 01-01 01-11 02-11 02-23 03-21 03-22s 04-29 05-03 05-04 05-05 07-19 08-11 "
    "09-20 09-23 10-11 11-03 11-23 "
    "2028: 01-01 01-10 02-11 02-23 03-20e 04-29 05-03 05-04 05-05 07-17 08-11 09-18 "
    "09-22e 10-09 11-03 11-23 "
    "2029: 01-01 01-08 02-11 02-12s 02-23 03-20e 04-29 04-30s 05-03 05-04 05-05 07-16 "
    "08-11 09-17 09-23e 09-24s 10-08 11-03 11-23 ";

static const char sg_holidays[] = "2026: 01-01 02-17 02-18 03-21 04-03 05-01 05-27 05-31 06-01obs 08-09 08-10obs 11-08 "
                                  "11-09obs 12-25 "
                                  "2027: 01-01 02-06 02-07 02-08obs 03-10 03-26 05-01 05-17 05-20 08-09 10-28 12-25 ";

static const kh_yearly_closure jp_closures[] = {{1229, 103}};

static uint32_t read_holidays(const char *text, kh_day *out)
{
    uint32_t count = 0;
    int year = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (text[length - 1] == ':') {
            year = atoi(text);
        } else {
            out[count++] = kh_day_from_civil(year, atoi(text), atoi(text + 3));
        }
        text += length + 1;
    }
    return count;
}

static void init_calendar(kh_calendar *calendar, const char *id, const char *holidays, kh_day *days)
{
    *calendar = (kh_calendar){
        .id = kh_text_of(id),
        .sha256 = KH_TEXT("cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"),
        .complete_until = kh_day_from_civil(2027, 12, 31),
        .weekend = 1U << 5 | 1U << 6,
        .holidays = days,
        .holiday_count = read_holidays(holidays, days),
    };
}

/* ---- annexes A and B ---- */

#define FULL    KH_EQUIVALENCE_FULL
#define PARTIAL KH_EQUIVALENCE_PARTIAL
#define NONE    KH_EQUIVALENCE_NONE
#define T(literal)                                                                                                     \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }
#define ROW(table, number, equivalence)                                                                                \
    {                                                                                                                  \
        T(number), equivalence, T(table "/" number)                                                                    \
    }

static const kh_requirement a1[] = {
    ROW("A-1", "1", NONE),    ROW("A-1", "2", FULL),    ROW("A-1", "3", FULL),  ROW("A-1", "4", FULL),
    ROW("A-1", "5", FULL),    ROW("A-1", "6", PARTIAL), ROW("A-1", "7", FULL),  ROW("A-1", "8", FULL),
    ROW("A-1", "9", PARTIAL), ROW("A-1", "10", FULL),   ROW("A-1", "11", NONE), ROW("A-1", "12", NONE),
    ROW("A-1", "13", NONE),   ROW("A-1", "14", NONE),   ROW("A-1", "15", NONE), ROW("A-1", "16", PARTIAL),
};

#define A2_ROWS(of_5_3_7)                                                                                              \
    ROW("A-2", "5.1-1", FULL), ROW("A-2", "5.1-2", FULL), ROW("A-2", "5.1-3", FULL), ROW("A-2", "5.1-4", FULL),        \
        ROW("A-2", "5.1-5", FULL), ROW("A-2", "5.2-1", FULL), ROW("A-2", "5.3-2", FULL), ROW("A-2", "5.3-3", FULL),    \
        ROW("A-2", "5.3-7", of_5_3_7), ROW("A-2", "5.3-8", FULL), ROW("A-2", "5.3-10", FULL),                          \
        ROW("A-2", "5.3-13", FULL), ROW("A-2", "5.3-16", FULL)

static const kh_requirement a2[] = {A2_ROWS(PARTIAL)};
static const kh_requirement a2_amended[] = {A2_ROWS(FULL)};

static const kh_requirement b[] = {
    ROW("B", "5.3-1", FULL), ROW("B", "7.3-1", PARTIAL), ROW("B", "7.3-4", NONE), ROW("B", "5.3-6", NONE),
    ROW("B", "7.3-6", NONE), ROW("B", "7.3-7", PARTIAL), ROW("B", "5.3-9", FULL),
};

static const kh_text categories[] = {T("general-iot"), T("home-gateway")};
static const kh_text gateways[] = {T("home-gateway")};

static const kh_table tables[] = {
    {T("A-1"), T("SG"), T("JP"), NULL, 0, a1, COUNT(a1)},
    {T("A-2"), T("JP"), T("SG"), NULL, 0, a2, COUNT(a2)},
    {T("B"), T("JP"), T("SG"), gateways, COUNT(gateways), b, COUNT(b)},
};

static const kh_table tables_amended[] = {
    {T("A-1"), T("SG"), T("JP"), NULL, 0, a1, COUNT(a1)},
    {T("A-2"), T("JP"), T("SG"), NULL, 0, a2_amended, COUNT(a2_amended)},
    {T("B"), T("JP"), T("SG"), gateways, COUNT(gateways), b, COUNT(b)},
};

/* ---- the packs ---- */

kh_text kh_test_pack_sha256(kh_text pack)
{
    static const char digits[] = "1111111111111111111111111111111111111111111111111111111111111111"
                                 "2222222222222222222222222222222222222222222222222222222222222222"
                                 "3333333333333333333333333333333333333333333333333333333333333333"
                                 "4444444444444444444444444444444444444444444444444444444444444444"
                                 "5555555555555555555555555555555555555555555555555555555555555555"
                                 "6666666666666666666666666666666666666666666666666666666666666666"
                                 "7777777777777777777777777777777777777777777777777777777777777777"
                                 "8888888888888888888888888888888888888888888888888888888888888888"
                                 "9999999999999999999999999999999999999999999999999999999999999999";
    if (pack.length != 7 || memcmp(pack.data, "jp-sg-", 6) != 0 || pack.data[6] < '1' || pack.data[6] > '9') {
        return (kh_text){"", 0};
    }
    return (kh_text){digits + (size_t)(pack.data[6] - '1') * 64, 64};
}

static const kh_participant japan = {
    .id = T("JP"),
    .authority = T("METI"),
    .scheme = T("JC-STAR"),
    .level_first = 1,
    .level_last = 4,
    .baseline_level = 1,
    .utc_offset_minutes = 9 * 60,
    .calendar = T("jp-administrative"),
    .categories = categories,
    .category_count = COUNT(categories),
};

static const kh_participant singapore = {
    .id = T("SG"),
    .authority = T("CSA"),
    .scheme = T("CLS"),
    .level_first = 1,
    .level_last = 4,
    .baseline_level = 1,
    .utc_offset_minutes = 8 * 60,
    .calendar = T("sg-public-holidays"),
    .categories = categories,
    .category_count = COUNT(categories),
};

static kh_rule_pack first_pack(const char *id)
{
    return (kh_rule_pack){
        .id = kh_text_of(id),
        .arrangement = KH_TEXT("jp-sg"),
        .sha256 = kh_test_pack_sha256(kh_text_of(id)),
        .title = KH_TEXT("Memorandum of Cooperation"),
        .signed_on = kh_day_from_civil(2026, 3, 18),
        .effective_from = kh_day_from_civil(2026, 6, 1),
        .term_years = 3,
        .termination_notice_months = 6,
        .revocation_notice_business_days = 30,
        .consultation_months = 12,
        .participants = {japan, singapore},
        .tables = tables,
        .table_count = COUNT(tables),
    };
}

static kh_rule_pack amendment(const char *id)
{
    kh_rule_pack pack = first_pack(id);
    pack.amends = true;
    pack.effective_from = KH_DAY_NONE;
    return pack;
}

void kh_test_book_init(kh_test_book *book)
{
    book->policies = (kh_policies){
        .id = KH_TEXT("jp-sg"),
        .arrangement = KH_TEXT("jp-sg"),
        .sha256 = KH_TEXT("dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"),
        .no_counterpart = KH_NO_COUNTERPART_FULL_ASSESSMENT,
        .recognise_during_consultation = true,
        .notice_scope = KH_NOTICE_SCOPE_DERIVED,
        .notice_calendar = KH_NOTICE_CALENDAR_REVOKING,
        .notice_counts_from = KH_NOTICE_COUNTS_FROM_DECISION,
    };
    book->policy_list[0] = &book->policies;
    book->packs[0] = first_pack("jp-sg-1");
    book->packs[1] = amendment("jp-sg-2");
    book->packs[1].participants[1].category_count = 1;
    book->packs[1].participants[1].baseline_level = 2;
    book->packs[1].revocation_notice_business_days = 20;
    book->packs[1].consultation_months = 6;
    book->packs[1].tables = tables_amended;
    book->packs[2] = amendment("jp-sg-3");
    for (size_t i = 0; i < KH_TEST_PACKS; i++) {
        book->pack_list[i] = &book->packs[i];
    }
    init_calendar(&book->calendars[0], "jp-administrative", jp_holidays, book->holidays[0]);
    book->calendars[0].closures = jp_closures;
    book->calendars[0].closure_count = COUNT(jp_closures);
    init_calendar(&book->calendars[1], "sg-public-holidays", sg_holidays, book->holidays[1]);
    book->calendar_list[0] = &book->calendars[0];
    book->calendar_list[1] = &book->calendars[1];
    book->book = (kh_rule_book){
        .packs = book->pack_list,
        .pack_count = KH_TEST_PACKS,
        .policies = book->policy_list,
        .policy_count = 1,
        .calendars = book->calendar_list,
        .calendar_count = 2,
    };
}

/* ---- dates and instants ---- */

kh_day kh_test_day(const char *date)
{
    kh_day day = 0;
    bool read = kh_day_parse(kh_text_of(date), &day);
    assert(read);
    (void)read;
    return day;
}

bool kh_test_instant_parse(kh_text text, kh_instant *out)
{
    bool before = text.length > 0 && text.data[0] == '<';
    kh_text rest = before ? (kh_text){text.data + 1, text.length - 1} : text;
    kh_instant at = 0;
    if (rest.length == KH_DATE_SIZE + 3 && rest.data[KH_DATE_SIZE] == '@') {
        kh_text whose = {rest.data + KH_DATE_SIZE + 1, 2};
        kh_day day = 0;
        if (!kh_day_parse((kh_text){rest.data, KH_DATE_SIZE}, &day)) {
            return false;
        }
        if (kh_text_equal(whose, japan.id)) {
            at = kh_day_begin(day, japan.utc_offset_minutes);
        } else if (kh_text_equal(whose, singapore.id)) {
            at = kh_day_begin(day, singapore.utc_offset_minutes);
        } else {
            return false;
        }
    } else if (!kh_instant_parse(rest, &at)) {
        return false;
    }
    *out = before ? at - 1 : at;
    return true;
}

kh_instant kh_test_instant(const char *text)
{
    kh_instant at = 0;
    bool read = kh_test_instant_parse(kh_text_of(text), &at);
    assert(read);
    (void)read;
    return at;
}
