// Where the reader is: the page's own addresses, walked by links without loading the page anew.

import { tick } from "svelte";

/** The agent's pages by their addresses; the server knows the same (ccd/web/pages.py). */
export const MINE = {
  me: "/me",
  daysOff: "/me/days-off",
  loan: "/me/loan",
  line: "/me/line",
  policy: "/me/policy",
  recorded: "/me/recorded",
} as const;
export type Mine = keyof typeof MINE;

export const BOARD = "/board";

/** The pages of who leads units. */
export const MANAGED = {
  waiting: "/manage",
  packets: "/manage/packets",
  emergencies: "/manage/emergencies",
  rulings: "/manage/rulings",
  daysOff: "/manage/days-off",
  figures: "/manage/indicators",
} as const;
export type Managed = keyof typeof MANAGED;

export class Place {
  path = $state(location.pathname);
  search = $state.raw(new URLSearchParams(location.search));
  readonly mine = $derived(mineOf(this.path));
  readonly managed = $derived(managedOf(this.path));

  /** A plain click on a link to another of the own pages; what asks for a new tab or window gets one. */
  follow = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (link === null || !plain || event.defaultPrevented) return;
    if (link.origin !== location.origin || !isKnown(link.pathname)) return;
    event.preventDefault();
    if (link.href === location.href) return;
    history.replaceState({ top: scrollY }, "");
    history.pushState(null, "", link.href);
    void this.#arrive(0);
  };

  /** Back or forward: to where one had read to. */
  wentBack = (event: PopStateEvent): void => {
    const left = event.state as { top?: number } | null;
    void this.#arrive(left?.top ?? 0);
  };

  constructor() {
    history.scrollRestoration = "manual";
  }

  async #arrive(top: number): Promise<void> {
    this.path = location.pathname;
    this.search = new URLSearchParams(location.search);
    await tick();
    scrollTo(0, top);
  }
}

function mineOf(path: string): Mine | null {
  const known = Object.entries(MINE).find(([, address]) => address === path);
  if (known !== undefined) return known[0] as Mine;
  return path.startsWith(`${MINE.me}/`) ? "me" : null;
}

function managedOf(path: string): Managed | null {
  const known = Object.entries(MANAGED).find(([, address]) => address === path);
  if (known !== undefined) return known[0] as Managed;
  return path.startsWith(`${MANAGED.waiting}/`) ? "waiting" : null;
}

function isKnown(path: string): boolean {
  return path === BOARD || mineOf(path) !== null || managedOf(path) !== null;
}
