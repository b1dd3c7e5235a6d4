/* Whether the database agrees with itself and with the topics, without changing anything. */
#ifndef KH_APP_VERIFY_H
#define KH_APP_VERIFY_H

#include "app/reach.h"

/*! What is not as it must be. */
typedef enum kh_deviation_kind {
    KH_DEVIATION_RESULT_MISSING,   /*!< a lane's numbers have a hole, or go further than the lane */
    KH_DEVIATION_RESULT_ALTERED,   /*!< a result's row does not say what was hashed when it was written */
    KH_DEVIATION_HISTORY,          /*!< a key's results are no chain, or its versions do not go up by one */
    KH_DEVIATION_CAUSE,            /*!< a result names a record that cannot have brought it about */
    KH_DEVIATION_MESSAGE_MISSING,  /*!< what was to be published is not in its topic */
    KH_DEVIATION_MESSAGE_REPEATED, /*!< a message stands there twice, or out of order */
    KH_DEVIATION_MESSAGE_ALTERED,  /*!< a message does not say what its row says */
    KH_DEVIATION_MESSAGE_UNKNOWN,  /*!< no row has this message */
    KH_DEVIATION_STATE,            /*!< a subject's row is not what its last results say */
    KH_DEVIATION_DECISION,         /*!< decided again from the facts it comes to something else */
    KH_DEVIATION_OBLIGATION,       /*!< the table of obligations is not what was decided */
    KH_DEVIATION_RECORD,           /*!< a source record became neither facts nor a dead letter */
    KH_DEVIATION_DEAD_LETTER,      /*!< a dead letter is not about the record that it names */
    KH_DEVIATION_OFFSET,           /*!< where a lane stands is not what its topics have */
    KH_DEVIATIONS
} kh_deviation_kind;

/*! "RESULT_MISSING". Static storage. */
const char *kh_deviation_name(kh_deviation_kind kind);
/*! What somebody is to do about it. Static storage. */
const char *kh_deviation_mend(kh_deviation_kind kind);

typedef struct kh_deviation {
    kh_deviation_kind kind;
    kh_text place; /*!< "lane 3, result 17", "recognition.status/3/21", "SG/000123" */
    kh_text said;  /*!< what is wrong */
} kh_deviation;

typedef struct kh_verify_counts {
    uint64_t lanes; /*!< done */
    uint64_t lanes_total;
    uint64_t results;
    uint64_t results_total;
    uint64_t messages;
    uint64_t subjects;
    uint64_t records;
    uint64_t deviations;
} kh_verify_counts;

typedef struct kh_verify_wish {
    bool quick; /*!< the database alone; the broker is not asked */
    /*! Each deviation as it is found; borrowed for the call. Anything but KH_OK ends it all. */
    kh_rc (*deviation)(void *self, const kh_deviation *deviation);
    /*! What could not be checked, and why. */
    kh_rc (*unchecked)(void *self, kh_text text);
    /*! Now and then. */
    void (*progress)(void *self, const kh_verify_counts *counts);
    void *self;
} kh_verify_wish;

/*! Reads one snapshot of the database, then the topics up to what that says, lane by lane, in bounded memory. Workers
 *  may be at work meanwhile.
 *  \param settings  with secrets. \param problems  gets what kept it from the end.
 *  \param counts    filled in any case.
 *  \retval KH_OK  it came to the end: counts->deviations says whether all was well
 *  \retval KH_E_LOST, KH_E_TIMEOUT, KH_E_RETRY, KH_E_CONFIGURATION, KH_E_MEMORY, KH_E_INTERNAL, or what a call of the
 *          wish returned */
KH_MUSTCHECK kh_rc kh_verify(const kh_settings *settings, const kh_verify_wish *wish, kh_problems *problems,
                             kh_verify_counts *counts);

#endif
