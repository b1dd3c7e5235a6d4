/* Places at which a test can kill or stop the worker. The table is their one home: calls take a constant of it, tests
 * the names, by `kakehashi failpoints`. Compiled in only with KH_FAILPOINTS. */
#ifndef KH_APP_FAILPOINT_H
#define KH_APP_FAILPOINT_H

/*! Constant, what the worker is at, name. */
#define KH_FAILPOINT_TABLE(X)                                                                                          \
    X(DATABASE_OPENED, "start", "database-opened")                                                                     \
    X(RULES_LOADED, "start", "rules-loaded")                                                                           \
    X(TOPICS_CHECKED, "start", "topics-checked")                                                                       \
    X(LANES_PREPARED, "start", "lanes-prepared")                                                                       \
    X(PRODUCER_REGISTERED, "start", "producer-registered")                                                             \
    X(GROUP_JOINED, "start", "group-joined")                                                                           \
    X(BEFORE_ASSIGNMENT, "assigned", "before-assignment")                                                              \
    X(AFTER_ASSIGNMENT, "assigned", "after-assignment")                                                                \
    X(BEFORE_REVOKED, "revoked", "before-revoked")                                                                     \
    X(AFTER_REVOKED, "revoked", "after-revoked")                                                                       \
    X(BEFORE_LOST, "lost", "before-lost")                                                                              \
    X(AFTER_LOST, "lost", "after-lost")                                                                                \
    X(BEFORE_GIVING_UP, "giving-up", "before-giving-up")                                                               \
    X(PUBLISHING_SETTLED, "giving-up", "publishing-settled")                                                           \
    X(OWNERS_RELEASED, "giving-up", "owners-released")                                                                 \
    X(LANES_DROPPED, "giving-up", "lanes-dropped")                                                                     \
    X(BEFORE_TAKING, "recovery", "before-taking")                                                                      \
    X(BEFORE_RENEWAL, "renewal", "before-renewal")                                                                     \
    X(AFTER_RENEWAL, "renewal", "after-renewal")                                                                       \
    X(BEFORE_EPOCHS, "recovery", "before-epochs")                                                                      \
    X(AFTER_EPOCHS, "recovery", "after-epochs")                                                                        \
    X(BEFORE_FENCE, "recovery", "before-fence")                                                                        \
    X(AFTER_FENCE, "recovery", "after-fence")                                                                          \
    X(AFTER_OWNING, "recovery", "after-owning")                                                                        \
    X(AFTER_RULES, "recovery", "after-rules")                                                                          \
    X(AFTER_COMMITTED, "recovery", "after-committed")                                                                  \
    X(BEFORE_SCAN, "scan", "before-scan")                                                                              \
    X(AFTER_SCAN, "scan", "after-scan")                                                                                \
    X(AFTER_MARKS, "recovery", "after-marks")                                                                          \
    X(BEFORE_PAGE, "recovery", "before-page")                                                                          \
    X(AFTER_PAGE, "recovery", "after-page")                                                                            \
    X(BEFORE_START_READING, "recovery", "before-start-reading")                                                        \
    X(AFTER_START_READING, "recovery", "after-start-reading")                                                          \
    X(AFTER_TAKING, "recovery", "after-taking")                                                                        \
    X(LAST_RECORD_SEEN, "recovery", "last-record-seen")                                                                \
    X(BEFORE_BEGIN, "batch", "before-begin")                                                                           \
    X(AFTER_BEGIN, "batch", "after-begin")                                                                             \
    X(AFTER_VERSION, "batch", "after-version")                                                                         \
    X(AFTER_READING_SUBJECTS, "batch", "after-reading-subjects")                                                       \
    X(AFTER_READING_DEPENDENTS, "batch", "after-reading-dependents")                                                   \
    X(AFTER_READING_AHEAD, "batch", "after-reading-ahead")                                                             \
    X(AFTER_DECIDING, "batch", "after-deciding")                                                                       \
    X(AFTER_DEAD_LETTERS, "batch", "after-dead-letters")                                                               \
    X(AFTER_RESULTS, "batch", "after-results")                                                                         \
    X(AFTER_SUBJECTS, "batch", "after-subjects")                                                                       \
    X(AFTER_OBLIGATIONS, "batch", "after-obligations")                                                                 \
    X(AFTER_WAKING, "batch", "after-waking")                                                                           \
    X(AFTER_WAKEUPS, "batch", "after-wakeups")                                                                         \
    X(AFTER_RAISING, "arrangement", "after-raising")                                                                   \
    X(BEFORE_DATABASE_COMMIT, "batch", "before-database-commit")                                                       \
    X(AFTER_DATABASE_COMMIT, "batch", "after-database-commit")                                                         \
    X(BEFORE_SUBMIT, "batch", "before-submit")                                                                         \
    X(AFTER_SUBMIT, "batch", "after-submit")                                                                           \
    X(BEFORE_ROLLBACK, "rollback", "before-rollback")                                                                  \
    X(AFTER_ROLLBACK, "rollback", "after-rollback")                                                                    \
    X(BEFORE_LOOK, "batch", "before-look")                                                                             \
    X(AFTER_LOOK, "batch", "after-look")                                                                               \
    X(BEFORE_PUBLISH, "publishing", "before-publish")                                                                  \
    X(PUBLISH_BEGUN, "publishing-left", "publish-begun")                                                               \
    X(PUBLISH_PRODUCED, "publishing-left", "publish-produced")                                                         \
    X(PUBLISH_OFFSETS_SENT, "publishing-left", "publish-offsets-sent")                                                 \
    X(PUBLISH_COMMITTED, "publishing-left", "publish-committed")                                                       \
    X(PUBLISH_ABORTED, "aborting", "publish-aborted")                                                                  \
    X(AFTER_PUBLISH, "publishing", "after-publish")                                                                    \
    X(AFTER_NOTING_MARKS, "publishing", "after-noting-marks")                                                          \
    X(BEFORE_LEAVING, "shutdown", "before-leaving")                                                                    \
    X(BEFORE_GROUP_LEFT, "shutdown", "before-group-left")                                                              \
    X(AFTER_GROUP_LEFT, "shutdown", "after-group-left")                                                                \
    X(PUBLISHING_ENDED, "shutdown", "publishing-ended")                                                                \
    X(PRODUCER_CLOSED, "shutdown", "producer-closed")                                                                  \
    X(CONSUMER_CLOSED, "shutdown", "consumer-closed")                                                                  \
    X(DATABASES_CLOSED, "shutdown", "databases-closed")

typedef enum kh_failpoint_place {
#define KH_FAILPOINT_CONSTANT(constant, at, name) KH_AT_##constant,
    KH_FAILPOINT_TABLE(KH_FAILPOINT_CONSTANT)
#undef KH_FAILPOINT_CONSTANT
        KH_FAILPOINT_COUNT
} kh_failpoint_place;

#ifdef KH_FAILPOINTS
#include <stdio.h>

/*! Does what the environment variable KAKEHASHI_FAILPOINT says of this place: NAME:kill or NAME:stop (SIGKILL,
 *  SIGSTOP to oneself), with an optional :N for the N-th time the place is passed (default: the first), or :@PATH for
 *  the first time that it is passed while that file exists. Several stand with commas between them. */
void kh_failpoint(kh_failpoint_place place);

/*! Each place on a line: what the worker is at, a tab, the name. */
void kh_failpoint_list(FILE *to);
#else
static inline void kh_failpoint(kh_failpoint_place place)
{
    (void)place;
}
#endif

#endif
