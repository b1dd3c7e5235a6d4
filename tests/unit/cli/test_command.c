#include "support/kh_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

#define SETTINGS KH_SOURCE_DIR "/config/kakehashi.yaml"

static const kh_command *const commands[] = {
    &kh_command_check_config, &kh_command_decide,  &kh_command_explain, &kh_command_history,
    &kh_command_list,         &kh_command_migrate, &kh_command_publish, &kh_command_rules,
    &kh_command_run,          &kh_command_show,    &kh_command_topics,  &kh_command_obligations,
};

/* Runs a command with both outputs in \a out. */
static int run(const kh_command *command, const char *const *arguments, char *out, size_t size)
{
    char path[] = "/tmp/kh-command-XXXXXX";
    char *argv[12] = {(char *)(uintptr_t)command->name};
    int argc = 1;
    int file = mkstemp(path);
    int kept_out = dup(STDOUT_FILENO);
    int kept_error = dup(STDERR_FILENO);
    assert_true(file >= 0 && kept_out >= 0 && kept_error >= 0);
    for (; arguments[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
    }
    (void)fflush(stdout);
    (void)dup2(file, STDOUT_FILENO);
    (void)dup2(file, STDERR_FILENO);
    int status = command->run(command, argc, argv);
    (void)fflush(stdout);
    (void)dup2(kept_out, STDOUT_FILENO);
    (void)dup2(kept_error, STDERR_FILENO);
    ssize_t length = pread(file, out, size - 1, 0);
    out[length < 0 ? 0 : length] = '\0';
    (void)close(kept_out);
    (void)close(kept_error);
    (void)close(file);
    (void)unlink(path);
    return status;
}

static void each_help_has_usage_options_example_and_exit_codes(void **state)
{
    static const char *const wanted[] = {"Usage: kakehashi ", "--config FILE", "Example:", "Exit codes: 0 "};
    static char out[16384];
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        assert_int_equal(run(commands[i], (const char *const[]){"--help", NULL}, out, sizeof out), KH_EXIT_OK);
        for (size_t j = 0; j < sizeof wanted / sizeof *wanted; j++) {
            if (strstr(out, wanted[j]) == NULL) {
                fail_msg("the help of %s lacks \"%s\"", commands[i]->name, wanted[j]);
            }
        }
        for (char *line = strtok(out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            if (strlen(line) > 120) {
                fail_msg("the help of %s has a long line: %s", commands[i]->name, line);
            }
        }
    }
}

static void wrong_usage_is_told_and_ends_with_2(void **state)
{
    static const struct {
        const kh_command *command;
        const char *says;
        const char *arguments[6];
    } cases[] = {
        {&kh_command_check_config, "takes no argument, but got \"x\"", {"x"}},
        {&kh_command_check_config, "--help", {"--conect"}},
        {&kh_command_dead_letters, "--output xml: it is `table` or `json`", {"list", "--output", "xml"}},
        {&kh_command_decide, "--output json: it is `results` or `states`", {"--output", "json"}},
        {&kh_command_explain, "--output table: it is `text` or `json`", {"--output", "table", "SG/1@JP"}},
        {&kh_command_history, "--output text: it is `table` or `json`", {"--output", "text", "SG/1@JP"}},
        {&kh_command_list, "--outcome good: there is no such outcome", {"--outcome", "RECOGNISED,good"}},
        {&kh_command_list, "--output xml: it is `table` or `json`", {"--output", "xml"}},
        {&kh_command_list, "choose labels by --subject", {"SG/1"}},
        {&kh_command_migrate, "--worker-role: give the role's name", {"--worker-role", ""}},
        {&kh_command_migrate, "takes no argument", {"now"}},
        {&kh_command_publish, "one file at a time; \"b\" is a second one", {"a", "b"}},
        {&kh_command_run, "--until now: not an instant", {"--until", "now"}},
        {&kh_command_run, "--give-up-after 0: it is a number of seconds", {"--give-up-after", "0"}},
        {&kh_command_run, "takes options only", {"now"}},
        {&kh_command_rules, "`rules diff A B` or `rules preview FILE...`", {NULL}},
        {&kh_command_rules, "list: takes no argument", {"list", "x"}},
        {&kh_command_rules, "diff: name two rule packs", {"diff", "x"}},
        {&kh_command_rules, "--output belongs to `rules diff` and `rules preview`", {"list", "--output", "json"}},
        {&kh_command_obligations, "--due-within soon: not a number of days", {"--due-within", "soon"}},
        {&kh_command_obligations, "it is `table`, `json` or `ics`", {"--output", "text"}},
        {&kh_command_obligations, "takes no argument", {"SG/1"}},
        {&kh_command_rules, "--at, --from and --limit belongs to `rules preview`", {"diff", "x", "y", "--limit", "1"}},
        {&kh_command_rules, "preview: name a rule pack", {"preview"}},
        {&kh_command_rules, "--from soon: not a date", {"preview", "x", "--from", "soon"}},
        {&kh_command_rules, "--limit -1: not a number from 0 on", {"preview", "x", "--limit", "-1"}},
        {&kh_command_rules, "load: name the files", {"load"}},
        {&kh_command_rules, "--by belongs to `rules load`", {"list", "--by", "me"}},
        {&kh_command_rules, "--by: give a name", {"load", "x", "--by", ""}},
        {&kh_command_show, "give one key", {NULL}},
        {&kh_command_show, "give one key", {"SG/1", "SG/2"}},
        {&kh_command_show, "\"@JP\" is no key", {"@JP"}},
        {&kh_command_show, "\"SG/1@\" is no key", {"SG/1@"}},
        {&kh_command_show, "--output table: it is `text` or `json`", {"--output", "table", "SG/1"}},
        {&kh_command_topics, "`topics create`", {NULL}},
        {&kh_command_topics, "`topics create`", {"delete"}},
    };
    static char out[16384];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = run(cases[i].command, cases[i].arguments, out, sizeof out);
        if (status != KH_EXIT_USAGE || strstr(out, cases[i].says) == NULL) {
            fail_msg("case %zu, %s: ended with %d and said: %s", i, cases[i].command->name, status, out);
        }
    }
}

static void wrong_settings_end_every_command_with_3(void **state)
{
    static const struct {
        const kh_command *command;
        const char *argument;
    } cases[] = {
        {&kh_command_check_config, NULL}, {&kh_command_list, NULL},       {&kh_command_migrate, NULL},
        {&kh_command_publish, "x"},       {&kh_command_rules, "list"},    {&kh_command_run, NULL},
        {&kh_command_show, "SG/1"},       {&kh_command_topics, "create"}, {&kh_command_decide, "x"},
    };
    static char out[16384];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const arguments[] = {"--config", SETTINGS,    "--set",           "batch.max_records=0",
                                         "--set",    "kafka.x=1", cases[i].argument, NULL};
        int status = run(cases[i].command, arguments, out, sizeof out);
        if (status != KH_EXIT_CONFIGURATION || strstr(out, "batch.max_records") == NULL ||
            strstr(out, "kafka.x") == NULL) {
            fail_msg("%s ended with %d and said: %s", cases[i].command->name, status, out);
        }
    }
}

static void check_config_says_what_is_well(void **state)
{
    static char out[65536];
    (void)state;
    assert_int_equal(run(&kh_command_check_config, (const char *const[]){"-c", SETTINGS, NULL}, out, sizeof out),
                     KH_EXIT_OK);
    assert_non_null(strstr(out, "settings: " SETTINGS " is well"));
    assert_non_null(strstr(out, "rule-pack: jp-sg-1 is well"));
    assert_non_null(strstr(out, "policies: jp-sg is well"));
    assert_non_null(strstr(out, "calendar: jp-administrative is well"));
}

static void printed_settings_show_no_secret_and_can_be_kept(void **state)
{
    static char out[65536];
    (void)state;
    const char *const arguments[] = {"-c", SETTINGS, "--print", "--set", "kafka.group=blue", NULL};
    assert_int_equal(run(&kh_command_check_config, arguments, out, sizeof out), KH_EXIT_OK);
    assert_non_null(strstr(out, "group: blue"));
    assert_non_null(strstr(out, "max_record_bytes: 262144")); /* nobody has set it */
    assert_non_null(strstr(out, "\n# settings: "));
}

static void no_settings_file_is_told(void **state)
{
    static char out[16384];
    (void)state;
    assert_int_equal(run(&kh_command_list, (const char *const[]){"-c", "/nowhere/x.yaml", NULL}, out, sizeof out),
                     KH_EXIT_CONFIGURATION);
    assert_non_null(strstr(out, "/nowhere/x.yaml"));
}

static void a_missing_file_of_events_is_told(void **state)
{
    static char out[16384];
    (void)state;
    const char *const arguments[] = {"-c", SETTINGS, "/nowhere/events.jsonl", NULL};
    assert_int_equal(run(&kh_command_publish, arguments, out, sizeof out), KH_EXIT_FAILED);
    assert_non_null(strstr(out, "/nowhere/events.jsonl: No such file or directory"));
}

static void all_problems_of_rule_files_are_told_before_the_database_is_asked(void **state)
{
    static char out[16384];
    (void)state;
    const char *const arguments[] = {"load", "-c", SETTINGS, "/nowhere/a.yaml", SETTINGS, NULL};
    assert_int_equal(run(&kh_command_rules, arguments, out, sizeof out), KH_EXIT_CONFIGURATION);
    assert_non_null(strstr(out, "/nowhere/a.yaml"));
    assert_non_null(strstr(out, SETTINGS ":"));
    assert_null(strstr(out, "database: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_help_has_usage_options_example_and_exit_codes),
        cmocka_unit_test(wrong_usage_is_told_and_ends_with_2),
        cmocka_unit_test(wrong_settings_end_every_command_with_3),
        cmocka_unit_test(check_config_says_what_is_well),
        cmocka_unit_test(printed_settings_show_no_secret_and_can_be_kept),
        cmocka_unit_test(no_settings_file_is_told),
        cmocka_unit_test(a_missing_file_of_events_is_told),
        cmocka_unit_test(all_problems_of_rule_files_are_told_before_the_database_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
