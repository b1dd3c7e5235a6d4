/* One side of a comparison: its world, its rows a page at a time, and the facts of the labels that those are derived
 * from. Nothing outside of comparing includes this. */
#ifndef KH_APP_COMPARISON_SIDE_H
#define KH_APP_COMPARISON_SIDE_H

#include "app/world.h"
#include "config/problems.h"
#include "config/settings.h"
#include "postgres/lanes.h"
#include "postgres/rows.h"

#define KH_SIDE_KEY_MAX 512 /* longer than any valid subject */

typedef struct kh_side {
    const kh_settings *settings; /*!< for messages; borrowed */
    kh_problems *problems;
    kh_database *database; /*!< borrowed */
    kh_arena arena;        /*!< of the world */
    kh_rule_file_row *files;
    size_t file_count;
    kh_rule_book book;
    kh_world world;
    int32_t lane_count;
    int32_t lane; /*!< that is being read */
    kh_arena page;
    kh_subject_row *rows; /*!< of the page, ascending by key */
    size_t row_count;
    size_t next;
    bool ended; /*!< there is no page behind this one */
    char after[KH_SIDE_KEY_MAX];
    size_t after_length;
    kh_subject_key *basis_keys; /*!< of the page's rows, ascending by key */
    kh_subject_row *bases;
    size_t basis_count;
} kh_side;

/* Each that can fail returns KH_OK, KH_E_LOST, KH_E_RETRY, KH_E_CONFIGURATION, KH_E_MEMORY or KH_E_INTERNAL, with what
 * is wrong in the problems. */

/*! Reads rules and arrangements. \param side  settings, problems and database are set, the rest is zero; pairs with
 * kh_side_deinit, whatever is returned. */
KH_MUSTCHECK kh_rc kh_side_init(kh_side *side, int32_t lane_count);
void kh_side_deinit(kh_side *side);

/*! Begins with a lane's first row. */
void kh_side_begin(kh_side *side, int32_t lane);

/*! The row at hand; NULL at the lane's end. It is there until the next but one. */
KH_MUSTCHECK kh_rc kh_side_row(kh_side *side, const kh_subject_row **out);

/*! Passes on to the next. */
void kh_side_pass(kh_side *side);

/*! One row by its key, in the arena. */
KH_MUSTCHECK kh_rc kh_side_find(kh_side *side, int32_t lane, kh_text key, kh_arena *arena, kh_subject_row *out);

/*! The stored facts about a label of any lane; empty if nothing is known. In the page, or in the arena. */
KH_MUSTCHECK kh_rc kh_side_basis(kh_side *side, kh_text key, kh_arena *arena, kh_text *facts);

#endif
