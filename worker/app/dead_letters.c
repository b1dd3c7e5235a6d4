#include "app/dead_letters.h"

#include <stdlib.h>

#include "app/event_rules.h"
#include "app/heap.h"
#include "app/rules_store.h"
#include "codec/event_line.h"

#define PAGE 1000

struct kh_dead_letters {
    const kh_settings *settings;
    kh_problems *problems;
    kh_database *database;
    kh_arena arena; /* rule book and rules */
    kh_arena page;
    kh_rule_book book;
    kh_event_rules rules;
};

static kh_rc told(kh_dead_letters *letters, kh_rc rc)
{
    return rc == KH_OK || rc == KH_E_MEMORY || letters->problems->count > 0
               ? rc
               : kh_reach_failed(letters->settings, letters->database, letters->problems, rc);
}

kh_rc kh_dead_letters_open(const kh_settings *settings, kh_problems *problems, kh_dead_letters **out)
{
    kh_dead_letters *letters = calloc(1, sizeof *letters);
    if (letters == NULL) {
        return KH_E_MEMORY;
    }
    letters->settings = settings;
    letters->problems = problems;
    kh_arena_init(&letters->arena, 65536, kh_heap());
    kh_arena_init(&letters->page, 65536, kh_heap());
    kh_rc rc = kh_reach_schema(settings, problems, &letters->database, NULL);
    if (rc == KH_OK) {
        rc = told(letters, kh_rules_store_read(letters->database, &letters->arena, problems, &letters->book));
    }
    if (rc == KH_OK) {
        rc = kh_event_rules_init(settings, &letters->book, &letters->arena, &letters->rules);
    }
    if (rc != KH_OK) {
        kh_dead_letters_close(letters);
        return rc;
    }
    *out = letters;
    return KH_OK;
}

void kh_dead_letters_close(kh_dead_letters *letters)
{
    if (letters != NULL) {
        kh_reach_close(letters->database);
        kh_arena_deinit(&letters->page);
        kh_arena_deinit(&letters->arena);
        free(letters);
    }
}

kh_rc kh_dead_letters_visit(kh_dead_letters *letters, const kh_dead_letter_filter *filter,
                            kh_rc (*visit)(void *self, const kh_dead_letter_case *letter), void *self)
{
    char topic[256] = ""; /* Kafka allows 249 bytes */
    kh_dead_letter_place after = {-1, {topic, 0}, 0};
    for (;;) {
        kh_dead_letter_case *cases = NULL;
        size_t count = 0;
        kh_arena_reset(&letters->page);
        kh_rc rc = told(letters,
                        kh_dead_letters_list(letters->database, filter, &after, PAGE, &letters->page, &cases, &count));
        for (size_t i = 0; rc == KH_OK && i < count; i++) {
            rc = visit(self, &cases[i]);
        }
        if (rc != KH_OK || count < PAGE) {
            return rc;
        }
        const kh_dead_letter_row *last = &cases[count - 1].letter;
        after.lane = last->lane;
        after.offset = last->offset;
        after.topic.length = last->topic.length < sizeof topic ? last->topic.length : sizeof topic;
        memcpy(topic, last->topic.data, after.topic.length);
    }
}

kh_rc kh_dead_letters_one(kh_dead_letters *letters, const kh_dead_letter_place *place, kh_arena *arena,
                          kh_dead_letter_case *out, bool *found)
{
    return told(letters, kh_dead_letters_find(letters->database, place, arena, out, found));
}

kh_rc kh_dead_letters_story(kh_dead_letters *letters, const kh_dead_letter_case *of, kh_arena *arena,
                            kh_dead_letter_case **out, size_t *count)
{
    return told(letters, kh_dead_letters_deeds(letters->database, of->letter.lane, of->letter.seq, arena, out, count));
}

kh_record kh_dead_letter_record(const kh_dead_letter_row *letter)
{
    return (kh_record){.topic = letter->topic,
                       .partition = letter->lane,
                       .offset = letter->offset,
                       .timestamp = letter->record_timestamp,
                       .has_key = letter->has_key,
                       .has_value = letter->has_value,
                       .key = letter->key,
                       .value = letter->value};
}

kh_rc kh_dead_letters_judge(kh_dead_letters *letters, const kh_dead_letter_case *of, kh_arena *arena,
                            kh_refusal *refusal, kh_text *json)
{
    const kh_dead_letter_row *letter = &of->letter;
    kh_record record = kh_dead_letter_record(letter);
    kh_event event;
    *refusal = (kh_refusal){KH_REFUSAL_NONE, {"", 0}};
    *json = (kh_text){"", 0};
    if (letter->value_size > (int64_t)letter->value.length) {
        *refusal = (kh_refusal){KH_REFUSAL_TOO_LARGE, KH_TEXT("only the beginning of its bytes was kept")};
        return KH_OK;
    }
    kh_rc rc = kh_event_read(&letters->rules, &record, -1, arena, &event, refusal);
    if (rc != KH_OK && rc != KH_E_REFUSED) {
        return rc;
    }
    rc = letter->value.length == 0 ? KH_E_REFUSED : kh_event_json(letter->value, arena, json);
    return rc == KH_E_REFUSED ? KH_OK : rc;
}

kh_rc kh_dead_letters_redrive(kh_dead_letters *letters, const kh_dead_letter_case *cases, size_t count, kh_text by,
                              size_t *asked)
{
    return told(letters, kh_dead_letters_ask(letters->database, cases, count, by, asked));
}

kh_rc kh_dead_letters_set_aside(kh_dead_letters *letters, const kh_dead_letter_case *cases, size_t count, kh_text by,
                                kh_text why)
{
    return told(letters, kh_dead_letters_discard(letters->database, cases, count, by, why));
}

/* \return false unless the text is digits alone, and not too many. */
static bool parse_number(kh_text text, int64_t *out)
{
    *out = 0;
    if (text.length == 0 || text.length > 18) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        *out = *out * 10 + (text.data[i] - '0');
    }
    return true;
}

static bool cut_last(kh_text *text, kh_text *last)
{
    for (size_t i = text->length; i-- > 0;) {
        if (text->data[i] == '/') {
            *last = (kh_text){text->data + i + 1, text->length - i - 1};
            text->length = i;
            return true;
        }
    }
    return false;
}

bool kh_dead_letter_place_parse(kh_text text, kh_dead_letter_place *out)
{
    kh_text offset;
    kh_text lane;
    int64_t number = 0;
    kh_dead_letter_place place = {0};
    if (!cut_last(&text, &offset) || !cut_last(&text, &lane) || text.length == 0 ||
        !parse_number(offset, &place.offset) || !parse_number(lane, &number) || number > INT32_MAX) {
        return false;
    }
    place.lane = (int32_t)number;
    place.topic = text;
    *out = place;
    return true;
}
