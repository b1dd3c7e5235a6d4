#include "config/settings.h"

#include "config_fixture.h"

#define LEAST                                                                                                          \
    "deployment: d\nrules: [r.yaml]\npolicies: [/p.yaml]\ncalendars: [c.yaml]\n"                                       \
    "kafka:\n  topics:\n    events: {JP: jp, SG: sg}\n"

static kh_rc read_with(fixture *fx, const char *text, const char *const *overrides, uint32_t count, kh_settings *out)
{
    static char path[PATH_SIZE];
    forget_problems(fx);
    write_file(fx, "s.yaml", text, path);
    kh_rc rc = kh_settings_read(path, overrides, count, &fx->problems, out);
    remove_file(fx, "s.yaml");
    return rc;
}

/*! The problems with the fixture's folder taken off. */
static void assert_said(const fixture *fx, const char *expected)
{
    char found[16384] = "";
    for (const kh_problem *problem = fx->problems.first; problem != NULL; problem = problem->next) {
        const char *text = problem->text.data;
        size_t folder = strlen(fx->folder);
        text += strncmp(text, fx->folder, folder) == 0 ? folder + 1 : 0;
        assert_true(strlen(found) + strlen(text) + 2 < sizeof(found));
        (void)strcat(strcat(found, text), "\n");
    }
    assert_string_equal(found, expected);
}

static void the_least_file_has_every_default(void **state)
{
    fixture *fx = *state;
    kh_settings is;
    kh_rc rc = read_with(fx, LEAST, NULL, 0, &is);
    assert_problems(fx, "");
    assert_rc(rc, KH_OK);
    assert_int_equal(is.clock, KH_CLOCK_WALL);
    assert_text(is.kafka.group, "kakehashi");
    assert_int_equal(is.kafka.brokers.length, 0);
    assert_text(is.kafka.topics.status, "recognition.status");
    assert_text(is.kafka.topics.public_status, "recognition.public");
    assert_text(is.kafka.topics.obligations, "recognition.obligations");
    assert_text(is.kafka.topics.dead_letters, "recognition.dead-letters");
    assert_int_equal(is.kafka.topics.partitions, 12);
    assert_int_equal(is.kafka.topics.replication_factor, -1);
    assert_int_equal(is.kafka.max_record_bytes, 262144);
    assert_text(is.database.schema, "kakehashi");
    assert_int_equal(is.batch.max_records, 4000);
    assert_int_equal(is.log.level, KH_LOG_INFO);
    assert_int_equal(is.http.listen.length, 0);
    assert_text(is.kafka.topics.events[1].key, "SG");
    assert_text(is.kafka.topics.events[1].value, "sg");
    char expected[PATH_SIZE];
    (void)snprintf(expected, sizeof(expected), "%s/r.yaml", fx->folder);
    assert_text(is.rules[0], expected);
    assert_text(is.policies[0], "/p.yaml");
}

/* One more line under the least file, and what is said of it. */
static const struct {
    const char *lines;
    const char *problem;
} wrong[] = {
    {"clock: sun\n", "s.yaml:8:8: clock: \"sun\" stands where one of wall, records belongs: what moves time: wall for "
                     "production, records for "
                     "samples and tests\n"},
    {"batch: {max_records: 0}\n",
     "s.yaml:8:22: batch.max_records: \"0\" stands where a number from 1 to 100000 belongs: records in one batch, over "
     "all lanes\n"},
    {"batch: {max_wait: 5}\n", "s.yaml:8:9: batch: unknown key \"max_wait\"; did you mean max_wait_ms?\n"},
    {"log: {level: warn}\n", "s.yaml:8:14: log.level: \"warn\" stands where one of error, warning, info, debug "
                             "belongs: the least weighty events "
                             "that are logged\n"},
    {"database: {schema: pg_x}\n",
     "s.yaml:8:20: database.schema: \"pg_x\" is no schema name: small letters, digits and \"_\" belong here, not "
     "beginning with a digit or \"pg_\"\n"},
    {"database: {connection: host=a password=hush}\n",
     "s.yaml:8:24: database.connection: the value has a password in it, which would be shown in logs and lists of "
     "processes; take it out and name "
     "it under database.password as {env: NAME} or {file: PATH}\n"},
    {"database: {connection: \"postgresql://u:hush@h/d\"}\n",
     "s.yaml:8:24: database.connection: the value has a password in it, which would be shown in logs and lists of "
     "processes; take it out and name "
     "it under database.password as {env: NAME} or {file: PATH}\n"},
    {"database: {password: hush}\n",
     "s.yaml:8:22: database.password: a secret is named here, not written out: {env: NAME} for an environment "
     "variable, or {file: PATH}: the password of the database role\n"},
    {"http: {listen: localhost:9464}\n", "s.yaml:8:16: http.listen: \"localhost:9464\" is no address and port: "
                                         "127.0.0.1:9464, \"[::1]:9464\", or a port alone "
                                         "for 127.0.0.1 belongs here\n"},
    {"deployment: e\n", "s.yaml:8:1: the key \"deployment\" stands twice, first in line 1; keep one\n"},
};

static void wrong_settings_name_file_line_and_key(void **state)
{
    fixture *fx = *state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[1024];
        kh_settings is;
        (void)snprintf(text, sizeof(text), LEAST "%s", wrong[i].lines);
        assert_rc(read_with(fx, text, NULL, 0, &is), KH_E_CONFIGURATION);
        assert_said(fx, wrong[i].problem);
    }
}

static void passwords_in_connections(void **state)
{
    fixture *fx = *state;
    static const struct {
        kh_rc rc;
        const char *connection;
    } cases[] = {
        {KH_OK, "host=h user=password dbname=d"},
        {KH_OK, "host=h passfile=/etc/pass"},
        {KH_OK, "postgresql://u@h:5432/d?sslmode=require"},
        {KH_OK, "postgresql://[::1]:5432/d?application_name=a@b"},
        {KH_OK, "service=kakehashi"},
        {KH_E_CONFIGURATION, "host=h password=x"},
        {KH_E_CONFIGURATION, "host=h password  = x"},
        {KH_E_CONFIGURATION, "host=h sslpassword=x"},
        {KH_E_CONFIGURATION, "postgresql://u:x@h/d"},
        {KH_E_CONFIGURATION, "postgresql://:x@h/d"},
        {KH_E_CONFIGURATION, "postgresql://u@h/d?password=x"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char override[128];
        kh_settings is;
        (void)snprintf(override, sizeof(override), "database.connection=%s", cases[i].connection);
        kh_rc rc = read_with(fx, LEAST, (const char *const[]){override}, 1, &is);
        if (rc != cases[i].rc) {
            fail_msg("%s: %d", cases[i].connection, rc);
        }
    }
}

static void addresses_to_listen_on(void **state)
{
    fixture *fx = *state;
    static const struct {
        kh_rc rc;
        const char *listen;
    } cases[] = {
        {KH_OK, "127.0.0.1:9464"},
        {KH_OK, "0.0.0.0:1"},
        {KH_OK, "[::1]:65535"},
        {KH_OK, "[::]:0"},
        {KH_OK, "9464"},
        {KH_E_CONFIGURATION, "65536"},
        {KH_E_CONFIGURATION, "127.0.0.1"},
        {KH_E_CONFIGURATION, "127.0.0.1:"},
        {KH_E_CONFIGURATION, "127.0.0.1:x"},
        {KH_E_CONFIGURATION, "127.0.0.1:4294967296"},
        {KH_E_CONFIGURATION, ":9464"},
        {KH_E_CONFIGURATION, "[127.0.0.1]:9464"},
        {KH_E_CONFIGURATION, "::1:9464"},
        {KH_E_CONFIGURATION, "]:9464"},
        {KH_E_CONFIGURATION, "[::1:9464"},
        {KH_E_CONFIGURATION, "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:9464"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        kh_settings is;
        char override[128];
        (void)snprintf(override, sizeof(override), "http.listen=\"%s\"", cases[i].listen);
        const char *const overrides[] = {override};
        assert_rc(read_with(fx, LEAST, overrides, 1, &is), cases[i].rc);
        if (cases[i].rc == KH_OK) {
            assert_text(is.http.listen, cases[i].listen);
        }
    }
}

static void what_the_worker_controls_is_refused(void **state)
{
    fixture *fx = *state;
    static const char *const keys[] = {"enable.auto.commit",
                                       "isolation.level",
                                       "transactional.id",
                                       "group.id",
                                       "enable.partition.eof",
                                       "auto.offset.reset",
                                       "partition.assignment.strategy",
                                       "bootstrap.servers",
                                       "session.timeout.ms",
                                       "enable.auto.offset.store",
                                       "group.instance.id"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char override[128];
        char begin[160];
        kh_settings is;
        (void)snprintf(override, sizeof(override), "kafka.librdkafka.%s=1", keys[i]);
        (void)snprintf(begin, sizeof(begin), "--set: kafka.librdkafka.%s: is ", keys[i]);
        assert_rc(read_with(fx, LEAST, (const char *const[]){override}, 1, &is), KH_E_CONFIGURATION);
        assert_int_equal(fx->problems.count, 1);
        assert_int_equal(strncmp(fx->problems.first->text.data, begin, strlen(begin)), 0);
    }
    kh_settings is;
    assert_rc(read_with(fx, LEAST "  librdkafka: {security.protocol: SASL_SSL, sasl.password: hush}\n", NULL, 0, &is),
              KH_E_CONFIGURATION);
    assert_said(fx, "s.yaml:8:60: kafka.librdkafka.sasl.password: a secret is named here, not written out: {env: NAME} "
                    "for an environment variable, "
                    "or {file: PATH}: passed on to librdkafka as it is\n");
}

static void settings_must_agree_with_each_other(void **state)
{
    fixture *fx = *state;
    kh_settings is;
    assert_rc(read_with(fx,
                        LEAST "    status: jp\n    public: recognition.obligations\n  heartbeat_interval_ms: 4000\n",
                        NULL, 0, &is),
              KH_E_CONFIGURATION);
    assert_said(fx, "s.yaml:7:5: kafka.topics.obligations: is the topic of public too; each needs its own\n"
                    "s.yaml:7:13: kafka.topics.events: JP has the topic of status; each needs its own\n"
                    "s.yaml:10:26: kafka.heartbeat_interval_ms: 4000 is more than a third of session_timeout_ms "
                    "(10000); one late sign of life would "
                    "lose the lanes\n");
    assert_rc(read_with(fx, LEAST, (const char *const[]){"kafka.topics.events={JP: x, SG: x}"}, 1, &is),
              KH_E_CONFIGURATION);
    assert_said(fx, "--set: kafka.topics.events: SG has the topic of JP; each participant needs its own, since the "
                    "topic tells who speaks\n");
    assert_rc(read_with(fx, LEAST, (const char *const[]){"kafka.topics.events.jp=x"}, 1, &is), KH_E_CONFIGURATION);
    assert_said(fx, "--set: kafka.topics.events.jp: is no participant: an ISO 3166-1 alpha-2 code in capitals belongs "
                    "here, like JP\n");
}

static void what_a_command_needs(void **state)
{
    fixture *fx = *state;
    kh_settings is;
    assert_rc(read_with(fx, LEAST, NULL, 0, &is), KH_OK);
    assert_rc(kh_settings_require(&is, 0, &fx->problems), KH_OK);
    assert_rc(kh_settings_require(&is, KH_NEEDS_BROKER | KH_NEEDS_DATABASE, &fx->problems), KH_E_CONFIGURATION);
    assert_said(fx, "s.yaml: kafka.brokers: is missing: this command needs it, for example localhost:9092\n"
                    "s.yaml: database.connection: is missing: this command needs it, for example \"host=localhost "
                    "dbname=kakehashi\"\n");
}

#define SECRETS                                                                                                        \
    LEAST "  brokers: b:1\n  librdkafka: {sasl.password: {env: KH_TEST_SECRET}, client.id: me}\n"                      \
          "database: {connection: host=h, password: {file: secret}}\n"

static void secrets_are_fetched_when_needed_and_never_printed(void **state)
{
    fixture *fx = *state;
    kh_settings is;
    char path[PATH_SIZE];
    assert_int_equal(setenv("KH_TEST_SECRET", "hush-env", 1), 0);
    write_file(fx, "secret", "hush-file\n", path);
    assert_rc(read_with(fx, SECRETS, NULL, 0, &is), KH_OK);
    assert_rc(kh_settings_require(&is, KH_NEEDS_BROKER | KH_NEEDS_DATABASE, &fx->problems), KH_OK);
    assert_text(is.database.password.value, "hush-file");
    assert_text(kh_pair_value(&is.kafka.librdkafka[0]), "hush-env");
    assert_text(kh_pair_value(&is.kafka.librdkafka[1]), "me");
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    assert_non_null(out);
    assert_rc(kh_settings_print(&is, out), KH_OK);
    assert_int_equal(fclose(out), 0);
    assert_null(strstr(printed, "hush"));
    assert_non_null(strstr(printed, "sasl.password: {env: KH_TEST_SECRET}\n"));
    assert_non_null(strstr(printed, "password: {file: secret}\n"));
    free(printed);
    remove_file(fx, "secret");
    assert_int_equal(unsetenv("KH_TEST_SECRET"), 0);
    assert_rc(read_with(fx, SECRETS, NULL, 0, &is), KH_OK);
    assert_rc(kh_settings_require(&is, KH_NEEDS_BROKER | KH_NEEDS_DATABASE, &fx->problems), KH_E_CONFIGURATION);
    assert_int_equal(fx->problems.count, 2);
    assert_non_null(strstr(
        fx->problems.first->text.data,
        ":9:37: kafka.librdkafka.sasl.password: the environment variable \"KH_TEST_SECRET\" is not set, or empty"));
    assert_non_null(strstr(fx->problems.last->text.data, ":10:49: database.password: cannot read the file "));
}

static void overrides_win_and_their_paths_are_the_callers(void **state)
{
    fixture *fx = *state;
    kh_settings is;
    const char *const overrides[] = {"kafka.group=blue", "rules=[other.yaml]", "clock=records",
                                     "kafka.topics.replication_factor=1", "kafka.brokers=127.0.0.1:9092"};
    kh_rc rc = read_with(fx, LEAST, overrides, 5, &is);
    assert_problems(fx, "");
    assert_rc(rc, KH_OK);
    assert_text(is.kafka.group, "blue");
    assert_text(is.kafka.brokers, "127.0.0.1:9092");
    assert_text(is.rules[0], "other.yaml");
    assert_int_equal(is.clock, KH_CLOCK_RECORDS);
    assert_int_equal(is.kafka.topics.replication_factor, 1);
}

static void a_file_that_is_not_there(void **state)
{
    fixture *fx = *state;
    kh_settings is;
    assert_rc(kh_settings_read("/nowhere/s.yaml", NULL, 0, &fx->problems, &is), KH_E_CONFIGURATION);
    assert_problems(fx, "/nowhere/s.yaml: cannot read the file \"/nowhere/s.yaml\": No such file or directory\n");
    assert_rc(kh_settings_read("/", NULL, 0, &fx->problems, &is), KH_E_CONFIGURATION);
}

/* The annotated file: every key of the table stands in it, at its default where it has one. */

/*! Takes the "#" off every setting at its default. */
static void uncomment(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        bool line_begins = at == text || at[-1] == '\n';
        if (!line_begins) {
            continue;
        }
        size_t blanks = strspn(at, " ");
        if (at[blanks] == '#' && at[blanks + 1] >= 'a' && at[blanks + 1] <= 'z') {
            memmove(at + blanks, at + blanks + 1, strlen(at + blanks + 1) + 1);
        }
    }
}

static unsigned check_keys(const kh_schema *table, const kh_yaml_node *node)
{
    unsigned seen = 0;
    for (const kh_schema_key *key = table->keys; key->name != NULL; key++, seen++) {
        const kh_yaml_entry *entry = kh_yaml_find(node, kh_text_of(key->name));
        if (entry == NULL) {
            fail_msg("config/kakehashi.yaml does not have %s", key->name);
        } else if (key->fallback != NULL) {
            assert_text(entry->value->value, key->fallback);
        } else if (key->type == KH_SCHEMA_MAP) {
            seen += check_keys(key->inside, entry->value);
        }
        assert_true(key->help != NULL && strlen(key->help) > 5);
    }
    return seen;
}

static void the_annotated_file_states_every_default(void **state)
{
    fixture *fx = *state;
    char *text = slurp(KH_SOURCE_DIR "/config/kakehashi.yaml");
    kh_settings commented;
    kh_settings stated;
    assert_rc(read_with(fx, text, NULL, 0, &commented), KH_OK);
    uncomment(text);
    kh_rc rc = read_with(fx, text, NULL, 0, &stated);
    assert_problems(fx, "");
    assert_rc(rc, KH_OK);
    const kh_yaml_node *root = kh_yaml_read("config/kakehashi.yaml", kh_text_of(text), &fx->problems);
    assert_non_null(root);
    /* Each key was checked, and the walk went down into every section. */
    assert_true(check_keys(&kh_settings_schema, root) > 30);
    free(text);
}

static void memory_out_at_any_allocation(void **state)
{
    (void)state;
    kh_rc rc = KH_E_MEMORY;
    const char *const overrides[] = {"kafka.librdkafka.client.id=x"};
    for (long nth = 0; rc == KH_E_MEMORY; nth++) {
        kh_test_memory memory;
        kh_arena arena;
        kh_problems problems;
        kh_settings is;
        kh_test_memory_init(&memory, nth);
        kh_arena_init(&arena, 64, &memory.memory);
        kh_problems_init(&problems, &arena);
        rc = kh_settings_read(KH_SOURCE_DIR "/config/kakehashi.yaml", overrides, 1, &problems, &is);
        if (rc == KH_OK) {
            rc = kh_settings_require(&is, KH_NEEDS_BROKER | KH_NEEDS_DATABASE, &problems);
        }
        kh_arena_deinit(&arena);
        assert_int_equal(memory.live, 0);
        assert_true(nth < 10000);
    }
    assert_rc(rc, KH_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_least_file_has_every_default, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(wrong_settings_name_file_line_and_key, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(passwords_in_connections, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(addresses_to_listen_on, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(what_the_worker_controls_is_refused, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(settings_must_agree_with_each_other, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(what_a_command_needs, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(secrets_are_fetched_when_needed_and_never_printed, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(overrides_win_and_their_paths_are_the_callers, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_there, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(the_annotated_file_states_every_default, fixture_begin, fixture_end),
        cmocka_unit_test(memory_out_at_any_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
