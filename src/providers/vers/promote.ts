import type { Branch } from '../../seams/provider.ts';
import type { Succession, Version } from './inside.ts';
import { wholeRecord, type World } from './world.ts';

/** Main becomes a branch's VM: from now on that one is main for this process, and for others once it is configured. */
export async function promoteVers(
  world: World,
  succession: Succession,
  branch: Branch,
  version: Version,
  note: (message: string) => void,
): Promise<void> {
  const { main, record } = await wholeRecord(world, branch);
  const made = record.made ?? '';
  await succession.promote(main, branch, { ...record, made }, version);
  world.vm = made;
  note(
    `Main is VM ${made} now: write that into the configuration, provider: vers({ vm: '${made}' }). Until then every other run is refused.`,
  );
  note(`Nobody can connect to "${record.main}" in VM ${record.vm}. Once nobody needs it: vers delete -y ${record.vm}`);
}
