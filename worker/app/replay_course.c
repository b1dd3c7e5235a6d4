#include "app/replay_course.h"

#include "app/connections.h"
#include "app/log.h"

#define LOOK_EVERY_MS 250
#define PACE_EVERY_MS 1000

void kh_pace_note(kh_pace *pace, int64_t at, int64_t now_ms)
{
    if (pace->at_ms == 0) {
        *pace = (kh_pace){.at = at, .at_ms = now_ms};
        return;
    }
    int64_t passed = now_ms - pace->at_ms;
    if (passed < PACE_EVERY_MS) {
        return;
    }
    double newest = (double)(at - pace->at) * 1000 / (double)passed;
    pace->per_second = pace->per_second <= 0 ? newest : 0.8 * pace->per_second + 0.2 * newest;
    pace->at = at;
    pace->at_ms = now_ms;
}

int64_t kh_pace_seconds_left(const kh_pace *pace, int64_t all)
{
    return pace->per_second <= 0 ? -1 : (int64_t)((double)(all - pace->at) / pace->per_second);
}

int64_t kh_replay_course_end(const kh_replay_course *course, kh_text topic, int32_t lane)
{
    for (size_t i = 0; i < course->row->end_count; i++) {
        const kh_replay_end *end = &course->row->ends[i];
        if (end->lane == lane && kh_text_equal(end->topic, topic)) {
            return end->offset;
        }
    }
    return 0;
}

/* The lock goes with its connection: who comes back may find that it is somebody else's now. */
static kh_rc connect(kh_replay_course *course)
{
    kh_database_settings settings;
    kh_database_error error = {0};
    bool locked = false;
    kh_connect_database(course->settings, "kakehashi replay", &settings);
    kh_rc rc = kh_database_open(&settings, &course->database, &error);
    if (rc == KH_OK) {
        rc = kh_replay_lock(course->database, course->alone, &locked);
    }
    if (rc == KH_OK && !locked) {
        kh_log(KH_LOG_ERROR, "replay", "while the database was away somebody began to compare or drop this replay");
        return KH_E_CONFIGURATION;
    }
    return rc;
}

static kh_rc look(kh_replay_course *course, kh_replay_progress *out)
{
    kh_rc rc = course->database == NULL ? connect(course) : KH_OK;
    if (rc == KH_OK) {
        rc = kh_replay_progress_read(course->database, out);
    }
    if (rc == KH_E_LOST) {
        kh_database_close(course->database);
        course->database = NULL;
    }
    return rc;
}

kh_rc kh_replay_course_turn(kh_replay_course *course, bool *forward)
{
    int64_t now = kh_monotonic_ms();
    kh_replay_progress progress;
    *forward = false;
    if (now - course->looked_ms < LOOK_EVERY_MS) {
        return KH_OK;
    }
    course->looked_ms = now;
    kh_rc rc = look(course, &progress);
    if (rc == KH_E_LOST || rc == KH_E_RETRY) {
        return KH_OK; /* the next batch's or look's to tell */
    }
    if (rc != KH_OK) {
        if (course->database != NULL) {
            kh_log(KH_LOG_ERROR, "replay", "%s", kh_database_last_error(course->database)->text);
        }
        return rc;
    }
    *forward = progress.results != course->progress.results || progress.decided != course->progress.decided;
    course->progress = progress;
    course->done = progress.done;
    kh_pace_note(&course->pace, progress.decided, now);
    if (course->tell != NULL) {
        course->tell(course->self, course);
    }
    return KH_OK;
}
