#include "kakehashi/rule_pack.h"

#include <stdarg.h>
#include <stdio.h>

const kh_rule_pack *kh_rule_book_first_pack(const kh_rule_book *book, kh_text arrangement)
{
    for (uint32_t i = 0; i < book->pack_count; i++) {
        if (!book->packs[i]->amends && kh_text_equal(book->packs[i]->arrangement, arrangement)) {
            return book->packs[i];
        }
    }
    return NULL;
}

const kh_rule_pack *kh_rule_book_pack_by_sha256(const kh_rule_book *book, kh_text arrangement, kh_text sha256)
{
    for (uint32_t i = 0; i < book->pack_count; i++) {
        if (kh_text_equal(book->packs[i]->sha256, sha256) && kh_text_equal(book->packs[i]->arrangement, arrangement)) {
            return book->packs[i];
        }
    }
    return NULL;
}

const kh_policies *kh_rule_book_policies(const kh_rule_book *book, kh_text arrangement)
{
    for (uint32_t i = 0; i < book->policy_count; i++) {
        if (kh_text_equal(book->policies[i]->arrangement, arrangement)) {
            return book->policies[i];
        }
    }
    return NULL;
}

const kh_calendar *kh_rule_book_calendar(const kh_rule_book *book, kh_text id)
{
    for (uint32_t i = 0; i < book->calendar_count; i++) {
        if (kh_text_equal(book->calendars[i]->id, id)) {
            return book->calendars[i];
        }
    }
    return NULL;
}

const kh_participant *kh_rule_book_participant(const kh_rule_book *book, kh_text id)
{
    const kh_participant *found = NULL;
    for (uint32_t i = 0; i < book->pack_count && found == NULL; i++) {
        found = kh_rule_pack_participant(book->packs[i], id);
    }
    return found;
}

bool kh_rule_book_knows_level(const kh_rule_book *book, kh_text participant, uint32_t level)
{
    for (uint32_t i = 0; i < book->pack_count; i++) {
        const kh_participant *known = kh_rule_pack_participant(book->packs[i], participant);
        if (known != NULL && level >= known->level_first && level <= known->level_last) {
            return true;
        }
    }
    return false;
}

const kh_participant *kh_rule_pack_participant(const kh_rule_pack *pack, kh_text id)
{
    for (size_t i = 0; i < KH_PARTICIPANTS; i++) {
        if (kh_text_equal(pack->participants[i].id, id)) {
            return &pack->participants[i];
        }
    }
    return NULL;
}

const kh_participant *kh_rule_pack_other(const kh_rule_pack *pack, kh_text id)
{
    for (size_t i = 0; i < KH_PARTICIPANTS; i++) {
        if (kh_text_equal(pack->participants[i].id, id)) {
            return &pack->participants[KH_PARTICIPANTS - 1 - i];
        }
    }
    return NULL;
}

static bool lists(const kh_text *texts, uint32_t count, kh_text wanted)
{
    for (uint32_t i = 0; i < count; i++) {
        if (kh_text_equal(texts[i], wanted)) {
            return true;
        }
    }
    return false;
}

bool kh_participant_covers(const kh_participant *participant, kh_text category)
{
    return lists(participant->categories, participant->category_count, category);
}

bool kh_table_applies(const kh_table *table, kh_text from, kh_text to, kh_text category)
{
    return kh_text_equal(table->from, from) && kh_text_equal(table->to, to) &&
           (table->category_count == 0 || lists(table->categories, table->category_count, category));
}

/* ---- checks across files ---- */

typedef struct report {
    void (*problem)(void *self, kh_text text);
    void *self;
    bool any;
} report;

static void say(report *to, const char *format, ...) KH_PRINTF(2, 3);

static void say(report *to, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    to->any = true;
    to->problem(to->self, kh_text_of(text));
}

static void check_calendars(const kh_rule_book *book, const kh_rule_pack *pack, report *to)
{
    for (size_t i = 0; i < KH_PARTICIPANTS; i++) {
        const kh_participant *participant = &pack->participants[i];
        if (kh_rule_book_calendar(book, participant->calendar) == NULL) {
            say(to,
                "rule pack %.*s: participant %.*s needs the calendar \"%.*s\", which no calendar file has; "
                "add its file to `calendars`",
                KH_TEXT_ARGS(pack->id), KH_TEXT_ARGS(participant->id), KH_TEXT_ARGS(participant->calendar));
        }
    }
}

static bool same_sides(const kh_rule_pack *a, const kh_rule_pack *b)
{
    return kh_rule_pack_participant(b, a->participants[0].id) != NULL &&
           kh_rule_pack_participant(b, a->participants[1].id) != NULL;
}

static void check_pair(const kh_rule_pack *a, const kh_rule_pack *b, report *to)
{
    bool same_arrangement = kh_text_equal(a->arrangement, b->arrangement);
    if (kh_text_equal(a->id, b->id)) {
        say(to, "two rule packs have the id \"%.*s\"; an amendment is a new pack with an id of its own (Art 9)",
            KH_TEXT_ARGS(a->id));
    }
    if (same_arrangement && !a->amends && !b->amends) {
        say(to, "arrangement %.*s has two first packs, %.*s and %.*s; the later one must name what it `amends`",
            KH_TEXT_ARGS(a->arrangement), KH_TEXT_ARGS(a->id), KH_TEXT_ARGS(b->id));
    }
    if (same_arrangement != same_sides(a, b)) {
        say(to,
            same_arrangement ? "rule packs %.*s and %.*s are of one arrangement but name different participants"
                             : "rule packs %.*s and %.*s are two arrangements of the same pair of participants; "
                               "a worker serves at most one for each pair",
            KH_TEXT_ARGS(a->id), KH_TEXT_ARGS(b->id));
    }
    for (size_t i = 0; i < KH_PARTICIPANTS; i++) {
        const kh_participant *other = kh_rule_pack_participant(b, a->participants[i].id);
        if (other != NULL && other->utc_offset_minutes != a->participants[i].utc_offset_minutes) {
            say(to, "participant %.*s has one `utc_offset` in rule pack %.*s and another in %.*s; they must agree",
                KH_TEXT_ARGS(other->id), KH_TEXT_ARGS(a->id), KH_TEXT_ARGS(b->id));
        }
    }
}

static void check_packs(const kh_rule_book *book, report *to)
{
    if (book->pack_count == 0) {
        say(to, "there is no rule pack; name at least one file under `rules`");
    }
    for (uint32_t i = 0; i < book->pack_count; i++) {
        const kh_rule_pack *pack = book->packs[i];
        check_calendars(book, pack, to);
        if (kh_rule_book_first_pack(book, pack->arrangement) == NULL) {
            say(to, "arrangement %.*s has no first pack: %.*s amends one that is not among the files",
                KH_TEXT_ARGS(pack->arrangement), KH_TEXT_ARGS(pack->id));
        }
        if (kh_rule_book_policies(book, pack->arrangement) == NULL) {
            say(to, "arrangement %.*s has no policy file; add one to `policies`", KH_TEXT_ARGS(pack->arrangement));
        }
        for (uint32_t j = 0; j < i; j++) {
            check_pair(book->packs[j], pack, to);
        }
    }
}

kh_rc kh_rule_book_check(const kh_rule_book *book, void (*problem)(void *self, kh_text text), void *self)
{
    report to = {problem, self, false};
    check_packs(book, &to);
    for (uint32_t i = 0; i < book->policy_count; i++) {
        const kh_policies *policies = book->policies[i];
        if (kh_rule_book_first_pack(book, policies->arrangement) == NULL) {
            say(&to, "policy file %.*s is for the arrangement %.*s, which no rule pack has", KH_TEXT_ARGS(policies->id),
                KH_TEXT_ARGS(policies->arrangement));
        }
        for (uint32_t j = 0; j < i; j++) {
            if (kh_text_equal(book->policies[j]->arrangement, policies->arrangement)) {
                say(&to, "arrangement %.*s has two policy files; keep one", KH_TEXT_ARGS(policies->arrangement));
            }
        }
    }
    for (uint32_t i = 0; i < book->calendar_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (kh_text_equal(book->calendars[j]->id, book->calendars[i]->id)) {
                say(&to, "two calendars have the id \"%.*s\"; keep one", KH_TEXT_ARGS(book->calendars[i]->id));
            }
        }
    }
    return to.any ? KH_E_CONFIGURATION : KH_OK;
}
