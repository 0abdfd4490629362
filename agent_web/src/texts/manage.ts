// The words of the pages of who leads units, a file a language; fetched with those pages.

import type { Language } from "../look/look.svelte";
import { en } from "./manage_en";
import { zh, type ManageTexts } from "./manage_zh";

export const MANAGE_TEXTS: Record<Language, ManageTexts> = { zh, en };
