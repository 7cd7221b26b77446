import type { ComponentType } from 'preact';
import type { Key } from '../i18n';
import type { IconProps } from '../ui/icons';

// A feature is a folder of src with a file feature.ts, which says what it adds to
// the page. It is found by its name; nothing else has to be changed. feature.ts
// itself is part of the first load: everything heavy is behind load().

export type Params = { readonly [name: string]: string };
export interface PageProps {
  params: Params;
}
// Place is a page and the column in which it is. Of the columns of an address a
// phone shows the last one: panel before main before side.
export interface Place {
  path: string; // "settings/:section"; parts that begin with ":" are params
  column: 'side' | 'main' | 'panel';
  label?: Key; // what its column is called while it is there, if not list, conversation or details
  page?: ComponentType<PageProps>; // part of the first load; else:
  early?: boolean; // loaded as soon as there is time, for it will be wanted
  load?: () => Promise<{ default: ComponentType<PageProps> }>;
}

// Entry is a line of a menu of the whole page.
export interface Entry {
  label: Key;
  icon: ComponentType<IconProps>;
  to: string[]; // a path, as for go; [] if run does it all
  run?: () => void;
  shown?: () => boolean; // always, if there is none
  menu: 'account' | 'new'; // behind the own picture; of the "new chat" page
  order: number;
}

export interface Feature {
  places?: Place[];
  entries?: Entry[];
  // Rendered in the head of a conversation, at its end: buttons. app/HeadTools
  // collects them. It decides itself for which conversations it is there.
  head?: ComponentType<{ topic: string }>;
  // Rendered over everything while somebody is logged in, such as a call that
  // comes in. It should be small and load the rest when it is needed.
  overlay?: ComponentType;
  // Runs when somebody has logged in; what it returns runs when he logs out.
  start?: () => void | (() => void);
}
