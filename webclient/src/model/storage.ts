// Small things that are kept in the browser: of the browser (language, theme),
// and of one user (drafts), which are removed when he logs out.

export interface Drawer {
  get<T>(key: string): T | null;
  put(key: string, value: unknown): void; // null removes
  keys(): string[];
  clear(): void;
}

function drawer(prefix: string): Drawer {
  const mine = () => Object.keys(localStorage).filter((k) => k.startsWith(prefix));
  return {
    get<T>(key: string): T | null {
      try {
        const text = localStorage.getItem(prefix + key);
        return text === null ? null : (JSON.parse(text) as T);
      } catch {
        return null; // storage is forbidden, or somebody wrote nonsense there
      }
    },
    put(key, value) {
      try {
        if (value === null || value === undefined) localStorage.removeItem(prefix + key);
        else localStorage.setItem(prefix + key, JSON.stringify(value));
      } catch {
        // full or forbidden: works without, until the page is closed
      }
    },
    keys: () => mine().map((k) => k.slice(prefix.length)),
    clear: () => mine().forEach((k) => localStorage.removeItem(k)),
  };
}

export const local: Drawer = drawer('parley.');

// ofUser is the drawer of one user.
export const ofUser = (uid: string): Drawer => drawer(`parley.user.${uid}.`);

// storageKey is the name under which other tabs see a change of local.
export const storageKey = (key: string): string => `parley.${key}`;
