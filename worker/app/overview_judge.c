/* What an overview's figures mean, and what of them needs somebody. Pure. */
#include "app/overview.h"

#include <inttypes.h>

#define NOTES_MOST 64

bool kh_overview_lane_is_held(const kh_overview_lane *lane)
{
    return lane->row.owner.length > 0 && lane->connected;
}

bool kh_overview_lane_sweeps(const kh_overview_lane *lane)
{
    return lane->row.sweeping || lane->row.arrangement_version > lane->row.swept_version;
}

/* ---- rules ---- */

/* The date is the same everywhere soon: a pack counts as in force once it is so on every participant's date. */
static kh_day last_day(const kh_arrangement *arrangement, kh_instant at)
{
    kh_day last = kh_instant_day(at, arrangement->first_pack->participants[0].utc_offset_minutes);
    kh_day other = kh_instant_day(at, arrangement->first_pack->participants[1].utc_offset_minutes);
    return other < last ? other : last;
}

static const kh_amendment *amendment_of(const kh_arrangement *arrangement, kh_text sha256)
{
    for (uint32_t i = arrangement->amendment_count; i-- > 0;) {
        if (kh_text_equal(arrangement->amendments[i].sha256, sha256)) {
            return &arrangement->amendments[i];
        }
    }
    return NULL;
}

static kh_overview_pack judge_pack(const kh_arrangement *arrangement, const kh_rule_pack *pack, kh_day day)
{
    kh_overview_pack out = {
        .id = pack->id, .arrangement = arrangement->id, .sha256 = pack->sha256, .from = pack->effective_from};
    if (pack->amends) {
        const kh_amendment *amendment = amendment_of(arrangement, pack->sha256);
        if (amendment == NULL) {
            out.standing = KH_PACK_NOT_AGREED;
            out.from = KH_DAY_NONE;
            return out;
        }
        out.from = amendment->effective_on;
    }
    out.standing = out.from > day                                  ? KH_PACK_COMING
                   : kh_arrangement_pack(arrangement, day) == pack ? KH_PACK_IN_FORCE
                                                                   : KH_PACK_SUPERSEDED;
    return out;
}

static void judge_arrangement(kh_overview *of, const kh_arrangement *arrangement)
{
    const kh_rule_book *book = of->world.book;
    kh_day day = last_day(arrangement, of->day);
    for (uint32_t i = 0; i < book->pack_count; i++) {
        if (kh_text_equal(book->packs[i]->arrangement, arrangement->id)) {
            of->packs[of->pack_count++] = judge_pack(arrangement, book->packs[i], day);
        }
    }
    kh_instant blocks_from = KH_INSTANT_NONE;
    const kh_amendment *missing = kh_arrangement_missing_pack(arrangement, &blocks_from);
    if (missing != NULL) {
        of->packs[of->pack_count++] = (kh_overview_pack){.arrangement = arrangement->id,
                                                         .sha256 = missing->sha256,
                                                         .standing = KH_PACK_MISSING,
                                                         .from = missing->effective_on,
                                                         .blocks_from = blocks_from};
    }
}

kh_rc kh_overview_judge_rules(kh_overview *of, kh_arena *arena)
{
    const kh_rule_book *book = of->world.book;
    of->pack_count = 0;
    of->calendar_count = 0;
    if (book == NULL || of->day == KH_INSTANT_NONE) {
        return KH_OK;
    }
    of->packs = kh_arena_allocate_array(arena, (size_t)book->pack_count + of->world.count, sizeof *of->packs);
    of->calendars = kh_arena_allocate_array(arena, book->calendar_count, sizeof *of->calendars);
    if (of->packs == NULL || of->calendars == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < of->world.count; i++) {
        judge_arrangement(of, &of->world.arrangements[i]);
    }
    for (uint32_t i = 0; i < book->calendar_count; i++) {
        const kh_calendar *calendar = book->calendars[i];
        of->calendars[of->calendar_count++] = (kh_overview_calendar){
            calendar->id, calendar->complete_until, (int64_t)calendar->complete_until - kh_instant_day(of->day, 0)};
    }
    return KH_OK;
}

/* ---- notes ---- */

static void note(kh_overview *of, kh_text text)
{
    if (of->note_count < NOTES_MOST) {
        of->notes[of->note_count++] = text;
    }
}

/* "0, 1, 2, 3 and 8 more" */
static kh_text list_lanes(const kh_overview *of, bool (*takes)(const kh_overview *of, const kh_overview_lane *lane),
                          kh_arena *arena, size_t *count)
{
    kh_text text = {"", 0};
    *count = 0;
    for (size_t i = 0; i < of->lane_count; i++) {
        if (takes(of, &of->lanes[i]) && ++*count <= 8) {
            text = kh_arena_print(arena, "%.*s%s%" PRId32, KH_TEXT_ARGS(text), *count == 1 ? "" : ", ",
                                  of->lanes[i].row.lane);
        }
    }
    return *count <= 8 ? text : kh_arena_print(arena, "%.*s and %zu more", KH_TEXT_ARGS(text), *count - 8);
}

static bool has_work(const kh_overview_lane *lane)
{
    return lane->lag > 0 || lane->published < lane->row.next_seq || kh_overview_lane_sweeps(lane);
}

/* Wall time needs a worker to move it even when nothing else waits. */
static bool is_left(const kh_overview *of, const kh_overview_lane *lane)
{
    return !kh_overview_lane_is_held(lane) && (of->clock == KH_CLOCK_WALL || has_work(lane));
}

static bool is_cut(const kh_overview *of, const kh_overview_lane *lane)
{
    (void)of;
    for (size_t i = 0; i < lane->source_count; i++) {
        const kh_overview_source *source = &lane->sources[i];
        if (source->end >= 0 && (source->next_offset < source->first || source->next_offset > source->end)) {
            return true;
        }
    }
    return false;
}

static void note_lanes(kh_overview *of, kh_arena *arena)
{
    size_t count = 0;
    kh_text lanes = list_lanes(of, is_left, arena, &count);
    if (count > 0) {
        note(of, kh_arena_print(arena,
                                "no worker holds lane%s %.*s: start `kakehashi run`; if one runs, its log says what it "
                                "waits for (a hand-over takes a moment)",
                                count == 1 ? "" : "s", KH_TEXT_ARGS(lanes)));
    }
    lanes = list_lanes(of, is_cut, arena, &count);
    if (count > 0) {
        note(of, kh_arena_print(arena,
                                "a source topic of lane%s %.*s has lost records that were not decided yet, or was made "
                                "anew: `kakehashi verify` says which; restore the topic, or start over with a new "
                                "group, topics and schema",
                                count == 1 ? "" : "s", KH_TEXT_ARGS(lanes)));
    }
    if (of->lane_count == 0) {
        note(of, KH_TEXT("there are no lanes yet: start `kakehashi run`, which makes them"));
    }
}

static void note_rules(kh_overview *of, kh_arena *arena)
{
    if (of->world.book == NULL) {
        note(of, KH_TEXT("the database holds no rules yet: `kakehashi run` loads those of the settings, or "
                         "`kakehashi rules load FILE...`"));
    }
    for (size_t i = 0; i < of->pack_count; i++) {
        if (of->packs[i].standing == KH_PACK_MISSING) {
            char from[KH_INSTANT_SIZE];
            (void)kh_instant_print(of->packs[i].blocks_from, from);
            note(of, kh_arena_print(arena,
                                    "both participants of %.*s consented to the rule pack with SHA-256 %.*s, which is "
                                    "not loaded: no lane goes past %s without it; `kakehashi rules load FILE`",
                                    KH_TEXT_ARGS(of->packs[i].arrangement), KH_TEXT_ARGS(of->packs[i].sha256), from));
        }
    }
    for (size_t i = 0; i < of->calendar_count; i++) {
        const kh_overview_calendar *calendar = &of->calendars[i];
        if (calendar->days_left < KH_OVERVIEW_CALENDAR_DAYS) {
            char until[KH_DATE_SIZE + 1];
            kh_day_print(calendar->complete_until, until);
            note(of, kh_arena_print(arena,
                                    "calendar %.*s is complete only until %s: due dates past it are provisional; "
                                    "`kakehashi rules load` a newer one",
                                    KH_TEXT_ARGS(calendar->id), until));
        }
    }
}

static void note_dead_letters(kh_overview *of, kh_arena *arena)
{
    int64_t open = 0;
    for (size_t i = 0; i < of->letter_count; i++) {
        open += of->letters[i].open - of->letters[i].waiting;
    }
    if (open > 0) {
        note(of,
             kh_arena_print(arena,
                            "%" PRId64 " record%s could not be used: `kakehashi dead-letters list`, then redrive or "
                            "discard",
                            open, open == 1 ? "" : "s"));
    }
}

kh_rc kh_overview_judge(kh_overview *of, kh_arena *arena)
{
    of->note_count = 0;
    of->notes = kh_arena_allocate_array(arena, NOTES_MOST, sizeof *of->notes);
    if (of->notes == NULL) {
        return KH_E_MEMORY;
    }
    if (of->broker_error != NULL) {
        note(of, kh_arena_print(arena, "the broker cannot be asked, so lag is not known: %s", of->broker_error));
    }
    note_lanes(of, arena);
    note_rules(of, arena);
    note_dead_letters(of, arena);
    return kh_arena_failed(arena) ? KH_E_MEMORY : KH_OK;
}
