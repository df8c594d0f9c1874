// A stand-in for the service behind Vers, for tests alone, as a program of its own. Arguments: the account's folder, the
// call and its body. Prints `{ status, body }`.
import { serve } from './service.mjs';

const [root, call, text] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(await serve(root, call, JSON.parse(text)))}\n`);
