/* How a deployment stands, at one instant, for people: lanes and their owners, what waits, rules, dead letters, and
 * what of it needs somebody. */
#ifndef KH_APP_OVERVIEW_H
#define KH_APP_OVERVIEW_H

#include "app/reach.h"
#include "app/world.h"
#include "postgres/backlog.h"
#include "postgres/dead_letters.h"
#include "postgres/lanes.h"

/*! A count that is not known. */
#define KH_OVERVIEW_UNKNOWN (-1)

/*! A calendar that reaches less far than this many days is told: as the alert KakehashiCalendarEnds. */
#define KH_OVERVIEW_CALENDAR_DAYS 60

/*! One source topic of a lane. */
typedef struct kh_overview_source {
    kh_text topic;
    int64_t next_offset; /*!< first offset not yet decided */
    int64_t first; /*!< first that the topic still has, and behind its last: KH_OVERVIEW_UNKNOWN without a broker */
    int64_t end;
} kh_overview_source;

typedef struct kh_overview_lane {
    kh_lane_row row;
    bool connected; /*!< its owner has a session on the database server */
    kh_overview_source *sources;
    size_t source_count;
    int64_t lag; /*!< offsets not yet decided, markers of transactions among them */
    int64_t
        published; /*!< first result that is not published: by the group's offsets, or else the database's late hint */
    bool published_is_late; /*!< it is the hint */
} kh_overview_lane;

/*! What a rule pack is to its arrangement today. */
typedef enum kh_pack_standing {
    KH_PACK_IN_FORCE,
    KH_PACK_COMING,     /*!< from `from` on */
    KH_PACK_SUPERSEDED, /*!< a later one has taken its place */
    KH_PACK_NOT_AGREED, /*!< loaded, but not consented to by both */
    KH_PACK_MISSING     /*!< consented to by both, and not loaded: no lane goes past `from` */
} kh_pack_standing;

typedef struct kh_overview_pack {
    kh_text id; /*!< empty when missing */
    kh_text arrangement;
    kh_text sha256;
    kh_pack_standing standing;
    kh_day from;            /*!< KH_DAY_NONE when not agreed */
    kh_instant blocks_from; /*!< KH_PACK_MISSING */
} kh_overview_pack;

typedef struct kh_overview_calendar {
    kh_text id;
    kh_day complete_until;
    int64_t days_left; /*!< below 0: since */
} kh_overview_calendar;

typedef struct kh_overview {
    kh_text deployment;
    kh_clock_source clock;
    kh_instant now; /*!< the database server's time */
    kh_instant day; /*!< the instant by which rules are judged: now, or the highest clock when records move it */
    kh_overview_lane *lanes;
    size_t lane_count;
    kh_backlog backlog; /*!< obligations: open, overdue */
    kh_overview_pack *packs;
    size_t pack_count;
    kh_rule_file_row *files; /*!< packs, policies and calendars as they were loaded */
    size_t file_count;
    kh_overview_calendar *calendars;
    size_t calendar_count;
    kh_dead_letter_count *letters;
    size_t letter_count;
    const char *broker_error; /*!< NULL: it was reached */
    kh_text *notes;           /*!< what needs somebody, a sentence each, with what to do */
    size_t note_count;
    kh_world world; /*!< what packs are judged by; no arrangement without rules */
} kh_overview;

/*! Reads it: one snapshot of the database, then the topics. A broker that does not answer is no failure.
 *  \param settings  with secrets. \param arena  holds everything. \param problems  gets what is wrong.
 *  \retval KH_OK, KH_E_LOST, KH_E_RETRY, KH_E_CONFIGURATION, KH_E_MEMORY, KH_E_INTERNAL */
KH_MUSTCHECK kh_rc kh_overview_read(const kh_settings *settings, kh_arena *arena, kh_problems *problems,
                                    kh_overview *out);

/* What follows from what was read. Pure. */

/*! Fills `packs` and `calendars` from `world` and `day`. \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_overview_judge_rules(kh_overview *of, kh_arena *arena);
/*! Fills `notes`. \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_overview_judge(kh_overview *of, kh_arena *arena);

/*! Whether a worker holds the lane and is connected. */
bool kh_overview_lane_is_held(const kh_overview_lane *lane);
/*! Whether all its labels are to be decided again, or are being so. */
bool kh_overview_lane_sweeps(const kh_overview_lane *lane);

#endif
