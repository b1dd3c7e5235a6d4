#include "support/history.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/core_fixture.h"

/* One line cut into words; a word may have a value behind "=". */
typedef struct words {
    kh_text key[24];
    kh_text value[24];
    bool used[24];
    size_t count;
} words;

static kh_text cut(kh_text *rest, char separator)
{
    const char *end = rest->length == 0 ? NULL : memchr(rest->data, separator, rest->length);
    size_t length = end == NULL ? rest->length : (size_t)(end - rest->data);
    kh_text head = {rest->data, length};
    size_t taken = end == NULL ? length : length + 1;
    *rest = (kh_text){rest->data + taken, rest->length - taken};
    return head;
}

static bool split(kh_text line, words *out)
{
    *out = (words){0};
    while (line.length > 0) {
        kh_text word = cut(&line, ' ');
        if (word.length == 0) {
            continue;
        }
        if (out->count == 24) {
            return false;
        }
        out->key[out->count] = cut(&word, '=');
        out->value[out->count++] = word;
    }
    return true;
}

/* The value of a key; an empty text if it is not there. */
static kh_text value_of(words *line, const char *key)
{
    for (size_t i = 0; i < line->count; i++) {
        if (kh_text_equal(line->key[i], kh_text_of(key))) {
            line->used[i] = true;
            return line->value[i];
        }
    }
    return (kh_text){"", 0};
}

static bool read_number(kh_text text, uint32_t *out)
{
    uint32_t number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        number = number * 10 + (uint32_t)(text.data[i] - '0');
    }
    *out = number;
    return text.length > 0;
}

static bool complain(kh_test_history *history, const char *what, kh_text word)
{
    (void)snprintf(history->problem, sizeof history->problem, "%s: \"%.*s\"", what, KH_TEXT_ARGS(word));
    return false;
}

/* A date that must be there. */
static bool read_day(kh_test_history *history, words *line, const char *key, kh_day *out)
{
    return kh_day_parse(value_of(line, key), out) || complain(history, "a date is missing or not one", kh_text_of(key));
}

static void *get(kh_test_history *history, size_t size)
{
    void *slice = kh_arena_allocate(history->arena, size);
    if (slice == NULL) {
        abort();
    }
    return slice;
}

static uint32_t count_of(kh_text list)
{
    uint32_t count = list.length == 0 ? 0 : 1;
    for (size_t i = 0; i < list.length; i++) {
        count += list.data[i] == ',';
    }
    return count;
}

static kh_text or_else(kh_text text, const char *otherwise)
{
    return text.length == 0 ? kh_text_of(otherwise) : text;
}

/* ---- parts of bodies ---- */

static bool has_details(words *line)
{
    static const char *const keys[] = {"level", "category", "number", "product", "maker", "holder", "models"};
    bool any = false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        any = value_of(line, keys[i]).length > 0 || any;
    }
    return any;
}

static bool read_details(kh_test_history *history, words *line, kh_body *body)
{
    kh_details *details = get(history, sizeof *details);
    kh_text level = value_of(line, "level");
    kh_text models = value_of(line, "models");
    *details = (kh_details){
        .registration_number = or_else(value_of(line, "number"), "N-1"),
        .level = 1,
        .category = or_else(value_of(line, "category"), "general-iot"),
        .product = or_else(value_of(line, "product"), "lamp"),
        .maker = or_else(value_of(line, "maker"), "maker"),
        .holder = or_else(value_of(line, "holder"), "holder"),
    };
    if (level.length > 0 && !read_number(level, &details->level)) {
        return complain(history, "not a level", level);
    }
    kh_text *list = get(history, (count_of(models) + 1) * sizeof *list);
    while (models.length > 0) {
        list[details->model_count++] = cut(&models, ',');
    }
    details->models = list;
    body->details = details;
    return true;
}

static bool read_validity(kh_test_history *history, words *line, kh_body *body)
{
    kh_text text = value_of(line, "valid");
    kh_validity *validity = get(history, sizeof *validity);
    body->validity = validity;
    return (text.length == 22 && kh_day_parse((kh_text){text.data, 10}, &validity->from) &&
            memcmp(text.data + 10, "..", 2) == 0 && kh_day_parse((kh_text){text.data + 12, 10}, &validity->until)) ||
           complain(history, "valid=FROM..UNTIL is missing or not two dates", text);
}

static void read_evidence(kh_test_history *history, words *line, kh_body *body)
{
    kh_text rest = value_of(line, "documents");
    kh_evidence *evidence = get(history, sizeof *evidence);
    kh_document *documents = get(history, (count_of(rest) + 1) * sizeof *documents);
    while (rest.length > 0) {
        kh_text language = cut(&rest, ',');
        kh_document *document = &documents[evidence->document_count++];
        document->id = cut(&language, ':');
        document->language = cut(&language, '+');
        document->english_translation = language.length > 0;
    }
    evidence->documents = documents;
    body->evidence = evidence;
}

static void read_origin(kh_test_history *history, words *line, kh_body *body)
{
    kh_origin *origin = get(history, sizeof *origin);
    origin->basis = value_of(line, "basis");
    origin->arrangement = value_of(line, "arrangement");
    if (origin->basis.length > 0 && origin->arrangement.length == 0) {
        origin->arrangement = KH_TEXT("jp-sg");
    }
    origin->third_country = value_of(line, "third");
    body->origin = origin;
}

static bool read_grounds(kh_test_history *history, words *line, kh_body *body)
{
    static const char *const names[] = {"health", "law", "security", "requirements"};
    kh_text rest = or_else(value_of(line, "grounds"), "law");
    uint8_t *grounds = get(history, count_of(rest));
    while (rest.length > 0) {
        kh_text name = cut(&rest, ',');
        uint8_t ground = 0;
        for (uint8_t i = 0; i < 4; i++) {
            ground = kh_text_equal(name, kh_text_of(names[i])) ? (uint8_t)(i + 1) : ground;
        }
        if (ground == 0) {
            return complain(history, "not a ground", name);
        }
        grounds[body->ground_count++] = ground;
    }
    body->grounds = grounds;
    return true;
}

/* ---- bodies ---- */

static bool read_issued(kh_test_history *history, words *line, kh_body *body)
{
    read_origin(history, line, body);
    read_evidence(history, line, body);
    return read_validity(history, line, body) && read_details(history, line, body);
}

static bool read_amended(kh_test_history *history, words *line, kh_body *body)
{
    bool details = has_details(line);
    if (value_of(line, "documents").length > 0 || !details) {
        read_evidence(history, line, body);
    }
    return !details || read_details(history, line, body);
}

static bool read_renewed(kh_test_history *history, words *line, kh_body *body)
{
    if (!read_validity(history, line, body)) {
        return false;
    }
    body->day = body->validity->from;
    return !has_details(line) || read_details(history, line, body);
}

static bool read_from(kh_test_history *history, words *line, kh_body *body)
{
    return read_day(history, line, "from", &body->day);
}

static bool read_on(kh_test_history *history, words *line, kh_body *body)
{
    return read_day(history, line, "on", &body->day);
}

static bool read_nothing(kh_test_history *history, words *line, kh_body *body)
{
    (void)history, (void)line, (void)body;
    return true;
}

static bool read_revoked(kh_test_history *history, words *line, kh_body *body)
{
    if (!read_day(history, line, "decided", &body->decided_on)) {
        return false;
    }
    body->day = body->decided_on;
    return value_of(line, "from").length == 0 || read_day(history, line, "from", &body->day);
}

static bool read_measure(kh_test_history *history, words *line, kh_body *body)
{
    return read_from(history, line, body) && read_grounds(history, line, body);
}

static bool read_terminated(kh_test_history *history, words *line, kh_body *body)
{
    if (!read_day(history, line, "last", &body->day)) {
        return false;
    }
    body->given_on = kh_day_add_months(body->day, -6);
    body->day++;
    return value_of(line, "given").length == 0 || read_day(history, line, "given", &body->given_on);
}

static bool read_consented(kh_test_history *history, words *line, kh_body *body)
{
    kh_text pack = value_of(line, "pack");
    body->rule_pack_sha256 = kh_test_pack_sha256(pack);
    return (body->rule_pack_sha256.length == 64 || complain(history, "not a pack", pack)) &&
           read_day(history, line, "from", &body->effective_from) && read_day(history, line, "given", &body->given_on);
}

static const struct {
    const char *name;
    kh_body_kind kind;
    bool (*read)(kh_test_history *history, words *line, kh_body *body);
} kinds[] = {
    {"issued", KH_LABEL_ISSUED, read_issued},
    {"amended", KH_LABEL_AMENDED, read_amended},
    {"renewed", KH_LABEL_RENEWED, read_renewed},
    {"suspended", KH_LABEL_SUSPENDED, read_from},
    {"lifted", KH_SUSPENSION_LIFTED, read_from},
    {"revoked", KH_LABEL_REVOKED, read_revoked},
    {"revocation-withdrawn", KH_REVOCATION_WITHDRAWN, read_nothing},
    {"notice-given", KH_REVOCATION_NOTICE_GIVEN, read_on},
    {"notice-received", KH_REVOCATION_NOTICE_RECEIVED, read_on},
    {"raised", KH_DISPUTE_RAISED, read_on},
    {"settled", KH_DISPUTE_SETTLED, read_on},
    {"failed", KH_DISPUTE_FAILED, read_from},
    {"measure", KH_MEASURE_TAKEN, read_measure},
    {"measure-lifted", KH_MEASURE_LIFTED, read_from},
    {"terminated", KH_TERMINATION_NOTICED, read_terminated},
    {"termination-withdrawn", KH_TERMINATION_WITHDRAWN, read_nothing},
    {"consented", KH_AMENDMENT_CONSENTED, read_consented},
    {"consulted", KH_CONSULTATION_HELD, read_on},
};

static bool read_body(kh_test_history *history, words *line, kh_text name, kh_body *body)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kh_text_equal(name, kh_text_of(kinds[i].name))) {
            *body = (kh_body){
                .kind = kinds[i].kind,
                .day = KH_DAY_NONE,
                .decided_on = KH_DAY_NONE,
                .given_on = KH_DAY_NONE,
                .effective_from = KH_DAY_NONE,
            };
            return kinds[i].read(history, line, body);
        }
    }
    return complain(history, "not a kind of statement", name);
}

/* ---- histories ---- */

void kh_test_history_init(kh_test_history *history, const char *label, kh_arena *arena)
{
    *history = (kh_test_history){.arena = arena, .label = kh_text_of(label)};
}

static void make_room(kh_test_history *history)
{
    if (history->count < history->capacity) {
        return;
    }
    uint32_t capacity = history->capacity == 0 ? 16 : history->capacity * 2;
    kh_event *events = get(history, capacity * sizeof *events);
    if (history->count > 0) {
        memcpy(events, history->events, history->count * sizeof *events);
    }
    history->events = events;
    history->capacity = capacity;
}

static bool read_numbers(kh_test_history *history, words *line, kh_event *event)
{
    uint32_t revision = 0;
    for (uint32_t i = 0; i < history->count; i++) {
        const kh_event *before = &history->events[i];
        if (kh_text_equal(before->participant, event->participant) && kh_text_equal(before->subject, event->subject) &&
            before->statement.revision > revision) {
            revision = before->statement.revision;
        }
    }
    revision++;
    uint32_t id = history->count + 1;
    kh_text given = value_of(line, "rev");
    if (given.length > 0 && !read_number(given, &revision)) {
        return complain(history, "not a revision", given);
    }
    given = value_of(line, "event");
    if (given.length > 0 && !read_number(given, &id)) {
        return complain(history, "not an event's number", given);
    }
    event->statement.revision = revision;
    event->statement.event_id = kh_arena_print(history->arena, "00000000-0000-4000-8000-%012u", id);
    return true;
}

bool kh_test_history_add(kh_test_history *history, kh_text text)
{
    words line;
    kh_text kept = {0};
    make_room(history);
    if (kh_arena_copy_text(history->arena, text, &kept) != KH_OK) {
        abort();
    }
    if (!split(kept, &line) || line.count < 2) {
        return complain(history, "not a statement", text);
    }
    kh_event *event = &history->events[history->count];
    *event = (kh_event){.subject = history->label};
    kh_text first = line.key[0];
    size_t at = first.data[first.length - 1] == ':' ? 1 : 0;
    event->participant = line.key[at];
    if (line.count < at + 2 || !read_body(history, &line, line.key[at + 1], &event->statement.body)) {
        return false;
    }
    if (kh_body_is_about_arrangement(event->statement.body.kind)) {
        event->subject = KH_TEXT("arrangement/jp-sg");
    }
    if (at == 1) {
        event->subject = (kh_text){first.data, first.length - 1};
    }
    if (!read_numbers(history, &line, event)) {
        return false;
    }
    for (size_t i = at + 2; i < line.count; i++) {
        if (!line.used[i]) {
            return complain(history, "this kind of statement has no such key", line.key[i]);
        }
    }
    event->statement.bytes = kept; /* any bytes will do that differ when the body does */
    history->count++;
    return true;
}

void kh_test_history_state(kh_test_history *history, const char *lines)
{
    kh_text rest = kh_text_of(lines);
    while (rest.length > 0) {
        kh_text line = cut(&rest, ';');
        if (!kh_test_history_add(history, line)) {
            (void)fprintf(stderr, "%.*s\n%s\n", KH_TEXT_ARGS(line), history->problem);
            abort();
        }
    }
}

kh_facts kh_test_history_facts(const kh_test_history *history, kh_text subject, bool backwards)
{
    kh_facts facts = {0};
    for (uint32_t i = 0; i < history->count; i++) {
        const kh_event *event = &history->events[backwards ? history->count - 1 - i : i];
        kh_merge merge;
        if (kh_text_equal(event->subject, subject) &&
            kh_facts_merge(&facts, event->participant, &event->statement, history->arena, &merge) != KH_OK) {
            abort();
        }
    }
    return facts;
}

static bool same_statements(const kh_statement *const *a, uint32_t a_count, const kh_statement *const *b,
                            uint32_t b_count)
{
    bool same = a_count == b_count;
    for (uint32_t i = 0; same && i < a_count; i++) {
        same = kh_statement_compare(a[i], b[i]) == 0;
    }
    return same;
}

bool kh_test_facts_same(const kh_facts *a, const kh_facts *b)
{
    bool same = a->part_count == b->part_count;
    for (uint32_t i = 0; same && i < a->part_count; i++) {
        const kh_part *one = &a->parts[i];
        const kh_part *other = &b->parts[i];
        same = kh_text_equal(one->participant, other->participant) &&
               same_statements(one->statements, one->statement_count, other->statements, other->statement_count);
        for (kh_register reg = 0; same && reg < KH_REGISTERS; reg++) {
            same = same_statements(one->registers[reg].statements, one->registers[reg].count,
                                   other->registers[reg].statements, other->registers[reg].count);
        }
    }
    return same;
}
