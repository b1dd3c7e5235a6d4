/* What happens to the workers of publish.pml: broker, database server, group, death; and who judges. */
/* A marker reaches the result topic: what is committed before anything open is what a reader sees. */
inline marker_on_topic(t)
{
    for (i : 0 .. NL - 1) {
        j = 0;
        do
        :: log[i * MAXLOG + j] == 0 -> break
        :: log[i * MAXLOG + j] != 0 && ((log[i * MAXLOG + j] & 127) >> 3) == t + 1 ->
            if
            :: txn[t] == COMMITTING ->
                log[i * MAXLOG + j] = 128 + (log[i * MAXLOG + j] & 7);
                j++
            :: else -> remove(i, j)
            fi
        :: else -> j++
        od;
        do
        :: log[i * MAXLOG] != 0 && (log[i * MAXLOG] & 127) < 8 ->
            P2_results_visible_once_and_in_order = ((log[i * MAXLOG] & 7) == seen[i]);
            assert(P2_results_visible_once_and_in_order);
            seen[i]++;
            remove(i, 0)
        :: else -> break
        od
    }
}

hidden byte k;
inline remove(l, place)
{
    k = place;
    do
    :: k < MAXLOG - 1 ->
        log[l * MAXLOG + k] = log[l * MAXLOG + k + 1];
        k++
    :: else -> break
    od
}

proctype Broker(byte t)
{
end:
    do
    :: d_step {
        on_topic[t] ->
        printf("broker: the marker of %d (%d: 2 commit, 3 abort) is in the result topic\n", t, txn[t]);
        marker_on_topic(t);
        on_topic[t] = false;
        txn[t] = (on_group[t] -> txn[t] : NONE)
      }
    :: d_step {
        on_group[t] ->
        printf("broker: the marker of %d (%d: 2 commit, 3 abort) is in the group's offsets\n", t, txn[t]);
        for (i : 0 .. NL - 1) {
            if
            :: pend[t * NL + i] != 0 && txn[t] == COMMITTING ->
                mark[i] = pend[t * NL + i] - 1;
                P3_mark_not_ahead_of_database = (mark[i] <= nseq[i]);
                assert(P3_mark_not_ahead_of_database)
            :: else
            fi;
            pend[t * NL + i] = 0
        }
        on_group[t] = false;
        txn[t] = (on_topic[t] -> txn[t] : NONE)
      }
    :: d_step {
        late[t] ->
        printf("broker: the late commit of %d arrives\n", t);
        late[t] = false;
        if
        :: valid[t] && txn[t] == OPEN -> coordinator_commits(t)
        :: else
        fi
      }
    /* transaction.timeout.ms; of a producer that lives it is a fault */
    :: d_step {
        txn[t] == OPEN && (t % NINC < inc[t / NINC] || faults > 0) ->
        printf("broker: the transaction of %d times out\n", t);
        if
        :: t % NINC < inc[t / NINC] -> skip
        :: else -> faults--
        fi;
        coordinator_aborts(t)
      }
    od
}

proctype Server(byte l)
{
end:
    do
    :: d_step {
        lock[l] == ORPHAN ->
        printf("server: the orphaned COMMIT in lane %d stands\n", l);
        apply(l, ink[l], inq[l]);
        lock[l] = 0;
        ink[l] = 0;
        inq[l] = 0
      }
    :: d_step {
        lock[l] == ORPHAN ->
        printf("server: the orphaned transaction in lane %d is rolled back\n", l);
        lock[l] = 0;
        ink[l] = 0;
        inq[l] = 0
      }
    :: d_step {
        wleft[l] > 0 && !wake[l] ->
        printf("another lane wakes a subject of lane %d\n", l);
        wleft[l]--;
        wake[l] = true
      }
    od
}

inline rebalance(to0, to1)
{
    if
    :: given[0] == 0 || given[NL - 1] == 0 -> skip
    :: else -> rebalances--
    fi;
    gen++;
    given[0] = to0;
#if NL > 1
    given[1] = to1;
#endif
    printf("group: generation %d, lane 0 is given to %d\n", gen, to0 - 1)
}
#define REBALANCES (given[0] == 0 || given[NL - 1] == 0 || rebalances > 0)

inline kill_worker(w)
{
    faults--;
    for (i : 0 .. NL - 1) {
        given[i] = (given[i] == w + 1 -> 0 : given[i]);
        mseq[AT(w, i)] = 0;
        head[AT(w, i)] = 0
#if !META
        ;
        hint[AT(w, i)] = 0
#endif
    }
    start_over(w);
    end_transaction(w);
    if
    :: db[w] != 0 -> end_batch(w)
    :: else
    fi;
    failed[w] = 0;
    lanes[w] = 0;
    claim[w] = 0;
    tries[w] = 0;
    dropped[w] = false;
    inc[w]++;
    valid[ID(w)] = true
}

/* kill -9, and a start under another id: the batch is rolled back, or its COMMIT runs on; the commit of the Kafka
 * transaction is still on the wire, or not. */
inline die(w)
{
    if
    :: d_step {
        faults > 0 && inc[w] + 1 < NINC ->
        printf("%d: dies\n", w);
        kill_worker(w)
      }
    :: d_step {
        faults > 0 && inc[w] + 1 < NINC && db[w] != 0 ->
        printf("%d: dies, its COMMIT runs on\n", w);
        orphan(w);
        kill_worker(w)
      }
    :: d_step {
        faults > 0 && inc[w] + 1 < NINC && pub[w] == SENT ->
        printf("%d: dies, its commit of the transaction is on the wire\n", w);
        late[ID(w)] = true;
        kill_worker(w)
      }
    fi
}

proctype World()
{
end:
    do
    :: d_step { REBALANCES -> rebalance(1, 1) }
    :: d_step { REBALANCES -> rebalance(2, 2) }
#if NL > 1
    :: d_step { REBALANCES -> rebalance(1, 2) }
    :: d_step { REBALANCES -> rebalance(2, 1) }
#endif
    /* From any state on all may go well: so a state from which nothing can is found, whatever could still have failed. */
    :: d_step {
        faults > 0 || rebalances > 0 ->
        faults = 0;
        rebalances = 0
      }
#if NINC > 1
    :: die(0)
    :: die(1)
#endif
    od
}

/* Nothing moves any more: then all must be done. That nothing moves for ever in circles is another search (LOOPS). */
proctype Judge()
{
    timeout ->
    P4_all_is_decided_and_published = EACH(DONE);
    assert(P4_all_is_decided_and_published)
}
