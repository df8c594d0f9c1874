/**
 * Rejects once a migration has waited for some time for what never comes: its connection has nothing to do, and nothing is
 * open in this process that was not when it began, no timer, no file, no socket, no program. For a process that does
 * nothing else.
 */
export async function unlessStuck(name: string, { isBusy, besides }: Own, work: () => unknown): Promise<unknown> {
  // Beside a session that takes long there is one of the driver's, which looks who is in the way.
  const before = new Map(openThings()).set(socket, (openThings().get(socket) ?? 0) + besides);
  let idleSince = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const stuck = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => {
      if (isBusy() || hasMore(openThings(), before)) idleSince = performance.now();
      else if (performance.now() - idleSince > limitMs) reject(never(name));
    }, 500).unref();
  });
  try {
    return await Promise.race([work(), stuck]);
  } finally {
    clearInterval(timer);
  }
}

/** What a migration's connection itself has open. */
export interface Own {
  /** Whether it waits for an answer. */
  readonly isBusy: () => boolean;
  /** How many connections to the server are opened beside it. */
  readonly besides: number;
}

const socket = 'TCPSocketWrap';

const limitMs = 10_000;

function never(name: string): Error {
  return new Error(
    `${name} never comes to its end: for 10 s it has asked the database nothing and has nothing else to wait for. See that every promise in it is settled.`,
  );
}

/** How many of each kind. */
function openThings(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function hasMore(now: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): boolean {
  return [...now].some(([kind, count]) => count > (before.get(kind) ?? 0));
}
