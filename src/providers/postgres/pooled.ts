import { ForerunError } from '../../error.ts';
import type { ServerSession } from './session.ts';

/** A pooler keeps sessions open in whatever it was once asked for, and what is copied must be alone. */
export function refusePooled({ pooled }: ServerSession): void {
  if (!pooled) return;
  throw new ForerunError(
    'PROVIDER_FAILED',
    'Between here and the server is a connection pooler, which keeps sessions open in databases that are to be copied, renamed or dropped.',
    {
      details: {},
      next: "Give the server's own address, often another port; or name it as the server for copies (dump with branchServer).",
    },
  );
}
