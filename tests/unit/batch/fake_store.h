/* A lane's store and sink in memory. */
#ifndef KH_TEST_FAKE_STORE_H
#define KH_TEST_FAKE_STORE_H

#include "batch/lane.h"

#define FAKE_SUBJECTS 32
#define FAKE_RESULTS  1024
#define FAKE_LINE     160

/*! Caller's storage; it points into itself: initialise it where it stays. */
typedef struct fake_store {
    kh_store store;
    kh_sink sink;
    kh_subject subjects[FAKE_SUBJECTS];
    uint32_t count;
    kh_subject *dependents[FAKE_SUBJECTS];
    unsigned decided; /*!< calls of `decided` */
    kh_result results[FAKE_RESULTS];
    char lines[FAKE_RESULTS][FAKE_LINE]; /*!< the results as text, see fake_store_expect */
    uint32_t taken;
    uint32_t told; /*!< results that fake_store_expect has seen */
    kh_rc sink_answer;
} fake_store;

void fake_store_init(fake_store *store);

/*! The subject, a new one if there is none. */
kh_subject *fake_store_subject(fake_store *store, kh_text key);

/*! Fails the test unless the results since the last call are these, parted by newlines ("" for none):
 *
 *     status KEY VERSION/PUBLIC-VERSION PREVIOUS-SEQ OUTCOME TRIGGER
 *     obligation KEY VERSION PREVIOUS-SEQ STATE TRIGGER
 *     gone KEY VERSION PREVIOUS-SEQ TRIGGER
 *     dead CODE */
void fake_store_expect(fake_store *store, const char *lines);

#endif
