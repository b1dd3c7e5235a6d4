#include "config/schema_value.h"

#include "kakehashi/date.h"

/* Fields are written as what they are declared to be; enums are as wide as int in every compiler that builds this. */
_Static_assert(sizeof(kh_secret_source) == sizeof(int), "an enum is as wide as int");

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/*! Decimal digits with an optional minus, nothing else. */
static bool parse_number(kh_text text, int64_t *out)
{
    bool negative = text.length > 0 && text.data[0] == '-';
    size_t first = negative ? 1 : 0;
    if (text.length == first || text.length - first > 15) {
        return false;
    }
    int64_t number = 0;
    for (size_t i = first; i < text.length; i++) {
        if (!is_digit(text.data[i])) {
            return false;
        }
        number = number * 10 + (text.data[i] - '0');
    }
    *out = negative ? -number : number;
    return true;
}

static bool parse_two_digits(const char *data, int *out)
{
    if (!is_digit(data[0]) || !is_digit(data[1])) {
        return false;
    }
    *out = (data[0] - '0') * 10 + (data[1] - '0');
    return true;
}

/*! "12-29"; 02-29 is one, in the years that have it. */
static bool parse_month_day(kh_text text, uint16_t *out)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int month = 0;
    int day = 0;
    if (text.length != 5 || text.data[2] != '-' || !parse_two_digits(text.data, &month) ||
        !parse_two_digits(text.data + 3, &day)) {
        return false;
    }
    if (month < 1 || month > 12 || day < 1 || day > days[month - 1]) {
        return false;
    }
    *out = (uint16_t)(month * 100 + day);
    return true;
}

/*! "+09:00", within the 14 hours that are in use. */
static bool parse_offset(kh_text text, int32_t *out)
{
    int hours = 0;
    int minutes = 0;
    if (text.length != 6 || (text.data[0] != '+' && text.data[0] != '-') || text.data[3] != ':' ||
        !parse_two_digits(text.data + 1, &hours) || !parse_two_digits(text.data + 4, &minutes)) {
        return false;
    }
    int offset = hours * 60 + minutes;
    if (minutes > 59 || offset > 14 * 60) {
        return false;
    }
    *out = text.data[0] == '-' ? -offset : offset;
    return true;
}

static bool parse_boolean(kh_text text, bool *out)
{
    bool yes = kh_text_equal(text, KH_TEXT("yes")) || kh_text_equal(text, KH_TEXT("true"));
    bool no = kh_text_equal(text, KH_TEXT("no")) || kh_text_equal(text, KH_TEXT("false"));
    if (yes || no) {
        *out = yes;
    }
    return yes || no;
}

static bool parse_choice(const kh_choice *choices, kh_text text, int *out)
{
    for (; choices->name != NULL; choices++) {
        if (kh_text_equal(text, kh_text_of(choices->name))) {
            *out = choices->value;
            return true;
        }
    }
    return false;
}

/*! One line, within the bounds. */
static bool fits_text(const kh_schema_key *key, kh_text text)
{
    int64_t most = key->type == KH_SCHEMA_TEXT && key->most != 0 ? key->most : KH_SCHEMA_TEXT_MOST;
    int64_t least = key->type == KH_SCHEMA_TEXT && key->most != 0 ? key->least : 1;
    bool one_line = text.length == 0 ||
                    (memchr(text.data, '\n', text.length) == NULL && memchr(text.data, '\t', text.length) == NULL);
    return (int64_t)text.length >= least && (int64_t)text.length <= most && one_line;
}

static bool parse_number_within(const kh_schema_key *key, kh_text value, void *field)
{
    int64_t number = 0;
    if (!parse_number(value, &number) || number < key->least || number > key->most) {
        return false;
    }
    uint32_t bits = (uint32_t)number; /* the two's complement of an int32_t, as C17 converts it */
    memcpy(field, &bits, sizeof(bits));
    return true;
}

bool kh_schema_value_parse(const kh_schema_key *key, kh_text value, void *field)
{
    int choice = 0;
    switch (key->type) {
    case KH_SCHEMA_TEXT:
    case KH_SCHEMA_TEXTS:
    case KH_SCHEMA_PAIRS:
        if (!fits_text(key, value)) {
            return false;
        }
        *(kh_text *)field = value;
        return true;
    case KH_SCHEMA_NUMBER:
        return parse_number_within(key, value, field);
    case KH_SCHEMA_BOOLEAN:
        return parse_boolean(value, field);
    case KH_SCHEMA_DATE:
        return kh_day_parse(value, field);
    case KH_SCHEMA_MONTH_DAY:
        return parse_month_day(value, field);
    case KH_SCHEMA_OFFSET:
        return parse_offset(value, field);
    case KH_SCHEMA_CHOICE:
        if (!parse_choice(key->choices, value, &choice)) {
            return false;
        }
        memcpy(field, &choice, sizeof(choice));
        return true;
    case KH_SCHEMA_CHOICES:
        if (!parse_choice(key->choices, value, &choice)) {
            return false;
        }
        *(uint8_t *)field |= (uint8_t)(1u << choice);
        return true;
    case KH_SCHEMA_MAP:
    case KH_SCHEMA_LIST:
    case KH_SCHEMA_SECRET:
        break;
    }
    return false;
}

size_t kh_schema_choice_count(const kh_choice *choices)
{
    size_t count = 0;
    while (choices[count].name != NULL) {
        count++;
    }
    return count;
}

size_t kh_schema_key_count(const kh_schema *schema)
{
    size_t count = 0;
    while (schema->keys[count].name != NULL) {
        count++;
    }
    return count;
}

static kh_text describe_choices(const kh_schema_key *key, kh_arena *arena)
{
    kh_text text = KH_TEXT("one of");
    for (const kh_choice *choice = key->choices; choice->name != NULL; choice++) {
        text = kh_arena_print(arena, "%.*s%s %s", KH_TEXT_ARGS(text), choice == key->choices ? "" : ",", choice->name);
    }
    return text;
}

kh_text kh_schema_value_describe(const kh_schema_key *key, kh_arena *arena)
{
    long long least = (long long)key->least;
    long long most = (long long)key->most;
    switch (key->type) {
    case KH_SCHEMA_PAIRS:
        return kh_arena_print(arena, "a text of 1 to %d bytes in one line", KH_SCHEMA_TEXT_MOST);
    case KH_SCHEMA_TEXT:
        return kh_arena_print(arena, "a text of %lld to %lld bytes in one line", most == 0 ? 1 : least,
                              most == 0 ? KH_SCHEMA_TEXT_MOST : most);
    case KH_SCHEMA_NUMBER:
        return kh_arena_print(arena, "a number from %lld to %lld", least, most);
    case KH_SCHEMA_BOOLEAN:
        return KH_TEXT("yes or no");
    case KH_SCHEMA_DATE:
        return KH_TEXT("a date like 2026-06-01 that the calendar has");
    case KH_SCHEMA_MONTH_DAY:
        return KH_TEXT("a month and a day like 12-29");
    case KH_SCHEMA_OFFSET:
        return KH_TEXT("an offset from UTC like +09:00");
    case KH_SCHEMA_CHOICE:
        return describe_choices(key, arena);
    case KH_SCHEMA_CHOICES:
        return kh_arena_print(arena, "a list, each %.*s,", KH_TEXT_ARGS(describe_choices(key, arena)));
    case KH_SCHEMA_TEXTS:
        return kh_arena_print(arena, "a list of texts of 1 to %d bytes", KH_SCHEMA_TEXT_MOST);
    case KH_SCHEMA_MAP:
        return KH_TEXT("a map of keys, one a line and indented,");
    case KH_SCHEMA_LIST:
        return KH_TEXT("a list of maps, each begun with \"- \",");
    case KH_SCHEMA_SECRET:
        return KH_TEXT("{env: NAME} or {file: PATH}");
    }
    return KH_TEXT("");
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

#define NEAR_LENGTH_MOST 40

/*! How many single characters must change, come or go (upper and lower case count as one). */
static size_t edit_distance(kh_text a, kh_text b)
{
    size_t row[NEAR_LENGTH_MOST + 1];
    for (size_t j = 0; j <= b.length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.length; j++) {
            size_t above = row[j];
            char x = a.data[i - 1];
            char y = b.data[j - 1];
            bool same = x == y || ((x | 0x20) == (y | 0x20) && (x | 0x20) >= 'a' && (x | 0x20) <= 'z');
            row[j] = smallest(diagonal + (same ? 0 : 1), above + 1, row[j - 1] + 1);
            diagonal = above;
        }
    }
    return row[b.length];
}

const char *kh_schema_value_nearest(kh_text wrong, const char *const *names, size_t count, size_t stride)
{
    const char *nearest = NULL;
    size_t least = 1 + wrong.length / 3; /* one slip in three characters is a slip; more is another word */
    for (size_t i = 0; i < count; i++) {
        const char *name = *(const char *const *)(const void *)((const char *)names + i * stride);
        kh_text candidate = kh_text_of(name);
        if (wrong.length > NEAR_LENGTH_MOST || candidate.length > NEAR_LENGTH_MOST) {
            continue;
        }
        size_t distance = edit_distance(wrong, candidate);
        if (distance <= least && (nearest == NULL || distance < least)) {
            nearest = name;
            least = distance;
        }
    }
    return nearest;
}
