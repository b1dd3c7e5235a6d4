/* Files of event lines, as `decide` reads them, as a source of facts. */
#ifndef KH_APP_EVENT_FILES_H
#define KH_APP_EVENT_FILES_H

#include "app/fact_source.h"
#include "config/problems.h"

/*! Everything is borrowed. */
typedef struct kh_event_files {
    const kh_event_rules *rules;
    const char *const *paths;
    size_t count;
    kh_instant known_at; /*!< later lines are passed by; KH_INSTANT_NONE: none is */
    kh_problems *problems;
    kh_instant clock; /*!< the highest timestamp that was not passed by, once a subject has been read */
    uint32_t refused; /*!< lines about the subjects read that are no facts, added up */
} kh_event_files;

/*! Reads the files again for each subject.
 *  \retval KH_E_LOST of its `read`: a file cannot be read, which is added to the problems. */
kh_fact_source kh_event_files_source(kh_event_files *files);

#endif
