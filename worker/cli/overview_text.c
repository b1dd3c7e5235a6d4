#include "cli/overview_text.h"

#include <inttypes.h>

#include "cli/table.h"
#include "cli/words.h"
#include "codec/json_line.h"

static const char *standing_name(kh_pack_standing standing)
{
    static const char *const names[] = {"in force", "coming", "superseded", "not agreed", "missing"};
    return names[standing];
}

kh_text kh_overview_duration(int64_t milliseconds, kh_arena *arena)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    int64_t seconds = milliseconds / 1000;
    for (size_t i = 0; i + 1 < sizeof units / sizeof *units; i++) {
        int64_t whole = seconds / units[i].seconds;
        int64_t rest = seconds % units[i].seconds / units[i + 1].seconds;
        if (whole > 0) {
            return rest == 0 ? kh_arena_print(arena, "%" PRId64 " %s", whole, units[i].name)
                             : kh_arena_print(arena, "%" PRId64 " %s %" PRId64 " %s", whole, units[i].name, rest,
                                              units[i + 1].name);
        }
    }
    return kh_arena_print(arena, "%" PRId64 " s", seconds);
}

/* ---- tables ---- */

static kh_text count_of(int64_t count, kh_arena *arena)
{
    return count == KH_OVERVIEW_UNKNOWN ? KH_TEXT("?") : kh_arena_number(arena, count);
}

static kh_text state_of(const kh_overview_lane *lane, kh_arena *arena)
{
    const char *holder = lane->row.owner.length == 0 ? "no owner" : lane->connected ? "held" : "owner is gone";
    return kh_arena_print(arena, "%s%s", holder, kh_overview_lane_sweeps(lane) ? ", decides all again" : "");
}

static kh_rc add_lane(const kh_overview_lane *lane, kh_table *table, kh_arena *arena)
{
    kh_text published = kh_arena_number(arena, lane->published);
    kh_text cells[] = {
        kh_arena_number(arena, lane->row.lane),
        state_of(lane, arena),
        kh_arena_number(arena, lane->row.epoch),
        kh_words_instant(lane->row.clock, "-", arena),
        count_of(lane->lag, arena),
        kh_arena_number(arena, lane->row.next_seq),
        lane->published_is_late ? kh_arena_print(arena, "%.*s or more", KH_TEXT_ARGS(published)) : published,
        lane->row.owner.length == 0 ? KH_TEXT("-") : lane->row.owner,
    };
    return kh_arena_failed(arena) ? KH_E_MEMORY : kh_table_add(table, cells);
}

static kh_rc print_lanes(const kh_overview *of, kh_arena *arena, FILE *to)
{
    static const kh_table_column columns[] = {{"LANE", true},      {"STATE", false}, {"EPOCH", true},
                                              {"CLOCK", false},    {"LAG", true},    {"NEXT SEQ", true},
                                              {"PUBLISHED", true}, {"OWNER", false}};
    kh_table *table = NULL;
    kh_rc rc = kh_table_new(to, columns, sizeof columns / sizeof *columns, &table);
    for (size_t i = 0; rc == KH_OK && i < of->lane_count; i++) {
        rc = add_lane(&of->lanes[i], table, arena);
    }
    if (rc == KH_OK) {
        rc = kh_table_finish(table);
    }
    kh_table_free(table);
    return rc;
}

static kh_rc print_waiting(const kh_overview *of, kh_arena *arena, FILE *to)
{
    const kh_backlog *backlog = &of->backlog;
    const char *more = backlog->due >= KH_BACKLOG_MOST ? " or more" : "";
    kh_text next = KH_TEXT("none is to come");
    if (backlog->until_next != KH_INSTANT_NONE) {
        int64_t wait = backlog->until_next < 0 ? -backlog->until_next : backlog->until_next;
        kh_text length = kh_overview_duration(wait, arena);
        next = backlog->until_next < 0 ? kh_arena_print(arena, "the first since %.*s", KH_TEXT_ARGS(length))
                                       : kh_arena_print(arena, "the next in %.*s", KH_TEXT_ARGS(length));
    }
    int printed = fprintf(to,
                          "\nwaiting: %" PRId64 "%s due (%.*s), %" PRId64 "%s woken\nobligations: %" PRId64
                          " open, %" PRId64 " overdue\n",
                          backlog->due, more, KH_TEXT_ARGS(next), backlog->wakeups,
                          backlog->wakeups >= KH_BACKLOG_MOST ? " or more" : "", backlog->obligations[0],
                          backlog->obligations[1]);
    return printed < 0 ? KH_E_LOST : KH_OK;
}

static const kh_rule_file_row *file_of(const kh_overview *of, kh_stored_file_kind kind, kh_text id)
{
    for (size_t i = 0; i < of->file_count; i++) {
        if (of->files[i].kind == kind && kh_text_equal(of->files[i].id, id)) {
            return &of->files[i];
        }
    }
    return NULL;
}

static kh_rc add_file(const char *kind, kh_text id, kh_text standing, const kh_rule_file_row *file, kh_text sha256,
                      kh_table *table, kh_arena *arena)
{
    kh_text cells[] = {
        kh_text_of(kind),
        id.length == 0 ? KH_TEXT("-") : id,
        standing,
        file == NULL ? KH_TEXT("-") : kh_words_instant(file->loaded_at, "-", arena),
        file == NULL ? KH_TEXT("-") : file->loaded_by,
        (kh_text){sha256.data, sha256.length < 12 ? sha256.length : 12},
    };
    return kh_arena_failed(arena) ? KH_E_MEMORY : kh_table_add(table, cells);
}

static kh_rc add_pack(const kh_overview *of, const kh_overview_pack *pack, kh_table *table, kh_arena *arena)
{
    kh_text from = kh_words_day(pack->from, "", arena);
    kh_text standing = kh_arena_print(arena, "%s%s%.*s", standing_name(pack->standing),
                                      from.length == 0 ? "" : " from ", KH_TEXT_ARGS(from));
    return add_file("rule-pack", pack->id, standing, file_of(of, KH_STORED_PACK, pack->id), pack->sha256, table, arena);
}

static kh_rc add_calendar(const kh_overview *of, const kh_overview_calendar *calendar, kh_table *table, kh_arena *arena)
{
    const kh_rule_file_row *file = file_of(of, KH_STORED_CALENDAR, calendar->id);
    kh_text until = kh_words_day(calendar->complete_until, "-", arena);
    kh_text standing =
        kh_arena_print(arena, "complete until %.*s (%" PRId64 " d)", KH_TEXT_ARGS(until), calendar->days_left);
    return add_file("calendar", calendar->id, standing, file, file == NULL ? KH_TEXT("") : file->digest, table, arena);
}

static kh_rc print_rules(const kh_overview *of, kh_arena *arena, FILE *to)
{
    static const kh_table_column columns[] = {{"RULES", false},  {"ID", false}, {"STANDING", false},
                                              {"LOADED", false}, {"BY", false}, {"SHA-256", false}};
    kh_table *table = NULL;
    kh_rc rc = fputc('\n', to) == EOF ? KH_E_LOST : kh_table_new(to, columns, sizeof columns / sizeof *columns, &table);
    for (size_t i = 0; rc == KH_OK && i < of->pack_count; i++) {
        rc = add_pack(of, &of->packs[i], table, arena);
    }
    for (size_t i = 0; rc == KH_OK && i < of->file_count; i++) {
        if (of->files[i].kind == KH_STORED_POLICY) {
            rc = add_file("policies", of->files[i].id, KH_TEXT("in force"), &of->files[i], of->files[i].digest, table,
                          arena);
        }
    }
    for (size_t i = 0; rc == KH_OK && i < of->calendar_count; i++) {
        rc = add_calendar(of, &of->calendars[i], table, arena);
    }
    if (rc == KH_OK) {
        rc = kh_table_finish(table);
    }
    kh_table_free(table);
    return rc;
}

static kh_rc print_letters(const kh_overview *of, kh_arena *arena, FILE *to)
{
    static const kh_table_column columns[] = {{"DEAD LETTERS", false}, {"OPEN", true},      {"TO REDRIVE", true},
                                              {"REDRIVEN", true},      {"DISCARDED", true}, {"NEWEST", false}};
    kh_table *table = NULL;
    if (of->letter_count == 0) {
        return fprintf(to, "\nno dead letters\n") < 0 ? KH_E_LOST : KH_OK;
    }
    kh_rc rc = fputc('\n', to) == EOF ? KH_E_LOST : kh_table_new(to, columns, sizeof columns / sizeof *columns, &table);
    for (size_t i = 0; rc == KH_OK && i < of->letter_count; i++) {
        const kh_dead_letter_count *letters = &of->letters[i];
        kh_text cells[] = {letters->reason,
                           kh_arena_number(arena, letters->open),
                           kh_arena_number(arena, letters->waiting),
                           kh_arena_number(arena, letters->redriven),
                           kh_arena_number(arena, letters->discarded),
                           kh_words_instant(letters->newest, "-", arena)};
        rc = kh_arena_failed(arena) ? KH_E_MEMORY : kh_table_add(table, cells);
    }
    if (rc == KH_OK) {
        rc = kh_table_finish(table);
    }
    kh_table_free(table);
    return rc;
}

static kh_rc print_notes(const kh_overview *of, FILE *to)
{
    bool failed = fprintf(to, "%s", of->note_count == 0 ? "\nnothing needs anybody\n" : "\nneeds somebody:\n") < 0;
    for (size_t i = 0; !failed && i < of->note_count; i++) {
        failed = fprintf(to, "- %.*s\n", KH_TEXT_ARGS(of->notes[i])) < 0;
    }
    return failed ? KH_E_LOST : KH_OK;
}

kh_rc kh_overview_print(const kh_overview *of, kh_arena *arena, FILE *to)
{
    kh_text now = kh_words_instant(of->now, "-", arena);
    kh_rc rc = fprintf(to, "deployment %.*s at %.*s, clock: %s\n\n", KH_TEXT_ARGS(of->deployment), KH_TEXT_ARGS(now),
                       of->clock == KH_CLOCK_WALL ? "wall" : "records") < 0
                   ? KH_E_LOST
                   : print_lanes(of, arena, to);
    if (rc == KH_OK) {
        rc = print_waiting(of, arena, to);
    }
    if (rc == KH_OK && of->file_count > 0) {
        rc = print_rules(of, arena, to);
    }
    if (rc == KH_OK) {
        rc = print_letters(of, arena, to);
    }
    return rc == KH_OK ? print_notes(of, to) : rc;
}

/* ---- JSON ---- */

static void put_count(kh_json_line *line, const char *name, int64_t count)
{
    if (count != KH_OVERVIEW_UNKNOWN) {
        kh_json_line_long(line, name, count);
    }
}

static void put_lane(kh_json_line *line, const kh_overview_lane *lane)
{
    kh_json_line_open(line, NULL, '{');
    kh_json_line_number(line, "lane", lane->row.lane);
    if (lane->row.owner.length > 0) {
        kh_json_line_text(line, "owner", lane->row.owner);
    }
    kh_json_line_bool(line, "held", kh_overview_lane_is_held(lane));
    kh_json_line_bool(line, "decidesAllAgain", kh_overview_lane_sweeps(lane));
    kh_json_line_long(line, "epoch", lane->row.epoch);
    kh_json_line_instant(line, "clock", lane->row.clock);
    kh_json_line_long(line, "nextSeq", lane->row.next_seq);
    kh_json_line_long(line, "published", lane->published);
    kh_json_line_bool(line, "publishedIsLate", lane->published_is_late);
    put_count(line, "lag", lane->lag);
    kh_json_line_open(line, "sources", '[');
    for (size_t i = 0; i < lane->source_count; i++) {
        const kh_overview_source *source = &lane->sources[i];
        kh_json_line_open(line, NULL, '{');
        kh_json_line_text(line, "topic", source->topic);
        kh_json_line_long(line, "nextOffset", source->next_offset);
        put_count(line, "firstOffset", source->first);
        put_count(line, "endOffset", source->end);
        kh_json_line_close(line);
    }
    kh_json_line_close(line);
    kh_json_line_close(line);
}

static void put_waiting(kh_json_line *line, const kh_backlog *backlog)
{
    kh_json_line_open(line, "waiting", '{');
    kh_json_line_long(line, "due", backlog->due);
    kh_json_line_long(line, "woken", backlog->wakeups);
    if (backlog->until_next != KH_INSTANT_NONE) {
        kh_json_line_long(line, "secondsToNextDue", backlog->until_next / 1000);
    }
    kh_json_line_close(line);
    kh_json_line_open(line, "obligations", '{');
    kh_json_line_long(line, "open", backlog->obligations[0]);
    kh_json_line_long(line, "overdue", backlog->obligations[1]);
    kh_json_line_close(line);
}

static void put_file(kh_json_line *line, const kh_rule_file_row *file)
{
    if (file != NULL) {
        kh_json_line_text(line, "sha256", file->digest);
        kh_json_line_text(line, "loadedBy", file->loaded_by);
        kh_json_line_instant(line, "loadedAt", file->loaded_at);
    }
}

static void put_rules(kh_json_line *line, const kh_overview *of)
{
    static const char *const standings[] = {"IN_FORCE", "COMING", "SUPERSEDED", "NOT_AGREED", "MISSING"};
    kh_json_line_open(line, "rulePacks", '[');
    for (size_t i = 0; i < of->pack_count; i++) {
        const kh_overview_pack *pack = &of->packs[i];
        kh_json_line_open(line, NULL, '{');
        kh_json_line_text(line, "id", pack->id);
        kh_json_line_text(line, "arrangement", pack->arrangement);
        kh_json_line_text(line, "standing", kh_text_of(standings[pack->standing]));
        kh_json_line_day(line, "from", pack->from);
        if (pack->standing == KH_PACK_MISSING) {
            kh_json_line_text(line, "sha256", pack->sha256);
        } else {
            put_file(line, file_of(of, KH_STORED_PACK, pack->id));
        }
        kh_json_line_close(line);
    }
    kh_json_line_close(line);
    kh_json_line_open(line, "policies", '[');
    for (size_t i = 0; i < of->file_count; i++) {
        if (of->files[i].kind == KH_STORED_POLICY) {
            kh_json_line_open(line, NULL, '{');
            kh_json_line_text(line, "id", of->files[i].id);
            put_file(line, &of->files[i]);
            kh_json_line_close(line);
        }
    }
    kh_json_line_close(line);
    kh_json_line_open(line, "calendars", '[');
    for (size_t i = 0; i < of->calendar_count; i++) {
        kh_json_line_open(line, NULL, '{');
        kh_json_line_text(line, "id", of->calendars[i].id);
        kh_json_line_day(line, "completeUntil", of->calendars[i].complete_until);
        kh_json_line_number(line, "daysLeft", of->calendars[i].days_left);
        put_file(line, file_of(of, KH_STORED_CALENDAR, of->calendars[i].id));
        kh_json_line_close(line);
    }
    kh_json_line_close(line);
}

static void put_letters(kh_json_line *line, const kh_overview *of)
{
    kh_json_line_open(line, "deadLetters", '[');
    for (size_t i = 0; i < of->letter_count; i++) {
        const kh_dead_letter_count *letters = &of->letters[i];
        kh_json_line_open(line, NULL, '{');
        kh_json_line_text(line, "reason", letters->reason);
        kh_json_line_long(line, "open", letters->open);
        kh_json_line_long(line, "toRedrive", letters->waiting);
        kh_json_line_long(line, "redriven", letters->redriven);
        kh_json_line_long(line, "discarded", letters->discarded);
        kh_json_line_instant(line, "newestAt", letters->newest);
        kh_json_line_close(line);
    }
    kh_json_line_close(line);
}

kh_rc kh_overview_json(const kh_overview *of, kh_arena *arena, kh_text *out)
{
    kh_json_line *line = kh_json_line_new(arena);
    kh_json_line_open(line, "overview", '{');
    kh_json_line_text(line, "deployment", of->deployment);
    kh_json_line_instant(line, "at", of->now);
    kh_json_line_text(line, "clock", of->clock == KH_CLOCK_WALL ? KH_TEXT("wall") : KH_TEXT("records"));
    kh_json_line_bool(line, "brokerReached", of->broker_error == NULL);
    kh_json_line_open(line, "lanes", '[');
    for (size_t i = 0; i < of->lane_count; i++) {
        put_lane(line, &of->lanes[i]);
    }
    kh_json_line_close(line);
    put_waiting(line, &of->backlog);
    put_rules(line, of);
    put_letters(line, of);
    kh_json_line_open(line, "needsSomebody", '[');
    for (size_t i = 0; i < of->note_count; i++) {
        kh_json_line_text(line, NULL, of->notes[i]);
    }
    kh_json_line_close(line);
    kh_json_line_close(line);
    return kh_json_line_finish(line, out);
}
