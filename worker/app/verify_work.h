/* The inside of `verify`. Nothing outside worker/app includes this. */
#ifndef KH_APP_VERIFY_WORK_H
#define KH_APP_VERIFY_WORK_H

#include "app/outgoing.h"
#include "app/verify.h"
#include "app/world.h"
#include "codec/message.h"
#include "kafka/look.h"
#include "kafka/reader.h"
#include "postgres/lanes.h"
#include "postgres/verify.h"

/*! Rows at a time. */
#define KH_VERIFY_PAGE 500

typedef struct kh_verifying {
    const kh_settings *settings;
    const kh_verify_wish *wish;
    kh_problems *problems;
    kh_verify_counts *counts;
    kh_database *database;
    kh_arena arena; /*!< what lives to the end: rules, lanes, ranges */
    kh_arena page;  /*!< of the rows at hand; whoever reads a page resets it */
    kh_arena said;  /*!< of the deviation that is being told */
    kh_rule_book book;
    kh_world world;
    kh_message_cache *cache;
    kh_lanes lanes;
    kh_instant now;
    /* the broker; none of it when it is to be quick */
    kh_kafka_settings kafka;
    kh_reader *reader;
    kh_kafka_error kafka_error;
    kh_reach_log *log;
    int wait_ms; /*!< how long it may give no answer */
    const char **sources;
    size_t source_count;
    const char *results[KH_RESULT_TOPICS];
    kh_lane_commit *commits;       /*!< for each lane, each source; read before the database was */
    size_t commit_count;           /*!< fewer when lanes were made just then */
    kh_topic_range *source_ranges; /*!< likewise; read after it */
    kh_topic_range *result_ranges; /*!< for each lane, each result topic */
} kh_verifying;

/*! Tells a deviation. \param place  in `said`, which is empty afterwards. \retval what the wish's call returned,
 *  KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_verify_say(kh_verifying *work, kh_deviation_kind kind, kh_text place, const char *format, ...)
    KH_PRINTF(4, 5);
/*! Tells what could not be checked. */
KH_MUSTCHECK kh_rc kh_verify_leave(kh_verifying *work, const char *format, ...) KH_PRINTF(2, 3);
/*! "lane 3, result 17", in `said`. */
kh_text kh_verify_result_place(kh_verifying *work, int32_t lane, int64_t seq);
/*! "recognition.status/3/21", in `said`. */
kh_text kh_verify_record_place(kh_verifying *work, const kh_record *record);

/*! How far a source topic of a lane is decided; NULL if the lane has none of that name. */
const kh_lane_offset_row *kh_verify_offset(const kh_verifying *work, int32_t lane, kh_text topic);

/*! What the group has committed; NULL if it is not known. */
const kh_lane_commit *kh_verify_commit(const kh_verifying *work, size_t at, size_t source);

/* ---- what brought results about ---- */

/*! Keys that one record may change: three for each arrangement. */
#define KH_VERIFY_RUN 16

typedef struct kh_verify_causes {
    int64_t *last_offsets;      /*!< of each source: the last record that brought a result about */
    kh_text run[KH_VERIFY_RUN]; /*!< keys that it changed */
    size_t run_count;
    kh_arena arena;
} kh_verify_causes;

/*! Pairs with kh_verify_causes_deinit, whatever it returns. */
KH_MUSTCHECK kh_rc kh_verify_causes_init(const kh_verifying *work, kh_verify_causes *out);
void kh_verify_causes_deinit(kh_verify_causes *causes);
/*! Checks a lane's next result, ascending by number. */
KH_MUSTCHECK kh_rc kh_verify_cause(kh_verifying *work, kh_verify_causes *of, const kh_result_row *row);

/* ---- histories ---- */

/*! What the results of one key come to. */
typedef struct kh_verify_key {
    kh_text key;
    int64_t seq; /*!< of the newest */
    uint32_t version;
    uint32_t public_version;
} kh_verify_key;

typedef struct kh_verify_histories {
    const kh_lane_row *lane;
    kh_chain_row *rows;
    size_t count;
    size_t next;
    bool ended;
    kh_arena arena; /*!< of the rows */
} kh_verify_histories;

/*! Pairs with kh_verify_histories_deinit, whatever it returns. */
KH_MUSTCHECK kh_rc kh_verify_histories_init(kh_verifying *work, const kh_lane_row *lane, kh_verify_histories *out);
void kh_verify_histories_deinit(kh_verify_histories *histories);
/*! Tells of results before a subject: theirs has no row. \param key  empty: all that are left. */
KH_MUSTCHECK kh_rc kh_verify_strays(kh_verifying *work, kh_verify_histories *of, kh_text key);
/*! The next subject's keys, with what their results come to. \param out  in the arena. */
KH_MUSTCHECK kh_rc kh_verify_history(kh_verifying *work, kh_verify_histories *of, kh_text subject, kh_arena *arena,
                                     kh_verify_key **out, size_t *count);

/* The three ways through a lane. \param at  which of work->lanes.rows. */

/*! Its results by number: holes, bytes, causes, and each message in its topic. */
KH_MUSTCHECK kh_rc kh_verify_results_of(kh_verifying *work, size_t at);
/*! Its subjects by key: histories, what stands, decisions, obligations. */
KH_MUSTCHECK kh_rc kh_verify_subjects_of(kh_verifying *work, size_t at);
/*! Its source topics by offset: each record became facts or a dead letter. */
KH_MUSTCHECK kh_rc kh_verify_sources_of(kh_verifying *work, size_t at);

#endif
