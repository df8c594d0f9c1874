#!/bin/bash
# Part of a stand-in for Vers, for tests alone: what is typed most, a command in a machine with files that runs, is run at
# once where nothing is to fail. Everything else is for `vers.mjs`, which takes longer to start than most commands take.
root=${VERS_URL#file:}
if [ "$1" = exec ] && [ "$2" = -t ] && [ -n "$VERS_API_KEY" ] && [ ! -e "$root/faults.json" ]; then
  at=4
  [ "$4" = -i ] && at=5
  vm=${!at}
  own=$root/vms/$vm
  files=$(cat "$own/files.json" 2>/dev/null)
  runs="\"vm_id\": \"$vm\",[^}]*\"state\": \"running\""
  if [[ ! -e $own/data && $(< "$root/state.json") =~ $runs ]] &&
    [[ $files != *'"programs"'* || -e $own/ghosts.pid ]] && [[ $files != *agents* || -e $own/agents.pid ]]; then
    printf 'vers exec\nexec %s\n' "$vm" >> "$root/calls"
    # None of the programs that npm has put into the path for whoever asks for it.
    path=$(tr : '\n' <<< "$PATH" | grep -v 'node_modules/\.bin$' | paste -sd :)
    cd "$own" && exec env -i "HOME=$own" "PATH=$own/bin:$path" "${@:at+1}"
  fi
fi
exec "${BASH_SOURCE[0]%/*}/vers.mjs" "$@"
