/* topics create: makes the topics that are missing, and checks the others. */
#include <stdio.h>
#include <string.h>

#include "app/reach.h"
#include "cli/command.h"

static void say_topic(void *self, const char *topic, bool bad, const char *text)
{
    kh_problems *problems = self;
    if (bad) {
        kh_problems_add(problems, (kh_place){"kafka", 0, 0}, KH_TEXT(""), "topic %s: %s", topic, text);
    } else {
        (void)printf("%s: %s\n", topic, text);
    }
}

static int create(kh_common *common)
{
    kh_configuration configuration;
    int status = kh_common_load(common, KH_NEEDS_BROKER, &configuration);
    if (status != KH_EXIT_OK) {
        return status;
    }
    kh_rc rc = kh_reach_topics(&configuration.settings, true, say_topic, &common->problems, &common->problems);
    if (rc == KH_OK) {
        (void)printf("all %u topics are there and as they must be\n",
                     (unsigned)(configuration.settings.kafka.topics.event_count + 4));
    }
    return kh_common_report(common, rc);
}

static int run_topics(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {KH_COMMON_OPTIONS};
    kh_common common;
    int status = KH_EXIT_OK;
    kh_common_init(&common, command);
    if (!kh_common_options(&common, options, argc, argv, NULL, NULL, &status)) {
        goto out;
    }
    if (argc - optind != 1 || strcmp(argv[optind], "create") != 0) {
        status = kh_usage(command, "say what to do with the topics: `topics create`");
    } else {
        status = create(&common);
    }
out:
    kh_common_deinit(&common);
    return status;
}

const kh_command kh_command_topics = {
    .name = "topics",
    .summary = "create the topics that are missing, and check the others",
    .help =
        "Usage: kakehashi topics create [OPTION]...\n\n"
        "Makes each topic of `kafka.topics` that does not exist, with `partitions`, `replication_factor` and what\n"
        "its kind needs: source topics are kept for ever, result topics are compacted, dead letters are kept for a\n"
        "year. A topic that exists is checked and never altered.\n\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi topics create --set kafka.topics.partitions=24\n\n"
        "Exit codes: 0 all topics are there and as they must be; 1 the broker does not answer; 2 wrong usage;\n"
        "3 settings are wrong, a topic is not as it must be, or the broker refuses.\n",
    .run = run_topics,
};
