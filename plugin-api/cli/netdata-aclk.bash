# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for netdata-aclk. The words are those that the program itself prints in its help, so that there is no
# list here that could grow old.
_netdata_aclk() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]} command='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]}; break; }
  done
  case $prev in
    --token-file | --socket) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --cloud-dir) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")); return ;;
    --proxy) COMPREPLY=($(compgen -W 'none env http:// https:// socks5:// socks5h://' -- "$cur")); return ;;
    --url) COMPREPLY=($(compgen -W 'https://' -- "$cur")); return ;;
    --token | --rooms | --type) return ;;
  esac
  if [[ -z $command && $cur != -* ]]; then
    COMPREPLY=($(compgen -W "$("$program" --help 2>/dev/null |
      sed -n '/^Subcommands:/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p')" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$("$program" $command --help 2>/dev/null | grep -oE '(^|[ ,])--[a-z][a-z-]*' |
      tr -d ' ,' | sort -u)" -- "$cur"))
  fi
}
complete -F _netdata_aclk netdata-aclk
