/* Prints docker/prometheus/metrics.md from the table of metrics. */
#include <stdio.h>

#include "app/metrics.h"

static const char *kind_of(const kh_metric_row *row)
{
    return row->kind == KH_COUNTER ? "counter" : row->kind == KH_GAUGE ? "gauge" : "histogram";
}

int main(void)
{
    (void)printf(
        "# Metrics\n\n"
        "What a worker shows at `/metrics`, printed from the table in worker/app/metric_rows.c by\n"
        "`build/dev/tests/support/metrics_page`. Names and labels are kept as stable as settings. Each worker tells "
        "of its own lanes:\nsum over the workers for the whole.\n\n"
        "| name | type | labels | what it says |\n|---|---|---|---|\n");
    for (kh_metric metric = 0; metric < KH_METRICS; metric++) {
        const kh_metric_row *row = kh_metric_row_of(metric);
        (void)printf("| `%s` | %s | ", row->name, kind_of(row));
        for (size_t i = 0; i < 2 && row->labels[i] != NULL; i++) {
            (void)printf("%s`%s`", i == 0 ? "" : ", ", row->labels[i]);
        }
        (void)printf(" | %s |\n", row->help);
    }
    return 0;
}
