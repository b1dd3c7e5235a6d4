/* librdkafka's own mock broker as a program: enough for a first look and for fault injection, proof of nothing.
 *
 *   embedded_broker TOPIC:PARTITIONS...
 *
 * prints host:port on one line, and runs until SIGTERM, SIGINT, or the end of its standard input. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static rd_kafka_t *open_owner(void)
{
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    /* Without it each answer of the broker waits for 40 ms. */
    if (rd_kafka_conf_set(conf, "socket.nagle.disable", "true", why, sizeof why) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "embedded_broker: %s\n", why);
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_t *owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (owner == NULL) {
        fprintf(stderr, "embedded_broker: %s\n", why);
        rd_kafka_conf_destroy(conf);
    }
    return owner;
}

static bool make_topic(rd_kafka_mock_cluster_t *cluster, const char *argument)
{
    char name[250];
    const char *colon = strrchr(argument, ':');
    size_t length = colon == NULL ? 0 : (size_t)(colon - argument);
    long partitions = colon == NULL ? 0 : strtol(colon + 1, NULL, 10);
    if (length == 0 || length >= sizeof name || partitions < 1 || partitions > 1000) {
        fprintf(stderr, "embedded_broker: %s: TOPIC:PARTITIONS is wanted\n", argument);
        return false;
    }
    memcpy(name, argument, length);
    name[length] = '\0';
    rd_kafka_resp_err_t failed = rd_kafka_mock_topic_create(cluster, name, (int)partitions, 1);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fprintf(stderr, "embedded_broker: %s: %s\n", name, rd_kafka_err2str(failed));
        return false;
    }
    return true;
}

/* Until a signal, or the end of standard input: so it does not outlive whoever started it. */
static void wait_for_end(int signals)
{
    struct pollfd watched[2] = {{.fd = signals, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    char ignored[64];
    while (poll(watched, 2, -1) > 0 && watched[0].revents == 0) {
        if (watched[1].revents != 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) {
            return;
        }
    }
}

int main(int argc, char **argv)
{
    int status = EXIT_FAILURE;
    rd_kafka_mock_cluster_t *cluster = NULL;
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    /* Before librdkafka makes its threads, which inherit it. */
    sigprocmask(SIG_BLOCK, &ending, NULL);
    int signals = signalfd(-1, &ending, SFD_CLOEXEC);
    rd_kafka_t *owner = open_owner();
    if (owner == NULL || signals < 0) {
        goto out;
    }
    cluster = rd_kafka_mock_cluster_new(owner, 1);
    if (cluster == NULL) {
        fprintf(stderr, "embedded_broker: no mock cluster\n");
        goto out;
    }
    for (int i = 1; i < argc; i++) {
        if (!make_topic(cluster, argv[i])) {
            goto out;
        }
    }
    printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    fflush(stdout);
    wait_for_end(signals);
    status = EXIT_SUCCESS;
out:
    if (cluster != NULL) {
        rd_kafka_mock_cluster_destroy(cluster);
    }
    if (owner != NULL) {
        rd_kafka_destroy(owner);
    }
    if (signals >= 0) {
        close(signals);
    }
    return status;
}
