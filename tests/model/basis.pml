/* A decision that hangs on what another lane decides: lane A derives label D from basis B of lane C, and both follow an
 * arrangement. Statement by statement, as PostgreSQL runs them under READ COMMITTED with row locks; crash at any
 * statement; lane A's owner changes at any point. It stays beside the code that it describes: who changes the one
 * changes the other.
 *
 * Instances: V changes in lane C, F faults; ARR 0: of the basis, 1: of the arrangement, 2: of both in one batch. */
#ifndef V
#define V 2
#endif
#ifndef F
#define F 1
#endif
#ifndef ARR
#define ARR 0
#endif

/* The guards, each 1 as the code has it. */
#ifndef EPOCH /* sql_statement.c LANE_LOCK: lane.epoch is mine */
#define EPOCH 1
#endif
#ifndef EMPTYROW /* transaction.c kh_transaction_lock_bases: an unknown basis gets an empty row */
#define EMPTYROW 1
#endif
#ifndef SHARE /* the same: its row is locked FOR SHARE */
#define SHARE 1
#endif
#ifndef SHAREWOKEN /* the same: also when D is not issued but woken or swept */
#define SHAREWOKEN 1
#endif
#ifndef READAFTER /* the same: and read by a statement of its own, after the lock */
#define READAFTER 1
#endif
#ifndef WRITEFIRST /* live_write.c kh_live_write: B is written before its dependents are looked up */
#define WRITEFIRST 1
#endif
#ifndef RAISEVERSION /* WAKEUP_UPSERT: waking again raises the version */
#define RAISEVERSION 1
#endif
#ifndef DELETEVERSION /* WAKEUP_DELETE: only with the version that was read */
#define DELETEVERSION 1
#endif
#ifndef DELETEREAD /* the same: only what was read */
#define DELETEREAD 1
#endif
#ifndef RAISE /* transaction_write.c kh_transaction_raise_arrangement, rules.c load */
#define RAISE 1
#endif
#ifndef RAISEWITH /* in the transaction that writes the arrangement */
#define RAISEWITH 1
#endif
#ifndef WORLDLOCKED /* live_batch.c notice_version: the world is read under the lane's lock */
#define WORLDLOCKED 1
#endif
#ifndef LOCKALL /* live_batch.c run_batch: who changes an arrangement locks all lanes first */
#define LOCKALL 1
#endif

/* What is committed. */
bool b_there = false; /* subject B */
byte b_facts = 0;
byte facts = 0; /* of the arrangement */
bool d_there = false; /* subject D, and by what it was decided last */
byte d_by_basis = 0;
byte d_by_arrangement = 0;
byte wakeup = 0; /* its version; 0: no row */
byte epoch = 1;  /* lane A's row */
byte version = 0;
byte swept = 0;
bool issued = false; /* next_offset is behind the record that issues D */

/* Row locks: who holds the row alone (0 nobody), and who shares it, one bit each. */
byte alone[4];
byte shared;
#define B      0
#define WAKE   1
#define LANE_A 2
#define WORLD  3
#define FREE(row, me)  (alone[row] == 0 || alone[row] == me)
#define ALONE(row, me) (FREE(row, me) && ((row) != B || (shared & ~(1 << (me))) == 0))

byte open_transactions = 0;
byte faults = F;
byte changes = V;
byte others = 1; /* records of lane A about something else */

hidden byte P5_decided_by_the_present_basis;
hidden byte P5_decided_by_the_present_arrangement;
hidden byte P6_no_deadlock;

inline unlock(me)
{
    alone[B] = (alone[B] == me -> 0 : alone[B]);
    alone[WAKE] = (alone[WAKE] == me -> 0 : alone[WAKE]);
    alone[LANE_A] = (alone[LANE_A] == me -> 0 : alone[LANE_A]);
    shared = shared & ~(1 << me);
    open_transactions--
}

/* The connection, the server or the worker goes: what was written is rolled back. */
#define CRASH                                                                                                          \
    :: d_step {                                                                                                        \
        faults > 0->faults--                                                                                           \
    }                                                                                                                  \
    goto rolled_back

#define LOCKS (SHARE && (issues || SHAREWOKEN))

/* transaction.c kh_transaction_lock_bases, by way of live_source.c preload_bases or source_read_basis: once a batch. */
inline read_basis()
{
    if
    :: basis_read || ARR == 1 -> skip
    :: else ->
        if
        :: d_step {
            EMPTYROW && !b_there && FREE(B, me) ->
            printf("%d: inserts an empty row for B\n", me);
            inserted = true;
            alone[B] = me
          }
        :: d_step { !EMPTYROW || b_there -> skip }
        CRASH
        fi;
#if !READAFTER
        by_basis = b_facts;
#endif
        if
        :: d_step {
            LOCKS && (b_there || inserted) && FREE(B, me) ->
            printf("%d: locks B FOR SHARE\n", me);
            shared = shared | (1 << me)
          }
        :: d_step { !LOCKS || (!b_there && !inserted) -> skip }
        CRASH
        fi;
        d_step {
#if READAFTER
            by_basis = b_facts;
#endif
            printf("%d: reads B: %d\n", me, by_basis);
            basis_read = true
        }
    fi
}

/* A worker that has lane A: live_batch.c run_batch. `mine` is its epoch, 0: none yet. */
proctype Lane_A(byte me; byte mine)
{
    byte known = 0; /* share->world_version, and what was read with it */
    byte by_arrangement = 0;
    byte by_basis = 0;
    byte woken = 0;
    bool issues = false;
    bool sweeps = false;
    bool decides_other = false;
    bool inserted = false;
    bool basis_read = false;

end_take: /* lanes.c kh_lanes_take */
    if
    :: mine != 0
    :: d_step {
        mine == 0 && alone[LANE_A] == 0 ->
        printf("%d: raises lane A's epoch\n", me);
        epoch++;
        mine = epoch
      }
    fi;

end_batch:
#if !WORLDLOCKED
    by_arrangement = facts;
#endif
    /* What there is to do is told by a poll or by kh_live_look; then LANE_LOCK. */
    if
    :: d_step {
        alone[LANE_A] == 0 && (mine == epoch || !EPOCH) && (!issued || wakeup != 0 || version > swept || others > 0) ->
        alone[LANE_A] = me;
        open_transactions++;
        printf("%d: BEGIN, locks lane A, version %d\n", me, version)
      }
    :: mine != epoch && EPOCH -> goto end_lost
    fi;

    /* live_batch.c notice_version, live_world.c kh_live_read_world */
    if
    :: d_step {
        version != known ->
#if WORLDLOCKED
        by_arrangement = facts;
        printf("%d: reads the world: %d\n", me, by_arrangement);
#endif
        known = version
      }
    :: version == known
    CRASH
    fi;
    sweeps = version > swept && d_there;

    /* live_source.c kh_live_source_preload */
    if
    :: !issued ->
        issues = true;
        read_basis()
    :: others > 0 -> decides_other = true
    :: issued && (wakeup != 0 || version > swept)
    fi;
    /* live_decide.c sweep */
    if
    :: sweeps -> read_basis()
    :: else
    fi;
    /* live_decide.c wake */
    if
    :: d_step {
        wakeup != 0 ->
        printf("%d: reads a wakeup of version %d\n", me, wakeup);
        woken = wakeup
      }
      read_basis()
    :: wakeup == 0 || issues || decides_other /* has_wakeups is not known yet */
    CRASH
    fi;
    /* live_write.c kh_live_write: D with its basis, then delete_wakeups */
    if
    :: d_step {
        woken != 0 && FREE(WAKE, me) ->
        if
        :: wakeup == woken || !DELETEVERSION ->
            printf("%d: deletes the wakeup\n", me);
            alone[WAKE] = me
        :: else ->
            printf("%d: leaves the wakeup, its version is %d\n", me, wakeup);
            woken = 0
        fi
      }
    :: d_step {
        woken == 0 && !DELETEREAD && FREE(WAKE, me) ->
        woken = wakeup;
        alone[WAKE] = (wakeup != 0 -> me : alone[WAKE])
      }
    :: woken == 0 && DELETEREAD
    CRASH
    fi;
    if
    :: d_step {
        true ->
        if
        :: issues || sweeps || (basis_read && d_there) || (ARR == 1 && woken != 0) ->
            d_there = true;
            d_by_basis = by_basis;
            d_by_arrangement = by_arrangement;
            printf("%d: COMMIT, D is decided by %d and %d\n", me, by_basis, by_arrangement)
        :: else -> printf("%d: COMMIT\n", me)
        fi;
        issued = issued || issues;
        others = others - decides_other;
        swept = known;
        b_there = b_there || inserted;
        wakeup = (alone[WAKE] == me -> 0 : wakeup)
      }
    CRASH
    fi;

rolled_back:
    skip;
    d_step {
        unlock(me);
        woken = 0;
        issues = false;
        sweeps = false;
        decides_other = false;
        inserted = false;
        basis_read = false;
        by_basis = 0
    }
    goto end_batch;

end_lost: /* worker.c start_over; the lane is not assigned any more */
    false
}

/* live_write.c wake_dependents; looked up first or last */
inline look_up()
{
    if
    :: ARR == 1 -> skip
    :: else ->
        if
        :: d_step {
            true ->
            found = d_there;
            printf("C: looks for dependents: %d\n", found)
          }
        CRASH
        fi
    fi
}

/* Lane C: run_batch with a record about B, or about the arrangement; rules.c load is like the latter. */
proctype Lane_C()
{
    byte me = 3;
    bool found = false;
    bool wrote = false;
    byte wakes = 0;

end_batch:
    if
    :: d_step {
        changes > 0 && (ARR == 0 || !LOCKALL || alone[LANE_A] == 0) ->
        printf("C: BEGIN\n");
        open_transactions++;
        alone[LANE_A] = (ARR != 0 && LOCKALL -> me : alone[LANE_A])
      }
    fi;
#if !WRITEFIRST
    look_up();
#endif
#if ARR != 0 && !RAISEWITH
    d_step { version++ }
#endif
    if
    :: d_step {
        ARR != 1 && ALONE(B, me) ->
        printf("C: writes B\n");
        alone[B] = me
      }
    :: ARR == 1
    CRASH
    fi;
#if WRITEFIRST
    look_up();
#endif
    if
    :: d_step {
        found && FREE(WAKE, me) ->
        wakes = (wakeup != 0 && !RAISEVERSION -> wakeup : wakeup + 1);
        alone[WAKE] = me;
        printf("C: wakes D, version %d\n", wakes)
      }
    :: !found
    CRASH
    fi;
    /* write_progress */
    if
    :: d_step {
        ARR != 0 && RAISE && RAISEWITH && FREE(LANE_A, me) ->
        printf("C: raises the arrangement's version\n");
        alone[LANE_A] = me
      }
    :: ARR == 0 || !RAISE || !RAISEWITH
    CRASH
    fi;
    if
    :: d_step {
        true ->
        printf("C: COMMIT\n");
        changes--;
        b_there = b_there || ARR != 1;
        b_facts = (ARR != 1 -> b_facts + 1 : b_facts);
        facts = (ARR != 0 -> facts + 1 : facts);
        version = (ARR != 0 && RAISE && RAISEWITH -> version + 1 : version);
        wakeup = (found -> wakes : wakeup)
      }
    CRASH
    fi;
rolled_back:
    skip;
    d_step {
        unlock(me);
        found = false;
        wakes = 0
    }
    goto end_batch
}

/* Nothing moves any more: then D must have been decided by what now stands. */
proctype Judge()
{
    timeout ->
    P6_no_deadlock = (open_transactions == 0);
    assert(P6_no_deadlock);
    P5_decided_by_the_present_basis = (d_there && d_by_basis == b_facts && wakeup == 0);
    assert(P5_decided_by_the_present_basis);
    P5_decided_by_the_present_arrangement = (d_by_arrangement == facts && swept == version);
    assert(P5_decided_by_the_present_arrangement)
}

init
{
    atomic {
        run Lane_A(1, 1);
        run Lane_A(2, 0);
        run Lane_C();
        run Judge()
    }
}
