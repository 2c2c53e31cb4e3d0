export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * Scripts that ask `rowmill complete -- WORDS` at each TAB. The reply: `files` where file names
 * complete as well, else `words`; then a line `value<TAB>description` for each candidate.
 */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  // Reads the line anew, because bash splits words at `:` and `=`, which are within ids and
  // `--flag=value`. Cuts off the part before the last separator. Also works in bash 3.2, which has no
  // `compopt`.
  bash: `_rowmill() {
  local line="\${COMP_LINE:0:COMP_POINT}" current reply value
  local -a words
  COMPREPLY=()
  # A name in quotes: of a file.
  [[ "\${COMP_WORDS[COMP_CWORD]}" == [\\"\\']* ]] && return
  # Without -r, for names like my\\ file.
  read -a words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  current="\${words[\${#words[@]}-1]}"
  reply="$("$1" complete -- "\${words[@]:1}" 2>/dev/null)"
  local cut="\${current%"\${current##*[:=]}"}"
  [[ "$COMP_WORDBREAKS" == *[:=]* ]] || cut=""
  while IFS=$'\\t' read -r value _; do
    COMPREPLY+=("\${value#"$cut"}")
  done <<< "$(tail -n +2 <<< "$reply")"
  [[ "\${#COMPREPLY[@]}" == 1 && -z "\${COMPREPLY[0]}" ]] && COMPREPLY=()
  [[ "$reply" == files* ]] || compopt +o default 2>/dev/null
}
complete -o default -F _rowmill rowmill`,
  zsh: `#compdef rowmill
_rowmill() {
  local -a reply candidates
  local line value
  reply=("\${(@f)$("\${words[1]}" complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${(@)reply[2,-1]}"; do
    value="\${line%%$'\\t'*}"
    candidates+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( $#candidates )) && _describe -t rowmill 'rowmill' candidates
  if [[ "$reply[1]" == files ]]; then
    [[ "$PREFIX" == --*=* ]] && compset -P '*='
    _files
  fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
if [[ "$funcstack[1]" == _rowmill ]]; then _rowmill "$@"; else compdef _rowmill rowmill; fi`,
  fish: `function __rowmill_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l reply ($words[1] complete -- $words[2..] "$current" 2>/dev/null)
  if test "$reply[1]" = files
    set -l flag (string match -r -- '^--[^=]*=' "$current")
    __fish_complete_path (string replace -- "$flag" '' "$current") | string replace -r -- '^' "$flag"
  end
  string join \\n -- $reply[2..]
end
complete -c rowmill -f -a '(__rowmill_complete)'`,
};
