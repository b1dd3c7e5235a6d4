/* The table of metrics, for the module that keeps their values. Nothing outside worker/app includes this. */
#ifndef KH_APP_METRIC_ROWS_H
#define KH_APP_METRIC_ROWS_H

#include "app/metrics.h"

/*! As many source topics as a worker serves. */
#define KH_METRIC_TOPICS 32

/*! The values of the label `topic` of what is recorded, NULL-terminated. */
extern const char *kh_metric_topics[KH_METRIC_TOPICS + 1];

#endif
