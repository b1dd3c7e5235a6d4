/* What would be decided if other rules were in force: everything that stands is decided twice at one instant, by the
 * rules in force and by those with some files in their place. Nothing is written anywhere. */
#ifndef KH_APP_PREVIEW_H
#define KH_APP_PREVIEW_H

#include "app/catalog_view.h"
#include "config/rule_file.h"
#include "kakehashi/difference.h"

/*! What is asked. A policy, a calendar or a first rule pack takes the place of the one that stands, as if it had always
 *  been there. An amendment is taken as consented to, in force from a day on: what arose before stays under the rules
 *  of that time, as it would. */
typedef struct kh_preview_question {
    const kh_rule_file *files; /*!< read with KH_OK */
    uint32_t file_count;
    kh_instant at;
    kh_day from; /*!< of amendments; KH_DAY_NONE: the date at `at`, where that day comes last */
} kh_preview_question;

/*! One label towards one host, or an arrangement's yearly consultation, that would be decided differently. Borrowed for
 *  the call. */
typedef struct kh_preview_change {
    kh_text key;                              /*!< "SG/000123@JP", "YEARLY_CONSULTATION/jp-sg" */
    const kh_status *was;                     /*!< NULL: none, or about an arrangement */
    const kh_status *will_be;                 /*!< the same */
    const kh_obligation *obligations_were[2]; /*!< in pairs with the next; NULL: does not arise */
    const kh_obligation *obligations_will_be[2];
    const kh_differences *differences;
} kh_preview_change;

typedef struct kh_preview_counts {
    uint64_t decided; /*!< labels, each towards each host */
    uint64_t changed;
    uint64_t formal;           /*!< that only name another rule pack, and since when; not among the changed */
    kh_difference_tally tally; /*!< of all of them */
} kh_preview_counts;

typedef struct kh_preview_report {
    /*! Each change that is not merely formal, by label; anything but KH_OK ends it. */
    kh_rc (*change)(void *self, const kh_preview_change *change);
    /*! Now and then. */
    void (*progress)(void *self, uint64_t decided);
    void *self;
} kh_preview_report;

/*! \param counts  all zero at first; large. Memory is bounded, however many labels there are.
 *  \retval KH_OK, what `change` returned, or as kh_catalog_view_list
 *  \retval KH_E_CONFIGURATION  the files and what stands are no rule book together, or a rule pack is missing by then:
 *                              in the view's problems. */
KH_MUSTCHECK kh_rc kh_preview_run(kh_catalog_view *view, const kh_preview_question *question,
                                  const kh_preview_report *report, kh_preview_counts *counts);

/*! Whether a difference is merely formal: which rule pack is named, since when things have been so, and the public's
 *  view of that. Pure. */
bool kh_preview_is_formal_kind(kh_difference_kind kind);

/*! The arrangement as if its amendments among the files were in force from a day on. Pure.
 *  \param of  built with a book that has the files; its list of amendments is replaced by one in the arena.
 *  \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_preview_put_in_force(kh_arrangement *of, const kh_rule_file *files, uint32_t count, kh_day from,
                                           kh_arena *arena);

#endif
