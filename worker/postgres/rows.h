/* The rows as C values. Texts that come from the database lie in the arena of the call that read them; texts that go to
 * it are borrowed for the call only. Bytes (`facts`, `decisions`, causes, messages) are opaque here. */
#ifndef KH_POSTGRES_ROWS_H
#define KH_POSTGRES_ROWS_H

#include <stdint.h>

#include "kakehashi/date.h"
#include "kakehashi/return_code.h"
#include "kakehashi/text.h"

/*! Absent (SQL null) for the 64-bit numbers that are never negative otherwise. */
#define KH_SEQ_NONE (-1)

/*! A lane: who may write it and how far it is. */
typedef struct kh_lane_row {
    int32_t lane;
    int64_t epoch;
    kh_text owner;               /*!< a worker's transactional id; empty: given up in good order, or never owned */
    int64_t next_seq;            /*!< first unused result number, from 0 */
    kh_instant clock;            /*!< KH_INSTANT_NONE: nothing has happened yet */
    int64_t arrangement_version; /*!< from 0; one more with each change that touches all labels */
    kh_text arrangement_cause;   /*!< of the newest such change */
    int64_t swept_version;       /*!< the arrangement_version that the sweep done or on its way decides by */
    bool sweeping;               /*!< false: the sweep of `swept_version` is done */
    kh_text sweep_after;         /*!< last subject swept; empty: none yet */
    kh_text sweep_cause;
    int64_t published_seq; /*!< a late hint: everything below has been published */
} kh_lane_row;

/*! How far one source topic of a lane is decided. */
typedef struct kh_lane_offset_row {
    int32_t lane;
    kh_text topic;
    int64_t next_offset; /*!< first offset not yet decided */
    int64_t last_offset; /*!< the last record decided; KH_SEQ_NONE: none, then the next two mean nothing */
    kh_instant last_timestamp;
    uint32_t last_crc;
} kh_lane_offset_row;

/*! A subject by its place. */
typedef struct kh_subject_key {
    int32_t lane;
    kh_text key;
} kh_subject_key;

typedef struct kh_subject_row {
    int32_t lane;
    kh_text key;    /*!< "SG/000123" */
    bool known;     /*!< there is a row; when writing: there is one for sure, read under the epoch held now */
    bool has_facts; /*!< false: an empty row, made for a lock: no event about it has been accepted */
    kh_text facts;
    kh_text decisions;         /*!< empty: none */
    kh_instant due_at;         /*!< KH_INSTANT_NONE: facts alone can change it */
    kh_text basis;             /*!< key of the label that it is derived from; empty: none */
    kh_text outcomes;          /*!< for queries: "SG=RECOGNISED", separated by a blank, ascending by host */
    int32_t residual_open;     /*!< for queries: residual rows that need work, over all hosts */
    kh_instant next_change_at; /*!< for queries; KH_INSTANT_NONE: none */
} kh_subject_row;

/*! A subject whose basis is `basis`. */
typedef struct kh_dependent_row {
    int32_t lane;
    kh_text key;
    kh_text basis;
} kh_dependent_row;

/*! A subject to decide again. */
typedef struct kh_wakeup_row {
    int32_t lane;
    kh_text subject;
    int64_t version; /*!< as read; ignored when waking */
    kh_text cause;
} kh_wakeup_row;

/*! One decision of one key, with both its messages' versions. Append-only. */
typedef struct kh_result_row {
    int32_t lane;
    int64_t seq;
    int16_t kind; /*!< the caller's numbers, for ever */
    kh_text key;
    kh_text subject;
    kh_text decision;
    uint32_t status_version; /*!< 0 (null): that message has not changed, and its hash is null too */
    uint32_t public_version;
    uint64_t message_hash; /*!< first 8 bytes of the message's SHA-256, big-endian */
    uint64_t public_hash;
    kh_instant decided_at;
    kh_instant recorded_at; /*!< the server's now() of that transaction; read only */
    kh_text cause;
    int64_t previous_seq; /*!< same lane and key; KH_SEQ_NONE: the first */
} kh_result_row;

/*! An obligation's current state, for queries. Days: KH_DAY_NONE is null. */
typedef struct kh_obligation_row {
    kh_text id;
    int32_t lane;
    int16_t kind;
    int16_t state;
    kh_text subject;
    kh_text arrangement;
    kh_text obliged; /*!< participants, separated by a blank */
    kh_text towards; /*!< empty: none */
    kh_day arose_on;
    kh_day due_on;
    kh_day earliest_due_on;
    kh_day discharged_on;
    kh_day confirmed_on;
    bool provisional;
    bool late;
    uint32_t version;
    kh_instant decided_at;
} kh_obligation_row;

/*! A refused record with its bytes. Append-only. */
typedef struct kh_dead_letter_row {
    int32_t lane;
    int64_t seq; /*!< of the result row that points at it */
    kh_text topic;
    int64_t offset;
    kh_instant record_timestamp;
    kh_text reason;
    kh_text detail;
    bool has_key;
    kh_text key;
    bool has_value;
    kh_text value;      /*!< cut by the caller where it must be */
    int64_t value_size; /*!< before cutting */
    kh_text headers;    /*!< the caller's encoding; empty: none */
} kh_dead_letter_row;

typedef enum kh_stored_file_kind {
    KH_STORED_PACK = 1,
    KH_STORED_POLICY = 2,
    KH_STORED_CALENDAR = 3
} kh_stored_file_kind;

/*! A rule pack, policy or calendar as loaded. */
typedef struct kh_rule_file_row {
    kh_stored_file_kind kind;
    kh_text digest;      /*!< SHA-256, 64 lower-case hex digits */
    kh_text id;          /*!< pack: its id; policy: its arrangement's; calendar: its own */
    kh_text arrangement; /*!< empty for a calendar */
    kh_text bytes;
    kh_text loaded_by;
    kh_instant loaded_at; /*!< read only */
} kh_rule_file_row;

#endif
