import type { Entry, Feature, Params, Place } from './feature';

const found = import.meta.glob<{ feature: Feature }>(['../*/feature.{ts,tsx}', '!../app/feature.ts'], { eager: true });

export const features: Feature[] = Object.keys(found)
  .sort()
  .map((file) => (found[file] as { feature: Feature }).feature);

const places: Place[] = features.flatMap((f) => f.places ?? []);

export const entries = (menu: Entry['menu']): Entry[] =>
  features.flatMap((f) => f.entries ?? []).filter((e) => e.menu === menu && (e.shown?.() ?? true)).sort((a, b) => a.order - b.order);

export interface Match {
  place: Place;
  params: Params;
}

// matchPlace tells whether a path leads to a place, all of it or its beginning.
export function matchPlace(pattern: string, path: string[], whole: boolean): Params | undefined {
  const want = pattern.split('/').filter(Boolean);
  if (want.length > path.length || (whole && want.length !== path.length)) return undefined;
  const params: { [name: string]: string } = {};
  for (const [i, part] of want.entries()) {
    const have = path[i] as string;
    if (part.startsWith(':')) params[part.slice(1)] = have;
    else if (part !== have) return undefined;
  }
  return params;
}

// columnsOf is what a path shows: the place of the whole path, and in the other
// columns those of its beginnings: with c/usrAbc/info open, c/usrAbc stays.
export function columnsOf(path: string[], all: Place[] = places): { [c in Place['column']]?: Match } {
  const columns: { [c in Place['column']]?: Match } = {};
  const fit = all
    .map((place) => ({ place, params: matchPlace(place.path, path, false) }))
    .filter((m): m is Match => m.params !== undefined)
    .sort((a, b) => exactness(b.place.path) - exactness(a.place.path));
  for (const m of fit) columns[m.place.column] ??= m;
  return columns;
}

// Longer ones first, then those with fewer params: new/group before new/:what.
const exactness = (p: string) => p.split('/').filter(Boolean).length * 10 - (p.match(/:/g)?.length ?? 0);

// loadEarly fetches the code of places that will be wanted, when the page has
// nothing better to do.
export function loadEarly(): void {
  setTimeout(() => {
    for (const p of places) if (p.early) p.load?.().catch(() => {}); // tried again when it is needed
  }, 300);
}
