#include "app/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "support/kh_test.h"

static char page[1 << 17];

static int setup(void **state)
{
    (void)state;
    kh_metrics_reset();
    return 0;
}

static const char *print(void)
{
    FILE *out = fmemopen(page, sizeof page, "w");
    assert_non_null(out);
    kh_metrics_print(out);
    assert_int_equal(fclose(out), 0);
    return page;
}

static void assert_line(const char *line)
{
    const char *found = strstr(print(), line);
    if (found == NULL || (found != page && found[-1] != '\n') || found[strlen(line)] != '\n') {
        fail_msg("no line \"%s\" in:\n%s", line, page);
    }
}

/* Prometheus' conventions: what each kind's name ends in, what a name and a label are made of; help and type come
 * first. */
static void names_follow_the_conventions(void **state)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
    (void)state;
    (void)print();
    for (kh_metric metric = 0; metric < KH_METRICS; metric++) {
        const kh_metric_row *row = kh_metric_row_of(metric);
        char header[1024];
        assert_non_null(row->name);
        assert_int_equal(strspn(row->name, letters), strlen(row->name));
        assert_true(strncmp(row->name, "kakehashi_", 10) == 0 || strncmp(row->name, "process_", 8) == 0);
        bool total = strlen(row->name) > 6 && strcmp(row->name + strlen(row->name) - 6, "_total") == 0;
        assert_int_equal(total, row->kind == KH_COUNTER);
        assert_true(row->kind != KH_HISTOGRAM || strstr(row->name, "_seconds") != NULL);
        assert_true(strlen(row->help) > 10 && row->help[strlen(row->help) - 1] == '.');
        assert_true(strpbrk(row->help, "\\|\n") == NULL);
        assert_true(row->sampled || row->kind != KH_GAUGE);
        assert_int_equal(row->values != NULL, !row->sampled && row->labels[0] != NULL);
        (void)snprintf(header, sizeof header, "# HELP %s %s\n# TYPE %s ", row->name, row->help, row->name);
        assert_non_null(strstr(page, header));
        for (kh_metric other = 0; other < metric; other++) {
            assert_string_not_equal(kh_metric_row_of(other)->name, row->name);
        }
    }
}

static void counters(void **state)
{
    static const char *const topics[] = {"jp.label-events", "sg.label-events"};
    (void)state;
    kh_metrics_name_topics(topics, 2);
    assert_line("kakehashi_revision_gaps_total 0");
    kh_metric_add(KH_METRIC_GAPS, 0, 3);
    kh_metric_add(KH_METRIC_RECORDS, 1, UINT64_C(5000000000));
    kh_metric_add(KH_METRIC_RECORDS, 1, 1);
    kh_metric_add(KH_METRIC_DEAD_LETTERS, kh_metric_reason(KH_TEXT("NO_BODY")), 1);
    assert_line("kakehashi_revision_gaps_total 3");
    assert_line("kakehashi_records_total{topic=\"jp.label-events\"} 0");
    assert_line("kakehashi_records_total{topic=\"sg.label-events\"} 5000000001");
    assert_line("kakehashi_dead_letters_total{reason=\"NO_BODY\"} 1");
    assert_line("kakehashi_dead_letters_total{reason=\"REFUSED_BY_DATABASE\"} 0");
    assert_int_equal(kh_metric_total(KH_METRIC_RECORDS), INT64_C(5000000001));
    assert_int_equal(kh_metric_total(KH_METRIC_DEAD_LETTERS), 1);
}

/* Every reason has its place, in the table's order. */
static void reasons(void **state)
{
    (void)state;
    for (int code = 1; code < KH_REFUSAL_COUNT; code++) {
        assert_int_equal(kh_metric_reason(kh_text_of(kh_refusal_name(code))), code - 1);
    }
}

static void outcomes(void **state)
{
    static const struct {
        kh_rc rc;
        const char *name;
    } cases[] = {{KH_OK, "committed"},        {KH_E_RETRY, "aborted"}, {KH_E_BAD_ROW, "row_refused"},
                 {KH_E_NOT_MINE, "not_mine"}, {KH_E_LOST, "unknown"},  {KH_E_FENCED, "fenced"},
                 {KH_E_TIMEOUT, "not_yet"},   {KH_E_MEMORY, "failed"}, {KH_E_INTERNAL, "failed"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[128];
        kh_metrics_reset();
        kh_metric_add(KH_METRIC_KAFKA_TRANSACTIONS, kh_metric_outcome(cases[i].rc), 1);
        (void)snprintf(line, sizeof line, "kakehashi_kafka_transactions_total{outcome=\"%s\"} 1", cases[i].name);
        assert_line(line);
        kh_metric_retry(cases[i].rc);
        if (cases[i].rc == KH_OK) {
            assert_int_equal(kh_metric_total(KH_METRIC_RETRIES), 0);
        } else {
            (void)snprintf(line, sizeof line, "kakehashi_retries_total{class=\"%s\"} 1", cases[i].name);
            assert_line(line);
        }
    }
}

static void histograms(void **state)
{
    (void)state;
    assert_line("kakehashi_batch_duration_seconds_count 0");
    kh_metric_observe(KH_METRIC_BATCH_SECONDS, 0);
    kh_metric_observe(KH_METRIC_BATCH_SECONDS, 1000);
    kh_metric_observe(KH_METRIC_BATCH_SECONDS, 1001);
    kh_metric_observe(KH_METRIC_BATCH_SECONDS, 30000000);
    kh_metric_observe(KH_METRIC_BATCH_SECONDS, 90000000);
    assert_line("kakehashi_batch_duration_seconds_bucket{le=\"0.001\"} 2");
    assert_line("kakehashi_batch_duration_seconds_bucket{le=\"0.0025\"} 3");
    assert_line("kakehashi_batch_duration_seconds_bucket{le=\"10\"} 3");
    assert_line("kakehashi_batch_duration_seconds_bucket{le=\"30\"} 4");
    assert_line("kakehashi_batch_duration_seconds_bucket{le=\"+Inf\"} 5");
    assert_line("kakehashi_batch_duration_seconds_sum 120.002001");
    assert_line("kakehashi_batch_duration_seconds_count 5");
    assert_int_equal(kh_metric_total(KH_METRIC_BATCH_SECONDS), 5);
}

static void samples(void **state)
{
    static const kh_text none = {"", 0};
    (void)state;
    kh_samples_begin(KH_SAMPLES_WORKER);
    for (int lane = 0; lane < 300; lane++) {
        char number[8];
        (void)snprintf(number, sizeof number, "%d", lane);
        kh_samples_add(KH_SAMPLES_WORKER, KH_METRIC_LAG, lane, KH_TEXT("a.b"), kh_text_of(number));
    }
    kh_samples_add(KH_SAMPLES_WORKER, KH_METRIC_NEXT_DUE, -0.25, none, none);
    kh_samples_end(KH_SAMPLES_WORKER);
    kh_samples_begin(KH_SAMPLES_CONSUMER);
    kh_samples_add(KH_SAMPLES_CONSUMER, KH_METRIC_CLIENT_SENT, 1e12, KH_TEXT("consumer"), none);
    kh_samples_end(KH_SAMPLES_CONSUMER);
    assert_line("kakehashi_lag_records{topic=\"a.b\",lane=\"299\"} 299");
    assert_line("kakehashi_next_due_seconds -0.25");
    assert_line("kakehashi_kafka_sent_bytes_total{client=\"consumer\"} 1000000000000");
    /* Each source's replace its own. */
    kh_samples_begin(KH_SAMPLES_WORKER);
    kh_samples_add(KH_SAMPLES_WORKER, KH_METRIC_LAG, 7, KH_TEXT("a.b"), KH_TEXT("1"));
    kh_samples_end(KH_SAMPLES_WORKER);
    assert_line("kakehashi_lag_records{topic=\"a.b\",lane=\"1\"} 7");
    assert_line("kakehashi_kafka_sent_bytes_total{client=\"consumer\"} 1000000000000");
    assert_null(strstr(page, "lane=\"299\""));
    assert_null(strstr(page, "\nkakehashi_next_due_seconds"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(names_follow_the_conventions, setup),
        cmocka_unit_test_setup(counters, setup),
        cmocka_unit_test_setup(reasons, setup),
        cmocka_unit_test_setup(outcomes, setup),
        cmocka_unit_test_setup(histograms, setup),
        cmocka_unit_test_setup(samples, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
