/* A poll that spins (src/spin.h): one word with a bit per waker and AWAKE, on an edge-triggered eventfd per waker.
   While the poll is awake nobody signals: the waiter looks at the word, and at the kernel without waiting, in any order.
   It takes AWAKE away to sleep, which the word refuses when a bit is set, and puts it back after the sleep's fetch.
   unseen[w]: something was published before a wake of w, and no handler of w has looked since. */
#ifndef ROUNDS
#define ROUNDS 2
#endif
#define WAKERS 2
bool set[WAKERS]; bool awake = true;   /* the word */
bool queued[WAKERS]; bool noise;       /* the kernel's ready list; noise = some other source */
bool unseen[WAKERS];
bool buffered[3];                      /* the store buffer of each thread: a publication that others do not see yet */
byte done;
#define FLUSH(me, w) unseen[w] = unseen[w] || buffered[me]; buffered[me] = false
#define HANDLE(w) unseen[w] = false
#define ANY (set[0] || set[1])
#define READY (queued[0] || queued[1] || noise)

inline fetch_or(w, sig) { d_step { sig = !set[w] && !awake; set[w] = true } }

inline wake(me, w) {
#ifdef LOADFAST
  buffered[me] = true;
  if
  :: atomic { set[w] -> skip }                             /* a plain load finds the bit */
  :: atomic { else -> FLUSH(me, w); fetch_or(w, sig) }
     if :: sig -> queued[w] = true :: else fi
  fi
#else
  unseen[w] = true;
  fetch_or(w, sig);
#ifdef SIGNALS
  if                                                       /* a handler runs here, and wakes the same waker */
  :: unseen[w] = true; fetch_or(w, sig2); if :: sig2 -> queued[w] = true :: else fi
  :: skip
  fi;
#endif
  if :: sig -> queued[w] = true :: else fi
#endif
}

proctype Waker(byte me; byte w) {
  byte i = 0; bool sig, sig2;
  do
  :: i < ROUNDS -> wake(me, w); i++
  :: else -> break
  od;
#ifdef LOADFAST
  atomic { FLUSH(me, w) }
#endif
  done++
}
proctype Noise() { noise = true; noise = true; done++ }

/* Room for one event: 0 and 1 are wakers, 2 is noise. */
#define FETCH if :: queued[0] -> queued[0] = false; got = 0 \
                 :: queued[1] -> queued[1] = false; got = 1 \
                 :: noise -> noise = false; got = 2 fi

/* Reports one waker whose bit is set, and clears that bit alone. */
inline take(w) {
#ifdef REPORTFIRST
  if :: set[w] -> HANDLE(w); set[w] = false :: else fi
#else
  if :: set[w] -> set[w] = false; HANDLE(w) :: else fi
#endif
}

inline wake_up() {
#ifdef KEEPBITS
  awake = true
#else
#ifdef TWOSTEPS
  d_step { set[0] = false; set[1] = false }; awake = true
#else
  d_step { set[0] = false; set[1] = false; awake = true }
#endif
#endif
}

inline fall_asleep() {
#ifdef STORE
  asleep = !ANY; if :: asleep -> awake = false :: else fi  /* a load, then a store */
#else
#ifdef UNASKED
  d_step { asleep = true; awake = false }
#else
  d_step { asleep = !ANY; if :: asleep -> awake = false :: else fi }
#endif
#endif
}

active proctype Waiter() {
  byte got; bool asleep;
  atomic { run Waker(0, 0); run Waker(1, 0); run Waker(2, 1); run Noise() }
  do
  :: ANY -> if :: true -> take(0) :: true -> take(1) fi    /* looks, as often as it likes */
  :: atomic { READY -> FETCH }; if :: got < 2 -> HANDLE(got) :: else fi; got = 0
  :: true ->                                               /* has looked enough */
     fall_asleep();
     if
     :: asleep ->
#ifdef EARLY
        wake_up();
#endif
        if
        :: atomic { READY -> FETCH }
        :: got = 3                                         /* the time is over, or a signal came */
        :: (done == 4 && !READY) -> break                  /* would sleep for ever */
        fi;
#ifdef LATE
        if :: got < 2 -> HANDLE(got) :: else fi;
#endif
#ifndef EARLY
        wake_up();
#endif
#ifndef LATE
        if :: got < 2 -> HANDLE(got) :: else fi;
#endif
        got = 0; asleep = false
     :: else
     fi
  od;
  assert(!unseen[0] && !unseen[1])
}
