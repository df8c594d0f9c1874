#!/bin/sh
# Would this deployment's migrations pass? Rehearses them on a branch of the database and judges them there; the database
# itself is only read. Exits 0 where they pass, 3 where they do not, and with something else where that could not be found
# out: a deployment must go on after 0 alone.
set -u
database=${1:?usage: gate.sh <database> [<folder of migrations>]}
migrations=${2:-migrations}

npx --no forerun gate --database "$database" --migrations "$migrations" --json >gate.json
code=$?

# One line for each finding, for the log of the pipeline.
node -e '
  const text = require("node:fs").readFileSync("gate.json", "utf8");
  if (!text.startsWith("{")) {
    console.log("Gate: could not be run; what is said above tells why. Is forerun installed? npm install --save-dev forerun");
    process.exit();
  }
  const { outcome, findings, error } = JSON.parse(text);
  console.log(`Gate: ${outcome}`);
  for (const { severity, gate, migration = "", message } of findings) console.log(`${severity} [${gate}] ${migration}: ${message}`);
  if (error !== undefined) console.log(`${error.message} ${error.next ?? ""}`);
'
exit $code
