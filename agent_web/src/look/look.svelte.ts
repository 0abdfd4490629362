// How the pages look to this reader: language and theme, remembered in the browser.

import { createContext } from "svelte";

import type { Reason, Refused, Site } from "../http/api";
import { en } from "../texts/en";
import { whyNot } from "../texts/refusal";
import { zh, type Texts } from "../texts/zh";

export type Language = "zh" | "en";
export type Theme = "system" | "light" | "dark";

const TEXTS: Record<Language, Texts> = { zh, en };
const THEMES: readonly Theme[] = ["system", "light", "dark"];

export class Appearance {
  language = $state<Language>("zh");
  theme = $state<Theme>("system");
  /** What the site, and for who leads the office, calls its units. */
  units = $state.raw<readonly { unit: string; name: string }[]>([]);
  readonly texts = $derived(TEXTS[this.language]);

  readonly #systemDark = window.matchMedia("(prefers-color-scheme: dark)");

  constructor() {
    const language = recall("ccd.language");
    this.language = language === "zh" || language === "en" ? language : preferredLanguage();
    const theme = recall("ccd.theme");
    this.theme = THEMES.find((known) => known === theme) ?? "system";
    this.#systemDark.addEventListener("change", () => this.#show());
    this.#show();
  }

  otherLanguage(): void {
    this.language = this.language === "zh" ? "en" : "zh";
    remember("ccd.language", this.language);
    this.#show();
  }

  nextTheme(): void {
    this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length] ?? "system";
    remember("ccd.theme", this.theme);
    this.#show();
  }

  /** The reason's name; a key that the site does not know speaks for itself. */
  reasonName(reason: string, site: Site): string {
    if (reason === "personal") return this.texts.personal;
    const known: Reason | undefined = site.reasons[reason];
    return known?.[this.language] ?? reason;
  }

  unitName(unit: string, site: Site): string {
    return site.units.find((known) => known.unit === unit)?.name ?? unit;
  }

  /** In the reader's words, with what people call the units in it. */
  whyNot(refused: Refused): string {
    const named = (unit: string) => this.units.find((one) => one.unit === unit)?.name ?? unit;
    return whyNot(refused, this.texts, named);
  }

  #show(): void {
    const dark = this.theme === "dark" || (this.theme === "system" && this.#systemDark.matches);
    document.documentElement.dataset["theme"] = dark ? "dark" : "light";
    document.documentElement.lang = this.texts.locale;
  }
}

export const [getAppearance, setAppearance] = createContext<Appearance>();

function preferredLanguage(): Language {
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith("zh")) ? "zh" : "en";
}

/** A browser that keeps nothing for us still shows the pages. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then it holds until the page is left.
  }
}
