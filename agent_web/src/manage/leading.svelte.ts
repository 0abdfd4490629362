// What all parts of these pages share: who leads, what they may do where, and the floor as it is now.

import { createContext } from "svelte";

import type { Session, Site } from "../http/api";
import { Asked } from "../http/asked.svelte";
import { manage, type ActName, type Office, type OfficeUnit } from "../http/manage_api";
import { Feed } from "../live/feed.svelte";
import { clockOf, todayIn, type Clock } from "../time/clocks";

export class Leading {
  site = $state.raw<Site>() as Site;
  readonly feed: Feed;
  readonly office: Asked<Office>;
  readonly units = $derived.by((): OfficeUnit[] => this.office.now?.units ?? []);
  /** The site's business day; "" as long as it is not known. */
  readonly today = $derived.by(() => this.todayIn(""));

  constructor(
    readonly session: Session,
    site: Site,
    readonly sessionOver: () => void,
  ) {
    this.site = site;
    this.feed = new Feed("floor", session.name, sessionOver);
    this.office = new Asked<Office>(manage.office, sessionOver);
  }

  /** Where an act may be done. */
  where(act: ActName): OfficeUnit[] {
    return this.units.filter((one) => one.may.includes(act));
  }

  may(act: ActName): boolean {
    return this.where(act).length > 0;
  }

  unit(unit: string): OfficeUnit | undefined {
    return this.units.find((one) => one.unit === unit);
  }

  unitName(unit: string): string {
    return this.unit(unit)?.name ?? this.site.units.find((one) => one.unit === unit)?.name ?? unit;
  }

  /** What people call an agent; the number of one whom the floor does not know by a name. */
  nameOf(agent: string): string {
    return this.feed.state.agents.get(agent)?.name || agent;
  }

  clockOf(unit: string): Clock {
    return clockOf(unit, this.site);
  }

  zoneOf(unit: string): string {
    return this.clockOf(unit).timezone;
  }

  todayIn(unit: string): string {
    return todayIn(unit, this.site, this.feed.now_s);
  }
}

export const [getLeading, setLeading] = createContext<Leading>();
