import type { Observer, Watch } from '../../seams/driver.ts';
import type { Evidence } from '../../seams/evidence.ts';
import { close, type Opened } from './connection.ts';

/** What is open in a VM besides connections. */
export function observerIn({ link, id }: Opened): Observer {
  return {
    begin: async (text) => void (await link.peer.call('begin', id, text)),
    finish: async (statements, exact) => (await link.peer.call('finish', id, statements, exact)) as Evidence,
    [Symbol.asyncDispose]: () => close({ link, id }),
  };
}

export function watchIn({ link, id }: Opened): Watch {
  return {
    moved: async () => (await link.peer.call('moved', id)) as boolean,
    shared: async () => (await link.peer.call('shared', id)) as boolean | undefined,
    [Symbol.asyncDispose]: () => close({ link, id }),
  };
}
