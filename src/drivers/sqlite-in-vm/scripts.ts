import { quoted } from './exec.ts';

/** What the scripts below end with where it is no success. */
export const code = { notYet: 20, gone: 21, missing: 22, notOurs: 23, failed: 24 } as const;

/**
 * Starts the agent with a folder of its own, in a session of its own, so that it outlives the command that started it;
 * safe to repeat. Prints what the agent says of itself, or of why it does not run.
 */
export function startScript(token: string, agent: string, seconds: number): string {
  return `
umask 077
base=~/.forerun-agents
mkdir "$base" 2>/dev/null
[ -d "$base" ] && [ ! -L "$base" ] && [ -O "$base" ] || exit ${code.notOurs}
own=$base/${token}
if mkdir "$own" 2>/dev/null; then
  mkdir "$own/in" "$own/out" && echo > "$own/alive" || exit ${code.failed}
  cd /
  setsid bash -c ${quoted(`${agent} "$0"; echo $? > "$0/ended"`)} "$own" < /dev/null > "$own/log" 2>&1 &
fi
${waiting(seconds, '"$own/ready"', '[ ! -e "$own/ended" ]')} || {
  [ -e "$own/ended" ] || exit ${code.notYet}
  ended=$(cat "$own/ended")
  tail -c 2000 "$own/log"
  rm -rf "$own"
  [ "$ended" = 127 ] && exit ${code.missing}
  exit ${code.failed}
}
cat "$own/ready"`;
}

/**
 * Delivers a batch, which is read from the input where it is not there yet, and prints the answer to it once there is
 * one. Safe to repeat.
 */
export function deliverScript(token: string, number: number, seconds: number): string {
  return `
umask 077
cd ~/.forerun-agents/${token} 2>/dev/null || exit ${code.gone}
if [ ! -e in/${number} ] && [ ! -e out/${number} ]; then
  cat > in/.${number}.$$ && mv in/.${number}.$$ in/${number} || exit ${code.failed}
fi
${waiting(seconds, `out/${number}`, '{ echo > alive && read -r pid < pid && kill -0 "$pid"; } 2>/dev/null')}
ended=$?
[ -e out/${number} ] || exit $ended
cat out/${number}`;
}

/** Without a program for each look: there are many. */
function waiting(seconds: number, file: string, goingOn: string): string {
  return `
exec 9<> <(:)
await() {
  end=$((SECONDS + ${seconds}))
  until [ -e ${file} ]; do
    ${goingOn} || return ${code.gone}
    [ "$SECONDS" -lt "$end" ] || return ${code.notYet}
    read -rt 0.01 -u 9
  done
  return 0
}
await`;
}
