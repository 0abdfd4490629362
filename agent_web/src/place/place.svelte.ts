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

export class Place {
  path = $state(location.pathname);
  search = $state.raw(new URLSearchParams(location.search));
  readonly mine = $derived(mineOf(this.path));

  /** A plain click on a link to another of the own pages; what asks for a new tab or window gets one. */
  follow = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (link === null || !plain || event.defaultPrevented) return;
    if (link.origin !== location.origin || mineOf(link.pathname) === null) return;
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
