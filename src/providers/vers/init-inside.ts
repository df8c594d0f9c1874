import { wordThere } from '../../drivers/sqlite-in-vm/address.ts';
import { installation } from '../../drivers/sqlite-in-vm/start.ts';
import { shellWord } from '../../shell-word.ts';

/** What was found in a VM of what main needs there. */
export interface FoundInside {
  /** In words, behind the VM's own; empty where there is nothing. */
  readonly found: string;
  /** Address of main. */
  readonly database: string;
  /** What is still to be typed until main is there. */
  readonly steps: readonly string[];
}

/** Runs a script of bash in the VM, and answers its code; undefined where the VM stands still. */
type LookInside = (script: string) => Promise<number | undefined>;

/** For main as a database of a PostgreSQL server. */
export async function serverFound(vm: string, look: LookInside): Promise<FoundInside> {
  const answers = (await look('pg_isready -q')) === 0;
  const url = `postgres://postgres@127.0.0.1:${localPort}/app`;
  return {
    found: answers ? ', where PostgreSQL answers' : '',
    database: url,
    steps: [
      ...(answers ? [] : install(vm)),
      'Where main is not there yet, make it:',
      `  vers exec -t 60 ${vm} bash -c 'runuser -u postgres -- createdb app'`,
      'Open a way to it, and leave it open:',
      `  vers tunnel ${vm} ${localPort}:5432`,
      'In another terminal, fill it where it is empty, and look whether all is well:',
      `  psql ${url} -f <your schema and data>.sql`,
      '  npx forerun doctor',
    ],
  };
}

/** For main as a SQLite file. */
export async function fileFound(vm: string, path: string, look: LookInside): Promise<FoundInside> {
  const there = wordThere(path);
  // Where nobody can look, all of it may be missing.
  const missing =
    (await look(`
    missing=0
    command -v forerun-agent > /dev/null || missing=1
    [ -s ${there} ] || missing=$((missing + 2))
    command -v sqlite3 > /dev/null || missing=$((missing + 4))
    exit $missing`)) ?? 7;
  const [agent, file, client] = [1, 2, 4].map((bit) => (missing & bit) === 0);
  const folder = wordThere(path.replace(/\/[^/]*$/, '/'));
  const fill = `mkdir -p ${folder} && sqlite3 ${there}`;
  return {
    found: file === true ? `, where ${path} is` : '',
    database: `vers:${path}`,
    steps: [
      ...(agent === true
        ? []
        : [
            `There must be Node.js 20 or later in the VM, as nodejs.org says (vers connect ${vm}), and this package:`,
            `  ${installation(vm)}`,
          ]),
      ...(file === true ? [] : ['Main is not there yet. Make it, of your schema and data:']),
      ...(file === true || client === true
        ? []
        : [
            `  vers exec -t 600 ${vm} bash -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq sqlite3'`,
          ]),
      ...(file === true ? [] : [`  vers exec -t 600 -i ${vm} bash -c ${shellWord(fill)} < <your schema and data>.sql`]),
      'Look whether all is well:',
      '  npx forerun doctor',
    ],
  };
}

const localPort = 6432;

/** Its server listens to the VM alone, where the tunnel ends: there nobody else would be asked for a password. */
function install(vm: string): readonly string[] {
  const trust = 'sed -i "/^host/s/scram-sha-256/trust/" /etc/postgresql/*/main/pg_hba.conf';
  return [
    'PostgreSQL does not answer there. Install it, of the version that you want:',
    `  vers exec -t 600 ${vm} bash -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql'`,
    'Let in who comes through a tunnel, without a password, and start it:',
    `  vers exec -t 60 ${vm} bash -c '${trust} && service postgresql restart'`,
  ];
}
