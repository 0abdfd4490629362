// The live state as the pages see it: the reducer's state, and a moment that ticks with whole seconds.

import { api, Refused } from "../http/api";
import type { Topic } from "./frames";
import { hasNews, liveness } from "./liveness";
import { NOTHING_KNOWN, reduce, type Happening, type LiveState } from "./live_state";
import { LocalClock } from "./local_clock";
import { serverNow } from "./server_clock";
import { LiveSocket } from "./socket";

/** A simulated floor's seconds pass faster: then the timers move at this pace. */
const FAST_TICK_MS = 250;
const RATE_OF_A_REAL_CLOCK = 1;

export class Feed {
  state = $state.raw<LiveState>(NOTHING_KNOWN);
  /** The server's time, whole seconds: all timers move together, once a second. */
  now_s = $state(0);
  readonly liveness = $derived.by(() => liveness(this.state, this.#tick_ms));

  readonly #clock = new LocalClock();
  #tick_ms = $state(this.#clock.now());
  #ticking: ReturnType<typeof setTimeout> | undefined;
  readonly #socket: LiveSocket;

  constructor(
    topic: Topic,
    private readonly person: string,
    private readonly sessionOver: () => void,
  ) {
    this.#socket = new LiveSocket(topic, this.#clock, {
      opened: () => this.#happened({ kind: "opened" }),
      closed: () => this.#happened({ kind: "closed" }),
      heard: (heard) => this.#happened({ kind: "heard", heard }),
      maySignOn: () => this.#maySignOn(),
    });
  }

  /** Returns what ends it. */
  start(): () => void {
    this.#socket.start();
    this.#tick();
    // A hidden page's timers are held back, the next one by up to a minute.
    document.addEventListener("visibilitychange", this.#tick);
    return () => {
      document.removeEventListener("visibilitychange", this.#tick);
      clearTimeout(this.#ticking);
      this.#socket.stop();
    };
  }

  #happened(happening: Happening): void {
    const before = this.state.phase;
    const first = this.state.clock === null;
    this.state = reduce(this.state, happening);
    if (this.state.phase === "hole" && before !== "hole") this.#socket.resync();
    if (happening.kind !== "heard" || (first && this.state.clock !== null)) this.#tick();
  }

  readonly #tick = (): void => {
    clearTimeout(this.#ticking);
    const local_ms = this.#clock.now();
    this.#tick_ms = local_ms;
    const { clock } = this.state;
    const now_s = clock === null ? 0 : serverNow(clock, local_ms);
    // Timers that went on without news would show what nobody has seen.
    if (hasNews(this.state, local_ms)) this.now_s = Math.floor(now_s);
    const real = clock === null || clock.rate === RATE_OF_A_REAL_CLOCK;
    const wait_ms = real ? 1000 * (1 - (now_s - Math.floor(now_s))) + 5 : FAST_TICK_MS;
    this.#ticking = setTimeout(this.#tick, wait_ms);
  };

  async #maySignOn(): Promise<boolean> {
    try {
      const { name } = await api.session();
      if (name === this.person) return true;
      location.reload(); // somebody else has signed in in this browser: what is shown is not theirs
      return false;
    } catch (error) {
      const over = error instanceof Refused && error.status === 401;
      if (over) this.sessionOver();
      return !over;
    }
  }
}
