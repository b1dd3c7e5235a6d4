/* check-config: all files read and checked together; with --connect the servers too. */
#include <stdio.h>

#include "app/reach.h"
#include "cli/command.h"

typedef struct checking {
    kh_common common;
    kh_configuration configuration;
    bool print;
    bool connect;
} checking;

/* Behind printed settings, what is said about them is a comment, so that all of it can be kept as a file. */
static const char *line_start(const checking *of)
{
    return of->print ? "# " : "";
}

static void say_files(const checking *of)
{
    const kh_settings *settings = &of->configuration.settings;
    (void)printf("%ssettings: %s is well; deployment %.*s, %u source topics\n", line_start(of), of->common.config,
                 KH_TEXT_ARGS(settings->deployment), (unsigned)settings->kafka.topics.event_count);
    for (uint32_t i = 0; i < of->configuration.file_count; i++) {
        const kh_rule_file *file = &of->configuration.files[i];
        (void)printf("%s%s: %.*s is well, from %s (SHA-256 %.*s)\n", line_start(of), kh_rule_file_kind_name(file->kind),
                     KH_TEXT_ARGS(file->id), file->name, KH_TEXT_ARGS(file->sha256));
    }
}

static void say_topic(void *self, const char *topic, bool bad, const char *text)
{
    checking *of = self;
    if (bad) {
        kh_problems_add(&of->common.problems, (kh_place){"kafka", 0, 0}, KH_TEXT(""), "topic %s: %s", topic, text);
    } else {
        (void)printf("%stopic %s: %s\n", line_start(of), topic, text);
    }
}

/* Both servers are tried, whatever becomes of the first. */
static kh_rc check_servers(checking *of)
{
    const kh_settings *settings = &of->configuration.settings;
    kh_problems *problems = &of->common.problems;
    kh_database *database = NULL;
    int version = 0;
    kh_rc broker = kh_reach_topics(settings, false, say_topic, of, problems);
    if (broker == KH_OK) {
        (void)printf("%sbroker: %.*s answers, all topics are as they must be\n", line_start(of),
                     KH_TEXT_ARGS(settings->kafka.brokers));
    }
    kh_rc rc = kh_reach_schema(settings, problems, &database, &version);
    if (rc == KH_OK) {
        (void)printf("%sdatabase: answers, schema \"%.*s\" is at version %d as it must be\n", line_start(of),
                     KH_TEXT_ARGS(settings->database.schema), version);
    }
    kh_reach_close(database);
    return rc == KH_OK || broker == KH_E_CONFIGURATION ? broker : rc;
}

static int check(checking *of)
{
    kh_rc rc = KH_OK;
    int status = kh_common_load(&of->common, of->connect ? KH_NEEDS_BROKER | KH_NEEDS_DATABASE : 0, &of->configuration);
    if (status != KH_EXIT_OK) {
        return status;
    }
    if (of->print) {
        rc = kh_settings_print(&of->configuration.settings, stdout);
    }
    if (rc == KH_OK) {
        say_files(of);
        rc = of->connect ? check_servers(of) : KH_OK;
    }
    return kh_common_report(&of->common, rc);
}

// NOLINTNEXTLINE(readability-non-const-parameter): a kh_take_option
static bool take_option(void *self, int option, int *status)
{
    checking *of = self;
    (void)status;
    switch (option) {
    case 'p':
        of->print = true;
        return true;
    case 'n':
        of->connect = true;
        return true;
    default:
        return false;
    }
}

static int run_check_config(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"print", no_argument, NULL, 'p'},
        {"connect", no_argument, NULL, 'n'},
        KH_COMMON_OPTIONS,
    };
    checking of = {.print = false};
    int status = KH_EXIT_OK;
    kh_common_init(&of.common, command);
    if (!kh_common_options(&of.common, options, argc, argv, take_option, &of, &status)) {
        goto out;
    }
    status = optind < argc
                 ? kh_usage(command, "takes no argument, but got \"%s\"; the settings file is --config", argv[optind])
                 : check(&of);
out:
    kh_common_deinit(&of.common);
    return status;
}

const kh_command kh_command_check_config = {
    .name = "check-config",
    .summary = "check settings, rule packs, policies and calendars together",
    .help =
        "Usage: kakehashi check-config [OPTION]...\n\n"
        "Reads the settings file and every file that it names, and says all that is wrong at once, each with file,\n"
        "line and key; or, if nothing is, what is well.\n\n"
        "      --print          print the effective settings as YAML, defaults included; secrets as the place\n"
        "                       where they are kept\n"
        "      --connect        also try broker (topics and their settings) and database (schema); nothing is\n"
        "                       changed there\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi check-config --config config/kakehashi.yaml --connect\n\n"
        "Exit codes: 0 all is well; 1 a server does not answer; 2 wrong usage; 3 settings, rule files, topics or\n"
        "schema are not as they must be.\n",
    .run = run_check_config,
};
