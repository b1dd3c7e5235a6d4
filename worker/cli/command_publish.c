/* publish: sends events to the source topics, once all of them are checked. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/log.h"
#include "app/sending.h"
#include "cli/command.h"

#define DELIVERY_TIMEOUT_MS 120000
#define PROGRESS_AFTER_MS   2000
#define TOLD_MOST           200 /* refused lines that are told one by one */

typedef struct publishing {
    kh_common common;
    kh_configuration configuration;
    kh_sending *sending;
    bool unchecked;
    const char *name; /* of the file, for messages */
    FILE *file;       /* can be read twice */
    uint64_t lines;
    uint64_t refused;
    uint64_t undelivered;
    int64_t began_ms;
    int64_t told_ms;
    bool shows_progress;
} publishing;

static void tell_refused(void *self, uint64_t line, const kh_refusal *refusal)
{
    publishing *of = self;
    if (of->refused++ < TOLD_MOST) {
        (void)fprintf(stderr, "%s:%" PRIu64 ": %s: %.*s\n", of->name, line, kh_refusal_name((int)refusal->code),
                      KH_TEXT_ARGS(refusal->detail));
    }
}

static void tell_undelivered(void *self, uint64_t line, const char *why)
{
    publishing *of = self;
    if (of->undelivered++ < TOLD_MOST) {
        (void)fprintf(stderr, "%s:%" PRIu64 ": not delivered: %s\n", of->name, line, why);
    }
}

/* One line that is written over, for a person who waits. */
static void show_progress(publishing *of, const char *doing, uint64_t line)
{
    int64_t now = kh_monotonic_ms();
    if (isatty(STDERR_FILENO) == 0 || now - of->began_ms < PROGRESS_AFTER_MS || now - of->told_ms < 200) {
        return;
    }
    of->told_ms = now;
    of->shows_progress = true;
    if (of->lines == 0) {
        (void)fprintf(stderr, "\r%s line %" PRIu64 "\033[K", doing, line);
    } else {
        (void)fprintf(stderr, "\r%s line %" PRIu64 " of %" PRIu64 "\033[K", doing, line, of->lines);
    }
}

static void end_progress(publishing *of)
{
    if (of->shows_progress) {
        (void)fprintf(stderr, "\r\033[K");
        of->shows_progress = false;
    }
}

/* Reads the file from its beginning. A refused line does not end it if \a all. */
static kh_rc go_through(publishing *of, const char *doing, bool all,
                        kh_rc (*take)(kh_sending *sending, kh_text line, uint64_t number))
{
    char *line = NULL;
    size_t size = 0;
    uint64_t number = 0;
    kh_rc rc = KH_OK;
    rewind(of->file);
    while (rc == KH_OK || (all && rc == KH_E_REFUSED)) {
        ssize_t length = getline(&line, &size, of->file);
        if (length < 0) {
            rc = KH_OK;
            break;
        }
        if (length > 0 && line[length - 1] == '\n') {
            length--;
        }
        rc = take(of->sending, (kh_text){line, (size_t)length}, ++number);
        show_progress(of, doing, number);
    }
    if (rc == KH_OK && ferror(of->file) != 0) {
        (void)fprintf(stderr, "kakehashi publish: %s: ", of->name);
        perror(NULL);
        rc = KH_E_LOST;
    }
    of->lines = number;
    end_progress(of);
    free(line);
    return rc;
}

/* Standard input, a pipe: kept in a file without a name, since it is read twice. */
static kh_rc keep_input(publishing *of)
{
    static char buffer[65536];
    FILE *kept = tmpfile();
    size_t length = 0;
    bool well = kept != NULL;
    while (well && (length = fread(buffer, 1, sizeof buffer, of->file)) > 0) {
        well = fwrite(buffer, 1, length, kept) == length;
    }
    well = well && ferror(of->file) == 0 && fflush(kept) == 0;
    if (!well) {
        (void)fprintf(stderr, "kakehashi publish: keeping %s in a temporary file: ", of->name);
        perror(NULL);
        if (kept != NULL) {
            (void)fclose(kept);
        }
        return KH_E_LOST;
    }
    if (of->file != stdin) {
        (void)fclose(of->file);
    }
    of->file = kept;
    return KH_OK;
}

static kh_rc open_input(publishing *of, const char *path)
{
    bool standard = path == NULL || strcmp(path, "-") == 0;
    of->name = standard ? "standard input" : path;
    of->file = standard ? stdin : fopen(path, "re");
    if (of->file == NULL) {
        (void)fprintf(stderr, "kakehashi publish: %s: ", path);
        perror(NULL);
        return KH_E_LOST;
    }
    return fseek(of->file, 0, SEEK_SET) == 0 && !standard ? KH_OK : keep_input(of);
}

static kh_rc await_delivery(publishing *of)
{
    int64_t deadline = kh_monotonic_ms() + DELIVERY_TIMEOUT_MS;
    kh_rc rc = KH_E_TIMEOUT;
    while (rc == KH_E_TIMEOUT && kh_monotonic_ms() < deadline) {
        rc = kh_sending_wait(of->sending, 200);
        show_progress(of, "waiting for the deliveries up to", of->lines);
    }
    end_progress(of);
    if (rc == KH_E_TIMEOUT) {
        (void)fprintf(stderr,
                      "kakehashi publish: the broker has not confirmed all events after %d seconds; sending "
                      "them again is harmless: an event that is stated twice changes nothing\n",
                      DELIVERY_TIMEOUT_MS / 1000);
    }
    return rc;
}

static void say_sent(const publishing *of)
{
    const kh_topic_section *topics = &of->configuration.settings.kafka.topics;
    (void)printf("sent %" PRIu64 " events", of->lines);
    for (uint32_t i = 0, said = 0; i < topics->event_count; i++) {
        if (kh_sending_count(of->sending, i) > 0) {
            (void)printf("%s%" PRIu64 " to %.*s", said++ == 0 ? ": " : ", ", kh_sending_count(of->sending, i),
                         KH_TEXT_ARGS(topics->events[i].value));
        }
    }
    (void)printf("\n");
}

static kh_rc publish(publishing *of)
{
    of->began_ms = kh_monotonic_ms();
    kh_rc rc = go_through(of, "checking", true, kh_sending_check);
    if (rc == KH_OK && of->refused > 0) {
        if (of->refused > TOLD_MOST) {
            (void)fprintf(stderr, "and %" PRIu64 " more\n", of->refused - TOLD_MOST);
        }
        (void)fprintf(stderr, "kakehashi publish: %" PRIu64 " of %" PRIu64 " lines are refused; nothing was sent%s\n",
                      of->refused, of->lines, of->unchecked ? "" : " (--unchecked sends what is an event at all)");
        return KH_E_REFUSED;
    }
    if (rc == KH_OK) {
        rc = kh_sending_connect(of->sending);
    }
    if (rc == KH_OK) {
        rc = go_through(of, "sending", false, kh_sending_send);
    }
    if (rc == KH_OK) {
        rc = await_delivery(of);
    }
    if (rc == KH_OK) {
        say_sent(of);
    }
    return rc;
}

static int start(publishing *of, const char *path)
{
    int status = kh_common_load(&of->common, KH_NEEDS_BROKER, &of->configuration);
    if (status != KH_EXIT_OK) {
        return status;
    }
    kh_sending_settings settings = {
        .settings = &of->configuration.settings,
        .book = &of->configuration.book,
        .unchecked = of->unchecked,
        .refused = tell_refused,
        .not_delivered = tell_undelivered,
        .self = of,
    };
    kh_rc rc = kh_sending_new(&settings, &of->common.problems, &of->sending);
    if (rc == KH_OK) {
        rc = open_input(of, path);
    }
    if (rc == KH_OK) {
        rc = publish(of);
    }
    return kh_common_report(&of->common, rc);
}

// NOLINTNEXTLINE(readability-non-const-parameter): a kh_take_option
static bool take_option(void *self, int option, int *status)
{
    publishing *of = self;
    (void)status;
    if (option == 'u') {
        of->unchecked = true;
    }
    return option == 'u';
}

static int run_publish(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"unchecked", no_argument, NULL, 'u'},
        KH_COMMON_OPTIONS,
    };
    publishing of = {.unchecked = false};
    int status = KH_EXIT_OK;
    kh_common_init(&of.common, command);
    if (!kh_common_options(&of.common, options, argc, argv, take_option, &of, &status)) {
        goto out;
    }
    status = argc - optind > 1 ? kh_usage(command, "one file at a time; \"%s\" is a second one", argv[optind + 1])
                               : start(&of, optind < argc ? argv[optind] : NULL);
out:
    kh_sending_free(of.sending);
    if (of.file != NULL && of.file != stdin) {
        (void)fclose(of.file);
    }
    kh_common_deinit(&of.common);
    return status;
}

const kh_command kh_command_publish = {
    .name = "publish",
    .summary = "send events from a file to the source topics",
    .help =
        "Usage: kakehashi publish [OPTION]... [EVENTS.jsonl]\n\n"
        "Sends events, a line of JSON each (standard input if no file is given, or -), to the source topic that the\n"
        "line names: keyed by subject, in the partition of that key, with the line's timestamp (a topic that stamps\n"
        "records itself puts its own). First all lines are checked as the worker checks them by itself: if one is\n"
        "refused, all that are refused are told, and nothing is sent. For samples, tests and small agencies; sending\n"
        "a file twice changes nothing.\n\n"
        "      --unchecked      send also what the worker will refuse; only lines that are no event of a known form\n"
        "                       and source topic cannot be sent\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi publish config/samples/first-year.jsonl\n\n"
        "Exit codes: 0 all were sent and confirmed; 1 lines are refused, the file cannot be read, or the broker does\n"
        "not answer or confirm; 2 wrong usage; 3 settings or rule files are wrong, or a topic is missing.\n",
    .run = run_publish,
};
