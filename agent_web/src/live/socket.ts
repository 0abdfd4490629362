// The one socket: opens, subscribes, decodes, hands over what came since the last paint, and comes back by itself.

import { decode, encode } from "@msgpack/msgpack";

import type { Frame, Topic } from "./frames";
import type { Heard } from "./live_state";
import { SILENCE_MS_MAX } from "./liveness";
import type { LocalClock } from "./local_clock";

const RECONNECT_DELAY_MS_MIN = 500;
const RECONNECT_DELAY_MS_MAX = 15_000;
/** A socket that stayed open this long was a good one: the next attempt need not wait for the last ones. */
const GOOD_AFTER_MS = 10_000;
/** Hidden pages are not painted; what comes is applied at this pace. */
const HIDDEN_PACE_MS = 500;
const SILENCE_CHECK_MS = 1_000;

export interface SocketEvents {
  opened(): void;
  closed(): void;
  heard(heard: readonly Heard[]): void;
  /** Asked before each new attempt: false when the session is over and another attempt is no use. */
  maySignOn(): Promise<boolean>;
}

export class LiveSocket {
  #socket: WebSocket | null = null;
  #waiting: Heard[] = [];
  /** Calls off the hand-over that is due; null when none is. */
  #callOff: (() => void) | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #failures = 0;
  #heard_ms = 0;
  #ended = false;

  constructor(
    private readonly topic: Topic,
    private readonly clock: LocalClock,
    private readonly events: SocketEvents,
  ) {}

  start(): void {
    this.#open();
    this.#watch = setInterval(this.#hangUpWhenSilent, SILENCE_CHECK_MS);
    window.addEventListener("online", this.#retryNow);
    document.addEventListener("visibilitychange", this.#seenOrHidden);
  }

  stop(): void {
    this.#ended = true;
    clearTimeout(this.#retry);
    clearInterval(this.#watch);
    this.#callOff?.();
    window.removeEventListener("online", this.#retryNow);
    document.removeEventListener("visibilitychange", this.#seenOrHidden);
    this.#socket?.close();
  }

  resync(): void {
    this.#say({ op: "resync" });
  }

  #open(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    // `?wire=json` is for looking at the frames in the browser's own tools.
    const wire = new URLSearchParams(location.search).get("wire") === "json" ? "json" : "msgpack";
    const socket = new WebSocket(`${scheme}://${location.host}/live`, `ccd.v1.${wire}`);
    const opened_ms = this.clock.now();
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#heard_ms = opened_ms;
    socket.onopen = () => {
      this.events.opened();
      this.#say({ op: "subscribe", topic: this.topic });
    };
    socket.onmessage = (message) => this.#take(message.data as ArrayBuffer | string);
    socket.onclose = () => this.#closed(socket, opened_ms);
  }

  #take(data: ArrayBuffer | string): void {
    this.#heard_ms = this.clock.now();
    const frame = (typeof data === "string" ? JSON.parse(data) : decode(data)) as Frame;
    this.#waiting.push({ frame, at_ms: this.#heard_ms });
    this.#callOff ??= document.hidden ? this.#afterAWhile() : this.#beforeNextPaint();
  }

  #beforeNextPaint(): () => void {
    const request = requestAnimationFrame(this.#flush);
    return () => cancelAnimationFrame(request);
  }

  #afterAWhile(): () => void {
    const timer = setTimeout(this.#flush, HIDDEN_PACE_MS);
    return () => clearTimeout(timer);
  }

  readonly #flush = (): void => {
    this.#callOff?.();
    this.#callOff = null;
    const heard = this.#waiting;
    this.#waiting = [];
    if (heard.length > 0) this.events.heard(heard);
  };

  #say(message: object): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const json = this.#socket.protocol.endsWith("json");
    this.#socket.send(json ? JSON.stringify(message) : encode(message));
  }

  #closed(socket: WebSocket, opened_ms: number): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#flush();
    if (this.#ended) return;
    this.events.closed();
    this.#failures = this.clock.now() - opened_ms > GOOD_AFTER_MS ? 1 : this.#failures + 1;
    const span = Math.min(RECONNECT_DELAY_MS_MAX, RECONNECT_DELAY_MS_MIN * 2 ** (this.#failures - 1));
    // Half of it by chance: after a restart not all boards knock at once.
    this.#retry = setTimeout(this.#attempt, span * (0.5 + Math.random() / 2));
  }

  readonly #attempt = async (): Promise<void> => {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.#socket !== null || this.#ended) return;
    if ((await this.events.maySignOn()) && !this.#ended && this.#socket === null) this.#open();
  };

  readonly #retryNow = (): void => {
    if (this.#socket === null && !document.hidden) void this.#attempt();
  };

  /** A page that gets hidden is never painted again: what waits for the next paint is due now. */
  readonly #seenOrHidden = (): void => {
    this.#flush();
    this.#retryNow();
  };

  /** A sleeping machine or a pulled cable closes nothing: silence is what tells. */
  readonly #hangUpWhenSilent = (): void => {
    const socket = this.#socket;
    if (socket === null || this.clock.now() - this.#heard_ms <= 2 * SILENCE_MS_MAX) return;
    socket.close();
    this.#closed(socket, this.clock.now());
  };
}
